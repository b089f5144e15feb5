"""Conformers and the identity of fragments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands import (
    Ligand,
    bonds_from_geometry,
    conformers,
    enumerate_library,
    fragment_inchikey,
    library_ligand,
    parse_ligand,
)

if TYPE_CHECKING:
    from rarebind.structures import Structure

OTHERS = [
    parse_ligand(smiles)
    for smiles in (
        "CC(=O)CC(C)=O",
        "Cc1occc(=O)c1O",
        "OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O",
        "c1ccc(nc1)-c1cccc(n1)-c1ccccn1",
        "CN(C)C(=O)COCC(=O)N(C)C",
        "C[C@H](O)C(=O)O",
        "CC(O)C(=O)O",
        "CC(=O)C1CCCCC1=O",
        "OP(=O)(O)c1ccccc1",
        "O=C(CC(=O)C(F)(F)F)c1cccs1",
    )
]


def shuffled(structure: Structure, seed: int) -> tuple[Structure, np.ndarray]:
    order = np.random.default_rng(seed).permutation(len(structure))
    return structure.subset(order.tolist(), structure.charge), order


@pytest.mark.parametrize("ligand", [*enumerate_library(), *OTHERS], ids=lambda ligand: ligand.name)
def test_embedded_ligands_are_recognised_in_any_order(ligand: Ligand) -> None:
    (structure,) = conformers(ligand, 1, seed=1)
    found = fragment_inchikey(structure, ligand)
    assert found.matches, found.reason
    assert found.inchikey == ligand.inchikey
    assert found.atom_map == tuple(range(len(structure)))
    mixed, _ = shuffled(structure, 7)
    found = fragment_inchikey(mixed, ligand)
    assert found.matches, found.reason
    expected = bonds_from_geometry(structure)
    mapped = {tuple(sorted((found.atom_map[i], found.atom_map[j]))) for i, j in expected}
    assert mapped == bonds_from_geometry(mixed)
    assert [mixed.symbols[i] for i in found.atom_map] == list(structure.symbols)


def test_conformers_follow_the_order_of_the_smiles_and_its_charge() -> None:
    ligand = library_ligand("CAM", "hydroxyl")
    mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
    (structure,) = conformers(ligand, 1, seed=0)
    assert structure.symbols == tuple(a.GetSymbol() for a in mol.GetAtoms())
    assert structure.charge == -2
    assert structure.multiplicity == 1
    bonds = {tuple(sorted((b.GetBeginAtomIdx(), b.GetEndAtomIdx()))) for b in mol.GetBonds()}
    assert bonds_from_geometry(structure) == bonds


def test_conformers_depend_on_the_seed_alone() -> None:
    ligand = OTHERS[2]
    first = conformers(ligand, 4, seed=3)
    assert conformers(ligand, 4, seed=3) == first
    assert len(set(first)) == len(first)
    assert conformers(ligand, 4, seed=4) != first


def test_conformers_differ() -> None:
    assert len(conformers(OTHERS[2], 5, seed=3)) == 5
    assert len(conformers(OTHERS[1], 5, seed=3)) == 1


def test_diketonate_conformers_can_chelate() -> None:
    ligand = OTHERS[0]
    for structure in conformers(ligand, 5, seed=0):
        first, second = (structure.positions[i] for i in ligand.donors)
        assert np.linalg.norm(first - second) < 4.6


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (-1, 1), (1, -1), (1, 2**31)])
def test_bad_numbers(n, seed) -> None:
    with pytest.raises(InputError):
        conformers(OTHERS[0], n, seed)


# --- fragments that are not the ligand any more -------------------------------------------------


def moved(structure: Structure, atom: int, position: np.ndarray) -> Structure:
    positions = structure.positions.copy()
    positions[atom] = position
    return structure.with_positions(positions)


def proton_transfer() -> tuple[Ligand, Structure]:
    """The hydroxyl's proton of HOPO-hydroxyl, put onto the N-oxide oxygen."""
    ligand = library_ligand("HOPO", "hydroxyl")
    (structure,) = conformers(ligand, 1, seed=1)
    mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
    ((_, hydrogen),) = mol.GetSubstructMatches(Chem.MolFromSmarts("[OX2][#1]"))
    oxygen = structure.positions[ligand.donors[0]]
    away = oxygen - structure.positions.mean(axis=0)
    return ligand, moved(structure, hydrogen, oxygen + 0.97 * away / np.linalg.norm(away))


def test_proton_transfer_is_found_and_told() -> None:
    ligand, structure = proton_transfer()
    found = fragment_inchikey(structure, ligand)
    assert not found.matches
    assert found.atom_map == ()
    assert "broken: O" in found.reason
    assert "formed: O" in found.reason
    found = fragment_inchikey(shuffled(structure, 3)[0], ligand)
    assert not found.matches
    assert "hydrogens differ" in found.reason


def test_broken_ring_is_found() -> None:
    ligand = library_ligand("CAM")
    (structure,) = conformers(ligand, 1, seed=1)
    methyl = 0
    far = structure.positions[methyl] + (structure.positions[methyl] - structure.positions[1])
    found = fragment_inchikey(moved(structure, methyl, far), ligand)
    assert not found.matches
    assert "broken: C0-N1 (2." in found.reason
    assert found.inchikey is None
    mixed, _ = shuffled(moved(structure, methyl, far), 5)
    assert "fewer than the ligand has" in fragment_inchikey(mixed, ligand).reason


def test_lost_atom_is_found() -> None:
    ligand = library_ligand("CAM")
    (structure,) = conformers(ligand, 1, seed=1)
    rest = structure.subset(range(len(structure) - 1), structure.charge)
    found = fragment_inchikey(rest, ligand)
    assert not found.matches
    assert found.reason == "it is C8H6NO3, not C8H7NO3"


def test_an_isomer_is_not_the_ligand_and_gets_its_own_key() -> None:
    hopo, hdev = library_ligand("HOPO"), library_ligand("HDEV")
    (structure,) = conformers(hdev, 1, seed=1)
    found = fragment_inchikey(structure, hopo)
    assert not found.matches
    assert found.inchikey != hopo.inchikey


def test_the_mirror_image_is_another_molecule_only_where_stereo_was_given() -> None:
    given, open_ = OTHERS[5], OTHERS[6]
    (structure,) = conformers(given, 1, seed=1)
    mirror = structure.with_positions(structure.positions * [1, 1, -1])
    assert fragment_inchikey(structure, given).matches
    found = fragment_inchikey(mirror, given)
    assert not found.matches
    assert "stereochemistry" in found.reason
    assert fragment_inchikey(structure, open_).matches
    assert fragment_inchikey(mirror, open_).matches


def test_a_free_diketonate_is_recognised_whichever_end_comes_first() -> None:
    """Its two halves have the same bonds, and when free not the same angles."""
    (structure,) = conformers(OTHERS[0], 1, seed=7)
    for seed in range(6):
        assert fragment_inchikey(shuffled(structure, seed)[0], OTHERS[0]).matches


def test_trans_diketonate_is_told_from_cis() -> None:
    cis = OTHERS[0]
    trans = "CC(=O)/C=C(\\C)[O-]"
    mol = Chem.MolFromSmiles(trans)
    ligand = Ligand.from_mol(mol, (2, 6))
    (structure,) = conformers(ligand, 1, seed=1)
    found = fragment_inchikey(structure, cis)
    assert not found.matches
    assert found.inchikey == ligand.inchikey


@given(st.integers(0, 2**31), st.floats(0, 0.03))
@settings(max_examples=25, deadline=None)
def test_rotation_and_small_distortions_do_not_matter(seed, size) -> None:
    ligand = library_ligand("thio-CAM", "phosphonate")
    (structure,) = conformers(ligand, 1, seed=2)
    rng = np.random.default_rng(seed)
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    positions = structure.positions @ rotation + rng.normal(size=3)
    positions += size * rng.uniform(-1, 1, size=positions.shape)
    assert fragment_inchikey(structure.with_positions(positions), ligand).matches
