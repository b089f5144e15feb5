"""Computed columns beside measured constants: from a file, by ligand and metal."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.elements import STUDY_METALS
from rarebind.errors import InputError
from rarebind.experiment.descriptors import sizes
from rarebind.io.files import read_text

if TYPE_CHECKING:
    import pandas as pd

#: What rows are found by.
_KEYS = ("ligand", "metal")


def with_computed(
    frame: pd.DataFrame, path: Path | str, columns: Sequence[str] = ()
) -> tuple[pd.DataFrame, tuple[str, ...], tuple[str, ...]]:
    """Rows of a frame that have computed values, with these.

    Parameters
    ----------
    frame
        As :func:`~rarebind.experiment.experiment_frame` gives it.
    path
        CSV with ``ligand`` (as the table of constants names it), ``metal``, and columns of numbers,
        such as a computed log K; rows with an empty cell are left out, and metals between those
        that a ligand has get values between theirs (:func:`between_metals`).
    columns
        Which of them; default: all.

    Returns
    -------
    DataFrame, tuple of str, tuple of str
        The rows, the names of the computed columns, and the ligands that have none.

    Raises
    ------
    InputError
        The file cannot be read, a column is missing, no number or has the name of another one, a
        pair is there twice, or no pair is that of a constant.
    """
    table = _table(path, columns)
    names = tuple(name for name in table if name not in _KEYS)
    if not names:
        raise InputError(f"{path} has no column beside {' and '.join(_KEYS)}: give computed values")
    if taken := [name for name in names if name in frame]:
        raise InputError(f"{path}: the column {taken[0]} has the name of another: rename it")
    problems = [*_numbers(table, names, path), *_twice(table, path)]
    if problems:
        raise InputError(problems)
    between = between_metals(table.dropna())
    found: pd.DataFrame = frame.merge(between, on=list(_KEYS), how="inner")
    if found.empty:
        told = ", ".join(map(str, table["ligand"].unique()[:3]))
        raise InputError(
            f"{path}: no ligand and metal is that of a measured constant; it has {told}, the "
            f"constants have {', '.join(frame['ligand'].unique()[:3])}: name ligands alike"
        )
    missing = [name for name in frame["ligand"].unique() if name not in set(found["ligand"])]
    return found, names, tuple(missing)


def between_metals(computed: pd.DataFrame) -> pd.DataFrame:
    """Values of all lanthanides, and Y, from those that some of them have.

    Parameters
    ----------
    computed
        ``ligand``, ``metal``, and columns of numbers.

    Returns
    -------
    DataFrame
        The same with a row for every ligand and lanthanide, and Y, whose ionic radius lies between
        those of two that the ligand has: linear in the radius there.  What was given stays.
    """
    import pandas as pd

    names = [name for name in computed if name not in _KEYS]
    parts = [computed]
    for ligand, own in computed.groupby("ligand", sort=False):
        known = own.assign(size=sizes(own["metal"])).sort_values("size")
        missing = [metal for metal in STUDY_METALS if metal not in set(own["metal"])]
        at = sizes(missing)
        inside = (at > known["size"].iloc[0]) & (at < known["size"].iloc[-1])
        rows = {name: np.interp(at, known["size"], known[name].astype(float)) for name in names}
        parts.append(pd.DataFrame({"ligand": ligand, "metal": missing, **rows})[inside])
    return pd.concat(parts, ignore_index=True)


def _table(path: Path | str, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd

    try:
        table = pd.read_csv(io.StringIO(read_text(path)), dtype=str, skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path}: not readable as CSV ({error})") from error
    if missing := [name for name in (*_KEYS, *columns) if name not in table]:
        raise InputError(
            f"{path} has no column {' and '.join(missing)}: its columns are {', '.join(table)}"
        )
    return table[[*_KEYS, *columns]] if columns else table


def _numbers(table: pd.DataFrame, names: tuple[str, ...], path: Path | str) -> list[str]:
    """Make the columns numbers; what is wrong with them."""
    import pandas as pd

    problems = []
    for name in names:
        numbers = pd.to_numeric(table[name], errors="coerce")
        wrong = table[name].notna() & ~np.isfinite(numbers)
        problems += [
            f"{path}, line {line + 2}: {name} {table[name][line]!r} is no finite number"
            for line in table.index[wrong][:5]
        ]
        table[name] = numbers
    return problems


def _twice(table: pd.DataFrame, path: Path | str) -> list[str]:
    twice = table[table.duplicated(list(_KEYS))]
    return [
        f"{path}, line {row.Index + 2}: {row.metal} with {row.ligand} is there twice: keep one"
        for row in twice.head(5).itertuples()
    ]
