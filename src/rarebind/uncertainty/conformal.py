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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats, positive, vector, weights

#: Probabilities that intervals are made for.
LEVELS = (0.5, 0.8, 0.9, 0.95)
#: Fewest complexes (with blocks: ligands) of a group with multipliers of its own.  With 30, a level
#: of 0.9 is kept to within 0.055 (one standard deviation).
LEAST = 30
#: The group of all.
ALL = ""
#: Relative to a sum of weights: below this, it is the rounding of decimal levels.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Conformal:
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

    levels: tuple[float, ...]
    quantiles: Mapping[str, tuple[float, ...]]

    def __post_init__(self) -> None:
        levels = _levels(self.levels)
        quantiles = {
            str(group): tuple(map(float, found)) for group, found in self.quantiles.items()
        }
        if ALL not in quantiles:
            raise InputError('conformal intervals need multipliers of the group "", which is all')
        for group, found in quantiles.items():
            rising = all(low <= high for low, high in pairwise((0.0, *found)))
            if len(found) != len(levels) or not rising or not all(map(math.isfinite, found)):
                raise InputError(
                    f"conformal intervals of group {group!r}: one multiplier for each level, "
                    f"finite and rising from 0 up, got {', '.join(map(str, found)) or 'none'}"
                )
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "quantiles", MappingProxyType(quantiles))

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

    def half_widths(
        self, sigmas: ArrayLike, level: float, groups: Sequence[str] | None = None
    ) -> Floats:
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
        names = _groups(groups, len(found))
        multipliers = {name: self.multiplier(level, name) for name in set(names)}
        return np.asarray(found * [multipliers[name] for name in names])

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        quantiles = {group: list(found) for group, found in self.quantiles.items()}
        return {"levels": list(self.levels), "quantiles": quantiles}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Conformal:
        """The inverse of :meth:`data`.

        Raises
        ------
        InputError
            An entry is missing, unknown or of the wrong kind.
        """
        if set(data) != {"levels", "quantiles"}:
            raise InputError(
                f"conformal intervals are levels and quantiles, got {', '.join(sorted(data))}"
            )
        try:
            return cls(tuple(data["levels"]), data["quantiles"])
        except (TypeError, ValueError, AttributeError) as error:
            raise InputError(f"conformal intervals of the wrong kind: {error}") from error


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

    def data(self) -> dict[str, float | int]:
        """Plain data for JSON."""
        return {"fraction": self.fraction, "n": self.n, "blocks": self.blocks}


def finite_sample_quantile(
    scores: ArrayLike, level: float, blocks: Sequence[str] | None = None
) -> float:
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
    groups: Sequence[str] | None = None,
    levels: Sequence[float] = LEVELS,
    least: int = LEAST,
    *,
    blocks: Sequence[str] | None = None,
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
    scores = np.abs(errors) / positive(sigmas, "sigmas", length=len(errors))
    names = _groups(groups, len(errors))
    if groups is not None and ALL in names:
        raise InputError('a group of complexes cannot be called "": that is all of them')
    shares = weights(len(errors), blocks)
    pooled = [finite_sample_quantile(scores, level, blocks) for level in levels]
    for level, found in zip(levels, pooled, strict=True):
        if math.isinf(found):
            raise InputError(
                f"{round(shares.sum())} {'complexes' if blocks is None else 'ligands'} are too few "
                f"for intervals of level {level}, which need "
                f"{fewest(level)}: hold out more or ask for less"
            )
    quantiles = {ALL: tuple(pooled)}
    for group in sorted(set(names) - {ALL}):
        members = _members(names, group)
        own_blocks = _some(blocks, members)
        if round(weights(len(members), own_blocks).sum()) < least:
            continue
        own = [finite_sample_quantile(scores[members], level, own_blocks) for level in levels]
        filled = np.where(np.isinf(own), pooled, own)
        quantiles[group] = tuple(np.maximum.accumulate(filled).tolist())
    return Conformal(levels, quantiles)


def coverage(
    residuals: ArrayLike,
    sigmas: ArrayLike,
    groups: Sequence[str] | None,
    conformal: Conformal,
    level: float,
    *,
    blocks: Sequence[str] | None = None,
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
    names = _groups(groups, len(errors))
    widths = conformal.half_widths(positive(sigmas, "sigmas", length=len(errors)), level, names)
    inside = np.abs(errors) <= widths
    found = {ALL: _covered(inside, blocks)}
    for group in sorted(set(names) - {ALL}):
        members = _members(names, group)
        found[group] = _covered(inside[members], _some(blocks, members))
    return found


def _covered(inside: NDArray[np.bool_], blocks: Sequence[str] | None) -> Coverage:
    shares = weights(len(inside), blocks)
    fraction = float(np.average(inside, weights=shares))
    return Coverage(fraction, len(inside), round(shares.sum()))


def _members(names: Sequence[str], group: str) -> list[int]:
    return [i for i, name in enumerate(names) if name == group]


def _some(blocks: Sequence[str] | None, members: Sequence[int]) -> list[str] | None:
    return None if blocks is None else [blocks[i] for i in members]


def _groups(groups: Sequence[str] | None, number: int) -> list[str]:
    names = [ALL] * number if groups is None else [str(name) for name in groups]
    if len(names) != number:
        raise InputError(f"{len(names)} groups where {number} are needed: name one for each row")
    return names


def _levels(levels: Sequence[float]) -> tuple[float, ...]:
    found = tuple(map(float, levels))
    rising = all(low < high for low, high in pairwise((0.0, *found, 1.0)))
    if not found or not rising:
        raise InputError(
            "levels of intervals are increasing probabilities between 0 and 1, got "
            f"{', '.join(map(str, found)) or 'none'}"
        )
    return found
