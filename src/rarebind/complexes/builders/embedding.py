"""Complexes of any ligand by distance geometry; their polyhedron is left to chance."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from rdkit import Chem, rdBase

from rarebind.complexes.distance_geometry import Part, embed
from rarebind.complexes.layout import Layout, canonical, ligand_symbols
from rarebind.complexes.spec import ComplexSpec
from rarebind.elements import ionic_radius
from rarebind.errors import CalculationError
from rarebind.structures import Structure

#: Å: what a donor adds to the ionic radius of the metal (Shannon's radii of anions; P as S).
_DONOR_RADII = {"O": 1.35, "N": 1.46, "S": 1.84, "P": 1.84, "F": 1.30, "Cl": 1.81}
_OTHER_DONOR = 1.5
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
    version = "embedding 2"

    def build(self, spec: ComplexSpec) -> list[Structure]:
        """Unrelaxed candidates in the order of the layout.

        Raises
        ------
        CalculationError
            No arrangement keeps the ligands whole and apart.
        """
        layout = Layout(spec)
        with rdBase.BlockLogs():
            embedded = embed(spec.metal, _parts(spec), self.seed, _TRIES * self.candidates)
        structures = (
            Structure(layout.symbols, positions, spec.charge, spec.multiplicity)
            for positions in embedded
        )
        whole = (structure for structure in structures if _is_whole(structure, spec))
        found = list(islice(whole, self.candidates))
        if not found:
            raise CalculationError(
                f"no arrangement of {spec.name} keeps its ligands whole and apart: use fewer "
                "ligands, or the builder 'architector'"
            )
        return found


def _parts(spec: ComplexSpec) -> list[Part]:
    """Ligands and waters in the order of the layout, donors at the sum of ionic radii."""
    radius = ionic_radius(spec.metal, spec.coordination_number)
    found = []
    for fragment in Layout(spec).fragments:
        ligand = fragment.ligand
        symbols = ligand_symbols(ligand.smiles)
        distances = [
            radius + _DONOR_RADII.get(symbols[donor], _OTHER_DONOR) for donor in ligand.donors
        ]
        mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
        found.append(Part(mol, ligand.donors, distances))
    return found


def _is_whole(structure: Structure, spec: ComplexSpec) -> bool:
    try:
        canonical(structure, spec)
    except CalculationError:
        return False
    return True
