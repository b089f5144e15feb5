"""From the solutions of a search to the one that is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rarebind.engines.dft.ladder import LOOSE, Solution, diis, energy_of, second_order
from rarebind.engines.dft.meanfield import FINAL_GRID, TIGHT, set_grid
from rarebind.engines.dft.search import Found
from rarebind.engines.dft.ways_down import SAME, Faults
from rarebind.errors import CalculationError

#: Eh by which energies on the grid of the search may err; how many are compared on the final one.
_GRID_ERROR, _COMPARED = 5e-4, 4
#: How far a solution is refined: as the search found it; converged but for the fitted solvent;
#: converged.
STAGES = FOUND, NEARLY, CONVERGED = "found", "nearly", "converged"


def lowest_on_final_grid(mean_field: Any, found: Found, faults: Faults) -> Solution:
    """The lowest, on the final grid, of the solutions that the search's cannot tell apart.

    A coarse grid integrates states of an open 4f shell, which point in different directions,
    with different errors.

    Parameters
    ----------
    mean_field
        Its grid is left on the final one.
    found
        Of :func:`search`.
    faults
        As there.

    Returns
    -------
    Solution
        With its energy on the grid on which it was compared: the search's where it stands alone.
    """
    near: list[Solution] = []
    for solution in sorted((s for s in found.solutions if not s.faults), key=energy_of):
        apart = not near or solution.energy > near[-1].energy + SAME
        if apart and solution.energy < found.best.energy + _GRID_ERROR:
            near.append(solution)
    if len(near) == 1:
        return found.best
    set_grid(mean_field, FINAL_GRID)
    mean_field.conv_tol = LOOSE
    compared: list[Solution] = []
    for solution in near[:_COMPARED]:
        again = diis(mean_field, mean_field.make_rdm1(solution.coefficients, solution.occupations))
        if again is not None and not faults(mean_field):
            compared.append(again)
    return min(compared, key=energy_of, default=found.best)


def refine(
    mean_field: Any,
    solution: Solution,
    stage: str = FOUND,
    on_stage: Callable[[str, Solution], None] = lambda *_: None,
) -> Solution:
    """`solution` converged tightly on the final grid, in a solvent that is no longer fitted.

    Parameters
    ----------
    mean_field
        Has the refined state afterwards.
    stage
        How far `solution` was refined before, one of :data:`STAGES`.
    on_stage
        Told the stages that are reached, and with what.

    Raises
    ------
    CalculationError
        It does not converge.
    """
    set_grid(mean_field, FINAL_GRID)
    if stage == FOUND:
        solution = _tight(mean_field, solution, LOOSE)
        on_stage(NEARLY, solution)
    solvent = getattr(mean_field, "with_solvent", None)
    if solvent is not None and getattr(solvent, "fitted", False):
        solvent.fitted = False
    if stage == CONVERGED:
        return _reopened(mean_field, solution)
    solution = _tight(mean_field, solution, TIGHT)
    on_stage(CONVERGED, solution)
    return solution


def _reopened(mean_field: Any, solution: Solution) -> Solution:
    """Bring the mean field into the state that it had when it converged to `solution`."""
    mean_field.mo_coeff, mean_field.mo_occ = solution.coefficients, solution.occupations
    mean_field.mo_energy, mean_field.e_tot = solution.orbital_energies, solution.energy
    mean_field.converged = True
    solvent = getattr(mean_field, "with_solvent", None)
    if solvent is not None:
        mean_field.scf_summary["e_cds"] = np.ravel(solvent.get_cds())[0]
    return solution


def _tight(mean_field: Any, solution: Solution, threshold: float) -> Solution:
    mean_field.conv_tol = threshold
    density = mean_field.make_rdm1(solution.coefficients, solution.occupations)
    for rung in (diis, second_order):
        refined = rung(mean_field, density)
        if refined is not None:
            return refined
    raise CalculationError("the self-consistent field does not converge on the final grid")
