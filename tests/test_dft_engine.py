"""The PySCF engine from end to end."""

from dataclasses import fields, replace

import numpy as np
import pytest
from dft_systems import FROZEN, GAS, HYDROGEN_FLUORIDE, LABELS, WATER, hydrated, ion
from scipy.spatial.transform import Rotation

from rarebind.engines import Calculation, relax, static
from rarebind.engines.dft.dispersion import dispersion
from rarebind.engines.dft.engine import DFTPotential, PySCF, SearchEffort
from rarebind.errors import InputError
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE


@pytest.fixture(scope="module")
def water():
    """Water at the level of the labels."""
    return static(WATER, LABELS)


def numerical_force(potential, atom, axis, step=2e-3):
    energies = []
    for shift in (step, -step):
        positions = np.array(WATER.positions)
        positions[atom, axis] += shift
        energies.append(potential(positions)[0])
    return -(energies[0] - energies[1]) / (2 * step)


def test_record(water):
    assert water.ok
    assert water.structure == WATER
    assert water.level == LABELS
    assert water.forces.shape == (3, 3)
    assert water.engine_version.startswith("pyscf ")
    assert "dftd4 " in water.engine_version
    assert "basis-set-exchange " in water.engine_version
    assert water.energy / EV_PER_HARTREE == pytest.approx(-76.3552, abs=1e-3)


def test_report(water):
    assert water.scf.basis_functions == 39
    assert water.scf.attempts == water.scf.converged_attempts == 1
    assert water.scf.spread == 0.0
    assert 2 <= water.scf.cycles <= 15
    assert water.scf.dispersion == pytest.approx(
        dispersion(WATER, LABELS, WATER.positions)[0], abs=1e-12
    )
    assert water.scf.cavity == pytest.approx(0.063, abs=1e-3)
    assert water.scf.memory > 600.0
    assert water.scf.s_squared == 0.0
    # There is no metal.
    assert water.scf.f_electrons is water.scf.metal_spin is None


def test_json_keeps_everything(water):
    again = Calculation.from_json(water.to_json())
    assert again.scf == water.scf
    assert again.level == LABELS
    assert again.structure == WATER
    assert again.energy == water.energy
    assert np.array_equal(again.forces, water.forces)
    # Plain numbers, which other programs can read.
    kinds = {type(getattr(water.scf, field.name)) for field in fields(water.scf)}
    assert kinds <= {int, float, type(None)}


def test_forces_add_up_to_nothing(water):
    # Measured 4e-4: the grid's weights do not move with the atoms.
    assert np.allclose(water.forces.sum(axis=0), 0.0, atol=1.5e-3)


def test_forces_are_the_gradient_in_the_gas_phase():
    potential = DFTPotential(WATER, GAS)
    _, forces = potential(WATER.positions)
    # Measured 3e-4 and 1e-4.
    for atom, axis in ((0, 2), (1, 1)):
        assert forces[atom, axis] == pytest.approx(numerical_force(potential, atom, axis), abs=1e-3)


def test_forces_are_the_gradient_in_water(water):
    # Measured 4e-4.
    numerical = numerical_force(DFTPotential(WATER, LABELS), 0, 2)
    assert water.forces[0, 2] == pytest.approx(numerical, abs=1e-3)


@pytest.mark.parametrize(
    # Neither the grid nor the cavity turns with the molecule.
    ("level", "energy"),
    [(GAS, 2e-4), (LABELS, 5e-4)],
)
def test_rotation_and_translation(level, energy):
    rotation = Rotation.random(rng=5)
    moved = rotation.apply(np.array(WATER.positions)) + np.array([3.0, -2.0, 1.0])
    original, forces = DFTPotential(WATER, level)(WATER.positions)
    other, turned = DFTPotential(WATER, level)(moved)
    assert other == pytest.approx(original, abs=energy)
    assert np.allclose(turned, rotation.apply(forces), atol=6e-3)


def test_radicals_are_open_shell():
    calculation = static(HYDROGEN_FLUORIDE, replace(GAS, basis="def2-SVP"))
    assert calculation.ok
    assert calculation.scf.s_squared == pytest.approx(0.75, abs=0.01)
    assert calculation.scf.f_electrons is None


def test_frozen_4f_is_closed_shell():
    calculation = static(ion("Gd"), replace(FROZEN, solvent=""))
    assert calculation.ok
    assert calculation.structure.multiplicity == 8
    assert calculation.scf.s_squared == 0.0
    assert calculation.scf.metal_spin == pytest.approx(0.0, abs=1e-9)
    assert calculation.scf.f_electrons is None
    assert np.allclose(calculation.forces, 0.0, atol=1e-3)


def test_a_closed_shell_ion_in_water():
    calculation = static(ion("Y"), LABELS)
    assert calculation.ok
    # Born: of the 3+ charge in a sphere of SMD's radius comes most of it.
    gas = static(ion("Y"), GAS)
    assert -40.0 < calculation.energy - gas.energy < -25.0
    assert gas.scf.cavity is None


def test_relaxation():
    level = replace(GAS, method="PBE", basis="def2-SVP")
    relaxed = relax(WATER, level)
    assert relaxed.converged
    assert relaxed.fmax < 0.05
    assert relaxed.energy < static(WATER, level).energy
    assert relaxed.scf.basis_functions == 24


def test_version_names_all_that_decides():
    assert PySCF().version.count(",") == 2


@pytest.mark.parametrize(
    ("structure", "level", "message"),
    [
        (Structure(WATER.symbols, WATER.positions, 1), LABELS, "cannot have multiplicity 1"),
        (Structure(WATER.symbols, WATER.positions, 0, 2), LABELS, "cannot have multiplicity 2"),
        (Structure(("Gd",), np.zeros((1, 3)), 3, 7), LABELS, "cannot have multiplicity 7"),
        (ion("Ce"), replace(LABELS, basis="def2-SVPD"), "no functions for Ce"),
        (WATER, replace(LABELS, basis="def2-SVPX"), "no basis set 'def2-SVPX'"),
        (WATER, replace(LABELS, method="PM7"), "unknown functional 'PM7'"),
        (WATER, replace(LABELS, solvent="ALPB(water)"), "has no solvation model 'ALPB'"),
        (WATER, replace(LABELS, solvent="SMD(honey)"), "SMD has no solvent 'honey'"),
        (WATER, replace(LABELS, dispersion="D3"), "unknown dispersion correction 'D3'"),
        (
            Structure(("La", "La"), np.array([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]]), 6),
            LABELS,
            "2 rare-earth atoms",
        ),
    ],
)
def test_what_the_engine_cannot_do(structure, level, message):
    with pytest.raises(InputError, match=message):
        static(structure, level)


def test_atoms_on_top_of_each_other_are_a_record():
    fused = WATER.with_positions([[0, 0, 0], [0, 0, 0], [0, 1, 0]])
    calculation = static(fused, replace(GAS, method="PBE", basis="def2-SVP"))
    assert calculation.status == "failed"
    assert calculation.reason


def test_a_state_that_is_not_that_of_the_ion_is_a_record(monkeypatch):
    monkeypatch.setattr("rarebind.engines.dft.state.CONTAMINATION", -1.0)
    calculation = static(WATER, replace(GAS, method="PBE", basis="def2-SVP"))
    assert calculation.status == "failed"
    assert "spin contamination" in calculation.reason


@pytest.mark.slow
@pytest.mark.parametrize("waters", [1, 2])
def test_open_shell_complex(waters):
    structure = hydrated("Ce", waters)
    potential = DFTPotential(structure, LABELS, SearchEffort(guesses=2, small=0))
    _, forces = potential(structure.positions)
    # Every lone pair reaches a little into the empty 4f orbitals.
    assert 1.0 < potential.scf.f_electrons < 1.0 + 0.05 * waters
    assert potential.scf.metal_spin == pytest.approx(1.0, abs=0.1)
    assert potential.scf.s_squared == pytest.approx(0.75, abs=0.02)
    assert potential.scf.attempts == 2
    # The water is pushed or pulled along its axis, towards or from the ion alone.
    assert np.allclose(forces.sum(axis=0), 0.0, atol=0.02)
