"""What a fit is worth for donors that it has not seen: one class of them left out at a time."""

from __future__ import annotations

import numpy as np

from rarebind.campaigns.reference.building import WATER
from rarebind.parametrisation.evaluator import Evaluator
from rarebind.parametrisation.fit import Fit, Problem

#: Steps of a fit without a class, from the whole one, and the least part of one that is tried.
_STEPS, _LEAST = 4, 0.1


def classes(problem: Problem) -> list[str]:
    """Classes of donors that can be left out: all but water, which energies refer to."""
    return sorted(
        {
            geometry.reference.donors
            for geometry in problem.targets.geometries
            if set(geometry.reference.fragments) != {WATER}
        }
    )


def leave_out(problem: Problem, whole: Fit, evaluator: Evaluator, donors: str) -> Fit:
    """The fit that knows nothing of one class of donors.

    Gauss-Newton steps from the whole fit, with that one's derivatives; a step that does not lower
    the cost is halved.

    Returns
    -------
    Fit
        With every geometry evaluated, those left out among them, and without derivatives.
    """
    kept = problem.rows_of([g.reference.donors != donors for g in problem.targets.geometries])
    jacobian = problem.jacobian(whole.evaluated)[kept]
    vector, evaluated = whole.vector, whole.evaluated
    residuals = problem.residuals(vector, evaluated)[kept]
    costs = [float(residuals @ residuals) / 2]
    for _ in range(_STEPS):
        step = -np.linalg.lstsq(jacobian, residuals, rcond=None)[0]
        part = 1.0
        while part > _LEAST:
            tried = evaluator(problem.split(vector + part * step)[0], slopes=False)
            errors = problem.residuals(vector + part * step, tried)[kept]
            if (cost := float(errors @ errors) / 2) < costs[-1]:
                break
            part /= 2
        else:
            break
        vector, evaluated, residuals = vector + part * step, tuple(tried), errors
        costs.append(cost)
    return Fit(vector, tuple(evaluated), tuple(costs))
