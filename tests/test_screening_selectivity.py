"""Preferences of ligands between metals, against the published energies and by hand."""

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
from rarebind.screening.selectivity import PAIRS_OF_NOTE, compare_pair, pairs_of_note
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
    for metal, other in PAIRS_OF_NOTE:
        both = {key[:2] for key in energies if key[2] == metal and (*key[:2], other) in energies}
        found = compare_pair(estimates_of(rows), metal, other)
        assert {(row.ligand, row.geometry) for row in found.itertuples()} == both
        assert len(found) == len(both) > 60
        for row in found.itertuples():
            first, second = (energies[row.ligand, row.geometry, m] for m in (metal, other))
            assert row.difference * KCAL_PER_EV == pytest.approx(first - second, abs=1e-9)
            assert row.log10_factor == pytest.approx((second - first) / KT / math.log(10))
        nothing = ["half_width", "log10_low", "log10_high", "probability_best"]
        assert found[nothing].isna().all(axis=None)


def test_the_best_of_the_published_table():
    rows = published()
    found = compare_pair(estimates_of(rows), "La", "Lu", geometry="4:0")
    assert set(found["geometry"]) == {"4:0"}
    assert found["difference"].is_monotonic_increasing
    energies = {
        (row.ligand, row.metal): row.exchange_kcal_mol for row in rows if row.geometry == "4:0"
    }
    best = min(
        (ligand for ligand, metal in energies if metal == "La"),
        key=lambda ligand: energies[ligand, "La"] - energies[ligand, "Lu"],
    )
    assert found["ligand"][0] == best


def test_turning_a_pair_round_turns_the_sign():
    estimates = estimates_of(published())
    forth, back = (
        compare_pair(estimates, *pair).set_index(["ligand", "geometry"])
        for pair in (("Nd", "Dy"), ("Dy", "Nd"))
    )
    turned = back.loc[forth.index, ["difference", "log10_factor"]]
    assert (forth[["difference", "log10_factor"]] == -turned).all(axis=None)


def test_the_interval_is_that_of_the_joint_law():
    # Errors of A with both metals: (0.3, 0.1) and (0.3, −0.1) eV; what they share cancels.
    spread = np.array([[0.3, 0.1], [0.2, 0.0], [0.3, -0.1], [0.2, 0.0]])
    found = compare_pair(made([-1.0, -0.5], [-0.9, -0.5], spread, multiplier=2.0), "Nd", "Dy")
    first, second = found.itertuples()
    assert first.difference == pytest.approx(-0.1)
    assert first.half_width == pytest.approx(2.0 * 0.2)
    assert first.strength_half_width == pytest.approx(math.hypot(0.3, 0.1))
    decade = thermal_energy(298.15) * math.log(10)
    ends = (first.log10_low, first.log10_high)
    assert ends == pytest.approx(((0.1 - 0.4) / decade, (0.1 + 0.4) / decade))
    # Both of its errors are the same: it is certain that B has no preference.
    assert (second.difference, second.half_width, second.log10_factor) == (0, 0, 0)


def test_the_probability_of_being_best_is_the_joint_one():
    # ΔΔE of A and B: −0.1 ± 0.3 and 0.0 ± 0.4 eV, of independent causes.
    spread = np.array([[0.3, 0.0], [0.0, 0.4], [0.0, 0.0], [0.0, 0.0]])
    found = compare_pair(made([-0.1, 0.0], [0.0, 0.0], spread), "Nd", "Dy")
    assert list(found["ligand"]) == ["A", "B"]
    chance = norm.cdf(0.1 / 0.5)
    # Four standard deviations of the count.
    margin = 4 * math.sqrt(chance * (1 - chance) / 10_000)
    assert found["probability_best"][0] == pytest.approx(chance, abs=margin)
    assert found["probability_best"].sum() == pytest.approx(1)


def test_an_error_that_all_share_leaves_the_order_certain():
    spread = np.array([[0.9]] * 3 + [[0.1]] * 3)
    found = compare_pair(made([0.2, -0.1, 0.1], [0.0] * 3, spread), "Nd", "Dy")
    assert list(found["ligand"]) == ["B", "C", "A"]
    assert list(found["probability_best"]) == [1, 0, 0]
    assert list(found["half_width"]) == pytest.approx([1.645 * 0.8] * 3)


def test_equal_ligands_share_the_first_place():
    spread = np.array([[0.1]] * 4)
    found = compare_pair(made([-0.2, -0.2], [0.0, 0.0], spread), "Nd", "Dy")
    assert list(found["ligand"]) == ["A", "B"]
    assert list(found["probability_best"]) == pytest.approx([0.5, 0.5])


def test_one_ligand_is_the_best():
    found = compare_pair(made([0.3], [0.1], np.array([[0.5], [0.1]])), "Nd", "Dy")
    assert list(found["probability_best"]) == [1]
    assert compare_pair(made([0.3], [0.1]), "Nd", "Dy")["probability_best"].isna().all()


def test_what_is_unknown_stands_last_and_is_never_best():
    spread = np.array([[0.1], [np.nan], [0.1], [0.2], [0.2], [0.2]])
    estimates = made([-0.1, np.nan, -0.3], [0.0, 0.0, 0.0], spread)
    found = compare_pair(estimates, "Nd", "Dy")
    assert list(found["ligand"]) == ["C", "A", "B"]
    last = found.iloc[2]
    assert last[["difference", "half_width", "log10_factor", "log10_low"]].isna().all()
    assert last["probability_best"] == last["probability_front"] == 0
    assert not last["front"]
    nothing = compare_pair(made([np.nan], [0.0], np.zeros((2, 1))), "Nd", "Dy")
    assert nothing["probability_best"].isna().all()


def test_a_pair_is_flagged_when_either_complex_is():
    flagged = [True, False, False, False, False, True]
    found = compare_pair(made([0.0] * 3, [0.0] * 3, flagged=flagged), "Nd", "Dy")
    assert list(found["flagged"]) == [True, False, True]


def test_a_ligand_that_was_not_screened_with_both_is_left_out():
    estimates = Estimates(
        ("A", "A", "B", "A"), ("Nd", "Dy", "Nd", "Dy"), ("1:6", "1:6", "1:6", "4:0"),
        [0.0, 0.1, 0.2, 0.3], [0.0] * 4, None, None, [False] * 4,
    )  # fmt: skip
    found = compare_pair(estimates, "Nd", "Dy")
    assert found[["ligand", "geometry"]].to_numpy().tolist() == [["A", "1:6"]]
    assert not len(compare_pair(estimates, "Nd", "Dy", geometry="4:0"))


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("Nd", "Eu"), "no estimates of Eu: the metals screened are Nd, Dy"),
        (("Nd", "Nd"), "Nd twice"),
        (("Xx", "Dy"), "Xx"),
    ],
)
def test_wrong_pairs_are_named(pair, said):
    with pytest.raises(InputError, match=said):
        compare_pair(made([0.0], [0.1]), *pair)


def test_a_geometry_that_was_not_screened_is_named():
    with pytest.raises(InputError, match=r"no estimates of geometry '4:0': .*screened are 1:6"):
        compare_pair(made([0.0], [0.1]), "Nd", "Dy", geometry="4:0")


def test_nothing_screened_has_no_pairs():
    with pytest.raises(InputError, match="no estimates of Nd: nothing was screened"):
        compare_pair(NO_ESTIMATES, "Nd", "Dy")
    assert pairs_of_note(()) == ()
    assert pairs_of_note(("Dy", "Gd", "Nd", "Y")) == (("Nd", "Dy"),)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_temperatures_are_above_zero(temperature):
    with pytest.raises(InputError, match="temperature"):
        compare_pair(made([-0.1], [0.0]), "Nd", "Dy", temperature)


def test_the_logarithm_falls_with_temperature():
    estimates = made([-0.1], [0.0])
    cold, warm = (compare_pair(estimates, "Nd", "Dy", t)["log10_factor"][0] for t in (200.0, 400.0))
    assert cold == pytest.approx(2 * warm)


def test_thermal_energy_is_the_gas_constant_times_temperature():
    assert thermal_energy(298.15) * KCAL_PER_EV == pytest.approx(KT, rel=1e-8)


@given(st.lists(st.tuples(*[st.floats(-20, 20)] * 2), min_size=1, max_size=8))
def test_the_order_is_that_of_the_differences(pairs):
    nd, dy = np.array(pairs).T
    found = compare_pair(made(nd, dy), "Nd", "Dy")
    assert sorted(found["ligand"]) == list("ABCDEFGH"[: len(nd)])
    assert list(found["difference"]) == sorted(nd - dy)
    # The better a ligand prefers Nd, the larger its factor.
    assert found["log10_factor"].is_monotonic_decreasing


GOOD = {
    "ligands": ("A", "B"), "metals": ("Nd", "Dy"), "geometries": ("1:6", "4:0"),
    "exchange": [0.1, math.nan], "binding": [0.1, 0.2], "spread": [[0.1], [math.nan]],
    "half_width": [0.1, math.nan], "flagged": [False, True], "difference_multiplier": 1.6,
}  # fmt: skip


@pytest.mark.parametrize("what", ["metals", "exchange", "spread", "half_width", "flagged"])
def test_estimates_have_one_of_each_a_complex(what):
    with pytest.raises(InputError, match=f"2 complexes have 1 of {what}"):
        Estimates(**(GOOD | {what: GOOD[what][:1]}))


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
