"""Screen ligands: compute or predict, rank, compare, write.

Names are loaded when they are first asked for: :mod:`rarebind.screening.options` loads no
chemistry.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "asked": ("specs_for",),
    "computed": ("plan_screen", "screen_by_calculation"),
    "estimates": ("Estimates",),
    "options": ("MODEL", "Options", "Pair"),
    "outputs": ("write_outputs",),
    "reporting": ("report",),
    "request": ("Prepared", "Request"),
    "screen": ("Entry", "Interval", "Prediction", "Screen", "Watch"),
    "short_list": ("ShortList", "ShortListRequest", "compute_short_list", "short_list_request"),
    "short_list_table": ("ShortListRow", "short_list_rows"),
    "stability": ("Stability", "compute_stability"),
    "table": ("UNITS", "Row", "estimates_of", "ranked_rows", "unit_factor"),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Load what has its home in a module of this package."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*globals(), *_HOME]
