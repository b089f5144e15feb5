"""Geometries on the way to a minimum, kept because forces teach a model more than energies do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.io.codec import FloatArray

#: Energies above the end, in eV, at which a relaxation is sampled: from bonds that are still
#: strained down to about kT at room temperature.
LEVELS = (1.0, 0.3, 0.1, 0.03)
#: Nearer to the end than this, in eV, a frame says little that the end does not.
_TOO_NEAR = 0.015


@dataclass(frozen=True, eq=False)
class Frame:
    """One evaluated geometry of a molecule whose elements and charge are known elsewhere.

    Attributes
    ----------
    positions
        Å, shape (N, 3), read-only.
    energy
        eV.
    forces
        eV/Å, shape (N, 3), read-only.
    """

    positions: FloatArray
    energy: float
    forces: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.positions), 3)
        for name in ("positions", "forces"):
            array = np.array(getattr(self, name), dtype=np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise InputError(f"{name} of a frame must be finite, of shape {shape}")
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if not np.isfinite(self.energy):
            raise InputError("the energy of a frame must be finite")


def intermediates(
    trajectory: Sequence[tuple[NDArray[np.float64], float, NDArray[np.float64]]], end: float
) -> tuple[Frame, ...]:
    """The first geometry at or below each of :data:`LEVELS` above the end, in order.

    Parameters
    ----------
    trajectory
        Positions, energy and forces of every evaluation.
    end
        Energy of the minimum, eV.
    """
    chosen: dict[int, None] = {}
    for level in LEVELS:
        for index, (_, energy, _) in enumerate(trajectory):
            if energy - end <= level:
                if energy - end > _TOO_NEAR:
                    chosen[index] = None
                break
    return tuple(Frame(*trajectory[index]) for index in chosen)
