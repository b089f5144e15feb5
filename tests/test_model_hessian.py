"""The model Hessian: what holds exactly for every molecule."""

from __future__ import annotations

import numpy as np
import pytest
from ase.build import molecule
from scipy.spatial.transform import Rotation

from rarebind.engines.minimise import rigid_motions
from rarebind.engines.model_hessian import model_hessian


def aqua_complex(metal="La", distance=2.55):
    """Three waters about a metal, oxygen towards it; (symbols, positions in Å)."""
    symbols, positions = [metal], [np.zeros(3)]
    for angle in (0.0, 120.0, 240.0):
        turn = Rotation.from_euler("z", angle, degrees=True)
        water = np.array(
            [
                [distance, 0.0, 0.0],
                [distance + 0.6, 0.76, 0.05],
                [distance + 0.6, -0.76, -0.05],
            ]
        )
        symbols += ["O", "H", "H"]
        positions += list(turn.apply(water))
    return symbols, np.array(positions)


def cases():
    yield aqua_complex()
    for name in ("HCOOH", "C6H6", "CH3CONH2", "CO2", "H2"):
        atoms = molecule(name)
        yield atoms.get_chemical_symbols(), atoms.positions


@pytest.mark.parametrize(("symbols", "positions"), list(cases()))
def test_symmetric_and_without_negative_curvature(symbols, positions):
    hessian = model_hessian(symbols, positions)
    assert hessian.shape == (3 * len(symbols), 3 * len(symbols))
    assert np.allclose(hessian, hessian.T, atol=1e-12)
    assert np.linalg.eigvalsh(hessian).min() > -1e-10


@pytest.mark.parametrize(("symbols", "positions"), list(cases()))
def test_rigid_motions_cost_nothing_at_any_geometry(symbols, positions):
    rng = np.random.default_rng(1)
    distorted = positions + rng.normal(scale=0.1, size=positions.shape)
    hessian = model_hessian(symbols, distorted)
    assert np.abs(hessian @ rigid_motions(distorted)).max() < 1e-9


def test_every_other_motion_of_a_bent_molecule_costs_something():
    atoms = molecule("CH3CONH2")
    values = np.linalg.eigvalsh(model_hessian(atoms.get_chemical_symbols(), atoms.positions))
    assert values[5] < 1e-9
    assert values[6] > 1e-3


def test_turns_with_the_molecule():
    symbols, positions = aqua_complex("Lu", 2.3)
    turn = Rotation.from_rotvec([0.3, -1.1, 0.7]).as_matrix()
    whole = np.kron(np.eye(len(symbols)), turn)
    turned = model_hessian(symbols, positions @ turn.T + [1.0, -2.0, 3.0])
    assert np.allclose(turned, whole @ model_hessian(symbols, positions) @ whole.T, atol=1e-9)


def test_follows_the_order_of_the_atoms():
    symbols, positions = aqua_complex()
    order = np.random.default_rng(3).permutation(len(symbols))
    rows = (3 * order[:, None] + np.arange(3)).ravel()
    hessian = model_hessian(symbols, positions)
    shuffled = model_hessian([symbols[i] for i in order], positions[order])
    assert np.allclose(shuffled, hessian[np.ix_(rows, rows)], atol=1e-10)


def test_metal_bonds_are_far_softer_than_covalent_ones():
    symbols, positions = aqua_complex()
    hessian = model_hessian(symbols, positions)
    metal_oxygen, oxygen_hydrogen = abs(hessian[0, 3]), np.abs(hessian[3:6, 6:9]).max()
    assert metal_oxygen < 0.2 * oxygen_hydrogen


def test_single_atom_has_no_curvature():
    assert np.array_equal(model_hessian(["La"], np.zeros((1, 3))), np.zeros((3, 3)))


def test_linear_groups_bend_and_do_not_zigzag():
    """A bent nitrile straightens; its stiffness is the same all around the axis."""
    from rarebind.engines import GFN2_WATER, relax
    from rarebind.structures import Structure

    atoms = molecule("CH3CN")
    atoms.positions[1] += [0.0, 0.06, 0.04]
    calculation = relax(Structure.from_ase(atoms), GFN2_WATER)
    assert calculation.converged
    assert calculation.gradients < 25

    straight = molecule("CO2")
    axis = straight.positions[1] - straight.positions[0]
    axis /= np.linalg.norm(axis)
    first = np.cross(axis, [0.3, 0.5, 0.8])
    first /= np.linalg.norm(first)
    hessian = model_hessian(straight.get_chemical_symbols(), straight.positions)
    bends = []
    for across in (first, np.cross(axis, first), (first + np.cross(axis, first)) / np.sqrt(2.0)):
        move = np.zeros_like(straight.positions)
        move[0] = across
        bends.append(move.ravel() @ hessian @ move.ravel())
    assert bends[0] > 1.0
    np.testing.assert_allclose(bends, bends[0], rtol=1e-6)
