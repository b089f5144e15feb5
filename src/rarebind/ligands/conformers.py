"""Conformers of the free ligand by distance geometry and a force field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers, rdMolAlign

from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from rarebind.ligands.ligand import Ligand

_RMSD = 0.5  # Å, heavy atoms: closer conformers count as one
_EMBEDDED_PER_WANTED = 3
_FORCE_FIELD_STEPS = 2000
_SYMMETRY_MATCHES = 1000


def conformers(ligand: Ligand, n: int, seed: int) -> list[Structure]:
    """Up to `n` different conformers, the most stable first.

    ETKDG geometries are relaxed with MMFF94, or UFF where MMFF94 lacks parameters, as for some
    anions; then those within 0.5 Å (heavy-atom RMSD) of a better one are dropped.  The force
    field is a gas-phase one: use the result as starting points, not for energies.

    Parameters
    ----------
    ligand
    n
        How many are wanted; rigid ligands have fewer.
    seed
        Of the random numbers, 0 or more; the same seed gives the same conformers.

    Returns
    -------
    list of Structure
        Atoms in the order of ``Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))``, charge of the
        ligand, positions in Å.

    Raises
    ------
    InputError
        `n` or `seed` is out of range.
    CalculationError
        No geometry could be made.
    """
    if n < 1:
        raise InputError(f"the number of conformers must be at least 1, got {n}")
    if not 0 <= seed < 2**31:
        raise InputError(f"the seed must lie between 0 and {2**31 - 1}, got {seed}")
    mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
    with rdBase.BlockLogs():
        identifiers = _embed(mol, n * _EMBEDDED_PER_WANTED, seed)
        if not identifiers:
            raise CalculationError(
                f"no 3D geometry of {ligand.name} ({ligand.smiles}) could be made: check its "
                "stereochemistry"
            )
        energies = _relax(mol)
    ranked = sorted(identifiers, key=lambda i: (round(energies[i], 6), i))
    symbols = tuple(atom.GetSymbol() for atom in mol.GetAtoms())
    return [
        Structure(symbols, mol.GetConformer(i).GetPositions(), ligand.charge)
        for i in _different(mol, ranked, n)
    ]


def _embed(mol: Chem.Mol, count: int, seed: int) -> list[int]:
    settings: Any = rdDistGeom.ETKDGv3()
    settings.randomSeed = seed
    settings.numThreads = 1
    found = list(rdDistGeom.EmbedMultipleConfs(mol, count, settings))
    if not found:
        # Macrocycles and crowded molecules sometimes embed from random coordinates only.
        settings.useRandomCoords = True
        found = list(rdDistGeom.EmbedMultipleConfs(mol, count, settings))
    return found


def _relax(mol: Chem.Mol) -> dict[int, float]:
    """Relax all conformers in place; force-field energies (kcal/mol) by conformer."""
    steps: dict[str, Any] = {"maxIters": _FORCE_FIELD_STEPS, "numThreads": 1}
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
        results = rdForceFieldHelpers.MMFFOptimizeMoleculeConfs(mol, **steps)
    elif rdForceFieldHelpers.UFFHasAllMoleculeParams(mol):
        results = rdForceFieldHelpers.UFFOptimizeMoleculeConfs(mol, **steps)
    else:
        results = [(0, 0.0)] * mol.GetNumConformers()
    order = [conformer.GetId() for conformer in mol.GetConformers()]
    return {i: energy for i, (_, energy) in zip(order, results, strict=True)}


def _different(mol: Chem.Mol, ranked: list[int], n: int) -> list[int]:
    """The first `n` conformers of `ranked` that differ from every better one."""
    bare = Chem.RemoveHs(mol)
    kept: list[int] = []
    for i in ranked:
        if len(kept) == n:
            break
        near = (
            rdMolAlign.GetBestRMS(Chem.Mol(bare), bare, i, j, maxMatches=_SYMMETRY_MATCHES) < _RMSD
            for j in kept
        )
        if not any(near):
            kept.append(i)
    return kept
