"""3D complexes by grafting: substituents onto the relaxed La complex of the parent scaffold.

Positions on the ring of a scaffold and the end of its side chain point away from the metal, so the
coordination sphere of the parent carries over and what takes Architector minutes takes a fraction
of a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem
from scipy.spatial.transform import Rotation

from rarebind.complexes.layout import Layout
from rarebind.complexes.series import swap_metal
from rarebind.complexes.spec import ComplexSpec
from rarebind.complexes.templates import parent_spec, parent_templates
from rarebind.errors import CalculationError
from rarebind.ligands import Carried, Ligand, carried_scaffold, conformers
from rarebind.structures import Structure, bond_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Two substituent conformers closer than this (Å, largest displacement) count as one.
_SAME = 0.3
#: No atom of a substituent may come nearer to the metal than this, in Å.
_TOO_NEAR = 2.2


@dataclass(frozen=True)
class Grafting:
    """Put substituents in place of hydrogens on every ligand of the parent's templates.

    Attributes
    ----------
    conformers
        RDKit conformers of the free ligand from which the substituents' shapes are taken.
    seed
        Seeds RDKit's embedding.
    templates
        Set of templates: empty, GFN2-xTB's, or the name of a level that has its own.
    """

    conformers: int = 12
    seed: int = 111111
    templates: str = ""

    name = "grafting"
    version = "grafting 1"

    def build(self, spec: ComplexSpec) -> list[Structure]:
        """Unrelaxed candidates: every template with every distinct conformer that fits.

        Raises
        ------
        InputError
            The ligand carries no scaffold of the library, or no template of this composition ships.
        CalculationError
            Every conformer clashes with its surroundings in every template.
        """
        templates = parent_templates(spec, self.templates)
        parent = parent_spec(spec)
        carried = carried_scaffold(spec.ligand) if spec.ligand else None
        if spec.ligand is None or carried is None or spec.ligand.smiles == carried.parent.smiles:
            return [_as_metal(template, parent, spec) for template in templates]
        shapes = conformers(spec.ligand, self.conformers, self.seed)
        candidates = []
        for template in templates:
            distinct: list[Structure] = []
            for shape in shapes:
                grafted = _graft(template, parent, spec, carried, shape.positions)
                if _clashes(grafted, spec) or any(
                    np.abs(grafted.positions - other.positions).max() < _SAME for other in distinct
                ):
                    continue
                distinct.append(grafted)
            candidates += distinct
        if not candidates:
            raise CalculationError(
                f"no conformer of {spec.ligand.name} fits into the templates of {spec.geometry}: "
                "use the builder 'architector'"
            )
        return [_as_metal(c, spec.with_metal(parent.metal), spec) for c in candidates]


def _as_metal(structure: Structure, spec: ComplexSpec, wanted: ComplexSpec) -> Structure:
    """`structure` itself when it has the wanted metal, else swapped."""
    return structure if spec.metal == wanted.metal else swap_metal(structure, spec, wanted.metal)


def _graft(
    template: Structure,
    parent: ComplexSpec,
    spec: ComplexSpec,
    carried: Carried,
    shape: NDArray[np.float64],
) -> Structure:
    """One candidate; `shape` holds the positions of a conformer of the free ligand, in Å."""
    old = Layout(parent)
    ligands = [
        _substituted(template.positions[list(atoms)], carried, shape) for atoms in old.ligands
    ]
    blocks = [template.positions[:1], *ligands, template.positions[old.ligands[-1].stop :]]
    target = spec.with_metal(parent.metal)
    return Structure(
        Layout(target).symbols, np.concatenate(blocks), target.charge, target.multiplicity
    )


def _substituted(
    parent: NDArray[np.float64], carried: Carried, shape: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Ligand positions: the parent's where it has the atom, else the conformer's, superimposed."""
    positions = np.empty_like(shape)
    for old, new in carried.core:
        positions[new] = parent[old]
    for branch in carried.branches:
        old_frame, new_frame = (list(side) for side in zip(*branch.frame, strict=True))
        centre_new, centre_old = shape[new_frame].mean(axis=0), parent[old_frame].mean(axis=0)
        rotation, _ = Rotation.align_vectors(
            parent[old_frame] - centre_old, shape[new_frame] - centre_new
        )
        atoms = list(branch.atoms)
        positions[atoms] = rotation.apply(shape[atoms] - centre_new) + centre_old
    return positions


def _clashes(structure: Structure, spec: ComplexSpec) -> bool:
    """Whether atoms touch that have no bond, or a substituent touches the metal or is torn off."""
    layout = Layout(spec)
    bonded = bond_matrix(structure)
    for part in layout.fragments:
        inside = slice(part.atoms.start, part.atoms.stop)
        bonded[inside, inside] = False
    donors = layout.donors
    bonded[0, donors] = bonded[donors, 0] = False
    # Atoms next to a donor may come near the metal in the template already.
    bonded[0, :] &= np.linalg.norm(structure.positions - structure.positions[0], axis=1) < _TOO_NEAR
    bonded[:, 0] = bonded[0, :]
    return bool(bonded.any()) or any(
        _has_other_bonds(structure, atoms, spec.ligand)
        for atoms in layout.ligands
        if spec.ligand is not None
    )


def _has_other_bonds(structure: Structure, atoms: range, ligand: Ligand) -> bool:
    """Whether atoms of a ligand touch that have no bond, or the other way round.

    A substituent may touch the side chain, and one on the side chain lies askew if that is bent
    otherwise in the conformer than in the template.
    """
    mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
    touching = bond_matrix(structure.subset(list(atoms), charge=ligand.charge))
    return bool((touching != (Chem.GetAdjacencyMatrix(mol) == 1)).any())
