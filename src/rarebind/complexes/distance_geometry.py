"""Complexes of any ligands by RDKit's distance geometry: donors at their distance from the metal.

Distances within a ligand are RDKit's bounds for the free one; donors are tied to the metal, and
atoms of different ligands are kept apart.  What polyhedron the donors form is left to chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, DistanceGeometry
from rdkit.Chem import rdDistGeom

Floats = NDArray[np.float64]

#: Å: how far a donor may be from its distance; atoms of two ligands at least, by whether none,
#: one or both are hydrogen.
_TOLERANCE = 0.05
_BETWEEN = (2.6, 2.1, 2.0)
#: Starts from random coordinates that one embedding may take.
_STARTS = 50


@dataclass(frozen=True)
class Part:
    """A ligand or water.

    Attributes
    ----------
    mol
        With its hydrogens.
    donors
        Indices in `mol` of the atoms that bind the metal.
    distances
        Of each donor from the metal, Å.
    """

    mol: Chem.Mol
    donors: Sequence[int]
    distances: Sequence[float]


def embed(
    metal: str,
    parts: Sequence[Part],
    seed: int,
    number: int = 1,
    *,
    nearest: float = 2.7,
    farthest: float = 25.0,
) -> list[Floats]:
    """Rough geometries: the metal, then each part's atoms.

    Parameters
    ----------
    metal
        Element symbol.
    parts
        In the order of their atoms.
    seed
    number
        Embeddings to try.
    nearest
        Metal to any atom but a donor, at least, Å.
    farthest
        Any two atoms of different parts at most, Å.

    Returns
    -------
    Positions in Å, shape (atoms, 3), of each embedding that succeeded.
    """
    joined = _joined(metal, parts)
    # RDKit's stubs give its settings no types.
    settings: Any = rdDistGeom.EmbedParameters()
    settings.SetBoundsMat(_bounds(parts, nearest, farthest))
    settings.randomSeed = seed
    settings.useRandomCoords = True
    # Knowledge of torsions and flat rings moves donors away from the metal, and is slow.
    settings.useBasicKnowledge = settings.useExpTorsionAnglePrefs = False
    settings.maxIterations = _STARTS
    rdDistGeom.EmbedMultipleConfs(joined, number, settings)
    return [conformer.GetPositions() for conformer in joined.GetConformers()]


def atom_ranges(mols: Iterable[Chem.Mol]) -> list[range]:
    """Indices in the complex of each part's atoms; the metal comes before them."""
    ends = np.cumsum([1, *(mol.GetNumAtoms() for mol in mols)])
    return [range(first, last) for first, last in pairwise(ends.tolist())]


def _joined(metal: str, parts: Sequence[Part]) -> Chem.Mol:
    """One molecule, as RDKit heeds no bounds between separate ones."""
    whole = Chem.MolFromSmiles(f"[{metal}]")
    for part in parts:
        whole = Chem.CombineMols(whole, part.mol)
    editable = Chem.RWMol(whole)
    for donor in _donors(parts):
        editable.AddBond(donor, 0, Chem.BondType.DATIVE)
    joined = editable.GetMol()
    Chem.SanitizeMol(joined)
    return joined


def _donors(parts: Sequence[Part]) -> list[int]:
    """Indices in the complex of all donors."""
    ranges = atom_ranges(part.mol for part in parts)
    return [
        atoms[donor] for part, atoms in zip(parts, ranges, strict=True) for donor in part.donors
    ]


def _bounds(parts: Sequence[Part], nearest: float, farthest: float) -> Floats:
    """Upper bounds of distances above the diagonal, lower ones below it."""
    hydrogen = np.array(
        [0, *(atom.GetAtomicNum() == 1 for part in parts for atom in part.mol.GetAtoms())], int
    )
    lower = np.take(_BETWEEN, hydrogen[:, None] + hydrogen)
    bounds: Floats = np.triu(np.full(lower.shape, farthest), 1) + np.tril(lower, -1)
    for part, atoms in zip(parts, atom_ranges(part.mol for part in parts), strict=True):
        own = slice(atoms.start, atoms.stop)
        bounds[own, own] = rdDistGeom.GetMoleculeBoundsMatrix(part.mol)
    bounds[1:, 0] = nearest
    donors, distances = _donors(parts), np.concatenate([part.distances for part in parts])
    bounds[donors, 0], bounds[0, donors] = distances - _TOLERANCE, distances + _TOLERANCE
    DistanceGeometry.DoTriangleSmoothing(bounds)
    return bounds
