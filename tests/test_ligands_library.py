"""The library: what is in it, its charges and donors, and faults in its files."""

from __future__ import annotations

from importlib.resources import files

import pytest
from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands import (
    Ligand,
    draw_grid,
    enumerate_library,
    library_ligand,
    parse_ligand,
    scaffolds,
    substituents,
)
from rarebind.ligands.library import neutral_inchikey

EXPECTED = {
    "HOPO": (-1, ("O", "O")),
    "thio-HOPO": (-1, ("O", "S")),
    "CAM": (-2, ("O", "O")),
    "thio-CAM": (-2, ("O", "S")),
    "HDEV": (-1, ("O", "O")),
}
LIBRARY = enumerate_library()


def test_the_library_has_five_scaffolds_and_twenty_one_substituents() -> None:
    assert list(scaffolds()) == list(EXPECTED)
    assert len(substituents()) == 22
    assert next(iter(substituents())) == "H"
    assert len(LIBRARY) == 110
    assert len(enumerate_library(parent=False)) == 105


def test_all_ligands_are_different_molecules_with_different_names() -> None:
    assert len({ligand.inchikey for ligand in LIBRARY}) == 110
    assert len({ligand.name for ligand in LIBRARY}) == 110
    # also when protonation is ignored, as it is in recognising a user's SMILES
    assert len({neutral_inchikey(Chem.MolFromSmiles(x.smiles)) for x in LIBRARY}) == 110


@pytest.mark.parametrize("ligand", LIBRARY, ids=lambda ligand: ligand.name)
def test_charge_donors_and_name(ligand: Ligand) -> None:
    charge, elements = EXPECTED[ligand.scaffold]
    assert ligand.charge == charge
    assert ligand.donor_elements == elements
    suffix = "" if ligand.substituent == "H" else f"-{ligand.substituent}"
    assert ligand.name == ligand.scaffold + suffix
    mol = Chem.MolFromSmiles(ligand.smiles)
    charged = {a.GetIdx() for a in mol.GetAtoms() if a.GetFormalCharge()}
    assert charged <= set(ligand.donors)
    # N-methylamide side chain
    assert mol.HasSubstructMatch(Chem.MolFromSmarts("[CH3][NH]C(=O)c"))


@pytest.mark.parametrize("ligand", LIBRARY, ids=lambda ligand: ligand.name)
def test_substituent_is_para_to_the_donor_beside_the_side_chain(ligand: Ligand) -> None:
    mol = Chem.MolFromSmiles(ligand.smiles)
    side_chain = mol.GetSubstructMatch(Chem.MolFromSmarts("[CH3][NH]C(=O)c"))[-1]
    first, second = (donor_atom(mol, i) for i in ligand.donors)
    where = open_position(ligand)
    distance = Chem.GetDistanceMatrix(mol)
    assert distance[first, side_chain] == 1
    assert distance[second, side_chain] == 2
    assert distance[first, where] == 3
    ring = next(r for r in mol.GetRingInfo().AtomRings() if first in r)
    assert len(ring) == 6
    assert {second, where, side_chain} < set(ring)


def open_position(ligand: Ligand) -> int:
    """The ring atom of the scaffold that has the substituent, or its hydrogen."""
    scaffold = Chem.MolFromSmiles(scaffolds()[ligand.scaffold].smiles)
    for atom in scaffold.GetAtoms():
        atom.SetAtomMapNum(0)
    (star,) = (atom.GetIdx() for atom in scaffold.GetAtoms() if not atom.GetAtomicNum())
    query = Chem.AdjustQueryParameters.NoAdjustments()
    query.makeDummiesQueries = True
    match = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles)).GetSubstructMatch(
        Chem.AdjustQueryProperties(scaffold, query)
    )
    (ring_atom,) = scaffold.GetAtomWithIdx(star).GetNeighbors()
    return match[ring_atom.GetIdx()]


def donor_atom(mol: Chem.Mol, donor: int) -> int:
    """The ring atom that carries a donor."""
    (neighbour,) = mol.GetAtomWithIdx(donor).GetNeighbors()
    return neighbour.GetIdx()


def test_hdev_is_hopo_with_its_donors_interchanged() -> None:
    hopo, hdev = (Chem.MolFromSmiles(library_ligand(s).smiles) for s in ("HOPO", "HDEV"))
    assert hopo.GetAtomWithIdx(library_ligand("HOPO").donors[0]).GetFormalCharge() == -1
    assert hdev.GetAtomWithIdx(library_ligand("HDEV").donors[1]).GetFormalCharge() == -1


@pytest.mark.parametrize("ligand", LIBRARY, ids=lambda ligand: ligand.name)
def test_every_drawn_form_is_recognised(ligand: Ligand) -> None:
    mol = Chem.RWMol(Chem.MolFromSmiles(ligand.smiles))
    for atom in mol.GetAtoms():
        if atom.GetFormalCharge() < 0:
            atom.SetFormalCharge(0)
            atom.SetNumExplicitHs(1)
    Chem.SanitizeMol(mol)
    neutral = Chem.MolToSmiles(mol)
    for smiles in (ligand.smiles, neutral, ligand.numbered_smiles):
        parsed = parse_ligand(smiles)
        assert parsed.smiles == ligand.smiles
        assert parsed.donors == ligand.donors
        assert parsed.name == ligand.name
        assert (parsed.scaffold, parsed.substituent) == (ligand.scaffold, ligand.substituent)
    assert any("deprotonated" in note for note in parse_ligand(neutral).notes)
    assert not any("deprotonated" in note for note in parse_ligand(ligand.smiles).notes)


def test_a_name_of_ones_own_is_kept() -> None:
    ligand = parse_ligand(library_ligand("CAM", "methyl").smiles, "mine")
    assert (ligand.name, ligand.scaffold, ligand.substituent) == ("mine", "CAM", "methyl")


def test_too_negative_library_ligand_is_refused() -> None:
    with pytest.raises(InputError, match=r"charge -3.*CAM-carboxylic-acid"):
        parse_ligand("CNC(=O)c1cc(C(=O)[O-])cc([O-])c1[O-]")


def test_other_donors_on_a_library_molecule() -> None:
    ligand = parse_ligand("CNC(=[O:1])c1cccc(O)c1[OH:2]")
    assert ligand.scaffold is None
    assert ligand.charge == -1
    assert any("CAM" in note for note in ligand.notes)


# --- choosing -----------------------------------------------------------------------------------


def test_subsets_and_order() -> None:
    names = [x.name for x in enumerate_library(["CAM", "HOPO"], ["methyl", "H"])]
    assert names == ["CAM-methyl", "CAM", "HOPO-methyl", "HOPO"]


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"unknown scaffold 'hopo'.*thio-CAM"):
        library_ligand("hopo")
    with pytest.raises(InputError, match=r"unknown substituent 'iodo'.*methyl"):
        enumerate_library(["HOPO"], ["iodo"])


# --- one's own files ----------------------------------------------------------------------------


def test_own_files(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("substituents:\n  H: '*[H]'\n  ethyl: '*CC'\n")
    own = enumerate_library(["HOPO"], substituent_file=path)
    assert [x.name for x in own] == ["HOPO", "HOPO-ethyl"]
    bundled = files("rarebind").joinpath("data/scaffolds.yaml").read_text(encoding="utf-8")
    other = tmp_path / "scaffolds.yaml"
    other.write_text(bundled.replace("HDEV", "mine"), encoding="utf-8")
    assert "mine" in scaffolds(other)
    assert library_ligand("mine", scaffold_file=other).charge == -1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("substituents: [", "not valid YAML"),
        ("groups: {}", "top-level keys substituents"),
        ("substituents: {ethyl: '*CC'}", "with H"),
        ("substituents: {H: '*[H]', bad: 'CC'}", r"substituents.bad: .*'CC' needs exactly one"),
        ("substituents: {H: '*[H]', bad: '*C*'}", "exactly one"),
        ("substituents: {H: '*[H]', bad: '*C(('}", "bad: .* not a valid SMILES"),
        ("substituents: {H: '*[H]', bad: 5}", "bad: .* is no text"),
        ("substituents: {H: '*[H]', bad: '*C(=O)[O-]'}", "charged"),
        ("substituents: {H: '*C'}", "stands for hydrogen"),
        ("substituents: {H: '*[H]', a: '*C', a: '*N'}", "occurs twice"),
    ],
)
def test_bad_substituent_files(tmp_path, text, said) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as caught:
        substituents(path)
    assert "mine.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{smiles: 'Oc1ccc(*)cc1', summary: x}", "number the donors"),
        ("{smiles: '[O-:1]c1ccc(*)cc1[O-:1]', summary: x}", "each once"),
        ("{smiles: '[O-:1]c1ccccc1', summary: x}", "exactly one"),
        ("{smiles: '[O-:1]c1ccc(*)cc1'}", "bad.summary is missing"),
        ("{smiles: '[O-:1]c1ccc(*)cc1', summary: x, colour: y}", "unknown key .*colour"),
        ("5", "is no mapping"),
    ],
)
def test_bad_scaffold_files(tmp_path, entry, said) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"scaffolds: {{bad: {entry}}}")
    with pytest.raises(InputError, match=said) as caught:
        scaffolds(path)
    assert "scaffolds.bad" in str(caught.value)


def test_all_faults_of_a_file_are_told_at_once(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("substituents: {H: '*[H]', a: CC, b: '*C(', c: '*[O-]', d: '*C'}")
    with pytest.raises(InputError) as caught:
        substituents(path)
    assert len(caught.value.problems) == 3


def test_missing_and_unreadable_files(tmp_path) -> None:
    with pytest.raises(InputError, match=r"cannot read .*none\.yaml"):
        scaffolds(tmp_path / "none.yaml")
    (tmp_path / "latin.yaml").write_bytes("scaffolds: {é: x}".encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        scaffolds(tmp_path / "latin.yaml")


def test_the_same_molecule_twice_is_a_fault(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("substituents: {H: '*[H]', a: '*CC', b: 'C(*)C'}")
    with pytest.raises(InputError, match="HOPO-a and HOPO-b are the same molecule"):
        enumerate_library(["HOPO"], substituent_file=path)


# --- drawing ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "start"), [("a.png", b"\x89PNG"), ("b.SVG", b"<?xml")])
def test_drawing(tmp_path, name, start) -> None:
    path = draw_grid(LIBRARY[:7], tmp_path / name)
    assert path.read_bytes().startswith(start)


def test_drawing_faults(tmp_path) -> None:
    with pytest.raises(InputError, match=r"\.png or \.svg"):
        draw_grid(LIBRARY[:1], tmp_path / "a.pdf")
    with pytest.raises(InputError, match="no ligands"):
        draw_grid([], tmp_path / "a.png")
    with pytest.raises(InputError, match="cannot write"):
        draw_grid(LIBRARY[:1], tmp_path / "none" / "a.png")
