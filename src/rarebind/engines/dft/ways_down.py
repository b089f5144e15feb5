"""From one solution to lower ones: hops, disturbances, and the directions of instability."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft.ladder import Solution, climb, newton

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Of a converged mean field: why it is not the state asked for.
Faults = Callable[[Any], list[str]]
#: Of orbital coefficients and a size in radians: ones at random angles of that size.
Disturb = Callable[["Floats", float], "Floats"]

#: Difference in Eh between two states.
SAME = 1e-5
#: Residual of the lowest eigenvector of the stability matrix.
_STABILITY = 1e-4
#: Instabilities followed from one solution at most, and disturbances of it.
_DESCENTS = _DISTURBANCES = 3
#: Angles, in radians, of a hop into a neighbouring basin, and of a disturbance within one.
HOP, NUDGE = 0.2, 0.1


def hopped(
    disturb: Disturb, hops: int, mean_field: Any, start: Solution, faults: Faults
) -> list[Solution]:
    """Solutions met on hopping from `start`, and from lower ones as they are met."""
    met: list[Solution] = []
    lowest = start
    for _ in range(hops):
        coefficients = disturb(lowest.coefficients, HOP)
        guess = mean_field.make_rdm1(coefficients, lowest.occupations)
        solution = climb(mean_field, guess, rungs=1)
        if solution is None:
            continue
        solution = replace(solution, faults=tuple(faults(mean_field)))
        met.append(solution)
        if not solution.faults and solution.energy < lowest.energy:
            lowest = solution
    return met


def nudged(disturb: Disturb, mean_field: Any, start: Solution, faults: Faults) -> list[Solution]:
    """Solutions met on nudging one after the other, each lower than the one before."""
    return _chain(
        mean_field,
        start,
        faults,
        _DISTURBANCES,
        lambda solution: disturb(solution.coefficients, NUDGE),
    )


def descend(mean_field: Any, start: Solution, faults: Faults) -> list[Solution]:
    """Solutions met on following internal instabilities, each lower than the one before."""

    def downwards(solution: Solution) -> Floats | None:
        mean_field.mo_coeff, mean_field.mo_occ = solution.coefficients, solution.occupations
        coefficients, _, stable, _ = mean_field.stability(
            return_status=True, nroots=3, tol=_STABILITY
        )
        return None if stable else np.asarray(coefficients)

    return _chain(mean_field, start, faults, _DESCENTS, downwards)


def _chain(
    mean_field: Any,
    start: Solution,
    faults: Faults,
    number: int,
    leave: Callable[[Solution], Floats | None],
) -> list[Solution]:
    """Solutions that the second-order algorithm falls into from where `leave` leads each time."""
    met: list[Solution] = []
    solution = start
    for _ in range(number):
        coefficients = leave(solution)
        if coefficients is None:
            break
        lower = newton(mean_field, coefficients, solution.occupations)
        if lower is None or lower.energy > solution.energy - SAME:
            break
        solution = replace(lower, faults=tuple(faults(mean_field)))
        met.append(solution)
        if solution.faults:
            # What lies below a wrong state is no better.
            break
    return met
