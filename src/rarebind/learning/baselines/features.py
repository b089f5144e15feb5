"""What is known of a complex without its structure, as numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rarebind.complexes import read_geometry
from rarebind.elements import ionic_radius, rare_earth, rare_earths
from rarebind.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample

#: Ionic radii are compared at this coordination number, that of the study's complexes.
_CN = 8
#: Atoms on each side of an atom that a Morgan fingerprint tells apart, and its length.
_RADIUS, _BITS = 2, 512
#: Counted in ligands; the elements of the study's.
_ELEMENTS = ("C", "N", "O", "F", "P", "S", "Cl")


def metals(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Ionic radius (Å), 4f electrons, their distance from a half-filled shell, and an yttrium flag.

    Shape (N, 4).  Yttrium has the radius of holmium but no 4f shell, and its energies stand apart.
    """
    return np.array([_metal(sample.metal) for sample in samples])


def metal_names(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """One column for each rare earth, shape (N, 17): what no property tells of a metal."""
    known = list(rare_earths())
    return np.array([[float(sample.metal == name) for name in known] for sample in samples])


def counts(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Ligands of the first kind, waters and total charge (e), shape (N, 3)."""
    recipes = [read_geometry(sample.geometry) for sample in samples]
    return np.array(
        [
            (recipe.number, recipe.waters or 0, sample.structure.charge)
            for recipe, sample in zip(recipes, samples, strict=True)
        ]
    )


def ligands(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Morgan counts and descriptors of the ligand side by side, one row a sample."""
    return np.array([ligand_features(sample.smiles) for sample in samples])


@cache
def ligand_features(smiles: str) -> tuple[float, ...]:
    """Morgan counts of a ligand, then descriptors of its size, polarity and donors.

    Raises
    ------
    InputError
        The SMILES cannot be read.
    """
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors
    from rdkit.Chem.rdPartialCharges import ComputeGasteigerCharges

    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise InputError(f"RDKit cannot read the SMILES {smiles!r}")
    generator = rdFingerprintGenerator.GetMorganGenerator(
        radius=_RADIUS, fpSize=_BITS, includeChirality=False
    )
    morgan = generator.GetCountFingerprintAsNumPy(mol).astype(float)
    ComputeGasteigerCharges(mol)
    charges = [atom.GetDoubleProp("_GasteigerCharge") for atom in mol.GetAtoms()]
    hetero = [
        charge
        for atom, charge in zip(mol.GetAtoms(), charges, strict=True)
        if atom.GetSymbol() in {"O", "S"}
    ]
    descriptors = [
        float(Chem.GetFormalCharge(mol)),
        float(mol.GetNumHeavyAtoms()),
        *rdMolDescriptors.CalcCrippenDescriptors(mol),
        float(rdMolDescriptors.CalcTPSA(mol)),
        float(rdMolDescriptors.CalcLabuteASA(mol)),
        float(rdMolDescriptors.CalcNumHBA(mol)),
        float(rdMolDescriptors.CalcNumHBD(mol)),
        float(rdMolDescriptors.CalcNumRotatableBonds(mol)),
        float(rdMolDescriptors.CalcNumAromaticRings(mol)),
        *(float(sum(a.GetSymbol() == s for a in mol.GetAtoms())) for s in _ELEMENTS),
        min(charges),
        max(charges),
        float(np.sum(np.sort(hetero)[:2])),
    ]
    return (*morgan.tolist(), *descriptors)


@cache
def _metal(name: str) -> tuple[float, float, float, float]:
    ion = rare_earth(name)
    return (
        ionic_radius(name, _CN),
        float(ion.f_electrons),
        float(ion.unpaired_electrons),
        float(name == "Y"),
    )
