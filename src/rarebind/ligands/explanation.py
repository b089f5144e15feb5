"""Why these atoms of a ligand are its donors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rdkit import Chem

from rarebind.ligands.carried import carried_scaffold
from rarebind.ligands.library import scaffolds
from rarebind.ligands.ligand import Ligand
from rarebind.ligands.motifs import load_rules
from rarebind.ligands.sites import find_sites
from rarebind.ligands.smiles import atom_labels

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Donor:
    """One donor atom.

    Attributes
    ----------
    atom
        Index in the ligand's SMILES, from 0.
    element
    motif
        Why it is a donor: name of the motif or scaffold, or ``numbered by the user``.
    """

    atom: int
    element: str
    motif: str


@dataclass(frozen=True)
class Explanation:
    """What `explain` found; `why` holds one sentence a reason."""

    ligand: Ligand
    donors: tuple[Donor, ...]
    why: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        ligand = self.ligand
        return {
            "name": ligand.name,
            "smiles": ligand.smiles,
            "inchikey": ligand.inchikey,
            "charge": ligand.charge,
            "denticity": ligand.denticity,
            "donors": [
                {"atom": d.atom, "element": d.element, "motif": d.motif} for d in self.donors
            ],
            "scaffold": ligand.scaffold,
            "substituent": ligand.substituent,
            "why": list(self.why),
            "notes": list(ligand.notes),
        }


def explain(ligand: Ligand, *, motif_file: str | Path | None = None) -> Explanation:
    """Why these atoms are the donors of `ligand`.

    Raises
    ------
    InputError
        The motif file cannot be used.
    """
    mol = Chem.MolFromSmiles(ligand.smiles)
    sites = find_sites(mol, load_rules(motif_file))
    # Which of equivalent atoms binds says nothing.
    kinds = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    if ligand.scaffold is not None:
        scaffold = scaffolds().get(ligand.scaffold)
        labels = dict.fromkeys(ligand.donors, f"{ligand.scaffold} (library)")
        about = f": {scaffold.summary}" if scaffold else ""
        why = [f"{ligand.scaffold} is a scaffold of the library{about}"]
        if scaffold and scaffold.note:
            why.append(scaffold.note)
    elif sorted(kinds[i] for i in sites.donors) == sorted(kinds[i] for i in ligand.donors):
        motifs = {kinds[i]: m.motif.name for m in reversed(sites.used) for i in m.donors}
        labels = {i: motifs[kinds[i]] for i in ligand.donors}
        why = list(dict.fromkeys(f"{m.motif.name}: {m.motif.why}" for m in sites.used))
        passed = dict.fromkeys(
            f"{m.motif.name} at {atom_labels(mol, m.donors)} does not bind: "
            f"{sites.used[0].motif.name} comes first"
            for m in sites.passed_over
        )
        why += passed
        why += [
            f"{m.motif.name} at {atom_labels(mol, m.donors)} cannot reach the same metal"
            for m in sites.apart
        ]
    else:
        labels = dict.fromkeys(ligand.donors, "numbered by the user")
        why = ["the donors are the atoms that the SMILES numbers"]
    carried = carried_scaffold(ligand)
    if carried is not None and ligand.scaffold is None:
        why.append(f"carries {carried.parent.name}, a scaffold of the library")
    donors = tuple(Donor(i, mol.GetAtomWithIdx(i).GetSymbol(), labels[i]) for i in ligand.donors)
    return Explanation(ligand, donors, tuple(why))
