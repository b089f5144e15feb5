"""Memory and disk that a calculation with PySCF is let to have."""

import shutil
from collections import namedtuple

import psutil
import pytest
from dft_systems import GAS, LABELS, WATER, field_of, hydrated
from hypothesis import given
from hypothesis import strategies as st

from rarebind.engines import static
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.resources import available_memory, check_needs, needs
from rarebind.errors import InputError

SIZES = st.integers(1, 3000)
Free = namedtuple("Free", ["available", "free"])  # noqa: PYI024  # what both functions return


@pytest.fixture
def machine(monkeypatch):
    """A machine of so many MB of free memory and disk."""

    def be(memory, disk):
        free = Free(memory * 1e6, disk * 1e6)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: free)

    return be


def water():
    return build_molecule(WATER, GAS, basis_sets(WATER.symbols, GAS))


@given(SIZES, SIZES, st.integers(0, 30000), st.integers(0, 50), st.floats(1e2, 1e6))
def test_more_of_anything_needs_more(functions, fitting, points, more, available):
    start = needs(functions, fitting, points, available)
    for larger in (
        needs(functions + more, fitting, points, available),
        needs(functions, fitting + more, points, available),
        needs(functions, fitting, points + more, available),
    ):
        assert larger.memory + larger.disk >= start.memory + start.disk
        assert larger.disk >= start.disk


@given(SIZES, SIZES, st.integers(0, 30000), st.floats(1e2, 1e6), st.floats(1.0, 10.0))
def test_more_memory_takes_integrals_from_disk(functions, fitting, points, available, factor):
    small = needs(functions, fitting, points, available)
    large = needs(functions, fitting, points, factor * available)
    assert small.integrals_on_disk or not large.integrals_on_disk
    assert (small.disk > 0.0) == small.integrals_on_disk
    assert small.memory + small.disk == pytest.approx(large.memory + large.disk)


def test_memory_of_this_machine():
    assert 1.0 < available_memory() < psutil.virtual_memory().total / 1e6


def test_a_machine_large_enough(machine, tmp_path):
    machine(memory=2000, disk=0)
    found = check_needs(water(), 200, 600, tmp_path)
    assert not found.integrals_on_disk
    assert 600.0 < found.memory < 800.0


def test_too_little_memory(machine, tmp_path):
    machine(memory=500, disk=1000)
    with pytest.raises(InputError, match=r"39 basis functions need about \d+ MB of memory, 500 MB"):
        check_needs(water(), 200, 600, tmp_path)


def test_too_little_disk(machine, tmp_path):
    machine(memory=1000, disk=2)
    message = rf"need about 624 MB of disk, 2 MB are free under {tmp_path}: .*TMPDIR"
    with pytest.raises(InputError, match=message):
        check_needs(water(), 100_000, 0, tmp_path)
    machine(memory=1000, disk=700)
    assert check_needs(water(), 100_000, 0, tmp_path).integrals_on_disk


def test_integrals_left_behind_need_no_second_place(machine, tmp_path):
    machine(memory=1000, disk=2)
    kept = tmp_path / "a.integrals"
    with pytest.raises(InputError, match="of disk"):
        check_needs(water(), 100_000, 0, tmp_path, kept)
    kept.touch()
    assert check_needs(water(), 100_000, 0, tmp_path, kept).integrals_on_disk


def test_both_are_named(machine, tmp_path):
    machine(memory=500, disk=2)
    with pytest.raises(InputError) as error:
        check_needs(water(), 100_000, 0, tmp_path)
    assert len(error.value.problems) == 2


def test_asked_before_anything_is_computed(machine):
    machine(memory=500, disk=1000)
    with pytest.raises(InputError, match="run fewer workers"):
        static(WATER, LABELS)


@pytest.mark.parametrize("structure", [WATER, hydrated("La", 4)])
def test_surface_points(structure):
    from rarebind.engines.dft.solvation import surface_points

    solvent = field_of(structure, LABELS).with_solvent
    counted = surface_points(solvent)
    solvent.build()
    assert counted == len(solvent.surface["grid_coords"]) < 302 * len(structure)
