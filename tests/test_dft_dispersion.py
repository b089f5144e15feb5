"""The D4 correction of the PySCF engine."""

from dataclasses import replace

import numpy as np
import pytest
from dft_systems import GAS, LABELS, WATER, hydrated, ion

from rarebind.elements import STUDY_METALS
from rarebind.engines.dft.dispersion import dispersion
from rarebind.errors import InputError
from rarebind.structures import Structure

FAR = np.array([0.0, 0.0, 200.0])


def energy(structure, positions=None):
    return dispersion(structure, GAS, structure.positions if positions is None else positions)[0]


@pytest.mark.parametrize("structure", [WATER, hydrated("Gd", 3)])
def test_forces_are_the_gradient(structure):
    _, forces = dispersion(structure, GAS, structure.positions)
    direction = np.random.default_rng(2).normal(size=forces.shape)
    step = 1e-4 * direction
    numerical = (
        energy(structure, structure.positions - step)
        - energy(structure, structure.positions + step)
    ) / 2e-4
    assert np.sum(forces * direction) == pytest.approx(numerical, abs=1e-6)
    assert np.allclose(forces.sum(axis=0), 0.0, atol=1e-9)


def test_solvent_makes_no_difference():
    assert dispersion(WATER, LABELS, WATER.positions)[0] == energy(WATER) < 0.0


@pytest.mark.parametrize("symbol", STUDY_METALS)
def test_an_atom_alone_has_none(symbol):
    found, forces = dispersion(ion(symbol), GAS, np.zeros((1, 3)))
    assert found == pytest.approx(0.0, abs=1e-12)
    assert np.allclose(forces, 0.0, atol=1e-12)


def test_far_apart_it_adds_up():
    both = Structure(WATER.symbols * 2, np.vstack([WATER.positions, WATER.positions + FAR]), 0)
    assert energy(both) == pytest.approx(2 * energy(WATER), abs=1e-7)
    # Hydrogen bonds bring more of it.
    near = Structure(WATER.symbols * 2, np.vstack([WATER.positions, WATER.positions + FAR / 60]), 0)
    assert energy(near) < energy(both) - 1e-3


def test_positions_are_those_given():
    stretched = WATER.positions * 1.3
    assert energy(WATER, stretched) == energy(WATER.with_positions(stretched)) != energy(WATER)


def test_none_where_the_level_has_none():
    assert dispersion(WATER, replace(GAS, dispersion=""), WATER.positions) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dispersion": "D3"}, "unknown dispersion correction 'D3': known is D4"),
        ({"method": "PM7"}, "D4 has no parameters for PM7"),
    ],
)
def test_what_is_not_known(changes, message):
    with pytest.raises(InputError, match=message):
        dispersion(WATER, replace(GAS, **changes), WATER.positions)
