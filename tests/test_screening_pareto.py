"""The front of strength and selectivity, against comparing all with all, and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from test_screening_selectivity import estimates_of, made, published

from rarebind.screening.pareto import _front, membership, pareto_front
from rarebind.screening.selectivity import compare_pair
from rarebind.units import KCAL_PER_EV


def _compared(x, y):
    """The front, straight from its definition."""
    points = [(a, b) for a, b in zip(x, y, strict=True) if not math.isnan(a + b)]
    return [
        not math.isnan(a + b)
        and not any((c <= a and d <= b) and (c, d) != (a, b) for c, d in points)
        for a, b in zip(x, y, strict=True)
    ]


def test_a_front_by_hand():
    strength = [-3, -2, -2, -1, -1, 0, -3]
    selectivity = [0, -1, 0, -2, -2, -1, 0]
    # The third is as strong as the second and less selective; the last two but one are beaten.
    assert pareto_front(strength, selectivity).tolist() == [
        True,
        True,
        False,
        True,
        True,
        False,
        True,
    ]


def test_what_is_unknown_is_never_on_the_front():
    front = pareto_front([-9, math.nan, -1, math.nan], [math.nan, -9, 0, math.nan])
    assert front.tolist() == [False, False, True, False]


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(n):
    assert pareto_front([1.0] * n, [2.0] * n).tolist() == [True] * n


def test_rounding_errors_beat_nothing():
    assert pareto_front([0.1 + 0.2, 0.3], [0.0, 0.0]).tolist() == [True, True]


# Few different values, so that there are ties of all kinds.
_numbers = st.one_of(
    st.integers(-4, 4).map(float), st.just(math.nan), st.floats(-3, 3).map(lambda v: round(v, 3))
)


@given(st.lists(st.tuples(_numbers, _numbers), max_size=30))
def test_the_front_is_that_of_comparing_all_with_all(points):
    x, y = [p[0] for p in points], [p[1] for p in points]
    front = pareto_front(x, y)
    assert front.tolist() == _compared(x, y)
    assert pareto_front(y, x).tolist() == front.tolist()
    # Whoever is known has someone on the front: someone is not beaten.
    assert front.any() == any(not math.isnan(a + b) for a, b in points)


def test_a_hundred_thousand_ligands():
    points = np.random.default_rng(2).normal(size=(2, 100_000))
    front = pareto_front(*points)
    order = np.argsort(points[0][front])
    assert (np.diff(points[1][front][order]) < 0).all()
    assert 2 < front.sum() < 60


def test_without_errors_membership_is_the_front():
    x, y = np.random.default_rng(5).integers(-5, 5, (2, 40)).astype(float)
    x[3] = math.nan
    none = np.zeros((40, 2))
    assert membership(x, y, none, none, draws=7).tolist() == pareto_front(x, y).tolist()
    assert (
        membership(x, y, none[:, :0], none[:, :0], draws=7).tolist() == pareto_front(x, y).tolist()
    )


def test_membership_is_the_joint_probability():
    # The first is stronger for sure; the second is on the front where it is more selective:
    # a difference of 0.1 ± 0.5 eV.
    none = np.zeros((2, 2))
    found = membership([-1, 0], [0, 0.1], none, [[0.3, 0.0], [0.0, 0.4]], draws=20_000)
    chance = norm.cdf(-0.1 / 0.5)
    assert found[0] == 1
    assert found[1] == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / 20_000))


def test_what_all_share_does_not_change_the_front():
    shared = np.full((3, 1), 7.0)
    x, y = [-1, 0, 0.5], [0, -1, -0.5]
    assert membership(x, y, shared, -shared, draws=50).tolist() == [1, 1, 0]


def test_equal_points_are_on_the_front_together():
    spread = np.random.default_rng(3).normal(size=(1, 5)).repeat(4, axis=0)
    found = membership([0.1] * 4, [0.2] * 4, spread, spread, draws=200)
    assert found.tolist() == [1] * 4


def test_membership_depends_on_the_seed_alone():
    rng = np.random.default_rng(8)
    points = [*rng.normal(size=(2, 6)), *rng.normal(size=(2, 6, 3))]
    one, same, other = (membership(*points, draws=500, seed=seed) for seed in (1, 1, 2))
    assert one.tolist() == same.tolist() != other.tolist()
    assert ((one >= 0) & (one <= 1)).all()
    assert one.sum() >= 1


def test_what_is_unknown_needs_no_spread():
    spread = [[0.1], [math.nan]]
    assert membership([0, math.nan], [0, 0], spread, spread).tolist() == [1, 0]
    assert membership([math.nan], [0], [[math.nan]], [[0.0]]).tolist() == [0]
    assert membership([], [], np.zeros((0, 3)), np.zeros((0, 3))).tolist() == []


def test_the_front_of_the_published_table():
    found = compare_pair(estimates_of(published()), "Nd", "Dy", geometry="4:0")
    energies = {
        (row.ligand, row.metal): row.exchange_kcal_mol
        for row in published()
        if row.geometry == "4:0"
    }
    strengths = [energies[ligand, "Nd"] for ligand in found["ligand"]]
    assert list(found["strength"] * KCAL_PER_EV) == pytest.approx(strengths)
    assert found["probability_front"].isna().all()
    assert list(found["front"]) == _compared(found["strength"], found["difference"])
    assert found["front"][found["strength"].idxmin()]
    assert 1 < found["front"].sum() < len(found) / 2


def test_pairs_carry_the_probabilities_of_the_front():
    # A is strong, B selective, C neither, D unknown; what they are off by is shared.
    spread = np.full((8, 1), 0.2)
    found = compare_pair(made([-3, -1, -0.5, math.nan], [-3, 0, 0, 0], spread), "Nd", "Dy")
    by_ligand = found.set_index("ligand").loc[list("ABCD")]
    assert list(by_ligand["front"]) == [True, True, False, False]
    assert list(by_ligand["probability_front"]) == [1, 1, 0, 0]


def test_fronts_of_many_samples_at_once():
    points = np.random.default_rng(4).integers(-4, 4, (2, 30, 12)).astype(float)
    fronts = _front(*points)
    for x, y, front in zip(*points, fronts, strict=True):
        assert front.tolist() == _compared(x, y)


def test_points_that_are_left_out_early_change_nothing():
    # Far behind, and certain of it: whether it is there does not matter.
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(2, 9))
    spreads = 0.3 * rng.normal(size=(2, 9, 3))
    with_it = membership(
        np.append(x, 40), np.append(y, 40), *(np.vstack([s, s[:1]]) for s in spreads), draws=400
    )
    assert with_it[-1] == 0
    assert with_it[:-1].tolist() == membership(x, y, *spreads, draws=400).tolist()
