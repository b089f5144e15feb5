"""SMD on the fitted density against PySCF's own."""

from dataclasses import replace

import numpy as np
import pytest
from dft_systems import LABELS, WATER, field_of, hydrated

from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.cavity_response import response_gradient
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.solvation import exact_operator, exact_potential, surface_gradient
from rarebind.units import ANGSTROM_PER_BOHR

LEVEL = replace(LABELS, method="PBE", basis="def2-SVP")
CATION = hydrated("Y", 1)


@pytest.fixture(scope="module", params=[WATER, CATION], ids=["water", "cation"])
def built(request):
    """A solvent that is built, and a density of its solute that is not converged."""
    from pyscf.scf import hf

    field = field_of(request.param, LEVEL)
    field.with_solvent.build()
    density = np.asarray(hf.init_guess_by_minao(field.mol))
    field.with_solvent._get_vind(density)
    return field.with_solvent, density


def pyscf_own(structure, density, points):
    from pyscf import dft

    sets = basis_sets(structure.symbols, LEVEL)
    field = dft.RKS(build_molecule(structure, LEVEL, sets), xc="pbe")
    field = field.density_fit(auxbasis=sets.auxiliary).SMD()
    field.with_solvent.solvent = "water"
    field.with_solvent.sasa_ng = points
    field.conv_tol = 1e-9
    return field.kernel(dm0=density)


@pytest.mark.parametrize("structure", [WATER, CATION], ids=["water", "cation"])
def test_energy_is_that_of_pyscf(structure):
    field = field_of(structure, LEVEL)
    fitted = field.kernel()
    assert field.converged
    density = np.array(field.make_rdm1())
    solvent = field.with_solvent
    own = pyscf_own(structure, density, solvent.sasa_ng)
    assert fitted == pytest.approx(own, abs=1e-3)
    solvent.fitted = False
    unfitted = field.kernel(dm0=density)
    assert unfitted == pytest.approx(own, abs=1e-7)
    # Gauss: the charge induced is that of the solute with the other sign, less 1/78.4 of it.
    charge = solvent._intermediates["q_sym"].sum()
    assert charge == pytest.approx(-structure.charge * (1.0 - 1.0 / 78.355), abs=0.1)


def test_exact_potential(built):
    from pyscf.solvent import pcm

    solvent, density = built
    reference = pcm.PCM._get_v(solvent, density[None])[0]
    assert np.allclose(exact_potential(solvent, density), reference, atol=1e-9)
    assert np.allclose(solvent._get_v(density[None])[0], reference, atol=2e-3)


def test_blocks_make_no_difference(built, monkeypatch):
    solvent, density = built
    whole = exact_potential(solvent, density), surface_gradient(solvent, density)
    monkeypatch.setattr("rarebind.engines.dft.solvation._BLOCK", 0.0)
    # Points one by one; a few hundred are enough.
    for name in ("grid_coords", "charge_exp"):
        monkeypatch.setitem(solvent.surface, name, solvent.surface[name][:300])
    assert np.allclose(exact_potential(solvent, density), whole[0][:300], atol=1e-12)


def test_surface_gradient(built):
    from pyscf.solvent.grad import pcm as reference

    solvent, density = built
    assert np.allclose(
        surface_gradient(solvent, density), reference.grad_qv(solvent, density), atol=1e-8
    )


def test_response_gradient(built, monkeypatch):
    from pyscf.solvent.grad import smd as reference

    solvent, density = built
    whole = response_gradient(solvent)
    assert np.allclose(whole, reference.grad_solver(solvent, density), atol=1e-12)
    monkeypatch.setattr("rarebind.engines.dft.cavity_response._PAIRS", 1e4)
    assert np.allclose(response_gradient(solvent), whole, atol=1e-14)


def test_potential_and_operator_are_adjoint(built):
    solvent, _ = built
    rng = np.random.default_rng(4)
    density = rng.normal(size=(solvent.mol.nao,) * 2)
    density += density.T
    charges = rng.normal(size=len(solvent.surface["grid_coords"]))
    of_density = charges @ solvent._get_v(density[None])[0]
    of_charges = -np.sum(density * solvent._get_vmat(charges[None])[0])
    assert of_density == pytest.approx(of_charges, rel=1e-9)


def test_spins_add_up(built):
    solvent, density = built
    energy, operator = solvent._get_vind(density)
    of_both = solvent._get_vind(np.array([density, density]) / 2.0)
    assert of_both[0] == pytest.approx(energy, abs=1e-12)
    assert np.allclose(of_both[1], operator, atol=1e-12)


def test_exact_operator(built):
    from pyscf.solvent import pcm

    solvent, _ = built
    charges = np.random.default_rng(4).normal(size=len(solvent.surface["grid_coords"]))
    reference = pcm.PCM._get_vmat(solvent, charges[None])[0]
    assert np.allclose(exact_operator(solvent, charges), reference, atol=1e-9)


def test_the_solvent_gains(built):
    solvent, density = built
    energy, operator = solvent._get_vind(density)
    assert energy < 0.0
    assert np.allclose(operator, operator.T)


def test_forces_are_those_of_the_fitted_solvent():
    step = 1e-3

    def converged(shift):
        positions = np.array(WATER.positions)
        positions[1, 1] += shift
        field = field_of(WATER.with_positions(positions), LEVEL)
        field.conv_tol = 1e-10
        field.kernel()
        return field

    numerical = (converged(step).e_tot - converged(-step).e_tot) / (2 * step) * ANGSTROM_PER_BOHR
    gradient = converged(0.0).nuc_grad_method().kernel()
    # Measured 5e-6 Eh/bohr; the weights of the grid do not move with the atoms.
    assert gradient[1, 1] == pytest.approx(numerical, abs=3e-5)


def test_a_new_geometry_is_a_new_surface():
    field = field_of(WATER, LEVEL)
    solvent = field.with_solvent
    solvent.build()
    size = len(solvent.surface["grid_coords"])
    wider = WATER.with_positions(WATER.positions * 2.0)
    other = build_molecule(wider, LEVEL, basis_sets(WATER.symbols, LEVEL))
    field.reset(other)
    solvent.build()
    assert solvent.mol is other
    assert len(solvent.surface["grid_coords"]) > size
