"""Aqua ions on the polyhedra that are usual for seven to ten donor atoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial.transform import Rotation

from rarebind.complexes.layout import Layout
from rarebind.complexes.spec import ComplexSpec
from rarebind.elements import ionic_radius
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Å: what the oxygen of a water adds to the ionic radius of the metal.
OXYGEN = 1.35
#: Å: of H beyond O along the metal–O bond, and on either side of it.
_H_ALONG, _H_ASIDE = 0.586, 0.757
#: Coordination numbers between which every rare earth but Sc has tabulated radii; Sc up to 8.
_TABULATED = (6, 9)

#: Rings of vertices, (how many, polar angle, azimuth of the first), in degrees.
Rings = tuple[tuple[int, float, float], ...]
POLYHEDRA: dict[int, dict[str, Rings]] = {
    7: {
        "pentagonal bipyramid": ((1, 0, 0), (5, 90, 0), (1, 180, 0)),
        "capped octahedron": ((1, 0, 0), (3, 75, 0), (3, 130, 60)),
    },
    8: {
        "square antiprism": ((4, 57.3, 0), (4, 122.7, 45)),
        "dodecahedron": ((2, 36.9, 0), (2, 69.5, 90), (2, 110.5, 0), (2, 143.1, 90)),
    },
    9: {
        "tricapped trigonal prism": ((3, 45, 0), (3, 90, 60), (3, 135, 0)),
        "capped square antiprism": ((1, 0, 0), (4, 70, 0), (4, 127, 45)),
    },
    10: {"bicapped square antiprism": ((1, 0, 0), (4, 64, 0), (4, 116, 45), (1, 180, 0))},
}


def aqua_starts(spec: ComplexSpec, orientations: int, seed: int) -> list[Structure]:
    """Unrelaxed aqua ions on every polyhedron of their number of waters.

    Parameters
    ----------
    spec
        Of an aqua ion.
    orientations
        On each polyhedron, its waters turned about their bonds at random.
    seed
        Of these angles.

    Returns
    -------
    list
        None where no polyhedron of so many waters is known here.
    """
    rng = np.random.default_rng(seed)
    distance = bond_to_water(spec.metal, spec.coordination_number)
    found = []
    for rings in POLYHEDRA.get(spec.waters, {}).values():
        for _ in range(orientations):
            turns = rng.uniform(0, np.pi, spec.waters)
            waters = [
                water_at(*pair, distance) for pair in zip(vertices(rings), turns, strict=True)
            ]
            positions = np.vstack([np.zeros(3), *waters])
            found.append(Structure(Layout(spec).symbols, positions, spec.charge, spec.multiplicity))
    return found


def vertices(rings: Rings) -> NDArray[np.float64]:
    """Unit vectors to the vertices of a polyhedron, (n, 3)."""
    angles = [
        (np.radians(polar), np.radians(first) + 2 * np.pi * i / number)
        for number, polar, first in rings
        for i in range(number)
    ]
    return np.array([[np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)] for t, p in angles])


def bond_to_water(metal: str, coordination_number: int) -> float:
    """Metal–O distance to a water in Å, by ionic radii."""
    low, high = _TABULATED
    number = min(max(coordination_number, low), high if metal != "Sc" else high - 1)
    return ionic_radius(metal, number) + OXYGEN


def water_at(way: NDArray[np.float64], turn: float, distance: float) -> NDArray[np.float64]:
    """O, H, H of a water that points away from the metal at the origin, (3, 3) Å.

    Parameters
    ----------
    way
        Unit vector from the metal to O.
    turn
        About the bond, radians.
    distance
        From the metal to O, Å.
    """
    side = np.linalg.svd(way[None])[2][1]
    aside = _H_ASIDE * Rotation.from_rotvec(way * turn).apply(side)
    oxygen = distance * way
    return np.vstack([oxygen, oxygen + _H_ALONG * way + aside, oxygen + _H_ALONG * way - aside])
