"""3D complexes of any ligand by RDKit's distance geometry: donors at their distance from the metal.

Metal, ligands and waters are embedded together.  Within a ligand its own bounds hold; the donors
lie at the sum of ionic radii from the metal, all other atoms further away, and the donors keep
clear of each other.  What polyhedron they form is left to chance, so that several are tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem, DistanceGeometry, rdBase
from rdkit.Chem import rdDistGeom

from rarebind.complexes.layout import Layout, canonical
from rarebind.complexes.spec import ComplexSpec
from rarebind.elements import ionic_radius
from rarebind.errors import CalculationError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Å: what a donor adds to the ionic radius of the metal (Shannon's radii of anions; P as S).
_DONOR_RADII = {"O": 1.35, "N": 1.46, "S": 1.84, "P": 1.84, "F": 1.30, "Cl": 1.81}
_OTHER_DONOR = 1.5
#: Å: how far a donor may be from its distance; nearest other atoms; nearest two donors of
#: different ligands; and what is far enough.
_TOLERANCE, _NEAREST, _APART, _FAR = 0.05, 2.7, 2.6, 25.0
#: Embeddings that are tried for each candidate that is wanted.
_TRIES = 3


@dataclass(frozen=True)
class Embedding:
    """Embed metal, ligands and waters by distance geometry.

    Attributes
    ----------
    candidates
        Arrangements at most.
    seed
        Of the random numbers.
    """

    candidates: int = 24
    seed: int = 111111

    name = "embedding"
    version = "embedding 1"

    def build(self, spec: ComplexSpec) -> list[Structure]:
        """Unrelaxed candidates in the order of the layout.

        Raises
        ------
        CalculationError
            No arrangement keeps the ligands whole and apart.
        """
        settings: Any = rdDistGeom.ETKDGv3()
        settings.randomSeed = self.seed
        settings.useRandomCoords = True
        settings.embedFragmentsSeparately = False
        with rdBase.BlockLogs():
            mol = _molecule(spec)
            settings.SetBoundsMat(_bounds(mol, spec))
            rdDistGeom.EmbedMultipleConfs(mol, _TRIES * self.candidates, settings)
        found: list[Structure] = []
        for conformer in mol.GetConformers():
            structure = Structure(
                Layout(spec).symbols, conformer.GetPositions(), spec.charge, spec.multiplicity
            )
            if len(found) < self.candidates and _is_whole(structure, spec):
                found.append(structure)
        if not found:
            raise CalculationError(
                f"no arrangement of {spec.name} keeps its ligands whole and apart: use fewer "
                "ligands, or the builder 'architector'"
            )
        return found


def _molecule(spec: ComplexSpec) -> Chem.Mol:
    """Metal, ligands and waters as fragments of one molecule, in the order of the layout."""
    whole = Chem.MolFromSmiles(f"[{spec.metal}+3]")
    for fragment in Layout(spec).fragments:
        part = Chem.AddHs(Chem.MolFromSmiles(fragment.ligand.smiles))
        whole = Chem.CombineMols(whole, part)
    Chem.SanitizeMol(whole)
    return whole


def _bounds(mol: Chem.Mol, spec: ComplexSpec) -> NDArray[np.float64]:
    """Upper bounds of distances above the diagonal, lower ones below, in Å."""
    bounds: NDArray[np.float64] = rdDistGeom.GetMoleculeBoundsMatrix(mol)
    layout = Layout(spec)
    symbols, donors = layout.symbols, set(layout.donors)
    bounds[0, 1:] = np.minimum(bounds[0, 1:], _FAR)
    bounds[1:, 0] = _NEAREST
    radius = ionic_radius(spec.metal, spec.coordination_number)
    for donor in donors:
        distance = radius + _DONOR_RADII.get(symbols[donor], _OTHER_DONOR)
        bounds[0, donor], bounds[donor, 0] = distance + _TOLERANCE, distance - _TOLERANCE
    for one, other in combinations(layout.fragments, 2):
        for i in one.donors:
            for j in other.donors:
                bounds[max(i, j), min(i, j)] = _APART
    DistanceGeometry.DoTriangleSmoothing(bounds)
    return bounds


def _is_whole(structure: Structure, spec: ComplexSpec) -> bool:
    try:
        canonical(structure, spec)
    except CalculationError:
        return False
    return True
