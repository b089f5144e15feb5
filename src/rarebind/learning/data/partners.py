"""The complexes whose energy is taken off: at a base level, or with the reference metal."""

from __future__ import annotations

from collections.abc import Sequence

from rarebind.binding import lowest
from rarebind.complexes import TEMPLATE_METAL
from rarebind.datasets import Dataset, Row, compare, find_level
from rarebind.engines import LEVELS
from rarebind.errors import InputError
from rarebind.learning.data.targets import Target

#: Names that a message lists.
_NAMED = 3


def anchors(chosen: Sequence[Row]) -> dict[str, Row]:
    """The complex of the reference metal of each other complex, by the other's key."""
    there = lowest(
        ((_place(row), row) for row in chosen if row.metal == TEMPLATE_METAL),
        lambda row: row.exchange_kcal_mol or 0.0,
    )
    return {
        row.key: there[_place(row)]
        for row in chosen
        if row.metal != TEMPLATE_METAL and _place(row) in there
    }


def _place(row: Row) -> tuple[str, str, int | None]:
    """What complexes of one series have in common."""
    return row.inchikey or "", row.geometry or "", row.coordination_number


def at_base(
    dataset: Dataset, rows: Sequence[Row], chosen: Sequence[Row], target: Target, base: str
) -> dict[str, Row]:
    """Rows at the base level in the geometries of `chosen`, by the keys of these.

    Raises
    ------
    InputError
        There is no such level, it is that of `chosen`, or one of these lacks it.
    """
    level, base = chosen[0].level, find_level(rows, base)
    if level == base:
        raise InputError(f"the level and its base are both {level}: give another base level")
    advice = f"compute what is missing with `{label_command(dataset, base)}`"
    try:
        pairs = compare(dataset, base, level).pairs
    except InputError as error:
        raise InputError([*error.problems, advice]) from error
    # Several records may share a geometry; a pair is of one of them.
    found = {pair.b.source or pair.b.key: pair.a for pair in pairs if pair.has(target.quantity)}
    missing = [row.label for row in chosen if (row.source or row.key) not in found]
    if missing:
        first = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        energies = "exchange energies" if target.quantity == "exchange" else "binding energies"
        raise InputError(
            f"{len(missing)} of {len(chosen)} complexes at {level} have no {energies} at "
            f"{base} in the same geometry ({first}): {advice}"
        )
    return {row.key: found[row.source or row.key] for row in chosen}


def label_command(dataset: Dataset, level: str) -> str:
    """What computes `level` on the geometries of `dataset`."""
    name = next((name for name, known in LEVELS.items() if str(known) == level), level)
    return f"rarebind label {dataset.folder} --level {name}"
