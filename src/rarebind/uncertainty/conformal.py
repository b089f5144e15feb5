"""Intervals that hold what they promise: split conformal prediction.

Of n errors of held-out complexes, measured in standard deviations, score = abs(error)/σ, the
⌈(n + 1)·level⌉-th smallest is taken as the multiplier q.  If a further complex is exchangeable with
those, its error lies within ±qσ with a probability of at least `level`, whatever the distribution
and however wrong σ may be (Vovk, Gammerman, Shafer, Algorithmic Learning in a Random World, 2005;
Lei, G'Sell, Rinaldo, Tibshirani, Wasserman, J. Am. Stat. Assoc. 2018, 113, 1094, sections 2.2 and
5.2).  A better σ makes intervals narrower, not more honest; a constant factor in σ has no effect at
all, so the complexes that σ was scaled with may serve here as well.

Complexes of one ligand are not independent, and a new ligand is exchangeable with other ligands
only.  With blocks, each of K ligands has the weight 1/(K + 1), shared by its N complexes, and
q is the smallest score that scores up to it reach the weight `level` with: the promise is then that
of a complex of a new ligand (Lee, Barber, Willett, arXiv:2306.06342, hierarchical conformal
prediction).  Without blocks, each complex is a block of its own, and this is the rule above.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import ConfigDict, model_validator

from rarebind.errors import InputError
from rarebind.io.models import Section
from rarebind.uncertainty.arrays import Floats, Names, names, vector, weights

#: Probabilities that intervals are made for.
LEVELS = (0.5, 0.8, 0.9, 0.95)
#: Fewest complexes (with blocks: ligands) of a group with multipliers of its own.  With 30, a level
#: of 0.9 is kept to within 0.055 (one standard deviation).
LEAST = 30
#: The group of all.
ALL = ""
#: Relative to a sum of weights: below this, it is the rounding of decimal levels.
_ROUNDING = 1e-9


class Conformal(Section):
    """Multipliers of standard deviations.

    Attributes
    ----------
    levels
        Probabilities, increasing.
    quantiles
        A multiplier for each level, by group; "" is the group of all, which serves for groups that
        are not there.

    Raises
    ------
    InputError
        Levels are not increasing between 0 and 1, the group of all is missing, or a group does not
        have one finite multiplier a level that does not fall with it.
    """

    # What is not finite is told by the checks below, as an InputError.
    model_config = ConfigDict(allow_inf_nan=True)

    levels: tuple[float, ...]
    quantiles: dict[str, tuple[float, ...]]

    @model_validator(mode="after")
    def _check(self) -> Self:
        _levels(self.levels)
        if ALL not in self.quantiles:
            raise InputError('conformal intervals need multipliers of the group "", which is all')
        for group, found in self.quantiles.items():
            rising = all(low <= high for low, high in pairwise((0.0, *found)))
            if len(found) != len(self.levels) or not rising or not all(map(math.isfinite, found)):
                raise InputError(
                    f"conformal intervals of group {group!r}: one multiplier for each level, "
                    f"finite and rising from 0 up, got {', '.join(map(str, found)) or 'none'}"
                )
        return self

    def multiplier(self, level: float, group: str = ALL) -> float:
        """Half the width of an interval in standard deviations.

        Parameters
        ----------
        level
            One of :attr:`levels`.
        group
            That of all serves for one that has no multipliers.

        Raises
        ------
        InputError
            There is no such level.
        """
        for number, known in enumerate(self.levels):
            if math.isclose(known, level):
                return self.quantiles.get(group, self.quantiles[ALL])[number]
        raise InputError(
            f"there are no intervals of level {level}: give {', '.join(map(str, self.levels))}"
        )

    def half_widths(self, sigmas: ArrayLike, level: float, groups: Names | None = None) -> Floats:
        """Half the widths of intervals: :meth:`multiplier` times σ.

        Parameters
        ----------
        sigmas
            Shape (n,), eV.
        groups
            Of each; default: that of all.

        Raises
        ------
        InputError
            There is no such level, the lengths differ, or a σ is not finite.
        """
        found = vector(sigmas, "sigmas")
        own = _groups(groups, len(found)).tolist()
        multipliers = {group: self.multiplier(level, group) for group in set(own)}
        return np.asarray(found * [multipliers[group] for group in own])


@dataclass(frozen=True)
class Coverage:
    """How often intervals hold the computed energy.

    Attributes
    ----------
    fraction
        Of complexes; where blocks are given, the mean over these of each one's fraction.
    n
        Complexes.
    blocks
        Independent ones: ligands, or else again complexes.
    """

    fraction: float
    n: int
    blocks: int


def finite_sample_quantile(scores: ArrayLike, level: float, blocks: Names | None = None) -> float:
    """What the score of one more exchangeable complex exceeds with probability 1 − `level` at most.

    Parameters
    ----------
    scores
        Shape (n,).
    level
        Between 0 and 1.
    blocks
        Ligand of each: then of a complex of one more ligand.

    Returns
    -------
    float
        One of the scores; infinity where there are too few: fewer than level/(1 − level) blocks.

    Raises
    ------
    InputError
        The level is none, the lengths differ, or a score is not finite.
    """
    (level,) = _levels((level,))
    found = vector(scores, "scores")
    shares = weights(len(found), blocks)
    order = np.argsort(found, kind="stable")
    # In units of 1/(K + 1), of which one belongs to the complex to come.
    total = shares.sum() + 1
    reached = np.cumsum(shares[order])
    place = int(np.searchsorted(reached, total * (level - _ROUNDING)))
    return float(found[order[place]]) if place < len(found) else math.inf


def fewest(level: float) -> int:
    """Blocks that a finite :func:`finite_sample_quantile` needs: ⌈level/(1 − level)⌉."""
    return math.ceil(level / (1 - level) - _ROUNDING)


def fit_conformal(
    residuals: ArrayLike,
    sigmas: ArrayLike,
    groups: Names | None = None,
    levels: Sequence[float] = LEVELS,
    least: int = LEAST,
    *,
    blocks: Names | None = None,
) -> Conformal:
    """Multipliers from complexes that the model has not learned from.

    Parameters
    ----------
    residuals
        Predicted less computed energies, shape (n,), eV.
    sigmas
        Standard deviations, shape (n,), eV, above 0.
    groups
        Of each, such as :func:`~rarebind.uncertainty.family` of the metal: a promise that
        is kept in each group.  Default: only that of all.
    levels
        Increasing probabilities.
    least
        Fewest complexes, or blocks where they are given, of a group with multipliers of its own;
        the others have those of all.
    blocks
        Ligand of each, so that every ligand counts the same and the promise holds for new ligands.

    Returns
    -------
    Conformal
        A group that is too small for a high level has the multiplier of all there, or that of its
        next lower level where this is larger.

    Raises
    ------
    InputError
        Even all together are too few for a level, a name of a group is empty, the lengths differ,
        numbers are not finite or a σ is not above 0.
    """
    levels = _levels(levels)
    errors = vector(residuals, "residuals")
    scores = np.abs(errors) / _sigmas(sigmas, len(errors))
    found = _groups(groups, len(errors))
    if groups is not None and ALL in found:
        raise InputError('a group of complexes cannot be called "": that is all of them')
    ligands = None if blocks is None else names(blocks, len(errors), "blocks")
    pooled = [finite_sample_quantile(scores, level, blocks) for level in levels]
    for level, quantile in zip(levels, pooled, strict=True):
        if math.isinf(quantile):
            raise InputError(
                f"{_number(len(scores), ligands)} {'complexes' if blocks is None else 'ligands'} "
                f"are too few for intervals of level {level}, which need {fewest(level)}: hold out "
                "more or ask for less"
            )
    quantiles = {ALL: tuple(pooled)}
    for group in sorted(set(found) - {ALL}):
        own = found == group
        of_group = None if ligands is None else ligands[own]
        if _number(own.sum(), of_group) < least:
            continue
        some = [finite_sample_quantile(scores[own], level, of_group) for level in levels]
        filled = np.where(np.isinf(some), pooled, some)
        quantiles[str(group)] = tuple(np.maximum.accumulate(filled).tolist())
    return Conformal(levels=levels, quantiles=quantiles)


def coverage(
    residuals: ArrayLike,
    sigmas: ArrayLike,
    groups: Names | None,
    conformal: Conformal,
    level: float,
    *,
    blocks: Names | None = None,
) -> dict[str, Coverage]:
    """How often intervals hold the computed energies of other complexes.

    Parameters
    ----------
    residuals, sigmas, groups, blocks
        As :func:`fit_conformal` takes them, of complexes it has not seen.
    level
        Of the intervals.

    Returns
    -------
    dict
        By group, that of all ("") first.

    Raises
    ------
    InputError
        There are no complexes or no such level, or as :func:`fit_conformal` raises it.
    """
    errors = vector(residuals, "residuals", least=1)
    found = _groups(groups, len(errors))
    widths = conformal.half_widths(_sigmas(sigmas, len(errors)), level, found.tolist())
    inside = np.abs(errors) <= widths
    ligands = None if blocks is None else names(blocks, len(errors), "blocks")
    covered = {}
    for group in [ALL, *sorted(set(found.tolist()) - {ALL})]:
        own = (found == group) | (group == ALL)
        shares = weights(own.sum(), None if ligands is None else ligands[own])
        fraction = float(np.average(inside[own], weights=shares))
        covered[group] = Coverage(fraction, int(own.sum()), round(shares.sum()))
    return covered


def _number(complexes: int, blocks: NDArray[np.str_] | None) -> int:
    """Independent ones."""
    return complexes if blocks is None else len(set(blocks))


def _sigmas(values: ArrayLike, length: int) -> Floats:
    found = vector(values, "sigmas", length=length)
    if wrong := int(np.count_nonzero(found <= 0)):
        raise InputError(
            f"{wrong} of {len(found)} sigmas are not above 0: an error cannot be measured by a "
            "standard deviation of 0; leave these out"
        )
    return found


def _groups(groups: Names | None, number: int) -> NDArray[np.str_]:
    return names([ALL] * number if groups is None else groups, number, "groups")


def _levels(levels: Sequence[float]) -> tuple[float, ...]:
    found = tuple(map(float, levels))
    rising = all(low < high for low, high in pairwise((0.0, *found, 1.0)))
    if not found or not rising:
        raise InputError(
            "levels of intervals are increasing probabilities between 0 and 1, got "
            f"{', '.join(map(str, found)) or 'none'}"
        )
    return found
