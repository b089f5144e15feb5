"""Orders of ligands and metals, against SciPy and counting by hand."""

import itertools
import statistics
from dataclasses import replace

import numpy as np
import pytest
from real_outcomes import additive, constant_per_metal
from scipy import stats

from rarebind.errors import InputError
from rarebind.evaluation import (
    differences,
    neighbour_errors,
    neighbouring_metals,
    rank_ligands,
    rank_metals,
    top_k_recall,
)


def _groups(*columns):
    """Outcomes of the additive model by `columns`, grouped in the plainest way."""
    found = {}
    for outcome in additive():
        found.setdefault(tuple(getattr(outcome, c) for c in columns), []).append(outcome)
    return found


def _exchange(outcome):
    """Computed and predicted exchange energy."""
    return np.array([outcome.truth, outcome.predicted]) + outcome.exchange_shift


def test_ligands_are_ranked_within_metal_and_geometry():
    ranking = rank_ligands(additive())
    groups = _groups("metal", "geometry")
    assert len(ranking.groups) == len(groups) == 64
    for group in ranking.groups:
        truth, predicted = zip(*((o.truth, o.predicted) for o in groups[group.name]), strict=True)
        assert group.n == len(truth)
        assert group.spearman == pytest.approx(stats.spearmanr(truth, predicted).statistic)
        assert group.kendall == pytest.approx(stats.kendalltau(truth, predicted).statistic)
    assert ranking.spearman == pytest.approx(
        statistics.fmean(group.spearman for group in ranking.groups)
    )
    assert ranking.groups[0].name == ("Y", "4:0")


def test_scaffolds_are_easier_to_tell_apart_than_substituents():
    across, within = (rank_ligands(additive(), by_scaffold=s) for s in (False, True))
    assert len(within.groups) > len(across.groups)
    assert {group.name[2] for group in within.groups} == {o.scaffold for o in additive()}
    assert sum(g.n for g in within.groups) == sum(g.n for g in across.groups)
    assert within.spearman < across.spearman


def test_metals_are_ranked_by_exchange_energy():
    ranking = rank_metals(additive())
    groups = _groups("ligand", "geometry")
    assert len(ranking.groups) == len(groups)
    for group in ranking.groups:
        pairs = np.array([_exchange(o) for o in groups[group.name]])
        assert group.spearman == pytest.approx(stats.spearmanr(pairs).statistic)
    # Equation 1 would give credit for how badly the level treats each bare ion.
    by_equation_1 = [
        stats.spearmanr([(o.truth, o.predicted) for o in members]).statistic
        for members in groups.values()
    ]
    assert ranking.spearman < statistics.fmean(by_equation_1)


def test_a_constant_orders_nothing():
    ranking = rank_ligands(constant_per_metal())
    assert {group.spearman for group in ranking.groups} == {0}
    assert (ranking.spearman, ranking.kendall) == (0, 0)
    # Not even where rounding makes a difference.
    noise = np.random.default_rng(0).normal(scale=1e-9, size=len(constant_per_metal()))
    noisy = [
        replace(o, predicted=o.predicted + e)
        for o, e in zip(constant_per_metal(), noise, strict=True)
    ]
    assert rank_ligands(noisy).spearman == 0


def test_order_reversed_and_too_few():
    found = additive()
    assert rank_ligands([replace(o, predicted=-o.truth) for o in found]).spearman == -1
    perfect = rank_ligands([replace(o, predicted=o.truth) for o in found])
    assert perfect.kendall == pytest.approx(1)
    nothing = rank_ligands(found[:2])
    assert (nothing.groups, nothing.spearman, nothing.kendall) == ((), None, None)
    assert rank_metals([]).groups == ()


def test_the_best_conformer_stands_for_a_complex():
    found = [o for o in additive() if (o.metal, o.geometry) == ("La", "4:0")]
    other = [replace(o, key=o.key + "b", truth=o.truth + 5, predicted=-2000.0) for o in found]
    for mixed in (found + other, other + found):
        assert rank_ligands(mixed) == rank_ligands(found)
        assert top_k_recall(mixed, 3) == top_k_recall(found, 3)


@pytest.mark.parametrize("k", [1, 3, 10])
def test_top_k_by_counting(k):
    groups = list(_groups("metal", "geometry").values())

    def best(members, column):
        return {o.ligand for o in sorted(members, key=lambda o: getattr(o, column))[:k]}

    shares = [len(best(g, "truth") & best(g, "predicted")) / k for g in groups]
    found = top_k_recall(additive(), k)
    assert (found.k, found.groups) == (k, len(groups))
    assert found.recall == pytest.approx(statistics.fmean(shares))
    assert found.chance == pytest.approx(statistics.fmean(k / len(g) for g in groups))


def test_top_k_of_equal_predictions_is_chance():
    found = top_k_recall(constant_per_metal(), 5)
    assert found.recall == pytest.approx(found.chance)
    # Two certain ones, and three that share the third place.
    five = [o for o in additive() if (o.metal, o.geometry) == ("La", "4:0")][:5]
    said = [-9.0, -8.0, -7.0, -7.0, -7.0]
    told = [replace(o, truth=-20.0 - i, predicted=p)
            for i, (o, p) in enumerate(zip(five, said, strict=True))]  # fmt: skip
    # Of the true best three, the last ones, each is found with probability 1/3.
    assert top_k_recall(told, 3).recall == pytest.approx((1 / 3 + 1 / 3 + 1 / 3) / 3)
    assert top_k_recall(told, 5) is None
    with pytest.raises(InputError, match="k must be at least 1"):
        top_k_recall(told, 0)


def test_neighbours_of_the_series():
    pairs = neighbouring_metals()
    assert pairs[0] == ("La", "Ce")
    assert ("Yb", "Lu") in pairs
    assert {pair for pair in pairs if "Y" in pair} == {("Dy", "Y"), ("Y", "Ho")}
    assert ("Dy", "Ho") in pairs
    assert [pair for pair in pairs if "Sc" in pair] == [("Lu", "Sc")]
    assert len(pairs) == 14 + 2 + 1
    lanthanides = [pair for pair in pairs if not {"Y", "Sc"} & set(pair)]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(lanthanides))


def test_differences_by_hand():
    found = {pair.metals: pair for pair in differences(additive())}
    errors = neighbour_errors(additive()).pairs
    assert len(found) == 16
    complexes = {(o.metal, o.ligand, o.geometry): o for o in additive()}
    for (first, second), pair in found.items():
        changes = np.array(
            [
                _exchange(complexes[second, *name]) - _exchange(outcome)
                for (metal, *name), outcome in complexes.items()
                if metal == first and (second, *name) in complexes
            ]
        )
        assert sorted(pair.truth) == pytest.approx(sorted(changes[:, 0]))
        error = errors[first, second]
        assert error.n == len(changes) == 68
        assert error.mean == pytest.approx(changes[:, 0].mean())
        assert error.mae == pytest.approx(np.abs(changes[:, 1] - changes[:, 0]).mean())
        assert error.sign_agreement == pytest.approx((changes.prod(axis=1) > 0).mean())
        # The table has three decimals.
        assert error.constant_mae <= error.mae + 1e-3


def test_neighbours_together():
    errors = neighbour_errors(additive())
    with_y = [pair for pair in errors.pairs if "Y" in pair]
    assert len(with_y) == 2
    assert errors.everything.n == sum(error.n for error in errors.pairs.values())
    without = [error for pair, error in errors.pairs.items() if pair not in with_y]
    expected = sum(e.n * e.mae for e in without) / sum(e.n for e in without)
    assert errors.lanthanides.mae == pytest.approx(expected)
    # The energies of an additive model differ between metals by constants.
    assert errors.lanthanides.mae > 0.99 * errors.lanthanides.constant_mae


def test_exact_predictions_and_none():
    exact = neighbour_errors([replace(o, predicted=o.truth) for o in additive()])
    assert exact.everything.mae == pytest.approx(0, abs=1e-9)
    assert exact.everything.sign_agreement == 1
    nothing = neighbour_errors([o for o in additive() if o.metal in {"La", "Gd", "Lu"}])
    assert (dict(nothing.pairs), nothing.lanthanides, nothing.everything) == ({}, None, None)
    only = neighbour_errors([o for o in additive() if o.metal in {"Dy", "Y"}])
    assert only.lanthanides is None
    assert only.everything == only.pairs["Dy", "Y"]


def test_selectivity_needs_aqua_ions():
    found = [replace(o, exchange_shift=None) for o in additive() if o.metal in {"La", "Ce"}]
    assert rank_ligands(found).groups
    for function in (rank_metals, differences):
        with pytest.raises(InputError, match="no exchange energies of Ce, La"):
            function(found)
