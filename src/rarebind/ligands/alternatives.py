"""Other sets of donors of a small ligand that are open chemically: which binds best is computed.

A carboxylate, nitrate, sulfate or acid of phosphorus binds by one of its oxygens or by two; beside
a keto, hydroxyl or other uncharged group by one oxygen and that group, or by two and without it.
Ligands of more donors are held by these, and of two anionic groups none is given up: they have no
other sets here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rdkit import Chem

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Donors up to which a ligand has other sets.
_FEW = 2
#: The middle of an anion of several equal oxygens.
_MIDDLE = Chem.MolFromSmarts("[C,N,P,As,S,Se](~[OX1])~[OX1-]")


def other_donors(mol: Chem.Mol, donors: Sequence[int]) -> tuple[tuple[int, ...], ...]:
    """Sets of donors that may bind in place of `donors`; often none.

    Parameters
    ----------
    mol
        In the bound form, hydrogens implicit.
    donors
        Atoms of it, the usual ones.
    """
    middles = [
        match[0]
        for match in mol.GetSubstructMatches(_MIDDLE)
        if set(_oxygens(mol, match[0])) & set(donors)
    ]
    if len(donors) > _FEW or len(set(middles)) != 1:
        return ()
    oxygens = _oxygens(mol, middles[0])
    bound = [i for i in donors if i in oxygens]
    beside = [mol.GetAtomWithIdx(i) for i in donors if i not in oxygens]
    if any(atom.GetFormalCharge() < 0 for atom in beside):
        return ()
    if len(bound) > 1:
        return ((next(i for i in bound if mol.GetAtomWithIdx(i).GetFormalCharge() < 0),),)
    return ((bound[0], next(i for i in oxygens if i not in bound)),)


def _oxygens(mol: Chem.Mol, middle: int) -> list[int]:
    """The oxygens of an anion that are bonded to nothing else."""
    return [
        atom.GetIdx()
        for atom in mol.GetAtomWithIdx(middle).GetNeighbors()
        if atom.GetSymbol() == "O" and atom.GetTotalDegree() == 1
    ]
