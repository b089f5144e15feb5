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
from rarebind.screening.estimates import Estimates, pair_rows
from rarebind.uncertainty.ranking import SEED, drawn
from rarebind.units import KCAL_PER_EV

#: Samples unless asked otherwise: probabilities are known to 0.011 or better.
DRAWS = 2000
#: Energies that agree to so many digits (eV) are equal: no order comes from rounding errors.
_DIGITS = 9
_SAME = 10.0**-_DIGITS
#: Standard deviations of a difference that no sample exceeds: its probability is 6e-16.
_CERTAIN = 8.0

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
    strength_half_width, selectivity_half_width
        Of their intervals, eV; None where there is none, as of computed energies.
    probability_front
        Probability of being on the front; None where nothing is known of the errors, as between
        computed energies.
    """

    ligand: str
    geometry: str
    strength: float
    selectivity: float
    front: bool
    strength_half_width: float | None = None
    selectivity_half_width: float | None = None
    probability_front: float | None = None

    def data(self, factor: float = KCAL_PER_EV) -> dict[str, object]:
        """Plain data for JSON, None where a number is unknown.

        Parameters
        ----------
        factor
            From eV to the unit of the energies.
        """

        def scaled(energy: float | None) -> float | None:
            return None if energy is None or math.isnan(energy) else energy * factor

        return {
            "ligand": self.ligand,
            "geometry": self.geometry,
            "strength": scaled(self.strength),
            "strength_half_width": scaled(self.strength_half_width),
            "selectivity": scaled(self.selectivity),
            "selectivity_half_width": scaled(self.selectivity_half_width),
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
    first, second = (spread[known] for spread in spreads)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise InputError("the spread of a known point is not finite")
    some = _contenders(x[known], y[known], first, second)
    known, first, second = known[some], first[some], second[some]
    counts = np.zeros(len(known))
    # Drawn together: a ligand that is predicted too strong is so with both metals.
    both = np.concatenate([x[known], y[known]]), np.concatenate([first, second])
    for sample in drawn(*both, draws, seed):
        strengths, preferences = np.split(sample, 2, axis=1)
        counts += _front(strengths, preferences).sum(axis=0)
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
        In the order of the estimates.  Probabilities are those of the Gaussian that agrees with
        the intervals (:attr:`Estimates.calibrated_spread`, and
        :meth:`Estimates.calibrated_differences` for selectivity).

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
    widths = estimates.difference_half_widths(first, second)
    chances: list[float | None] = [None] * len(first)
    spread = estimates.calibrated_spread
    preference = estimates.calibrated_differences(first, second)
    if spread is not None and preference is not None and any(w is not None for w in widths):
        chances = membership(
            strength, selectivity, spread[first], preference, draws=draws, seed=seed
        ).tolist()
    return tuple(
        Tradeoff(
            ligand=estimates.ligands[i],
            geometry=estimates.geometries[i],
            strength=float(strength[at]),
            selectivity=float(selectivity[at]),
            front=bool(front[at]),
            strength_half_width=_stated(estimates, i),
            selectivity_half_width=widths[at],
            probability_front=chances[at],
        )
        for at, i in enumerate(first)
    )


def _stated(estimates: Estimates, row: int) -> float | None:
    """Half width of the interval of an energy, where it has one."""
    if estimates.half_width is None or not estimates.unsure[row]:
        return None
    return float(estimates.half_width[row])


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


def _contenders(x: _Floats, y: _Floats, first: _Floats, second: _Floats) -> NDArray[np.bool_]:
    """Points that some sample may leave on the front: no other beats them in every one."""
    found = np.ones(len(x), dtype=bool)
    for leader in np.flatnonzero(_front(x, y)):
        beaten = x - x[leader] > _CERTAIN * np.linalg.norm(first - first[leader], axis=1) + _SAME
        beaten &= y - y[leader] > _CERTAIN * np.linalg.norm(second - second[leader], axis=1) + _SAME
        found &= ~beaten
    return found


def _front(x: _Floats, y: _Floats) -> NDArray[np.bool_]:
    """The front of finite numbers, (..., n), by one sweep from low to high `x`."""
    if not x.shape[-1]:
        return np.zeros(x.shape, dtype=bool)
    x, y = np.round(x, _DIGITS), np.round(y, _DIGITS)
    order = np.lexsort((y, x), axis=-1)
    xs, ys = (np.take_along_axis(values, order, axis=-1) for values in (x, y))
    before = np.minimum.accumulate(ys, axis=-1)
    lower, twice = np.ones(x.shape, dtype=bool), np.zeros(x.shape, dtype=bool)
    lower[..., 1:] = ys[..., 1:] < before[..., :-1]
    twice[..., 1:] = (ys[..., 1:] == ys[..., :-1]) & (xs[..., 1:] == xs[..., :-1])
    # Equal points stand side by side: what holds for the first of them holds for all.
    first = np.maximum.accumulate(np.where(twice, 0, np.arange(x.shape[-1])), axis=-1)
    front = np.empty(x.shape, dtype=bool)
    np.put_along_axis(front, order, np.take_along_axis(lower, first, axis=-1), axis=-1)
    return front
