"""The complexes that the study's statements are about, by what they are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from rarebind.complexes import geometry_order, read_geometry
from rarebind.datasets.selection import find_level
from rarebind.datasets.statistics import complexes, grouped
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import QUANTITIES

#: A substituent takes part when it has this part of the complexes of the one that has most: one
#: with a few metals or geometries would be placed by these alone.
_WELL_COVERED = 0.5

Energies = Mapping["Composition", float]


class Composition(NamedTuple):
    """What a complex is made of: all that two compared ones may differ in.

    Attributes
    ----------
    scaffold, substituent, metal
        Names.
    geometry
        Ligands to waters, such as ``4:0``.
    """

    scaffold: str
    substituent: str
    metal: str
    geometry: str

    @property
    def ligand(self) -> str:
        """Scaffold and substituent as one name."""
        return f"{self.scaffold}-{self.substituent}"


@dataclass(frozen=True)
class Selection:
    """Energies at one level, and what was left out.

    Attributes
    ----------
    level
        As the dataset prints it.
    complexes
        How many there are.
    energies
        By quantity (``binding``, ``exchange``) and composition, kcal/mol; complexes without one
        are absent from it.  In chemical order.
    left_out
        Complexes of that level that do not count, by reason.
    """

    level: str
    complexes: int
    energies: Mapping[str, Energies]
    left_out: Mapping[str, int]


def select(rows: Iterable[Row], level: str, scaffolds: Sequence[str]) -> Selection:
    """The complexes of `scaffolds` at one level, one for each composition.

    Parameters
    ----------
    rows
        Table of a dataset.
    level
        As printed, or a name such as ``gfn2-xtb``.

    Raises
    ------
    InputError
        There is no such level, or it has no such complex with energies.
    """
    rows = list(rows)
    level = find_level(rows, level)
    rejected = complexes(rows, level, accepted=False)
    accepted = complexes(rows, level)
    ours = [row for row in accepted if row.scaffold in scaffolds]
    labelled = [row for row in ours if _energies(row)]
    single = _lowest(labelled)
    kept = _well_covered(single)
    if not kept:
        raise InputError(
            f"no complex of {', '.join(scaffolds)} has energies at {level}: there is nothing that "
            "the statements could be tested on"
        )
    left_out = {
        "rejected": len(rejected),
        "of other ligands": len(accepted) - len(ours),
        "without energies": len(ours) - len(labelled),
        "conformers that are not the lowest": len(labelled) - len(single),
        "of substituents with few metals or geometries": len(single) - len(kept),
    }
    known = {key: _energies(row) for key, row in kept.items()}
    energies = {
        name: MappingProxyType({key: found[name] for key, found in known.items() if name in found})
        for name in QUANTITIES
    }
    return Selection(
        level,
        len(kept),
        MappingProxyType(energies),
        MappingProxyType({reason: number for reason, number in left_out.items() if number}),
    )


def having(energies: Energies, **parts: str) -> dict[Composition, float]:
    """Those of a scaffold, substituent, metal or geometry."""
    wanted = [(Composition._fields.index(name), value) for name, value in parts.items()]
    return {
        composition: energy
        for composition, energy in energies.items()
        if all(composition[i] == value for i, value in wanted)
    }


def geometries(energies: Energies) -> tuple[str, ...]:
    """Those that there are, with most ligands first."""
    found = {composition.geometry for composition in energies}
    return tuple(sorted(found, key=geometry_order))


def ligands_of(geometry: str) -> int:
    """Number of ligands: 3 of ``3:2``."""
    return read_geometry(geometry).number


def _energies(row: Row) -> dict[str, float]:
    found = {"binding": row.binding_kcal_mol, "exchange": row.exchange_kcal_mol}
    return {
        name: value for name, value in found.items() if value is not None and math.isfinite(value)
    }


def _lowest(rows: Iterable[Row]) -> dict[Composition, Row]:
    """By composition, in chemical order."""
    found: dict[Composition, Row] = {}
    columns = Composition._fields
    for key, members in grouped(rows, *columns).items():
        # The key decides between equals, whatever order they come in.
        found[Composition(*key)] = min(members, key=lambda row: (row.energy_ev, row.key))
    return found


def _well_covered(found: Mapping[Composition, Row]) -> dict[Composition, Row]:
    counts: dict[str, int] = {}
    for composition in found:
        counts[composition.substituent] = counts.get(composition.substituent, 0) + 1
    most = max(counts.values(), default=0)
    return {
        composition: row
        for composition, row in found.items()
        if counts[composition.substituent] >= _WELL_COVERED * most
    }
