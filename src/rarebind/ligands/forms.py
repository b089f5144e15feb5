"""The one way in which a ligand's bound form is drawn, of all that mean the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rdkit import Chem

from rarebind.ligands.motifs import Match, Rewrite, rewritten

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_FORMS = 256


def deprotonated(mol: Chem.Mol, sites: Iterable[int]) -> Chem.Mol:
    """`mol` with one proton less on each of the atoms."""
    bound = Chem.RWMol(mol)
    for index in sites:
        atom = bound.GetAtomWithIdx(index)
        hydrogens = atom.GetTotalNumHs()
        atom.SetFormalCharge(atom.GetFormalCharge() - 1)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(hydrogens - 1)
    Chem.SanitizeMol(bound)
    return bound.GetMol()


def closure(
    mol: Chem.Mol, rewrites: tuple[Rewrite, ...], donors: tuple[int, ...]
) -> list[Chem.Mol]:
    """`mol` and all that the rewrites make of it."""
    forms = {Chem.MolToSmiles(mol): mol}
    queue = [mol]
    while queue and len(forms) < _MAX_FORMS:
        current = queue.pop()
        for rewrite in rewrites:
            for product in rewritten(current, rewrite, lambda atoms: set(atoms) <= set(donors)):
                key = Chem.MolToSmiles(product)
                if key not in forms:
                    forms[key] = product
                    queue.append(product)
    return list(forms.values())


def preference(mol: Chem.Mol) -> tuple[int, str]:
    """Sort key: most aromatic atoms first, then the SMILES."""
    return -sum(a.GetIsAromatic() for a in mol.GetAtoms()), Chem.MolToSmiles(mol)


def inner_double_bonds(mol: Chem.Mol, match: Match) -> list[Chem.Bond]:
    """Open-chain double bonds between two inner atoms of a match."""
    inner = set(match.atoms) - set(match.donors)
    return [
        bond
        for bond in mol.GetBonds()
        if bond.GetBondType() == Chem.BondType.DOUBLE
        and not bond.IsInRing()
        and {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= inner
    ]


def make_cis(mol: Chem.Mol, match: Match) -> None:
    """Turn the open-chain double bonds within a match so that its donors lie on one side."""
    for bond in inner_double_bonds(mol, match):
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        beside = [
            next(
                n.GetIdx()
                for n in end.GetNeighbors()
                if n.GetIdx() in match.atoms and n.GetIdx() != bond.GetOtherAtomIdx(end.GetIdx())
            )
            for end in ends
        ]
        bond.SetStereoAtoms(*beside)
        bond.SetStereo(Chem.BondStereo.STEREOCIS)


def without_isotopes(mol: Chem.Mol) -> Chem.Mol:
    """`mol` with deuterium and the like read as the common isotope, hydrogens implicit."""
    if not any(atom.GetIsotope() for atom in mol.GetAtoms()):
        return mol
    plain = Chem.RWMol(mol)
    for atom in plain.GetAtoms():
        atom.SetIsotope(0)
    settings: Any = Chem.RemoveHsParameters()
    settings.removeMapped = False
    return Chem.RemoveHs(plain.GetMol(), settings)
