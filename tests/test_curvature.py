"""The softest mode from differences of gradients, against full diagonalisation."""

from __future__ import annotations

import numpy as np
import pytest

from rarebind.engines.curvature import (
    LANCZOS_STEPS,
    QuadraticModel,
    lowest_curvature,
    rigid_motions,
)

RNG = np.random.default_rng(5)
POSITIONS = RNG.normal(scale=2.0, size=(12, 3))


def surface(lowest):
    """A quadratic surface at POSITIONS: its Hessian, a model of it, and the softest mode."""
    rigid = rigid_motions(POSITIONS)
    internal = np.linalg.svd(rigid, full_matrices=True)[0][:, 6:]
    modes = internal @ np.linalg.qr(RNG.normal(size=(30, 30)))[0]
    stiff = np.geomspace(0.1, 40.0, 30)
    wrong = stiff * RNG.uniform(0.6, 1.6, size=30)
    model = (modes * wrong) @ modes.T
    stiff[2] = lowest
    return (modes * stiff) @ modes.T, model, modes[:, 2]


class Gradient:
    def __init__(self, hessian, noise=0.0):
        self.hessian, self.noise, self.calls = hessian, noise, 0
        self.furthest = 0.0

    def __call__(self, positions):
        self.calls += 1
        moved = positions - POSITIONS
        self.furthest = max(self.furthest, np.linalg.norm(moved, axis=1).max())
        return self.hessian @ moved.ravel() + self.noise * RNG.normal(size=36)


def test_finds_a_negative_mode():
    hessian, model, mode = surface(-0.3)
    gradient = Gradient(hessian, noise=1e-4)
    soft = lowest_curvature(gradient, POSITIONS, np.zeros(36), model)
    assert soft.curvature < -0.02
    assert soft.gradients == gradient.calls <= LANCZOS_STEPS
    assert np.linalg.norm(soft.mode) == pytest.approx(1.0)
    assert abs(soft.mode.ravel() @ mode) > 0.5
    quotient = soft.mode.ravel() @ hessian @ soft.mode.ravel()
    assert soft.curvature == pytest.approx(quotient, abs=0.01)


def test_stops_early_where_every_mode_is_stiff():
    hessian, model, _ = surface(0.2)
    gradient = Gradient(hessian)
    soft = lowest_curvature(gradient, POSITIONS, np.zeros(36), model)
    assert soft.curvature > 0.05
    assert soft.gradients == gradient.calls < LANCZOS_STEPS


def test_is_a_bound_from_above():
    hessian, model, _ = surface(0.02)
    soft = lowest_curvature(Gradient(hessian), POSITIONS, np.zeros(36), model)
    true = np.linalg.eigvalsh(
        hessian + 100.0 * rigid_motions(POSITIONS) @ rigid_motions(POSITIONS).T
    )
    assert soft.curvature >= true[0] - 1e-9


def test_moves_little_and_not_as_a_whole():
    hessian, model, _ = surface(-0.3)
    gradient = Gradient(hessian)
    soft = lowest_curvature(gradient, POSITIONS, np.zeros(36), model)
    assert gradient.furthest == pytest.approx(0.05)
    assert np.abs(rigid_motions(POSITIONS).T @ soft.mode.ravel()).max() < 1e-9


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_keeps_to_the_number_of_gradients(limit):
    hessian, model, _ = surface(-0.001)
    gradient = Gradient(hessian)
    soft = lowest_curvature(gradient, POSITIONS, np.zeros(36), model, limit)
    assert gradient.calls == limit
    assert (soft is None) == (limit == 0)


def test_an_atom_has_no_mode():
    gradient = Gradient(np.zeros((3, 3)))
    assert lowest_curvature(gradient, np.zeros((1, 3)), np.zeros(3), np.zeros((3, 3))) is None
    assert gradient.calls == 0


def test_the_quadratic_model_agrees_with_the_last_step():
    symbols = ("C", "O", "N", "F")
    positions = RNG.normal(size=(4, 3)) + 2.0 * np.arange(4)[:, None]
    internal = np.linalg.svd(rigid_motions(positions), full_matrices=True)[0][:, 6:]
    step = 0.05 * internal @ RNG.normal(size=6)
    change = 3.0 * step
    model = QuadraticModel(symbols, positions, change, [(step, change)])
    back, predicted = model.step(10.0)
    assert back.ravel() == pytest.approx(-step, abs=1e-6)
    assert predicted == pytest.approx(-0.5 * step @ change)
    assert model.remaining_energy == pytest.approx(0.5 * step @ change)
