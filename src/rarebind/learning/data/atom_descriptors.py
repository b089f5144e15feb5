"""Numbers that tell one atom of a free ligand from another of its element.

Charges, or how strongly its donors hold a proton, from a few single points.

What holds a proton well holds a rare-earth ion well: both are hard acids, and stability constants
of metal ions run parallel with the basicity of their ligands (Martell and Hancock, Metal Complexes
in Aqueous Solutions, 1996).  A substituent's effect on binding that reaches the donors
through bonds shows in this one number, though no atom of it lies within a network's cutoff.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import build_neighbor_list, natural_cutoffs
from numpy.typing import NDArray

from rarebind.engines import GFN2_WATER, LevelOfTheory, static
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure

#: From a free ligand and its donors to a number for each atom, NaN where it has none.
Descriptor = Callable[[Structure, Sequence[int]], NDArray[np.float64]]

CHARGES = "charges"
PROTON_AFFINITIES = "proton-affinities"
#: Degrees; angle at a donor with one neighbour, between those of alcohols and of oxonium ions.
_ANGLE = 115.0
#: Below this length, the directions to the neighbours cancel.
_FLAT = 0.3


def proton_affinities(
    structure: Structure, donors: Sequence[int], level: LevelOfTheory = GFN2_WATER
) -> NDArray[np.float64]:
    """Energy that a donor gives on taking up a proton, the other atoms staying where they are.

    E(L) − E(LH+), the proton at the distance of a covalent bond where the lone pairs point, on the
    better of two sides where there are two.  The energy of the free proton is left out: it is the
    same for all.

    Parameters
    ----------
    structure
        A free ligand.
    donors
        Indices of its atoms that bind a metal.
    level
        Of the single points.

    Returns
    -------
    ndarray
        Shape (N,), in eV; NaN for atoms that are no donors.

    Raises
    ------
    InputError
        A donor is no atom of `structure`.
    CalculationError
        No calculation converges, of the ligand or with a proton at one of its donors.
    """
    if wrong := [donor for donor in donors if not 0 <= donor < len(structure)]:
        raise InputError(f"donor {wrong[0]}: the ligand has atoms 0 to {len(structure) - 1}")
    found = np.full(len(structure), np.nan)
    free = _energy(structure, level)
    for donor in donors:
        energies, reasons = [], []
        for place in _places(structure, donor, donors):
            try:
                energies.append(_energy(_protonated(structure, place), level))
            except CalculationError as error:
                reasons.append(str(error))
        if not energies:
            raise CalculationError(f"no proton can be put at donor {donor}: {'; '.join(reasons)}")
        found[donor] = free - min(energies)
    return found


def _energy(structure: Structure, level: LevelOfTheory) -> float:
    calculation = static(structure, level)
    if calculation.energy is None:
        raise CalculationError(calculation.reason)
    return calculation.energy


def _protonated(structure: Structure, place: NDArray[np.float64]) -> Structure:
    return Structure(
        (*structure.symbols, "H"),
        np.vstack([structure.positions, place]),
        structure.charge + 1,
        structure.multiplicity,
    )


def _places(structure: Structure, donor: int, donors: Sequence[int]) -> list[NDArray[np.float64]]:
    """Where a proton on `donor` may stand, in Å."""
    here = structure.positions[donor]
    numbers = [atomic_numbers[name] for name in (structure.symbols[donor], "H")]
    length = covalent_radii[numbers].sum()
    return [here + length * way for way in _directions(structure, donor, donors)]


def _directions(
    structure: Structure, donor: int, donors: Sequence[int]
) -> list[NDArray[np.float64]]:
    """Unit vectors from `donor` along its lone pairs."""
    bonded = _bonded(structure)
    neighbours = bonded[donor]
    ways = [_unit(structure.positions[n] - structure.positions[donor]) for n in neighbours]
    if not ways:
        return [np.array([1.0, 0.0, 0.0])]
    away = -np.sum(ways, axis=0)
    if len(ways) == 1:
        side = _side(structure, donor, donors, bonded, away)
        angle = np.radians(180.0 - _ANGLE)
        return [np.cos(angle) * away + sign * np.sin(angle) * side for sign in (1.0, -1.0)]
    if np.linalg.norm(away) > _FLAT:
        return [_unit(away)]
    normal = _unit(np.cross(ways[0], ways[1]))
    return [normal, -normal]


def _side(
    structure: Structure,
    donor: int,
    donors: Sequence[int],
    bonded: Sequence[Sequence[int]],
    axis: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Unit vector across `axis`: towards the other donors, else in the plane of the next atoms."""
    positions = structure.positions
    (neighbour,) = bonded[donor]
    others = [other for other in donors if other != donor]
    beyond = [atom for atom in bonded[neighbour] if atom != donor]
    candidates = [positions[others].mean(axis=0)] if others else []
    candidates += [positions[atom] for atom in beyond]
    for target in candidates:
        way = target - positions[donor]
        across = way - (way @ axis) * axis
        if np.linalg.norm(across) > _FLAT:
            return _unit(across)
    # Nothing marks a side: any is as good as another.
    return _unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))]))


def _bonded(structure: Structure) -> list[list[int]]:
    atoms = structure.to_ase()
    found = build_neighbor_list(
        atoms, natural_cutoffs(atoms), bothways=True, self_interaction=False
    )
    return [found.get_neighbors(i)[0].tolist() for i in range(len(atoms))]


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def _charges(structure: Structure, _: Sequence[int]) -> NDArray[np.float64]:
    from rarebind.engines.tblite import partial_charges

    return partial_charges(structure)


#: By name.  Whatever the level of a dataset, they are computed with GFN2-xTB in water at its
#: geometries: they describe a ligand, and whoever applies a model can have them at once.
ATOM_DESCRIPTORS: dict[str, Descriptor] = {
    CHARGES: _charges,
    PROTON_AFFINITIES: proton_affinities,
}


def atom_descriptor(name: str) -> Descriptor:
    """The descriptor called `name`.

    Raises
    ------
    InputError
        No such descriptor; the message lists the known ones.
    """
    if name not in ATOM_DESCRIPTORS:
        raise InputError(
            f"unknown descriptor of atoms {name!r}: known are {', '.join(ATOM_DESCRIPTORS)}"
        )
    return ATOM_DESCRIPTORS[name]
