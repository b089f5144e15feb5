"""The structure record."""

from dataclasses import replace

import numpy as np
import pytest

from rarebind.errors import InputError
from rarebind.io.codec import from_data, to_data
from rarebind.structures import Structure

WATER = Structure(("O", "H", "H"), np.array([[0, 0, 0], [0, 0, 0.96], [0.93, 0, -0.24]]), 0)


def test_round_trip_through_ase():
    ion = Structure(("Gd",), np.zeros((1, 3)), 3, 8)
    again = Structure.from_ase(ion.to_ase())
    assert again == ion
    assert (again.charge, again.multiplicity) == (3, 8)


def test_immutable_and_independent_of_its_source():
    source = np.array(WATER.positions)
    structure = WATER.with_positions(source)
    source[0] = 9.0
    assert structure == WATER
    with pytest.raises(ValueError, match="read-only"):
        structure.positions[0] = 1.0


def test_digest_tells_charge_and_state_apart():
    positions = np.zeros((1, 3))
    digests = {
        Structure(("Eu",), positions, 3, 7).digest,
        Structure(("Eu",), positions, 2, 8).digest,
        Structure(("Gd",), positions, 3, 8).digest,
        Structure(("Eu",), positions + 1e-6, 3, 7).digest,
    }
    assert len(digests) == 4


@pytest.mark.parametrize(
    ("symbols", "positions", "message"),
    [
        (("O",), np.zeros((2, 3)), "shape"),
        ((), np.zeros((0, 3)), "at least one atom"),
        (("O",), np.full((1, 3), np.nan), "NaN"),
        (("Xx",), np.zeros((1, 3)), "unknown element symbols: Xx"),
    ],
)
def test_bad_input(symbols, positions, message):
    with pytest.raises(InputError, match=message):
        Structure(symbols, positions, 0)


CELL = np.array([[8.0, 0, 0], [1.0, 9.0, 0], [0, 0.5, 10.0]])


def test_a_cell_goes_to_ase_and_back():
    crystal = replace(WATER, cell=CELL)
    atoms = crystal.to_ase()
    assert atoms.pbc.all()
    assert np.array_equal(atoms.cell.array, CELL)
    for again in (Structure.from_ase(atoms), from_data(Structure, to_data(crystal))):
        assert again == crystal
        assert np.array_equal(again.cell, CELL)
    assert not WATER.to_ase().pbc.any()
    assert crystal.with_positions(WATER.positions + 1).cell is not None
    assert crystal.subset([0], -2).cell is None
    with pytest.raises(ValueError, match="read-only"):
        crystal.cell[0, 0] = 1.0


def test_digests_of_molecules_are_those_of_before():
    assert WATER.digest == "6e6652ea579b65d0a9202b5baf4a47c5abf00442af479d471769c49df5b20a5b"
    assert replace(WATER, cell=CELL).digest != WATER.digest
    assert replace(WATER, cell=CELL).digest != replace(WATER, cell=CELL * 1.01).digest
    assert "cell" not in to_data(WATER)


@pytest.mark.parametrize("cell", [np.eye(2), np.full((3, 3), np.nan), np.ones((3, 3))])
def test_bad_cells(cell):
    with pytest.raises(InputError, match="cell"):
        replace(WATER, cell=cell)


def test_slabs_are_refused():
    atoms = replace(WATER, cell=CELL).to_ase()
    atoms.pbc = (True, True, False)
    with pytest.raises(InputError, match="all three directions or none"):
        Structure.from_ase(atoms)
