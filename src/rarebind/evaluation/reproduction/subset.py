"""A small dataset that resembles a large one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from rarebind.datasets import Dataset, Row, append, compare, find_level, told_apart
from rarebind.datasets.shards import MANIFEST
from rarebind.datasets.statistics import complexes, grouped
from rarebind.errors import InputError

#: What complexes of a kind have in common.
_KIND = ("scaffold", "geometry", "metal")


def labelled(dataset: Dataset, level: str) -> list[Row]:
    """Accepted complexes of `level` that have binding energies.

    Raises
    ------
    InputError
        There is no such level.
    """
    rows = told_apart(dataset.rows())
    found = complexes(rows, find_level(rows, level))
    return [row for row in found if row.binding_kcal_mol is not None]


def stratified(rows: Sequence[Row], number: int) -> list[Row]:
    """So many of `rows`, of each scaffold, geometry and metal in proportion.

    They are drawn at equal steps from the rows in chemical order; which substituents of a kind
    come is left to a hash of their keys, hence always the same.

    Raises
    ------
    InputError
        There are fewer.
    """
    if number > len(rows):
        raise InputError(f"{number} complexes are asked for, and there are {len(rows)}")
    ordered = [
        row for members in grouped(rows, *_KIND).values() for row in sorted(members, key=_drawn)
    ]
    return [ordered[(2 * i + 1) * len(ordered) // (2 * number)] for i in range(number)]


def write_subset(
    dataset: Dataset, level: str, base: str | None, number: int, folder: Path
) -> Dataset:
    """Copy :func:`stratified` complexes of `level`, their like at `base`, and all references.

    A folder that holds a dataset is taken as it is.

    Raises
    ------
    InputError
        There is no such level, there are fewer complexes, or the folder cannot be written.
    """
    if (folder / MANIFEST).is_file():
        return Dataset(folder)
    chosen = stratified(labelled(dataset, level), number)
    keys = _with_partners(dataset, chosen, level, base)
    shards = {row.shard for row in dataset.rows() if row.key in keys or row.kind != "complex"}
    records = dataset.records([shard for shard in dataset.shards if shard.name in shards])
    append((r for r in records if r.kind != "complex" or r.key in keys), folder)
    return Dataset(folder)


def _with_partners(
    dataset: Dataset, chosen: Iterable[Row], level: str, base: str | None
) -> set[str]:
    """Keys of `chosen`, and of what has the same geometry at the base level."""
    keys = {row.key for row in chosen}
    if base is None:
        return keys
    try:
        pairs = compare(dataset, base, level).pairs
    except InputError:
        # Nothing has both levels; whoever asks for differences is told so later.
        return keys
    return keys | {pair.a.key for pair in pairs if pair.b.key in keys}


def _drawn(row: Row) -> str:
    return hashlib.sha256((row.source or row.key).encode()).hexdigest()
