"""Orders of ligands and metals, against SciPy and counting by hand."""

import itertools
import statistics

import numpy as np
import pandas as pd
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
    for outcome in additive().itertuples():
        found.setdefault(tuple(getattr(outcome, c) for c in columns), []).append(outcome)
    return found


def _exchange(outcome):
    """Computed and predicted exchange energy."""
    return np.array([outcome.truth, outcome.predicted]) + outcome.exchange_shift


def test_ligands_are_ranked_within_metal_and_geometry():
    ranking = rank_ligands(additive())
    groups = _groups("metal", "geometry")
    assert len(ranking) == len(groups) == 64
    for group in ranking.itertuples():
        members = groups[group.metal, group.geometry]
        truth, predicted = zip(*((o.truth, o.predicted) for o in members), strict=True)
        assert group.n == len(truth)
        assert group.spearman == pytest.approx(stats.spearmanr(truth, predicted).statistic)
        assert group.kendall == pytest.approx(stats.kendalltau(truth, predicted).statistic)
    assert tuple(ranking.iloc[0][["metal", "geometry"]]) == ("Y", "4:0")


def test_scaffolds_are_easier_to_tell_apart_than_substituents():
    across, within = (rank_ligands(additive(), by_scaffold=s) for s in (False, True))
    assert len(within) > len(across)
    assert set(within.scaffold) == set(additive().scaffold)
    assert within.n.sum() == across.n.sum()
    assert within.spearman.mean() < across.spearman.mean()


def test_metals_are_ranked_by_exchange_energy():
    ranking = rank_metals(additive())
    groups = _groups("ligand", "geometry")
    assert len(ranking) == len(groups)
    for group in ranking.itertuples():
        pairs = np.array([_exchange(o) for o in groups[group.ligand, group.geometry]])
        assert group.spearman == pytest.approx(stats.spearmanr(pairs).statistic)
    # Equation 1 would give credit for how badly the level treats each bare ion.
    by_equation_1 = [
        stats.spearmanr([(o.truth, o.predicted) for o in members]).statistic
        for members in groups.values()
    ]
    assert ranking.spearman.mean() < statistics.fmean(by_equation_1)


def test_a_constant_orders_nothing():
    ranking = rank_ligands(constant_per_metal())
    assert (ranking[["spearman", "kendall"]] == 0).all(axis=None)
    # Not even where rounding makes a difference.
    found = constant_per_metal()
    noise = np.random.default_rng(0).normal(scale=1e-9, size=len(found))
    noisy = found.assign(predicted=found.predicted + noise)
    assert (rank_ligands(noisy).spearman == 0).all()


def test_order_reversed_and_too_few():
    found = additive()
    reversed_ = rank_ligands(found.assign(predicted=-found.truth))
    assert np.allclose(reversed_.spearman, -1)
    perfect = rank_ligands(found.assign(predicted=found.truth))
    assert np.allclose(perfect.kendall, 1)
    assert rank_ligands(found[:2]).empty
    assert rank_metals(found[:0]).empty
    assert top_k_recall(found[:2], 3).empty


def test_the_best_conformer_stands_for_a_complex():
    found = additive().query("metal == 'La' and geometry == '4:0'")
    other = found.assign(key=found.key + "b", truth=found.truth + 5, predicted=-2000.0)
    for parts in ([found, other], [other, found]):
        mixed = pd.concat(parts, ignore_index=True)
        pd.testing.assert_frame_equal(rank_ligands(mixed), rank_ligands(found))
        pd.testing.assert_frame_equal(top_k_recall(mixed, 3), top_k_recall(found, 3))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_top_k_by_counting(k):
    groups = list(_groups("metal", "geometry").values())

    def best(members, column):
        return {o.ligand for o in sorted(members, key=lambda o: getattr(o, column))[:k]}

    shares = [len(best(g, "truth") & best(g, "predicted")) / k for g in groups]
    (found,) = top_k_recall(additive(), k).itertuples()
    assert (found.k, found.groups) == (k, len(groups))
    assert found.recall == pytest.approx(statistics.fmean(shares))
    assert found.chance == pytest.approx(statistics.fmean(k / len(g) for g in groups))


def test_top_k_of_equal_predictions_is_chance():
    found = top_k_recall(constant_per_metal(), 1, 5)
    assert np.allclose(found.recall, found.chance)
    # Two certain ones, and three that share the third place.
    five = additive().query("metal == 'La' and geometry == '4:0'")[:5]
    told = five.assign(truth=-20.0 - np.arange(5), predicted=[-9.0, -8.0, -7.0, -7.0, -7.0])
    # Of the true best three, the last ones, each is found with probability 1/3.
    found = top_k_recall(told, 3, 5)
    assert list(found.recall) == pytest.approx([(1 / 3 + 1 / 3 + 1 / 3) / 3])
    # Nobody has more than five.
    assert list(found.k) == [3]
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
    found = dict(list(differences(additive()).groupby(["first", "second"], sort=False)))
    errors = neighbour_errors(additive())
    assert len(found) == 16
    assert [f"{first}-{second}" for first, second in found] == list(errors.index[:16])
    complexes = {(o.metal, o.ligand, o.geometry): o for o in additive().itertuples()}
    for (first, second), pair in found.items():
        changes = np.array(
            [
                _exchange(complexes[second, *name]) - _exchange(outcome)
                for (metal, *name), outcome in complexes.items()
                if metal == first and (second, *name) in complexes
            ]
        )
        assert sorted(pair.truth) == pytest.approx(sorted(changes[:, 0]))
        error = errors.loc[f"{first}-{second}"]
        assert error.n == len(changes) == 68
        assert error["mean"] == pytest.approx(changes[:, 0].mean())
        assert error.mae == pytest.approx(np.abs(changes[:, 1] - changes[:, 0]).mean())
        assert error.sign_agreement == pytest.approx((changes.prod(axis=1) > 0).mean())
        # The table has three decimals.
        assert error.constant_mae <= error.mae + 1e-3


def test_neighbours_together():
    errors = neighbour_errors(additive())
    assert list(errors.index[-2:]) == ["lanthanides", "everything"]
    pairs = errors[:-2]
    with_y = pairs.index.isin(["Dy-Y", "Y-Ho"])
    assert with_y.sum() == 2
    assert errors.n["everything"] == pairs.n.sum()
    without = pairs[~with_y]
    assert errors.mae["lanthanides"] == pytest.approx(np.average(without.mae, weights=without.n))
    # The energies of an additive model differ between metals by constants.
    assert errors.mae["lanthanides"] > 0.99 * errors.constant_mae["lanthanides"]


def test_exact_predictions_and_none():
    found = additive()
    exact = neighbour_errors(found.assign(predicted=found.truth)).loc["everything"]
    assert exact.mae == pytest.approx(0, abs=1e-9)
    assert exact.sign_agreement == 1
    assert neighbour_errors(found[found.metal.isin({"La", "Gd", "Lu"})]).empty
    only = neighbour_errors(found[found.metal.isin({"Dy", "Y"})])
    assert list(only.index) == ["Dy-Y", "everything"]
    assert only.loc["everything"].equals(only.loc["Dy-Y"])


def test_selectivity_needs_aqua_ions():
    found = additive()[additive().metal.isin({"La", "Ce"})].assign(exchange_shift=np.nan)
    assert len(rank_ligands(found))
    for function in (rank_metals, differences):
        with pytest.raises(InputError, match="no exchange energies of Ce, La"):
            function(found)
