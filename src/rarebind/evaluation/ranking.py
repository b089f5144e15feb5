"""Whether predictions put ligands and metals in the right order: what a screen is for.

Only what competes is compared: ligands with the same metal and geometry, metals with the same
ligand and geometry.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata, spearmanr

from rarebind.datasets.frames import grouped
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import energies, one_a_complex

#: Members that a rank correlation needs.
FEWEST = 3
#: Energies that agree to so many digits (kcal/mol) are equal: no order comes from rounding errors.
_DIGITS = 6


def rank_ligands(found: pd.DataFrame, *, by_scaffold: bool = False) -> pd.DataFrame:
    """Order of ligands by binding energy, for each metal and geometry.

    Equation 1 and the exchange energy order ligands alike: for one metal they differ by a constant.

    Parameters
    ----------
    found
        Outcomes.
    by_scaffold
        Compare only ligands of one scaffold, that is substituents: ligands of unlike charge are
        easily told apart.

    Returns
    -------
    DataFrame
        A row a group with at least three members whose computed energies differ: what they have in
        common, their number ``n``, and the rank correlations ``spearman`` and ``kendall`` (τ-b) of
        predicted with computed energies; 0 where all are predicted alike, which orders nothing.
    """
    return _ranked(found, _columns(by_scaffold))


def rank_metals(found: pd.DataFrame) -> pd.DataFrame:
    """Order of metals by exchange energy, for each ligand and geometry: selectivity.

    Returns
    -------
    DataFrame
        As of :func:`rank_ligands`.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    return _ranked(found, ["ligand", "geometry"], "exchange")


def top_k_recall(found: pd.DataFrame, *best: int, by_scaffold: bool = False) -> pd.DataFrame:
    """How many of the k strongest ligands are predicted to be among them.

    Parameters
    ----------
    found
        Outcomes.
    *best
        Values of k.
    by_scaffold
        As for :func:`rank_ligands`.

    Returns
    -------
    DataFrame
        A row each ``k``: ``groups``, the metals and geometries that have more than k ligands;
        ``recall``, the mean over them of the share that is found (where predictions are equal,
        chance decides, and this is its mean); ``chance``, what a random order would reach.  No row
        where there is no such group.

    Raises
    ------
    InputError
        A k is below 1.
    """
    if min(best) < 1:
        raise InputError(f"k must be at least 1, got {min(best)}")
    shares = [
        (k, _among_lowest(truth, k) @ _among_lowest(predicted, k) / k, k / len(truth))
        for _, members in grouped(one_a_complex(found), *_columns(by_scaffold))
        for truth, predicted in [energies(members)]
        for k in best
        if len(truth) > k
    ]
    table = pd.DataFrame(shares, columns=["k", "recall", "chance"]).groupby("k", as_index=False)
    return table.agg(groups=("k", "size"), recall=("recall", "mean"), chance=("chance", "mean"))


def _columns(by_scaffold: bool) -> list[str]:
    return ["metal", "geometry", *(["scaffold"] if by_scaffold else [])]


def _ranked(found: pd.DataFrame, columns: list[str], quantity: str | None = None) -> pd.DataFrame:
    rows = []
    for name, members in grouped(one_a_complex(found), *columns):
        truth, predicted = (np.round(values, _DIGITS) for values in energies(members, quantity))
        if len(members) < FEWEST or np.ptp(truth) == 0:
            continue
        rho = tau = 0.0
        if np.ptp(predicted) > 0:
            rho = spearmanr(truth, predicted).statistic
            tau = kendalltau(truth, predicted).statistic
        rows.append((*name, len(members), rho, tau))
    return pd.DataFrame(rows, columns=[*columns, "n", "spearman", "kendall"])


def _among_lowest(values: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Probability of each value to be among the `k` lowest, when chance decides between equals."""
    values = np.round(values, _DIGITS)
    # Values below each, and those equal to it with itself.
    below = rankdata(values, method="min") - 1
    equal = rankdata(values, method="max") - below
    return np.asarray(np.clip((k - below) / equal, 0, 1), dtype=float)
