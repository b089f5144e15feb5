"""Intervals of agreement numbers, by resampling whole groups of complexes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: Share of the bootstrap samples inside an interval.
CONFIDENCE = 0.95
#: With fewer groups, the spread of their resampled sums says nothing of a population.
FEWEST_GROUPS = 5
#: Bootstrap samples drawn at once, to bound the memory.
_AT_ONCE = 250
#: Variance in (kcal/mol)² below which values count as all the same.
_CONSTANT = 1e-12

_Floats = NDArray[np.float64]


def agreement(truth: _Floats, predicted: _Floats) -> dict[str, float]:
    """MAE, RMSE, bias, r2, r2_fit and slope of energies; NaN for what is not defined."""
    one_group = np.zeros(len(truth), dtype=int)
    found = _from_sums(_sums(truth, predicted, one_group)[0])
    return {name: float(value) for name, value in found.items()}


def intervals(
    truth: _Floats,
    predicted: _Floats,
    groups: Sequence[int] | NDArray[np.int_],
    *,
    resamples: int,
    seed: int,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of the numbers that :func:`agreement` gives.

    Parameters
    ----------
    truth, predicted
        kcal/mol.
    groups
        Number of each complex's group, 0 and up: a bootstrap sample is as many groups as there
        are, drawn with replacement, each with all its complexes.
    resamples, seed
        Of the bootstrap.

    Returns
    -------
    dict
        (low, high) by name, without numbers that are not defined.  Empty for fewer than
        :data:`FEWEST_GROUPS` groups.
    """
    sums = _sums(truth, predicted, np.asarray(groups))
    number = len(sums)
    if number < FEWEST_GROUPS or resamples == 0:
        return {}
    rng = np.random.default_rng(seed)
    drawn: list[_Floats] = []
    even = np.full(number, 1 / number)
    for start in range(0, resamples, _AT_ONCE):
        # How often each group is drawn is all that its sums need.
        weights = rng.multinomial(number, even, size=min(_AT_ONCE, resamples - start))
        drawn.append(weights @ sums)
    tail = 50 * (1 - CONFIDENCE)
    found = {}
    for name, values in _from_sums(np.concatenate(drawn)).items():
        # A sample of a single group, drawn again and again, may have no slope.
        defined = values[np.isfinite(values)]
        if len(defined) > resamples / 2:
            low, high = np.percentile(defined, [tail, 100 - tail])
            found[name] = (float(low), float(high))
    return found


def _sums(truth: _Floats, predicted: _Floats, groups: NDArray[np.int_]) -> _Floats:
    """Sums of products in each group: all that the numbers follow from."""
    # Squares of energies near −1200 kcal/mol would lose half of their digits.
    x, y, error = truth - truth.mean(), predicted - predicted.mean(), predicted - truth
    terms = (np.ones_like(x), np.abs(error), error, error**2, x, y, x * x, y * y, x * y)
    return np.stack([np.bincount(groups, weights=term) for term in terms], axis=-1)


def _from_sums(sums: _Floats) -> dict[str, _Floats]:
    """The numbers from sums that stand along the last axis."""
    n, absolute, error, squared, x, y, xx, yy, xy = np.moveaxis(sums, -1, 0)
    var_x, var_y = (np.maximum(s2 / n - (s / n) ** 2, 0) for s2, s in ((xx, x), (yy, y)))
    covariance = xy / n - x / n * y / n
    spread_x = np.where(var_x > _CONSTANT, var_x, np.nan)
    spread_y = np.where(var_y > _CONSTANT, var_y, np.nan)
    return {
        "mae": absolute / n,
        "rmse": np.sqrt(squared / n),
        "bias": error / n,
        "r2": 1 - squared / n / spread_x,
        "r2_fit": covariance**2 / (spread_x * spread_y),
        "slope": covariance / spread_x,
    }
