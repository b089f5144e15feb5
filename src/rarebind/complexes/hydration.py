"""One water more, one less: complexes that differ in the waters of their first shell.

A complex with another number of waters is built from the relaxed one next to it, so that the two
have their ligands in the same shape and differ by the water alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rarebind.complexes.composition import DEFAULT_COORDINATION_NUMBER
from rarebind.complexes.layout import Layout
from rarebind.complexes.polyhedra import bond_to_water, water_at
from rarebind.complexes.spec import ComplexSpec
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Donor atoms in all, among which the waters of a shell are chosen.
SHELL = range(7, 11)
#: Directions that are looked at for room, and degrees between two that are taken.
_DIRECTIONS, _APART = 400, 40.0
#: Turns of a water about its bond that are looked at.
_TURNS = 6


def with_waters(spec: ComplexSpec, waters: int) -> ComplexSpec:
    """The same complex with another number of waters."""
    return replace(spec, composition=replace(spec.composition, waters=waters))


def shell_numbers(spec: ComplexSpec) -> range:
    """Donor atoms in all that a complex may have with one number of waters or another.

    Those of :data:`SHELL` that its ligands leave room for; where they have more donors than the
    largest, their number alone.
    """
    donors = spec.coordination_number - spec.waters
    return range(max(donors, SHELL.start), max(donors, SHELL.stop - 1) + 1)


def first_number(spec: ComplexSpec) -> int:
    """Of :func:`shell_numbers` that which the others are built from: eight, or next to it."""
    numbers = shell_numbers(spec)
    return max(DEFAULT_COORDINATION_NUMBER, numbers.start)


def changed_by_one(structure: Structure, spec: ComplexSpec, wanted: ComplexSpec) -> list[Structure]:
    """Unrelaxed complexes with one water more or less, the most promising first.

    Parameters
    ----------
    structure
        A relaxed complex in the order of :class:`~rarebind.complexes.Layout`.
    spec
        What it is.
    wanted
        The same with one water more or less.

    Returns
    -------
    list
        Of one more: wherever there is room.  Of one less: without each in turn, the one furthest
        from the metal first.
    """
    if wanted.waters < spec.waters:
        return _without(structure, spec, wanted)
    distance = bond_to_water(spec.metal, wanted.coordination_number)
    return [
        _as(wanted, structure, np.concatenate([structure.positions, water]))
        for water in (_water(structure, way, distance) for way in _room(structure, distance))
    ]


def _without(structure: Structure, spec: ComplexSpec, wanted: ComplexSpec) -> list[Structure]:
    waters = Layout(spec).waters
    oxygens = structure.positions[[atoms[0] for atoms in waters]]
    distances = np.linalg.norm(oxygens - structure.positions[0], axis=1)
    return [
        _as(wanted, structure, np.delete(structure.positions, list(waters[place]), axis=0))
        for place in np.argsort(-distances, kind="stable")
    ]


def _as(spec: ComplexSpec, like: Structure, positions: NDArray[np.float64]) -> Structure:
    return Structure(Layout(spec).symbols, positions, like.charge, like.multiplicity)


def _room(structure: Structure, distance: float) -> list[NDArray[np.float64]]:
    """Directions from the metal in which an atom at `distance`, in Å, is far from all others."""
    ways = _sphere()
    places = structure.positions[0] + distance * ways
    others = structure.positions[1:]
    gaps = np.linalg.norm(places[:, None] - others[None], axis=2).min(axis=1)
    taken: list[NDArray[np.float64]] = []
    for place in np.argsort(-gaps, kind="stable"):
        if all(ways[place] @ way < np.cos(np.radians(_APART)) for way in taken):
            taken.append(ways[place])
    return taken


def _sphere() -> NDArray[np.float64]:
    """Directions evenly over the sphere, (n, 3): a spiral by the golden angle."""
    number = np.arange(_DIRECTIONS)
    z = 1 - (2 * number + 1) / _DIRECTIONS
    angle = number * np.pi * (3 - np.sqrt(5))
    ring = np.sqrt(1 - z**2)
    return np.column_stack([ring * np.cos(angle), ring * np.sin(angle), z])


def _water(structure: Structure, way: NDArray[np.float64], distance: float) -> NDArray[np.float64]:
    """O, H, H of a water in a direction, turned to where its H have most room, (3, 3) Å."""
    centre, others = structure.positions[0], structure.positions[1:]
    turned = [centre + water_at(way, np.pi * n / _TURNS, distance) for n in range(_TURNS)]

    def gap(water: NDArray[np.float64]) -> float:
        return float(np.linalg.norm(water[1:, None] - others[None], axis=2).min())

    return max(turned, key=gap)
