"""The engine for many closed-shell geometries: against PySCF's own routines, and its own energy."""

from dataclasses import replace

import numpy as np
import pytest
from dft_systems import hydrated

from rarebind.engines import level_named, static
from rarebind.engines.dft.basis import basis_sets, load_set
from rarebind.engines.dft.core_potential import core_potential_gradient
from rarebind.engines.dft.fitted import FittedPotential, Numerics
from rarebind.engines.dft.fitted_gradient import gradient
from rarebind.engines.dft.grid import exchange_correlation_gradient, speed_up
from rarebind.engines.dft.meanfield import mean_field
from rarebind.engines.dft.molecule import build_molecule
from rarebind.errors import InputError
from rarebind.structures import Structure

LEVEL = replace(level_named("pbe-d4-4f-in-core"), basis="def2-SVP+lcecp-1-TZVP")
COMPLEX = Structure(
    ("La", "F", "O", "H", "H"),
    np.array([[0, 0, 0], [2.1, 0, 0.2], [-0.9, 2.3, 0.1], [-1.6, 2.5, 0.7], [-1, 3, -0.6]]),
    2,
)


def field_of(structure, method, fitting="def2-universal-jfit"):
    level = replace(LEVEL, method=method, solvent="")
    sets = basis_sets(structure.symbols, level, fitting)
    return mean_field(build_molecule(structure, level, sets), level, sets)


@pytest.mark.parametrize("method", ["PBE", "r2SCAN"])
def test_functionals_are_integrated_as_pyscf_does(method):
    field = field_of(Structure(("O", "H", "H"), COMPLEX.positions[2:], 0), method)
    field.kernel()
    density = field.make_rdm1()
    theirs = field._numint.nr_rks(field.mol, field.grids, field.xc, density)
    solute = field.nuc_grad_method()
    solute.auxbasis_response = True
    whole = solute.kernel()
    speed_up(field)
    for given in (density, np.array(density)):
        ours = field._numint.nr_rks(field.mol, field.grids, field.xc, given)
        assert ours[:2] == pytest.approx(theirs[:2], abs=1e-7)
        assert np.allclose(ours[2], theirs[2], atol=1e-7)
    assert exchange_correlation_gradient(field).shape == (3, 3)
    assert np.allclose(gradient(field), whole, atol=1e-6)


@pytest.mark.parametrize("metal", ["Lu", "Y"])
def test_core_potentials_pull_as_integrals_say(metal):
    level = replace(LEVEL, solvent="")
    structure = Structure((metal, *COMPLEX.symbols[1:]), COMPLEX.positions, 2)
    mol = build_molecule(structure, level, basis_sets(structure.symbols, level))
    random = np.random.default_rng(1)
    orbitals = np.linalg.qr(random.normal(size=(mol.nao, 9)))[0]
    density = 2.0 * orbitals @ orbitals.T
    of_functions = np.einsum("xij,ij->xi", mol.intor("ECPscalar_ipnuc"), density)
    found = core_potential_gradient(mol, orbitals)
    of_atoms = mol.aoslice_by_atom()
    for atom in range(1, mol.natm):
        part = slice(*of_atoms[atom][2:])
        assert np.allclose(found[atom], -2.0 * of_functions[:, part].sum(axis=1), atol=1e-6)
    assert np.allclose(found.sum(axis=0), 0.0, atol=1e-9)


def test_forces_are_those_of_the_energy():
    fine = Numerics(grids=(0, 3), surface_points=110, thresholds=(1e-5, 1e-9))
    potential = FittedPotential(COMPLEX, LEVEL, fine)
    _, forces = potential(COMPLEX.positions)
    energies = []
    for step in (-0.005, 0.005):
        moved = COMPLEX.positions.copy()
        moved[0, 1] += step
        moved[3, 2] += step
        energies.append(potential(moved)[0])
    expected = -(energies[1] - energies[0]) / 0.01
    assert forces[0, 1] + forces[3, 2] == pytest.approx(expected, abs=5e-3)
    assert np.abs(forces.sum(axis=0)).max() < 1e-2


def test_a_rotated_molecule_has_rotated_forces():
    from scipy.spatial.transform import Rotation

    water = Structure(("O", "H", "H"), COMPLEX.positions[2:], 0)
    turn = Rotation.from_euler("xyz", [40, 20, 70], degrees=True)
    one = static(water, LEVEL)
    other = static(water.with_positions(turn.apply(np.array(water.positions))), LEVEL)
    assert one.energy == pytest.approx(other.energy, abs=5e-3)
    assert np.allclose(turn.apply(np.array(one.forces)), other.forces, atol=3e-2)


def test_diffuse_functions_are_a_third_of_the_lowest_exponents():
    plain, _ = load_set("def2-svp", "O")
    augmented, _ = load_set("ma-def2-svp", "O")
    assert augmented[: len(plain)] == plain
    for momentum, (found_momentum, (exponent, one)) in enumerate(augmented[len(plain) :]):
        lowest = min(p[0] for shell in plain if shell[0] == momentum for p in shell[1:])
        assert (found_momentum, one) == (momentum, 1.0)
        assert exponent == pytest.approx(lowest / 3.0)
    assert load_set("ma-def2-svp", "H") == load_set("def2-svp", "H")


def test_open_shells_are_refused():
    explicit = replace(LEVEL, basis="def2-SVP+def2-TZVP")
    with pytest.raises(InputError, match="unpaired electrons"):
        FittedPotential(hydrated("Gd", 1), explicit)


@pytest.mark.slow
def test_the_other_engine_agrees():
    level = level_named("pbe-d4-4f-in-core")
    ours = static(COMPLEX, level)
    theirs = static(COMPLEX, replace(level, engine="pyscf"))
    assert ours.energy == pytest.approx(theirs.energy, abs=0.05)
    assert np.allclose(ours.forces, theirs.forces, atol=0.1)
