"""Complexes compared in pairs that differ in one thing, with an interval over ligands."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from rarebind.errors import InputError
from rarebind.evaluation.bootstrap import intervals
from rarebind.evaluation.metrics import RESAMPLES, SEED
from rarebind.studies.gupta2026.findings.complexes import Composition, Energies
from rarebind.studies.gupta2026.findings.verdicts import verdict_of

#: Stands for all geometries together.
ALL = "all"


class Pair(NamedTuple):
    """Two complexes.

    Attributes
    ----------
    first, second
        Energies, kcal/mol.
    group
        The ligands that are compared: what the bootstrap resamples.
    geometry
    """

    first: float
    second: float
    group: str
    geometry: str


@dataclass(frozen=True)
class Resampling:
    """How intervals are found.

    Attributes
    ----------
    seed
        Of the bootstrap.
    resamples
        Bootstrap samples.

    Raises
    ------
    InputError
        One of them is too small.
    """

    seed: int = SEED
    resamples: int = RESAMPLES

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"the seed must be 0 or more, got {self.seed}")
        if self.resamples < 1:
            raise InputError(f"resamples must be at least 1, got {self.resamples}")


@dataclass(frozen=True)
class Comparison:
    """Whether the first binds more strongly than the second.

    Attributes
    ----------
    first, second
        Names.
    geometry
        Only this one, or :data:`ALL`.
    pairs
        Pairs of complexes.
    groups
        Ligands, or pairs of ligands, that these are of.
    mean
        Of E(first) − E(second), kcal/mol; negative where the first binds more strongly.  NaN
        without pairs.
    share
        Of the pairs in which the first binds more strongly; NaN without pairs.
    interval
        Of `mean`: 95 % percentile bootstrap over groups; None with fewer than five of them.
    """

    first: str
    second: str
    geometry: str
    pairs: int
    groups: int
    mean: float
    share: float
    interval: tuple[float, float] | None = None

    @property
    def names(self) -> tuple[str, str]:
        """What is compared."""
        return self.first, self.second

    @property
    def verdict(self) -> str:
        """By :func:`~rarebind.studies.gupta2026.findings.verdicts.verdict_of`."""
        return verdict_of(self.interval)

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "first": self.first,
            "second": self.second,
            "geometry": self.geometry,
            "pairs": self.pairs,
            "groups": self.groups,
            "mean": None if math.isnan(self.mean) else self.mean,
            "share": None if math.isnan(self.share) else self.share,
            "interval": None if self.interval is None else list(self.interval),
            "verdict": self.verdict,
        }


def matched(
    some: Energies,
    energies: Energies,
    other: Mapping[str, str],
    group: Callable[[Composition], str],
) -> list[Pair]:
    """Each of some complexes with the one that is equal but for what is asked for.

    Parameters
    ----------
    some
        The first complexes.
    energies
        Where to look for the second ones; where there is none, there is no pair.
    other
        What the second complex has in place of its own, such as ``{"scaffold": "HOPO"}``.
    group
        Name of the ligands by the composition of the second.
    """
    pairs = []
    for composition, energy in some.items():
        partner = composition._replace(**other)
        if partner in energies:
            pairs.append(Pair(energy, energies[partner], group(partner), composition.geometry))
    return pairs


def compare(
    first: str, second: str, geometry: str, pairs: Iterable[Pair], resampling: Resampling
) -> Comparison:
    """Compare the pairs of one geometry, or of all.

    Parameters
    ----------
    first, second
        Names of what is compared.
    geometry
        Only pairs of this one; :data:`ALL` for all of them.
    """
    found = [pair for pair in pairs if geometry in {ALL, pair.geometry}]
    if not found:
        return Comparison(first, second, geometry, 0, 0, math.nan, math.nan)
    one, other = (np.array([pair[i] for pair in found]) for i in (0, 1))
    # By name, so that the order of the complexes does not matter.
    names, groups = np.unique([pair.group for pair in found], return_inverse=True)
    # The bias of one energy as a prediction of the other is the mean difference.
    spans = intervals(other, one, groups, resamples=resampling.resamples, seed=resampling.seed)
    return Comparison(
        first,
        second,
        geometry,
        len(found),
        len(names),
        float(np.mean(one - other)),
        float(np.mean(one < other)),
        spans.get("bias"),
    )


def by_geometry(
    first: str,
    second: str,
    pairs: Sequence[Pair],
    names: Iterable[str],
    resampling: Resampling,
) -> list[Comparison]:
    """:func:`compare` for each geometry of `names`, and for all together."""
    return [compare(first, second, name, pairs, resampling) for name in (*names, ALL)]
