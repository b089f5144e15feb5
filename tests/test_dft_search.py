"""The search for the electronic state."""

from dataclasses import replace

import numpy as np
import pytest
from dft_systems import GAS, HYDROGEN_FLUORIDE, QUICK, WATER, field_of, ion
from scipy.linalg import expm

from rarebind.elements import rare_earth
from rarebind.engines.dft import ladder, refinement, ways_down
from rarebind.engines.dft import search as searching
from rarebind.engines.dft.engine import DFTPotential, SearchEffort
from rarebind.engines.dft.ladder import climb
from rarebind.engines.dft.meanfield import FINAL_GRID, SEARCH_GRID
from rarebind.engines.dft.refinement import lowest_on_final_grid, refine
from rarebind.engines.dft.search import Found, search
from rarebind.engines.dft.state import State
from rarebind.errors import CalculationError

RADICAL = replace(GAS, basis="def2-SVP")
#: Eh; between HF+ with its hole across the bond and along it.
BETWEEN = -99.7


def none(_):
    return []


def atoms_of(field):
    from pyscf.scf import hf

    guess = np.asarray(hf.init_guess_by_minao(field.mol))
    return np.array([guess, guess]) / 2.0 if field.mol.spin else guess


@pytest.fixture(scope="module")
def excited():
    """HF+, and a density with its hole in the bond."""
    field = field_of(HYDROGEN_FLUORIDE, RADICAL)
    ground = search(field, [atoms_of(field)], none, stability=False).best
    filled = ground.occupations.copy()
    (occupied,) = np.nonzero(filled[1])
    along = field.mol.search_ao_label("F 2pz")
    bond = occupied[np.argmax((ground.coefficients[1][along][:, occupied] ** 2).sum(axis=0))]
    filled[1, bond], filled[1, len(occupied)] = 0.0, 1.0
    return field, ground, field.make_rdm1(ground.coefficients, filled)


def test_closed_shell():
    field = field_of(WATER, QUICK)
    found = search(field, [atoms_of(field)], none, stability=False)
    assert found.attempts == len(found.solutions) == 1
    assert found.best is found.solutions[0]
    assert 2 <= found.cycles < 15
    assert field.grids.level == SEARCH_GRID
    refined = refine(field, found.best)
    assert field.grids.level == FINAL_GRID
    assert field.converged
    assert refined.energy == field.e_tot != found.best.energy
    assert refined.energy == pytest.approx(found.best.energy, abs=1e-3)


def test_every_rung_leads_to_the_same(monkeypatch):
    field = field_of(WATER, QUICK)
    guess = atoms_of(field)
    expected = climb(field, guess).energy
    plain, tried = ladder.diis, []

    def failing(times):
        def first_fails(mean_field, start):
            tried.append(start)
            return None if len(tried) <= times else plain(mean_field, start)

        tried.clear()
        return first_fails

    # Once: with a level shift, and then plainly again from there.
    monkeypatch.setattr(ladder, "diis", failing(1))
    assert climb(field, guess).energy == pytest.approx(expected, abs=1e-6)
    assert len(tried) == 2
    # Twice: the second-order algorithm.
    monkeypatch.setattr(ladder, "diis", failing(2))
    assert climb(field, guess).energy == pytest.approx(expected, abs=1e-6)
    assert len(tried) == 2
    assert field.level_shift == 0.0
    assert field.converged
    assert refine(field, climb(field, guess)).energy == field.e_tot


def test_nothing_converges(monkeypatch):
    field = field_of(WATER, QUICK)
    guesses = [atoms_of(field)] * 2
    found = search(field, guesses[:1], none, stability=False)
    for name in ("diis", "shifted", "second_order"):
        monkeypatch.setattr(ladder, name, lambda *_: None)
        monkeypatch.setattr(refinement, name, lambda *_: None, raising=False)
    with pytest.raises(CalculationError, match="does not converge from any of 2 guesses"):
        search(field, guesses, none, stability=False)
    with pytest.raises(CalculationError, match="does not converge on the final grid"):
        refine(field, found.best)


def test_nothing_is_the_right_state():
    field = field_of(WATER, QUICK)
    guess = atoms_of(field)
    message = "none of 2 states found is that of M3\\+; the lowest has too blue; too wet"
    with pytest.raises(CalculationError, match=message):
        search(field, [guess, guess], lambda _: ["too blue", "too wet"], stability=False)


def test_instability_is_followed(excited):
    field, ground, guess = excited
    stuck = search(field, [guess], none, stability=False)
    assert stuck.best.energy > BETWEEN > ground.energy
    found = search(field, [guess], none, stability=True)
    assert [solution.energy > BETWEEN for solution in found.solutions] == [True, False]
    assert found.best is found.solutions[1]
    assert found.best.energy == pytest.approx(ground.energy, abs=1e-5)
    assert found.cycles > stuck.cycles


def test_a_converged_state_is_reopened_as_it_was(excited):
    """Also one whose occupied orbitals are not the lowest, and without an evaluation."""
    field, _, guess = excited
    stuck = search(field, [guess], none, stability=False).best
    refined = refine(field, stuck)
    energies = field.mo_energy.copy()
    order = np.argsort(np.random.default_rng(1).permutation(refined.occupations.shape[1]))
    mixed = replace(
        refined,
        coefficients=refined.coefficients[:, :, order],
        occupations=refined.occupations[:, order],
        orbital_energies=refined.orbital_energies[:, order],
    )
    again = refine(field, mixed, refinement.CONVERGED)
    assert again.energy == field.e_tot == refined.energy
    assert np.array_equal(field.mo_energy, energies[:, order])
    assert np.array_equal(field.mo_occ, mixed.occupations)
    assert field.converged


def test_a_disturbed_solution_falls(excited):
    field, ground, guess = excited
    generator = np.random.default_rng(1)

    def disturb(coefficients, size):
        angles = generator.normal(scale=size, size=(2, *coefficients.shape[2:] * 2))
        return coefficients @ expm(angles - angles.transpose(0, 2, 1))

    found = search(field, [guess], none, stability=False, disturb=disturb)
    assert [solution.energy > BETWEEN for solution in found.solutions] == [True, False]
    assert found.best.energy == pytest.approx(ground.energy, abs=1e-5)
    # The ground state is disturbed too, and falls nowhere.
    alone = search(field, [atoms_of(field)], none, stability=False, disturb=disturb)
    assert len(alone.solutions) == 1


def test_hops_start_from_the_lowest_so_far(excited, monkeypatch):
    field, ground, guess = excited
    left = []

    def disturb(coefficients, size):
        """Turn the hole out of the bond, wherever it is not yet."""
        left.append((coefficients, size))
        return ground.coefficients if len(left) == 2 else coefficients

    monkeypatch.setattr(ways_down, "newton", lambda *_: None)
    found = search(field, [guess], none, stability=False, disturb=disturb, hops=3)
    first, *met = found.solutions
    assert [solution.energy > BETWEEN for solution in met] == [True, False, False]
    assert first.energy > BETWEEN > found.best.energy
    assert found.best.energy == pytest.approx(ground.energy, abs=1e-5)
    # Three hops, then a smaller disturbance of where they have ended.
    assert [size for _, size in left] == [ways_down.HOP] * 3 + [ways_down.NUDGE]
    assert np.array_equal(left[2][0], met[1].coefficients)
    assert np.array_equal(left[3][0], found.best.coefficients)


def test_hops_do_not_go_on_from_a_wrong_state(excited, monkeypatch):
    field, ground, guess = excited
    monkeypatch.setattr(ways_down, "newton", lambda *_: None)
    left = []

    def disturb(coefficients, _):
        left.append(coefficients)
        return ground.coefficients

    def low(converged):
        return ["too low"] if converged.e_tot < BETWEEN else []

    found = search(field, [guess], low, stability=False, disturb=disturb, hops=2)
    assert found.best is found.solutions[0]
    assert [solution.faults for solution in found.solutions[1:]] == [("too low",)] * 2
    assert all(np.array_equal(start, found.best.coefficients) for start in left)


def test_the_lowest_of_several_guesses(excited):
    field, ground, guess = excited
    found = search(field, [guess, atoms_of(field)], none, stability=False)
    assert found.attempts == len(found.solutions) == 2
    assert found.best is found.solutions[1]
    assert found.best.energy == pytest.approx(ground.energy, abs=1e-5)


def test_a_lower_state_of_the_wrong_kind_is_found_but_not_chosen(excited):
    field, _, guess = excited
    found = search(
        field, [guess], lambda mf: ["too low"] if mf.e_tot < BETWEEN else [], stability=True
    )
    assert found.best is found.solutions[0]
    assert found.best.energy > BETWEEN > found.solutions[1].energy
    assert found.solutions[1].faults == ("too low",)
    # The state chosen is the one refined, although the mean field has been to the other.
    assert refine(field, found.best).energy > BETWEEN


def test_what_the_grid_cannot_tell_apart_is_compared_on_the_final_one(excited):
    field, ground, guess = excited
    stuck = search(field, [guess], none, stability=False).best
    # As if the coarse grid had them the other way round, and too close to be sure.
    lower = replace(stuck, energy=ground.energy - 1e-4)
    same = replace(ground, energy=ground.energy + 1e-6)
    far = replace(ground, energy=ground.energy + 1.0)
    wrong = replace(ground, energy=ground.energy - 1.0, faults=("too low",))
    found = Found(lower, (far, same, wrong, lower, ground), 4, 1)
    chosen = lowest_on_final_grid(field, found, none)
    assert field.grids.level == FINAL_GRID
    assert chosen.energy < BETWEEN
    assert chosen.energy == pytest.approx(refine(field, ground).energy, abs=1e-5)
    # One that is of the wrong kind there is not taken.
    kept = lowest_on_final_grid(field, found, lambda mf: ["too low"] if mf.e_tot < BETWEEN else [])
    assert kept.energy > BETWEEN
    assert lowest_on_final_grid(field, found, lambda _: ["too low"]) is lower


def test_what_stands_alone_is_not_computed_again(excited, monkeypatch):
    field, ground, _ = excited
    monkeypatch.setattr(refinement, "diis", None)
    far = replace(ground, energy=ground.energy + 1.0)
    assert lowest_on_final_grid(field, Found(ground, (ground, far), 2, 1), none) is ground


def of_ion(symbol, **effort):
    structure = ion(symbol)
    potential = DFTPotential(structure, GAS, SearchEffort(**effort))
    energy, forces = potential(structure.positions)
    assert np.allclose(forces, 0.0, atol=1e-3)
    spin = rare_earth(symbol).unpaired_electrons / 2
    assert potential.scf.f_electrons == pytest.approx(rare_earth(symbol).f_electrons, abs=0.02)
    assert potential.scf.s_squared == pytest.approx(spin * (spin + 1), abs=0.02)
    assert potential.scf.metal_spin == pytest.approx(2 * spin, abs=1e-6)
    return energy, potential.scf


def test_one_4f_electron():
    _, scf = of_ion("Ce", guesses=1, small=0)
    assert scf.attempts == scf.converged_attempts == 1


@pytest.mark.slow
def test_half_filled():
    _, scf = of_ion("Gd", guesses=4, small=0)
    assert scf.attempts == 1


@pytest.mark.slow
@pytest.mark.parametrize("symbol", ["Er", "Yb"])
def test_more_than_half_filled(symbol):
    _, scf = of_ion(symbol, guesses=2, small=0)
    assert scf.attempts == 2
    # Occupations converge to different states: 0.1 to 0.5 eV apart.
    assert 0.0 <= scf.spread < 2.0


def test_further_guesses_have_the_first_rung_alone(monkeypatch):
    field = field_of(WATER, QUICK)
    guess = atoms_of(field)
    tried = []
    real = searching.climb

    def counted(mean_field, start, rungs=None):
        tried.append(rungs)
        return real(mean_field, start, rungs=rungs)

    monkeypatch.setattr(searching, "climb", counted)
    search(field, [guess] * 3, none, stability=False)
    assert tried == [None] * 3
    tried.clear()
    search(field, [guess] * 3, none, stability=False, patient=False)
    assert tried == [None, 1, 1]
    tried.clear()
    with pytest.raises(CalculationError):
        search(field, [guess] * 3, lambda _: ["too wet"], stability=False, patient=False)
    assert tried == [None] * 3


def test_one_rung_is_no_more_than_the_first(monkeypatch):
    field = field_of(WATER, QUICK)
    monkeypatch.setattr(ladder, "diis", lambda *_: None)
    assert climb(field, atoms_of(field), rungs=1) is None


@pytest.mark.parametrize(
    ("electrons", "unpaired", "fault"),
    [
        (1.29, 1.01, None),  # CeF3: fluoride reaches into the shell
        (0.60, 0.55, "0.55 unpaired"),  # between Ce3+ and Ce4+
        (1.95, 1.95, "1.95 electrons in the 4f shell instead of 1"),
        (1.02, -0.98, "-0.98 unpaired electrons in the 4f shell instead of 1"),
    ],
)
def test_the_4f_shell_is_that_of_the_ion(electrons, unpaired, fault):
    state = State(0.75, 0.75, electrons, 1, unpaired, unpaired, 1)
    faults = state.faults()
    assert bool(faults) == (fault is not None)
    assert fault is None or any(fault in found for found in faults)
