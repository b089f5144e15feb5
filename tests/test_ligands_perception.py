"""What binds, and with what charge, of ligands that people in rare-earth separation use."""

from __future__ import annotations

import pytest

from rarebind.ligands import explain, parse_ligand
from rarebind.ligands.motifs import load_rules
from rarebind.ligands.reach import MAX_COST, bending_cost

# name: (SMILES, charge, donor elements)
POLYDENTATE = {
    "EGTA": ("OC(=O)CN(CCOCCOCCN(CC(O)=O)CC(O)=O)CC(O)=O", -4, "NNOOOOOO"),
    "BAPTA": ("OC(=O)CN(CC(O)=O)c1ccccc1OCCOc1ccccc1N(CC(O)=O)CC(O)=O", -4, "NNOOOOOO"),
    "EGTA amide": ("CN(C)C(=O)CN(CCOCCOCCN(CC(=O)N)CC(=O)N)CC(=O)N(C)C", 0, "NNOOOOOO"),
    "DTPA": ("OC(=O)CN(CCN(CC(=O)O)CC(=O)O)CCN(CC(O)=O)CC(O)=O", -5, "NNNOOOOO"),
    "TTHA": (
        "OC(=O)CN(CCN(CCN(CC(=O)O)CC(=O)O)CC(=O)O)CCN(CC(O)=O)CC(O)=O",
        -6,
        "NNNNOOOOOO",
    ),
    "gadobutrol": ("OCC(C(CO)O)N1CCN(CC(=O)O)CCN(CC(=O)O)CCN(CC(=O)O)CC1", -3, "NNNNOOOO"),
    "HP-DO3A": ("CC(O)CN1CCN(CC(=O)O)CCN(CC(=O)O)CCN(CC(=O)O)CC1", -3, "NNNNOOOO"),
    "DO3A": ("OC(=O)CN1CCNCCN(CC(=O)O)CCN(CC(=O)O)CC1", -3, "NNNNOOO"),
    "macropa": (
        "OC(=O)c1cccc(CN2CCOCCOCCN(CCOCCOCC2)Cc2cccc(n2)C(O)=O)n1",
        -2,
        "NNNNOOOOOO",
    ),
    "PCTA": ("OC(=O)CN1CCN(CC(O)=O)Cc2cccc(n2)CN(CC(O)=O)CC1", -3, "NNNNOOO"),
    "phenanthroline with two phosphoryls": (
        "CCP(=O)(CC)c1ccc2ccc3ccc(nc3c2n1)P(=O)(CC)CC",
        0,
        "NNOO",
    ),
    "phenanthroline with two phosphonates": (
        "CCOP(=O)(OCC)c1ccc2ccc3ccc(nc3c2n1)P(=O)(OCC)OCC",
        0,
        "NNOO",
    ),
    "phenanthroline with two lactams": ("O=C1NCCc2cc3ccc4cc5CCNC(=O)c5nc4c3nc21", 0, "NNOO"),
    "phenanthroline with two amides": ("CCN(C)C(=O)c1ccc2ccc3ccc(nc3c2n1)C(=O)N(C)CC", 0, "NNOO"),
    "bipyridine with two amides": ("CN(C)C(=O)c1cccc(n1)-c1cccc(n1)C(=O)N(C)C", 0, "NNOO"),
    "DOODA": ("CCN(CC)C(=O)COCCOCC(=O)N(CC)CC", 0, "OOOO"),
    "dioxaoctanedioic acid": ("OC(=O)COCCOCC(O)=O", -2, "OOOO"),
    "TPEN": ("c1ccnc(c1)CN(CCN(Cc1ccccn1)Cc1ccccn1)Cc1ccccn1", 0, "NNNNNN"),
    "TPA": ("c1ccnc(c1)CN(Cc1ccccn1)Cc1ccccn1", 0, "NNNN"),
    "NOPOPO": ("CP(C)(=O)Cc1cccc(CP(C)(C)=O)[n+]1[O-]", 0, "OOO"),
    "tetraglyme": ("COCCOCCOCCOCCOC", 0, "OOOOO"),
    "histidine": ("NC(Cc1c[nH]cn1)C(=O)O", -1, "NNO"),
    "methoxyacetic acid": ("COCC(O)=O", -1, "OO"),
    "PAN": ("Oc1ccc2ccccc2c1N=Nc1ccccn1", -1, "NNO"),
}
CROWNS = {
    "dibenzo-18-crown-6": ("c1ccc2c(c1)OCCOCCOc1ccccc1OCCOCCO2", 0, "OOOOOO"),
    "benzo-15-crown-5": ("c1ccc2c(c1)OCCOCCOCCOCCO2", 0, "OOOOO"),
    "dicyclohexano-18-crown-6": ("C1CCC2C(C1)OCCOCCOC1CCCCC1OCCOCCO2", 0, "OOOOOO"),
    "14-crown-4": ("C1COCCOCCCOCCOC1", 0, "OOOO"),
    "diaza-18-crown-6 diacid": ("OC(=O)CN1CCOCCOCCN(CC(O)=O)CCOCCOCC1", -2, "NNOOOOOO"),
    "[2.2.2]cryptand": ("C1COCCOCCN2CCOCCOCCN1CCOCCOCC2", 0, "NNOOOOOO"),
    "cyclam": ("C1CNCCNCCCNCCNC1", 0, "NNNN"),
    "calix[4]arene": ("Oc1c2cccc1Cc1cccc(c1O)Cc1cccc(c1O)Cc1cccc(c1O)C2", -3, "OOOO"),
    "thiacalix[4]arene": ("Oc1c2cccc1Sc1cccc(c1O)Sc1cccc(c1O)Sc1cccc(c1O)S2", -3, "OOOO"),
}
#: Sites that cannot reach one metal, beside flexible ligands whose sites can.
SITES = {
    "quercetin": ("O=c1c(O)c(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12", -2, "OO"),
    "kaempferol": ("O=c1c(O)c(-c2ccc(O)cc2)oc2cc(O)cc(O)c12", -1, "OO"),
    "ellagic acid": ("O=c1oc2c(O)c(O)cc3c(=O)oc4c(O)c(O)cc1c4c23", -2, "OO"),
    "biphenyltetrol": ("Oc1ccc(cc1O)-c1ccc(O)c(O)c1", -2, "OO"),
    "TPTZ": ("c1ccnc(c1)-c1nc(nc(n1)-c1ccccn1)-c1ccccn1", 0, "NNN"),
    "4,4'-bipyridine": ("c1cc(ccn1)-c1ccncc1", 0, "N"),
    "2,2'-bipyridine-4,4'-dicarboxylic acid": ("OC(=O)c1ccnc(c1)-c1cc(ccn1)C(O)=O", -2, "NN"),
    "tartaric acid": ("OC(C(O)C(=O)O)C(=O)O", -2, "OO"),
    "mucic acid": ("OC(C(O)C(O)C(O)=O)C(O)C(O)=O", -2, "OO"),
    "citric acid": ("OC(=O)CC(O)(CC(=O)O)C(=O)O", -3, "OOO"),
    "malic acid": ("OC(=O)CC(O)C(=O)O", -2, "OOO"),
    "terephthalic acid": ("OC(=O)c1ccc(cc1)C(O)=O", -2, "OO"),
    "trimesic acid": ("OC(=O)c1cc(cc(c1)C(O)=O)C(O)=O", -3, "OO"),
    "adipic acid": ("OC(=O)CCCCC(O)=O", -2, "OO"),
    "fumaric acid": ("OC(=O)/C=C/C(O)=O", -2, "OO"),
    "maleic acid": (r"OC(=O)/C=C\C(O)=O", -2, "OO"),
    "phytic acid": (
        "OP(=O)(O)OC1C(OP(=O)(O)O)C(OP(=O)(O)O)C(OP(=O)(O)O)C(OP(=O)(O)O)C1OP(=O)(O)O",
        -6,
        "OO",
    ),
    "triphosphate": ("COP(O)(=O)OP(O)(=O)OP(O)(O)=O", -3, "OOO"),
    "desferrioxamine": (
        "CC(=O)N(O)CCCCCNC(=O)CCC(=O)N(O)CCCCCNC(=O)CCC(=O)N(O)CCCCCN",
        -3,
        "OOOOOO",
    ),
    "TREN-HOPO": (
        "O=C(NCCN(CCNC(=O)c1cccc(=O)n1O)CCNC(=O)c1cccc(=O)n1O)c1cccc(=O)n1O",
        -3,
        "OOOOOO",
    ),
    "bis-malonamide": ("CN(C)C(=O)CC(=O)N(C)CCCCN(C)C(=O)CC(=O)N(C)C", 0, "OOOO"),
}
ACIDS = {
    "Tiron": ("Oc1cc(cc(c1O)S(=O)(=O)O)S(=O)(=O)O", -4, "OO"),
    "Tiron, drawn as the anion": (
        "[O-]c1cc(cc(c1[O-])S(=O)(=O)[O-])S(=O)(=O)[O-]",
        -4,
        "OO",
    ),
    "sulfosalicylic acid": ("OC(=O)c1cc(ccc1O)S(=O)(=O)O", -3, "OO"),
    "8-hydroxyquinoline-5-sulfonic acid": ("Oc1ccc(S(O)(=O)=O)c2cccnc12", -2, "NO"),
    "gallic acid": ("OC(=O)c1cc(O)c(O)c(O)c1", -3, "OO"),
    "caffeic acid": ("OC(=O)C=Cc1ccc(O)c(O)c1", -3, "OO"),
    "salicylic acid": ("OC(=O)c1ccccc1O", -2, "OO"),
    "lawsone": ("OC1=CC(=O)c2ccccc2C1=O", -1, "OO"),
    "chloranilic acid": ("OC1=C(Cl)C(=O)C(O)=C(Cl)C1=O", -2, "OO"),
    "cupferron": ("O=NN(O)c1ccccc1", -1, "OO"),
    "2-hydroxyisophthalamide": ("CNC(=O)c1cccc(C(=O)NC)c1O", -1, "OO"),
    "3-carboxyquinolone": ("Cn1cc(C(=O)O)c(=O)c2ccccc12", -1, "OO"),
    "ciprofloxacin": ("OC(=O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O", -1, "OO"),
    "pyruvic acid": ("CC(=O)C(O)=O", -1, "OO"),
    "imidodiphosphinic acid": (
        "O=P(c1ccccc1)(c1ccccc1)NP(=O)(c1ccccc1)c1ccccc1",
        -1,
        "OO",
    ),
    "thioimidodiphosphinic acid": ("S=P(C)(C)NP(=S)(C)C", -1, "SS"),
    "carbacylamidophosphate": ("O=C(NP(=O)(OC)OC)C(Cl)(Cl)Cl", -1, "OO"),
    "sulfonylamidophosphate": ("CS(=O)(=O)NP(=O)(OC)OC", -1, "OO"),
    "bistriflimide": ("FC(F)(F)S(=O)(=O)NS(=O)(=O)C(F)(F)F", -1, "OO"),
    "saccharin": ("O=C1NS(=O)(=O)c2ccccc12", -1, "O"),
    "Cyanex 302": ("CC(CC(C)(C)C)CP(=O)(S)CC(C)CC(C)(C)C", -1, "OS"),
    "Cyanex 301": ("CC(CC(C)(C)C)CP(=S)(S)CC(C)CC(C)(C)C", -1, "SS"),
    "diethyl dithiophosphate": ("CCOP(=S)(S)OCC", -1, "SS"),
    "diethyl thiophosphate": ("CCOP(=O)(S)OCC", -1, "OS"),
    "thioacetic acid": ("CC(S)=O", -1, "OS"),
    "xanthate": ("CCOC(=S)[S-]", -1, "SS"),
    "thio-TTA": ("FC(F)(F)C(=O)C=C(S)c1cccs1", -1, "OS"),
    "phenylarsonic acid": ("O=[As](O)(O)c1ccccc1", -1, "O"),
    "2-pyridyltetrazole": ("c1ccc(nc1)-c1nn[nH]n1", -1, "NN"),
    "betaine": ("C[N+](C)(C)CC(=O)[O-]", 0, "OO"),
    "betainium": ("C[N+](C)(C)CC(=O)O", 0, "OO"),
    "carnitine": ("C[N+](C)(C)CC(O)CC(=O)[O-]", 0, "OO"),
    "pyridinium sulfobetaine": ("c1cc[n+](cc1)CCCS([O-])(=O)=O", 0, "O"),
}
SMALL = {
    "nitrate": ("[O-][N+](=O)[O-]", -1, "OO"),
    "nitric acid": ("O[N+](=O)[O-]", -1, "OO"),
    "nitrite": ("[O-]N=O", -1, "OO"),
    "chloride": ("[Cl-]", -1, ["Cl"]),
    "hydrogen bromide": ("Br", -1, ["Br"]),
    "hydroxide": ("[OH-]", -1, "O"),
    "thiocyanate": ("[S-]C#N", -1, "N"),
    "isothiocyanate": ("[N-]=C=S", -1, "N"),
    "cyanate": ("[O-]C#N", -1, "N"),
    "azide": ("[N-]=[N+]=[N-]", -1, "N"),
    "sulfate": ("[O-]S(=O)(=O)[O-]", -2, "OO"),
    "sulfuric acid": ("OS(=O)(=O)O", -2, "OO"),
    "sulfite": ("[O-]S(=O)[O-]", -2, "OO"),
    "carbonate": ("[O-]C(=O)[O-]", -2, "OO"),
    "perchlorate": ("[O-]Cl(=O)(=O)=O", -1, "O"),
    "triflic acid": ("OS(=O)(=O)C(F)(F)F", -1, "O"),
    "tetrafluoroborate": ("F[B-](F)(F)F", -1, "F"),
    "DEHiBA": ("CCCCC(CC)CN(CC(CC)CCCC)C(=O)C(C)C", 0, "O"),
    "caprolactam": ("O=C1CCCCCN1", 0, "O"),
    "DMSO": ("CS(C)=O", 0, "O"),
    "urea": ("NC(N)=O", 0, "O"),
    "thiourea": ("NC(N)=S", 0, "S"),
    "HMPA": ("CN(C)P(=O)(N(C)C)N(C)C", 0, "O"),
    "pyridine": ("c1ccncc1", 0, "N"),
    "imidazole": ("c1c[nH]cn1", 0, "N"),
    "pyridine N-oxide": ("[O-][n+]1ccccc1", 0, "O"),
    "2,2'-bipyridine N,N'-dioxide": ("[O-][n+]1ccccc1-c1cccc[n+]1[O-]", 0, "OO"),
    "picolinic acid N-oxide": ("OC(=O)c1cccc[n+]1[O-]", -1, "OO"),
    "trimethylamine N-oxide": ("C[N+](C)(C)[O-]", 0, "O"),
    "ammonia": ("N", 0, "N"),
    "ethylenediamine": ("NCCN", 0, "NN"),
    "diethylenetriamine": ("NCCNCCN", 0, "NNN"),
    "TREN": ("NCCN(CCN)CCN", 0, "NNNN"),
    "triethanolamine": ("OCCN(CCO)CCO", 0, "NOOO"),
    "piperazine": ("C1CNCCN1", 0, "N"),
    "pybox": ("C1COC(=N1)c1cccc(n1)C1=NCCO1", 0, "NNN"),
    "bis(benzimidazolyl)pyridine": ("Cn1c2ccccc2nc1-c1cccc(n1)-c1nc2ccccc2n1C", 0, "NNN"),
    "bis(pyrazolyl)pyridine": ("c1ccn(n1)-c1cccc(n1)-n1cccn1", 0, "NNN"),
    "tetrahydrofuran": ("C1CCOC1", 0, "O"),
    "dimethoxyethane": ("COCCOC", 0, "OO"),
    "acetonitrile": ("CC#N", 0, "N"),
    "acetone": ("CC(C)=O", 0, "O"),
    "methanol": ("CO", 0, "O"),
}
ALL = POLYDENTATE | CROWNS | SITES | ACIDS | SMALL

# The same ligand, drawn in several ways.
SAME = [
    ("C[P+](C)(C)[O-]", "CP(C)(C)=O"),
    ("C[P+](C)(C)[S-]", "CP(C)(C)=S"),
    ("C[S+](C)[O-]", "CS(C)=O"),
    ("C[Se+](C)[O-]", "C[Se](C)=O"),
    ("CP(=O)(S)C", "CP(O)(=S)C", "CP(=O)([S-])C", "CP([O-])(=S)C"),
    ("CC(=O)S", "CC(O)=S", "CC(=O)[S-]"),
    ("O=NN(O)c1ccccc1", "[O-][N+](=NO)c1ccccc1", "[O-][N+](=N[O-])c1ccccc1"),
    ("CP(C)(=O)NP(C)(C)=O", "CP(C)(O)=NP(C)(C)=O", "CP(C)([O-])=NP(C)(C)=O",
     "CP(C)(=O)[N-]P(C)(C)=O"),
    ("[S-]C#N", "[N-]=C=S", "SC#N", "N=C=S"),
    ("[2H]OC(=O)c1ccccn1", "OC(=O)c1ccccn1"),
    ("[2H]Oc1ccccc1O[2H]", "Oc1ccccc1O"),
    ("[2H]C([2H])([2H])C(=O)C([2H])([2H])C(=O)C([2H])([2H])[2H]", "CC(=O)CC(C)=O"),
    ("[13CH3]C(=O)[18OH]", "CC(=O)O"),
    ("OC(=O)c1cc(O)c(O)c(O)c1", "[O-]C(=O)c1cc(O)c(O)c(O)c1"),
]  # fmt: skip


@pytest.mark.parametrize("name", ALL)
def test_charge_and_donors(name) -> None:
    smiles, charge, elements = ALL[name]
    ligand = parse_ligand(smiles)
    assert ligand.charge == charge
    assert sorted(ligand.donor_elements) == sorted(elements)
    again = parse_ligand(ligand.smiles)
    assert (again.smiles, again.donors) == (ligand.smiles, ligand.donors)
    assert "numbered by the user" not in {donor.motif for donor in explain(ligand).donors}


@pytest.mark.parametrize("drawings", SAME, ids=lambda drawings: drawings[0])
def test_every_drawing_gives_the_same_ligand(drawings) -> None:
    ligands = [parse_ligand(smiles) for smiles in drawings]
    assert len({(x.smiles, x.donors, x.charge) for x in ligands}) == 1


def test_isotopes_are_told() -> None:
    assert any("isotopes" in note for note in parse_ligand("[2H]OC(=O)c1ccccn1").notes)
    assert not any("isotopes" in note for note in parse_ligand("OC(=O)c1ccccn1").notes)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quercetin", "hydroxypyranone"),
        ("citric acid", "carboxylate"),
        ("tartaric acid", "hydroxycarboxylate"),
        ("TPTZ", "aromatic nitrogen"),
        ("Tiron", "sulfonate"),
        ("gallic acid", "carboxylate"),
        ("phytic acid", "phosphorus acid"),
        ("2-hydroxyisophthalamide", "amide"),
    ],
)
def test_what_does_not_bind_is_named(name, said) -> None:
    ligand = parse_ligand(ALL[name][0])
    (note,) = [note for note in ligand.notes if "left out" in note]
    assert said in note
    assert any(said in why and "cannot reach" in why for why in explain(ligand).why)


@pytest.mark.parametrize("name", ["EGTA", "DOODA", "TPEN", "macropa", "betaine", "TREN"])
def test_nothing_is_left_out_where_all_bind(name) -> None:
    assert not any("left out" in note for note in parse_ligand(ALL[name][0]).notes)


def test_no_more_donors_than_one_metal_has_room_for() -> None:
    ligand = parse_ligand("OC(=O)CN(CC(=O)O)" + "CCN(CC(=O)O)" * 5 + "CC(=O)O")
    assert ligand.denticity <= 12
    assert any("left out" in note for note in ligand.notes)


def test_both_protonation_states_of_salicylate_are_offered() -> None:
    assert any("in acid" in note for note in parse_ligand("OC(=O)c1ccccc1O").notes)
    in_acid = parse_ligand("Oc1ccccc1C(=[O:1])[OH:2]")
    assert (in_acid.charge, in_acid.donor_elements) == (-1, ("O", "O"))


def test_numbered_donors_keep_other_acids_as_drawn_but_for_strong_ones() -> None:
    ligand = parse_ligand("OC(=O)CN(CC(=O)O)CC(=O)[OH:1]")
    assert ligand.charge == -1
    assert any("keeps its proton" in note for note in ligand.notes)
    assert parse_ligand("OS(=O)(=O)c1ccc([OH:1])c([OH:2])c1").charge == -3


def test_every_bundled_motif_is_used_by_some_ligand() -> None:
    extra = (
        "SC(=S)N(C)C", "CP(C)(=O)CP(C)(C)=O", "CNC(=O)c1ccccn1", "CNC(=O)COCC(=O)O", "Cc1ccc(S)cc1",
        "CC(=O)c1ccccc1O", "OC(=O)CN(Cc1ccccn1)CC(=O)O", "CC[O-]", "CCOC(C)=O", "Nc1ccccc1",
        "Oc1ccccc1S", "CC(=O)CC(C)=O", "CC(=O)NO", "Cc1occc(=O)c1O", "O=c1cccccc1O", "O=c1ccccn1O",
        "O=c1cc[nH]cc1O", "Cn1cccc(O)c1=O", "Oc1ccccc1C=NCCN=Cc1ccccc1O", "c1ccc(nc1)-c1ccccn1",
        "CCc1nnc(nc1CC)-c1cccc(n1)-c1nnc(CC)c(CC)n1", "CN(C)C(=O)COCC(=O)N(C)C", "OC(=O)C(=O)O",
        "CCP(=O)(c1ccccc1)CC(=O)N(C)C", "OP(=O)(O)CN(CP(=O)(O)O)CP(=O)(O)O", "OC(=O)COCC(=O)O",
    )  # fmt: skip
    drawn = [*extra, *(smiles for smiles, _, _ in ALL.values())]
    used = {d.motif for smiles in drawn for d in explain(parse_ligand(smiles)).donors}
    assert {motif.name for motif in load_rules().motifs} - used == set()


# --- the force field --------------------------------------------------------------------------


def test_donors_that_point_apart_cost_more_than_those_that_chelate() -> None:
    catechol, resorcinol = "[O-]c1ccccc1[O-]", "[O-]c1cccc([O-])c1"
    assert bending_cost(catechol, (0, 7)) < 2
    assert bending_cost(resorcinol, (0, 6)) > MAX_COST


def test_the_cost_is_the_same_again() -> None:
    smiles = "O=C([O-])CN(CC(=O)[O-])CC(=O)[O-]"
    donors = (2, 4, 8, 12)
    first = bending_cost(smiles, donors)
    bending_cost.cache_clear()
    assert bending_cost(smiles, donors) == first
