"""Calculations that go on where they were interrupted."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dft_systems import (
    HYDROGEN_FLUORIDE,
    LABELS,
    QUICK,
    WATER,
    InterruptedCalculationError,
    field_of,
    interrupted,
)

from rarebind.engines import static
from rarebind.engines.checkpoints import checkpoint_for, checkpoints_in
from rarebind.engines.dft.checkpoint import Checkpoint
from rarebind.errors import CalculationError
from rarebind.units import EV_PER_HARTREE

SAME = 1e-7 * EV_PER_HARTREE
TESTS = Path(__file__).parent
#: Iterations after which a calculation is interrupted; it takes 6.
ENOUGH = 5


@pytest.fixture(scope="module", params=[WATER, HYDROGEN_FLUORIDE], ids=["closed", "open"])
def whole(request):
    """A calculation that nothing interrupts."""
    return static(request.param, QUICK)


@pytest.fixture
def folder(tmp_path):
    with checkpoints_in(tmp_path):
        yield tmp_path


@pytest.fixture
def on_disk(monkeypatch):
    """A machine on which no integrals fit into memory."""
    monkeypatch.setattr("rarebind.engines.dft.resources._INTEGRAL_SHARE", 0.0)


def left_behind(structure, monkeypatch, after=ENOUGH):
    """The checkpoint of an interrupted calculation."""
    with interrupted(monkeypatch, after), pytest.raises(InterruptedCalculationError):
        static(structure, QUICK)
    path = checkpoint_for(structure, QUICK)
    assert path.exists()
    return path


def test_it_goes_on(whole, folder, monkeypatch):
    left_behind(whole.structure, monkeypatch)
    resumed = static(whole.structure, QUICK)
    assert resumed.energy == pytest.approx(whole.energy, abs=SAME)
    assert np.allclose(resumed.forces, whole.forces, atol=2e-3)
    if whole.scf.attempts == resumed.scf.attempts:
        assert resumed.scf.cycles < whole.scf.cycles
    assert not list(folder.iterdir())


def test_an_interrupted_refinement_searches_no_more(whole, folder, monkeypatch):
    """What the search found is refined on, and its report is kept."""
    from rarebind.engines.dft import engine

    with monkeypatch.context() as patch:

        def interrupted_refine(*_, **__):
            raise InterruptedCalculationError

        patch.setattr(engine, "refine", interrupted_refine)
        with pytest.raises(InterruptedCalculationError):
            static(whole.structure, QUICK)
    kept = Checkpoint(checkpoint_for(whole.structure, QUICK)).refinement()
    assert kept.stage == "found"
    with monkeypatch.context() as patch:
        patch.setattr(engine, "search", None)
        resumed = static(whole.structure, QUICK)
    assert resumed.energy == pytest.approx(whole.energy, abs=SAME)
    assert (resumed.scf.attempts, resumed.scf.cycles) == (kept.attempts, kept.cycles)
    assert not list(folder.iterdir())


def test_an_interrupted_gradient_converges_nothing_again(whole, folder, monkeypatch):
    from pyscf.grad import rhf

    from rarebind.engines.dft import ladder, refinement

    with monkeypatch.context() as patch:

        def interrupted_gradient(*_, **__):
            raise InterruptedCalculationError

        patch.setattr(rhf.GradientsBase, "kernel", interrupted_gradient)
        with pytest.raises(InterruptedCalculationError):
            static(whole.structure, QUICK)
    kept = Checkpoint(checkpoint_for(whole.structure, QUICK)).refinement()
    assert kept.stage == "converged"
    with monkeypatch.context() as patch:
        for rung in ("diis", "shifted", "second_order"):
            patch.setattr(ladder, rung, None)
            patch.setattr(refinement, rung, None, raising=False)
        resumed = static(whole.structure, QUICK)
    assert resumed.energy == pytest.approx(whole.energy, abs=SAME)
    assert np.allclose(resumed.forces, whole.forces, atol=1e-4)
    assert resumed.scf.cavity == whole.scf.cavity
    assert not list(folder.iterdir())


def test_parts_of_a_gradient_are_kept(folder, monkeypatch):
    from pyscf.grad import rhf

    from rarebind.engines.dft import solvation

    level = replace(QUICK, solvent=LABELS.solvent)
    uninterrupted = static(WATER, level)
    with monkeypatch.context() as patch:

        def interrupted_response(_):
            raise InterruptedCalculationError

        patch.setattr(solvation, "response_gradient", interrupted_response)
        with pytest.raises(InterruptedCalculationError):
            static(WATER, level)
    names = {path.name.partition(".gradient-")[2] for path in folder.glob("*.gradient-*")}
    assert names == {"solute.npy", "surface.npy"}
    with monkeypatch.context() as patch:
        patch.setattr(rhf.GradientsBase, "kernel", None)
        patch.setattr(solvation, "surface_gradient", None)
        resumed = static(WATER, level)
    assert resumed.energy == pytest.approx(uninterrupted.energy, abs=SAME)
    assert np.allclose(resumed.forces, uninterrupted.forces, atol=1e-4)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("damage", [b"", b"no array", b"\x93NUMPY"])
def test_a_damaged_part_is_computed_again(folder, damage):
    checkpoint = Checkpoint(folder / "some.chk")
    checkpoint.part("solute", lambda: np.ones(3))
    (kept,) = folder.iterdir()
    kept.write_bytes(damage)
    assert np.array_equal(checkpoint.part("solute", lambda: np.zeros(3)), np.zeros(3))
    assert np.array_equal(checkpoint.part("solute", lambda: np.ones(3)), np.zeros(3))


def test_a_damaged_stage_begins_with_the_search(folder):
    path = checkpoint_for(WATER, QUICK)
    path.write_bytes(b"")
    for text in (
        "",
        "[]",
        "{}",
        '{"energies": 1}',
        '{"energies": [1.0], "colour": 2}',
        '{"energies": [1.0], "attempts": 1, "cycles": 1, "stage": "lost"}',
    ):
        path.with_suffix(".stage.json").write_text(text)
        assert Checkpoint(path).refinement() is None


def test_it_goes_on_after_being_killed(folder):
    # Killed by the machine, a process cannot even say good-bye.
    program = """
        import os, signal, sys
        sys.path[:0] = [sys.argv[1]]
        import one_thread
        from dft_systems import QUICK, WATER
        from pyscf.scf import hf
        from rarebind.engines import static
        from rarebind.engines.checkpoints import checkpoints_in

        whole, written = hf.SCF.dump_chk, []

        def dump_chk(self, envs):
            whole(self, envs)
            written.append(1)
            if len(written) == 5:
                os.kill(os.getpid(), signal.SIGKILL)

        hf.SCF.dump_chk = dump_chk
        with checkpoints_in(sys.argv[2]):
            static(WATER, QUICK)
    """
    text = "\n".join(line[8:] for line in program.splitlines())
    done = subprocess.run([sys.executable, "-c", text, str(TESTS), str(folder)], check=False)
    assert done.returncode == -9
    assert [path.name for path in folder.iterdir()] == [checkpoint_for(WATER, QUICK).name]
    resumed = static(WATER, QUICK)
    assert resumed.ok
    assert not list(folder.iterdir())
    assert resumed.scf.cycles < static(WATER, QUICK).scf.cycles


def test_the_density_left_behind(folder, monkeypatch):
    path = left_behind(WATER, monkeypatch)
    field = field_of(WATER, QUICK)
    density = Checkpoint(path).density(field)
    assert np.trace(density @ field.get_ovlp()) == pytest.approx(10.0, abs=1e-8)
    assert Checkpoint(None).density(field) is None
    assert Checkpoint(path.with_suffix(".absent")).density(field) is None


def without(key):
    def remove(path):
        import h5py

        with h5py.File(path, "r+") as file:
            del file[key]

    return remove


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not HDF5"),
        # Killed while the file was written.
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes()[:600] + bytes(path.stat().st_size - 600)),
        without("scf"),
        without("scf/mo_occ"),
    ],
    ids=["empty", "text", "cut", "zeroed", "no orbitals", "no occupations"],
)
def test_what_cannot_be_read_is_ignored(folder, monkeypatch, damage):
    expected = static(WATER, QUICK)
    damage(left_behind(WATER, monkeypatch))
    calculation = static(WATER, QUICK)
    assert calculation.energy == pytest.approx(expected.energy, abs=SAME)
    assert not list(folder.iterdir())


def test_other_calculations_start_afresh(folder, monkeypatch):
    path = left_behind(WATER, monkeypatch)
    other = replace(QUICK, method="PBE0")
    assert static(WATER, other).ok
    assert [file.name for file in folder.iterdir()] == [path.name]


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert static(WATER, QUICK).ok
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("solvent", ["", "SMD(water)"])
def test_integrals_on_disk(folder, monkeypatch, solvent):
    level = replace(QUICK, solvent=solvent)
    with checkpoints_in(None):
        expected = static(WATER, level)
    with interrupted(monkeypatch, ENOUGH), pytest.raises(InterruptedCalculationError):
        static(WATER, level)
    integrals = checkpoint_for(WATER, level).with_suffix(".integrals")
    assert {path.suffix for path in folder.iterdir()} == {".chk", ".integrals"}

    def built(*_, **__):
        raise AssertionError("computed again")

    monkeypatch.setattr("pyscf.df.outcore.cholesky_eri", built)
    monkeypatch.setattr("pyscf.df.outcore.cholesky_eri_b", built)
    monkeypatch.setattr("pyscf.df.incore.cholesky_eri", built)
    assert integrals.stat().st_size > 24 * 25 / 2 * 100 * 8
    resumed = static(WATER, level)
    assert resumed.energy == pytest.approx(expected.energy, abs=SAME)
    assert resumed.scf.cycles < expected.scf.cycles
    assert not list(folder.iterdir())


@pytest.mark.usefixtures("on_disk")
@pytest.mark.parametrize("content", [b"", b"not HDF5", "cut"])
def test_unfinished_integrals_are_computed_again(folder, monkeypatch, content):
    expected = static(WATER, QUICK)
    path = left_behind(WATER, monkeypatch)
    integrals = path.with_suffix(".integrals")
    if content == "cut":
        content = integrals.read_bytes()[: integrals.stat().st_size // 2]
    integrals.unlink()
    path.with_suffix(".unfinished").write_bytes(content)
    calculation = static(WATER, QUICK)
    assert calculation.energy == pytest.approx(expected.energy, abs=SAME)
    assert not list(folder.iterdir())


def test_a_failure_leaves_its_files_to_whoever_tries_again(folder, monkeypatch):
    def fails(*_, **__):
        raise CalculationError("no luck")

    with monkeypatch.context() as patch:
        patch.setattr("rarebind.engines.dft.engine.refine", fails)
        assert static(WATER, QUICK).reason == "no luck"
    assert {path.suffixes[-1] for path in folder.iterdir()} == {".chk", ".json"}
    assert static(WATER, QUICK).ok
    assert not list(folder.iterdir())
