"""Fits of GFN2's numbers: unknowns, residuals, recovery of known parameters, the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from rarebind.campaigns.reference.building import WATER, atom_ranges, embed, free_ligand
from rarebind.campaigns.reference.displacement import agitated
from rarebind.campaigns.reference.shards import Reference, read_references
from rarebind.cli import app
from rarebind.engines import GFN2_WATER, relax, static
from rarebind.engines.tblite_parameters import exported_parameters
from rarebind.errors import InputError
from rarebind.parametrisation import parametrise, read_settings, write_level
from rarebind.parametrisation.evaluator import Evaluator
from rarebind.parametrisation.fit import Problem
from rarebind.parametrisation.settings import Settings
from rarebind.parametrisation.targets import targets_of
from rarebind.parametrisation.unknowns import Unknowns

CHLORIDE = "[Cl-:1]"
#: What the tests fit, and by how many prior widths the truth is off GFN2.
SETTINGS = Settings.model_validate(
    read_settings().model_dump()
    | {
        "widths": {"arep": {"relative": 0.05}, "levels": {"absolute": 0.5}},
        "pairs": {"O": 0.05},
        "donors": {"centres": [1.3], "width": 0.4, "terms": {"O-H": 0.1}},
        "orders": [1.0, 0.5],
        "test_metals": ["Gd"],
    }
)
TRUTH = np.array([0.6, -0.5, 0.4, 0.3, -0.7, 0.8, 0.2, 0.3, 0.0, -0.4, 0.5, -0.6])


@pytest.fixture(scope="module")
def gfn2():
    return exported_parameters("GFN2-xTB")


@pytest.fixture(scope="module")
def structures():
    """Complexes of La with waters and chloride about minima of GFN2; of Lu and Gd at the same."""
    found = {}
    for name, smiles in (("water", [WATER] * 8), ("chloride", [CHLORIDE] + [WATER] * 4)):
        start = relax(embed("La", smiles, 5), GFN2_WATER).structure
        for sample in range(2):
            moved = agitated(
                start.positions, atom_ranges(smiles), shift=0.1, turn=4, shake=0.01, seed=[sample]
            )
            for metal in ("La", "Lu", "Gd"):
                symbols = (metal, *start.symbols[1:])
                found[name, metal, sample] = (
                    smiles, replace(start.with_positions(moved), symbols=symbols),
                )  # fmt: skip
    return found


@pytest.fixture(scope="module")
def references(structures, gfn2, tmp_path_factory):
    """The structures at a level whose parameters are known."""
    unknowns = Unknowns(gfn2, SETTINGS, ["La", "Lu"])
    path = tmp_path_factory.mktemp("truth") / "truth.json"
    path.write_text(json.dumps(unknowns.parameters(TRUTH)))
    level = GFN2_WATER.with_parameters(path)
    complexes = [
        _reference(structure, smiles, metal, name, f"sample-{sample}", level)
        for (name, metal, sample), (smiles, structure) in structures.items()
    ]
    free = [
        _reference(free_ligand(smiles, 1), [smiles], None, smiles, "minimum", level)
        for smiles in (WATER, CHLORIDE)
    ]
    return complexes + free


def _reference(structure, smiles, metal, name, geometry, level):
    calculation = static(structure, level)
    return Reference(
        structure, calculation.energy, calculation.forces, metal, tuple(smiles), name,
        name if metal else "free", geometry, str(level), f"{name} {metal} {geometry}",
    )  # fmt: skip


def _problem(references, gfn2):
    chosen = [one for one in references if one.metal != "Gd"]
    free = {
        one.fragments[0]: static(one.structure, GFN2_WATER).energy
        for one in references
        if one.metal is None
    }
    targets = targets_of(chosen, free, SETTINGS.weights)
    unknowns = Unknowns(gfn2, SETTINGS, ["La", "Lu"])
    return Problem(targets, unknowns, SETTINGS.weights)


def test_nothing_shifted_is_gfn2_with_lanthanum_on_the_line(gfn2):
    unknowns = Unknowns(gfn2, SETTINGS, ["La", "Y"])
    found = unknowns.parameters(np.zeros(len(unknowns)))["element"]
    for symbol in gfn2["element"].keys() - {"La"}:
        assert found[symbol] == gfn2["element"][symbol], symbol
    line = [found[symbol]["arep"] for symbol in ("La", "Ce", "Pr")]
    assert line[1] - line[0] == pytest.approx(line[2] - line[1], abs=1e-5)


def test_shifts_of_lanthanides_are_polynomials_and_yttrium_has_its_own(gfn2):
    unknowns = Unknowns(gfn2, SETTINGS, ["La", "Y"])
    count = len(unknowns.numbers)
    assert len(unknowns) == 3 * count
    x = np.random.default_rng(1).normal(size=len(unknowns))
    shifts = {m: unknowns.shifts(m) @ x for m in ("La", "Gd", "Lu", "Y")}
    assert np.allclose(shifts["La"], x[:count] - 0.5 * x[count : 2 * count])
    assert np.allclose(shifts["Gd"], x[:count])
    assert np.allclose(shifts["La"] + shifts["Lu"], 2 * shifts["Gd"])
    # Y has its own, but terms of donors on top of those of a lanthanide of its size.
    own = shifts["Y"] - x[2 * count :]
    assert np.allclose(own[:-1], 0)
    dysprosium, holmium = (unknowns.shifts(m) @ x for m in ("Dy", "Ho"))
    assert sorted([own[-1], dysprosium[-1], holmium[-1]])[1] == own[-1]
    moved = unknowns.parameters(x)["element"]
    assert moved["Sc"] == gfn2["element"]["Sc"]
    assert moved["Nd"] != gfn2["element"]["Nd"]
    terms = unknowns.parameters(x)["donor_terms"]["element"]
    assert terms["Gd"] == {"O-H": [pytest.approx(0.1 * x[count - 1])]}
    assert "Sc" not in terms


def test_unknowns_are_found_in_the_parameters_that_they_give(gfn2):
    unknowns = Unknowns(gfn2, SETTINGS, ["La", "Y"])
    x = np.random.default_rng(4).normal(size=len(unknowns))
    assert np.allclose(unknowns.found_in(unknowns.parameters(x)), x)


def test_terms_with_other_centres_are_no_start(gfn2):
    unknowns = Unknowns(gfn2, SETTINGS, ["La"])
    terms = {"centres": [1.3, 1.8], "width": 0.4, "element": {}}
    with pytest.raises(InputError, match="other centres or another width"):
        unknowns.found_in(gfn2 | {"donor_terms": terms})
    assert np.allclose(unknowns.found_in(unknowns.base), 0)


def test_the_jacobian_is_that_of_the_residuals(references, gfn2):
    problem = _problem(references, gfn2)
    x = 0.2 * np.random.default_rng(2).normal(size=problem.size)
    step = 1e-3 * np.random.default_rng(3).normal(size=problem.size)
    geometries = problem.targets.geometries
    with Evaluator(geometries, problem.unknowns, SETTINGS.weights.arm, 0) as evaluator:
        here = evaluator(problem.split(x)[0], slopes=True)
        ahead = evaluator(problem.split(x + step)[0], slopes=False)
    change = problem.residuals(x + step, ahead) - problem.residuals(x, here)
    predicted = problem.jacobian(here) @ step
    assert np.linalg.norm(change - predicted) < 0.03 * np.linalg.norm(predicted)


def test_waters_beyond_eight_weigh_most():
    weights = read_settings().weights
    of_one = [one for one in read_references("data-reference") if one.metal in {None, "La"}]
    free = {one.fragments[0]: 0.0 for one in of_one if one.metal is None}
    targets = targets_of(of_one, free, weights)
    energies = targets.energies
    tolerances = {
        len(targets.geometries[index].reference.fragments): tolerance
        for index, taken, tolerance in zip(
            energies.of, energies.ligands, energies.tolerances, strict=True
        )
        if taken.any() and set(targets.geometries[index].reference.fragments) == {WATER}
    }
    assert tolerances[9] == weights.hydration.absolute < weights.exchange.absolute == tolerances[6]


def test_known_parameters_are_found_again(references, gfn2):
    steps, before = [], []
    found = parametrise(
        references, SETTINGS, workers=0, on_step=steps.append, on_fitted=before.append
    )
    assert before[0].parameters == found.parameters
    assert "left out" not in before[0].errors["radial"]
    assert "left out" in found.errors["radial"]
    errors = found.errors
    for quantity, allowed in (("radial", 0.05), ("displacement", 0.15), ("selectivity", 0.3)):
        for donors in ("chloride", "water"):
            gfn2, fitted = errors[quantity].loc[donors, ["GFN2-xTB", "fitted"]]
            if not np.isnan(gfn2):
                assert fitted < max(0.3 * gfn2, allowed), (quantity, donors)
    # Gd lies between the metals that were fitted to.
    tested = found.test_errors["radial"]
    assert (tested["fitted"] < 0.3 * tested["GFN2-xTB"]).all()
    assert found.fitted == ("La", "Lu")
    assert found.tested == ("Gd",)
    assert steps[-1] == "without chloride"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rs: [replace(rs[0], level="another"), *rs[1:]], "levels of the reference data are"),
        (lambda rs: [r for r in rs if r.metal is None], "have no complex"),
        (lambda rs: [r for r in rs if (r.metal, r.system) != ("Lu", "water")], "have Lu, but not"),
        (lambda rs: [r for r in rs if r.fragments != (CHLORIDE,)], r"of \[Cl-:1\], but not"),
    ],
)
def test_data_that_cannot_be_fitted_to(references, change, message):
    with pytest.raises(InputError, match=message):
        parametrise(change(references), SETTINGS, workers=0)


def test_classes_of_donors_that_are_never_fitted_to(references):
    def without(*donors):
        return Settings.model_validate(SETTINGS.model_dump() | {"test_donors": donors})

    found = parametrise(references, without("chloride"), workers=0, cross_validate=False)
    assert list(found.errors.index) == ["water"]
    with pytest.raises(InputError, match="the data have no bromide"):
        parametrise(references, without("bromide"), workers=0)


def test_the_command_writes_a_level_and_its_card(references, tmp_path, monkeypatch):
    few = [r for r in references if r.geometry != "sample-1"]
    monkeypatch.setattr("rarebind.campaigns.reference.shards.read_references", lambda _: few)
    settings = tmp_path / "settings.yaml"
    settings.write_text(json.dumps(SETTINGS.model_dump(exclude_none=True)))
    out = tmp_path / "own.json"
    arguments = ["parametrise", str(tmp_path), "--out", str(out), "--settings", str(settings)]
    done = CliRunner().invoke(app, [*arguments, "--workers", "1", "--no-cross-validate"])
    assert done.exit_code == 0, done.output
    assert "Errors by class of donors" in done.output
    level = GFN2_WATER.with_parameters(out)
    one = next(r for r in few if r.metal == "La")
    assert abs(static(one.structure, level).energy - static(one.structure, GFN2_WATER).energy) > 0.1
    card = out.with_suffix(".md").read_text()
    assert "La and Lu" in card
    assert "| chloride |" in card
    again = tmp_path / "again.json"
    write_level(parametrise(few, SETTINGS, workers=0, cross_validate=False), again)
    assert again.read_text() == out.read_text()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("widths: {}", "widths"),
        ("orders: [0.0]", "orders"),
        ("test_metals: [Fe]", "Fe"),
        ("widths: {levels: {absolute: 1.0, relative: 0.1}}", "either absolute or relative"),
        ("widths: {colour: {absolute: 1.0}}", "colour"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path, text, message):
    path = tmp_path / "settings.yaml"
    key = text.partition(":")[0]
    others = read_settings().model_dump(exclude={key}, exclude_none=True)
    path.write_text(json.dumps(others)[:-1] + "\n, " + text + "}")
    with pytest.raises(InputError, match=message):
        read_settings(path)


def test_what_is_set_aside_is_the_only_difference_of_the_settings_for_it():
    ours, without = (
        read_settings(path).model_dump() for path in (None, "configs/parametrisation-held-out.yaml")
    )
    assert without.pop("test_donors") != ours.pop("test_donors") == ()
    assert without == ours
