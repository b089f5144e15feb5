"""Long alkyl groups cut short: the same ligand but for them."""

from __future__ import annotations

import pytest

from rarebind.complexes import compose
from rarebind.errors import InputError
from rarebind.ligands import parse_ligand, truncate_alkyls
from rarebind.screening.request import Request

# name: (SMILES, the same with methyl groups)
CUT = {
    "TODGA": ("CCCCCCCCN(CCCCCCCC)C(=O)COCC(=O)N(CCCCCCCC)CCCCCCCC", "CN(C)C(=O)COCC(=O)N(C)C"),
    "D2EHPA": ("CCCCC(CC)COP(=O)(O)OCC(CC)CCCC", "COP(=O)(O)OC"),
    "Cyanex 301": ("CC(CC(C)(C)C)CP(=S)(S)CC(C)CC(C)(C)C", "CP(C)(=S)S"),
    "DMDOHEMA": (
        "CCCCCCCCN(C)C(=O)C(CCOCCCCCC)C(=O)N(C)CCCCCCCC",
        "CN(C)C(=O)C(CCOC)C(=O)N(C)C",
    ),
    "chiral": ("CCCC[C@H](CC)COP(=O)(O)OC", "COP(=O)(O)OC"),
    "tert-butyl": ("CC(C)(C)C(=O)CC(=O)C(C)(C)C", "CC(=O)CC(C)=O"),
    "ring": ("CCCCC1CCCCC1P(C)(C)=O", "CC1CCCCC1P(C)(C)=O"),
}
KEPT = ["EDTA", "catechol", "en", "OCCCCCO", "18-crown-6", "HIBA", "O=C(O)CCCCC(=O)O"]


@pytest.mark.parametrize("name", CUT)
def test_alkyl_groups_become_methyl(name) -> None:
    smiles, short = CUT[name]
    ligand = parse_ligand(smiles, name)
    cut, expected = truncate_alkyls(ligand, 1), parse_ligand(short)
    assert (cut.inchikey, cut.charge) == (expected.inchikey, expected.charge)
    assert cut.donor_elements == ligand.donor_elements
    assert set(cut.donors) == set(expected.donors)
    assert cut.name == f"{name} (C1)"
    assert "cut to C1" in cut.notes[-1]
    assert truncate_alkyls(cut, 1) == cut


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_long_alkyl_group_stays(text) -> None:
    ligand = parse_ligand(text)
    assert truncate_alkyls(ligand, 1) is ligand


def test_longer_groups_on_demand() -> None:
    ligand = parse_ligand(CUT["TODGA"][0])
    ethyl = parse_ligand("CCN(CC)C(=O)COCC(=O)N(CC)CC")
    assert truncate_alkyls(ligand, 2).inchikey == ethyl.inchikey
    assert truncate_alkyls(ligand, 8) is ligand


def test_a_screen_cuts_and_leaves_out_what_becomes_the_same() -> None:
    request = Request(ligands=["TODGA", "TEHDGA", "EDTA"], truncate_alkyls=1)
    assert [one.name for one in request.screened.ligands] == ["TODGA (C1)", "EDTA"]
    (left_out,) = request.screened.rejected
    assert "same molecule" in left_out.reason
    with pytest.raises(InputError, match="same molecule"):
        _ = Request(ligands=["TODGA", "TEHDGA"], truncate_alkyls=1, strict=True).screened
    assert Request(ligands=["TODGA"]).screened.ligands[0].n_atoms > 100


def test_a_ligand_of_ten_donors_stands_alone() -> None:
    macropa = parse_ligand("macropa")
    assert compose("1", macropa).coordination_number == 10
    assert compose("1:0", macropa).waters == 0
    with pytest.raises(InputError, match="needs 20 sites"):
        compose("2", macropa)
