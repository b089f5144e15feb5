"""Scaffolds that ligands carry: those of the library, and others with one of its scaffolds."""

import pytest
from rdkit import Chem

from rarebind.ligands import (
    Ligand,
    carried_scaffold,
    enumerate_library,
    explain,
    library_ligand,
    parse_ligand,
)

# With the number of hydrogens replaced.
CARRIED = {
    "CCc1cc(C(=O)NC)n(O)c(=O)c1": ("HOPO", 1),
    "CC(C)c1cc(C(=O)NC)n(O)c(=S)c1": ("thio-HOPO", 1),
    "CNC(=O)c1cc(-c2ccccc2)cc(O)c1O": ("CAM", 1),
    "CNC(=O)c1c(C)ccc(O)c1O": ("CAM", 1),  # in another position
    "CNC(=O)c1cc(C)c(CC)c(O)c1O": ("CAM", 2),
    "CNC(=O)c1cc2ccccc2c(O)c1O": ("CAM", 2),  # a ring on both
    "CCOc1cc(S)c(O)c(C(=O)NC)c1": ("thio-CAM", 1),
    "CNC(=O)c1cc(CC)cn(O)c1=O": ("HDEV", 1),
    "CCNC(=O)c1cccc(O)c1O": ("CAM", 1),  # on the side chain
    "CC(C)NC(=O)c1cc(C)cc(=O)n1O": ("HOPO", 3),
}
OTHERS = {
    "acetylacetone": "CC(=O)CC(C)=O",
    "catechol, no side chain": "Oc1ccccc1O",
    "a bridge from ring to side chain": "O=C1NCCCc2ccc(O)c(O)c12",
    "no carbon on the amide": "NC(=O)c1cccc(O)c1O",
    "N,N-dimethyl": "CN(C)C(=O)c1cccc(O)c1O",
    "acid in place of the amide": "OC(=O)c1cccc(O)c1O",
    "two catecholates bound": "Oc1cccc(C(=O)NCCNC(=O)c2cccc(O)c2O)c1O",
}


@pytest.mark.parametrize("ligand", enumerate_library(), ids=lambda ligand: ligand.name)
def test_every_ligand_of_the_library_carries_its_scaffold(ligand) -> None:
    found = carried_scaffold(ligand)
    assert found is not None
    assert found.parent == library_ligand(ligand.scaffold)
    assert [dict(found.core)[i] for i in found.parent.donors] == list(ligand.donors)
    _check(found, ligand, substituents=0 if ligand.substituent == "H" else 1)


@pytest.mark.parametrize("smiles", CARRIED)
def test_other_substituents(smiles) -> None:
    ligand = parse_ligand(smiles)
    found = carried_scaffold(ligand)
    scaffold, substituents = CARRIED[smiles]
    assert ligand.scaffold is None
    assert found is not None
    assert found.parent == library_ligand(scaffold)
    _check(found, ligand, substituents)
    assert f"carries {scaffold}, a scaffold of the library" in explain(ligand).why


@pytest.mark.parametrize("smiles", OTHERS.values(), ids=OTHERS)
def test_others_carry_none(smiles) -> None:
    assert carried_scaffold(parse_ligand(smiles)) is None


def test_other_donors_carry_none() -> None:
    """The amide and the oxygen beside it, though the scaffold is there."""
    assert carried_scaffold(parse_ligand("CNC(=[O:1])c1cccc(O)c1[OH:2]")) is None


def test_another_charge_carries_none() -> None:
    """Of catecholates, one that keeps a proton is not the scaffold."""
    mol = Chem.MolFromSmiles("CNC(=O)c1cccc(O)c1[O-]")
    donors = tuple(atom.GetIdx() for atom in mol.GetAtoms() if atom.GetSymbol() == "O")[1:]
    assert carried_scaffold(Ligand.from_mol(mol, donors)) is None


def test_ethers_of_donors_carry_none() -> None:
    """A substituent on a donor is not one on the ring."""
    assert carried_scaffold(parse_ligand("CNC(=O)c1cccc([O:2]C)c1[OH:1]")) is None


def _check(found, ligand, substituents) -> None:
    """Every atom of both has its place, and only hydrogens of carbons are replaced."""
    bare, whole = (Chem.AddHs(Chem.MolFromSmiles(x.smiles)) for x in (found.parent, ligand))
    core = dict(found.core)
    gone = [bare.GetAtomWithIdx(i) for i in range(bare.GetNumAtoms()) if i not in core]
    joints = [atom.GetNeighbors()[0] for atom in gone]
    assert {atom.GetSymbol() for atom in gone} <= {"H"}
    assert {atom.GetSymbol() for atom in joints} <= {"C"}
    assert sorted([*core.values(), *(i for b in found.branches for i in b.atoms)]) == list(
        range(whole.GetNumAtoms())
    )
    heavy = [
        i for b in found.branches for i in b.atoms if whole.GetAtomWithIdx(i).GetSymbol() != "H"
    ]
    replaced = sum(len(_neighbours(whole, i) & set(core.values())) for i in heavy)
    assert replaced == substituents
    for old, new in core.items():
        one, other = bare.GetAtomWithIdx(old), whole.GetAtomWithIdx(new)
        assert one.GetSymbol() == other.GetSymbol()
        assert one.GetFormalCharge() == other.GetFormalCharge()
    for bond in bare.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if core.keys() >= set(ends):
            assert whole.GetBondBetweenAtoms(*(core[i] for i in ends)) is not None
    for branch in found.branches:
        frame = dict(branch.frame)
        assert frame.items() <= core.items()
        assert len(frame) >= 4
        assert any(_neighbours(whole, i) & set(frame.values()) for i in branch.atoms)


def _neighbours(mol, index) -> set[int]:
    return {atom.GetIdx() for atom in mol.GetAtomWithIdx(index).GetNeighbors()}
