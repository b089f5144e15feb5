"""Complexes compared in pairs that differ in one thing, and the one rule for all verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from rarebind.errors import InputError
from rarebind.evaluation.metrics import RESAMPLES, SEED, interval_of_mean
from rarebind.studies.gupta2026.findings.energies import COMPOSITION

#: Stands for all geometries together.
ALL = "all"
HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot be told"
#: Differences up to this, in kcal/mol, tell nothing: turning one and the same complex on the grid
#: of the ALPB continuum changes its energy over a range of 0.15 (docs/physics.md, limits).  No
#: number of ligands averages that out where all are compared with the same two references.
NOISE = 0.15
#: Columns of comparisons, and what they hold.
COMPARISON = {
    "first": "name of what is compared",
    "second": "name of what it is compared with",
    "geometry": f"only this one, or {ALL}",
    "pairs": "of complexes",
    "groups": "ligands, or pairs of ligands, that these are of",
    "mean": "of E(first) − E(second), kcal/mol; negative where the first binds more strongly; NaN "
    "without pairs",
    "share": "of the pairs in which the first binds more strongly; NaN without pairs",
    "low": "end of the 95 % percentile bootstrap interval of the mean over groups; NaN with fewer "
    "than five of them",
    "high": "the other end",
    "verdict": "whether the first binds more strongly, by verdict_of",
}


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


def verdict_of(low: float, high: float) -> str:
    """Whether the first binds more strongly than the second.

    Parameters
    ----------
    low, high
        Interval of E(first) − E(second), kcal/mol; NaN where there are too few ligands for one.
    """
    if high < -NOISE:
        return HOLDS
    return FAILS if low > NOISE else UNKNOWN


def combined(parts: Iterable[str]) -> str:
    """Of a statement that is made of several: it holds when all of them do, fails when one does."""
    found = set(parts)
    if FAILS in found:
        return FAILS
    return HOLDS if found == {HOLDS} else UNKNOWN


def beside(energies: pd.DataFrame, quantity: str, column: str) -> pd.DataFrame:
    """Complexes side by side that are equal but for `column`, kcal/mol.

    Returns
    -------
    DataFrame
        A column for each value of `column`, indexed by the rest of the composition.
    """
    return energies.pivot_table(quantity, [name for name in COMPOSITION if name != column], column)


def differences(wide: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """Columns less each other.

    Parameters
    ----------
    wide
        As :func:`beside` gives it.
    pairs
        Of columns; where one is not there, there are no differences.

    Returns
    -------
    DataFrame
        A row a pair of complexes: ``first``, ``second``, what both have in common, and
        ``difference``, kcal/mol.
    """
    found = [
        (wide[first] - wide[second])
        .dropna()
        .rename("difference")
        .reset_index()
        .assign(first=first, second=second)
        for first, second in pairs
        if {first, second} <= set(wide)
    ]
    columns = ["first", "second", *wide.index.names, "difference"]
    nothing = pd.DataFrame(columns=columns).astype({"difference": float})
    return pd.concat(found, ignore_index=True)[columns] if found else nothing


def everywhere(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a frame, and once more as those of all geometries together."""
    return pd.concat([frame, frame.assign(geometry=ALL)], ignore_index=True)


def compared(
    pairs: pd.DataFrame,
    names: Iterable[tuple[str, str]],
    geometries: Iterable[str],
    resampling: Resampling,
) -> pd.DataFrame:
    """Comparisons, geometry by geometry.

    Parameters
    ----------
    pairs
        A row a pair of complexes: ``first``, ``second``, ``geometry``, ``difference``, and
        ``group``: the ligands that are compared, which is what the bootstrap draws from.
    names
        What is compared with what, whether there are pairs of it or not.
    geometries
        Those to be told of, :data:`ALL` for all together.

    Returns
    -------
    DataFrame
        With the columns of :data:`COMPARISON`.
    """
    parts = dict(list(everywhere(pairs).groupby(["first", "second", "geometry"])))
    keys = [(*pair, geometry) for pair in names for geometry in geometries]
    rows = [(*key, *_comparison(parts.get(key, pairs[:0]), resampling)) for key in keys]
    return pd.DataFrame(rows, columns=list(COMPARISON))


def records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Comparisons as plain data for JSON."""
    rows = []
    for row in found[list(COMPARISON)].to_dict("records"):
        low, high, verdict = (row.pop(name) for name in ("low", "high", "verdict"))
        plain = {name: None if pd.isna(value) else value for name, value in row.items()}
        interval = None if pd.isna(low) else [low, high]
        rows.append({**plain, "interval": interval, "verdict": verdict})
    return rows


def _comparison(part: pd.DataFrame, resampling: Resampling) -> tuple[Any, ...]:
    if part.empty:
        return 0, 0, np.nan, np.nan, np.nan, np.nan, UNKNOWN
    values = part.difference.to_numpy(dtype=float)
    low, high = interval_of_mean(
        values, part.group, resamples=resampling.resamples, seed=resampling.seed
    ) or (np.nan, np.nan)
    mean, share = float(values.mean()), float((values < 0).mean())
    return len(part), part.group.nunique(), mean, share, low, high, verdict_of(low, high)
