"""The reference builder, on real complexes."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.campaigns.steps import execute
from rarebind.complexes import (
    BUILDERS,
    Layout,
    aqua_ion,
    check_complex,
    complex_spec,
    coordination_number,
)
from rarebind.complexes.builders import stand_ins
from rarebind.complexes.builders.seeded import seeded_ligands
from rarebind.engines import GFN2_WATER, LevelOfTheory, relax, static
from rarebind.errors import CalculationError, InputError
from rarebind.ligands import library_ligand, parse_ligand

pytestmark = pytest.mark.skipif(
    bool(BUILDERS.spec("architector").missing()), reason="Architector is not installed"
)


def test_an_aqua_ion(tmp_path, monkeypatch, capsys):
    errors = np.geterr()
    monkeypatch.chdir(tmp_path)
    spec = aqua_ion("La", 9)
    candidates = BUILDERS.create("architector", symmetries=1).build(spec)
    assert candidates
    energies = []
    for candidate in candidates:
        assert candidate.symbols == Layout(spec).symbols
        assert candidate.charge == 3
        assert coordination_number(candidate) >= 8
        energies.append(static(candidate, GFN2_WATER).energy)
    assert energies == sorted(energies)
    assert check_complex(relax(candidates[0], GFN2_WATER), spec).accepted
    # Neither files in the working folder nor chatter on the terminal.
    assert not list(tmp_path.iterdir())
    assert Path.cwd() == tmp_path
    assert capsys.readouterr().out == ""
    # Its import has NumPy warn of underflows, which others hear of.
    assert np.geterr() == errors


def test_options_are_checked():
    with pytest.raises(InputError, match="unknown cores 'some': known are common, all"):
        BUILDERS.create("architector", cores="some")


def test_highly_charged_complexes_are_assembled_in_water():
    """The stand-in takes the solvent that the builder asks for, assembly included."""
    builder = BUILDERS.create("architector")
    spec = complex_spec("La", library_ligand("CAM"), "4:0")
    assert spec.charge == -5
    request = builder._request(spec, "/scratch")
    assert request["parameters"]["xtb_solvent"] == "water"
    assert len(request["ligands"]) == 4


def test_what_it_cannot_build_is_a_failure():
    # Architector has no polyhedron with thirteen corners.
    with pytest.raises(CalculationError, match=r"Architector failed on La\(H2O\)13: ValueError"):
        BUILDERS.create("architector").build(aqua_ion("La", 13))


STAND_IN = """
from rarebind.complexes.builders import stand_ins
stand_ins.install()
assert stand_ins.install() == [], "installed twice"
from ase import Atoms
import numpy as np
from xtb.ase.calculator import XTB
ion = Atoms("Gd", positions=[[0, 0, 0]])
ion.set_initial_charges([3.0])
energies = []
for spin in (0.0, 7.0):
    ion.set_initial_magnetic_moments([spin])
    ion.calc = XTB(method="GFN2-xTB", solvent="water")
    energies.append(ion.get_potential_energy())
assert np.isclose(*energies, atol=1e-6), energies
import pynauty, xtb  # importable now, genuine or not
print("both importable")
"""


def test_the_stand_in_ignores_the_spin_of_the_4f_shell():
    process = subprocess.run(
        [sys.executable, "-c", STAND_IN], capture_output=True, text=True, check=True
    )
    assert process.stdout.strip() == "both importable"


@pytest.mark.slow
def test_a_ligand_outside_the_library():
    ligand = parse_ligand("CC(=O)CC(C)=O", "acetylacetone")
    spec = complex_spec("La", ligand, "1:6")
    task = TaskFactory(Protocol(symmetries=2)).complex(spec)
    calculation = execute(task.step, task.arguments, [])
    assert calculation.ok, calculation.reason
    assert coordination_number(calculation.structure) == 8


@pytest.mark.slow
def test_grafting_is_not_above_architector():
    """One of the comparisons that ``benchmarks/grafting.py`` makes."""
    spec = complex_spec("La", library_ligand("HOPO", "methyl"), "1:6")
    energies = []
    for builder in ("grafting", "architector"):
        task = TaskFactory(Protocol(builder=builder, symmetries=2)).complex(spec)
        calculation = execute(task.step, task.arguments, [])
        assert calculation.ok, calculation.reason
        energies.append(calculation.energy)
    assert energies[0] < energies[1] + 0.005


def test_gas_phase_and_water_differ():
    """The level that a caller asks for is the one that is computed."""
    water = static(BUILDERS.create("grafting").build(aqua_ion("La", 8))[0], GFN2_WATER).energy
    gas = static(
        BUILDERS.create("grafting").build(aqua_ion("La", 8))[0],
        LevelOfTheory("tblite", "GFN2-xTB"),
    ).energy
    assert water < gas - 5.0
    assert np.isfinite([water, gas]).all()


SEEDED = (
    "CC(=O)/C=C(/C)[O-]", "O=C([O-])CN(CC(=O)[O-])CC(=O)[O-]", "CCCCOP(=O)([O-])OCCCC",
    "C[C@H](N)C(=O)[O-]", "C[C@@H](N)C(=O)[O-]", "O",
)  # fmt: skip


@pytest.mark.parametrize("smiles", SEEDED)
def test_ligands_come_from_the_seed(smiles):
    """Right value: the same positions each time, of the molecule asked for, with its hand."""
    stand_ins.install()
    from architector import io_obabel

    def built(seed):
        with seeded_ligands(seed):
            molecule = io_obabel.get_obmol_smiles(smiles)
        positions, numbers, _ = io_obabel.get_OBMol_coords_anums_graph(molecule)
        return positions, numbers

    original = io_obabel.build_3D
    positions, numbers = built(5)
    again, _ = built(5)
    assert np.array_equal(positions, again)
    assert io_obabel.build_3D is original
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert [atom.GetAtomicNum() for atom in mol.GetAtoms()] == list(numbers)
    if mol.GetNumAtoms() > 3:
        assert not np.allclose(positions, built(6)[0], atol=1e-3)
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(positions))
    mol.AddConformer(conformer)
    lengths = [
        np.linalg.norm(positions[bond.GetBeginAtomIdx()] - positions[bond.GetEndAtomIdx()])
        for bond in mol.GetBonds()
    ]
    assert max(lengths) < 1.9
    Chem.AssignStereochemistryFrom3D(mol)
    assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == Chem.CanonSmiles(smiles)


def test_rotations_come_from_the_seed():
    stand_ins.install()
    from architector import io_align_mol

    drawn = []
    for seed in (5, 5, 6):
        with seeded_ligands(seed):
            drawn.append([io_align_mol.Rot.random().as_quat() for _ in range(3)])
    assert np.array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2])
    assert io_align_mol.Rot.align_vectors is not None
