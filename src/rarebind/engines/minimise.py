"""Geometry minimisation: quasi-Newton steps from a model Hessian, in few gradients.

Each step rebuilds the model Hessian at the present geometry and applies to it the BFGS updates
of the latest steps, so that the part known in advance follows the molecule as it turns and bends
while the part that was learned is kept.  The step is the minimum of the quadratic model within a
trust radius [1]_.  Rigid translations and rotations are projected out.  The molecule counts as
relaxed when the model predicts that little energy is left, not only when forces are small: along
the soft modes of water and hydrogen bonds a small force can hide a long way down.  On request the
softest mode of the true Hessian is looked for where the descent ends, and followed if it leads on.

References
----------
.. [1] J. Nocedal, S. J. Wright, Numerical Optimization, 2nd ed., Springer 2006, chapters 4, 6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.engines.curvature import (
    LANCZOS_STEPS,
    QuadraticModel,
    lowest_curvature,
    rigid_motions,
)
from rarebind.engines.model_hessian import model_hessian

__all__ = ["Convergence", "Minimum", "Potential", "minimise", "rigid_motions"]

Floats = NDArray[np.float64]
Potential = Callable[[Floats], tuple[float, Floats]]

#: Steps whose curvature is remembered.  More do harm: on twelve complexes 3 to 8 need a third fewer
#: gradients than 40, for the model Hessian follows the molecule while old steps go stale.
_MEMORY = 5
#: First, smallest and largest trust radius: the furthest that an atom moves in a step, Å.
_FIRST_RADIUS, _SMALLEST_RADIUS, _LARGEST_RADIUS = 0.3, 0.005, 0.6
#: An energy that rises by less than this, in eV, is noise of the potential.
_NOISE = 1e-4
#: A step uphill by more than this, in eV, is taken back, as is any uphill step
#: shorter than this, in Å.
_UPHILL, _SHORT = 0.02, 0.02
#: Actual over predicted change of energy below which the radius shrinks, above which it grows.
_POOR, _GOOD = 0.25, 0.75
#: Verification: a mode softer than this, in eV/Å², is tried by moving along it until the quadratic
#: energy changes by so much, in eV, or an atom moves by so much, in Å.
_SOFT, _TRIAL_ENERGY, _TRIAL_LENGTH = 0.005, 0.02, 0.8
#: A drop of energy of at least this, in eV, is followed; so often at most.
_WORTHWHILE, _ROUNDS = 1e-3, 3


@dataclass(frozen=True)
class Convergence:
    """When a minimisation ends; the three thresholds must hold together.

    Attributes
    ----------
    fmax
        Largest force on an atom, eV/Å.
    remaining_energy
        Energy still to gain as the quadratic model predicts, ``gᵀH⁻¹g/2``, eV.
    energy_change
        Change of energy in the last step, eV.
    max_gradients
        Give up after this many evaluations of the potential.
    verify_minimum
        Then look for a direction without curvature, and go on along it where that leads down: off
        saddles and flat shoulders, on which forces vanish too.  A true minimum costs 4 to 14
        gradients more; as many as `max_gradients` leaves are spent.
    """

    fmax: float = 0.02
    remaining_energy: float = 1e-4
    energy_change: float = 2e-3
    max_gradients: int = 500
    verify_minimum: bool = False


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where a minimisation ended.

    Attributes
    ----------
    positions, energy, forces
        Å, shape (N, 3); eV; eV/Å, shape (N, 3).
    gradients
        Evaluations of the potential, rejected steps included.
    converged
        False when ``max_gradients`` ran out.
    trajectory
        Positions, energy and forces of every evaluation, in order.
    """

    positions: Floats
    energy: float
    forces: Floats
    gradients: int
    converged: bool
    trajectory: tuple[tuple[Floats, float, Floats], ...] = ()


def minimise(
    potential: Potential,
    symbols: Sequence[str],
    positions: Floats,
    convergence: Convergence | None = None,
) -> Minimum:
    """Relax a molecule to the nearest minimum.

    Parameters
    ----------
    potential
        From positions (Å) to energy (eV) and forces (eV/Å).  What it raises is passed on.
    symbols
        Element symbols, length N.
    positions
        Start, Å, shape (N, 3); not changed.
    convergence
        When to stop.

    Returns
    -------
    Minimum
        The last geometry that was accepted.
    """
    limits = convergence or Convergence()
    surface = _Surface(potential, limits.max_gradients)
    start = surface.at(np.array(positions, dtype=np.float64))
    end, converged = _descend(surface, symbols, start, limits)
    rounds = _ROUNDS if limits.verify_minimum else 0
    while converged and rounds > 0:
        lower = _step_off(surface, symbols, end)
        if lower is None:
            break
        there, converged = _descend(surface, symbols, lower, limits, came_from=end)
        rounds = rounds - 1 if there.energy < end.energy - _WORTHWHILE else 0
        end = min(there, end, key=lambda point: point.energy)
    return Minimum(
        end.positions,
        end.energy,
        -end.gradient.reshape(-1, 3),
        len(surface.trajectory),
        converged,
        tuple(surface.trajectory),
    )


@dataclass(frozen=True, eq=False)
class _Point:
    positions: Floats
    energy: float
    gradient: Floats


class _Surface:
    """The potential, with a record of all its evaluations."""

    def __init__(self, potential: Potential, max_gradients: int) -> None:
        self._potential = potential
        self._max_gradients = max_gradients
        self.trajectory: list[tuple[Floats, float, Floats]] = []

    @property
    def left(self) -> int:
        """Evaluations that may still be made."""
        return self._max_gradients - len(self.trajectory)

    def at(self, positions: Floats) -> _Point:
        energy, forces = self._potential(positions.copy())
        forces = np.array(forces, dtype=np.float64)
        self.trajectory.append((positions, float(energy), forces))
        return _Point(positions, float(energy), -forces.ravel())


def _descend(
    surface: _Surface,
    symbols: Sequence[str],
    point: _Point,
    limits: Convergence,
    came_from: _Point | None = None,
) -> tuple[_Point, bool]:
    """Follow the energy down from `point` to a stationary point; also returns if it was reached."""
    steps: deque[tuple[Floats, Floats]] = deque(maxlen=_MEMORY)
    radius, change = _FIRST_RADIUS, 0.0
    if came_from is not None:
        steps.append(_difference(came_from, point))
    while True:
        model = QuadraticModel(symbols, point.positions, point.gradient, steps)
        converged = (
            model.fmax < limits.fmax
            and model.remaining_energy < limits.remaining_energy
            and abs(change) < limits.energy_change
        )
        if converged or surface.left <= 0:
            return point, converged
        step, predicted = model.step(radius)
        length = np.linalg.norm(step, axis=1).max()
        new = surface.at(point.positions + step)
        steps.append(_difference(point, new))
        change = new.energy - point.energy
        quality = change / predicted if predicted < 0.0 else 0.0
        if change > _NOISE and quality < 0.0:
            radius = max(0.3 * length, _SMALLEST_RADIUS)
            if change > _UPHILL or length < _SHORT:
                continue
        elif quality < _POOR:
            radius = max(0.5 * length, 2 * _SMALLEST_RADIUS)
        elif quality > _GOOD and length > 0.8 * radius:
            radius = min(1.6 * radius, _LARGEST_RADIUS)
        point = new


def _difference(first: _Point, second: _Point) -> tuple[Floats, Floats]:
    return (second.positions - first.positions).ravel(), second.gradient - first.gradient


def _step_off(surface: _Surface, symbols: Sequence[str], point: _Point) -> _Point | None:
    """A point beside the stationary `point` from which the energy falls below it, if any."""
    soft = lowest_curvature(
        lambda positions: surface.at(positions).gradient,
        point.positions,
        point.gradient,
        model_hessian(symbols, point.positions),
        min(LANCZOS_STEPS, surface.left),
    )
    if soft is None or soft.curvature > _SOFT:
        return None
    length = np.sqrt(2.0 * _TRIAL_ENERGY / max(abs(soft.curvature), 1e-6))
    length = min(length, _TRIAL_LENGTH / np.linalg.norm(soft.mode, axis=1).max())
    step = length * soft.mode
    if point.gradient @ step.ravel() > 0.0:
        step = -step
    # On a shoulder downhill comes first; on a saddle the slope is noise and both sides may do.
    for side in (step, -step)[: surface.left]:
        there = surface.at(point.positions + side)
        # A straight line leaves the floor of a curved valley: count what the walls give back.
        walls = QuadraticModel(symbols, there.positions, there.gradient).remaining_energy
        if there.energy - walls < point.energy - _WORTHWHILE:
            return there
    return None
