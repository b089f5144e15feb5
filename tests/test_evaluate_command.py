"""``rarebind evaluate``: what a model has not seen, beside baselines, and every refusal."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from real_outcomes import additive, constant_per_metal
from tiny_model import LEVEL, content, published, run_folder, small_split

from rarebind.cli import main
from rarebind.errors import InputError
from rarebind.evaluation import Caption, metrics, read_outcomes
from rarebind.evaluation.report import Evaluation, report_text
from rarebind.evaluation.scores import scores
from rarebind.evaluation.tables import all_tables, neighbours, orders
from rarebind.io.tables import markdown
from rarebind.learning import load_samples, make_split, save_split, target_named
from rarebind.learning.baselines import BASELINES
from rarebind.learning.release.model import Model
from rarebind.learning.release.model_file import write_model
from rarebind.units import KCAL_PER_EV

CAPTION = Caption("A (binding)", LEVEL, "published", "leave-ligand-out, test")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return published(tmp_path_factory.mktemp("published") / "data")


@pytest.fixture(scope="module")
def samples(dataset):
    return load_samples(dataset, target_named("binding"), LEVEL)


@pytest.fixture(scope="module")
def model(samples, dataset):
    path = dataset.folder.parent / "tiny.rarebind"
    write_model(content(samples), path)
    return path


@pytest.fixture(scope="module")
def evaluated(model, dataset, tmp_path_factory):
    """Folder and JSON of an evaluation on the model's own test part."""
    out = tmp_path_factory.mktemp("evaluated")
    beside = ["--baselines", "additive", "mean-per-metal"]
    text = _printed([model, dataset.folder, "--out", out, "--json", *beside])
    return out, json.loads(text)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def evaluate(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["evaluate", *map(str, arguments)])
    return ended.value.code


def _printed(arguments):
    import contextlib
    import io

    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        assert evaluate(*arguments) in {0, None}
    return text.getvalue()


@pytest.fixture
def refused(capsys):
    """Runs the command, which must refuse, and gives what it says."""

    def run(*arguments):
        assert evaluate(*arguments) == 2
        return capsys.readouterr().err

    return run


# --- a model -----------------------------------------------------------------------------------


def test_a_model_is_tested_on_what_its_training_left_out(evaluated, model, samples):
    out, found = evaluated
    split = small_split(samples)
    test = split.of(samples, "test")
    outcomes = read_outcomes(out / "outcomes.csv")
    assert set(outcomes.key) == {s.key for s in test}
    predicted = Model(content(samples)).predict(test).mean(axis=0)
    expected = {
        s.key: (value + s.binding_offset) * KCAL_PER_EV
        for s, value in zip(test, predicted, strict=True)
    }
    assert list(outcomes.predicted) == pytest.approx(list(outcomes.key.map(expected)), abs=1e-2)
    assert found["parts"]["test"]["tiny"]["binding"]["mae"] == pytest.approx(metrics(outcomes).mae)
    assert found["split"] == "leave-ligand-out"
    assert found["level"] == LEVEL
    assert found["about"]["card"]["split_hash"] == found["about"]["split_hash"] == split.digest
    assert found["notes"] == ["test: 0 of 2 ligands are in the training part too"]


def test_baselines_stand_beside_it(evaluated, samples):
    """Fitted on the model's training part, asked about the same complexes."""
    out, found = evaluated
    assert list(found["parts"]["test"]) == ["tiny", "additive", "mean-per-metal"]
    split = small_split(samples)
    test = split.of(samples, "test")
    fitted = BASELINES.create("additive").fit(split.of(samples, "train"))
    error = np.abs(fitted.predict(test) - [s.target for s in test]).mean() * KCAL_PER_EV
    assert found["parts"]["test"]["additive"]["binding"]["mae"] == pytest.approx(error)
    assert len(read_outcomes(out / "outcomes-mean-per-metal.csv")) == len(test)


def test_everything_says_what_it_is_of(evaluated):
    """Level and dataset stand above each table and below each figure."""
    out, found = evaluated
    assert json.loads((out / "metrics.json").read_text(encoding="utf-8")) == found
    report = (out / "report.md").read_text(encoding="utf-8")
    captions = report.count(f"{LEVEL} · data (42 complexes)")
    tables, figures = report.count("\n### "), re.findall(r"!\[.*?\]\((.*?)\)", report)
    assert tables >= 4
    assert captions == tables + 2 * len(figures)
    assert {"parity-test.png", "parity-models-test.png", "errors-metal-test.png"} <= set(figures)
    assert set(figures) == {path.name for path in out.glob("*.png")}
    assert "tiny (binding) · leave-ligand-out, test" in report


def test_a_training_is_evaluated_as_its_file_is(dataset, tmp_path, capsys):
    run_folder(tmp_path / "run", dataset)
    main_arguments = ["run", "--no-baselines", "--part", "test", "--out", "results"]
    assert evaluate("model", *main_arguments) in {0, None}
    printed = capsys.readouterr().out
    assert "run (binding) · leave-ligand-out, test" in printed
    assert "data (42 complexes)" in printed
    assert (tmp_path / "results" / "report.md").is_file()


def test_what_was_trained_on_is_refused_unless_asked_for(model, dataset, samples, refused):
    save_split(make_split(samples, "random"), "random.json")
    for split in ("random", "random.json"):
        said = refused(model, dataset.folder, "--split", split)
        assert re.search(r"tiny was trained on \d of the 4 complexes of the test part", said)
        assert "--part train" in said
    found = json.loads(
        _printed([model, dataset.folder, "--part", "train", "--no-baselines", "--json"])
    )
    assert found["parts"]["train"]["tiny"]["binding"]["n"] > 30
    assert Path("rarebind-evaluate/tiny-leave-ligand-out/report.md").is_file()


def test_what_no_split_knows_is_external(samples, dataset, tmp_path):
    """A model made of other complexes, asked about these."""
    others = [replace(s, key=f"other-{s.key}", origin=f"other-{s.origin}") for s in samples]
    write_model(content(others), tmp_path / "other.rarebind")
    found = json.loads(_printed(["other.rarebind", dataset.folder, "--unseen", "--json"]))
    assert list(found["parts"]) == ["external"]
    assert list(found["parts"]["external"]) == ["tiny"]
    assert "nothing for baselines to learn from" in found["notes"][0]


def test_what_came_after_the_training_is_left_out_and_told(samples, dataset, tmp_path):
    """The dataset may grow: what the model has not seen of it changes nothing."""
    last = samples[-1].inchikey
    before = [sample for sample in samples if sample.inchikey != last]
    assert len(before) < len(samples)
    write_model(content(before), tmp_path / "tiny.rarebind")
    later = len(samples) - len(before)
    for part in ("train", "test"):
        asked = ["tiny.rarebind", dataset.folder, "--part", part, "--no-baselines", "--unseen"]
        found = json.loads(_printed([*asked, "--json"]))
        assert f"{later} of {len(samples)} complexes of {dataset.folder}" in found["notes"][0]
        assert not any("energies" in note for note in found["notes"])
        known = content(before).split.of(before, part)
        assert found["parts"][part]["tiny"]["binding"]["n"] == len(known)
    # A split that is drawn anew knows them all.
    asked = ["tiny.rarebind", dataset.folder, "--part", "train", "--no-baselines", "--unseen"]
    assert not json.loads(_printed([*asked, "--split", "random", "--json"]))["notes"]


# --- baselines ---------------------------------------------------------------------------------


def test_a_baseline_is_evaluated_like_a_model(dataset, capsys):
    assert evaluate(
        "baseline:additive", dataset.folder, "--split", "leave-scaffold-out", "--held-out", "HOPO",
        "--baselines", "mean-per-metal", "--out", "results",
    ) in {0, None}  # fmt: skip
    printed = capsys.readouterr().out
    assert "additive (binding) · leave-scaffold-out, test" in printed
    assert "mean-" in printed
    assert "4 complexes of 1 ligands" in printed


# --- refusals ----------------------------------------------------------------------------------


def test_what_cannot_be_evaluated(model, dataset, refused):
    data = dataset.folder
    Path("broken.rarebind").write_bytes(model.read_bytes()[:3000])
    Path("file").touch()
    for arguments, message in (
        (["absent.rarebind", data], "there is no model absent.rarebind"),
        (["broken.rarebind", data], "no model of rarebind, or is damaged"),
        (["baseline:addative", data], "unknown baseline 'addative': known are"),
        ([model, "absent"], "absent is no dataset"),
        ([model, data, "--part", "external"], "the external part of this split is empty (train"),
        ([model, data, "--part", "tset"], "unknown part 'tset'"),
        ([model, data, "--split", "leave-out"], "neither a file nor a kind of split"),
        ([model, data, "--held-out", "Tm"], "--held-out goes with"),
        ([model, data, "--level", "gfn2-xtb"], "--level: only for baselines"),
        ([model, data, "--baselines", "addative"], "unknown baseline 'addative'"),
        ([model, data, "--baselines", "additive", "--no-baselines"], "exclude each other"),
        ([model, data, "--out", "file"], "file is a file"),
        (["baseline:additive", data, "--level", "b3lyp-d4"], "b3lyp-d4"),
        (["baseline:additive", data, "--target", "delta-binding"], "give the base level too"),
    ):
        assert message in refused(*arguments)
    assert not Path("rarebind-evaluate").exists()


def test_a_level_or_elements_that_are_not_there(samples, dataset, tmp_path, refused):
    write_model(content(samples, level="GFN1-xTB/ALPB(water)"), tmp_path / "gfn1.rarebind")
    assert "GFN1-xTB/ALPB(water)" in refused("gfn1.rarebind", dataset.folder)
    elements = dict(content(samples).card.elements) | {"Tm": 0}
    write_model(content(samples, elements=elements), tmp_path / "blind.rarebind")
    said = refused("blind.rarebind", dataset.folder, "--part", "train")
    assert "tiny has not seen Tm" in said


# --- substituents ------------------------------------------------------------------------------


def test_substituents_are_drawn(model, dataset, capsys, refused):
    wanted = ["--metal", "Tm", "--scaffold", "thio-CAM", "--geometry", "3:2"]
    arguments = [model, dataset.folder, *wanted, "--unseen", "--part", "train", "val", "test"]
    found = json.loads(_printed(["substituents", *arguments, "--json"]))
    assert len(found["effects"]) == 21
    assert found["caption"]["split"] == "leave-ligand-out, train + val + test"
    assert Path("rarebind-evaluate/tiny-leave-ligand-out/substituents-Tm-thio-CAM.png").is_file()
    assert evaluate("substituents", *arguments, "--out", "a/b.svg") in {0, None}
    assert "Tm, thio-CAM, mean of 3:2" in " ".join(capsys.readouterr().out.split())
    assert Path("a/b.svg").is_file()
    said = refused("substituents", *arguments, "--metal", "Nd")
    assert "no complex of Nd with thio-CAM in train and val and test: there are" in said
    assert "unknown" in refused("substituents", *arguments, "--part", "tset")
    assert "4:0" in refused("substituents", *arguments, "--geometry", "4:0")


# --- tables and reports ------------------------------------------------------------------------


def _real(n=400):
    return {"A": additive()[:n], "B": constant_per_metal()[:n]}


def test_tables_show_what_was_measured():
    models = {name: scores(found, resamples=50) for name, found in _real().items()}
    tables = {table.title: table for table in all_tables(models, CAPTION)}
    assert {"Binding energies", "By metal", "By scaffold", "By geometry", "Orders"} <= set(tables)
    first = tables["Binding energies"].rows[0]
    found = models["A"].binding
    low, high = found.intervals["mae"]
    assert first[:2] == ("A", f"{found.mae:.1f} [{low:.1f}, {high:.1f}]")
    by_metal = tables["By metal"]
    assert by_metal.headings[-1] == "B"
    for metal, *_, other in by_metal.rows:
        assert other == f"{models['B'].by['metal'][metal].mae:.1f}"
    ranked = orders(models, CAPTION).rows[0]
    assert ranked[0].startswith("Spearman, ligands of a metal")
    assert ranked[1] == f"{models['A'].ligands.spearman.mean():.2f}".replace("-", "−")
    pairs = neighbours(models, CAPTION)
    assert pairs.rows[-1][3] == f"{models['A'].neighbours.mae['everything']:.2f}"
    assert pairs.rows[-1][-1] == f"{models['B'].neighbours.mae['everything']:.2f}"


def test_without_aqua_ions_there_is_no_exchange():
    found = additive()[:60].assign(exchange_shift=np.nan)
    score = scores(found, resamples=0)
    assert score.exchange is None
    assert score.neighbours is None
    assert not neighbours({"A": score}, CAPTION).rows
    assert "metals of a ligand" not in markdown(orders({"A": score}, CAPTION))
    json.dumps(score.data(), allow_nan=False)


def test_an_evaluation_compares_like_with_like():
    found = _real(40)
    make = {"level": LEVEL, "dataset": "data", "split": "random", "target": "binding"}
    evaluation = Evaluation("A", parts={"test": found}, **make, notes=("mind the gap",))
    text = report_text(evaluation, evaluation.scores(resamples=0), {})
    assert "> mind the gap" in text
    for parts, message in (
        ({}, "no part"),
        ({"test": dict.fromkeys("AB", found["A"][:0])}, "empty"),
        ({"test": {"B": found["B"], "A": found["A"]}}, "do not come first"),
        ({"test": found | {"B": found["B"][1:]}}, "different complexes"),
    ):
        with pytest.raises(InputError, match=message):
            Evaluation("A", parts=parts, **make)


def test_help_lists_both_commands(capsys):
    assert evaluate("--help") in {0, None}
    assert {"model", "substituents"} <= set(capsys.readouterr().out.split())
    assert not list(Path().iterdir())
