"""From the La complex to every other rare earth: put M in its place and let the ligands follow.

GFN2-xTB's parameters of the lanthanides run linearly from Ce to Lu [1]_, and so, very nearly, do
its minima: a start interpolated between these two is nearer to the minimum than a swapped one.

References
----------
.. [1] C. Bannwarth, S. Ehlert, S. Grimme, J. Chem. Theory Comput. 2019, 15, 1652,
   doi:10.1021/acs.jctc.8b01176.
"""

from __future__ import annotations

import numpy as np
from ase.data import atomic_numbers

from rarebind.complexes.layout import Layout
from rarebind.complexes.spec import ComplexSpec
from rarebind.elements import ionic_radius, rare_earth
from rarebind.structures import Structure

#: Below this mean cosine between a ligand's donors and its own direction it wraps around the
#: metal, and moving it as a whole would shorten some bonds by lengthening others.
_WRAPPED = 0.3
_TABULATED = (6, 9)
#: The metals between which minima are interpolated.
SERIES_ENDS = ("Ce", "Lu")
#: Ends of which an atom lies further apart than this, in Å, are in different basins.
_SAME_BASIN = 1.5


def radius_difference(old: str, new: str, coordination_number: int) -> float:
    """Ionic radius of `new` minus that of `old` in Å, at the nearest tabulated number (6 to 9)."""
    number = min(max(coordination_number, _TABULATED[0]), _TABULATED[1])
    if "Sc" in (old, new):
        number = min(number, 8)
    return ionic_radius(new, number) - ionic_radius(old, number)


def swap_metal(structure: Structure, spec: ComplexSpec, metal: str) -> Structure:
    """Replace the metal of a relaxed complex.

    Each ligand and water moves as a rigid body towards (or away from) the metal, so that its
    mean metal–donor distance changes by the difference of the ionic radii.

    Parameters
    ----------
    structure
        A complex in the order of :class:`~rarebind.complexes.Layout`.
    spec
        What `structure` is.
    metal
        The new rare earth.

    Returns
    -------
    Structure
        Unrelaxed; charge unchanged, multiplicity of the new ion.
    """
    change = radius_difference(spec.metal, metal, spec.coordination_number)
    positions = structure.positions.copy()
    centre = positions[0]
    for part in Layout(spec).fragments:
        bonds = positions[list(part.donors)] - centre
        bonds /= np.linalg.norm(bonds, axis=1, keepdims=True)
        direction = bonds.mean(axis=0)
        length = np.linalg.norm(direction)
        # A shift t along the unit mean direction changes the mean distance by t times `length`.
        if length > _WRAPPED:
            positions[part.atoms] += direction / length * (change / length)
    swapped = spec.with_metal(metal)
    return Structure(
        (metal, *structure.symbols[1:]), positions, swapped.charge, swapped.multiplicity
    )


def is_between(metal: str) -> bool:
    """Whether `metal` is a lanthanide between the two of :data:`SERIES_ENDS`."""
    first, last = (atomic_numbers[end] for end in SERIES_ENDS)
    return first < atomic_numbers[metal] < last


def interpolate_metal(first: Structure, last: Structure, metal: str) -> Structure | None:
    """Interpolate the geometry of a lanthanide between those of Ce and Lu by atomic number.

    Parameters
    ----------
    first, last
        The relaxed complexes of the two, from one start, so that they are not rotated against
        each other.
    metal
        A lanthanide in between.

    Returns
    -------
    Structure or None
        Unrelaxed; None when the two ends are in different basins.
    """
    low, high, own = (atomic_numbers[m] for m in (*SERIES_ENDS, metal))
    difference = last.positions - first.positions
    if np.linalg.norm(difference, axis=1).max() > _SAME_BASIN:
        return None
    positions = first.positions + difference * (own - low) / (high - low)
    return Structure(
        (metal, *first.symbols[1:]), positions, first.charge, rare_earth(metal).multiplicity
    )
