"""The surroundings of the metal in a structure, as numbers that do not turn with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rarebind.elements import is_rare_earth
from rarebind.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample
    from rarebind.structures import Structure

#: Neighbours that are told apart; all others share one column.
ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl")
#: Distances of the first shell, finely, and beyond it, in Å.  Farther out stand the substituents:
#: there, histograms only name the ligand, and mislead about one never seen.
_INNER = np.arange(2.1, 3.2, 0.1)
_OUTER = np.arange(3.4, 5.1, 0.4)
#: Elements that bind to the metal.
_DONORS = ("O", "N", "S")
_SHELL = 8


def surroundings(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Radial histograms and donors around the metal, shape (N, F); see :func:`around_metal`."""
    return np.array([around_metal(sample.structure) for sample in samples])


def around_metal(structure: Structure) -> NDArray[np.float64]:
    """Numbers that describe the atoms around the rare earth of `structure`.

    For each element: its distances from the metal counted in Gaussians, finely in the first shell
    and coarsely beyond, up to 5 Å.  Then the sorted distances (Å) of the eight nearest donors, and
    sums of 1/r (Å⁻¹) and 1/r⁶ (Å⁻⁶) between them, which tell how crowded they are.

    Raises
    ------
    InputError
        There is not exactly one rare earth.
    """
    centre = metal_index(structure)
    symbols = np.array(structure.symbols)
    distances = np.linalg.norm(structure.positions - structure.positions[centre], axis=1)
    others = np.arange(len(symbols)) != centre
    found = []
    for element in ELEMENTS:
        r = distances[others & (symbols == element)]
        for grid in (_INNER, _OUTER):
            width = grid[1] - grid[0]
            found.append(np.exp(-((r[:, None] - grid) ** 2) / (2 * width**2)).sum(axis=0))
    donors = np.flatnonzero(others & np.isin(symbols, _DONORS))
    nearest = donors[np.argsort(distances[donors])[:_SHELL]]
    shell = np.full(_SHELL, distances[nearest].max(initial=0.0))
    shell[: len(nearest)] = distances[nearest]
    between = structure.positions[nearest][:, None] - structure.positions[nearest][None]
    upper = np.linalg.norm(between, axis=-1)[np.triu_indices(len(nearest), 1)]
    crowd = np.array([(1 / upper).sum(), (upper**-6.0).sum()])
    return np.concatenate([*found, shell, crowd])


def metal_index(structure: Structure) -> int:
    """Index of the only rare earth.

    Raises
    ------
    InputError
        There is none, or more than one.
    """
    found = [i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol)]
    if len(found) != 1:
        raise InputError(f"expected one rare earth in the structure, found {len(found)}")
    return found[0]
