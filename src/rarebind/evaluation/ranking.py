"""Whether predictions put ligands and metals in the right order: what a screen is for.

Only what competes is compared: ligands with the same metal and geometry, metals with the same
ligand and geometry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, rankdata, spearmanr

from rarebind.errors import InputError
from rarebind.evaluation.groups import grouped, one_a_complex
from rarebind.evaluation.outcomes import Outcome, energies

#: Members that a rank correlation needs.
FEWEST = 3
#: Energies that agree to so many digits (kcal/mol) are equal: no order comes from rounding errors.
_DIGITS = 6

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RankGroup:
    """The order of the members of one group.

    Attributes
    ----------
    name
        What they have in common, such as ``("Gd", "4:0")``.
    n
        Members.
    spearman, kendall
        Rank correlations of predicted with computed energies (Kendall's is τ-b); 0 where all are
        predicted alike, which orders nothing.
    """

    name: tuple[str, ...]
    n: int
    spearman: float
    kendall: float


@dataclass(frozen=True)
class Ranking:
    """Orders within groups.

    Attributes
    ----------
    groups
        Those with at least three members whose computed energies differ.
    """

    groups: tuple[RankGroup, ...]

    @property
    def spearman(self) -> float | None:
        """Mean over the groups, each counting alike; None without any."""
        return fmean(group.spearman for group in self.groups) if self.groups else None

    @property
    def kendall(self) -> float | None:
        """Mean over the groups, each counting alike; None without any."""
        return fmean(group.kendall for group in self.groups) if self.groups else None


@dataclass(frozen=True)
class TopRecall:
    """How many of the best ligands a model finds.

    Attributes
    ----------
    k
        How many are the best.
    groups
        Metals and geometries that have more than `k` ligands.
    recall
        Mean over them of the share of the k ligands that bind most strongly among the k that are
        predicted to.  Where predictions are equal, chance decides, and this is its mean.
    chance
        What a random order would reach.
    """

    k: int
    groups: int
    recall: float
    chance: float


def rank_ligands(found: Sequence[Outcome], *, by_scaffold: bool = False) -> Ranking:
    """Order of ligands by binding energy, for each metal and geometry.

    Equation 1 and the exchange energy order ligands alike: for one metal they differ by a constant.

    Parameters
    ----------
    by_scaffold
        Compare only ligands of one scaffold, that is substituents: ligands of unlike charge are
        easily told apart.
    """
    return Ranking(tuple(_ranked(one_a_complex(found), _columns(by_scaffold))))


def rank_metals(found: Sequence[Outcome]) -> Ranking:
    """Order of metals by exchange energy, for each ligand and geometry: selectivity.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    return Ranking(tuple(_ranked(one_a_complex(found), ("ligand", "geometry"), "exchange")))


def top_k_recall(
    found: Sequence[Outcome], k: int, *, by_scaffold: bool = False
) -> TopRecall | None:
    """Share of the `k` strongest ligands that are predicted to be among them.

    Parameters
    ----------
    by_scaffold
        As for :func:`rank_ligands`.

    Returns
    -------
    TopRecall or None
        None where no metal and geometry has more than `k` ligands.

    Raises
    ------
    InputError
        `k` is below 1.
    """
    if k < 1:
        raise InputError(f"k must be at least 1, got {k}")
    groups = grouped(one_a_complex(found), *_columns(by_scaffold)).values()
    chosen = [energies(members) for members in groups if len(members) > k]
    if not chosen:
        return None
    shares = [
        float(_among_lowest(truth, k) @ _among_lowest(predicted, k)) / k
        for truth, predicted in chosen
    ]
    return TopRecall(k, len(chosen), fmean(shares), fmean(k / len(truth) for truth, _ in chosen))


def _columns(by_scaffold: bool) -> tuple[str, ...]:
    return ("metal", "geometry", "scaffold") if by_scaffold else ("metal", "geometry")


def _ranked(
    found: Iterable[Outcome], columns: tuple[str, ...], quantity: str | None = None
) -> Iterator[RankGroup]:
    for name, members in grouped(found, *columns).items():
        truth, predicted = (np.round(column, _DIGITS) for column in energies(members, quantity))
        if len(members) < FEWEST or np.ptp(truth) == 0:
            continue
        if np.ptp(predicted) == 0:
            yield RankGroup(name, len(members), 0.0, 0.0)
            continue
        rho = float(spearmanr(truth, predicted).statistic)
        tau = float(kendalltau(truth, predicted).statistic)
        yield RankGroup(name, len(members), rho, tau)


def _among_lowest(values: _Floats, k: int) -> _Floats:
    """Probability of each value to be among the `k` lowest, when chance decides between equals."""
    values = np.round(values, _DIGITS)
    # Values below each, and those equal to it with itself.
    below = rankdata(values, method="min") - 1
    equal = rankdata(values, method="max") - below
    return np.asarray(np.clip((k - below) / equal, 0, 1), dtype=float)
