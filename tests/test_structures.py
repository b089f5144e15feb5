"""The structure record."""

import numpy as np
import pytest

from rarebind.errors import InputError
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
