"""The geometries of a record with their energies, and the same geometry at another level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.datasets import Record
from rarebind.errors import InputError
from rarebind.structures import Structure

#: Å; coordinates are stored to 1e-5 Å, and no two atoms are this near.
_SAME_PLACE = 1e-4


@dataclass(frozen=True, eq=False)
class Geometry:
    """A geometry of a complex.

    Attributes
    ----------
    structure
    forces
        eV/Å, shape (N, 3); None where unknown.  References do not depend on the geometry, so that
        they are the same for all quantities.
    values
        In eV by :data:`~rarebind.learning.data.targets.QUANTITIES`; no equation 1 where there is
        no bare ion, no exchange energy where there is no aqua ion.
    """

    structure: Structure
    forces: NDArray[np.float64] | None
    values: Mapping[str, float]


def geometries_of(record: Record, *, frames: bool) -> Iterator[Geometry]:
    """The final geometry of a complex and, if wanted, those on the way to it.

    Raises
    ------
    InputError
        It has no binding energies.
    """
    calculation, binding = record.calculation, record.binding
    if binding is None or calculation.structure is None or calculation.energy is None:
        raise InputError(f"{record.label} has no binding energies: label its references too")
    found = {"binding": binding.binding, "exchange": binding.exchange}
    finals = {"absolute": calculation.energy}
    finals |= {name: value for name, value in found.items() if value is not None}
    yield Geometry(calculation.structure, calculation.forces, finals)
    for frame in calculation.intermediates if frames else ():
        above = frame.energy - calculation.energy
        yield Geometry(
            calculation.structure.with_positions(frame.positions),
            frame.forces,
            {name: value + above for name, value in finals.items()},
        )


def same_geometry(geometry: Geometry, base: Record, *, frames: bool) -> Geometry | None:
    """The same geometry in `base`, its forces in the order of the atoms here.

    Parameters
    ----------
    frames
        Whether to look among those on the way to the final one too.
    """
    for candidate in geometries_of(base, frames=frames):
        order = _same_atoms(geometry.structure, candidate.structure)
        if order is not None:
            forces = None if candidate.forces is None else candidate.forces[order]
            return Geometry(geometry.structure, forces, candidate.values)
    return None


def _same_atoms(here: Structure, there: Structure) -> NDArray[np.int64] | None:
    """Which atom of `there` stands in the place of each atom of `here`; None if one does not."""
    if len(here) != len(there):
        return None
    distances = np.linalg.norm(here.positions[:, None] - there.positions[None], axis=-1)
    order: NDArray[np.int64] = distances.argmin(axis=1)
    same = distances.min(axis=1).max() < _SAME_PLACE
    return order if same and here.symbols == tuple(there.symbols[i] for i in order) else None
