"""The files of a dataset: those of the manifest, unchanged, and a table of its lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rarebind.datasets.shards import MANIFEST, SHARDS, TABLE, Dataset
from rarebind.datasets.table import Row
from rarebind.io.files import sha256_of_file


def file_problems(dataset: Dataset) -> Iterator[str]:
    """Shards that are missing, changed, named twice, or not named at all."""
    manifest = dataset.folder / MANIFEST
    names = Counter(shard.name for shard in dataset.shards)
    for name, number in names.items():
        if number > 1:
            yield f"{manifest}: {name} is named {number} times"
    folder = dataset.folder / SHARDS
    present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(present - names.keys()):
        yield f"{folder / name} is not in the manifest: it is no part of the dataset, remove it"
    for shard in dataset.shards:
        path = dataset.path(shard)
        if shard.name not in present:
            yield f"{path} is missing, but the manifest names it"
        elif (found := sha256_of_file(path)) != shard.sha256:
            yield (
                f"{path} is not the file that was published: its SHA-256 is {found}, in the "
                f"manifest {shard.sha256}"
            )


def repeated_keys(dataset: Dataset, rows: Iterable[Row]) -> Iterator[str]:
    """Keys that several lines of the table have."""
    for key, number in Counter(row.key for row in rows).items():
        if number > 1:
            yield f"{dataset.folder / TABLE}: {number} lines have the key {key}"
