"""A dataset on disk: packed shards that are never rewritten, a manifest, a table.

::

    data/
      manifest.csv             shards with their SHA-256
      table.csv                one line a record
      shards/complex-0001.extxyz.bz2 …

A shard counts once the manifest names it, and the manifest is replaced in one step: whatever is
interrupted leaves the dataset as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rarebind.datasets.extxyz import read_records, write_records
from rarebind.datasets.record import KINDS, Record
from rarebind.datasets.table import Row, read_table, row_of, table_text
from rarebind.errors import InputError
from rarebind.io.files import (
    check_writable,
    make_folder,
    replace_file,
    sha256_of_file,
    write_packed,
)
from rarebind.io.tables import read_rows, rows_text
from rarebind.io.xyz import XYZFrame, read_frames

#: On coordinates bzip2 is far faster than xz, and its files are little larger.
SUFFIX = ".extxyz.bz2"
#: Records in a shard: enough to pack well, few enough to read one alone.
SHARD_SIZE = 500
MANIFEST, TABLE, SHARDS = "manifest.csv", "table.csv", "shards"


@dataclass(frozen=True)
class Shard:
    """A line of the manifest.

    Attributes
    ----------
    name
        File in ``shards/``.
    kind, level
        What all its records are, and the level of theory of their energies.
    records, frames
        Molecules and geometries in it.
    sha256
        Of the packed file.
    """

    name: str
    kind: str
    level: str
    records: int
    frames: int
    sha256: str


class Dataset:
    """A dataset folder, opened for reading.

    Parameters
    ----------
    folder
        With a manifest in it.

    Raises
    ------
    InputError
        There is no dataset, or its manifest cannot be read.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        if not (self.folder / MANIFEST).is_file():
            raise InputError(
                f"{self.folder} is no dataset (it has no {MANIFEST}): make one with "
                "`rarebind dataset publish` or `rarebind dataset import`"
            )
        self.shards = read_rows(self.folder / MANIFEST, Shard)

    def path(self, shard: Shard) -> Path:
        """Where `shard` lies."""
        return self.folder / SHARDS / shard.name

    def rows(self) -> list[Row]:
        """The table, in the order of the shards."""
        return read_table(self.folder / TABLE)

    def records(self, shards: Sequence[Shard] | None = None) -> Iterator[Record]:
        """All records, or those of `shards`, in their order.

        Raises
        ------
        InputError
            A shard is missing, damaged or holds something else; file and line are named.
        """
        for shard in self.shards if shards is None else shards:
            yield from read_records(read_frames(self.path(shard)))

    def records_of(self, rows: Iterable[Row], *, frames: bool = False) -> dict[str, Record]:
        """The records of some lines of the table, by key.

        Parameters
        ----------
        frames
            Whether the geometries on the way to the final ones come too.

        Raises
        ------
        InputError
            A record is not where the table has it, or as :meth:`records` raises it.
        """
        keys: dict[str, set[str]] = {}
        for row in rows:
            keys.setdefault(row.shard, set()).add(row.key)
        found = {
            record.key: record
            for shard in self.shards
            if shard.name in keys
            for record in read_records(_wanted(self.path(shard), keys[shard.name], frames=frames))
        }
        if absent := set().union(*keys.values()) - found.keys():
            raise InputError(
                f"{self.folder}: {len(absent)} records of the table are not in their shards: see "
                f"`rarebind dataset verify {self.folder}`"
            )
        return found


def _wanted(path: Path, keys: set[str], *, frames: bool) -> Iterator[XYZFrame]:
    """The frames of `keys`; most of the time goes into parsing, so the others are passed over."""
    for frame in read_frames(path):
        head = frame.text.split("\n", 2)[1]
        key = re.search(r'(?:^|\s)key="?([^\s"]+)', head)
        final = frames or re.search(r"(?:^|\s)role=end(?:\s|$)", head)
        if final and key and key[1] in keys:
            yield frame


def append(
    records: Iterable[Record], folder: Path | str, on_shard: Callable[[Shard], None] | None = None
) -> list[Shard]:
    """Add records to a dataset in new shards; the folder is made when absent.

    Records whose key is in the dataset already are left out, so that a growing campaign can be
    added again and again.

    Parameters
    ----------
    records
        In the order in which they should stand.
    folder
        Of the dataset.
    on_shard
        Told of every new shard.

    Returns
    -------
    list
        The new shards.

    Raises
    ------
    InputError
        The folder holds something else.
    """
    folder = Path(folder)
    check_writable(folder, what="the dataset")
    old, rows = ([], []) if not (folder / MANIFEST).exists() else _state(folder)
    known = {row.key for row in rows}
    new = {record.key: record for record in records if record.key not in known}
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in new.values():
        groups.setdefault((record.kind, str(record.calculation.level)), []).append(record)
    made: list[Shard] = []
    make_folder(folder / SHARDS)
    for (kind, level), members in sorted(groups.items(), key=lambda item: _rank(item[0])):
        number = sum(shard.kind == kind for shard in [*old, *made])
        for start in range(0, len(members), SHARD_SIZE):
            part = members[start : start + SHARD_SIZE]
            number += 1
            name = f"{kind}-{number:04d}{SUFFIX}"
            path = folder / SHARDS / name
            write_packed(path, write_records(part))
            rows += [row_of(record, name) for record in part]
            frames = sum(1 + len(record.calculation.intermediates) for record in part)
            made.append(Shard(name, kind, level, len(part), frames, sha256_of_file(path)))
            if on_shard is not None:
                on_shard(made[-1])
    if made:
        replace_file(folder / TABLE, table_text(rows))
        replace_file(folder / MANIFEST, rows_text([*old, *made], Shard))
    return made


def _state(folder: Path) -> tuple[list[Shard], list[Row]]:
    dataset = Dataset(folder)
    named = {shard.name for shard in dataset.shards}
    # A table that ran ahead of the manifest was written just before an interruption.
    return dataset.shards, [row for row in dataset.rows() if row.shard in named]


def _rank(group: tuple[str, str]) -> tuple[int, str]:
    kind, level = group
    return KINDS.index(kind), level
