"""The reference study's table: what stands in it, what is possible, what is told of trainings."""

import json
import re
from collections import Counter
from dataclasses import replace

import pandas as pd
import pytest
from label_level import GFN1_WATER
from learning_data import DATA, LEVEL, TINY, write_dataset
from real_outcomes import additive, constant_per_metal
from small_dataset import labelled_records, small_records
from typer.testing import CliRunner

pytest.importorskip("nequip")

from rarebind.cli import app, main
from rarebind.datasets import Dataset, append, read_table
from rarebind.datasets.bare import write_bare
from rarebind.errors import InputError
from rarebind.evaluation import metrics, read_outcomes
from rarebind.io.models import validated
from rarebind.learning import TARGETS, load_samples, target_named
from rarebind.learning.baselines import BASELINES
from rarebind.learning.settings.config import SplitChoice
from rarebind.studies.gupta2026.reproduce import (
    Inputs,
    Row,
    Settings,
    Training,
    jobs_of,
    prepare_inputs,
    report_data,
    reproduce,
    run,
    strategy_named,
    study,
    tables,
    write_report,
)
from rarebind.studies.gupta2026.reproduce.figures import draw_all
from rarebind.studies.gupta2026.reproduce.settings import claim
from rarebind.studies.gupta2026.reproduce.subset import at_both, stratified, write_subset

SPLIT = SplitChoice(seed=1, fractions=(0.7, 0.15, 0.15))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("reproduce") / "small", 16)


@pytest.fixture
def settings(dataset, tmp_path):
    return Settings(out=tmp_path / "out", dataset=dataset.folder)


def refusal(*arguments):
    found = CliRunner().invoke(app, ["reproduce", *map(str, arguments)])
    assert isinstance(found.exception, InputError), found.output
    return str(found.exception)


# --- what is published -------------------------------------------------------------------------


def test_published_values_are_the_studys():
    found = study()
    assert found.source.doi == "10.1039/d5dd00286a"
    best = found.of("2", "study-4", "test")
    assert (best.mae, best.r2) == (6.1, 0.96)
    outside = found.of("Δ-2", "study-4", "external")
    assert (outside.mae, outside.r2) == (19.7, 0.87)
    # Known without its error, and not known.
    assert found.of("1", "study-4", "external").mae is None
    assert found.of("1", "study-2", "external") is None
    assert found.of("2", "best", "test") is None


@pytest.mark.parametrize(
    ("name", "target"),
    [("1", "absolute"), ("binding", "binding"), ("Δ-1", "delta-absolute"),
     ("delta-2", "delta-binding"), ("delta-binding", "delta-binding")],
)  # fmt: skip
def test_strategies_have_several_names(name, target):
    assert strategy_named(name) == TARGETS[target]


def test_unknown_names_are_told_together(tmp_path):
    with pytest.raises(InputError, match="unknown strategy '3': known are 1 \\(absolute\\)"):
        strategy_named("3")
    with pytest.raises(InputError) as caught:
        validated(
            {"out": tmp_path, "presets": ("study-3",), "split": "odd", "complexes": 5,
             "max_epochs": 0, "threads": 0},
            Settings, "options",
        )  # fmt: skip
    assert len(caught.value.problems) == 5


# --- a part of the data ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    return [
        row
        for row in read_table(DATA / "table.csv")
        if row.kind == "complex" and row.status == "ok" and row.level == LEVEL
    ]


def test_a_part_resembles_the_whole(rows):
    chosen = stratified(rows, 572)
    assert len({row.key for row in chosen}) == 572
    assert chosen == stratified(rows[::-1], 572)
    for column in ("scaffold", "geometry", "metal"):
        whole = Counter(getattr(row, column) for row in rows)
        part = Counter(getattr(row, column) for row in chosen)
        for name, number in whole.items():
            assert part[name] == pytest.approx(number * len(chosen) / len(rows), abs=6)
    assert len({row.substituent for row in chosen}) >= 21
    assert len(stratified(rows, len(rows))) == len(rows)
    with pytest.raises(InputError, match="99999 complexes are asked for"):
        stratified(rows, 99999)


def test_a_part_has_all_references(dataset, tmp_path):
    part = write_subset(dataset, LEVEL, None, 10, tmp_path / "part")
    kinds = Counter(row.kind for row in part.rows())
    assert kinds["complex"] == 10
    assert kinds["ligand"] == sum(row.kind == "ligand" for row in dataset.rows())
    assert len(load_samples(part, target_named("binding"), LEVEL)) == 10
    # What is there is taken as it is.
    assert write_subset(dataset, LEVEL, None, 5, part.folder).rows() == part.rows()


# --- what is possible --------------------------------------------------------------------------


def test_differences_without_a_base_are_not_possible(settings):
    inputs = prepare_inputs(settings)
    jobs = jobs_of(settings, inputs)
    assert [(job.target.strategy, job.preset) for job in jobs] == [
        (strategy, preset)
        for preset in ("study-2", "study-4")
        for strategy in ("1", "2", "Δ-1", "Δ-2")
    ]
    for job in jobs:
        assert bool(job.problem) == job.target.delta == (job.config is None)
        assert job.row.problem.startswith("not possible: no base" if job.problem else "not trained")
    assert jobs[0].config.resolved.num_tensor_features == 2
    assert jobs[4].config.resolved.num_tensor_features == 4
    assert jobs[1].config.level == LEVEL
    assert inputs.name == "small (16 complexes)"


def test_differences_are_learned_where_both_levels_are(tmp_path):
    append([*small_records(), *labelled_records()], tmp_path / "two")
    settings = Settings(
        out=tmp_path / "out",
        dataset=tmp_path / "two",
        base=str(GFN1_WATER),
        strategies=("2", "Δ-2"),
    )
    inputs = prepare_inputs(settings)
    assert not inputs.reasons
    assert inputs.caption_level == f"{LEVEL} (Δ: less {GFN1_WATER})"
    direct, delta = jobs_of(settings, inputs)[:2]
    assert direct.config.base is None
    assert delta.config.base == str(GFN1_WATER)
    # Who asks for no difference is told of no base.
    assert prepare_inputs(settings.model_copy(update={"strategies": ("2",)})).caption_level == LEVEL
    # A part of the complexes has both levels.
    part = write_subset(inputs.dataset, LEVEL, inputs.base, 2, tmp_path / "part")
    found = load_samples(part, target_named("delta-binding"), LEVEL, inputs.base)
    assert len(found) == 2
    assert {s.key for s in found} < {s.key for s in inputs.samples("delta-binding")}


def test_a_part_is_drawn_from_what_has_both_levels(tmp_path):
    """All strategies then learn of the same complexes, however few have the base level."""
    few = [record for record in labelled_records() if record.kind != "complex"]
    complexes = [record for record in labelled_records() if record.kind == "complex"]
    append([*small_records(), *few, *complexes[1:]], tmp_path / "two")
    settings = Settings(
        out=tmp_path / "out",
        dataset=tmp_path / "two",
        base=str(GFN1_WATER),
        strategies=("2", "Δ-2"),
    )
    whole = prepare_inputs(settings)
    assert whole.reasons.keys() == {"Δ-1", "Δ-2"}
    assert whole.reasons["Δ-2"].endswith("those that have both, with --complexes 2")
    dataset = Dataset(tmp_path / "two")
    assert at_both(dataset, LEVEL, str(GFN1_WATER)).keys() == {r.source for r in complexes[1:]}
    part = write_subset(dataset, LEVEL, str(GFN1_WATER), 2, tmp_path / "part")
    assert len(load_samples(part, target_named("delta-binding"), LEVEL, str(GFN1_WATER))) == 2
    with pytest.raises(InputError, match=r"3 complexes are asked for, and there are 2 at GFN2"):
        write_subset(dataset, LEVEL, str(GFN1_WATER), 3, tmp_path / "more")


def test_what_a_preset_cannot_learn_is_told(settings):
    settings = settings.model_copy(update={"presets": ("best",), "strategies": ("2", "1")})
    first, second = jobs_of(settings, prepare_inputs(settings))
    assert "signs go with energies of reactions" in first.problem
    assert not second.problem


def test_nothing_possible_is_an_error(settings):
    with pytest.raises(InputError, match=r"no strategy is possible with small .*no base level"):
        prepare_inputs(settings.model_copy(update={"strategies": ("Δ-1", "Δ-2")}))


def test_a_published_file_is_imported_once(tmp_path):
    """Of bare references, really computed at the study's level: nothing to learn from."""
    whole = Dataset(DATA)
    shards = [s for s in whole.shards if "B3LYP" in s.level and s.kind in {"ion", "water"}]
    path = tmp_path / "published.xyz"
    written = [r for r in whole.records(shards) if r.calculation.ok]
    write_bare(written, path, "Hartree")
    settings = Settings(out=tmp_path / "out", published=path)
    claim(settings)
    for _ in range(2):
        with pytest.raises(InputError, match=r"no strategy is possible with published\.xyz"):
            prepare_inputs(settings)
    (folder,) = settings.out.glob("published-*")
    number = len(written)
    assert len(Dataset(folder).rows()) == number > 1
    (note,) = json.loads((folder / "import.json").read_text(encoding="utf-8"))
    assert note == (
        f"published.xyz: {number} frames recognised, 0 of them with binding energies; "
        "0 not recognised"
    )


# --- the table ---------------------------------------------------------------------------------

_OUTCOMES = {"additive": additive, "constant": constant_per_metal}


@pytest.fixture
def some(tmp_path):
    """Rows of every kind; the outcomes are of simple models, really fitted."""
    settings = Settings(out=tmp_path / "out", dataset=DATA, max_epochs=10)
    inputs = Inputs(Dataset(DATA), "data (5719 complexes)", LEVEL, None, {"Δ-2": "no base"})
    training = Training(
        epochs=10, allowed=10, preset_epochs=1500, seconds=1800.0, finished=True, limited=False,
        best=20.0,
    )  # fmt: skip
    rows = [
        Row(TARGETS["binding"], "study-4", outcomes={"test": additive()}, training=training),
        Row(TARGETS["delta-binding"], "study-4", problem="not possible: no base"),
        Row(TARGETS["absolute"], "study-4", problem="failed: NequIP ended\nits last line"),
        Row(TARGETS["binding"], "mean-per-metal", baseline=True,
            outcomes={"test": constant_per_metal()}),
    ]  # fmt: skip
    return rows, settings, inputs


def test_published_values_stand_beside_ours_in_columns_of_their_own(some):
    results, trainings = tables(*some)
    heads = results.headings
    assert "published (B3LYP-D4, its data): MAE" in heads
    assert f"here ({LEVEL}, data (5719 complexes)): MAE" in heads
    lines = [dict(zip(heads, row, strict=True)) for row in results.rows]
    first = lines[0]
    assert first["published (B3LYP-D4, its data): MAE"] == "6.1"
    assert first["published (B3LYP-D4, its data): r²"] == "0.96"
    ours = metrics(additive())
    cell = first[f"here ({LEVEL}, data (5719 complexes)): MAE"]
    assert cell.startswith(f"{ours.mae:.1f} [")
    assert first["Training"] == "10 of 1500 epochs, cut by --max-epochs"
    assert lines[1]["Part"] == "HDEV"
    assert lines[1]["Training"] == "no HDEV in this dataset"
    assert lines[2]["Training"] == "not possible: no base"
    assert lines[2]["published (B3LYP-D4, its data): MAE"] == "6.6"
    assert lines[4]["Training"] == "failed: NequIP ended"
    assert [line["Model"] for line in lines[6:]] == ["baseline mean-per-metal"]
    assert lines[6]["published (B3LYP-D4, its data): r²"] == "–"
    assert trainings.rows == (
        ("2 (binding)", "study-4", "10", "1500", "0.50", "20.0", "cut by --max-epochs"),
    )
    for table in tables(*some, brief=True):
        assert LEVEL in str(table.caption)
        assert "data (5719 complexes)" in str(table.caption)


def test_the_report_says_what_it_is_of(some):
    rows, settings, _ = some
    path = write_report(*some)
    text = path.read_text(encoding="utf-8")
    assert "10.1039/d5dd00286a" in text
    assert "1 of 1 trainings were cut short" in text
    assert "not of the study's B3LYP-D4" in text
    assert "its last line" in text
    figures = re.findall(r"!\[(.*?)\]\((.*?)\)", text)
    assert [name for _, name in figures] == [
        "parity-study-4-test.png", "errors-by-metal-study-4-test.png",
    ]  # fmt: skip
    assert all(LEVEL in caption and "data (5719" in caption for caption, _ in figures)
    for _, name in figures:
        assert (settings.out / name).stat().st_size > 10_000
    data = json.loads((settings.out / "table.json").read_text(encoding="utf-8"))
    assert data == json.loads(json.dumps(report_data(*some)))
    assert data["rows"][0]["parts"]["test"]["published"] == {"r2": 0.96, "mae": 6.1}
    assert data["rows"][0]["parts"]["test"]["here"]["mae"] == metrics(additive()).mae
    assert data["rows"][0]["training"]["cut_short"]
    stored = read_outcomes(settings.out / data["rows"][0]["outcomes"])
    pd.testing.assert_frame_equal(stored, rows[0].outcomes["test"])


def test_the_best_baseline_stands_beside_the_networks(some, monkeypatch):
    """In the panels, and in the errors by metal, where it was asked about the same complexes."""
    rows, settings, inputs = some
    rows.append(Row(TARGETS["binding"], "poor", baseline=True,
                    outcomes={"test": poor(constant_per_metal())}))  # fmt: skip
    drawn = {name: figure for name, _, figure in draw_all(rows, settings, inputs)}
    assert list(drawn) == ["parity-study-4-test", "errors-by-metal-study-4-test"]
    headings = [axes.get_title() for axes in drawn["parity-study-4-test"].axes]
    assert headings == ["strategy 2 (binding)", "best baseline: mean-per-metal, 2 (binding)"]
    labels = [text.get_text() for text in drawn["errors-by-metal-study-4-test"].legends[0].texts]
    assert [label.split(", MAE")[0] for label in labels] == headings
    # One that was asked about other complexes is not among them.
    rows[0] = replace(rows[0], outcomes={"test": additive()[1:]})
    *_, (_, _, errors) = draw_all(rows, settings, inputs)
    (label,) = [text.get_text() for text in errors.legends[0].texts]
    assert label.startswith("strategy 2 (binding), MAE")


def poor(found):
    """Ten kcal/mol worse."""
    return found.assign(predicted=found.predicted + 10)


@pytest.mark.parametrize(
    ("fields", "cut", "ending"),
    [
        ({"epochs": 3, "finished": False, "limited": True}, True, "cut by --max-time"),
        ({"epochs": 3, "finished": False}, True, "interrupted"),
        ({"epochs": 700, "finished": True}, False, "ended by itself: the learning rate"),
        ({"epochs": 1500, "finished": True}, False, "ended by itself: all epochs"),
        ({"epochs": 9, "allowed": 9, "finished": True}, True, "cut by --max-epochs"),
        ({"epochs": 2000, "allowed": 2000, "finished": True}, False, "beyond the preset"),
    ],
)
def test_why_a_training_ended(fields, cut, ending):
    values = {"allowed": 1500, "preset_epochs": 1500, "seconds": 7200.0, "limited": False}
    training = Training(**values | {"best": None} | fields)
    assert training.cut == cut
    assert ending in training.ending
    assert training.hours == 2


# --- trainings ---------------------------------------------------------------------------------


@pytest.fixture
def small_networks(monkeypatch):
    """The networks of the presets, but tiny; everything else is as it is."""

    def tiny(settings, inputs):
        return [
            job
            if job.config is None
            else replace(
                job,
                config=job.config.model_copy(
                    update={"overrides": TINY | {"max_epochs": 1}, "split": SPLIT}
                ),
            )
            for job in jobs_of(settings, inputs)
        ]

    monkeypatch.setattr(run, "jobs_of", tiny)


def test_trainings_are_rows_whatever_becomes_of_them(settings, small_networks, capsys):
    settings = settings.model_copy(
        update={"presets": ("study-2",), "strategies": ("2", "1", "Δ-2"), "accelerator": "cpu"}
    )
    claim(settings)
    inputs = prepare_inputs(settings)
    # One of them cannot be trained: its folder is taken.
    taken = settings.out / "trainings" / "absolute-study-2"
    taken.mkdir(parents=True)
    (taken / "letter.txt").write_text("dear", encoding="utf-8")
    seen, steps = [], []
    found = reproduce(
        settings, inputs, on_progress=lambda label, _: steps.append(label), on_rows=seen.append
    )
    failed, trained, impossible = found
    assert failed.failed
    assert "holds something else" in failed.problem
    assert impossible.problem.startswith("not possible: no base level")
    assert trained.target.name == "binding"
    assert trained.training.epochs == 1
    assert trained.training.seconds > 0
    assert trained.training.ending == "cut by --max-epochs"
    assert len(trained.outcomes["test"]) == trained.scores["test"].n >= 1
    assert set(trained.outcomes["test"].part) == {"test"}
    # The report could be written before the first training, and after each.
    assert [[bool(row.outcomes) for row in rows] for rows in seen] == [
        [False, False, False], [False, False, False], [False, True, False],
    ]  # fmt: skip
    # Called again, nothing is trained anew, and time adds up.
    again = reproduce(settings, inputs)[1]
    pd.testing.assert_frame_equal(again.outcomes["test"], trained.outcomes["test"])
    assert again.training.epochs == 1
    assert again.training.seconds >= trained.training.seconds
    # A table is of one kind.
    with pytest.raises(InputError, match="begun with other settings: seed is 111111 there"):
        claim(settings.model_copy(update={"seed": 2}))
    claim(settings.model_copy(update={"presets": ("best",), "seconds": 5.0}))


def test_baselines_learn_from_the_same_part(settings, monkeypatch):
    settings = settings.model_copy(update={"strategies": ("1",), "baselines": ("mean-per-metal",)})
    inputs = prepare_inputs(settings)
    (row,) = run._baseline_rows(settings, inputs, lambda _: None)
    samples = inputs.samples("binding")
    split = SplitChoice().of(samples)
    test = split.of(samples, "test")
    fitted = BASELINES.create("mean-per-metal").fit(split.of(samples, "train"))
    assert list(row.outcomes["test"].key) == [s.key for s in test]
    errors = abs(fitted.predict(test) - [s.target for s in test]) * 23.0605478
    assert row.scores["test"].mae == pytest.approx(errors.mean(), rel=1e-6)
    assert row.name == "baseline-binding-mean-per-metal"


# --- the command -------------------------------------------------------------------------------


def test_options_that_exclude_each_other(tmp_path):
    assert "not both" in refusal("data", "--published", "x.xyz")
    assert "--unit goes with --published" in refusal("--unit", "eV")
    assert "exclude each other" in refusal("--no-baselines", "--baselines", "additive")
    assert "accelerator" in refusal("--accelerator", "abacus")
    assert "unknown strategy '5'" in refusal("--strategies", "5")
    assert "is no time" in refusal("--max-time", "soon")
    assert "cannot read" in refusal("--published", tmp_path / "x", "--out", tmp_path / "out")
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    assert "holds something else" in refusal("--out", tmp_path)
    assert "is a file" in refusal("--out", tmp_path / "letter.txt")


def test_a_plan_is_shown(dataset, tmp_path):
    out = tmp_path / "out"
    found = CliRunner().invoke(
        app,
        ["reproduce", str(dataset.folder), "--strategies", "2", "--strategies", "delta-2",
         "--out", str(out), "--dry-run"],
        env={"COLUMNS": "200"},
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert f"{LEVEL} · small (16 complexes)" in found.output
    assert "not possible: no base level" in found.output
    assert not (out / "trainings").exists()


@pytest.mark.slow
def test_a_small_version_runs(tmp_path, capsys):
    out = tmp_path / "out"
    arguments = [
        "reproduce", str(DATA), "--complexes", "200", "--strategies", "1", "2", "--max-epochs", "1",
        "--baselines", "additive", "--accelerator", "cpu",
        "--out", str(out),
    ]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--json"])
    assert not ended.value.code
    data = json.loads(capsys.readouterr().out)
    *networks, baseline = data["rows"]
    assert [(row["model"], row["target"]) for row in networks] == [
        (preset, target) for preset in ("study-2", "study-4") for target in ("absolute", "binding")
    ]
    for row in networks:
        assert row["training"]["epochs"] == 1
        assert row["training"]["cut_short"]
        assert row["parts"]["test"]["here"]["n"] > 10
        assert row["parts"]["external"]["here"]["n"] > 5
    # One epoch is enough for the study's finding: binding energies are learned, totals are not.
    for total, binding in zip(networks[::2], networks[1::2], strict=True):
        assert binding["parts"]["test"]["here"]["mae"] < total["parts"]["test"]["here"]["mae"]
    assert baseline["baseline"]
    assert data["here"]["dataset"] == "data (200 of 5719 complexes)"
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "4 of 4 trainings were cut short" in text
    assert {path.name for path in out.glob("*.png")} == {
        f"{kind}-{preset}-{part}.png"
        for kind in ("parity", "errors-by-metal")
        for preset in ("study-2", "study-4")
        for part in ("test", "external")
    }
    before = {p: p.stat().st_mtime_ns for p in out.glob("trainings/*/last.ckpt")}
    with pytest.raises(SystemExit):
        main(arguments)
    assert "DOI 10.1039/d5dd00286a" in capsys.readouterr().out
    assert before == {p: p.stat().st_mtime_ns for p in out.glob("trainings/*/last.ckpt")}
