"""The one order of atoms in every complex: metal, ligand by ligand, water by water."""

from __future__ import annotations

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


@cache
def ligand_symbols(smiles: str) -> tuple[str, ...]:
    """Element symbols of a ligand: heavy atoms in SMILES order, then the hydrogens."""
    from rdkit import Chem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    return tuple(atom.GetSymbol() for atom in mol.GetAtoms())


@cache
def equal_ends(smiles: str) -> tuple[tuple[int, ...], ...]:
    """Atoms of a ligand, group by group, that its bonds alone do not tell apart: O of a nitrate."""
    from rdkit import Chem

    groups: dict[tuple[int, str], list[int]] = {}
    for atom in Chem.MolFromSmiles(smiles).GetAtoms():
        if atom.GetTotalDegree() == 1 and atom.GetDegree() == 1:
            (middle,) = atom.GetNeighbors()
            groups.setdefault((middle.GetIdx(), atom.GetSymbol()), []).append(atom.GetIdx())
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


@dataclass(frozen=True)
class Fragment:
    """A ligand or water in a complex.

    Attributes
    ----------
    ligand
    atoms
        Indices in the complex.
    """

    ligand: Ligand
    atoms: range

    @property
    def donors(self) -> tuple[int, ...]:
        """Indices of the atoms that should bind the metal."""
        return tuple(self.atoms[donor] for donor in self.ligand.donors)

    def binding(self, structure: Structure) -> tuple[int, ...]:
        """As :attr:`donors`; of atoms that bonds do not tell apart those nearest to the metal.

        Which oxygen of a carboxylate, nitrate or sulfate binds is no matter, and may change while a
        complex is relaxed.
        """
        lengths = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
        taken = dict(zip(self.ligand.donors, self.donors, strict=True))
        for group in equal_ends(self.ligand.smiles):
            donors = [donor for donor in self.ligand.donors if donor in group]
            nearest = sorted((self.atoms[i] for i in group), key=lengths.__getitem__)
            kept = set(nearest[: len(donors)])
            if kept != {self.atoms[donor] for donor in donors}:
                taken |= dict(zip(donors, nearest, strict=False))
        return tuple(taken[donor] for donor in self.ligand.donors)


@dataclass(frozen=True)
class Layout:
    """Which atoms of a complex belong to what; atom 0 is the metal.

    Ligands stand kind by kind in the order of the composition, then the waters.  Within a ligand,
    atoms stand in the order of its SMILES followed by its hydrogens, as RDKit's ``AddHs`` appends
    them; within a water, O first.
    """

    spec: ComplexSpec

    @cached_property
    def fragments(self) -> tuple[Fragment, ...]:
        """Every ligand, then every water."""
        found: list[Fragment] = []
        start = 1
        for ligand, number in self.spec.composition.species:
            size = len(ligand_symbols(ligand.smiles))
            firsts = range(start, start + number * size, size)
            found += [Fragment(ligand, range(first, first + size)) for first in firsts]
            start = firsts.stop
        return tuple(found)

    @property
    def ligands(self) -> list[range]:
        """Atom indices of each ligand."""
        return [found.atoms for found in self.fragments[: self._n_ligands]]

    @property
    def waters(self) -> list[range]:
        """Atom indices of each water."""
        return [found.atoms for found in self.fragments[self._n_ligands :]]

    @property
    def _n_ligands(self) -> int:
        return len(self.fragments) - self.spec.waters

    @property
    def symbols(self) -> tuple[str, ...]:
        """Element symbols of the whole complex."""
        of_ligands = (s for f in self.fragments for s in ligand_symbols(f.ligand.smiles))
        return (self.spec.metal, *of_ligands)

    @property
    def donors(self) -> list[int]:
        """Indices of all atoms that should bind the metal."""
        return [donor for found in self.fragments for donor in found.donors]


def fragment_atoms(structure: Structure) -> list[NDArray[np.int64]]:
    """Connected components of everything but the metal (atom 0), each sorted."""
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(bond_matrix(structure)[1:, 1:], directed=False)
    return [np.flatnonzero(labels == label) + 1 for label in range(labels.max() + 1)]


def canonical(structure: Structure, spec: ComplexSpec) -> Structure:
    """Reorder the atoms of a complex, metal first in any order after that, to `spec`'s layout.

    Among equal ligands, and among equivalent atoms of one, the nearer to the metal comes first, so
    the result does not depend on the order given.

    Raises
    ------
    CalculationError
        The fragments are not the ligands and waters of `spec`.
    """
    if structure.symbols[0] != spec.metal:
        raise CalculationError(f"the first atom is {structure.symbols[0]}, not {spec.metal}")
    distances = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
    nearest = np.lexsort((*structure.positions.T, distances)).tolist()
    structure = structure.subset(nearest, spec.charge)
    blocks: dict[Ligand, list[list[int]]] = {ligand: [] for ligand, _ in spec.composition.species}
    for atoms in fragment_atoms(structure):
        ligand, order = _recognised(structure, atoms, spec)
        blocks[ligand].append(order)
    if wrong := [
        f"{len(blocks[ligand])} {ligand.name} in place of {number}"
        for ligand, number in spec.composition.species
        if len(blocks[ligand]) != number
    ]:
        raise CalculationError(f"found {', '.join(wrong)}")
    order = [0, *(i for found in blocks.values() for block in found for i in block)]
    return Structure(
        tuple(structure.symbols[i] for i in order),
        structure.positions[order],
        spec.charge,
        spec.multiplicity,
    )


def _recognised(
    structure: Structure, atoms: NDArray[np.int64], spec: ComplexSpec
) -> tuple[Ligand, list[int]]:
    """Which ligand a fragment is, and its atoms in the order of that ligand."""
    asked = [ligand for ligand, _ in spec.composition.species]
    symbols = sorted(structure.symbols[i] for i in atoms)
    isomers = [one for one in asked if sorted(ligand_symbols(one.smiles)) == symbols]
    reasons = []
    for ligand in isomers or asked:
        identity = fragment_inchikey(structure.subset(atoms.tolist(), ligand.charge), ligand)
        if identity.matches:
            return ligand, [int(atoms[i]) for i in identity.atom_map]
        reasons.append(f"not {ligand.name}: {identity.reason}")
    raise CalculationError(f"a fragment is {'; '.join(reasons)}")
