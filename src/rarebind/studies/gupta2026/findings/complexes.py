"""The complexes that the study's statements are about, by what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from pandas import notna

from rarebind.complexes import geometry_order, read_geometry
from rarebind.datasets.selection import find_level
from rarebind.datasets.statistics import complexes, table_of
from rarebind.datasets.table import Row
from rarebind.errors import InputError

#: A substituent takes part when it has this part of the complexes of the one that has most: one
#: with a few metals or geometries would be placed by these alone.
_WELL_COVERED = 0.5
#: Columns of the table by quantity.
_COLUMNS = {"binding": "binding_kcal_mol", "exchange": "exchange_kcal_mol"}

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
    table = table_of(rows)
    rejected = complexes(table, level, accepted=False)
    accepted = complexes(table, level)
    ours = accepted[accepted["scaffold"].isin(scaffolds)]
    known = ours[ours[list(_COLUMNS.values())].notna().any(axis=1)]
    parts = list(Composition._fields)
    # The key decides between equals, whatever order they come in.
    single = known.sort_values(["energy_ev", "key"]).drop_duplicates(parts)
    single = single.astype({"substituent": str}).sort_values(parts)
    number = single.groupby("substituent")["key"].transform("size")
    kept = single[number >= _WELL_COVERED * number.max()]
    if kept.empty:
        raise InputError(
            f"no complex of {', '.join(scaffolds)} has energies at {level}: there is nothing that "
            "the statements could be tested on"
        )
    left_out = {
        "rejected": len(rejected),
        "of other ligands": len(accepted) - len(ours),
        "without energies": len(ours) - len(known),
        "conformers that are not the lowest": len(known) - len(single),
        "of substituents with few metals or geometries": len(single) - len(kept),
    }
    names = [Composition(*map(str, part)) for part in kept[parts].itertuples(index=False)]
    energies = {
        quantity: MappingProxyType(
            {name: value for name, value in zip(names, kept[column], strict=True) if notna(value)}
        )
        for quantity, column in _COLUMNS.items()
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
