"""The verb ``vibrations``: harmonic wavenumbers at a minimum, from differences of forces.

Translations and rotations are projected out of the mass-weighted Hessian, so a molecule of N atoms
has 3N − 6 modes.  A geometry with a mode of negative curvature is no minimum: it is pushed along
the mode, relaxed, and tried again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from ase.data import atomic_masses
from ase.units import _amu, _c, _e
from numpy.typing import NDArray
from scipy.linalg import null_space

from rarebind.engines.calculation import Calculation
from rarebind.engines.curvature import rigid_motions
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.minimise import Convergence
from rarebind.engines.verbs import potential_for, relax
from rarebind.errors import CalculationError
from rarebind.structures import Structure

Floats = NDArray[np.float64]

#: Å that an atom is moved by to either side.  Longer ones err: with 0.02 Å the softest mode of
#: [La(acetate)(H2O)6]2+ at GFN2-xTB/ALPB is 43i cm-1, with 0.01 12i, with 0.005 10i, which is zero.
_STEP = 0.005
#: cm-1: more imaginary than this is a way down and not noise; so often it is followed.
_WAY_DOWN, _TIMES = 40.0, 3
#: Å that the atom which moves most goes along such a mode.
_PUSH = 0.15
#: Wavenumber in cm-1 of a mode with 1 eV/Å² and 1 amu.
_CM1 = np.sqrt(_e / (_amu * 1e-20)) / (2 * np.pi * _c * 100)
_TIGHT = Convergence(fmax=0.01, remaining_energy=2e-5, verify_minimum=True)


def vibrations(structure: Structure, level: LevelOfTheory) -> Calculation:
    """Relax closely and find the harmonic wavenumbers there.

    Returns
    -------
    Calculation
        With `wavenumbers`; ``status="failed"`` where the engine fails, ``rejected`` where what was
        found is still no minimum, with the mode in its reason.

    Raises
    ------
    InputError
        The structure and level do not fit each other or the engine.
    """
    begun = time.perf_counter()
    gradients, start = 0, structure
    found = relax(start, level, _TIGHT)
    for left in reversed(range(_TIMES)):
        gradients += found.gradients
        if not found.ok:
            break
        assert found.structure is not None
        minimum = found.structure
        try:
            wavenumbers, modes = harmonic(minimum, level)
        except CalculationError as error:
            found = replace(found, status="failed", reason=str(error))
            break
        gradients += 6 * len(structure)
        found = replace(found, wavenumbers=wavenumbers)
        if not len(wavenumbers) or wavenumbers[0] > -_WAY_DOWN:
            break
        if not left:
            reason = f"no minimum: a mode of {-wavenumbers[0]:.0f}i cm-1 stays"
            found = replace(found, status="rejected", reason=reason)
            break
        push = modes[0] * (_PUSH / np.linalg.norm(modes[0], axis=1).max())
        found = _lower(minimum, push, level)
    wall_time = time.perf_counter() - begun
    return replace(
        found, verb="vibrations", gradients=gradients, wall_time=wall_time, intermediates=()
    )


def harmonic(structure: Structure, level: LevelOfTheory) -> tuple[Floats, Floats]:
    """Wavenumbers in cm-1 with displacements of the modes, at any geometry.

    Returns
    -------
    wavenumbers
        Shape (3N − 6,), or 3N − 5 for a line of atoms, in rising order; imaginary ones negative.
    modes
        Cartesian displacements, (modes, N, 3), each of length one.

    Raises
    ------
    CalculationError
        A gradient fails.
    """
    potential = potential_for(structure, level)
    hessian = numerical_hessian(lambda positions: potential(positions)[1], structure.positions)
    masses = np.repeat(atomic_masses[structure.atomic_numbers], 3)
    weighted = hessian / np.sqrt(np.outer(masses, masses))
    internal = null_space((rigid_motions(structure.positions) * np.sqrt(masses)[:, None]).T).T
    curvatures, vectors = np.linalg.eigh(internal @ weighted @ internal.T)
    wavenumbers = _CM1 * np.sign(curvatures) * np.sqrt(np.abs(curvatures))
    modes = (vectors.T @ internal) / np.sqrt(masses)
    modes /= np.linalg.norm(modes, axis=1)[:, None]
    return wavenumbers, modes.reshape(len(modes), len(structure), 3)


def numerical_hessian(forces: Callable[[Floats], Floats], positions: Floats) -> Floats:
    """Second derivatives in eV/Å², (3N, 3N), symmetric, from 6N evaluations of the forces."""
    rows = []
    for index in range(positions.size):
        step = np.zeros(positions.size)
        step[index] = _STEP
        there, back = (forces(positions + s * step.reshape(positions.shape)) for s in (1, -1))
        rows.append((back - there).ravel() / (2 * _STEP))
    hessian = np.array(rows)
    return (hessian + hessian.T) / 2


def _lower(saddle: Structure, push: Floats, level: LevelOfTheory) -> Calculation:
    """The lower of the minima to either side."""
    starts = [saddle.with_positions(saddle.positions + sign * push) for sign in (1, -1)]
    tried = [relax(start, level, _TIGHT) for start in starts]
    best = min(tried, key=lambda one: np.inf if one.energy is None else one.energy)
    return replace(best, gradients=sum(one.gradients for one in tried))
