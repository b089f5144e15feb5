"""A small dataset that resembles a large one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from rarebind.datasets import Dataset, Row, append, compare, find_level
from rarebind.datasets.frames import chemical_rank
from rarebind.datasets.selection import complexes_at
from rarebind.datasets.shards import MANIFEST
from rarebind.errors import InputError
from rarebind.io.tables import NONE

#: What complexes of a kind have in common.
_KIND = ("scaffold", "geometry", "metal")


def labelled(dataset: Dataset, level: str) -> list[Row]:
    """Accepted complexes of `level` that have binding energies.

    Raises
    ------
    InputError
        There is no such level.
    """
    rows = dataset.rows()
    found = complexes_at(rows, find_level(rows, level))
    return [row for row in found if row.binding_kcal_mol is not None]


def at_both(dataset: Dataset, level: str, base: str) -> dict[str, tuple[Row, Row]]:
    """Complexes of `level` and their like at `base` in the same geometry, by the former's keys."""
    try:
        pairs = compare(dataset, base, level).pairs
    except InputError:
        # Nothing has both levels; whoever asks for differences is told so later.
        return {}
    return {pair.b.key: (pair.b, pair.a) for pair in pairs}


def stratified(rows: Sequence[Row], number: int, which: str = "") -> list[Row]:
    """So many of `rows`, of each scaffold, geometry and metal in proportion.

    They are drawn at equal steps from the rows in chemical order; which substituents of a kind
    come is left to a hash of their keys, hence always the same.

    Parameters
    ----------
    which
        What they are, for the error.

    Raises
    ------
    InputError
        There are fewer.
    """
    if number > len(rows):
        raise InputError(f"{number} complexes are asked for, and there are {len(rows)}{which}")
    ordered = sorted(rows, key=lambda row: (*(_rank(row, name) for name in _KIND), _drawn(row)))
    return [ordered[(2 * i + 1) * len(ordered) // (2 * number)] for i in range(number)]


def write_subset(
    dataset: Dataset, level: str, base: str | None, number: int, folder: Path
) -> Dataset:
    """Copy :func:`stratified` complexes of `level`, and all references.

    With a base they are drawn from those that have both levels in the same geometry, so that
    differences of levels and energies of one are learned of the same complexes.  A folder that
    holds a dataset is taken as it is.

    Raises
    ------
    InputError
        There is no such level, there are fewer complexes, or the folder cannot be written.
    """
    if (folder / MANIFEST).is_file():
        return Dataset(folder)
    if both := {} if base is None else at_both(dataset, level, base):
        drawn = stratified([row for row, _ in both.values()], number, f" at {level} and {base}")
        keys = {row.key for chosen in drawn for row in both[chosen.key]}
    else:
        keys = {row.key for row in stratified(labelled(dataset, level), number)}
    shards = {row.shard for row in dataset.rows() if row.key in keys or row.kind != "complex"}
    records = dataset.records([shard for shard in dataset.shards if shard.name in shards])
    append((r for r in records if r.kind != "complex" or r.key in keys), folder)
    return Dataset(folder)


def _rank(row: Row, column: str) -> tuple[float, str]:
    return chemical_rank(column, getattr(row, column) or NONE)


def _drawn(row: Row) -> str:
    return hashlib.sha256((row.source or row.key).encode()).hexdigest()
