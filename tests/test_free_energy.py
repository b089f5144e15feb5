"""Vibrations and free energies: known molecules, symmetries, standard states, saddles."""

import math

import numpy as np
import pytest
from ase.build import molecule
from ase.units import kB
from scipy.spatial.transform import Rotation

from rarebind.binding import Species
from rarebind.binding.cycles import WATER
from rarebind.binding.free_energy import log_k, reaction_free_energy, thermal_free_energy
from rarebind.engines import GFN2_WATER, Calculation, LevelOfTheory
from rarebind.engines.vibrations import harmonic, vibrations
from rarebind.errors import InputError
from rarebind.structures import Structure
from rarebind.units import KJ_PER_EV

GAS = LevelOfTheory("tblite", "GFN2-xTB")


def made(name, charge=0):
    return Structure.from_ase(molecule(name), charge=charge)


@pytest.fixture(scope="module")
def water():
    return vibrations(made("H2O"), GAS)


def test_modes_of_water(water):
    # Measured harmonic: 1649, 3832, 3943 cm-1; GFN2-xTB is within a tenth.
    assert water.ok
    assert water.wavenumbers == pytest.approx([1649, 3832, 3943], rel=0.1)
    assert water.gradients > 18
    again = Calculation.from_json(water.to_json())
    assert np.array_equal(again.wavenumbers, water.wavenumbers)


@pytest.mark.parametrize(("name", "modes"), [("CO2", 4), ("CH3OH", 12), ("OH", 1)])
def test_number_of_modes(name, modes):
    charge = -1 if name == "OH" else 0
    wavenumbers, moves = harmonic(made(name, charge), GAS)
    assert len(wavenumbers) == modes
    assert moves.shape[0] == modes
    assert np.linalg.norm(moves, axis=(1, 2)) == pytest.approx(1)


def test_a_bare_ion_has_none():
    chloride = Structure(("Cl",), np.zeros((1, 3)), -1)
    found = vibrations(chloride, GAS)
    assert found.ok
    assert len(found.wavenumbers) == 0
    # Sackur-Tetrode: S = 153.4 J/mol/K at 1 bar, H = 5/2 RT.
    gas = 2.5 * kB * 298.15 - 298.15 * 153.36e-3 / KJ_PER_EV
    to_molar = kB * 298.15 * math.log(24.79)
    assert thermal_free_energy(chloride, found.wavenumbers) == pytest.approx(
        gas + to_molar, abs=2e-4
    )


def test_thermal_part_of_water(water):
    # S(gas, 1 bar) 188.83 J/mol/K with symmetry number 2, H(298) − H(0) 9.904 kJ/mol (CODATA).
    zero_point = water.wavenumbers.sum() / 2 * 1.239842e-4
    entropy = (188.83 + 5.763) / KJ_PER_EV / 1000
    gas = zero_point + 9.904 / KJ_PER_EV - 298.15 * entropy
    expected = gas + kB * 298.15 * math.log(24.79)
    assert thermal_free_energy(water.structure, water.wavenumbers) == pytest.approx(
        expected, abs=1e-3
    )


def test_turned_it_is_the_same(water):
    turn = Rotation.random(rng=np.random.default_rng(3)).as_matrix()
    turned = water.structure.with_positions(water.structure.positions @ turn.T)
    wavenumbers, _ = harmonic(turned, GAS)
    assert wavenumbers == pytest.approx(water.wavenumbers, abs=1.0)


def test_off_a_saddle():
    # Planar ammonia: a saddle of inversion, from which forces lead nowhere.
    angles = np.arange(3) * 2 * np.pi / 3
    hydrogens = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    planar = Structure(("N", "H", "H", "H"), np.vstack([np.zeros(3), hydrogens]), 0)
    assert harmonic(planar, GAS)[0][0] < -100
    found = vibrations(planar, GAS)
    assert found.ok
    assert found.wavenumbers[0] > 300


def test_water_counts_at_its_own_concentration():
    metal, bound = Species("La", waters=8), Species("La", waters=9)
    free = {metal: 0.0, bound: 0.0, WATER: 0.0}
    gain = reaction_free_energy({metal: 1, WATER: 1, bound: -1}, free)
    assert gain == pytest.approx(kB * 298.15 * math.log(55.34))
    assert log_k(gain) == pytest.approx(-math.log10(55.34))
    with pytest.raises(InputError, match="no energy of"):
        reaction_free_energy({metal: 1}, {})


@pytest.mark.parametrize(
    ("count", "temperature", "message"),
    [(4, 298.15, "4 wavenumbers for 3"), (3, 0, "temperature"), (3, math.nan, "temperature")],
)
def test_impossible(water, count, temperature, message):
    with pytest.raises(InputError, match=message):
        thermal_free_energy(water.structure, np.full(count, 500.0), temperature)


def test_what_cannot_be_computed_is_a_record():
    found = vibrations(made("H2O").with_positions(np.zeros((3, 3))), GFN2_WATER)
    assert found.status == "failed"
    assert found.reason
