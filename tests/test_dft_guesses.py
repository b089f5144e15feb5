"""Free ions, and the densities that a search starts from."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from dft_systems import FROZEN, GAS, LANTHANIDES, WATER, field_of, hydrated, ion
from hypothesis import given
from hypothesis import strategies as st

from rarebind.elements import rare_earth
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.guesses import (
    ShellLevels,
    closed_shell_guess,
    free_atoms,
    guess_densities,
    occupations,
    shell_guesses,
    shell_levels,
    turned_shell,
)
from rarebind.engines.dft.ion import Ion, closed_ion, functions_of_kind, spherical_ion
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.surroundings import surrounding_density

METALS = st.sampled_from(LANTHANIDES)
SEEDS = st.integers(0, 2**32 - 1)
NOTHING = np.zeros((0, 0))


def unfilled(symbol):
    """An ion of which nothing but its electron count is known."""
    electrons = rare_earth(symbol).f_electrons
    beta = max(electrons - 7, 0)
    return Ion(NOTHING, NOTHING, electrons - beta, beta)


def whole_shell(filling):
    """Density of the 4f shell, both spins."""
    return np.array([part @ part.T for part in filling])


@given(METALS, st.integers(1, 40), SEEDS)
def test_fillings(symbol, number, seed):
    element, ion = rare_earth(symbol), unfilled(symbol)
    filled = occupations(ion, number, seed)
    only_one = element.f_electrons in {0, 7, 14}
    assert len(filled) == (1 if only_one else number)
    for alpha, beta in filled:
        assert alpha.shape[1] - beta.shape[1] == element.unpaired_electrons
        assert alpha.shape[1] + beta.shape[1] == element.f_electrons
        for part in (alpha, beta):
            assert np.allclose(part.T @ part, np.eye(part.shape[1]), atol=1e-10)


@given(METALS, st.integers(1, 10), SEEDS)
def test_seeds_are_reproducible(symbol, number, seed):
    first, again = (occupations(unfilled(symbol), number, seed) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])


@given(METALS, SEEDS)
def test_more_guesses_begin_with_the_same(symbol, seed):
    few, many = (occupations(unfilled(symbol), number, seed) for number in (3, 6))
    for one, other in zip(few, many, strict=False):
        assert np.array_equal(whole_shell(one), whole_shell(other))


@given(st.sampled_from([m for m in LANTHANIDES if m not in {"La", "Gd", "Lu"}]), SEEDS)
def test_fillings_differ(symbol, seed):
    shells = [whole_shell(filling) for filling in occupations(unfilled(symbol), 8, seed)]
    for one, other in combinations(shells, 2):
        assert not np.allclose(one, other, atol=1e-3)


@given(st.sampled_from([m for m in LANTHANIDES if m not in {"La", "Gd", "Lu"}]), SEEDS)
def test_the_lowest_levels_are_filled_first(symbol, seed):
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(7, 7)))[0]
    energies = np.sort(generator.normal(size=7))
    filled = occupations(unfilled(symbol), 9, seed, ShellLevels(energies, axes))
    spin = int(filled[0][0].shape[1] == 7)
    field = axes @ np.diag(energies) @ axes.T
    plain = [float(np.trace(one[spin].T @ field @ one[spin])) for one in filled[::2]]
    assert plain == pytest.approx(sorted(plain))
    minority = filled[0][spin].shape[1]
    assert plain[0] == pytest.approx(energies[:minority].sum())


def test_levels_of_a_shell():
    symbol = "Ce"
    field, free = field_of(hydrated(symbol, 1), GAS), spherical_ion(symbol, GAS)
    around = free_atoms(field.mol, 0)
    levels = shell_levels(field, 0, free, around)
    assert np.allclose(levels.axes.T @ levels.axes, np.eye(7), atol=1e-10)
    assert np.all(np.diff(levels.energies) >= 0)
    # Water splits the shell, and a bare ion's is not split.
    assert 1e-3 < np.ptp(levels.energies) < 0.1
    alone = field_of(ion(symbol), GAS)
    assert np.ptp(shell_levels(alone, 0, free, free_atoms(alone.mol, 0)).energies) < 1e-4
    # The first guess fills the lowest of them.
    (guess,) = shell_guesses(field, 0, free, around, 1, seed=1)
    lowest = free.orbitals @ levels.axes[:, :1]
    _, _, first, last = field.mol.aoslice_by_atom()[0]
    expected = free.core + lowest @ lowest.T
    assert np.allclose(np.array(guess)[0, first:last, first:last], expected, atol=1e-10)


@pytest.fixture(scope="module", params=["Ce", pytest.param("Gd", marks=pytest.mark.slow), "Yb"])
def free(request):
    """A spherical ion, its element, and the overlap of its functions."""
    ion = spherical_ion(request.param, GAS)
    structure = hydrated(request.param, 1)
    mol = build_molecule(structure, GAS, basis_sets(structure.symbols, GAS))
    _, _, first, last = mol.aoslice_by_atom()[0]
    overlap = mol.intor("int1e_ovlp")[first:last, first:last]
    return request.param, ion, mol, overlap


def test_free_ion(free):
    symbol, ion, mol, overlap = free
    assert ion.orbitals.shape == (len(overlap), 7)
    assert np.allclose(ion.orbitals.T @ overlap @ ion.orbitals, np.eye(7), atol=1e-8)
    # 4s2 4p6 4d10 5s2 5p6.
    assert np.trace(ion.core @ overlap) == pytest.approx(13.0, abs=1e-8)
    assert np.allclose(ion.core @ overlap @ ion.core, ion.core, atol=1e-7)
    assert np.allclose(ion.core @ overlap @ ion.orbitals, 0.0, atol=1e-7)
    electrons = rare_earth(symbol).f_electrons
    assert ion.alpha + ion.beta == electrons
    assert ion.alpha - ion.beta == rare_earth(symbol).unpaired_electrons
    # The orbitals are f to the last digit: nothing breaks the symmetry of the sphere.
    others = np.delete(ion.orbitals, functions_of_kind(mol, 3), axis=0)
    assert np.allclose(others, 0.0, atol=1e-6)
    # Of the mixtures that are as good, the one in which each is a real harmonic: the same on every
    # machine, hence the same guesses.
    radial = ion.orbitals[functions_of_kind(mol, 3)].reshape(-1, 7, 7)
    expected = radial[:, :1, :1] * np.eye(7)
    assert np.allclose(radial, expected, atol=1e-6)
    assert radial[np.argmax(np.abs(radial[:, 0, 0])), 0, 0] > 0


@pytest.mark.slow
@pytest.mark.parametrize("symbol", [m for m in LANTHANIDES if rare_earth(m).f_electrons])
def test_every_free_ion_has_the_shells_of_xenon(symbol):
    found = spherical_ion(symbol, GAS)
    mol = build_molecule(ion(symbol), GAS, basis_sets([symbol], GAS))
    overlap = mol.intor("int1e_ovlp")
    for momentum, electrons in enumerate((2, 6, 5, 0)):
        functions = functions_of_kind(mol, momentum)
        assert (found.core @ overlap)[functions, functions].sum() == pytest.approx(electrons)


@pytest.mark.slow
def test_shells_shrink_along_the_series():
    """A ghost state mixed with 5s makes those of Gd, Tb and Dy smaller than that of Ho."""
    extents = []
    for symbol in ("Eu", "Gd", "Tb", "Dy", "Ho"):
        core = spherical_ion(symbol, GAS).core
        mol = build_molecule(ion(symbol), GAS, basis_sets([symbol], GAS))
        functions = np.ix_(functions_of_kind(mol, 0), functions_of_kind(mol, 0))
        with mol.with_common_origin(mol.atom_coord(0)):
            extents.append((core[functions] * mol.intor("int1e_r2")[functions]).sum())
    # The half-filled shell holds the electrons of its own spin a little closer.
    assert np.all(np.diff(extents) < 0.05)


def test_free_ion_is_computed_once(free):
    assert spherical_ion(free[0], replace(GAS)) is free[1]


def test_guesses(free):
    symbol, ion, mol, overlap = free
    _, _, first, last = mol.aoslice_by_atom()[0]
    whole = mol.intor("int1e_ovlp")
    guesses = list(guess_densities(mol, 0, ion, free_atoms(mol, 0), 3, seed=7))
    assert len(guesses) == (1 if symbol == "Gd" else 3)
    for guess in guesses:
        assert guess.shape == (2, mol.nao, mol.nao)
        assert np.allclose(guess, np.swapaxes(guess, 1, 2), atol=1e-12)
        metal = np.array(guess)[:, first:last, first:last]
        electrons = [np.trace(spin @ overlap) for spin in metal]
        assert electrons == pytest.approx([13.0 + ion.alpha, 13.0 + ion.beta], abs=1e-6)
        assert np.allclose(guess[:, first:last, last:], 0.0)
        electrons = [np.trace(spin @ whole) for spin in np.array(guess)]
        assert electrons == pytest.approx(mol.nelec, abs=5e-3)


def test_guesses_are_reproducible(free):
    _, ion, mol, _ = free
    around = free_atoms(mol, 0)
    first, again, other = (
        np.array(list(guess_densities(mol, 0, ion, around, 2, seed))) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert (ion.alpha - ion.beta == 7) == np.allclose(first, other)


def test_guesses_carry_their_orbitals(free):
    _, ion, mol, _ = free
    for guess in guess_densities(mol, 0, ion, free_atoms(mol, 0), 1, seed=1):
        again = np.einsum("spi,si,sqi->spq", guess.mo_coeff, guess.mo_occ, guess.mo_coeff)
        assert np.allclose(again, guess, atol=1e-8)
        assert (guess.mo_occ >= 0.0).all()


@pytest.mark.parametrize(("symbol", "level"), [("Y", GAS), ("La", GAS), ("Gd", FROZEN)])
def test_closed_shell_guesses(symbol, level):
    structure = hydrated(symbol, 1)
    mol = build_molecule(structure, level, basis_sets(structure.symbols, level))
    ion = closed_ion(symbol, level)
    guess = np.array(closed_shell_guess(mol, 0, ion))
    overlap = mol.intor("int1e_ovlp")
    _, _, first, last = mol.aoslice_by_atom()[0]
    of_metal = guess[first:last, first:last] @ overlap[first:last, first:last]
    assert np.trace(of_metal) == pytest.approx(8.0, abs=1e-6)
    assert np.trace(guess @ overlap) == pytest.approx(mol.nelectron, abs=1e-2)
    assert np.allclose(guess, guess.T, atol=1e-12)


def test_a_molecule_without_metal():
    mol = build_molecule(WATER, GAS, basis_sets(WATER.symbols, GAS))
    guess = np.array(closed_shell_guess(mol, None, None))
    assert np.trace(guess @ mol.intor("int1e_ovlp")) == pytest.approx(10.0, abs=1e-2)


def test_surroundings():
    structure = hydrated("Ce", 1)
    mol = build_molecule(structure, GAS, basis_sets(structure.symbols, GAS))
    around = surrounding_density(structure, GAS, mol, 0)
    _, _, first, last = mol.aoslice_by_atom()[0]
    assert np.allclose(around[first:last], 0.0)
    assert np.allclose(around, around.T, atol=1e-10)
    # The water lends the ion some of its electrons, and is not what it is alone.
    alone = free_atoms(mol, 0)
    assert np.trace(around @ mol.intor("int1e_ovlp")) == pytest.approx(10.0, abs=0.5)
    assert not np.allclose(around, alone, atol=0.05)


def test_an_ion_alone_has_no_surroundings():
    structure = hydrated("Ce", 0)
    mol = build_molecule(structure, GAS, basis_sets(structure.symbols, GAS))
    assert np.allclose(surrounding_density(structure, GAS, mol, 0), 0.0)


@pytest.mark.parametrize("around", ["bare", "hydrated"])
def test_a_turned_shell_is_a_shell(around):
    symbol = "Ce"
    structure = ion(symbol) if around == "bare" else hydrated(symbol, 1)
    field = field_of(structure, GAS)
    free = spherical_ion(symbol, GAS)
    overlap = field.get_ovlp()
    (guess,) = guess_densities(field.mol, 0, free, free_atoms(field.mol, 0), 1, seed=1)
    _, coefficients = field.eig(field.get_fock(dm=guess), overlap)
    turn = turned_shell(field, 0, free, seed=5)
    once, twice = turn(coefficients, 0.1), turn(coefficients, 0.1)
    again = turned_shell(field, 0, free, seed=5)(coefficients, 0.1)
    assert np.array_equal(once, again)
    assert not np.allclose(once, twice)
    for before, after in zip(coefficients, once, strict=True):
        metric = after.T @ overlap @ after
        assert np.allclose(metric, np.eye(len(metric)), atol=1e-8)
        moved = np.nonzero(np.abs(after - before).max(axis=0) > 1e-12)[0]
        assert len(moved) == 7
        # Small angles, and all other orbitals as they were.
        assert np.all(np.diag(before.T @ overlap @ after) > 0.5)
        assert np.allclose(
            before[:, moved] @ before[:, moved].T, after[:, moved] @ after[:, moved].T, atol=1e-10
        )
