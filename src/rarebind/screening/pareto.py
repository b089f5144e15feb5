"""Ligands that no other one beats in both strength and selectivity.

**Energies, not free energies**: strength is an exchange energy, selectivity a ΔΔE, both without
entropy, pH or activities.  The front says which ligands are worth a closer look, not which
separation works.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.learning.uncertainty.ranking import SEED
from rarebind.screening.estimates import Estimates, pair_rows
from rarebind.units import KCAL_PER_EV

#: Samples unless asked otherwise: probabilities are known to 0.011 or better.
DRAWS = 2000
#: Numbers drawn at once, to bound the memory.
_AT_ONCE = 1_000_000
#: Energies that agree to so many digits (eV) are equal: no order comes from rounding errors.
_DIGITS = 9

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Tradeoff:
    """One ligand between strength and selectivity.

    Attributes
    ----------
    ligand, geometry
    strength
        Exchange energy with the metal wanted, eV; NaN where it is unknown.
    selectivity
        ΔΔE for that metal over the other, eV; NaN where it is unknown.
    front
        Whether nothing beats it in both.
    probability_front
        Probability of that; None where nothing is known of the errors.
    """

    ligand: str
    geometry: str
    strength: float
    selectivity: float
    front: bool
    probability_front: float | None = None

    def data(self, factor: float = KCAL_PER_EV) -> dict[str, object]:
        """Plain data for JSON, None where a number is unknown.

        Parameters
        ----------
        factor
            From eV to the unit of the energies.
        """
        return {
            "ligand": self.ligand,
            "geometry": self.geometry,
            "strength": None if math.isnan(self.strength) else self.strength * factor,
            "selectivity": None if math.isnan(self.selectivity) else self.selectivity * factor,
            "front": self.front,
            "probability_front": self.probability_front,
        }


def pareto_front(strength: ArrayLike, selectivity: ArrayLike) -> NDArray[np.bool_]:
    """Points that no other point dominates, both numbers being the better the lower.

    A point dominates another when it is nowhere worse and somewhere better, so that of equal points
    all are on the front or none; numbers that agree to nine decimals are equal.  Takes O(n log n)
    time.

    Parameters
    ----------
    strength, selectivity
        (n,) eV each.

    Returns
    -------
    mask
        (n,); never True where a number is NaN.

    Raises
    ------
    InputError
        Shapes differ, or a number is infinite.
    """
    x, y = _columns(strength, selectivity)
    front = np.zeros(len(x), dtype=bool)
    known = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    front[known] = _front(x[known], y[known])
    return front


def membership(
    strength: ArrayLike,
    selectivity: ArrayLike,
    strength_spread: ArrayLike,
    selectivity_spread: ArrayLike,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> _Floats:
    """Probability of each point to be on the front, by sampling the errors of all together.

    Parameters
    ----------
    strength, selectivity
        (n,) eV each.
    strength_spread, selectivity_spread
        (n, d) eV each, of one and the same d independent causes of error.
    draws, seed
        Of the samples.

    Returns
    -------
    probabilities
        (n,); 0 where a number is NaN.

    Raises
    ------
    InputError
        Shapes do not fit together, a number is infinite, the spread of a known point is not finite,
        or `draws` is below 1.
    """
    x, y = _columns(strength, selectivity)
    spreads = [np.asarray(spread, dtype=float) for spread in (strength_spread, selectivity_spread)]
    shapes = {spread.shape for spread in spreads}
    if len(shapes) > 1 or spreads[0].ndim != 2 or len(spreads[0]) != len(x):  # noqa: PLR2004
        named = " and ".join(map(str, (spread.shape for spread in spreads)))
        raise InputError(f"spreads of shapes {named} do not fit {len(x)} points: give (n, d) each")
    if draws < 1:
        raise InputError(f"draws must be 1 or more, got {draws}")
    known = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    chances = np.zeros(len(x))
    if not known.size:
        return chances
    x, y = x[known], y[known]
    first, second = (spread[known] for spread in spreads)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("the spread of a known point is not finite")
    rng = np.random.default_rng(seed)
    counts = np.zeros(len(known))
    step = max(1, _AT_ONCE // max(len(known), first.shape[1]))
    for start in range(0, draws, step):
        # The same causes for both: a ligand that is predicted too strong is so with both metals.
        causes = rng.standard_normal((min(step, draws - start), first.shape[1]))
        for xs, ys in zip(x + causes @ first.T, y + causes @ second.T, strict=True):
            counts += _front(xs, ys)
    chances[known] = counts / draws
    return chances


def tradeoffs(
    estimates: Estimates,
    metal: str,
    other: str,
    *,
    geometry: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[Tradeoff, ...]:
    """Strength for `metal` against preference over `other`, of every ligand screened with both.

    Energies, not free energies: see the head of this module.

    Parameters
    ----------
    geometry
        Only this one; default: all geometries compete with each other.
    draws, seed
        Of the samples that the probability of being on the front is counted in.

    Returns
    -------
    tuple
        In the order of the estimates.

    Raises
    ------
    InputError
        A metal was not screened, both are the same, there is no such geometry, or `draws` is
        below 1.
    """
    first, second = pair_rows(estimates, metal, other, geometry)
    strength = estimates.exchange[first]
    selectivity = strength - estimates.exchange[second]
    front = pareto_front(strength, selectivity)
    chances: list[float | None] = [None] * len(first)
    if estimates.spread is not None:
        spread = estimates.spread[first]
        preference = spread - estimates.spread[second]
        chances = membership(
            strength, selectivity, spread, preference, draws=draws, seed=seed
        ).tolist()
    return tuple(
        Tradeoff(
            estimates.ligands[i],
            estimates.geometries[i],
            float(strong),
            float(selective),
            bool(on_it),
            chance,
        )
        for i, strong, selective, on_it, chance in zip(
            first, strength, selectivity, front, chances, strict=True
        )
    )


def _columns(strength: ArrayLike, selectivity: ArrayLike) -> tuple[_Floats, _Floats]:
    x, y = (np.asarray(values, dtype=float) for values in (strength, selectivity))
    if x.ndim != 1 or x.shape != y.shape:
        raise InputError(
            f"strengths of shape {x.shape} and selectivities of shape {y.shape} do not go together:"
            " give one of each a ligand"
        )
    if np.isinf(x).any() or np.isinf(y).any():
        raise InputError("an energy is infinite: use NaN for what is unknown")
    return x, y


def _front(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    """The front of finite numbers: one sweep from low to high `x`."""
    if not len(x):
        return np.zeros(0, dtype=bool)
    x, y = np.round(x, _DIGITS), np.round(y, _DIGITS)
    order = np.lexsort((y, x))
    xs, ys = x[order], y[order]
    # Where each run of equal x starts; within one, only its lowest y can be on the front.
    starts = np.flatnonzero(np.append(True, xs[1:] != xs[:-1]))
    run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(xs))))
    lowest = ys[starts]
    before = np.append(np.inf, np.minimum.accumulate(lowest)[:-1])
    front = np.empty(len(x), dtype=bool)
    front[order] = (ys == lowest[run]) & (lowest < before)[run]
    return front
