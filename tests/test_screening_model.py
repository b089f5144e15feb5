"""Screens by the model that comes with rarebind: real calculations of La, real predictions."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nequip")

import rarebind
from rarebind.campaigns import Protocol, Store
from rarebind.cli import main
from rarebind.complexes import complex_spec
from rarebind.datasets import Dataset
from rarebind.engines import GFN2_WATER
from rarebind.errors import InputError
from rarebind.learning import load_samples, target_named
from rarebind.learning.release.model import Model, bundled_model, bundled_models, load_model
from rarebind.ligands import parse_ligand
from rarebind.screening import Prediction, Request, Watch, estimates_of, ranked_rows
from rarebind.screening.api import run
from rarebind.screening.predicted import _entry, check_model, plan_by_model, screen_by_model
from rarebind.uncertainty import family, sigmas
from rarebind.units import KCAL_PER_EV

ROOT = Path(__file__).parents[1]
METALS, COMPUTED = ("La", "Eu", "Lu", "Y"), {"La", "Y"}
HOPO, CAM = "CNC(=O)c1cc(C)cc(=O)n1O", "CNC(=O)c1cc(Cl)cc(O)c1O"


@pytest.fixture(scope="module")
def model():
    return bundled_model()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("screened") / "store.sqlite"


@pytest.fixture(scope="module")
def screened(store):
    """Two ligands with four metals."""
    return run([HOPO, CAM], METALS, "1:6", store=store, level="gfn2-xtb")


# --- the file ----------------------------------------------------------------------------------


def test_bundled_models_are_small_and_what_they_say(model):
    folder = ROOT / "src" / "rarebind" / "data" / "models"
    for name, found in bundled_models().items():
        path = folder / f"{name}.rarebind"
        assert path.stat().st_size < 5e6
        assert load_model(path, found["sha256"]).card.name == name
    assert model.card.target == "series"
    assert model.card.level == str(GFN2_WATER)
    assert model.uncertainty is not None
    assert set(model.hydration) >= {"Y", "La", "Lu"}


def test_a_changed_model_is_refused(tmp_path):
    name, found = next(iter(bundled_models().items()))
    content = (ROOT / "src" / "rarebind" / "data" / "models" / f"{name}.rarebind").read_bytes()
    (tmp_path / "other.rarebind").write_bytes(content[:-1] + b"x")
    with pytest.raises(InputError, match="fetch it again"):
        load_model(tmp_path / "other.rarebind", found["sha256"])
    with pytest.raises(InputError, match="known are series-gfn2"):
        bundled_model("none")


# --- predictions against what was computed --------------------------------------------------------


def test_predictions_hold_on_ligands_that_were_left_out(model):
    """Errors, intervals and the order of metals on a part of the test split."""
    samples = load_samples(Dataset(ROOT / "data"), target_named("series"), "gfn2-xtb")
    test = model.split.of(samples, "test")
    chosen = [test[i] for i in np.random.default_rng(5).permutation(len(test))[:60]]
    found = model.evaluate(chosen)
    errors = (found.energies - [s.target for s in chosen]) * KCAL_PER_EV
    lanthanides = np.array([s.metal != "Y" for s in chosen])
    assert np.abs(errors[lanthanides]).mean() < 1.0
    widths = model.uncertainty.energies.half_widths(
        sigmas(model.uncertainty.rigidity.spread(found.features)),
        0.9,
        [family(s.metal) for s in chosen],
    )
    inside = np.abs(errors) <= widths * KCAL_PER_EV
    assert inside.mean() > 0.8


# --- a screen ------------------------------------------------------------------------------------


def test_la_is_computed_and_the_series_predicted(screened, model):
    by_metal = {}
    for entry in screened.entries:
        by_metal.setdefault(entry.spec.metal, []).append(entry)
    for metal in COMPUTED:
        assert not any(isinstance(entry.binding, Prediction) for entry in by_metal[metal])
    for metal in ("Eu", "Lu"):
        for entry, anchor in zip(by_metal[metal], by_metal["La"], strict=True):
            binding = entry.binding
            assert isinstance(binding, Prediction)
            assert binding.binding - binding.exchange == pytest.approx(model.hydration[metal][0])
            assert entry.calculation is anchor.calculation
            # The lanthanides' differences are a few kcal/mol, which is what is predicted.
            assert abs(binding.exchange - anchor.binding.exchange) * KCAL_PER_EV < 10
    assert screened.engine == "model"
    assert screened.model["sha256"] == model.sha256


def test_every_predicted_number_has_its_interval(screened):
    rows = ranked_rows(screened)
    assert [(r.metal, r.rank) for r in rows] == [
        (metal, rank) for metal in METALS for rank in (1, 2)
    ]
    for row in rows:
        assert (row.half_width is None) == (row.source == "computed") == (row.metal in COMPUTED)
        # Of computed energies alone nothing is known.
        assert (row.selectivity_half_width is None) == (row.metal in COMPUTED)
        assert (row.probability_first is None) == (row.metal in COMPUTED)
    for metal in sorted(set(METALS) - COMPUTED):
        assert sum(r.probability_first for r in rows if r.metal == metal) == pytest.approx(1)
    kilojoules = ranked_rows(screened, "kJ/mol")
    for one, other in zip(rows, kilojoules, strict=True):
        assert other.exchange == pytest.approx(one.exchange * 4.184, rel=1e-6)
    estimates = estimates_of(screened)
    zero = [np.linalg.norm(s) == 0 for s in estimates.spread]
    assert zero == [metal in COMPUTED for metal in estimates.metals]


def test_the_same_screen_from_file_to_page(screened, store, tmp_path, capsys):
    """The command line, with a bad ligand among the good."""
    (tmp_path / "l.csv").write_text(f"name,smiles\none,{HOPO}\nbad,CCC\n")
    arguments = [
        "screen", str(tmp_path / "l.csv"), "--metals", "La", "Lu", "--geometry", "1:6",
        "--out", str(tmp_path / "out"), "--store", str(store), "--json", "--level", "gfn2-xtb",
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    printed = capsys.readouterr()
    assert "line 3: no donor atoms found" in printed.err
    data = json.loads(printed.out)
    assert [r["name"] for r in data["rejected_input"]] == ["bad"]
    rows = {(r["ligand"], r["metal"]): r for r in data["rows"]}
    assert rows["one", "Lu"]["status"] == "ok"
    mine = {(e.ligand.smiles, e.spec.metal): e.binding.exchange for e in screened.entries}
    expected = mine[rows["one", "Lu"]["smiles"], "Lu"] * KCAL_PER_EV
    assert rows["one", "Lu"]["exchange"] == pytest.approx(expected, abs=0.05)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "CNC(=O)c1cc(C)cc(=O)n1" in page
    assert json.loads((tmp_path / "out" / "ranking.json").read_text())["schema"] == 2


def test_an_element_that_the_model_has_not_seen_is_told(screened, model):
    anchor = next(e for e in screened.entries if e.spec.metal == "La")
    bromo = complex_spec("Lu", parse_ligand("CNC(=O)c1cc(Br)cc(O)c1O", "bromo"), "1:6")
    entry = _entry(bromo, anchor, {}, model)
    assert entry.binding is None
    assert "has not seen Br: it is computed without --no-fall-back" in entry.reason


def test_unseen_elements_are_told_before_anything_is_computed():
    bromo = parse_ligand("CNC(=O)c1cc(Br)cc(O)c1O", "bromo")
    asked = {
        "ligands": (bromo, parse_ligand(HOPO)), "metals": ("La", "Lu"), "geometries": ("1:6",),
        "fall_back": False, "strict": True, "level": "gfn2-xtb",
    }  # fmt: skip
    advice = r"it is computed without --no-fall-back \(fall_back=False\)"
    with pytest.raises(InputError, match=f"^bromo: model .* has not seen Br: {advice}$"):
        Request(**asked).prepared()
    lenient = asked | {"strict": False}
    prepared = Request(**lenient).prepared()
    assert [found.name for found in prepared.left_out] == ["bromo"]
    assert {spec.ligand.name for spec in prepared.specs} == {"HOPO-methyl"}
    with pytest.raises(InputError, match="has not seen Br"):
        Request(**lenient | {"ligands": bromo}).prepared()
    # What is computed anyway, or when asked, needs no model that knows it.
    for change in ({"metals": ("La", "Y")}, {"fall_back": True}):
        found = Request(**asked | change).prepared()
        assert (len(found.specs), found.left_out) == (4, ())


@pytest.mark.slow
def test_what_the_model_has_not_seen_is_computed_when_asked(store):
    bromo = "CNC(=O)c1cc(Br)cc(O)c1O"
    found = run(
        [CAM, bromo], ["La", "Lu", "Sc"], "1:6", fall_back=True, store=store, level="gfn2-xtb"
    )
    predicted = {
        (e.spec.metal, "Br" in e.spec.ligand.smiles): isinstance(e.binding, Prediction)
        for e in found.entries
    }
    assert len(predicted) == 6
    assert {key for key, is_predicted in predicted.items() if is_predicted} == {("Lu", False)}
    assert all(e.binding is not None for e in found.entries)
    rows = {(r.metal, r.ligand): r for r in ranked_rows(found)}
    assert {r.source for r in rows.values() if r.metal == "Sc"} == {"computed"}


def test_what_is_unlike_the_training_set_is_computed_when_asked(screened, model, store):
    """A model to which all is unlike; one ligand is asked about."""
    content = model._content
    domain = content.uncertainty.applicability
    narrow = replace(content.uncertainty, applicability=replace(domain, threshold=1e-9))
    doubtful = Model(replace(content, uncertainty=narrow))
    ligand = screened.entries[0].spec.ligand
    specs = [complex_spec(metal, ligand, "1:6") for metal in ("La", "Lu")]
    told, totals = [], []
    watch = Watch(on_total=totals.append, on_done=told.append)
    with Store(store) as results:
        plan = plan_by_model(specs, doubtful, Protocol(level=GFN2_WATER), fall_back=False)
        flagged = screen_by_model(specs, plan, results, doubtful, fall_back=False)
        found = screen_by_model(specs, plan, results, doubtful, watch=watch)
    sources = [
        [(e.spec.metal, isinstance(e.binding, Prediction)) for e in some.entries]
        for some in (flagged, found)
    ]
    assert sources == [[("La", False), ("Lu", True)], [("La", False), ("Lu", False)]]
    assert flagged.entries[1].binding.flagged
    # Both are of one ligand and one complex of La.
    error = flagged.entries[1].binding.exchange - found.entries[1].binding.exchange
    assert 0 < abs(error) * KCAL_PER_EV < 2
    # Nothing is counted twice.
    assert len({ended.task.key for ended in told}) == len(told) == totals[-1]
    assert totals[0] < totals[1]


# --- asked for what cannot be ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metals": ()}, "no metals"),
        ({"geometries": ("1:6", "1:6")}, "more than once"),
        ({"workers": 0}, "workers: 0 is below 1"),
        ({"engine": "orca-6"}, "orca-6"),
        ({"engine": "tblite", "model": Path("m.rarebind")}, "of no use"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_computed(change, message):
    request = {"ligands": HOPO, "metals": ("La",), "geometries": ("1:6",)}
    with pytest.raises(InputError, match=message):
        Request(**request | change).prepared()


def test_a_metal_that_the_model_has_not_seen_is_refused(model):
    content = model._content
    other = Model(replace(content, hydration={m: content.hydration[m] for m in ("La", "Eu")}))
    check_model(other, ("La", "Eu", "Y", "Sc"), Protocol(level=GFN2_WATER))
    with pytest.raises(InputError, match=r"has not seen Lu: it knows Eu, La; .*--no-fall-back"):
        check_model(other, ("La", "Lu"), Protocol(level=GFN2_WATER))
    check_model(other, ("La", "Lu"), Protocol(level=GFN2_WATER), fall_back=True)


def test_a_model_of_something_else_is_refused(model, tmp_path):
    from rarebind.learning.release.model_file import read_model, write_model

    name = next(iter(bundled_models()))
    content = read_model(ROOT / "src" / "rarebind" / "data" / "models" / f"{name}.rarebind")
    other = replace(content, card=replace(content.card, target="binding"))
    write_model(other, tmp_path / "b.rarebind")
    with pytest.raises(InputError, match="one of the target series"):
        run(HOPO, ["La"], "1:6", model=tmp_path / "b.rarebind")


# --- from Python ----------------------------------------------------------------------------------


def test_all_bad_ligands_are_told_at_once():
    with pytest.raises(InputError) as caught:
        rarebind.screen([HOPO, "CCC", "not a smiles", HOPO, 7], strict=True)
    assert [re.match(r"ligand (\d)", p)[1] for p in caught.value.problems] == ["2", "3", "4", "5"]


def test_molecules_are_ligands_too():
    from rdkit import Chem

    from rarebind.screening.given import survey_ligands

    molecule = Chem.AddHs(Chem.MolFromSmiles(HOPO))
    molecule.SetProp("_Name", "mine")
    (ligand,) = survey_ligands(molecule).ligands
    assert ligand.name == "mine"
    assert ligand.inchikey == survey_ligands(HOPO).ligands[0].inchikey
