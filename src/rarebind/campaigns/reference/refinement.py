"""A minimum of the reference in few of its gradients, by a cheap method that is nearly right.

What the method's forces lack at one geometry is written as forces between pairs of atoms, which
are held constant; with them the method has its minimum close to that of the reference, as the two
curve alike.  Said of two levels of theory, this is the difference method of geometry optimisation
with an approximate Hessian; pair forces keep it free of rotations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rarebind.engines import LevelOfTheory
from rarebind.engines.minimise import Convergence, minimise
from rarebind.engines.verbs import potential_for
from rarebind.errors import CalculationError
from rarebind.structures import Structure

Floats = NDArray[np.float64]
_CONVERGENCE = Convergence(fmax=0.01, remaining_energy=2e-5)


def refined(structure: Structure, forces: Floats, level: LevelOfTheory) -> Structure:
    """The next estimate of a minimum of the method that `forces` are of.

    Parameters
    ----------
    structure, forces
        A geometry near that minimum; eV/Å, shape (N, 3).
    level
        The cheap method.

    Raises
    ------
    CalculationError
        The cheap method fails, or its minimisation does not end.
    """
    potential = potential_for(structure, level)
    first, second = np.triu_indices(len(structure), 1)
    pulls = pair_forces(structure.positions, forces - potential(structure.positions)[1])

    def corrected(positions: Floats) -> tuple[float, Floats]:
        energy, own = potential(positions)
        along = positions[first] - positions[second]
        distances = np.linalg.norm(along, axis=1)
        pairs = (pulls / distances)[:, None] * along
        total = own.copy()
        np.add.at(total, first, pairs)
        np.add.at(total, second, -pairs)
        return energy - float(pulls @ distances), total

    found = minimise(corrected, structure.symbols, structure.positions, _CONVERGENCE)
    if not found.converged:
        raise CalculationError(f"no minimum after {found.gradients} gradients of {level}")
    return structure.with_positions(found.positions)


def pair_forces(positions: Floats, forces: Floats) -> Floats:
    """Forces along the lines between atoms that add up to `forces`, the smallest such.

    Parameters
    ----------
    positions, forces
        Å and eV/Å, shape (N, 3); what of the latter moves or turns the whole is left out.

    Returns
    -------
    ndarray
        eV/Å, of every pair in the order of :func:`numpy.triu_indices`, positive where it drives
        the two apart.
    """
    count = len(positions)
    first, second = np.triu_indices(count, 1)
    along = positions[first] - positions[second]
    along /= np.linalg.norm(along, axis=1)[:, None]
    pairs = np.arange(len(first))
    matrix = np.zeros((count, 3, len(first)))
    matrix[first, :, pairs] = along
    matrix[second, :, pairs] = -along
    found = np.linalg.lstsq(matrix.reshape(3 * count, -1), forces.ravel(), rcond=1e-10)[0]
    return np.asarray(found)
