"""Labelled molecules: records, shards, extended XYZ in and out, statistics, checks."""

from rarebind.datasets.adopt import adopt
from rarebind.datasets.collect import collect
from rarebind.datasets.record import KINDS, Record
from rarebind.datasets.shards import Dataset, Shard, append
from rarebind.datasets.table import Row, read_table, row_of

__all__ = [
    "KINDS",
    "Dataset",
    "Record",
    "Row",
    "Shard",
    "adopt",
    "append",
    "collect",
    "read_table",
    "row_of",
]
