"""Long alkyl groups cut short: they dissolve a ligand in oil, and hardly change how it binds."""

from __future__ import annotations

from dataclasses import replace

from rdkit import Chem

from rarebind.ligands.alternatives import other_donors
from rarebind.ligands.ligand import MAX_NAME, Ligand


def truncate_alkyls(ligand: Ligand, longest: int) -> Ligand:
    """`ligand` with alkyl groups of at most `longest` carbon atoms.

    Open-chain saturated groups of carbon and hydrogen alone are cut, from their far end, branches
    first; chains between other groups stay.  Donors and charge stay, too.

    Parameters
    ----------
    ligand
    longest
        1 for methyl in place of all longer groups, 2 for ethyl and so on.

    Returns
    -------
    Ligand
        `ligand` itself where nothing is cut; else a note tells what was, and the name ends in
        ``(C1)`` or the like unless it is the SMILES.
    """
    mol = Chem.MolFromSmiles(ligand.smiles)
    groups = [group for group in _alkyls(mol) if len(group) > longest]
    if not groups:
        return ligand
    cut = {i for group in groups for i in set(group) - set(_main_chain(mol, group)[:longest])}
    short = Chem.RWMol(mol)
    for number, donor in enumerate(ligand.donors, start=1):
        short.GetAtomWithIdx(donor).SetAtomMapNum(number)
    for i in sorted(cut, reverse=True):
        short.RemoveAtom(i)
    for atom in short.GetAtoms():
        # Hydrogen takes the place of what is lost, at centres written in brackets, too.
        atom.SetNoImplicit(atom.GetNoImplicit() and atom.GetSymbol() != "C")
    places = {a.GetAtomMapNum(): a.GetIdx() for a in short.GetAtoms() if a.GetAtomMapNum()}
    Chem.SanitizeMol(short)
    Chem.AssignStereochemistry(short, cleanIt=True, force=True)
    sizes = ", ".join(f"C{size}" for size in sorted({len(group) for group in groups}))
    note = f"{len(groups)} alkyl groups ({sizes}) are cut to C{longest}"
    cut_short = Ligand.from_mol(
        short.GetMol(),
        tuple(places[number] for number in sorted(places)),
        notes=(*ligand.notes, note),
    )
    if ligand.others:
        others = other_donors(Chem.MolFromSmiles(cut_short.smiles), cut_short.donors)
        cut_short = replace(cut_short, others=others)
    suffix = f" (C{longest})"
    if ligand.name == ligand.smiles or len(ligand.name) + len(suffix) > MAX_NAME:
        return cut_short
    return replace(cut_short, name=ligand.name + suffix)


def _alkyls(mol: Chem.Mol) -> list[tuple[int, ...]]:
    """The alkyl groups of a molecule, the atom that holds on to the rest first."""
    groups = []
    for bond in mol.GetBonds():
        for root, rest in (
            (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()),
            (bond.GetEndAtomIdx(), bond.GetBeginAtomIdx()),
        ):
            group = _side(mol, root, rest)
            if group and not _is_alkyl(mol, rest, root):
                groups.append(group)
    return groups


def _is_alkyl(mol: Chem.Mol, root: int, rest: int) -> bool:
    """Whether `root` is part of a larger alkyl group that begins elsewhere."""
    if not _is_saturated(mol.GetAtomWithIdx(root)):
        return False
    others = [n.GetIdx() for n in mol.GetAtomWithIdx(root).GetNeighbors() if n.GetIdx() != rest]
    return sum(not _side(mol, other, root) for other in others) <= 1


def _side(mol: Chem.Mol, root: int, rest: int) -> tuple[int, ...]:
    """Atoms on the side of `root` if they are an alkyl group; else nothing."""
    found, waiting = [], [(root, rest)]
    while waiting:
        atom, before = waiting.pop(0)
        if not _is_saturated(mol.GetAtomWithIdx(atom)):
            return ()
        found.append(atom)
        neighbours = (n.GetIdx() for n in mol.GetAtomWithIdx(atom).GetNeighbors())
        waiting += [(n, atom) for n in neighbours if n != before]
    return tuple(found)


def _is_saturated(atom: Chem.Atom) -> bool:
    return bool(
        atom.GetSymbol() == "C"
        and not atom.IsInRing()
        and not atom.GetFormalCharge()
        and atom.GetHybridization() == Chem.HybridizationType.SP3
    )


def _main_chain(mol: Chem.Mol, group: tuple[int, ...]) -> list[int]:
    """The longest chain of a group, from its root on."""
    chains = [list(Chem.GetShortestPath(mol, group[0], end)) for end in group[1:]]
    return max(chains, key=len, default=[group[0]])
