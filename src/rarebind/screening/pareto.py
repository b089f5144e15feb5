"""Which points no other one beats in both of two numbers, and with what probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.uncertainty.ranking import SEED, drawn

#: Samples unless asked otherwise: probabilities are known to 0.011 or better.
DRAWS = 2000
#: Energies that agree to so many digits (eV) are equal: no order comes from rounding errors.
_DIGITS = 9
_SAME = 10.0**-_DIGITS
#: Standard deviations of a difference that no sample exceeds: its probability is 6e-16.
_CERTAIN = 8.0

_Floats = NDArray[np.float64]


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
    """
    x, y = np.asarray(strength, dtype=float), np.asarray(selectivity, dtype=float)
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
    """
    x, y = np.asarray(strength, dtype=float), np.asarray(selectivity, dtype=float)
    known = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    chances = np.zeros(len(x))
    if not known.size:
        return chances
    first, second = (
        np.asarray(spread, dtype=float)[known] for spread in (strength_spread, selectivity_spread)
    )
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
