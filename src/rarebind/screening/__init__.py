"""Screen ligands: compute or predict, rank, compare, write."""

from rarebind.screening.computed import plan_screen, screen_by_calculation
from rarebind.screening.options import check_unit
from rarebind.screening.outputs import write_outputs
from rarebind.screening.pairs import Pair, read_pairs
from rarebind.screening.prediction import Prediction
from rarebind.screening.report import report
from rarebind.screening.request import Prepared, Request
from rarebind.screening.screen import MODEL, Entry, Interval, Screen, Watch, specs_for
from rarebind.screening.short_list import (
    ShortList,
    ShortListRequest,
    compute_short_list,
    short_list_request,
)
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import UNITS, Row, estimates_of, ranked_rows

__all__ = [
    "MODEL",
    "UNITS",
    "Entry",
    "Interval",
    "Pair",
    "Prediction",
    "Prepared",
    "Request",
    "Row",
    "Screen",
    "ShortList",
    "ShortListRequest",
    "ShortListRow",
    "Watch",
    "check_unit",
    "compute_short_list",
    "estimates_of",
    "plan_screen",
    "ranked_rows",
    "read_pairs",
    "report",
    "screen_by_calculation",
    "short_list_request",
    "short_list_rows",
    "specs_for",
    "write_outputs",
]
