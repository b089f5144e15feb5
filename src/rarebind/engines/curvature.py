"""The energy around a geometry: the quadratic model of a minimiser, and the true softest mode.

Small forces do not make a minimum: they vanish on a saddle too, and on the long, flat shoulders of
large complexes, whose softest directions curve up to a hundred times less than a model Hessian
believes.  The Lanczos iteration [1]_ finds such a direction from Hessian-vector products, each
the difference of two gradients, without the Hessian itself.  It runs in the metric of a model
Hessian ``M``: of the eigenvalues of ``M⁻¹H`` most lie near one, and the soft or negative ones,
which number few, are found first.  Their signs are those of ``H`` (Sylvester's law of inertia).

References
----------
.. [1] B. N. Parlett, The Symmetric Eigenvalue Problem, SIAM 1998, chapters 13 and 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.engines.model_hessian import model_hessian

Floats = NDArray[np.float64]

#: Curvature added to every direction of the model Hessian, eV/Å²: for steps, where too soft a
#: model goes too far, and for the metric of the Lanczos iteration.
_DESCENT_SOFTEST, _SOFTEST = 0.05, 0.01
#: Gradients for the softest mode at most.
LANCZOS_STEPS = 12
#: Furthest that an atom is displaced for a Hessian-vector product, Å.  Forces of 1e-3 eV/Å, the
#: noise of a solvent's surface grid, then blur curvatures by less than 0.005 eV/Å².
_DISPLACEMENT = 0.05
#: After so many gradients, no soft mode is left to find when the lowest Ritz value relative to the
#: model, less its residual, is above this.
_SURELY_STIFF = ((8, 0.02), (4, 0.05))
#: Internal motions up to which neither ends the iteration, but a mode that is well known, the
#: residual a fraction of its Ritz value: gradients of small molecules are cheap.
_FEW_MOTIONS, _KNOWN = 30, 0.3
#: Below this Ritz value a way down is proven.
_SURELY_NEGATIVE = -0.02
#: A residual, relative to the model, at which nothing is left to find.
_SETTLED = 0.03


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
        How far `relative` is from an eigenvalue of the Hessian relative to the model, at most.
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
    max_gradients: int = LANCZOS_STEPS,
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
        The lowest Ritz pair, an upper bound of the lowest curvature relative to the model.  None
        for a molecule without internal motion, or without a gradient to spend.
    """
    values, modes = _internal_modes(positions, model)
    scaled = modes / np.sqrt(values)  # In these coordinates the model Hessian is the identity.
    # The start holds every mode, the softest most.
    vector = np.random.default_rng(0).choice([-1.0, 1.0], size=len(values)) / np.sqrt(values)
    basis, products = np.empty((0, len(values))), np.empty((0, len(values)))
    found: SoftMode | None = None
    patient = len(values) <= _FEW_MOTIONS
    while len(basis) < min(max_gradients, len(values)) and not _settled(found, patient=patient):
        vector = _orthonormal(vector, basis)
        step = (scaled @ vector).reshape(-1, 3)
        step *= _DISPLACEMENT / np.linalg.norm(step, axis=1).max()
        length = np.linalg.norm(step) / np.linalg.norm(scaled @ vector)
        product = scaled.T @ (gradient_at(positions + step) - gradient) / length
        basis, products = np.vstack([basis, vector]), np.vstack([products, product])
        found, vector = _lowest_ritz_pair(scaled, basis, products)
    return found


def _lowest_ritz_pair(scaled: Floats, basis: Floats, products: Floats) -> tuple[SoftMode, Floats]:
    """Softest mode in the space of `basis`, and its residual: the direction to look next."""
    projected = basis @ products.T
    ritz, rotations = np.linalg.eigh(0.5 * (projected + projected.T))
    lowest = rotations[:, 0] @ basis
    residual = rotations[:, 0] @ products - ritz[0] * lowest
    mode = scaled @ lowest
    length = float(np.linalg.norm(mode))
    soft = SoftMode(
        curvature=float(ritz[0]) / length**2,
        mode=(mode / length).reshape(-1, 3),
        relative=float(ritz[0]),
        residual=float(np.linalg.norm(residual)),
        gradients=len(basis),
    )
    return soft, residual


def _settled(found: SoftMode | None, *, patient: bool) -> bool:
    if found is None:
        return False
    if patient:
        return found.residual < max(_SETTLED, -_KNOWN * found.relative)
    lowest = found.relative - found.residual
    stiff = any(found.gradients >= count and lowest > limit for count, limit in _SURELY_STIFF)
    return stiff or found.relative < _SURELY_NEGATIVE or found.residual < _SETTLED


def _internal_modes(positions: Floats, model: Floats) -> tuple[Floats, Floats]:
    """Curvatures and modes of the model Hessian in the space without rigid motion."""
    rigid = rigid_motions(positions)
    internal = np.linalg.svd(rigid, full_matrices=True)[0][:, rigid.shape[1] :]
    values, modes = np.linalg.eigh(internal.T @ model @ internal)
    return np.maximum(values, 0.0) + _SOFTEST, internal @ modes


def _orthonormal(vector: Floats, basis: Floats) -> Floats:
    for _ in range(2):
        vector = vector - basis.T @ (basis @ vector)
    return vector / float(np.linalg.norm(vector))


class QuadraticModel:
    """The energy around a geometry as gradient and model Hessian tell it, without rigid motion.

    Parameters
    ----------
    symbols, positions
        Elements, length N, and geometry, Å, shape (N, 3).
    gradient
        Gradient there, eV/Å, length 3N.
    steps
        Steps taken (Å) and the changes of gradient over them (eV/Å), each of length 3N, oldest
        first: the model Hessian is made to agree with them.
    """

    def __init__(
        self,
        symbols: Sequence[str],
        positions: Floats,
        gradient: Floats,
        steps: Iterable[tuple[Floats, Floats]] = (),
    ) -> None:
        hessian = model_hessian(symbols, positions)
        hessian[np.diag_indices_from(hessian)] += _DESCENT_SOFTEST
        for step, change in steps:
            hessian = _bfgs(hessian, step, change)
        rigid = rigid_motions(positions)
        hessian -= rigid @ (rigid.T @ hessian)
        hessian -= (hessian @ rigid) @ rigid.T
        stiff = 1e4
        hessian += stiff * rigid @ rigid.T
        values, self._modes = np.linalg.eigh(0.5 * (hessian + hessian.T))
        self._curvatures = np.maximum(values, 1e-3)
        internal = gradient - rigid @ (rigid.T @ gradient)
        #: Largest force on an atom, eV/Å.  The solvent's surface grid puts a small torque on a
        #: relaxed molecule, which no step follows: it does not count.
        self.fmax = float(np.linalg.norm(internal.reshape(-1, 3), axis=1).max())
        self._gradient = self._modes.T @ internal

    @property
    def remaining_energy(self) -> float:
        """Energy between here and the minimum of the model, eV."""
        return float(0.5 * np.sum(self._gradient**2 / self._curvatures))

    def step(self, radius: float) -> tuple[Floats, float]:
        """Step (N, 3) to the lowest energy with no atom moving further than `radius`, in Å.

        Also returns the change of energy that the model predicts, in eV.
        """
        low, high = 0.0, 0.0
        step, furthest = self._shifted(0.0)
        while furthest > radius:
            low, high = high, max(4.0 * high, 0.1)
            step, furthest = self._shifted(high)
        while high - low > 0.05 * high:
            middle = 0.5 * (low + high)
            trial, furthest = self._shifted(middle)
            if furthest > radius:
                low = middle
            else:
                step, high = trial, middle
        along = -self._gradient / (self._curvatures + high)
        predicted = np.sum(self._gradient * along + 0.5 * self._curvatures * along**2)
        return step, float(predicted)

    def _shifted(self, shift: float) -> tuple[Floats, float]:
        along = -self._gradient / (self._curvatures + shift)
        step = (self._modes @ along).reshape(-1, 3)
        return step, float(np.linalg.norm(step, axis=1).max())


def _bfgs(hessian: Floats, step: Floats, change: Floats) -> Floats:
    """BFGS update with Powell's damping, which keeps the Hessian positive definite."""
    expected = hessian @ step
    model = float(step @ expected)
    seen = float(step @ change)
    if seen < 0.1 * model:
        part = 0.9 * model / (model - seen)
        change = part * change + (1.0 - part) * expected
        seen = float(step @ change)
    return hessian - np.outer(expected, expected / model) + np.outer(change, change / seen)


def rigid_motions(positions: Floats) -> Floats:
    """Orthonormal translations and rotations of a molecule, shape (3N, 6); 5 when linear."""
    centred = positions - positions.mean(axis=0)
    axes = np.eye(3)
    moves = [np.broadcast_to(axis, centred.shape) for axis in axes]
    moves += [np.cross(axis, centred) for axis in axes]
    left, sizes, _ = np.linalg.svd(np.array(moves).reshape(6, -1).T, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-6 * sizes[0]])
