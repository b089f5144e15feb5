"""What leads from the exchange energy to equation 1: the energy of hydrating the bare ion.

M3+ + m H2O → [M(H2O)m]3+ does not depend on the ligand, so that equation 1 = exchange energy + this
energy, for every complex of a metal at one level.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rarebind.datasets import Dataset, find_level
from rarebind.datasets.selection import complexes_at
from rarebind.errors import InputError
from rarebind.units import KCAL_PER_EV

#: By metal: energy in eV, None without the bare ion, and waters of the aqua ion.
Hydration = dict[str, tuple[float | None, int]]

#: kcal/mol; the table has three decimals.
_ROUNDING = 0.01


def hydration_energies(dataset: Dataset, level: str) -> Hydration:
    """Of all metals whose complexes `dataset` has at `level` with exchange energies.

    Raises
    ------
    InputError
        There is no such level, or the complexes of a metal do not agree.
    """
    rows = dataset.rows()
    found: dict[str, list[tuple[float | None, int]]] = {}
    for row in complexes_at(rows, find_level(rows, level)):
        if row.exchange_kcal_mol is None or row.aqua_waters is None or row.metal is None:
            continue
        binding = row.binding_kcal_mol
        energy = None if binding is None else binding - row.exchange_kcal_mol
        found.setdefault(row.metal, []).append((energy, row.aqua_waters))
    return {metal: _common(dataset, level, metal, values) for metal, values in found.items()}


def _common(
    dataset: Dataset, level: str, metal: str, found: Sequence[tuple[float | None, int]]
) -> tuple[float | None, int]:
    """What the complexes of a metal agree on."""
    energies = [energy for energy, _ in found if energy is not None]
    if len({waters for _, waters in found}) > 1 or (energies and np.ptp(energies) > _ROUNDING):
        raise InputError(
            f"{dataset.folder}: complexes of {metal} at {level} refer to different aqua ions or "
            "ions: label them with the same references"
        )
    return float(np.mean(energies)) / KCAL_PER_EV if energies else None, found[0][1]
