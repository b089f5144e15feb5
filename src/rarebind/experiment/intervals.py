"""Intervals of log K, and of its difference between two metals, for ligands never seen.

Both are conformal (:mod:`rarebind.uncertainty.conformal`), from errors of ligands that were left
out, of which each counts the same.  What is common to a ligand cancels in a difference, so that its
errors are collected apart; they grow with the difference of the metals' sizes, σ² = a + b·Δ².
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field

from rarebind.errors import InputError
from rarebind.experiment.descriptors import sizes
from rarebind.io.models import Section
from rarebind.uncertainty import LEVELS, Conformal, fit_conformal
from rarebind.uncertainty.conformal import fewest

if TYPE_CHECKING:
    import pandas as pd

#: Least standard deviation of a difference, log units: no two metals are surer than rounding.
_LEAST = 0.01


class Intervals(Section):
    """Half widths of intervals, log units.

    Attributes
    ----------
    of_log_k
        In log units.
    of_differences
        In standard deviations.
    constant, quadratic
        Of the variance of differences: a and b.
    """

    of_log_k: Conformal
    of_differences: Conformal
    constant: float = Field(gt=0)
    quadratic: float = Field(ge=0)

    def half_width(self, level: float) -> float:
        """Of log K.

        Raises
        ------
        InputError
            There are no intervals of this level.
        """
        return self.of_log_k.multiplier(level)

    def half_widths(self, apart: ArrayLike, level: float) -> NDArray[np.float64]:
        """Of differences between metals whose sizes are `apart`, of any shape.

        Raises
        ------
        InputError
            There are no intervals of this level.
        """
        spread = np.sqrt(self.constant + self.quadratic * np.asarray(apart, dtype=float) ** 2)
        return np.asarray(self.of_differences.multiplier(level) * spread)


def fit_intervals(frame: pd.DataFrame, predicted: ArrayLike) -> Intervals:
    """Intervals from errors of ligands that were left out.

    Parameters
    ----------
    frame
        ``ligand``, ``group``, ``metal``, ``log_k``.
    predicted
        Without these ligands, shape (n,).

    Returns
    -------
    Intervals
        Of those of :data:`~rarebind.uncertainty.LEVELS` that there are ligands enough for.

    Raises
    ------
    InputError
        There are too few ligands for any, or none has two metals.
    """
    errors = _errors(frame, predicted)
    return _intervals(errors, pair_errors(errors))


def cross_coverage(frame: pd.DataFrame, predicted: ArrayLike, level: float) -> tuple[float, float]:
    """How often intervals hold, each ligand judged by those of the others.

    Parameters
    ----------
    frame, predicted
        As for :func:`fit_intervals`.
    level
        What they promise.

    Returns
    -------
    tuple of float
        Mean share of a ligand's constants, and of its differences, inside.

    Raises
    ------
    InputError
        There are too few ligands for the level.
    """
    errors = _errors(frame, predicted)
    pairs = pair_errors(errors)
    inside = []
    for group, own in errors.groupby("group"):
        intervals = _intervals(errors[errors["group"] != group], pairs[pairs["group"] != group])
        apart = pairs[pairs["group"] == group]
        held = apart["error"].abs() <= intervals.half_widths(apart["apart"], level)
        values = own["error"].abs() <= intervals.half_width(level)
        inside.append((values.mean(), held.mean() if len(held) else np.nan))
    shares = np.nanmean(np.array(inside, dtype=float), axis=0)
    return float(shares[0]), float(shares[1])


def pair_errors(errors: pd.DataFrame) -> pd.DataFrame:
    """Errors of differences between every two metals of a ligand: ``group``, ``error``, ``apart``.

    Parameters
    ----------
    errors
        ``ligand``, ``group``, ``size``, ``error``.
    """
    import pandas as pd

    parts = []
    for _, own in errors.groupby("ligand", sort=False):
        pairs = np.array(list(combinations(range(len(own)), 2)), dtype=int).reshape(-1, 2)
        first, second = (own.iloc[side] for side in pairs.T)
        parts.append(
            pd.DataFrame(
                {
                    "group": first["group"].to_numpy(),
                    "error": first["error"].to_numpy() - second["error"].to_numpy(),
                    "apart": np.abs(first["size"].to_numpy() - second["size"].to_numpy()),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _intervals(errors: pd.DataFrame, pairs: pd.DataFrame) -> Intervals:
    if not len(pairs):
        raise InputError("no ligand has two metals: differences between metals need them")
    number = min(errors["group"].nunique(), pairs["group"].nunique())
    levels = [level for level in LEVELS if fewest(level) <= number]
    if not levels:
        raise InputError(f"{number} ligands are too few for an interval")
    constant, quadratic = _variance(pairs)
    spread = np.sqrt(constant + quadratic * pairs["apart"] ** 2)
    certain = np.ones(len(errors))
    return Intervals(
        of_log_k=fit_conformal(
            errors["error"], certain, levels=levels, blocks=errors["group"].tolist()
        ),
        of_differences=fit_conformal(
            pairs["error"], spread, levels=levels, blocks=pairs["group"].tolist()
        ),
        constant=constant,
        quadratic=quadratic,
    )


def _errors(frame: pd.DataFrame, predicted: ArrayLike) -> pd.DataFrame:
    errors = np.asarray(predicted, dtype=float) - frame["log_k"].to_numpy()
    return frame[["ligand", "group"]].assign(size=sizes(frame["metal"]), error=errors)


def _variance(pairs: pd.DataFrame) -> tuple[float, float]:
    """The a and b of σ² = a + b·Δ² that fit squared errors best, each ligand counting the same."""
    from scipy.optimize import nnls

    weight = np.sqrt(1 / pairs.groupby("group")["error"].transform("size")).to_numpy()
    columns = np.column_stack([np.ones(len(pairs)), pairs["apart"] ** 2]) * weight[:, None]
    constant, quadratic = nnls(columns, pairs["error"].to_numpy() ** 2 * weight)[0]
    return max(float(constant), _LEAST**2), float(quadratic)
