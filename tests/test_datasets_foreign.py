"""Foreign frames as others write them: charges, spins, names of fields, ligands nobody named."""

import json

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem
from test_datasets_import import (
    B3LYP,
    SPECS,
    complex_of,
    complex_record,
    references,
    total_energy,
)

from rarebind.cli import main
from rarebind.complexes import complex_spec, parent_templates
from rarebind.datasets import Dataset
from rarebind.datasets.bare import write_bare
from rarebind.datasets.importing import import_xyz
from rarebind.datasets.magnitudes import DFT, sum_of_atoms
from rarebind.engines import GFN2_WATER, LevelOfTheory
from rarebind.errors import InputError
from rarebind.ligands import library_ligand, parse_ligand, read_ligand_table
from rarebind.units import EV_PER_HARTREE

GAS = LevelOfTheory("orca", "PBE0", "def2-TZVP")
#: Energies of La3+ and La in Hartree, B3LYP/def2-TZVP in SMD(water): the atom is 86 kcal/mol lower.
LA_ION, LA_ATOM = -31.3165, -31.4542


def frame(symbols, positions, **fields):
    """Text of a frame; `forces` and the like are columns."""
    columns = {name: value for name, value in fields.items() if np.ndim(value) == 2}
    head = "Properties=species:S:1:pos:R:3" + "".join(f":{name}:R:3" for name in columns)
    said = " ".join(f"{name}={value}" for name, value in fields.items() if name not in columns)
    lines = [
        " ".join([symbol, *(f"{x:.8f}" for x in np.concatenate(numbers))])
        for symbol, *numbers in zip(symbols, positions, *columns.values(), strict=True)
    ]
    return "\n".join([str(len(lines)), f"{head} {said}", *lines, ""])


def of_structure(structure, level=B3LYP, **fields):
    energy = total_energy(structure, DFT) if level is not GFN2_WATER else total_energy(structure)
    return frame(structure.symbols, structure.positions, **{"total_energy": energy} | fields)


def alone(energy, metal="La", **fields):
    """A metal alone, its energy in eV."""
    return frame([metal], [[0.0, 0.0, 0.0]], energy=energy * EV_PER_HARTREE, **fields)


def imported(tmp_path, *frames, level=B3LYP, **how):
    path = tmp_path / "foreign.xyz"
    path.write_text("".join(frames))
    return import_xyz(path, level=level, unit="eV", **how)


# --- ions and atoms ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"config_type": "IsolatedAtom"}, "neutral La atom, not La3+: if it is the ion"),
        ({"total_charge": 0}, "the frame has the charge +0, but La3+ has +3"),
        ({"charge": 2.0}, "the charge +2, but La3+ has +3"),
        ({"total_spin": 2}, "the multiplicity 2, but La3+ has 1"),
        ({}, "by its energy it is the neutral La atom, not La3+"),
    ],
)
def test_a_neutral_atom_is_no_ion(tmp_path, fields, reason):
    report = imported(tmp_path, alone(LA_ATOM, **fields))
    assert not report.records
    assert reason in report.unmatched[0].reason


def test_the_atom_does_not_win_over_the_ion(tmp_path):
    """Right value: equation 1 is that of the ion, whichever frames of the metal there are."""
    spec, structure = complex_of("La", "HOPO", "1:6")
    _, water, ligand, _ = references(spec, structure)
    others = [of_structure(one.calculation.structure) for one in (water, ligand)]
    energies = [
        total_energy(one, DFT)
        for one in (structure, ligand.calculation.structure, water.calculation.structure)
    ]
    right = energies[0] - LA_ION * EV_PER_HARTREE - energies[1] - 6 * energies[2]
    atoms = [alone(LA_ATOM, total_charge=0), alone(LA_ATOM, config_type="IsolatedAtom")]
    for ions in ([alone(LA_ION)], [alone(LA_ION, charge=3)], [alone(LA_ATOM), alone(LA_ION)]):
        report = imported(tmp_path, of_structure(structure), *atoms, *ions, *others)
        assert report.records[0].binding.binding == pytest.approx(right, abs=1e-6)


@pytest.mark.parametrize("level", [B3LYP, GAS, GFN2_WATER], ids=str)
def test_ions_of_every_metal_are_taken(tmp_path, level):
    metals = ("Sc", "Y", "La", "Ce", "Gd", "Tb", "Er", "Yb", "Lu")
    shift = {B3LYP: -32.0, GAS: 0.0, GFN2_WATER: 0.0}[level]
    family = "GFN2-xTB" if level is GFN2_WATER else DFT
    frames = [
        alone((sum_of_atoms([metal], family) + shift) / EV_PER_HARTREE, metal) for metal in metals
    ]
    assert len(imported(tmp_path, *frames, level=level).records) == len(metals)
    if level is not GFN2_WATER:
        element = pytest.importorskip("mendeleev").element
        lower = [sum(list(element(metal).ionenergies.values())[:3]) for metal in metals]
        atoms = [
            alone((sum_of_atoms([metal], family) - gap) / EV_PER_HARTREE, metal)
            for metal, gap in zip(metals, lower, strict=True)
        ]
        assert len(imported(tmp_path, *atoms, level=level).unmatched) == len(metals)


def test_where_the_energy_alone_says_nothing_other_frames_do(tmp_path):
    level = LevelOfTheory("orca", "PBE0", "def2-TZVP", "CPCM(water)")
    report = imported(tmp_path, alone(LA_ATOM), alone(LA_ION), level=level)
    assert [found.calculation.energy for found in report.records] == [
        pytest.approx(LA_ION * EV_PER_HARTREE)
    ]
    assert report.unmatched[0].line == 1
    assert "another charge" in report.unmatched[0].reason
    # Other 4f occupations are the same ion.
    near = imported(tmp_path, alone(LA_ION), alone(LA_ION + 0.09), level=level)
    assert len(near.records) == 2


# --- names of fields ------------------------------------------------------------------------------


def test_usual_names_are_read_and_the_rest_is_listed(tmp_path):
    spec, structure = complex_of("Gd", "CAM", "1:6")
    forces = np.random.default_rng(1).normal(size=(len(structure), 3))
    energy = total_energy(structure, DFT)
    said = {"REF_energy": energy, "REF_forces": forces, "total_charge": spec.charge,
            "total_spin": 8, "config_type": "Default", "dipole_moment": 2.0,
            "virials": forces}  # fmt: skip
    (found,) = imported(tmp_path, frame(structure.symbols, structure.positions, **said)).records
    assert found.calculation.energy == pytest.approx(energy)
    assert np.allclose(found.calculation.forces, forces, atol=1e-7)
    report = imported(tmp_path, *[frame(structure.symbols, structure.positions, **said)] * 2)
    assert report.unread == {"dipole_moment": 2, "virials": 2}


def test_forces_go_with_the_energy_that_is_chosen(tmp_path):
    _, structure = complex_of()
    rng = np.random.default_rng(1)
    here, there = rng.normal(size=(2, len(structure), 3))
    energy = total_energy(structure, DFT)
    text = frame(
        structure.symbols, structure.positions,
        energy=energy - 1, forces=here, REF_energy=energy, REF_forces=there,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"line 1: energy=.* and REF_energy=.* differ"):
        imported(tmp_path, text)
    for key, forces in (("energy", here), ("REF_energy", there)):
        (found,) = imported(tmp_path, text, energy_key=key).records
        assert np.allclose(found.calculation.forces, forces, atol=1e-7)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"charge": 2, "total_charge": 1}, "charge=2 and total_charge=1 differ"),
        ({"charge": 0.5}, "the charge 0.5 is no whole number"),
        ({"total_charge": "two"}, "total_charge=two is no number"),
    ],
)
def test_what_cannot_be_a_charge_names_the_line(tmp_path, fields, said):
    _, structure = complex_of()
    with pytest.raises(InputError, match=f"line 1: {said}"):
        imported(tmp_path, of_structure(structure, **fields))


def test_a_charge_that_contradicts_the_fragments_is_refused(tmp_path):
    spec, structure = complex_of()
    report = imported(tmp_path, of_structure(structure, total_charge=spec.charge + 1))
    assert "the charge +3, but La(HOPO)1(H2O)6 has +2" in report.unmatched[0].reason


def test_spins_may_be_those_of_4f_in_core(tmp_path):
    _, structure = complex_of("Gd")
    for level, taken in ((GFN2_WATER, [1, 8, 0, 7]), (B3LYP, [8, 7])):
        frames = [of_structure(structure, level, multiplicity=spin) for spin in (1, 8, 0, 7, 4)]
        report = imported(tmp_path, *frames, level=level)
        assert len(report.records) == len(taken)


# --- ligands that nobody named --------------------------------------------------------------------


@pytest.mark.parametrize("spec", SPECS[:8:3], ids=lambda spec: spec.name)
def test_an_unknown_ligand_is_proposed_as_it_is_bound(tmp_path, spec):
    structure = parent_templates(spec)[0]
    text = of_structure(structure, charge=spec.charge)
    report = imported(tmp_path, text, ligands=[library_ligand("HDEV", "chloro")])
    (one,) = report.proposals
    found = parse_ligand(one.smiles[one.charge])
    assert one.charge == spec.ligand.charge
    assert found.inchikey == spec.ligand.inchikey
    assert set(found.donors) == set(spec.ligand.donors)


def test_without_a_charge_what_is_open_stays_open(tmp_path):
    """A catecholate has the atoms and bonds of its quinone."""
    spec = complex_spec("La", library_ligand("CAM"), "1:6")
    structure = parent_templates(spec)[0]
    other = [library_ligand("HDEV", "chloro")]
    (one,) = imported(tmp_path, of_structure(structure), ligands=other).proposals
    assert one.charge is None
    assert {-2, 0} <= set(one.smiles)
    said = of_structure(structure, charge=spec.charge)
    (one,) = imported(tmp_path, of_structure(structure), said, ligands=other).proposals
    assert (one.charge, one.frames) == (-2, 2)


ACID = "CCC(C)C(=O)[O-]"


def acid_file(tmp_path):
    """A free carboxylate, which the library does not have."""
    mol = Chem.AddHs(Chem.MolFromSmiles(ACID))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    energy = 1.005 * sum_of_atoms(symbols, DFT)
    path = tmp_path / "acid.xyz"
    path.write_text(
        frame(symbols, mol.GetConformer().GetPositions(), energy=energy, total_charge=-1, fmax=0.1)
    )
    return path


def test_the_command_proposes_what_it_then_reads(tmp_path, capsys):
    path, out = acid_file(tmp_path), tmp_path / "data"
    arguments = ["dataset", "import", str(path), "--unit", "eV", "--out", str(out)]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    said = capsys.readouterr().out.replace("\n", " ")
    assert ended.value.code == 1
    assert "fmax (1)" in said
    assert "1 unknown ligand as the structures have them" in said
    (unmatched,) = json.loads((out / "unmatched.json").read_text())
    assert "no free ligand" in unmatched["reason"]
    proposed = out / "proposed-ligands.csv"
    table = pd.read_csv(proposed)
    assert list(table["charge"]) == [-1]
    assert [ligand.charge for ligand in read_ligand_table(proposed)] == [-1]
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--ligands", str(proposed)])
    assert ended.value.code == 0
    (found,) = Dataset(out).records()
    # Its hand is that of the structure.
    assert found.ligand.inchikey[:14] == parse_ligand(ACID).inchikey[:14]


def test_bare_files_say_nothing_unread(tmp_path):
    path = tmp_path / "bare.xyz"
    write_bare([complex_record(level=B3LYP)], path)
    assert not import_xyz(path, level=B3LYP, unit="Hartree").unread
