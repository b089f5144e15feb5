"""The minimiser, on analytic potentials and on GFN2-xTB itself."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.calculators.calculator import Calculator, all_changes
from ase.optimize import BFGS
from scipy.spatial.transform import Rotation
from tblite.ase import TBLite

from rarebind.engines.curvature import rigid_motions
from rarebind.engines.minimise import Convergence, minimise

TIGHT = Convergence(fmax=0.005, remaining_energy=1e-5, energy_change=1e-4)


class Springs:
    """Harmonic distances between all pairs of four atoms: minimum 0 at the given geometry."""

    symbols = ("C", "O", "N", "F")
    home = np.array([[0.0, 0.0, 0.0], [1.4, 0.0, 0.0], [0.0, 1.5, 0.1], [0.2, 0.3, 1.6]])

    def __init__(self):
        self.calls = 0
        self.lengths = np.linalg.norm(self.home[:, None] - self.home[None], axis=-1)

    def __call__(self, positions):
        self.calls += 1
        apart = positions[:, None] - positions[None]
        distance = np.linalg.norm(apart, axis=-1) + np.eye(4)
        excess = (distance - self.lengths) * (1.0 - np.eye(4))
        energy = 0.5 * 10.0 * np.sum(excess**2) / 2.0
        forces = -10.0 * np.sum((excess / distance)[:, :, None] * apart, axis=1)
        return energy, forces


class Exploding:
    def __call__(self, positions):
        raise ValueError("no energy here")


def tblite_potential(symbols, charge=0):
    """GFN2-xTB of tblite; in the gas phase, as the energy of ALPB depends on the orientation."""
    atoms = Atoms(symbols)
    atoms.calc = TBLite(method="GFN2-xTB", charge=charge, verbosity=0, accuracy=0.1)

    def potential(positions):
        atoms.positions = positions
        return float(atoms.get_potential_energy()), atoms.get_forces()

    return potential


def bfgs_minimum(potential, symbols, positions):
    """Energy where ASE's BFGS ends with forces below 0.002 eV/Å."""

    class Wrapped(Calculator):
        implemented_properties = ["energy", "forces"]  # noqa: RUF012

        def calculate(self, atoms=None, properties=None, system_changes=all_changes):
            super().calculate(atoms, properties, system_changes)
            energy, forces = potential(self.atoms.positions)
            self.results = {"energy": energy, "forces": forces}

    atoms = Atoms(symbols, positions, calculator=Wrapped())
    assert BFGS(atoms, logfile=None).run(fmax=0.002, steps=500)
    return atoms.get_potential_energy()


def start(name):
    """A strained start: (symbols, positions, charge)."""
    rng = np.random.default_rng(4)
    if name == "La(H2O)3":
        symbols, positions = ["La"], [np.zeros(3)]
        for angle in (0.0, 120.0, 240.0):
            turn = Rotation.from_euler("z", angle, degrees=True)
            symbols += ["O", "H", "H"]
            positions += list(turn.apply([[2.5, 0.0, 0.0], [3.1, 0.76, 0.1], [3.1, -0.76, -0.1]]))
        return symbols, np.array(positions) + rng.normal(scale=0.1, size=(10, 3)), 3
    atoms = molecule(name)
    noise = rng.normal(scale=0.05, size=atoms.positions.shape)
    return atoms.get_chemical_symbols(), atoms.positions + noise, 0


def test_springs_relax_to_their_minimum():
    springs = Springs()
    rng = np.random.default_rng(0)
    begin = springs.home + rng.normal(scale=0.2, size=springs.home.shape)
    before = begin.copy()
    minimum = minimise(springs, springs.symbols, begin, TIGHT)
    assert minimum.converged
    assert minimum.energy == pytest.approx(0.0, abs=1e-5)
    assert np.array_equal(begin, before)
    assert minimum.gradients == springs.calls == len(minimum.trajectory)
    assert np.linalg.norm(minimum.forces, axis=1).max() < TIGHT.fmax
    energies = [energy for _, energy, _ in minimum.trajectory]
    assert minimum.energy == pytest.approx(min(energies), abs=1e-4)


def test_trajectory_holds_what_the_potential_gave():
    springs = Springs()
    minimum = minimise(springs, springs.symbols, springs.home + 0.1 * springs.home[::-1])
    for positions, energy, forces in minimum.trajectory:
        expected_energy, expected_forces = Springs()(positions)
        assert energy == expected_energy
        assert np.array_equal(forces, expected_forces)


def test_no_step_translates_or_turns_the_molecule():
    springs = Springs()
    begin = springs.home * 1.2
    minimum = minimise(springs, springs.symbols, begin)
    assert np.allclose(minimum.positions.mean(axis=0), begin.mean(axis=0), atol=1e-9)
    first, second = (positions for positions, _, _ in minimum.trajectory[:2])
    assert np.abs(rigid_motions(first).T @ (second - first).ravel()).max() < 1e-6


@pytest.mark.parametrize("limit", [1, 3])
def test_stops_when_gradients_run_out(limit):
    springs = Springs()
    begin = springs.home + np.random.default_rng(2).normal(scale=0.3, size=(4, 3))
    minimum = minimise(springs, springs.symbols, begin, Convergence(max_gradients=limit))
    assert not minimum.converged
    assert minimum.gradients == springs.calls == limit


def test_survives_a_violent_start():
    springs = Springs()
    begin = springs.home * 0.45
    assert np.abs(Springs()(begin)[1]).max() > 10.0
    minimum = minimise(springs, springs.symbols, begin, TIGHT)
    assert minimum.converged
    assert minimum.energy < 1e-4


def test_exception_of_the_potential_passes_through():
    with pytest.raises(ValueError, match="no energy here"):
        minimise(Exploding(), ("H", "H"), np.array([[0.0, 0.0, 0.0], [0.8, 0.0, 0.0]]))


def test_single_atom_is_relaxed_from_the_start():
    minimum = minimise(lambda x: (-1.0, np.zeros_like(x)), ("La",), np.zeros((1, 3)))
    assert minimum.converged
    assert minimum.energy == -1.0


@pytest.mark.parametrize("name", ["H2O", "HCOOH", "La(H2O)3", "CO2"])
def test_same_energy_as_a_tight_bfgs(name):
    symbols, positions, charge = start(name)
    potential = tblite_potential(symbols, charge)
    minimum = minimise(potential, symbols, positions, TIGHT)
    assert minimum.converged
    reference = bfgs_minimum(potential, symbols, minimum.positions)
    independent = bfgs_minimum(potential, symbols, positions)
    assert minimum.energy == pytest.approx(reference, abs=1e-4)
    assert minimum.energy <= independent + 1e-4


def test_energy_does_not_depend_on_the_orientation():
    symbols, positions, _ = start("HCOOH")
    turn = Rotation.from_rotvec([0.4, 1.3, -0.6]).as_matrix()
    here = minimise(tblite_potential(symbols), symbols, positions)
    there = minimise(tblite_potential(symbols), symbols, positions @ turn.T + 5.0)
    assert here.converged
    assert there.converged
    assert there.energy == pytest.approx(here.energy, abs=2e-4)


def test_default_convergence_leaves_less_than_a_tenth_of_a_kcal():
    symbols, positions, _ = start("HCOOH")
    potential = tblite_potential(symbols)
    loose = minimise(potential, symbols, positions)
    tight = minimise(potential, symbols, loose.positions, TIGHT)
    assert loose.energy - tight.energy < 0.004


class DoubleWell(Springs):
    """The springs, with an energy along the distance of two atoms that is a maximum at home."""

    def __call__(self, positions):
        energy, forces = super().__call__(positions)
        apart = positions[0] - positions[1]
        length = np.linalg.norm(apart)
        excess = length - self.lengths[0, 1]
        energy += -20.0 * excess**2 + 200.0 * excess**4
        pull = (-40.0 * excess + 800.0 * excess**3) * apart / length
        forces[0] -= pull
        forces[1] += pull
        return energy, forces


VERIFIED = Convergence(verify_minimum=True)


def test_verification_leaves_an_analytic_saddle():
    wells = DoubleWell()
    saddle = minimise(wells, wells.symbols, wells.home)
    assert saddle.gradients == 1
    assert saddle.energy == pytest.approx(0.0, abs=1e-9)
    wells.calls = 0
    minimum = minimise(wells, wells.symbols, wells.home, VERIFIED)
    assert minimum.converged
    assert minimum.energy < -0.1
    assert minimum.gradients == wells.calls == len(minimum.trajectory)


def test_verification_leaves_a_minimum_where_it_is():
    springs = Springs()
    minimum = minimise(springs, springs.symbols, springs.home, VERIFIED)
    assert minimum.converged
    assert np.array_equal(minimum.positions, springs.home)
    assert 2 <= minimum.gradients == springs.calls == len(minimum.trajectory) <= 13


@pytest.mark.parametrize("limit", [1, 3, 20])
def test_verification_keeps_to_the_number_of_gradients(limit):
    wells = DoubleWell()
    limits = Convergence(max_gradients=limit, verify_minimum=True)
    minimum = minimise(wells, wells.symbols, wells.home, limits)
    assert wells.calls == minimum.gradients <= limit
    assert minimum.energy <= 0.0


def planar_ammonia():
    turns = np.radians([0.0, 120.0, 240.0])
    ring = np.stack([np.cos(turns), np.sin(turns), 0.0 * turns], axis=1)
    return ("N", "H", "H", "H"), np.vstack([np.zeros(3), 1.0 * ring])


def eclipsed_ethane():
    turns = np.radians([0.0, 120.0, 240.0])
    ring = 1.02 * np.stack([np.cos(turns), np.sin(turns), 0.0 * turns], axis=1)
    shift = np.array([0.0, 0.0, 1.0])
    atoms = [[-0.76 * shift], ring - 1.15 * shift, [0.76 * shift], ring + 1.15 * shift]
    return ("C", "H", "H", "H", "C", "H", "H", "H"), np.vstack(atoms)


@pytest.mark.parametrize(("saddle", "drop"), [(planar_ammonia, 0.1), (eclipsed_ethane, 0.07)])
def test_verification_leaves_a_saddle_of_a_molecule(saddle, drop):
    symbols, positions = saddle()
    potential = tblite_potential(symbols)
    top = minimise(potential, symbols, positions)
    minimum = minimise(potential, symbols, positions, VERIFIED)
    assert top.converged
    assert minimum.converged
    assert minimum.energy < top.energy - drop
    further = minimise(potential, symbols, minimum.positions, TIGHT)
    assert minimum.energy - further.energy < 0.004


@pytest.mark.parametrize("name", ["H2O", "HCOOH", "La(H2O)3"])
def test_verification_of_a_minimum_costs_few_gradients(name):
    symbols, positions, charge = start(name)
    potential = tblite_potential(symbols, charge)
    plain = minimise(potential, symbols, positions, TIGHT)
    verified = minimise(potential, symbols, plain.positions, VERIFIED)
    assert verified.energy == pytest.approx(plain.energy, abs=1e-3)
    assert verified.gradients <= 14


def test_verification_of_one_and_two_atoms():
    assert minimise(
        lambda x: (-1.0, np.zeros_like(x)), ("La",), np.zeros((1, 3)), VERIFIED
    ).converged
    pair = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.8]])
    minimum = minimise(tblite_potential(("H", "H")), ("H", "H"), pair, VERIFIED)
    assert minimum.converged
