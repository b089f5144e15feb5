"""Engines in Python environments of their own."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from rarebind.engines import level_of_engine, relax, static
from rarebind.engines.remote import FOLDER_VARIABLE, RemoteEngine, Worker, find_python
from rarebind.engines.remote_child import frame, read_frame
from rarebind.engines.verbs import engine_for
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure

HERE = Path(sys.executable)
WATER = Structure.from_ase(molecule("H2O"))
CALCULATORS = """
import os, time
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

class Awkward(EMT):
    def __init__(self, sleep=0.0, die_on=0, always=False, talk=False):
        super().__init__()
        self.sleep, self.die_on, self.always, self.talk = sleep, die_on, always, talk
        self.calls = 0

    def calculate(self, *args, **kwargs):
        self.calls += 1
        if self.talk:
            print("here is" * 20000, flush=True)
        if self.always or self.calls == self.die_on:
            os.write(2, b"out of memory")
            os._exit(9)
        time.sleep(self.sleep)
        if len(args[0]) == 1:
            raise ValueError("a single atom")
        super().calculate(*args, **kwargs)

def where():
    import sys
    raise OSError(sys.executable)
"""


@pytest.fixture(autouse=True)
def awkward(tmp_path, monkeypatch):
    """Calculators that only processes started in this test know."""
    (tmp_path / "awkward.py").write_text(CALCULATORS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


@pytest.fixture
def engine():
    """Makes engines of an awkward calculator, and ends their processes."""
    made = []

    def make(**limits):
        made.append(RemoteEngine("awkward", "awkward:Awkward", str(HERE), **limits))
        return made[-1]

    yield make
    for one in made:
        one.worker.close()


def level(**options):
    return replace(level_of_engine("ase.calculators.emt:EMT"), options=options)


def emt():
    atoms = WATER.to_ase()
    from ase.calculators.emt import EMT

    atoms.calc = EMT()
    return atoms.get_potential_energy(), atoms.get_forces()


def same(found):
    energy, forces = emt()
    return found[0] == energy and np.array_equal(found[1], forces)


def test_frames_come_back():
    arrays = [("a", np.arange(6.0).reshape(2, 3)[:, ::-1]), ("b", np.array([], dtype=np.int64))]
    content = frame({"text": "Å", "x": 0.1}, arrays)
    places = iter(range(len(content)))

    def read(size):
        return bytes(content[next(places)] for _ in range(size))

    head, found = read_frame(read)
    assert head == {"text": "Å", "x": 0.1}
    for name, array in arrays:
        assert np.array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    assert next(places, None) is None


def test_the_numbers_are_those_of_here(engine):
    potential = engine().potential(WATER, level(talk=True))
    assert same(potential(WATER.positions))
    first = engine()
    process = first.potential(WATER, level())
    assert same(process(WATER.positions))
    pid = first.worker.pid
    process(WATER.positions * 1.1)
    assert first.worker.pid == pid != os.getpid()
    assert first.version == f"awkward {first.description['version']}"
    assert first.version.startswith("awkward source-")


def test_a_level_names_its_environment():
    elsewhere = level_of_engine(f"ase.calculators.emt:EMT@{HERE}")
    assert str(elsewhere) == f"EMT by ase.calculators.emt:EMT in {HERE}"
    assert elsewhere != level()
    found, expected = relax(WATER, elsewhere), relax(WATER, level())
    assert found.energy == expected.energy
    assert found.engine_version == expected.engine_version
    assert engine_for(elsewhere) is engine_for(replace(elsewhere, options={"asap_cutoff": False}))


def test_a_process_that_dies_is_started_again(engine):
    one = engine()
    potential = one.potential(WATER, level(die_on=2))
    assert same(potential(WATER.positions))
    pid = one.worker.pid
    # The second call kills it; a new process counts anew.
    assert potential(WATER.positions * 1.1)[0] != emt()[0]
    assert one.worker.pid != pid
    os.kill(one.worker.pid, signal.SIGKILL)
    assert same(potential(WATER.positions))


def test_a_process_that_dies_twice_is_a_failure(engine):
    one = engine()
    potential = one.potential(WATER, level(always=True))
    with pytest.raises(CalculationError, match=r"died twice: status 9\. out of memory"):
        potential(WATER.positions)
    assert same(one.potential(WATER, level())(WATER.positions))


def test_a_calculation_that_takes_too_long(engine):
    one = engine(time_limit=20.0)
    assert same(one.potential(WATER, level())(WATER.positions))
    one.worker._time_limit = 0.5
    slow = one.potential(WATER, level(sleep=60.0))
    start = time.perf_counter()
    with pytest.raises(CalculationError, match=r"did not answer within 0\.5 s"):
        slow(WATER.positions)
    assert time.perf_counter() - start < 10
    assert one.worker.pid is None
    one.worker._time_limit = 20.0
    assert same(one.potential(WATER, level())(WATER.positions))


def test_faults_come_over(engine):
    one = engine()
    atom = Structure(("Cu",), np.zeros((1, 3)), 0)
    with pytest.raises(CalculationError, match="ValueError: a single atom"):
        one.potential(atom, level())(atom.positions)
    pid = one.worker.pid
    assert same(one.potential(WATER, level())(WATER.positions))
    assert one.worker.pid == pid
    with pytest.raises(InputError, match="unexpected keyword argument 'speed'"):
        one.potential(WATER, level(speed=1))
    strange = Structure(("La", "H"), np.array([[0, 0, 0], [0, 0, 2.0]]), 2)
    elsewhere = level_of_engine(f"ase.calculators.emt:EMT@{HERE}")
    found = static(strange, elsewhere)
    assert (found.status, "No EMT-potential for La" in found.reason) == ("failed", True)


def test_an_interrupted_answer_is_not_taken_for_another(engine, monkeypatch):
    one = engine()
    potential = one.potential(WATER, level(sleep=1.0))

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(signal, "default_int_handler", interrupt)
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            potential(WATER.positions * 1.1)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert one.worker.pid is None
    assert same(one.potential(WATER, level())(WATER.positions))


def _compute(one, queue):
    energy, forces = one.potential(WATER, level())(WATER.positions)
    queue.put((energy, forces, one.worker.pid))


def test_a_forked_process_has_one_of_its_own(engine):
    one = engine()
    potential = one.potential(WATER, level())
    assert same(potential(WATER.positions))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    forked = context.Process(target=_compute, args=(one, queue))
    forked.start()
    energy, forces, pid = queue.get(timeout=60)
    forked.join(60)
    assert same((energy, forces))
    assert pid != one.worker.pid
    assert same(potential(WATER.positions))


@pytest.mark.parametrize(
    ("calculator", "message"),
    [
        ("no_such_module:make", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("awkward:none", "has no attribute 'none'"),
        # Started with an interpreter that is not this process's own.
        ("awkward:where", f"OSError: {HERE}"),
    ],
)
def test_what_cannot_be_made_there(calculator, message):
    one = RemoteEngine("x", calculator, str(HERE))
    with pytest.raises(InputError, match=message):
        _ = one.version, one.potential(WATER, level())


def test_an_environment_without_what_it_needs(tmp_path):
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {HERE} -S -E -I "$@"\n')
    bare.chmod(0o755)
    with pytest.raises(InputError, match="No module named 'numpy'"):
        _ = RemoteEngine("x", "ase.calculators.emt:EMT", str(bare)).version


def test_environments_by_path_and_by_name(tmp_path, monkeypatch):
    assert find_python(str(HERE)) == HERE
    folder = tmp_path / "envs" / "lj" / ".venv" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(HERE)
    assert find_python(str(tmp_path / "envs" / "lj")) == folder / "python"
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "envs"))
    assert find_python("lj") == folder / "python"
    with pytest.raises(InputError, match="no Python environment 'none': neither"):
        find_python("none")
    with pytest.raises(InputError, match="no Python environment"):
        level_of_engine("ase.calculators.emt:EMT@none")


def test_the_process_ends_with_its_owner(engine):
    one = engine()
    assert same(one.potential(WATER, level())(WATER.positions))
    pid = one.worker.pid
    one.worker.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert isinstance(one.worker, Worker)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_second_environment(tmp_path, monkeypatch):
    """A real one: NumPy and ASE of its own, and neither rarebind nor tblite."""
    place = tmp_path / "envs" / "second"
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    python = place / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "ase", "numpy"], check=True)
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (Path(site) / "awkward.py").write_text(CALCULATORS)
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "envs"))
    absent = subprocess.run([python, "-c", "import rarebind"], capture_output=True, check=False)
    assert absent.returncode
    elsewhere = level_of_engine("awkward:Awkward@second")
    found = static(WATER, elsewhere)
    energy, forces = emt()
    assert found.energy == pytest.approx(energy, abs=1e-12)
    assert np.allclose(found.forces, forces, atol=1e-12)
    with pytest.raises(InputError, match="no module 'awkward' here"):
        level_of_engine("awkward:Awkward")
    killed = engine_for(elsewhere)
    os.kill(killed.worker.pid, signal.SIGKILL)
    assert static(WATER, elsewhere).energy == found.energy
    died = static(WATER, replace(elsewhere, options={"always": True}))
    assert (died.status, "out of memory" in died.reason) == ("failed", True)
    killed.worker._time_limit = 2.0
    late = static(WATER, replace(elsewhere, options={"sleep": 60.0}))
    assert (late.status, "did not answer within 2 s" in late.reason) == ("failed", True)
    killed.worker._time_limit = 60.0
    assert relax(WATER, elsewhere).converged
    killed.worker.close()
