"""Names of ligands: each stands for the molecule it should, in any spelling."""

from __future__ import annotations

import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from rarebind.complexes import compose
from rarebind.errors import InputError
from rarebind.ligands import known_names, parse_ligand

# name: formula with all protons, charge when bound
EXPECTED = {
    "IDA": ("C4H7NO4", -2), "MIDA": ("C5H9NO4", -2), "NTA": ("C6H9NO6", -3),
    "EDTA": ("C10H16N2O8", -4), "HEDTA": ("C10H18N2O7", -3), "EDDS": ("C10H16N2O8", -4),
    "CDTA": ("C14H22N2O8", -4), "DTPA": ("C14H23N3O10", -5), "DTPA-BMA": ("C16H29N5O8", -3),
    "BOPTA": ("C22H31N3O11", -5), "TTHA": ("C18H30N4O12", -6), "EGTA": ("C14H24N2O10", -4),
    "BAPTA": ("C22H24N2O10", -4), "HBED": ("C20H24N2O6", -4), "NOTA": ("C12H21N3O6", -3),
    "DO3A": ("C14H26N4O6", -3), "DOTA": ("C16H28N4O8", -4), "TETA": ("C18H32N4O8", -4),
    "DOTAM": ("C16H32N8O4", 0), "HP-DO3A": ("C17H32N4O7", -3), "DO3A-butrol": ("C18H34N4O9", -3),
    "PCTA": ("C17H24N4O6", -3), "octapa": ("C20H22N4O8", -4), "macropa": ("C26H36N4O8", -2),
    "HEDP": ("C2H8O7P2", -2), "NTMP": ("C3H12NO9P3", -3), "EDTMP": ("C6H20N2O12P4", -4),
    "DTPMP": ("C9H28N3O15P5", -5), "DOTP": ("C12H32N4O12P4", -4),
    "phytic acid": ("C6H18O24P6", -6), "TODGA": ("C36H72N2O3", 0), "TEHDGA": ("C36H72N2O3", 0),
    "TEDGA": ("C12H24N2O3", 0), "DMDOHEMA": ("C29H58N2O3", 0), "DMDBTDMA": ("C27H54N2O2", 0),
    "TMMA": ("C7H14N2O2", 0), "DEHiBA": ("C20H41NO", 0), "DEHBA": ("C20H41NO", 0),
    "DHOA": ("C20H41NO", 0), "TBP": ("C12H27O4P", 0), "TiBP": ("C12H27O4P", 0),
    "TEHP": ("C24H51O4P", 0), "DBBP": ("C12H27O3P", 0), "TOPO": ("C24H51OP", 0),
    "TPPO": ("C18H15OP", 0), "HMPA": ("C6H18N3OP", 0), "CMPO": ("C24H42NO2P", 0),
    "HDBP": ("C8H19O4P", -1), "D2EHPA": ("C16H35O4P", -1), "EHEHPA": ("C16H35O3P", -1),
    "Cyanex 272": ("C16H35O2P", -1), "Cyanex 301": ("C16H35PS2", -1),
    "Cyanex 302": ("C16H35OPS", -1), "Cyanex 471X": ("C12H27PS", 0),
    "HTPIP": ("C24H21NO2P2", -1), "DBM": ("C15H12O2", -1), "Hdpm": ("C11H20O2", -1),
    "fod": ("C10H11F7O2", -1), "btfa": ("C10H7F3O2", -1), "HPMBP": ("C17H14N2O2", -1),
    "maltol": ("C6H6O3", -1), "kojic acid": ("C6H6O4", -1), "deferiprone": ("C7H9NO2", -1),
    "tropolone": ("C7H6O2", -1), "lawsone": ("C10H6O3", -1), "catechol": ("C6H6O2", -2),
    "pyrogallol": ("C6H6O3", -2), "gallic acid": ("C7H6O5", -3), "Tiron": ("C6H6O8S2", -4),
    "alizarin": ("C14H8O4", -2), "quercetin": ("C15H10O7", -2), "morin": ("C15H10O7", None),
    "curcumin": ("C21H20O6", -1), "salicylic acid": ("C7H6O3", -2),
    "sulfosalicylic acid": ("C7H6O6S", -3), "AHA": ("C2H5NO2", -1), "BHA": ("C7H7NO2", -1),
    "SHA": ("C7H7NO3", -1), "OHA": ("C8H17NO2", -1), "cupferron": ("C6H6N2O2", -1),
    "deferoxamine": ("C25H48N6O8", -3), "3,4,3-LI(1,2-HOPO)": ("C34H38N8O12", -4),
    "lactic acid": ("C3H6O3", -1), "mandelic acid": ("C8H8O3", -1), "malic acid": ("C4H6O5", -2),
    "tartaric acid": ("C4H6O6", -2), "citric acid": ("C6H8O7", -3),
    "gluconic acid": ("C6H12O7", -1), "malonic acid": ("C3H4O4", -2),
    "succinic acid": ("C4H6O4", -2), "phthalic acid": ("C8H6O4", -2),
    "diglycolic acid": ("C4H6O5", -2), "PDA": ("C14H8N2O4", -2), "glycine": ("C2H5NO2", -1),
    "alanine": ("C3H7NO2", -1), "aspartic acid": ("C4H7NO4", -2), "histidine": ("C6H9N3O2", -1),
    "betaine": ("C5H11NO2", 0), "bistriflimide": ("C2HF6NO4S2", -1),
    "8-hydroxyquinoline": ("C9H7NO", -1), "bathophenanthroline": ("C24H16N2", 0),
    "BTP": ("C11H7N7", 0), "iPr-BTP": ("C23H31N7", 0), "CyMe4-BTBP": ("C32H38N8", 0),
    "CyMe4-BTPhen": ("C34H38N8", 0), "PyTri-diol": ("C15H19N7O2", 0), "TPTZ": ("C18H12N6", 0),
    "TPEN": ("C26H28N6", 0), "TPA": ("C18H18N4", 0), "bpp": ("C11H9N5", 0),
    "pybox": ("C11H11N3O2", 0), "en": ("C2H8N2", 0), "dien": ("C4H13N3", 0),
    "tren": ("C6H18N4", 0), "TMEDA": ("C6H16N2", 0), "pyridine": ("C5H5N", 0),
    "imidazole": ("C3H4N2", 0), "pyridine N-oxide": ("C5H5NO", 0), "salen": ("C16H16N2O2", -2),
    "PAN": ("C15H11N3O", -1), "PAR": ("C11H9N3O2", -1), "12-crown-4": ("C8H16O4", 0),
    "15-crown-5": ("C10H20O5", 0), "18-crown-6": ("C12H24O6", 0),
    "dibenzo-18-crown-6": ("C20H24O6", 0), "dicyclohexano-18-crown-6": ("C20H36O6", 0),
    "cryptand 222": ("C18H36N2O6", 0), "TACN": ("C6H15N3", 0), "cyclen": ("C8H20N4", 0),
    "cyclam": ("C10H24N4", 0), "calix[4]arene": ("C28H24O4", -3), "urea": ("CH4N2O", 0),
    "TMU": ("C5H12N2O", 0), "thiourea": ("CH4N2S", 0), "DMA": ("C4H9NO", 0),
    "NMP": ("C5H9NO", 0), "THF": ("C4H8O", 0), "DME": ("C4H10O2", 0), "diglyme": ("C6H14O3", 0),
    "acetone": ("C3H6O", 0),
}  # fmt: skip
NAMES = {one.name: (one.smiles, others) for one, others in known_names()}


@pytest.mark.parametrize("name", EXPECTED)
def test_formula_and_charge(name) -> None:
    formula, charge = EXPECTED[name]
    assert CalcMolFormula(Chem.MolFromSmiles(NAMES[name][0])) == formula
    ligand = parse_ligand(name)
    assert ligand.name == name
    assert charge is None or ligand.charge == charge
    assert ligand.smiles == parse_ligand(NAMES[name][0]).smiles


def test_every_name_is_checked_or_a_counter_ion() -> None:
    numbered = {name for name, (smiles, _) in NAMES.items() if ":1" in smiles}
    assert set(NAMES) - numbered == set(EXPECTED)


def test_no_name_means_two_molecules() -> None:
    keys: dict[str, str] = {}
    for name, (smiles, others) in NAMES.items():
        for known in (name, *others):
            key = known.casefold().replace("-", "").replace(" ", "")
            molecule = Chem.MolFromSmiles(smiles)
            for atom in molecule.GetAtoms():
                atom.SetAtomMapNum(0)
            assert keys.setdefault(key, Chem.MolToSmiles(molecule)) == Chem.MolToSmiles(molecule)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("edta", "EDTA"),
        ("EDTA", "EDTA"),
        (" todga ", "TODGA"),
        ("cyanex272", "Cyanex 272"),
        ("CYANEX-272", "Cyanex 272"),
        ("18-Crown-6", "18-crown-6"),
        ("HDEHP", "D2EHPA"),
        ("HEH[EHP]", "EHEHPA"),
        ("tta", "TTA"),
        ("HOPO", "HOPO"),
        ("HOPO-methyl", "HOPO-methyl"),
    ],
)
def test_names_in_any_spelling(text, name) -> None:
    assert parse_ligand(text).name == name


def test_a_name_of_ones_own_stays() -> None:
    ligand = parse_ligand("EDTA", "mine")
    assert ligand.name == "mine"
    assert any("EDTA" in note for note in ligand.notes)


def test_what_is_a_smiles_is_read_as_one() -> None:
    assert parse_ligand("CO").smiles == "CO"
    assert parse_ligand("NCCN").name == "NCCN"


@pytest.mark.parametrize("text", ["EDTB", "unobtainium", "Cyanex 999"])
def test_unknown_names_are_said_to_be_unknown(text) -> None:
    with pytest.raises(InputError, match="the name of a known ligand") as caught:
        parse_ligand(text)
    assert text != "EDTB" or "EDTA" in str(caught.value)


def test_names_in_compositions() -> None:
    assert compose("EDTA:1,water:3").main.name == "EDTA"
    assert compose("tta:3,TOPO:2").coordination_number == 8
