"""How far predictions are off, and how sure that number is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from types import MappingProxyType

import numpy as np

from rarebind.errors import InputError
from rarebind.evaluation.bootstrap import agreement, intervals
from rarebind.evaluation.groups import COLUMNS, grouped
from rarebind.evaluation.outcomes import Outcome, energies

#: Default seed and number of bootstrap samples.
SEED = 111111
RESAMPLES = 2000


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", MappingProxyType(dict(self.intervals)))

    def data(self) -> dict[str, object]:
        """Plain data for JSON."""
        plain: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        return plain | {"intervals": {name: list(span) for name, span in self.intervals.items()}}


def metrics(
    found: Sequence[Outcome],
    *,
    quantity: str | None = None,
    groups: str | None = "ligand",
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Metrics:
    """Compare predictions with what was computed.

    Parameters
    ----------
    quantity
        ``binding`` (equation 1) or ``exchange``; by default equation 1 where all have it.  The
        errors are the same, yet r² and slope are not, as equation 1 has a constant of each metal
        that no ligand has a part in.
    groups
        What the bootstrap resamples: all complexes of a ligand together (or of another of
        :data:`~rarebind.evaluation.groups.COLUMNS`), because their errors are alike, so that
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
    if not found:
        raise InputError("there are no predictions to compare: this part of the split is empty")
    if groups is not None and groups not in COLUMNS:
        raise InputError(f"outcomes have no {groups!r} to resample: give {', '.join(COLUMNS)}")
    if resamples < 0:
        raise InputError(f"resamples must be 0 or more, got {resamples}")
    truth, predicted = energies(found, quantity)
    numbers = {
        name: None if np.isnan(value) else value
        for name, value in agreement(truth, predicted).items()
    }
    slope = numbers["slope"]
    # By name, so that the order of the outcomes does not matter.
    names = [getattr(outcome, groups or "key") for outcome in found]
    _, members = np.unique(names, return_inverse=True)
    return Metrics(
        n=len(found),
        groups=int(members.max()) + 1,
        max_error=float(np.abs(predicted - truth).max()),
        intercept=None if slope is None else float(predicted.mean() - slope * truth.mean()),
        intervals=intervals(truth, predicted, members, resamples=resamples, seed=seed),
        **numbers,  # type: ignore[arg-type]
    )


def by(
    found: Sequence[Outcome],
    column: str,
    *,
    quantity: str | None = None,
    groups: str | None = "ligand",
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, Metrics]:
    """:func:`metrics` of each metal, scaffold, geometry or the like, in chemical order.

    Parameters
    ----------
    column
        One of :data:`~rarebind.evaluation.groups.COLUMNS`.
    quantity, groups, resamples, seed
        As :func:`metrics` takes them.

    Raises
    ------
    InputError
        As :func:`metrics` raises it.
    """
    return {
        value: metrics(members, quantity=quantity, groups=groups, resamples=resamples, seed=seed)
        for (value,), members in grouped(found, column).items()
    }
