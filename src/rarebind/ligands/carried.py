"""Which scaffold of the library a ligand carries, whatever hangs on its ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rdkit import Chem

from rarebind.ligands.library import library_ligand, scaffolds
from rarebind.ligands.ligand import Ligand

#: More ways to lay a scaffold on a ligand than any ligand of bearable size has.
_MOST_MATCHES = 10_000


@dataclass(frozen=True)
class Carried:
    """A scaffold of the library as a part of a ligand, for grafting geometries.

    Indices are those of ``Chem.AddHs(Chem.MolFromSmiles(smiles))``, whose first atoms are the heavy
    atoms in SMILES order.

    Attributes
    ----------
    parent
        The scaffold with H in place of all substituents.
    core
        Pairs (atom of the parent, the same atom of the ligand): all atoms of the parent, hydrogens
        included, but for the hydrogens replaced.
    ring
        Those pairs that are atoms of the parent's rings, with which substituents move.
    """

    parent: Ligand
    core: tuple[tuple[int, int], ...]
    ring: tuple[tuple[int, int], ...]


@cache
def carried_scaffold(ligand: Ligand) -> Carried | None:
    """The scaffold that `ligand` binds with, or None if it is none of the library's.

    Its donors, charges and side chain must be the scaffold's; hydrogens of the ring may be
    replaced by anything, one or several, a further ring among them.  So this finds the ligands of
    the library and those with substituents that the library lacks.
    """
    whole = Chem.MolFromSmiles(ligand.smiles)
    for name in scaffolds():
        parent = library_ligand(name)
        bare = Chem.MolFromSmiles(parent.smiles)
        for match in whole.GetSubstructMatches(bare, uniquify=False, maxMatches=_MOST_MATCHES):
            binds = {match[donor] for donor in parent.donors} == set(ligand.donors)
            if binds and _only_ring_hydrogens_differ(bare, whole, match):
                core = tuple(_core(bare, whole, match))
                ring = tuple(pair for pair in core if _in_ring(bare, pair[0]))
                return Carried(parent, core, ring)
    return None


def _only_ring_hydrogens_differ(bare: Chem.Mol, whole: Chem.Mol, match: tuple[int, ...]) -> bool:
    """Whether `whole` follows from `bare` by replacing hydrogens of its rings."""
    core = set(match)
    for here, there in enumerate(match):
        old, new = bare.GetAtomWithIdx(here), whole.GetAtomWithIdx(there)
        neighbours = {n.GetIdx() for n in new.GetNeighbors()}
        branches = neighbours - core
        if old.GetFormalCharge() != new.GetFormalCharge():
            return False
        if len(neighbours & core) != old.GetDegree():
            return False
        if old.GetTotalNumHs() != new.GetTotalNumHs() + len(branches):
            return False
        if branches and not old.IsInRing():
            return False
    return True


def _core(bare: Chem.Mol, whole: Chem.Mol, match: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Heavy atoms first, then the hydrogens that both have."""
    yield from enumerate(match)
    bare, whole = Chem.AddHs(bare), Chem.AddHs(whole)
    for here, there in enumerate(match):
        # Of a ring atom with a substituent, `whole` has none, and zip pairs none.
        yield from zip(_hydrogens(bare, here), _hydrogens(whole, there), strict=False)


def _hydrogens(mol: Chem.Mol, index: int) -> list[int]:
    neighbours = mol.GetAtomWithIdx(index).GetNeighbors()
    return [n.GetIdx() for n in neighbours if n.GetAtomicNum() == 1]


def _in_ring(mol: Chem.Mol, index: int) -> bool:
    return index < mol.GetNumAtoms() and bool(mol.GetAtomWithIdx(index).IsInRing())
