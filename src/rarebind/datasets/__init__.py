"""Labelled molecules: records, shards, extended XYZ in and out, statistics, checks."""

from rarebind.datasets.bare import write_bare
from rarebind.datasets.card import write_card
from rarebind.datasets.collect import adopt, collect
from rarebind.datasets.compare import Comparison, compare
from rarebind.datasets.importing import ImportReport, Unmatched, import_xyz
from rarebind.datasets.proposals import Proposal
from rarebind.datasets.record import KINDS, Record
from rarebind.datasets.selection import find_level, select_rows
from rarebind.datasets.shards import Dataset, Shard, append
from rarebind.datasets.table import Row, read_table, row_of
from rarebind.datasets.verify import VerifyReport, verify

__all__ = [
    "KINDS",
    "Comparison",
    "Dataset",
    "ImportReport",
    "Proposal",
    "Record",
    "Row",
    "Shard",
    "Unmatched",
    "VerifyReport",
    "adopt",
    "append",
    "collect",
    "compare",
    "find_level",
    "import_xyz",
    "read_table",
    "row_of",
    "select_rows",
    "verify",
    "write_bare",
    "write_card",
]
