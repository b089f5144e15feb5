"""Which scaffold of the library a ligand carries, whatever hangs on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from rdkit import Chem
from scipy.sparse.csgraph import connected_components

from rarebind.ligands.library import library_ligand, scaffolds
from rarebind.ligands.ligand import Ligand

#: More ways to lay a scaffold on a ligand than any ligand of bearable size has.
_MOST_MATCHES = 10_000

#: Ligands whose scaffold is remembered: those of a large screen.
_REMEMBERED = 1024
#: Bonds from the end of the side chain within which it is rigid: to N, and from there to C and H.
_RIGID = 2

#: Pairs (atom of the parent, the same atom of the ligand).
Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Branch:
    """Atoms beside the common ones, in one place: a substituent, or hydrogens beside one.

    Attributes
    ----------
    atoms
        Of the ligand.
    frame
        The rigid part of the scaffold that it hangs on and moves with: the ring or, on the side
        chain, the plane of the amide's nitrogen, whether cis or trans.
    """

    atoms: tuple[int, ...]
    frame: Pairs


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
        Atoms that both have: all of the parent but for the hydrogens of carbons with a branch.
    branches
        The other atoms of the ligand.
    """

    parent: Ligand
    core: Pairs
    branches: tuple[Branch, ...]


@lru_cache(maxsize=_REMEMBERED)
def carried_scaffold(ligand: Ligand) -> Carried | None:
    """The scaffold that `ligand` binds with, or None if it is none of the library's.

    Its donors, charges and bonds must be the scaffold's.  Hydrogens of the ring and of the end of
    the side chain may be replaced by anything, one or several, a further ring among them, but for
    bridges from one to the other.  So this finds the ligands of the library and those with
    substituents that the library lacks.  Of two scaffolds that would do, it is the first in the
    library.
    """
    whole = Chem.MolFromSmiles(ligand.smiles)
    for name in scaffolds():
        parent = library_ligand(name)
        bare = Chem.MolFromSmiles(parent.smiles)
        for match in whole.GetSubstructMatches(bare, uniquify=False, maxMatches=_MOST_MATCHES):
            binds = {match[donor] for donor in parent.donors} == set(ligand.donors)
            if binds and _only_hydrogens_differ(bare, whole, match):
                found = _carried(parent, whole, match)
                if found is not None:
                    return found
    return None


def _only_hydrogens_differ(bare: Chem.Mol, whole: Chem.Mol, match: tuple[int, ...]) -> bool:
    """Whether `whole` follows from `bare` by replacing hydrogens of its carbons."""
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
        if branches and old.GetSymbol() != "C":
            return False
    return True


def _carried(parent: Ligand, whole: Chem.Mol, match: tuple[int, ...]) -> Carried | None:
    """None where a branch hangs on ring and side chain."""
    bare, whole = Chem.AddHs(Chem.MolFromSmiles(parent.smiles)), Chem.AddHs(whole)
    core = list(enumerate(match))
    for here, there in enumerate(match):
        old, new = _hydrogens(bare, here), _hydrogens(whole, there)
        if len(old) == len(new):
            core += zip(old, new, strict=True)
    ring = tuple(pair for pair in core if bare.GetAtomWithIdx(pair[0]).IsInRing())
    distances = Chem.GetDistanceMatrix(bare)
    branches = []
    for atoms, joints in _beside(whole, {there for _, there in core}):
        held = [here for here, there in core if there in joints]
        on_ring = {bool(bare.GetAtomWithIdx(here).IsInRing()) for here in held}
        if len(on_ring) > 1:
            return None
        near = tuple(pair for pair in core if distances[held[0], pair[0]] <= _RIGID)
        branches.append(Branch(atoms, ring if on_ring == {True} else near))
    return Carried(parent, tuple(core), tuple(branches))


def _beside(mol: Chem.Mol, core: set[int]) -> list[tuple[tuple[int, ...], set[int]]]:
    """Connected parts of what is not in `core`, each with the atoms of `core` that it hangs on."""
    bonded = Chem.GetAdjacencyMatrix(mol)
    others = np.array([i for i in range(mol.GetNumAtoms()) if i not in core], dtype=int)
    number, labels = connected_components(bonded[np.ix_(others, others)], directed=False)
    parts = [others[labels == label] for label in range(number)]
    return [
        (tuple(part.tolist()), core & set(np.flatnonzero(bonded[part].any(axis=0)).tolist()))
        for part in parts
    ]


def _hydrogens(mol: Chem.Mol, index: int) -> list[int]:
    neighbours = mol.GetAtomWithIdx(index).GetNeighbors()
    return [n.GetIdx() for n in neighbours if n.GetAtomicNum() == 1]
