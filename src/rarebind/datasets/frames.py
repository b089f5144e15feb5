"""Frames of complexes in chemical order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from rarebind.complexes import geometry_order
from rarebind.elements import rare_earths
from rarebind.ligands import scaffolds, substituents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: Columns whose values have an order that is not that of their names.
_ORDERS: dict[str, Callable[[], Iterable[str]]] = {
    "part": lambda: ("train", "val", "test", "external"),
    "metal": rare_earths,
    "scaffold": scaffolds,
    "substituent": substituents,
}


def chemical_rank(column: str, value: str) -> tuple[float, str]:
    """Where a value of a column stands: what sorts by it is in chemical order.

    Metals stand by atomic number, scaffolds and substituents as in the library, parts of a split as
    they are used, geometries with most ligands first, whatever else there is by name.
    """
    if column == "geometry":
        return geometry_order(value)
    order = {name: float(i) for i, name in enumerate(_ORDERS.get(column, tuple)())}
    return order.get(value, math.inf), value


def in_order(column: str, values: Iterable[str]) -> list[str]:
    """The different ones of `values` in chemical order."""
    return sorted(set(values), key=lambda value: chemical_rank(column, value))


def ordered(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The rows of a frame by the values of text columns, in chemical order."""

    def places(values: pd.Series) -> pd.Series:
        return values.map({value: i for i, value in enumerate(in_order(values.name, values))})

    return frame.sort_values(list(columns), key=places, kind="stable")


def grouped(frame: pd.DataFrame, *columns: str) -> Any:
    """:func:`ordered` rows in groups of equal values, whose names are tuples."""
    return ordered(frame, *columns).groupby(list(columns), sort=False)
