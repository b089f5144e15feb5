"""Inputs for another machine and outputs from there; the outputs are real, see data/orca."""

import csv
import subprocess
from pathlib import Path

import numpy as np
import pytest
from test_orca_program import NICKEL, NICKEL_LEVEL, WATER_LEVEL, structure_of
from test_orca_program import WATER as OUTPUT

from rarebind.engines import LevelOfTheory, level_named
from rarebind.engines.orca.exchange import collect, file_name, write_inputs
from rarebind.errors import InputError
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

LEVEL = level_named("b3lyp-d4")
KEY = "0123456789abcdef"
WATER = Structure(("O", "H", "H"), np.array([[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]), 0)
GADOLINIUM = Structure(("Gd",), np.zeros((1, 3)), 3, 8)
ITEMS = [(f"a{KEY}", "H2O (free)", WATER, LEVEL), (f"b{KEY}", "Gd3+ / ion", GADOLINIUM, LEVEL)]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def computed(**changes):
    structure = structure_of(OUTPUT)
    fields = {
        "symbols": structure.symbols,
        "positions": structure.positions,
        "charge": structure.charge,
        "multiplicity": structure.multiplicity,
    }
    return Structure(**(fields | changes))


def collected(folder, structure, level=WATER_LEVEL, text=None):
    name = file_name(KEY, "water")
    text = OUTPUT.read_text(encoding="utf-8") if text is None else text
    (folder / f"{name}.out").write_text(text, encoding="utf-8")
    return collect([(KEY, "water", structure, level)], folder)[KEY]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("La/hopo:0 [complex]", "La_hopo_0_complex-0123456789"),
        ("../../etc/passwd", "etc_passwd-0123456789"),
        ("-rf *; $(true) `x` \n é", "rf_true_x-0123456789"),
        ("", "molecule-0123456789"),
        ("x" * 300, "x" * 60 + "-0123456789"),
    ],
)
def test_file_names_are_safe(label, name):
    assert file_name(KEY, label) == name


def test_what_is_written(tmp_path):
    folder = tmp_path / "new" / "inputs"
    assert write_inputs(ITEMS, folder, nprocs=4, maxcore=1500) == 2
    assert sorted(path.name for path in folder.iterdir()) == [
        "Gd3_ion-b012345678.inp",
        "Gd3_ion-b012345678_guess.inp",
        "H2O_free-a012345678.inp",
        "index.csv",
        "run_all.sh",
    ]
    text = (folder / "Gd3_ion-b012345678.inp").read_text()
    assert '%moinp "Gd3_ion-b012345678_guess.gbw"' in text
    assert "%pal nprocs 4 end\n%maxcore 1500" in text
    with (folder / "index.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["key"] for row in rows] == [key for key, *_ in ITEMS]
    assert rows[0]["label"] == "H2O (free)"
    assert rows[0]["structure"] == WATER.digest
    assert [path.name for path in folder.parent.iterdir()] == ["inputs"]


def test_writing_again_changes_nothing(tmp_path):
    write_inputs(ITEMS, tmp_path / "inputs")
    (tmp_path / "inputs" / "H2O_free-a012345678.out").write_text("running")
    before = contents(tmp_path / "inputs")
    write_inputs(ITEMS, tmp_path / "inputs")
    assert contents(tmp_path / "inputs") == before


@pytest.mark.parametrize("name", ["precious.txt", "index.csv"])
def test_a_folder_with_something_else_is_refused(tmp_path, name):
    (tmp_path / name).write_text("precious")
    with pytest.raises(InputError, match="holds something else"):
        write_inputs(ITEMS, tmp_path)
    assert contents(tmp_path) == {name: b"precious"}


def test_other_inputs_are_not_mixed_in(tmp_path):
    write_inputs(ITEMS, tmp_path / "inputs")
    with pytest.raises(InputError, match="holds something else"):
        write_inputs(ITEMS[:1], tmp_path / "inputs")


def test_an_empty_folder_is_used(tmp_path):
    (tmp_path / "empty").mkdir()
    assert write_inputs(ITEMS, tmp_path / "empty") == 2


def test_nothing_is_written_when_one_is_impossible(tmp_path):
    odd = Structure(WATER.symbols, WATER.positions, 1)
    with pytest.raises(InputError, match="do not fit"):
        write_inputs([*ITEMS, ("c", "odd", odd, LEVEL)], tmp_path / "inputs")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_an_interrupted_write(tmp_path, monkeypatch):
    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_inputs(ITEMS, tmp_path / "inputs")
    assert not list(tmp_path.iterdir())


def test_names_that_coincide_are_refused(tmp_path):
    twin = (ITEMS[0][0], "H2O free", WATER, LEVEL)
    with pytest.raises(InputError, match="would share the file"):
        write_inputs([ITEMS[0], twin], tmp_path / "inputs")


def test_collected(tmp_path):
    calculation = collected(tmp_path, computed())
    assert calculation.ok
    assert calculation.verb == "static"
    assert calculation.energy == pytest.approx(-76.320385565717 * EV_PER_HARTREE, abs=1e-9)
    assert calculation.forces.shape == (3, 3)
    assert calculation.engine_version == "orca 6.1.0"
    assert calculation.wall_time == pytest.approx(23.206)
    assert calculation.scf.basis_functions == 24


def test_nothing_there_yet(tmp_path):
    assert collect([(KEY, "water", computed(), WATER_LEVEL)], tmp_path) == {KEY: None}
    with pytest.raises(InputError, match="no folder"):
        collect([], tmp_path / "absent")


@pytest.mark.parametrize("length", [0, 100, 5000, -60, -1000])
def test_truncated(tmp_path, length):
    text = OUTPUT.read_text(encoding="utf-8")[:length]
    calculation = collected(tmp_path, computed(), text=text)
    assert calculation.status == "failed"
    assert not calculation.converged
    assert calculation.energy is None
    assert "truncated" in calculation.reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": structure_of(OUTPUT).positions + 2e-3}, "differ by up to 0.0020 Å"),
        ({"symbols": structure_of(OUTPUT).symbols[::-1]}, "other elements"),
        ({"charge": 2}, "charge 0 instead of 2"),
        ({"multiplicity": 3}, "multiplicity 1 instead of 3"),
    ],
)
def test_another_molecule(tmp_path, changes, message):
    calculation = collected(tmp_path, computed(**changes))
    assert calculation.status == "failed"
    assert message in calculation.reason
    assert calculation.engine_version == "orca 6.1.0"


@pytest.mark.parametrize(
    ("level", "message"),
    [
        (LEVEL, "solvation model none instead of SMD(water); dispersion correction absent"),
        (NICKEL_LEVEL, "solvation model none instead of CPCM"),
        (LevelOfTheory("orca", "B3LYP", "def2-TZVP"), "basis functions 24 instead of 43"),
    ],
)
def test_another_level(tmp_path, level, message):
    calculation = collected(tmp_path, computed(), level)
    assert calculation.status == "failed"
    assert message in calculation.reason


def test_another_functional(tmp_path):
    # A real output, edited: as the VWN-3 form of B3LYP would print it.
    text = OUTPUT.read_text(encoding="utf-8").replace("VWN-5", "VWN-3")
    reason = collected(tmp_path, computed(), text=text).reason
    assert "functional B88 LYP VWN-3 0.2 instead of B88 LYP VWN-5 0.2" in reason


def test_a_gradient_file_of_another_run(tmp_path):
    (tmp_path / f"{file_name(KEY, 'water')}.engrad").write_text("1\n-1.0\n0.0\n0.0\n0.0\n")
    assert "the .engrad file is not of this output" in collected(tmp_path, computed()).reason


def test_script_runs_what_is_not_finished(tmp_path):
    """The stand-in for ORCA replays a stored output."""
    folder, log = tmp_path / "inputs", tmp_path / "log"
    write_inputs([*ITEMS, (KEY, "water", computed(), WATER_LEVEL)], folder)
    orca = tmp_path / "orca"
    orca.write_text(f'#!/bin/sh\necho "$1" >>{log}\ncat {OUTPUT}\n')
    orca.chmod(0o755)
    command = ["sh", str(folder / "run_all.sh"), str(orca)]
    subprocess.run(command, cwd=tmp_path, check=True)
    expected = ["Gd3_ion-b012345678_guess.inp", "Gd3_ion-b012345678.inp"]
    expected += ["H2O_free-a012345678.inp", f"{file_name(KEY, 'water')}.inp"]
    assert log.read_text().split() == expected
    assert collect([(KEY, "water", computed(), WATER_LEVEL)], folder)[KEY].ok
    # Finished ones are left alone, a truncated one is done again.
    output = folder / "H2O_free-a012345678.out"
    output.write_text("killed")
    subprocess.run(command, check=True)
    assert log.read_text().split() == [*expected, "H2O_free-a012345678.inp"]
    assert output.read_bytes() == OUTPUT.read_bytes()


def test_script_tells_of_failures(tmp_path):
    write_inputs(ITEMS[:1], tmp_path / "inputs")
    script = str(tmp_path / "inputs" / "run_all.sh")
    failed = subprocess.run(
        ["sh", script, "/bin/false"], capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "FAILED  H2O_free-a012345678" in failed.stderr
    usage = subprocess.run(["sh", script, "orca"], capture_output=True, text=True, check=False)
    assert usage.returncode == 2
    assert "Usage" in usage.stderr


def test_single_atom_has_no_forces(tmp_path):
    # A real output, edited: its functional called by the name of ours.
    text = (OUTPUT.parent / "helium_orca6.out").read_text(encoding="utf-8")
    text = text.replace(".... M062X\n", ".... B88\n", 1)
    text = text.replace(".... M062X\n", ".... LYP\n LDA part LDAOpt .... VWN-5\n")
    text = text.replace("0.540000", "0.200000")
    helium = Structure(("He",), np.zeros((1, 3)), 0)
    calculation = collected(tmp_path, helium, LevelOfTheory("orca", "B3LYP", "def2-SVP"), text)
    assert calculation.ok
    assert np.array_equal(calculation.forces, np.zeros((1, 3)))


def test_open_shell_output_without_gradient(tmp_path):
    text = NICKEL.read_text(encoding="utf-8")
    calculation = collected(tmp_path, structure_of(NICKEL), NICKEL_LEVEL, text)
    assert "dispersion correction present instead of absent; no gradient" in calculation.reason
    assert "solvation" not in calculation.reason
