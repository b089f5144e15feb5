"""Whether several donors of a ligand can bind one metal: what it costs to bend the ligand so.

A force field without charges (MMFF94, or UFF where MMFF94 lacks parameters) holds the ligand, and a
point stands for the metal: donors are drawn to their distance from it, all other atoms are kept
off.  The energy of the ligand so bent, less that of the relaxed ligand, is the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
from rdkit import Chem, DistanceGeometry, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

#: kcal/mol up to which donors count as able to bind one metal.
MAX_COST = 22.0

#: Å from the metal: a donor, by element (between O and N of La and Lu, with some play); a
#: neighbour of a flat oxygen or nitrogen, which bind in their plane; hydrogen; any other atom.
_BONDS = {"O": (2.2, 2.6), "N": (2.4, 2.8), "F": (2.2, 2.5)}
_OTHER_BOND = (2.7, 3.1)
_BESIDE_FLAT, _HYDROGEN, _ANY = (3.0, 3.1), 2.4, 2.75
_FAR = 100.0
#: kcal/mol/Å².
_STIFFNESS = 100.0
#: Geometries tried, steps of relaxing one, starts of one embedding.
_EMBEDDED, _STEPS, _STARTS = 12, 300, 10
#: Starts after which a ligand that never embeds is given up.
_HOPELESS = 3
#: Two donors of one metal are at most so far apart, Å.
_ACROSS = 5.0


@lru_cache(maxsize=4096)
def bending_cost(smiles: str, donors: tuple[int, ...]) -> float | None:
    """Energy in kcal/mol that it costs to bring `donors` to one metal.

    Parameters
    ----------
    smiles
        Of the ligand.
    donors
        Atoms of it, hydrogens left out.

    Returns
    -------
    float or None
        Infinity where no geometry could be made; None where no force field knows the atoms.
    """
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    cost = np.inf
    with rdBase.BlockLogs():
        if (make := _field(mol)) is None:
            return None
        for seed in range(_EMBEDDED):
            placed = _embedded(mol, donors, seed)
            if placed is not None:
                cost = min(cost, _bent(placed, donors, make) - _relaxed(placed, make))
            if cost <= MAX_COST or (np.isinf(cost) and seed + 1 >= _HOPELESS):
                break
    return float(cost)


def _embedded(mol: Chem.Mol, donors: Sequence[int], seed: int) -> Chem.Mol | None:
    """`mol` with a rough geometry, its donors near each other; None where none is found."""
    bounds = rdDistGeom.GetMoleculeBoundsMatrix(mol)
    for i, j in combinations(sorted(donors), 2):
        bounds[i, j] = max(min(bounds[i, j], _ACROSS), bounds[j, i])
    if not DistanceGeometry.DoTriangleSmoothing(bounds):
        return None
    settings: Any = rdDistGeom.ETKDGv3()
    settings.SetBoundsMat(bounds)
    settings.randomSeed = seed
    settings.useRandomCoords = True
    settings.maxIterations = _STARTS
    placed = Chem.Mol(mol)
    return placed if rdDistGeom.EmbedMolecule(placed, settings) >= 0 else None


def _field(mol: Chem.Mol) -> Callable[[Chem.Mol], Any] | None:
    """What makes a force field without charges of a geometry; None if no field has the atoms."""
    if rdForceFieldHelpers.MMFFHasAllMoleculeParams(mol):
        properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol)
        properties.SetMMFFEleTerm(False)
        return lambda placed: rdForceFieldHelpers.MMFFGetMoleculeForceField(placed, properties)
    if rdForceFieldHelpers.UFFHasAllMoleculeParams(mol):
        return rdForceFieldHelpers.UFFGetMoleculeForceField
    return None


def _relaxed(placed: Chem.Mol, make: Callable[[Chem.Mol], Any]) -> float:
    field = make(placed)
    field.Initialize()
    field.Minimize(maxIts=_STEPS)
    return float(field.CalcEnergy())


def _bent(placed: Chem.Mol, donors: Sequence[int], make: Callable[[Chem.Mol], Any]) -> float:
    """Energy of the ligand around the metal, with what its distances from the metal still lack."""
    positions = placed.GetConformer().GetPositions()
    field = make(placed)
    # Off the donors' centre, on the side away from the rest of the ligand.
    inside = positions[list(donors)].mean(axis=0)
    away = inside - positions.mean(axis=0)
    start = inside + away / max(float(np.linalg.norm(away)), 0.1)
    metal = field.AddExtraPoint(*start.tolist(), fixed=False) - 1
    field.Initialize()
    for atom in placed.GetAtoms():
        low, high = _distances(atom, donors)
        field.AddDistanceConstraint(metal, atom.GetIdx(), low, high, _STIFFNESS)
    field.Minimize(maxIts=_STEPS)
    return float(field.CalcEnergy())


def _distances(atom: Chem.Atom, donors: Sequence[int]) -> tuple[float, float]:
    """Least and largest distance of an atom from the metal."""
    if atom.GetIdx() in donors:
        return _BONDS.get(atom.GetSymbol(), _OTHER_BOND)
    if atom.GetSymbol() == "H":
        return _HYDROGEN, _FAR
    bound = [n for n in atom.GetNeighbors() if n.GetIdx() in donors]
    if len(bound) == 1 and (_is_flat(bound[0]) or (_is_flat(atom) and bound[0].GetDegree() == 1)):
        return _BESIDE_FLAT[bound[0].GetSymbol() == "N"], _FAR
    return _ANY, _FAR


def _is_flat(atom: Chem.Atom) -> bool:
    return atom.GetHybridization() == Chem.HybridizationType.SP2
