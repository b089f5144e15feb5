"""Is a stationary point a minimum?  The softest mode of the true Hessian in a few gradients.

Small forces do not make a minimum: they vanish on a saddle too, and on the long, flat shoulders of
large complexes, whose softest directions curve a hundred times less than any model Hessian
believes.  The Lanczos iteration [1]_ finds such a direction from Hessian-vector products, each
the difference of two gradients, without the Hessian itself.  It runs in the metric of a model
Hessian ``M``: of the eigenvalues of ``M⁻¹H`` most lie near one, and the soft or negative ones,
which number few, are found first.  Their signs are those of ``H`` (Sylvester's law of inertia).

References
----------
.. [1] B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, chapters 13 and 15.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Furthest that an atom is displaced for a Hessian-vector product, Å.  Forces of 1e-3 eV/Å, the
#: noise of a solvent's surface grid, then blur curvatures by less than 0.005 eV/Å².
DISPLACEMENT = 0.05
#: Curvature added to every direction of the model Hessian, eV/Å².
_SOFTEST = 0.01
#: Ritz values, relative to the model: above the first (less the residual) no soft mode is left to
#: find; below the second a descent is proven.
_SURELY_STIFF, _SURELY_NEGATIVE = 0.05, -0.02
#: Size of a residual, relative to the model, that counts as none.
_EXACT = 1e-6
#: Residual below which the iteration ends, and iterations before a mode may count as stiff.
_SETTLED, _LEAST = 0.04, 4


@dataclass(frozen=True, eq=False)
class SoftMode:
    """The softest direction found.

    Attributes
    ----------
    curvature
        Second derivative of the energy along `mode`, eV/Å².
    mode
        Unit vector, shape (N, 3), without translation or rotation.
    relative
        Curvature over that of the model Hessian.
    residual
        About how far `relative` still is above its lowest value.
    gradients
        Gradients that it took.
    """

    curvature: float
    mode: Floats
    relative: float
    residual: float
    gradients: int


def lowest_curvature(
    gradient_at: Callable[[Floats], Floats],
    positions: Floats,
    gradient: Floats,
    model: Floats,
    max_gradients: int = 12,
) -> SoftMode | None:
    """Softest mode of the Hessian, by Lanczos iteration on differences of gradients.

    Parameters
    ----------
    gradient_at
        From positions (Å) to the gradient (eV/Å), length 3N.
    positions
        A stationary point, Å, shape (N, 3).
    gradient
        Gradient there, eV/Å, length 3N.
    model
        Model Hessian, eV/Å², shape (3N, 3N), positive semidefinite.
    max_gradients
        At most so many calls of `gradient_at`; fewer where the softest mode is surely stiff or
        proven negative before.

    Returns
    -------
    SoftMode or None
        None for a molecule without internal motion, or without a gradient to spend.
    """
    rigid = rigid_motions(positions)
    if rigid.shape[0] == rigid.shape[1]:
        return None
    values, modes = _internal_modes(model, rigid)
    # The start holds every mode, the softest most; in the metric of the model, lengths are Euclid's
    signs = np.random.default_rng(0).choice([-1.0, 1.0], size=len(values))
    vector = signs / np.sqrt(values)
    basis, products = np.empty((0, len(values))), np.empty((0, len(values)))
    found: SoftMode | None = None
    while len(basis) < max_gradients:
        vector = _orthonormal(vector, basis)
        direction = modes @ (vector / np.sqrt(values))
        scale = DISPLACEMENT / np.linalg.norm(direction.reshape(-1, 3), axis=1).max()
        there = gradient_at(positions + scale * direction.reshape(-1, 3))
        product = modes.T @ (there - gradient) / scale / np.sqrt(values)
        basis, products = np.vstack([basis, vector]), np.vstack([products, product])
        projected = basis @ products.T
        ritz, rotations = np.linalg.eigh(0.5 * (projected + projected.T))
        lowest = rotations[:, 0] @ basis
        vector = rotations[:, 0] @ products - ritz[0] * lowest
        mode = modes @ (lowest / np.sqrt(values))
        length = float(np.linalg.norm(mode))
        residual = float(np.linalg.norm(vector))
        found = SoftMode(
            float(ritz[0]) / length**2,
            (mode / length).reshape(-1, 3),
            float(ritz[0]),
            residual,
            len(basis),
        )
        complete = len(basis) == len(values) or residual < _EXACT
        stiff = ritz[0] - residual > _SURELY_STIFF and len(basis) >= _LEAST
        if complete or stiff or residual < _SETTLED or ritz[0] < _SURELY_NEGATIVE:
            break
    return found


def rigid_motions(positions: Floats) -> Floats:
    """Orthonormal translations and rotations of a molecule, shape (3N, 6); 5 when linear."""
    centred = positions - positions.mean(axis=0)
    axes = np.eye(3)
    moves = [np.broadcast_to(axis, centred.shape) for axis in axes]
    moves += [np.cross(axis, centred) for axis in axes]
    left, sizes, _ = np.linalg.svd(np.array(moves).reshape(6, -1).T, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-6 * sizes[0]])


def _internal_modes(model: Floats, rigid: Floats) -> tuple[Floats, Floats]:
    """Curvatures and modes of the model Hessian in the space without rigid motion."""
    internal = np.linalg.svd(rigid, full_matrices=True)[0][:, rigid.shape[1] :]
    values, modes = np.linalg.eigh(internal.T @ model @ internal)
    return np.maximum(values, 0.0) + _SOFTEST, internal @ modes


def _orthonormal(vector: Floats, basis: Floats) -> Floats:
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector / float(np.linalg.norm(vector))
