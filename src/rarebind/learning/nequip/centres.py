"""Which atoms of a graph have an energy: those near the metal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rarebind.elements import is_rare_earth
from rarebind.learning.data.fragments import fragments_of
from rarebind.learning.data.samples import Sample
from rarebind.structures import Structure

Indices = NDArray[np.int64]


def near_metal(structure: Structure, radius: float) -> Indices:
    """Indices of the atoms at most `radius` (Å) from the rare-earth atom."""
    metal = next(i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol))
    near: Indices = np.nonzero(_distances(structure, metal) <= radius)[0]
    return near


def of_reaction(sample: Sample, radius: float) -> tuple[Indices, Indices]:
    """The centres of a complex, and those of its free ligand, so that the rest cancels.

    An atom of the ligand is one in every copy of it, or in none, by its mean distance from the
    metal; a water is by that of its oxygen.

    Parameters
    ----------
    sample
        A complex; atom 0 is its metal.
    radius
        Å.

    Raises
    ------
    InputError
        The complex does not divide into ligands and waters.
    """
    ligands, waters = fragments_of(sample)
    distances = _distances(sample.structure, 0)
    means = np.mean([distances[list(atoms)] for atoms in ligands], axis=0)
    chosen: Indices = np.flatnonzero(means <= radius)
    of_ligands = [chosen + atoms.start for atoms in ligands]
    of_waters = [np.array(atoms) for atoms in waters if distances[atoms[0]] <= radius]
    return np.concatenate([[0], *of_ligands, *of_waters]).astype(np.int64), chosen


def _distances(structure: Structure, metal: int) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.linalg.norm(
        structure.positions - structure.positions[metal], axis=1
    )
    return found
