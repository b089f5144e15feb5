"""Complexes by distance geometry: any ligands whose donors are known, around one metal ion.

Distances within a ligand are RDKit's bounds for the free one; donors are tied to the metal, and
atoms of different ligands are kept apart.  What comes out is rough, and is relaxed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DistanceGeometry
from rdkit.Chem import rdDistGeom

from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure, bond_matrix

WATER = "[OH2:1]"
#: Å: metal to donor and its tolerance, metal to any other atom, atoms of two ligands by whether
#: none, one or both are hydrogen.
_BOND, _TOLERANCE, _APART = 2.45, 0.05, 2.8
_BETWEEN = (2.6, 2.1, 2.0)
_FARTHEST = 12.0
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
    ends = np.cumsum([1, *(read_ligand(one)[0].GetNumAtoms() for one in smiles)])
    return [range(first, last) for first, last in pairwise(ends.tolist())]


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
    joined, donors = _joined(metal, smiles)
    # RDKit's stubs give its settings no types.
    parameters: Any = rdDistGeom.EmbedParameters()
    parameters.SetBoundsMat(_bounds(smiles, donors))
    parameters.randomSeed = seed
    parameters.useRandomCoords = True
    parameters.enforceChirality = parameters.useBasicKnowledge = False
    parameters.useExpTorsionAnglePrefs = False
    parameters.maxIterations = 50
    if rdDistGeom.EmbedMolecule(joined, parameters) < 0:
        raise CalculationError(f"{metal} has no room for {', '.join(smiles)} (seed {seed})")
    return Structure(
        tuple(atom.GetSymbol() for atom in joined.GetAtoms()),
        joined.GetConformer().GetPositions(),
        3 + sum(map(charge_of, smiles)),
    )


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


def _joined(metal: str, smiles: list[str]) -> tuple[Chem.Mol, list[int]]:
    """One molecule, as RDKit heeds no bounds between separate ones, and its donors."""
    whole = Chem.MolFromSmiles(f"[{metal}]")
    for one in smiles:
        whole = Chem.CombineMols(whole, read_ligand(one)[0])
    donors = [
        atoms.start + donor
        for one, atoms in zip(smiles, atom_ranges(smiles), strict=True)
        for donor in read_ligand(one)[1]
    ]
    editable = Chem.RWMol(whole)
    for donor in donors:
        editable.AddBond(donor, 0, Chem.BondType.DATIVE)
    joined = editable.GetMol()
    Chem.SanitizeMol(joined)
    return joined, donors


def _bounds(smiles: list[str], donors: list[int]) -> NDArray[np.float64]:
    """Upper bounds of distances above the diagonal, lower ones below it."""
    ranges = atom_ranges(smiles)
    hydrogen = np.concatenate(
        [[0], *([a.GetAtomicNum() == 1 for a in read_ligand(s)[0].GetAtoms()] for s in smiles)]
    ).astype(int)
    number = len(hydrogen)
    lower = np.take(_BETWEEN, hydrogen[:, None] + hydrogen)
    bounds: NDArray[np.float64] = np.triu(np.full((number, number), _FARTHEST), 1) + np.tril(
        lower, -1
    )
    for one, atoms in zip(smiles, ranges, strict=True):
        part = slice(atoms.start, atoms.stop)
        bounds[part, part] = rdDistGeom.GetMoleculeBoundsMatrix(read_ligand(one)[0])
    bounds[1:, 0] = _APART
    bounds[donors, 0], bounds[0, donors] = _BOND - _TOLERANCE, _BOND + _TOLERANCE
    DistanceGeometry.DoTriangleSmoothing(bounds)
    return bounds
