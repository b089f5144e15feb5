"""How far predictions are off, and how sure that number is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rarebind.datasets.frames import grouped
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import check_column, energies

#: Default seed and number of bootstrap samples.
SEED = 111111
RESAMPLES = 2000
#: Share of the bootstrap samples inside an interval.
CONFIDENCE = 0.95
#: With fewer groups, the spread of their resampled sums says nothing of a population.
FEWEST_GROUPS = 5
#: Bootstrap samples drawn at once, to bound the memory.
_AT_ONCE = 250
#: Variance in (kcal/mol)² below which values count as all the same.
_CONSTANT = 1e-12

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Metrics:
    """Agreement of predicted with computed energies, in kcal/mol.

    Attributes
    ----------
    n
        Complexes.
    groups
        How many the bootstrap draws from: of ligands, or of what was asked for.
    mae, rmse
        Mean absolute error, root of the mean squared error.
    bias
        Mean of predicted less computed.
    max_error
        Largest absolute error.
    r2
        Coefficient of determination of the predictions as they are, 1 − Σ(y − x)²/Σ(x − x̄)²;
        below 0 where the mean of the computed energies would be the better prediction.
    r2_fit
        Squared correlation coefficient: what the least-squares line through a parity plot
        explains.  It forgives a wrong slope and a constant error, so it says little without the
        MAE.
    slope, intercept
        Of that line, predicted = intercept + slope × computed.  These and both r² are None where
        they are not defined: for energies that are all the same.
    intervals
        Bootstrap interval (low, high) of 95 % by the name of the number.  There is none for
        `intercept`, none for `max_error`, as resampling never finds a value beyond the largest, and
        none at all with fewer than five groups.
    """

    n: int
    groups: int
    mae: float
    rmse: float
    bias: float
    max_error: float
    r2: float | None
    r2_fit: float | None
    slope: float | None
    intercept: float | None
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def metrics(
    found: pd.DataFrame,
    *,
    quantity: str | None = None,
    groups: str | None = "ligand",
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Metrics:
    """Compare predictions with what was computed.

    Parameters
    ----------
    found
        Outcomes.
    quantity
        ``binding`` (equation 1) or ``exchange``; by default equation 1 where all have it.  The
        errors are the same, yet r² and slope are not, as equation 1 has a constant of each metal
        that no ligand has a part in.
    groups
        What the bootstrap resamples: all complexes of a ligand together (or of another of
        :data:`~rarebind.evaluation.outcomes.COLUMNS`), because their errors are alike, so that
        resampling complexes one by one promises too much.  None: complexes one by one.
    resamples
        Bootstrap samples; 0 for no intervals.
    seed
        Of the bootstrap.

    Raises
    ------
    InputError
        There is nothing to compare, or there is no such quantity or column.
    """
    if found.empty:
        raise InputError("there are no predictions to compare: this part of the split is empty")
    if groups is not None:
        check_column(groups, "resample")
    if resamples < 0:
        raise InputError(f"resamples must be 0 or more, got {resamples}")
    truth, predicted = energies(found, quantity)
    # By name, so that the order of the outcomes does not matter.
    members, names = pd.factorize(found[groups or "key"], sort=True)
    sums = _sums(truth, predicted, np.zeros_like(members))[0]
    numbers = {
        name: None if np.isnan(value) else float(value) for name, value in _from_sums(sums).items()
    }
    slope = numbers["slope"]
    return Metrics(
        n=len(found),
        groups=len(names),
        max_error=float(np.abs(predicted - truth).max()),
        intercept=None if slope is None else float(predicted.mean() - slope * truth.mean()),
        intervals=_intervals(_sums(truth, predicted, members), resamples, seed),
        **numbers,  # type: ignore[arg-type]
    )


def by(found: pd.DataFrame, column: str, **options: Any) -> dict[str, Metrics]:
    """:func:`metrics` of each metal, scaffold, geometry or the like, in chemical order.

    Parameters
    ----------
    column
        One of :data:`~rarebind.evaluation.outcomes.COLUMNS`.
    **options
        As :func:`metrics` takes them.

    Raises
    ------
    InputError
        As :func:`metrics` raises it, or there is no such column.
    """
    check_column(column, "group by")
    return {value: metrics(part, **options) for (value,), part in grouped(found, column)}


def interval_of_mean(
    values: ArrayLike, groups: ArrayLike, *, resamples: int, seed: int
) -> tuple[float, float] | None:
    """The 95 % percentile interval of a mean, by a bootstrap over groups.

    Parameters
    ----------
    values
        Any unit.
    groups
        Name of the group of each: a bootstrap sample is as many groups as there are, drawn with
        replacement, each with all its values.

    Returns
    -------
    tuple or None
        None with fewer than :data:`FEWEST_GROUPS` groups.
    """
    values = np.asarray(values, dtype=float)
    members, _ = pd.factorize(np.asarray(groups), sort=True)
    sums = _sums(np.zeros_like(values), values, members)
    return _intervals(sums, resamples, seed).get("bias")


def _intervals(sums: _Floats, resamples: int, seed: int) -> dict[str, tuple[float, float]]:
    """Percentile intervals by the name of the number, without those that are not defined."""
    number = len(sums)
    if number < FEWEST_GROUPS or resamples == 0:
        return {}
    rng = np.random.default_rng(seed)
    even = np.full(number, 1 / number)
    drawn = []
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
    """MAE, RMSE, bias, r2, r2_fit and slope from sums along the last axis; NaN if not defined."""
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
