"""Preferences of ligands between metals, against the published energies and by hand."""

import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from rarebind.datasets import read_table
from rarebind.errors import InputError
from rarebind.screening.estimates import (
    Estimates,
    ligands_and_waters,
    pair_rows,
    thermal_energy,
)
from rarebind.screening.selectivity import (
    PAIRS_OF_NOTE,
    Selectivity,
    best_for_pair,
    pairs_of_note,
    selectivities,
)
from rarebind.units import KCAL_PER_EV

DATA = Path(__file__).parents[1] / "data"
#: kT at 298.15 K in kcal/mol, from the gas constant in cal/(mol K).
KT = 1.987204259 * 298.15 / 1000


@cache
def published():
    """Complexes of the published dataset with HOPO ligands, in the order of its table."""
    return tuple(
        row
        for row in read_table(DATA / "table.csv")
        if row.kind == "complex"
        and row.status == "ok"
        and row.level.startswith("GFN2-xTB")
        and row.scaffold == "HOPO"
    )


def estimates_of(rows):
    """Estimates as a calculation gives them: without errors."""
    return Estimates(
        ligands=[row.ligand for row in rows],
        metals=[row.metal for row in rows],
        geometries=[row.geometry for row in rows],
        exchange=[row.exchange_kcal_mol / KCAL_PER_EV for row in rows],
        binding=[row.binding_kcal_mol / KCAL_PER_EV for row in rows],
        spread=None,
        half_width=None,
        flagged=[False] * len(rows),
    )


def made(nd, dy, spread=None, *, multiplier=1.645, ligands="ABCDEFGH", flagged=None):
    """Estimates of one ligand after another, 1:6, with Nd and then Dy."""
    n = len(nd)
    energies = np.concatenate([nd, dy])
    return Estimates(
        ligands=tuple(ligands[:n]) * 2,
        metals=("Nd",) * n + ("Dy",) * n,
        geometries=("1:6",) * 2 * n,
        exchange=energies,
        binding=energies - 50,
        spread=spread,
        half_width=None if spread is None else np.linalg.norm(spread, axis=1),
        flagged=[False] * 2 * n if flagged is None else flagged,
        difference_multiplier=0 if spread is None else multiplier,
    )


NO_ESTIMATES = Estimates((), (), (), [], [], None, None, [])


def test_differences_are_those_of_the_published_table():
    rows = published()
    energies = {(row.ligand, row.geometry, row.metal): row.exchange_kcal_mol for row in rows}
    found = selectivities(estimates_of(rows))
    assert {(row.metal, row.other) for row in found} == set(PAIRS_OF_NOTE)
    for metal, other in PAIRS_OF_NOTE:
        both = [key[:2] for key in energies if key[2] == metal and (*key[:2], other) in energies]
        here = [row for row in found if (row.metal, row.other) == (metal, other)]
        assert [(row.ligand, row.geometry) for row in here] == both
        assert len(here) > 60
        for row in here:
            first, second = (energies[row.ligand, row.geometry, m] for m in (metal, other))
            assert row.difference * KCAL_PER_EV == pytest.approx(first - second, abs=1e-9)
            assert row.log10_factor == pytest.approx((second - first) / KT / math.log(10))
            assert row.factor == pytest.approx(math.exp((second - first) / KT), rel=1e-6)
            assert (row.half_width, row.bounds, row.log10_bounds) == (None, None, None)
            assert row.probability_best is None


def test_the_best_of_the_published_table():
    rows = published()
    found = best_for_pair(estimates_of(rows), "La", "Lu", geometry="4:0")
    assert {row.geometry for row in found} == {"4:0"}
    assert [row.difference for row in found] == sorted(row.difference for row in found)
    energies = {
        (row.ligand, row.metal): row.exchange_kcal_mol for row in rows if row.geometry == "4:0"
    }
    best = min(
        (ligand for ligand, metal in energies if metal == "La"),
        key=lambda ligand: energies[ligand, "La"] - energies[ligand, "Lu"],
    )
    assert found[0].ligand == best


def test_turning_a_pair_round_turns_the_sign():
    estimates = estimates_of(published())
    forth = selectivities(estimates, [("Nd", "Dy")])
    back = {(row.ligand, row.geometry): row for row in selectivities(estimates, [("Dy", "Nd")])}
    for row in forth:
        other = back[row.ligand, row.geometry]
        assert row.difference == -other.difference
        assert row.log10_factor == -other.log10_factor


def test_the_interval_is_that_of_the_joint_law():
    # Errors of A with both metals: (0.3, 0.1) and (0.3, −0.1) eV; what they share cancels.
    spread = np.array([[0.3, 0.1], [0.2, 0.0], [0.3, -0.1], [0.2, 0.0]])
    first, second = selectivities(made([-1.0, -0.5], [-0.9, -0.5], spread, multiplier=2.0))
    assert first.difference == pytest.approx(-0.1)
    assert first.half_width == pytest.approx(2.0 * 0.2)
    kt = thermal_energy(298.15)
    assert first.log10_bounds == pytest.approx(
        ((0.1 - 0.4) / kt / math.log(10), (0.1 + 0.4) / kt / math.log(10))
    )
    low, high = first.bounds
    assert low < 1 < first.factor < high
    assert (low, high) == pytest.approx((math.exp(-0.3 / kt), math.exp(0.5 / kt)))
    # Both of its errors are the same: it is certain that B has no preference.
    assert (second.difference, second.half_width, second.factor) == (0, 0, 1)


def test_the_probability_of_being_best_is_the_joint_one():
    # ΔΔE of A and B: −0.1 ± 0.3 and 0.0 ± 0.4 eV, of independent causes.
    spread = np.array([[0.3, 0.0], [0.0, 0.4], [0.0, 0.0], [0.0, 0.0]])
    found = best_for_pair(made([-0.1, 0.0], [0.0, 0.0], spread), "Nd", "Dy", draws=40_000)
    assert [row.ligand for row in found] == ["A", "B"]
    chance = norm.cdf(0.1 / 0.5)
    # Four standard deviations of the count.
    margin = 4 * math.sqrt(chance * (1 - chance) / 40_000)
    assert found[0].probability_best == pytest.approx(chance, abs=margin)
    assert sum(row.probability_best for row in found) == pytest.approx(1)


def test_an_error_that_all_share_leaves_the_order_certain():
    spread = np.array([[0.9]] * 3 + [[0.1]] * 3)
    found = best_for_pair(made([0.2, -0.1, 0.1], [0.0] * 3, spread), "Nd", "Dy")
    assert [(row.ligand, row.probability_best) for row in found] == [("B", 1), ("C", 0), ("A", 0)]
    assert [row.half_width for row in found] == pytest.approx([1.645 * 0.8] * 3)


def test_equal_ligands_share_the_first_place():
    spread = np.array([[0.1]] * 4)
    found = best_for_pair(made([-0.2, -0.2], [0.0, 0.0], spread), "Nd", "Dy")
    assert [row.ligand for row in found] == ["A", "B"]
    assert [row.probability_best for row in found] == pytest.approx([0.5, 0.5])


def test_one_ligand_is_the_best():
    found = best_for_pair(made([0.3], [0.1], np.array([[0.5], [0.1]])), "Nd", "Dy")
    assert [row.probability_best for row in found] == [1]
    assert best_for_pair(made([0.3], [0.1]), "Nd", "Dy")[0].probability_best is None


def test_what_is_unknown_stands_last_and_is_never_best():
    spread = np.array([[0.1], [np.nan], [0.1], [0.2], [0.2], [0.2]])
    estimates = made([-0.1, np.nan, -0.3], [0.0, 0.0, 0.0], spread)
    found = best_for_pair(estimates, "Nd", "Dy")
    assert [row.ligand for row in found] == ["C", "A", "B"]
    assert math.isnan(found[2].difference)
    assert math.isnan(found[2].factor)
    assert (found[2].half_width, found[2].bounds) == (None, None)
    assert found[2].probability_best == 0
    nothing = best_for_pair(made([np.nan], [0.0], np.zeros((2, 1))), "Nd", "Dy")
    assert [row.probability_best for row in nothing] == [None]
    # JSON has no NaN.
    text = json.dumps([row.data() for row in found], allow_nan=False)
    assert json.loads(text)[2]["difference"] is None


def test_data_is_in_the_unit_asked_for():
    spread = np.array([[0.3], [0.1]])
    (row,) = selectivities(made([-0.1], [0.0], spread, multiplier=2.0))
    assert row.data()["difference"] == pytest.approx(-0.1 * KCAL_PER_EV)
    assert row.data(1.0)["half_width"] == pytest.approx(0.4)
    assert row.data()["log10_factor"] == row.log10_factor
    assert row.data()["log10_bounds"] == list(row.log10_bounds)


def test_a_pair_is_flagged_when_either_complex_is():
    flagged = [True, False, False, False, False, True]
    estimates = made([0.0] * 3, [0.0] * 3, flagged=flagged)
    assert [row.flagged for row in selectivities(estimates)] == [True, False, True]


def test_a_ligand_that_was_not_screened_with_both_is_left_out():
    estimates = Estimates(
        ("A", "A", "B", "A"), ("Nd", "Dy", "Nd", "Dy"), ("1:6", "1:6", "1:6", "4:0"),
        [0.0, 0.1, 0.2, 0.3], [0.0] * 4, None, None, [False] * 4,
    )  # fmt: skip
    assert [(row.ligand, row.geometry) for row in selectivities(estimates)] == [("A", "1:6")]
    assert selectivities(estimates, geometry="4:0") == ()
    assert best_for_pair(estimates, "Nd", "Dy", geometry="4:0") == ()


def test_wrong_pairs_are_all_named():
    estimates = made([0.0], [0.1])
    with pytest.raises(InputError) as caught:
        selectivities(estimates, [("Nd", "Eu"), ("Nd", "Nd"), ("Xx", "Dy"), ("Nd", "Dy")])
    assert len(caught.value.problems) == 3
    assert all(name in str(caught.value) for name in ("Eu", "Xx", "Nd twice"))
    assert "the metals screened are Nd, Dy" in str(caught.value)
    with pytest.raises(InputError, match=r"no estimates of geometry '4:0': .*screened are 1:6"):
        best_for_pair(estimates, "Nd", "Dy", geometry="4:0")
    with pytest.raises(InputError, match="draws"):
        best_for_pair(estimates, "Nd", "Dy", draws=0)


def test_nothing_screened_has_no_pairs():
    assert selectivities(NO_ESTIMATES) == ()
    with pytest.raises(InputError, match="no estimates of Nd: nothing was screened"):
        selectivities(NO_ESTIMATES, [("Nd", "Dy")])
    assert pairs_of_note(()) == ()
    assert pairs_of_note(("Dy", "Gd", "Nd", "Y")) == (("Nd", "Dy"),)


def test_factors_beyond_doubles_keep_their_logarithm():
    row = Selectivity("A", "1:6", "Nd", "Dy", -40.0, 1.0)
    assert row.factor == math.inf
    assert row.log10_factor == pytest.approx(40 * KCAL_PER_EV / KT / math.log(10))
    low, high = row.log10_bounds
    assert 0 < low < row.log10_factor < high < math.inf
    assert Selectivity("A", "1:6", "Nd", "Dy", 40.0, 1.0).bounds == (0, 0)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_temperatures_are_above_zero(temperature):
    with pytest.raises(InputError, match="temperature"):
        selectivities(NO_ESTIMATES, temperature=temperature)


def test_the_logarithm_falls_with_temperature():
    estimates = made([-0.1], [0.0])
    cold, warm = (selectivities(estimates, temperature=t)[0] for t in (200.0, 400.0))
    assert cold.log10_factor == pytest.approx(2 * warm.log10_factor)


def test_thermal_energy_is_the_gas_constant_times_temperature():
    assert thermal_energy(298.15) * KCAL_PER_EV == pytest.approx(KT, rel=1e-8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"difference": math.inf},
        {"half_width": -1.0},
        {"half_width": math.nan},
        {"probability_best": 1.1},
        {"temperature": 0.0},
    ],
)
def test_impossible_preferences_are_refused(wrong):
    right = {
        "ligand": "A",
        "geometry": "1:6",
        "metal": "Nd",
        "other": "Dy",
        "difference": 0.0,
        "half_width": 0.0,
    }
    assert Selectivity(**right).factor == 1
    with pytest.raises(InputError):
        Selectivity(**(right | wrong))


@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 2), min_size=1, max_size=8))
def test_the_order_is_that_of_the_differences(pairs):
    nd, dy = np.array(pairs).T
    found = best_for_pair(made(nd, dy), "Nd", "Dy")
    assert sorted(row.ligand for row in found) == list("ABCDEFGH"[: len(nd)])
    assert [row.difference for row in found] == sorted(nd - dy)
    # The better a ligand prefers Nd, the larger its factor.
    logs = [row.log10_factor for row in found]
    assert logs == sorted(logs, reverse=True)


GOOD = {
    "ligands": ("A", "B"), "metals": ("Nd", "Dy"), "geometries": ("1:6", "4:0"),
    "exchange": [0.1, math.nan], "binding": [0.1, 0.2], "spread": [[0.1], [math.nan]],
    "half_width": [0.1, math.nan], "flagged": [False, True], "difference_multiplier": 1.6,
}  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"metals": ("Nd",)}, "metals of shape"),
        ({"exchange": [0.1]}, "exchange of shape"),
        ({"exchange": ["a", 1]}, "must be numbers"),
        ({"flagged": [[False], [True]]}, "flagged of shape"),
        ({"half_width": [0.1]}, "half_width of shape"),
        ({"spread": [0.1, 0.2]}, "spread of shape"),
        ({"spread": 0.1}, "spread of shape"),
        ({"metals": ("nd", "Fe")}, "did you mean Nd(.|\n)*'Fe'"),
        ({"geometries": ("0:8", "4:0")}, "unknown geometry '0:8'"),
        ({"ligands": "AA", "metals": ("Nd",) * 2, "geometries": ("1:6",) * 2}, "A Nd 1:6"),
        ({"exchange": [0.1, math.inf]}, "infinite"),
        ({"binding": [-math.inf, 0.1]}, "infinite"),
        ({"spread": [[math.nan], [0.1]]}, "spread of a known energy"),
        ({"half_width": [-0.1, 0.1]}, "0 or more"),
        ({"half_width": [math.inf, 0.1]}, "finite"),
        ({"level": 1.0}, "between 0 and 1"),
        ({"difference_multiplier": 0.0}, "and a spread do not go together"),
        ({"spread": None}, "and no spread do not go together"),
        ({"difference_multiplier": math.nan}, "0 or more"),
    ],
)
def test_wrong_estimates_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        Estimates(**(GOOD | wrong))


def test_estimates_are_a_copy_that_stays_as_it_is():
    energies = np.array([0.1, math.nan])
    estimates = Estimates(**(GOOD | {"exchange": energies}))
    energies[0] = 5
    assert len(estimates) == 2
    assert estimates.exchange[0] == 0.1
    assert estimates.known.tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        estimates.exchange[0] = 1


def test_rows_of_a_pair_belong_together():
    estimates = estimates_of(published())
    first, second = pair_rows(estimates, "Eu", "Gd", "2:4")
    assert len(first) == len(second) > 10
    for i, j in zip(first, second, strict=True):
        assert (estimates.metals[i], estimates.metals[j]) == ("Eu", "Gd")
        assert estimates.ligands[i] == estimates.ligands[j]
        assert estimates.geometries[i] == estimates.geometries[j] == "2:4"


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":6", "0:8", "1:6:0", "-1:6", "1:06", "1:6\n", "a:b"]
)
def test_what_is_no_geometry_is_refused(text):
    with pytest.raises(InputError, match="unknown geometry"):
        ligands_and_waters(text)


def test_geometries_count_ligands_and_waters():
    assert [ligands_and_waters(text) for text in ("1:6", "4:0", "10:12")] == [
        (1, 6),
        (4, 0),
        (10, 12),
    ]
