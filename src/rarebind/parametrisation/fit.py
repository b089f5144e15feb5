"""Regularised least squares: GFN2's numbers of the rare earths from reference data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.parametrisation.evaluator import Evaluated, Evaluator
from rarebind.parametrisation.settings import Weights
from rarebind.parametrisation.targets import Targets
from rarebind.parametrisation.unknowns import Unknowns

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
_MOST_STEPS = 30


@dataclass(frozen=True, eq=False)
class Problem:
    """Residuals and their derivatives, in standard deviations.

    The vector of unknowns has the coefficients of :class:`Unknowns` first, then a constant of each
    ligand in prior standard deviations.  Rows: wrenches of every geometry, energies, the prior.
    """

    targets: Targets
    unknowns: Unknowns
    weights: Weights

    @property
    def size(self) -> int:
        """Number of unknowns."""
        return len(self.unknowns) + len(self.targets.names)

    def split(self, vector: Floats) -> tuple[Floats, Floats]:
        """Coefficients, and constants of ligands in eV."""
        count = len(self.unknowns)
        return vector[:count], vector[count:] * self.weights.ligand

    def residuals(self, vector: Floats, evaluated: Sequence[Evaluated]) -> Floats:
        """Shape (rows,); not finite where a calculation failed."""
        _, constants = self.split(vector)
        parts = [
            ((one.wrenches - reference) / tolerance).ravel()
            for one, (reference, tolerance) in zip(evaluated, self._wrenches(), strict=True)
        ]
        energies = self.targets.energies
        found = energies.matrix @ np.array([one.energy for one in evaluated])
        parts.append(
            (found - energies.references - energies.ligands @ constants) / energies.tolerances
        )
        return np.concatenate([*parts, vector])

    def jacobian(self, evaluated: Sequence[Evaluated]) -> Floats:
        """Derivatives of the residuals, (rows, unknowns)."""
        geometries, energies = self.targets.geometries, self.targets.energies
        maps = {g.metal: self.unknowns.shifts(g.metal) for g in geometries}
        blocks = [
            (one.wrench_slopes / tolerance).reshape(len(one.wrench_slopes), -1).T @ maps[g.metal]
            for g, one, (_, tolerance) in zip(geometries, evaluated, self._wrenches(), strict=True)
        ]
        slopes = np.array(
            [
                one.energy_slopes @ maps[g.metal]
                for g, one in zip(geometries, evaluated, strict=True)
            ]
        )
        blocks.append(energies.matrix @ slopes / energies.tolerances[:, None])
        own = np.concatenate(blocks)
        constants = np.zeros((len(own), len(self.targets.names)))
        constants[len(own) - len(energies.matrix) :] = (
            -energies.ligands * self.weights.ligand / energies.tolerances[:, None]
        )
        return np.concatenate([np.hstack([own, constants]), np.eye(self.size)])

    def rows_of(self, chosen: Sequence[bool]) -> Rows:
        """Rows about the chosen geometries, an energy being about its first, and the prior's."""
        flags = np.asarray(chosen, dtype=bool)
        wrenches = [
            np.full(6 * len(geometry.ligands), flag)
            for geometry, flag in zip(self.targets.geometries, flags, strict=True)
        ]
        prior = np.ones(self.size, dtype=bool)
        return np.concatenate([*wrenches, flags[self.targets.energies.of], prior])

    def _wrenches(self) -> list[tuple[Floats, Floats]]:
        """Reference and tolerance of every geometry's, (ligands, 6) each."""
        found = []
        for geometry in self.targets.geometries:
            reference = geometry.wrenches(geometry.reference.forces, self.weights.arm)
            tolerance = np.concatenate(
                [
                    self.weights.force.of(reference[:, :3]),
                    self.weights.torque.of(reference[:, 3:]),
                ],
                axis=1,
            )
            found.append((reference, tolerance))
        return found


@dataclass(frozen=True, eq=False)
class Fit:
    """A solution.

    Attributes
    ----------
    vector
        Unknowns, as :class:`Problem` orders them.
    evaluated
        Every geometry there, with derivatives.
    costs
        Half the sum of squares at the start and after every step that lowered it.
    """

    vector: Floats
    evaluated: tuple[Evaluated, ...]
    costs: tuple[float, ...]


def fit(
    problem: Problem,
    evaluator: Evaluator,
    start: Floats | None = None,
    tolerance: float = 3e-3,
    on_step: Callable[[str], object] = lambda _: None,
) -> Fit:
    """Minimise the sum of squares of the residuals (SciPy's trust-region reflective method).

    Parameters
    ----------
    start
        Coefficients to begin with; by default GFN2's, with La's numbers on the line of the other
        lanthanides.
    tolerance
        Part by which a last step still lowers the cost.
    on_step
        Told the cost after every step.
    """
    from scipy.optimize import least_squares

    costs: list[float] = []
    evaluated: list[Evaluated] = []

    def residuals(vector: Floats) -> Floats:
        found = evaluator(problem.split(vector)[0], slopes=False)
        return problem.residuals(vector, found)

    def jacobian(vector: Floats) -> Floats:
        nonlocal evaluated
        evaluated = evaluator(problem.split(vector)[0], slopes=True)
        costs.append(float(0.5 * np.sum(problem.residuals(vector, evaluated) ** 2)))
        on_step(f"step {len(costs) - 1}: half the sum of squares {costs[-1]:.1f}")
        return problem.jacobian(evaluated)

    first = np.zeros(problem.size)
    if start is not None:
        first[: len(start)] = start
    solution = least_squares(
        residuals, first, jacobian, method="trf",
        ftol=tolerance, xtol=1e-3, gtol=1e-3, max_nfev=_MOST_STEPS,
    )  # fmt: skip
    vector = np.asarray(solution.x)
    return Fit(vector, tuple(evaluated), (*costs, float(solution.cost)))
