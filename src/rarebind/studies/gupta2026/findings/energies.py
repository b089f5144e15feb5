"""The complexes that the study's statements are about, by what they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from rarebind.complexes import read_geometry
from rarebind.datasets.frames import in_order, ordered
from rarebind.datasets.selection import find_level
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import QUANTITIES
from rarebind.io.tables import frame_of

#: What a complex is made of: all that two compared ones may differ in.
COMPOSITION = ["scaffold", "substituent", "metal", "geometry"]
#: A substituent takes part when it has this part of the complexes of the one that has most: one
#: with a few metals or geometries would be placed by these alone.
_WELL_COVERED = 0.5


@dataclass(frozen=True, eq=False)
class Selection:
    """Energies at one level, and what was left out.

    Attributes
    ----------
    level
        As the dataset prints it.
    energies
        A row a complex, in chemical order: the columns of :data:`COMPOSITION`, ``ligand``
        (scaffold and substituent as one name), and ``binding`` and ``exchange``, kcal/mol, NaN
        where it has none.
    left_out
        Complexes of that level that do not count, by reason.
    """

    level: str
    energies: pd.DataFrame
    left_out: Mapping[str, int]

    @property
    def quantities(self) -> list[str]:
        """Those of :data:`~rarebind.evaluation.outcomes.QUANTITIES` that some complex has."""
        return [name for name in QUANTITIES if self.energies[name].notna().any()]


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
    table = frame_of((row for row in rows if row.kind == "complex" and row.level == level), Row)
    table = table.rename(columns={f"{name}_kcal_mol": name for name in QUANTITIES})
    accepted = table[table.status == "ok"]
    ours = accepted[accepted.scaffold.isin(scaffolds)]
    labelled = ours[np.isfinite(ours[list(QUANTITIES)]).any(axis=1)]
    # The key decides between equals, whatever order they come in.
    single = labelled.sort_values(["energy_ev", "key"]).drop_duplicates(COMPOSITION)
    counts = single.substituent.map(single.substituent.value_counts())
    kept = single[counts >= _WELL_COVERED * counts.max()]
    if kept.empty:
        raise InputError(
            f"no complex of {', '.join(scaffolds)} has energies at {level}: there is nothing that "
            "the statements could be tested on"
        )
    left_out = {
        "rejected": len(table) - len(accepted),
        "of other ligands": len(accepted) - len(ours),
        "without energies": len(ours) - len(labelled),
        "conformers that are not the lowest": len(labelled) - len(single),
        "of substituents with few metals or geometries": len(single) - len(kept),
    }
    energies = ordered(kept, *COMPOSITION)[[*COMPOSITION, *QUANTITIES]].reset_index(drop=True)
    energies.insert(2, "ligand", energies.scaffold + "-" + energies.substituent)
    return Selection(level, energies, {why: number for why, number in left_out.items() if number})


def geometries(energies: pd.DataFrame) -> list[str]:
    """Those that there are, with most ligands first."""
    return in_order("geometry", energies.geometry)


def ligands_of(geometry: str) -> int:
    """Number of ligands: 3 of ``3:2``."""
    return read_geometry(geometry).number
