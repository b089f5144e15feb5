"""Process handling, with a stand-in for ORCA that replays real outputs and computes nothing."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from rarebind.engines import ENGINES, LevelOfTheory, static
from rarebind.engines.orca.inputs import count_electrons
from rarebind.engines.orca.output import parse_output
from rarebind.engines.orca.program import OrcaProgram, program_version
from rarebind.errors import CalculationError, InputError, MissingDependencyError
from rarebind.io.codec import to_data
from rarebind.structures import Structure

ORCA = Path(__file__).parent / "data" / "orca"
WATER = ORCA / "water_engrad_orca6.out"
NICKEL = ORCA / "nickel_uks_d3_orca6.out"
#: What the stored outputs were computed with.
WATER_LEVEL = LevelOfTheory("orca", "B3LYP", "def2-SVP")
NICKEL_LEVEL = LevelOfTheory("orca", "B3LYP", "def2-SVP", "CPCM(water)")
REPLAY = """\
#!/bin/sh
# Not ORCA: replays a stored output.
if [ "$1" = --version ]; then grep "Program Version" {output}; exit 0; fi
number=$(ls {log} | wc -l)
cp "$1" {log}/$number.inp
ls | grep gbw >{log}/$number.gbw
echo orbitals >"${{1%.inp}}.gbw"
cat {output}
"""


def structure_of(path):
    output = parse_output(path.read_text(encoding="utf-8"))
    return Structure(output.symbols, output.positions, output.charge, output.multiplicity)


def script(folder, text):
    path = folder / "orca"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def replay(tmp_path, monkeypatch):
    """Put the stand-in on the PATH; gives the folder in which it logs its inputs."""

    def install(output):
        folder, log = tmp_path / "bin", tmp_path / "log"
        folder.mkdir()
        log.mkdir()
        script(folder, REPLAY.format(output=output, log=log))
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        return log

    return install


def test_energy_and_forces(replay):
    replay(WATER)
    structure = structure_of(WATER)
    calculation = static(structure, WATER_LEVEL)
    assert calculation.ok
    assert calculation.engine_version == "orca 6.1.0"
    whole = parse_output(WATER.read_text(encoding="utf-8"))
    assert calculation.energy == whole.energy
    assert np.array_equal(calculation.forces, whole.forces)
    assert to_data(calculation.scf) == {"basis_functions": 24, "cycles": 11}


def test_later_calls_start_from_the_orbitals(replay):
    log = replay(WATER)
    structure = structure_of(WATER)
    potential = OrcaProgram(nprocs=3, maxcore=700).potential(structure, WATER_LEVEL)
    assert potential.scf is None
    for _ in range(2):
        potential(structure.positions)
    first, second = ((log / f"{i}.inp").read_text() for i in (0, 2))
    assert "MORead" not in first
    assert "%pal nprocs 3 end\n%maxcore 700\n" in first
    assert '%moinp "previous.gbw"' in second
    # ORCA empties the file of its own name before it would read it.
    assert (log / "2.gbw").read_text() == "previous.gbw\n"
    assert potential.scf.cycles == 11


def test_open_shell_looks_for_a_stable_state_first(replay):
    log = replay(NICKEL)
    calculation = static(structure_of(NICKEL), NICKEL_LEVEL)
    # The output is of D3 and without gradient.
    assert calculation.status == "failed"
    assert "dispersion correction present instead of absent; no gradient" in calculation.reason
    guess, gradient = ((log / f"{i}.inp").read_text() for i in (0, 2))
    assert "STABPerform true" in guess
    assert "EnGrad" not in guess
    assert "STABPerform" not in gradient
    assert '%moinp "previous.gbw"' in gradient


def test_basis_functions_are_those_that_orca_counts():
    assert count_electrons(structure_of(NICKEL), NICKEL_LEVEL).functions == 335
    assert count_electrons(structure_of(WATER), WATER_LEVEL).functions == 24


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("error_orca5.out", "stopped with an error in GTOInt"),
        ("helium_orca6.out", "other elements"),
        ("water_smd_orca6.out", "coordinates that differ"),
    ],
)
def test_a_failed_run_is_a_record(replay, name, message):
    replay(ORCA / name)
    calculation = static(structure_of(WATER), WATER_LEVEL)
    assert calculation.status == "failed"
    assert calculation.energy is None
    assert message in calculation.reason


def test_a_killed_run(tmp_path, monkeypatch):
    text = f'#!/bin/sh\n[ "$1" = --version ] && exec grep "Program Version" {WATER}\n'
    script(tmp_path, text + f"head -n 100 {WATER}; echo 'out of memory' >&2; exit 137\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    structure = structure_of(WATER)
    potential = OrcaProgram().potential(structure, WATER_LEVEL)
    with pytest.raises(CalculationError, match=r"truncated.*out of memory"):
        potential(structure.positions)


def test_scratch_is_removed(replay):
    replay(WATER)
    structure = structure_of(WATER)
    potential = OrcaProgram().potential(structure, WATER_LEVEL)
    potential(structure.positions)
    folder = Path(potential._scratch.name)
    assert folder.exists()
    del potential
    assert not folder.exists()


def test_refused_before_anything_runs(replay):
    log = replay(WATER)
    structure = structure_of(WATER)
    odd = Structure(structure.symbols, structure.positions, 1)
    with pytest.raises(InputError, match="do not fit"):
        static(odd, WATER_LEVEL)
    assert not list(log.iterdir())


def test_missing_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("orca") is None
    with pytest.raises(MissingDependencyError, match="orca"):
        ENGINES.create("orca").potential(structure_of(WATER), WATER_LEVEL)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("echo 46.2", "is the GNOME screen reader Orca"),
        ("echo orca 3.38.2", "is the GNOME screen reader Orca"),
        ("echo Orca 41.alpha", "is the GNOME screen reader Orca"),
        ("echo G-code slicer 2.1; exit 1", "is not ORCA, it answers 'G-code slicer 2.1'"),
        (f"cat {ORCA / 'hydrogen_orca4.out'}", r"is ORCA 4\.1\.1: known are versions 5 and 6"),
    ],
)
def test_other_programs_called_orca(tmp_path, answer, message):
    with pytest.raises(InputError, match=message):
        program_version(script(tmp_path, f"#!/bin/sh\n{answer}\n"))


@pytest.mark.parametrize("name", ["water_smd_orca5", "nickel_uks_d3_orca6", "water_engrad_orca6"])
def test_known_versions(tmp_path, name):
    path = ORCA / f"{name}.out"
    version = parse_output(path.read_text(encoding="utf-8")).version
    assert program_version(script(tmp_path, f"#!/bin/sh\ncat {path}\n")) == version
