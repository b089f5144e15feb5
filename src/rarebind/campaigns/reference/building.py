"""Complexes of ligands with numbered donors around one metal ion: built roughly, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from rarebind.complexes import distance_geometry
from rarebind.complexes.distance_geometry import Part
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure, bond_matrix

WATER = "[OH2:1]"
#: Å: metal to donor; metal to any other atom at least; atoms of two ligands at most.
_BOND, _NEAREST, _FARTHEST = 2.45, 2.8, 12.0
#: A donor is bound up to this distance, Å.
BOUND = 3.1


@lru_cache(maxsize=256)
def read_ligand(smiles: str) -> tuple[Chem.Mol, tuple[int, ...]]:
    """The molecule with hydrogens, and its donors: the atoms with map numbers.

    Raises
    ------
    InputError
        The SMILES is no single molecule, or no donor is numbered.
    """
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or len(Chem.GetMolFrags(mol)) != 1:
        raise InputError(f"{smiles!r} is not the SMILES of one molecule")
    mol = Chem.AddHs(mol)
    donors = tuple(atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomMapNum())
    if not donors:
        raise InputError(f"{smiles!r} has no donor: give donor atoms map numbers, as in {WATER!r}")
    return mol, donors


def fragments(ligands: Mapping[str, int], waters: int) -> list[str]:
    """SMILES of every ligand in the order of the atoms; the metal comes before them."""
    listed = [smiles for smiles, number in ligands.items() for _ in range(number)]
    return listed + [WATER] * waters


def atom_ranges(smiles: list[str]) -> list[range]:
    """Indices of each fragment's atoms in the complex."""
    return distance_geometry.atom_ranges(read_ligand(one)[0] for one in smiles)


def charge_of(smiles: str) -> int:
    """Formal charge in e."""
    return int(Chem.GetFormalCharge(read_ligand(smiles)[0]))


def embed(metal: str, smiles: list[str], seed: int) -> Structure:
    """A rough geometry: the metal, then each ligand's atoms.

    Raises
    ------
    CalculationError
        There is no geometry within these bounds.
    """
    parts = [Part(mol, donors, [_BOND] * len(donors)) for mol, donors in map(read_ligand, smiles)]
    found = distance_geometry.embed(metal, parts, seed, nearest=_NEAREST, farthest=_FARTHEST)
    if not found:
        raise CalculationError(f"{metal} has no room for {', '.join(smiles)} (seed {seed})")
    symbols = (atom.GetSymbol() for part in parts for atom in part.mol.GetAtoms())
    return Structure((metal, *symbols), found[0], 3 + sum(map(charge_of, smiles)))


def free_ligand(smiles: str, seed: int) -> Structure:
    """A conformer of the free ligand, of low energy in the MMFF force field where it has one."""
    from rdkit.Chem import rdForceFieldHelpers

    mol = Chem.Mol(read_ligand(smiles)[0])
    if rdDistGeom.EmbedMolecule(mol, randomSeed=seed) < 0:
        raise CalculationError(f"RDKit finds no geometry of {smiles}")
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
        rdForceFieldHelpers.MMFFOptimizeMolecule(mol)
    symbols = tuple(atom.GetSymbol() for atom in mol.GetAtoms())
    return Structure(symbols, mol.GetConformer().GetPositions(), charge_of(smiles))


def faults(structure: Structure, smiles: list[str]) -> list[str]:
    """What is no longer as it was built: bonds of the ligands, donors at the metal."""
    bonded = bond_matrix(structure)
    found = []
    for one, atoms in zip(smiles, atom_ranges(smiles), strict=True):
        mol, donors = read_ligand(one)
        wanted = Chem.GetAdjacencyMatrix(mol).astype(bool)
        within = bonded[atoms.start : atoms.stop, atoms.start : atoms.stop]
        if (within != wanted).any():
            found.append(f"bonds of {one} have changed")
        distances = np.linalg.norm(
            structure.positions[list(atoms)] - structure.positions[0], axis=1
        )
        found += [
            f"a donor of {one} is {d:.2f} Å away" for d in distances[list(donors)] if d > BOUND
        ]
    return found
