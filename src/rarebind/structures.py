"""The record of a molecular geometry that every stage hands to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii

from rarebind.errors import InputError
from rarebind.io.codec import FloatArray

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray


#: Atoms closer than this times the sum of their covalent radii are bonded.
BOND_TOLERANCE = 1.25


@dataclass(frozen=True, eq=False)
class Structure:
    """An immutable molecule in space.

    Attributes
    ----------
    symbols
        Element symbols, length N.
    positions
        Cartesian coordinates in Å, shape (N, 3), float64, read-only.
    charge
        Total charge in e.
    multiplicity
        2S + 1 of the true electronic state (4f electrons counted), not of the xTB one.

    Raises
    ------
    InputError
        A shape is wrong, a coordinate is not finite, or a symbol is no element.
    """

    symbols: tuple[str, ...]
    positions: FloatArray
    charge: int
    multiplicity: int = 1

    def __post_init__(self) -> None:
        positions = np.array(self.positions, dtype=np.float64)
        if positions.shape != (len(self.symbols), 3):
            raise InputError(
                f"positions have shape {positions.shape}, expected ({len(self.symbols)}, 3)"
            )
        if not self.symbols:
            raise InputError("a structure needs at least one atom")
        if not np.isfinite(positions).all():
            raise InputError("positions contain NaN or infinity")
        unknown = sorted({s for s in self.symbols if s not in atomic_numbers or s == "X"})
        if unknown:
            raise InputError(f"unknown element symbols: {', '.join(unknown)}")
        if self.multiplicity < 1:
            raise InputError(f"multiplicity must be at least 1, got {self.multiplicity}")
        positions.flags.writeable = False
        object.__setattr__(self, "symbols", tuple(self.symbols))
        object.__setattr__(self, "positions", positions)

    def __len__(self) -> int:
        return len(self.symbols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Structure) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @property
    def atomic_numbers(self) -> NDArray[np.int64]:
        """Atomic numbers, shape (N,)."""
        return np.array([atomic_numbers[s] for s in self.symbols], dtype=np.int64)

    @property
    def digest(self) -> str:
        """SHA-256 of elements, charge, multiplicity and positions to 1e-8 Å."""
        grid = np.round(self.positions * 1e8).astype("<i8")
        head = f"{' '.join(self.symbols)}|{self.charge}|{self.multiplicity}|"
        return hashlib.sha256(head.encode() + grid.tobytes()).hexdigest()

    def with_positions(self, positions: ArrayLike) -> Structure:
        """The same molecule with other coordinates (Å, shape (N, 3))."""
        return Structure(
            self.symbols, np.asarray(positions, dtype=float), self.charge, self.multiplicity
        )

    def subset(self, indices: Sequence[int], charge: int) -> Structure:
        """The closed-shell fragment made of `indices`, with its own `charge`."""
        index = list(indices)
        return Structure(tuple(self.symbols[i] for i in index), self.positions[index], charge)

    def to_ase(self) -> Atoms:
        """An `ase.Atoms` copy; charge and multiplicity are kept in ``info``."""
        from ase import Atoms

        return Atoms(
            list(self.symbols),
            self.positions.copy(),
            info={"charge": self.charge, "multiplicity": self.multiplicity},
        )

    @classmethod
    def from_ase(
        cls, atoms: Atoms, charge: int | None = None, multiplicity: int | None = None
    ) -> Structure:
        """Read an `ase.Atoms`; charge and multiplicity default to those in ``info``."""
        return cls(
            tuple(chemical_symbols[z] for z in atoms.numbers),
            atoms.positions,
            int(atoms.info.get("charge", 0) if charge is None else charge),
            int(atoms.info.get("multiplicity", 1) if multiplicity is None else multiplicity),
        )


def bond_matrix(structure: Structure) -> NDArray[np.bool_]:
    """Which atoms are bonded, shape (N, N), from distances and covalent radii alone."""
    radii = covalent_radii[structure.atomic_numbers]
    distances = np.linalg.norm(structure.positions[:, None] - structure.positions[None], axis=-1)
    bonded: NDArray[np.bool_] = distances < BOND_TOLERANCE * (radii[:, None] + radii[None])
    np.fill_diagonal(bonded, val=False)
    return bonded
