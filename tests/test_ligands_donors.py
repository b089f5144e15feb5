"""From SMILES to donors, protons and charge: known ligands, symmetry of the drawing, faults."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands import Ligand, explain, library_ligand, parse_ligand
from rarebind.ligands.motifs import load_rules

# name: (SMILES, charge, donor elements)
KNOWN = {
    "EDTA": ("OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O", -4, "NNOOOO"),
    "DTPA": ("OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CCN(CC(=O)O)CC(=O)O", -5, "NNNOOOOO"),
    "NTA": ("OC(=O)CN(CC(=O)O)CC(=O)O", -3, "NOOO"),
    "DOTA": ("OC(=O)CN1CCN(CC(=O)O)CCN(CC(=O)O)CCN(CC(=O)O)CC1", -4, "NNNNOOOO"),
    "IDA": ("OC(=O)CNCC(=O)O", -2, "NOO"),
    "glycine": ("NCC(=O)O", -1, "NO"),
    "EDDS": ("OC(=O)CC(NCCNC(CC(=O)O)C(=O)O)C(=O)O", -4, "NNOOOO"),
    "HEDTA": ("OC(=O)CN(CCO)CCN(CC(=O)O)CC(=O)O", -3, "NNOOOO"),
    "HBED": ("OC(=O)CN(Cc1ccccc1O)CCN(Cc1ccccc1O)CC(=O)O", -4, "NNOOOO"),
    "octapa": (
        "OC(=O)CN(Cc1cccc(n1)C(=O)O)CCN(Cc1cccc(n1)C(=O)O)CC(=O)O",
        -4,
        "NNNNOOOO",
    ),
    "DTPA-BMA": ("CNC(=O)CN(CCN(CCN(CC(=O)O)CC(=O)NC)CC(=O)O)CC(=O)O", -3, "NNNOOOOO"),
    "DOTAM": ("NC(=O)CN1CCN(CC(N)=O)CCN(CC(N)=O)CCN(CC(N)=O)CC1", 0, "NNNNOOOO"),
    "NTMP": ("OP(=O)(O)CN(CP(=O)(O)O)CP(=O)(O)O", -3, "NOOO"),
    "acetylacetone": ("CC(=O)CC(C)=O", -1, "OO"),
    "TTA": ("O=C(CC(=O)C(F)(F)F)c1cccs1", -1, "OO"),
    "hfac": ("O=C(CC(=O)C(F)(F)F)C(F)(F)F", -1, "OO"),
    "fod": ("CC(C)(C)C(=O)CC(=O)C(F)(F)C(F)(F)C(F)(F)F", -1, "OO"),
    "dibenzoylmethane": ("O=C(CC(=O)c1ccccc1)c1ccccc1", -1, "OO"),
    "HPMBP": ("CC1=NN(c2ccccc2)C(=O)C1C(=O)c1ccccc1", -1, "OO"),
    "2-acetylcyclohexanone": ("CC(=O)C1CCCCC1=O", -1, "OO"),
    "ethyl acetoacetate": ("CCOC(=O)CC(C)=O", -1, "OO"),
    "curcumin": ("COc1cc(/C=C/C(=O)CC(=O)/C=C/c2ccc(O)c(OC)c2)ccc1O", -1, "OO"),
    "maltol": ("Cc1occc(=O)c1O", -1, "OO"),
    "kojic acid": ("OCc1cc(=O)c(O)co1", -1, "OO"),
    "tropolone": ("O=c1cccccc1O", -1, "OO"),
    "catechol": ("Oc1ccccc1O", -2, "OO"),
    "4-nitrocatechol": ("Oc1ccc([N+](=O)[O-])cc1O", -2, "OO"),
    "pyrogallol": ("Oc1cccc(O)c1O", -2, "OO"),
    "2-mercaptophenol": ("Oc1ccccc1S", -2, "OS"),
    "salicylic acid": ("O=C(O)c1ccccc1O", -2, "OO"),
    "salicylaldehyde": ("O=Cc1ccccc1O", -1, "OO"),
    "salen": ("Oc1ccccc1C=NCCN=Cc1ccccc1O", -2, "NNOO"),
    "8-hydroxyquinoline": ("Oc1cccc2cccnc12", -1, "NO"),
    "picolinic acid": ("O=C(O)c1ccccn1", -1, "NO"),
    "dipicolinic acid": ("O=C(O)c1cccc(n1)C(=O)O", -2, "NOO"),
    "PDA": ("OC(=O)c1ccc2ccc3ccc(nc3c2n1)C(=O)O", -2, "NNOO"),
    "phenanthroline": ("c1cnc2c(c1)ccc1cccnc12", 0, "NN"),
    "bipyridine": ("c1ccc(nc1)-c1ccccn1", 0, "NN"),
    "terpyridine": ("c1ccc(nc1)-c1cccc(n1)-c1ccccn1", 0, "NNN"),
    "BTP": ("CCc1nnc(nc1CC)-c1cccc(n1)-c1nnc(CC)c(CC)n1", 0, "NNN"),
    "BTBP": ("CCc1nnc(nc1CC)-c1cccc(n1)-c1cccc(n1)-c1nnc(CC)c(CC)n1", 0, "NNNN"),
    "TMDGA": ("CN(C)C(=O)COCC(=O)N(C)C", 0, "OOO"),
    "oxydiacetic acid": ("OC(=O)COCC(=O)O", -2, "OOO"),
    "TMMA": ("CN(C)C(=O)CC(=O)N(C)C", 0, "OO"),
    "CMPO": ("CCCCCCCCP(=O)(CC(=O)N(CC(C)C)CC(C)C)c1ccccc1", 0, "OO"),
    "TBP": ("CCCCOP(=O)(OCCCC)OCCCC", 0, "O"),
    "D2EHPA": ("CCCCC(CC)COP(=O)(O)OCC(CC)CCCC", -1, "O"),
    "phenylphosphonic acid": ("OP(=O)(O)c1ccccc1", -1, "O"),
    "Cyanex 301": ("CC(CC(C)(C)C)CP(=S)(S)CC(C)CC(C)(C)C", -1, "SS"),
    "acetohydroxamic acid": ("CC(=O)NO", -1, "OO"),
    "1,2-HOPO": ("O=c1ccccn1O", -1, "OO"),
    "pyrithione": ("S=c1ccccn1O", -1, "OS"),
    "3,4-HOPO": ("O=c1cc[nH]cc1O", -1, "OO"),
    "deferiprone": ("Cc1c(O)c(=O)ccn1C", -1, "OO"),
    "3,2-HOPO": ("Cn1cccc(O)c1=O", -1, "OO"),
    "benzoic acid": ("OC(=O)c1ccccc1", -1, "OO"),
    "phthalic acid": ("O=C(O)c1ccccc1C(=O)O", -2, "OO"),
    "oxalic acid": ("OC(=O)C(=O)O", -2, "OO"),
    "malonic acid": ("OC(=O)CC(=O)O", -2, "OO"),
    "HIBA": ("CC(C)(O)C(=O)O", -1, "OO"),
    "citric acid": ("OC(=O)CC(O)(CC(=O)O)C(=O)O", -3, "OOO"),
    "18-crown-6": ("C1COCCOCCOCCOCCOCCO1", 0, "OOOOOO"),
}

# different drawings of one ligand
SAME = [
    ("CC(=O)CC(C)=O", "CC(O)=CC(C)=O", "CC(=O)[CH-]C(C)=O", "CC(=O)C=C(C)[O-]",
     r"CC(=O)/C=C(C)/[O-]"),
    ("O=C(CC(=O)C(F)(F)F)c1cccs1", "O=C(C=C(O)C(F)(F)F)c1cccs1", "OC(=CC(=O)C(F)(F)F)c1cccs1"),
    (
        "CC1=NN(c2ccccc2)C(=O)C1C(=O)c1ccccc1",
        "Cc1nn(-c2ccccc2)c(O)c1C(=O)c1ccccc1",
        "CC1=NN(c2ccccc2)C(=O)C1=C(O)c1ccccc1",
    ),
    ("O=c1ccccn1O", "[O-][n+]1ccccc1O", "[O-][n+]1ccccc1[O-]", "O=c1ccccn1[O-]"),
    ("S=c1ccccn1O", "[O-][n+]1ccccc1S"),
    ("O=c1cc[nH]cc1O", "Oc1ccncc1O"),
    ("O=c1[nH]cccc1O", "Oc1cccnc1O"),
    ("CC(=O)NO", "CC(O)=NO", "CC(=O)N[O-]"),
    ("CC(C)c1cccc(=O)c(O)c1", "CC(C)c1cccc(O)c(=O)c1"),
    ("Oc1ccccc1O", "[O-]c1ccccc1O", "[O-]c1ccccc1[O-]"),
    ("OC(=O)CN(CC(=O)O)CC(=O)O", "[O-]C(=O)CN(CC(=O)[O-])CC(=O)O"),
]  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_known_ligands(name) -> None:
    smiles, charge, elements = KNOWN[name]
    ligand = parse_ligand(smiles, name)
    assert ligand.name == name
    assert ligand.charge == charge
    assert "".join(sorted(ligand.donor_elements)) == elements
    assert ligand.denticity == len(elements)
    again = parse_ligand(ligand.smiles)
    assert (again.smiles, again.donors, again.inchikey) == (
        ligand.smiles,
        ligand.donors,
        ligand.inchikey,
    )
    assert bool(charge) == any("deprotonated at" in note for note in ligand.notes)


@pytest.mark.parametrize("drawings", SAME, ids=lambda drawings: drawings[0])
def test_any_tautomer_gives_the_same_ligand(drawings) -> None:
    ligands = [parse_ligand(smiles) for smiles in drawings]
    assert len({(x.smiles, x.donors, x.inchikey, x.charge) for x in ligands}) == 1


@pytest.mark.parametrize("name", KNOWN)
def test_numbered_donors_give_the_same_ligand(name) -> None:
    ligand = parse_ligand(KNOWN[name][0])
    again = parse_ligand(ligand.numbered_smiles)
    assert again.smiles == ligand.smiles
    assert again.donor_elements == ligand.donor_elements
    assert classes(again) == classes(ligand)


def classes(ligand: Ligand) -> list[int]:
    """Donors by symmetry class."""
    mol = Chem.MolFromSmiles(ligand.smiles)
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    return sorted(ranks[i] for i in ligand.donors)


@given(st.sampled_from(sorted(KNOWN)), st.integers(0, 2**31))
@settings(max_examples=150, deadline=None)
def test_the_order_in_which_atoms_are_drawn_does_not_matter(name, seed) -> None:
    smiles = KNOWN[name][0]
    mol = Chem.MolFromSmiles(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    shuffled = Chem.MolToSmiles(Chem.RenumberAtoms(mol, order), canonical=False)
    ligand, other = parse_ligand(smiles), parse_ligand(shuffled)
    assert (other.smiles, other.donors, other.charge, other.inchikey) == (
        ligand.smiles,
        ligand.donors,
        ligand.charge,
        ligand.inchikey,
    )


def test_diketonate_is_drawn_so_that_both_oxygens_can_bind_one_metal() -> None:
    mol = Chem.MolFromSmiles(parse_ligand("CC(O)=CC(C)=O").smiles)
    (bond,) = [b for b in mol.GetBonds() if b.GetStereo() != Chem.BondStereo.STEREONONE]
    assert bond.GetStereo() == Chem.BondStereo.STEREOZ
    assert mol.HasSubstructMatch(Chem.MolFromSmarts("[O-]C(C)=CC(C)=O"))


def test_ester_keeps_the_charge_on_the_ketone() -> None:
    assert parse_ligand("CCOC(=O)CC(C)=O").smiles == "CCOC(=O)/C=C(/C)[O-]"


def test_stereochemistry_elsewhere_is_kept() -> None:
    assert parse_ligand(KNOWN["curcumin"][0]).smiles.count("/C=C/c") == 1
    left, right = parse_ligand("C[C@H](O)C(=O)O"), parse_ligand("C[C@@H](O)C(=O)O")
    assert left.inchikey != right.inchikey


def test_acids_that_do_not_bind_lose_their_proton_in_water() -> None:
    ligand = parse_ligand("OC(=O)c1ccc(O)c(O)c1")
    assert ligand.smiles == "O=C([O-])c1ccc([O-])c([O-])c1"
    assert any("carboxylate" in why and "cannot reach" in why for why in explain(ligand).why)
    assert any("carboxylate at O" in note and "left out" in note for note in ligand.notes)
    assert any("carboxylic acid" in note and "charge -3" in note for note in ligand.notes)
    assert parse_ligand("[O-]C(=O)c1ccc(O)c(O)c1").smiles == ligand.smiles


def test_phenols_that_do_not_bind_keep_their_proton() -> None:
    assert parse_ligand("Oc1ccc(cc1)-c1ccc(O)c(O)c1").charge == -2


def test_notes_tell_what_was_done() -> None:
    (note,) = parse_ligand("Oc1ccc(C)cc1O").notes
    assert note == "deprotonated at O5 and O7 (catecholate): charge -2"
    assert "enolate" in parse_ligand("CC(=O)CC(C)=O").notes[0]


# --- numbered donors ----------------------------------------------------------------------------


def test_numbers_give_the_order() -> None:
    ligand = parse_ligand("[OH:7]c1ccc(C)cc1[SH:3]")
    assert ligand.donor_elements == ("S", "O")
    assert ligand.charge == -2
    reverse = parse_ligand("[OH:1]c1ccc(C)cc1[SH:3]")
    assert reverse.donors == ligand.donors[::-1]


def test_numbers_choose_among_donors() -> None:
    ligand = parse_ligand(KNOWN["EDTA"][0])
    fewer = parse_ligand("OC(=O)C[N:1](CC[N:2](CC(=O)O)CC(=O)O)CC(=O)[OH:3]")
    assert ligand.denticity == 6
    assert fewer.denticity == 3
    assert fewer.charge == -1
    assert [d.motif for d in explain(fewer).donors] == ["numbered by the user"] * 3


@pytest.mark.parametrize(
    ("smiles", "charge"),
    [
        ("CC(=[O:1])CC(=[O:2])C", -1),
        ("CC(=[O:1])[CH-]C(=[O:2])C", -1),
        ("C[OH:1]", 0),
        ("c1ccccc1[OH:1]", -1),
        ("CC[SH:1]", -1),
        ("NCC[NH2:1]", 0),
        ("[O-:1][n+]1ccccc1", 0),
        ("CC(=[O:1])O", 0),
    ],
)
def test_numbered_donors_are_deprotonated_where_acidic(smiles, charge) -> None:
    assert parse_ligand(smiles).charge == charge


# --- faults -------------------------------------------------------------------------------------

BAD = {
    "": "empty SMILES",
    "   ": "empty SMILES",
    "C1CC": "not a valid SMILES",
    "CC(": "not a valid SMILES",
    "C(C)(C)(C)(C)C": "valence",
    "c1cccc1": "not a valid SMILES",
    "CC name": "no blanks",
    "CCCC": "no donor atoms found.*number the donor",
    "C[C-](C)CC(=O)NC": "negative charge at C1",
    "c1ccccc1": "no donor atoms found",
    "[Na+].CC(=O)[O-]": "remove the counter-ion",
    "CC(=O)O.O": "give one molecule only",
    "[Cl-].C[NH3+]": "give one molecule only",
    "[La+3]": "the metal La",
    "CC(=O)O[Na]": "the metal Na",
    "[CH2]C(=O)O": "radical at C0",
    "CC(=O)[O]": "radical",
    "*c1ccc(O)c(O)c1": "open attachment point",
    "[NH3+]CC(=O)[O-]": "positive charge at N0.*free amine",
    "C[N+](C)(C)CCO": "positive charge at N1.*no acid of it balances",
    "C[N+](C)(C)C": "no donor atoms",
    "C1C" + "".join(f"[O:{n}]CC" for n in range(1, 14)) + "1": "13 donor atoms.*at most 12",
    "[OH:1]c1ccccc1[OH:1]": "number 1 more than once",
    "[CH3:1]c1ccccc1": "C0 .*no lone pair",
    "C[NH3+:1]": "N1 .*no lone pair",
}


@pytest.mark.parametrize(("smiles", "said"), BAD.items(), ids=[repr(s) for s in BAD])
def test_bad_input(smiles, said) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_ligand(smiles)
    assert len(caught.value.problems) == 1
    if smiles.strip():
        assert smiles.strip() in str(caught.value)


@given(st.text(alphabet="CNOSPc1()=[]+-#@:.HnoFl*", max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_ligand_or_an_input_error(text) -> None:
    try:
        ligand = parse_ligand(text)
    except InputError as error:
        assert error.problems  # noqa: PT017  # either outcome is right
    else:
        assert 1 <= ligand.denticity <= 12


def test_nothing_is_printed() -> None:
    code = (
        "from rarebind.ligands import parse_ligand\n"
        "parse_ligand('CC(=O)CC(C)=O')\n"
        "try: parse_ligand('C1CC(')\n"
        "except Exception: pass"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ""


# --- the record ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"charge": 0}, "formal charge -1"),
        ({"donors": ()}, "0 donor atoms"),
        ({"donors": tuple(range(13))}, "13 donor atoms"),
        ({"donors": (2, 2)}, "twice"),
        ({"donors": (2, 99)}, "atoms 0 to"),
        ({"donors": (-1,)}, "atoms 0 to"),
        ({"inchikey": "x"}, "InChIKey"),
        ({"name": " "}, "blank name"),
        ({"scaffold": "HOPO"}, "both scaffold and substituent"),
        ({"smiles": "C[O-:1]"}, "atom-map"),
        ({"smiles": "nonsense"}, "not a valid SMILES"),
    ],
)
def test_a_ligand_that_contradicts_itself_is_refused(change, said) -> None:
    good = parse_ligand("Cc1occc(=O)c1O")
    fields = {
        "smiles": good.smiles,
        "donors": good.donors,
        "charge": good.charge,
        "name": good.name,
        "inchikey": good.inchikey,
    }
    assert Ligand(**fields).denticity == 2
    with pytest.raises(InputError, match=said):
        Ligand(**(fields | change))


def test_explanations_are_plain_data() -> None:
    data = explain(parse_ligand("Oc1ccccc1O", "catechol")).as_dict()
    assert data["name"] == "catechol"
    assert data["charge"] == -2
    assert data["denticity"] == 2
    assert [d["motif"] for d in data["donors"]] == ["catecholate", "catecholate"]
    assert "five-membered" in data["why"][0]
    note = explain(library_ligand("thio-CAM")).why[-1]
    assert "our choice" in note


# --- the motif file -----------------------------------------------------------------------------

EMPTY = "tautomers: []\nresonance: []\nacidic: []\n"


def test_own_motifs(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "motifs:\n- name: nitrile\n  kind: single\n  why: weak\n  forms: [{smarts: 'C#[NX1:1]'}]\n"
        + EMPTY
    )
    ligand = parse_ligand("CC#N", motif_file=path)
    assert ligand.donor_elements == ("N",)
    assert explain(ligand, motif_file=path).donors[0].motif == "nitrile"
    with pytest.raises(InputError, match=r"no group of .*mine\.yaml"):
        parse_ligand("CC(=O)O", motif_file=path)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("{smarts: 'C(('}", "not a valid SMARTS"),
        ("{smarts: 'CO'}", "number the donor"),
        ("{smarts: '[O:1]', deprotonate: [2]}", "deprotonate"),
        ("{smarts: '[O:1]', group: 2}", "group"),
        ("{smarts: '[O:1]', colour: 2}", "unknown key .*colour"),
        ("5", "is no mapping"),
    ],
)
def test_bad_motif_files(tmp_path, form, said) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"motifs:\n- name: bad\n  kind: single\n  why: x\n  forms: [{form}]\n{EMPTY}")
    with pytest.raises(InputError, match=said) as caught:
        load_rules(path)
    assert "motifs.0.forms" in str(caught.value)


def test_bad_rewrites_and_kinds(tmp_path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "motifs:\n"
        "- {name: a, kind: strong, why: x, forms: [{smarts: '[O:1]'}]}\n"
        "- {name: b, kind: single, why: x, forms: []}\n"
        "tautomers: [{name: c, reaction: 'C>>'}, {name: d, reaction: '[C:1]O>>[C:1]O'}]\n"
        "resonance: 5\n"
        "acidic: ['C((']\n"
    )
    with pytest.raises(InputError) as caught:
        load_rules(path)
    assert len(caught.value.problems) == 6
