"""Probabilities of orders, against what is known of normal distributions."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rarebind.errors import InputError
from rarebind.uncertainty import (
    probability_first,
    ranking,
)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), d=st.integers(1, 9), gap=st.floats(-3, 3))
def test_of_two_it_is_the_normal_distribution(seed, d, gap):
    spread = np.random.default_rng(seed).normal(size=(2, d))
    sigma = math.dist(*spread)
    found = probability_first([gap * sigma, 0.0], spread)
    expected = stats.norm.cdf(-gap)
    error = math.sqrt(expected * (1 - expected) / 10_000)
    assert found[0] == pytest.approx(expected, abs=5 * error + 1e-3)
    assert found.sum() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(
    energies=st.lists(st.one_of(st.floats(-5, 5), st.just(math.nan)), min_size=1, max_size=9),
)
def test_probabilities_add_up(energies):
    spread = np.random.default_rng(1).normal(size=(len(energies), 3))
    known = np.isfinite(energies)
    found = probability_first(energies, spread, draws=500)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    assert found.sum() == pytest.approx(float(known.any()))
    assert (found[~known] == 0).all()


def test_of_three_it_is_an_integral():
    # Independent candidates: the first is lowest where both others are above it.
    energies, sigma = np.array([0.0, 0.3, -0.2]), np.array([1.0, 0.2, 0.5])
    x, step = np.linspace(-8, 8, 4001, retstep=True)
    exact = [
        step
        * np.sum(
            stats.norm.pdf(x, energies[i], sigma[i])
            * np.prod([stats.norm.sf(x, energies[j], sigma[j]) for j in {0, 1, 2} - {i}], axis=0)
        )
        for i in range(3)
    ]
    assert sum(exact) == pytest.approx(1, abs=1e-6)
    found = probability_first(energies, np.diag(sigma), draws=100_000)
    assert found == pytest.approx(exact, abs=4 * math.sqrt(0.25 / 100_000))


def test_what_all_share_leaves_the_order_certain():
    shared = np.full((3, 1), 50.0)
    assert probability_first([0.0, 0.1, 0.2], shared).tolist() == [1, 0, 0]
    # By themselves, each of them would be unsure by 50 eV.
    assert probability_first([0.0, 0.1, 0.2], np.diag([50.0] * 3)).max() < 0.4


def test_certain_energies_need_no_draws():
    assert probability_first([2.0, 1.0, math.nan], np.zeros((3, 0))).tolist() == [0, 1, 0]
    assert probability_first([1.0, 1.0, 4.0], np.zeros((3, 2))).tolist() == [0.5, 0.5, 0]
    assert probability_first([math.nan, math.nan], np.ones((2, 1))).tolist() == [0, 0]
    assert probability_first([], np.zeros((0, 3))).tolist() == []


def test_the_same_candidate_twice_shares_its_probability():
    spread = np.random.default_rng(2).normal(size=(7, 5))
    energies = np.array([0.1, 0.5, 0.2, 0.3, 0.9, 0.1, 0.0])
    twice = [0, 1, 2, 3, 4, 5, 6, 3]
    found = probability_first(energies[twice], spread[twice])
    assert found[3] == pytest.approx(found[7], abs=1e-12)
    assert found[3] + found[7] == pytest.approx(probability_first(energies, spread)[3])


def test_candidates_without_energy_change_nothing():
    spread = np.random.default_rng(3).normal(size=(3, 2))
    alone = probability_first([0.0, 0.1], spread[:2])
    spread[2] = math.nan
    found = probability_first([0.0, 0.1, math.nan], spread)
    assert found.tolist() == [*alone, 0]


def test_candidates_without_a_chance_change_nothing(monkeypatch):
    rng = np.random.default_rng(6)
    energies, spread = rng.normal(size=60), 0.15 * rng.normal(size=(60, 4))
    found = probability_first(energies, spread)
    assert 1 < np.count_nonzero(found) < 30
    monkeypatch.setattr(ranking, "_CERTAIN", 1e6)
    assert np.array_equal(found, probability_first(energies, spread))


def test_draws_depend_on_the_seed_alone(monkeypatch):
    energies = np.linspace(0, 1, 6)
    spread = np.random.default_rng(4).normal(size=(6, 40))
    one = probability_first(energies, spread)
    assert np.array_equal(one, probability_first(energies, spread))
    assert not np.array_equal(one, probability_first(energies, spread, seed=1))
    # Nor does it matter how many are drawn at once.
    monkeypatch.setattr(ranking, "_AT_ONCE", 70)
    assert probability_first(energies, spread) == pytest.approx(one, abs=1e-12)


def test_unusable_input_is_refused():
    with pytest.raises(InputError, match=r"\(2,\) and \(3, 1\)"):
        probability_first([0.0, 1.0], np.ones((3, 1)))
    with pytest.raises(InputError, match=r"\(2,\) and \(2,\)"):
        probability_first([0.0, 1.0], [1.0, 1.0])
    with pytest.raises(InputError, match="must be numbers"):
        probability_first(["strong"], [[1.0]])
    with pytest.raises(InputError, match="energy is infinite"):
        probability_first([0.0, -math.inf], np.ones((2, 1)))
    with pytest.raises(InputError, match="spread of a candidate"):
        probability_first([0.0, 1.0], [[1.0], [math.nan]])
    with pytest.raises(InputError, match="must be 1 or more"):
        probability_first([0.0, 1.0], np.ones((2, 1)), 0)
