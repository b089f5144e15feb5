"""What leads from the exchange energy to equation 1: the energy of hydrating the bare ion.

M3+ + m H2O → [M(H2O)m]3+ does not depend on the ligand, so that equation 1 = exchange energy + this
energy, for every complex of a metal at one level.
"""

from __future__ import annotations

import numpy as np

from rarebind.datasets import Dataset, find_level
from rarebind.datasets.statistics import complexes
from rarebind.errors import InputError
from rarebind.units import KCAL_PER_EV

#: By metal: energy in eV, waters of the aqua ion.
Hydration = dict[str, tuple[float, int]]

#: kcal/mol; the table has three decimals.
_ROUNDING = 0.01


def hydration_energies(dataset: Dataset, level: str) -> Hydration:
    """Of all metals whose complexes `dataset` has at `level`.

    Raises
    ------
    InputError
        There is no such level, or the complexes of a metal do not agree.
    """
    rows = dataset.rows()
    found: dict[str, set[int]] = {}
    energies: dict[str, list[float]] = {}
    for row in complexes(rows, find_level(rows, level)):
        binding, exchange = row.binding_kcal_mol, row.exchange_kcal_mol
        if binding is None or exchange is None or row.aqua_waters is None or row.metal is None:
            continue
        found.setdefault(row.metal, set()).add(row.aqua_waters)
        energies.setdefault(row.metal, []).append(binding - exchange)
    for metal, values in energies.items():
        if len(found[metal]) > 1 or np.ptp(values) > _ROUNDING:
            raise InputError(
                f"{dataset.folder}: complexes of {metal} at {level} refer to different aqua ions "
                "or ions: label them with the same references"
            )
    return {
        metal: (float(np.mean(values)) / KCAL_PER_EV, found[metal].pop())
        for metal, values in energies.items()
    }
