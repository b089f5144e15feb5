"""The record of a molecular geometry that every stage hands to the next."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from ase.symbols import Symbols

from rarebind.errors import InputError
from rarebind.io.codec import FloatArray, UnlessNone

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import ArrayLike, NDArray


#: Atoms closer than this times the sum of their covalent radii are bonded.
BOND_TOLERANCE = 1.25
#: Of a cell, Å³.
_SMALLEST_VOLUME = 1e-3


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
    cell
        Lattice vectors in Å as rows, shape (3, 3), read-only; None for a molecule.

    Raises
    ------
    InputError
        A shape is wrong, a coordinate is not finite, a symbol is no element, or the lattice
        vectors span no volume.
    """

    symbols: tuple[str, ...]
    positions: FloatArray
    charge: int
    multiplicity: int = 1
    cell: UnlessNone[FloatArray] = None

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
        if self.cell is not None:
            object.__setattr__(self, "cell", _checked_cell(self.cell))

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
        """SHA-256 of elements, charge, multiplicity, positions and cell to 1e-8 Å."""
        head = f"{' '.join(self.symbols)}|{self.charge}|{self.multiplicity}|"
        content = head.encode() + _to_grid(self.positions)
        if self.cell is not None:
            content += b"|" + _to_grid(self.cell)
        return hashlib.sha256(content).hexdigest()

    def with_positions(self, positions: ArrayLike) -> Structure:
        """The same molecule with other coordinates (Å, shape (N, 3))."""
        return replace(self, positions=np.asarray(positions, dtype=float))

    def subset(self, indices: Sequence[int], charge: int) -> Structure:
        """The closed-shell fragment made of `indices`, with its own `charge`; without cell."""
        index = list(indices)
        return Structure(tuple(self.symbols[i] for i in index), self.positions[index], charge)

    def to_ase(self) -> Atoms:
        """An `ase.Atoms` copy; charge and multiplicity are kept in ``info``."""
        from ase import Atoms

        return Atoms(
            list(self.symbols),
            self.positions.copy(),
            cell=self.cell,
            pbc=self.cell is not None,
            info={"charge": self.charge, "multiplicity": self.multiplicity},
        )

    @classmethod
    def from_ase(
        cls, atoms: Atoms, charge: int | None = None, multiplicity: int | None = None
    ) -> Structure:
        """Read an `ase.Atoms`; charge and multiplicity default to those in ``info``.

        Raises
        ------
        InputError
            It is periodic in one or two directions only.
        """
        if atoms.pbc.any() and not atoms.pbc.all():
            raise InputError(
                f"periodic boundaries {atoms.pbc.tolist()}: give all three directions or none"
            )
        return cls(
            tuple(chemical_symbols[z] for z in atoms.numbers),
            atoms.positions,
            int(atoms.info.get("charge", 0) if charge is None else charge),
            int(atoms.info.get("multiplicity", 1) if multiplicity is None else multiplicity),
            atoms.cell.array if atoms.pbc.all() else None,
        )


def _checked_cell(cell: NDArray[np.float64]) -> NDArray[np.float64]:
    vectors = np.array(cell, dtype=np.float64)
    if vectors.shape != (3, 3) or not np.isfinite(vectors).all():
        raise InputError(f"the cell must be three finite vectors, shape (3, 3): got {vectors}")
    if abs(np.linalg.det(vectors)) < _SMALLEST_VOLUME:
        raise InputError(f"the vectors of the cell span no volume: {vectors.tolist()}")
    vectors.flags.writeable = False
    return vectors


def _to_grid(lengths: NDArray[np.float64]) -> bytes:
    """Lengths in Å as whole multiples of 1e-8 Å."""
    return np.round(lengths * 1e8).astype("<i8").tobytes()


def bond_matrix(structure: Structure) -> NDArray[np.bool_]:
    """Which atoms are bonded, shape (N, N), from distances and covalent radii alone."""
    radii = covalent_radii[structure.atomic_numbers]
    distances = np.linalg.norm(structure.positions[:, None] - structure.positions[None], axis=-1)
    bonded: NDArray[np.bool_] = distances < BOND_TOLERANCE * (radii[:, None] + radii[None])
    np.fill_diagonal(bonded, val=False)
    return bonded


def hill_formula(symbols: Sequence[str]) -> str:
    """Formula in Hill's order, such as ``C7H6O2``."""
    return str(Symbols.fromsymbols(list(symbols)).get_chemical_formula("hill"))
