"""Architector's ligands from a seed: Open Babel's builder, which they start from, has none.

It seeds itself by the clock, so that two runs started from other conformers, and ended up to 0.1
kcal/mol apart.  Here RDKit embeds the molecule instead, with its stereochemistry, and Open Babel's
force field relaxes it as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom
from scipy.spatial.transform import Rotation

#: Steps and convergence of the force field, as in Architector.
_STEPS, _CONVERGED = 2000, 1e-6


@contextmanager
def seeded_ligands(seed: int) -> Iterator[None]:
    """Within, Architector builds ligands from `seed`; those that RDKit cannot embed as before.

    So are the rotations that it draws from SciPy, which no longer heeds NumPy's seed.
    """
    from architector import io_align_mol, io_obabel

    original, rotations = io_obabel.build_3D, io_align_mol.Rot
    io_align_mol.Rot = _Rotations(seed)

    def build(molecule: Any, addHydrogens: bool = True) -> Any:  # noqa: N803  # Architector's name
        if addHydrogens:
            molecule.AddHydrogens()
        if not place(molecule, seed):
            return original(molecule, addHydrogens=False)
        name = "mmff94" if io_obabel.check_mmff_okay(molecule) else "UFF"
        field = io_obabel.ob.OBForceField.FindForceField(name)
        field.Setup(molecule)
        field.ConjugateGradients(_STEPS, _CONVERGED)
        field.GetCoordinates(molecule)
        return molecule

    io_obabel.build_3D = build
    try:
        yield
    finally:
        io_obabel.build_3D, io_align_mol.Rot = original, rotations


class _Rotations:
    """SciPy's rotations, drawn from a seed where none is given."""

    def __init__(self, seed: int) -> None:
        self._generator = np.random.default_rng(seed)

    def random(self) -> Rotation:
        return Rotation.random(rng=self._generator)

    def __getattr__(self, name: str) -> Any:
        return getattr(Rotation, name)


def place(molecule: Any, seed: int) -> bool:
    """Give the atoms of an ``OBMol``, hydrogens included, positions; whether that was possible."""
    text, order = _smiles(molecule)
    parameters: Any = Chem.SmilesParserParams()
    parameters.removeHs = False
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text, parameters)
        if mol is None or mol.GetNumAtoms() != len(order) or _failed(mol, seed):
            return False
    for place_in_mol, (x, y, z) in zip(order, mol.GetConformer().GetPositions(), strict=True):
        molecule.GetAtom(place_in_mol).SetVector(x, y, z)
    molecule.SetDimension(3)
    return True


def _failed(mol: Chem.Mol, seed: int) -> bool:
    how: Any = rdDistGeom.ETKDGv3()
    how.randomSeed = seed
    return bool(rdDistGeom.EmbedMolecule(mol, how) < 0)


def _smiles(molecule: Any) -> tuple[str, list[int]]:
    """SMILES with every hydrogen, and the numbers (from 1) of the atoms in its order."""
    from openbabel import openbabel as ob

    conversion = ob.OBConversion()
    conversion.SetOutFormat("smi")
    # Hydrogens as atoms, no title, and the order kept as data.
    for option in ("h", "n", "O"):
        conversion.AddOption(option, conversion.OUTOPTIONS)
    written = conversion.WriteString(molecule).split()
    data = ob.toPairData(molecule.GetData("SMILES Atom Order"))
    return written[0], [int(number) for number in data.GetValue().split()]
