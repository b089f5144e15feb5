"""Screen ligands: run, rank, write."""

from rarebind.screening.outputs import report, write_outputs
from rarebind.screening.screen import Entry, Screen, plan_screen, screen, specs_for
from rarebind.screening.table import UNITS, Row, ranked_rows

__all__ = [
    "UNITS",
    "Entry",
    "Row",
    "Screen",
    "plan_screen",
    "ranked_rows",
    "report",
    "screen",
    "specs_for",
    "write_outputs",
]
