"""Outcomes that have something in common, in chemical order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rarebind.complexes import geometry_order
from rarebind.elements import rare_earths
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import Outcome
from rarebind.ligands import scaffolds, substituents

#: What outcomes can be grouped by.
COLUMNS = ("part", "metal", "ligand", "scaffold", "substituent", "geometry")
_PARTS = ("train", "val", "test", "external")


def grouped(found: Iterable[Outcome], *columns: str) -> dict[tuple[str, ...], list[Outcome]]:
    """Outcomes by the values of `columns`.

    Metals stand by atomic number, scaffolds and substituents as in the library, geometries with
    most ligands first, whatever else there is by name.

    Raises
    ------
    InputError
        No such column.
    """
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise InputError(f"outcomes have no {unknown[0]!r} to group by: give {', '.join(COLUMNS)}")
    groups: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in found:
        groups.setdefault(tuple(getattr(outcome, name) for name in columns), []).append(outcome)
    ranks = {
        (name, value): _rank(name, value)
        for key in groups
        for name, value in zip(columns, key, strict=True)
    }
    ordered = sorted(
        groups, key=lambda key: [ranks[part] for part in zip(columns, key, strict=True)]
    )
    return {key: groups[key] for key in ordered}


def values(found: Iterable[Outcome], column: str) -> list[str]:
    """The different values in `column`, in the order of :func:`grouped`."""
    return [key[0] for key in grouped(found, column)]


def one_a_complex(found: Sequence[Outcome]) -> list[Outcome]:
    """One outcome for each metal, ligand and geometry, where several conformers were computed.

    It is the one of lowest computed energy, which is the complex that there is; a model that finds
    a high conformer more stable does not choose which one it is asked about.
    """
    best: dict[tuple[str, str, str], Outcome] = {}
    for outcome in found:
        name = (outcome.metal, outcome.ligand, outcome.geometry)
        # The key decides between equals, whatever order they come in.
        known = best.setdefault(name, outcome)
        if (outcome.truth, outcome.key) < (known.truth, known.key):
            best[name] = outcome
    return list(best.values())


def _rank(column: str, value: str) -> tuple[float, str]:
    known: Iterable[str] = ()
    if column == "part":
        known = _PARTS
    elif column == "metal":
        known = rare_earths()
    elif column == "scaffold":
        known = scaffolds()
    elif column == "substituent":
        known = substituents()
    elif column == "geometry":
        return geometry_order(value)
    position = {name: float(i) for i, name in enumerate(known)}
    return position.get(value, math.inf), value
