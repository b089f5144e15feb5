"""The one order of atoms in every complex: metal, ligand by ligand, water by water."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

import numpy as np

from rarebind.complexes.spec import ComplexSpec
from rarebind.errors import CalculationError
from rarebind.ligands import Ligand, fragment_inchikey
from rarebind.structures import Structure, bond_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


_WATER = ("O", "H", "H")


@cache
def ligand_symbols(smiles: str) -> tuple[str, ...]:
    """Element symbols of a ligand: heavy atoms in SMILES order, then the hydrogens."""
    from rdkit import Chem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    return tuple(atom.GetSymbol() for atom in mol.GetAtoms())


@dataclass(frozen=True)
class Layout:
    """Which atoms of a complex belong to what; atom 0 is the metal.

    Within a ligand, atoms stand in the order of its SMILES followed by its hydrogens, as RDKit's
    ``AddHs`` appends them; within a water, O first.
    """

    spec: ComplexSpec

    @cached_property
    def ligand_size(self) -> int:
        """Atoms of one ligand."""
        return len(ligand_symbols(self.spec.ligand.smiles)) if self.spec.ligand else 0

    @property
    def ligands(self) -> list[range]:
        """Atom indices of each ligand."""
        return [
            range(1 + i * self.ligand_size, 1 + (i + 1) * self.ligand_size)
            for i in range(self.spec.n_ligands)
        ]

    @property
    def waters(self) -> list[range]:
        """Atom indices of each water."""
        first = 1 + self.spec.n_ligands * self.ligand_size
        return [range(first + 3 * i, first + 3 * i + 3) for i in range(self.spec.waters)]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Element symbols of the whole complex."""
        ligand = ligand_symbols(self.spec.ligand.smiles) if self.spec.ligand else ()
        return (self.spec.metal, *ligand * self.spec.n_ligands, *_WATER * self.spec.waters)

    @property
    def donors(self) -> list[int]:
        """Indices of all atoms that should bind the metal."""
        own = self.spec.ligand.donors if self.spec.ligand else ()
        return [atoms[d] for atoms in self.ligands for d in own] + [w[0] for w in self.waters]

    def fragments(self) -> Iterator[tuple[range, tuple[int, ...]]]:
        """Atoms and donor atoms of every ligand, then of every water."""
        own = self.spec.ligand.donors if self.spec.ligand else ()
        for atoms in self.ligands:
            yield atoms, tuple(atoms[d] for d in own)
        for atoms in self.waters:
            yield atoms, (atoms[0],)


def fragment_atoms(structure: Structure) -> list[NDArray[np.int64]]:
    """Connected components of everything but the metal (atom 0), each sorted."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(bond_matrix(structure)[1:, 1:], directed=False)
    return [np.flatnonzero(labels == label) + 1 for label in range(labels.max() + 1)]


def canonical(structure: Structure, spec: ComplexSpec) -> Structure:
    """Reorder the atoms of a complex, metal first in any order after that, to `spec`'s layout.

    Raises
    ------
    CalculationError
        The fragments are not the ligands and waters of `spec`.
    """
    if structure.symbols[0] != spec.metal:
        raise CalculationError(f"the first atom is {structure.symbols[0]}, not {spec.metal}")
    ligands, waters = [], []
    for atoms in fragment_atoms(structure):
        symbols = sorted(structure.symbols[i] for i in atoms)
        if symbols == ["H", "H", "O"]:
            waters.append(sorted(atoms, key=lambda i: structure.symbols[i] != "O"))
        elif spec.ligand is not None:
            ligands.append(_ligand_order(structure, atoms, spec.ligand))
    if len(ligands) != spec.n_ligands or len(waters) != spec.waters:
        raise CalculationError(
            f"found {len(ligands)} ligands and {len(waters)} waters, "
            f"expected {spec.n_ligands} and {spec.waters}"
        )
    order = [0, *(int(i) for block in ligands + waters for i in block)]
    return Structure(
        tuple(structure.symbols[i] for i in order),
        structure.positions[order],
        spec.charge,
        spec.multiplicity,
    )


def _ligand_order(structure: Structure, atoms: NDArray[np.int64], ligand: Ligand) -> list[int]:
    fragment = structure.subset(atoms.tolist(), charge=ligand.charge)
    identity = fragment_inchikey(fragment, ligand)
    if not identity.matches:
        raise CalculationError(f"a fragment is not {ligand.name}: {identity.reason}")
    return [int(atoms[i]) for i in identity.atom_map]
