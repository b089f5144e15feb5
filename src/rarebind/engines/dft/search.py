"""The self-consistent field of lowest energy, by a ladder of algorithms from several guesses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft.meanfield import FINAL_GRID, SEARCH_GRID, TIGHT, set_grid
from rarebind.errors import CalculationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Of a converged mean field: why it is not the state asked for.
Faults = Callable[[Any], list[str]]
#: Of orbital coefficients and a size in radians: ones at random angles of that size.
Disturb = Callable[["Floats", float], "Floats"]

#: Energy threshold in Eh of the search, and of the difference between two states.
_LOOSE, _SAME = 1e-6, 1e-5
#: Eh by which energies on the grid of the search may err; how many are compared on the final one.
_GRID_ERROR, _COMPARED = 5e-4, 4
#: How far a solution is refined: as the search found it; converged but for the fitted solvent;
#: converged.
STAGES = FOUND, NEARLY, CONVERGED = "found", "nearly", "converged"
#: Residual of the lowest eigenvector of the stability matrix.
_STABILITY = 1e-4
#: Instabilities followed from one solution at most, and disturbances of it.
_DESCENTS = _DISTURBANCES = 3
#: Angles, in radians, of a hop into a neighbouring basin, and of a disturbance within one.
_HOP, _NUDGE = 0.2, 0.1


@dataclass(frozen=True)
class Solution:
    """A converged determinant.

    Attributes
    ----------
    energy
        Total energy in Eh on the grid of the search, dispersion left out.
    coefficients, occupations, orbital_energies
        Orbitals as PySCF keeps them.
    faults
        Why it is not the state asked for; empty if it is.
    """

    energy: float
    coefficients: Floats
    occupations: Floats
    orbital_energies: Floats
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The outcome of a search.

    Attributes
    ----------
    best
        The lowest solution without fault.
    solutions
        All of them, faulty ones too.
    attempts, cycles
        Guesses tried, and iterations spent on them.
    """

    best: Solution
    solutions: tuple[Solution, ...]
    attempts: int
    cycles: int


def search(
    mean_field: Any,
    guesses: Iterable[Floats],
    faults: Faults,
    *,
    stability: bool,
    disturb: Disturb | None = None,
    hops: int = 0,
    patient: bool = True,
) -> Found:
    """The lowest solution of the right kind that `guesses` lead to.

    Each guess climbs a ladder until something converges: DIIS; DIIS with a level shift and
    damping; the second-order algorithm.  From the lowest there are `hops`: it is disturbed and
    converged again by DIIS, over and over, always from the lowest so far, as low states of an open
    shell lie close to each other.  The last is disturbed a little and converged by second order, as
    long as that leads lower: turning one filling of an open shell into another hardly costs energy,
    and where DIIS gets slow on the way it takes it for the end.  With `stability`, the internal
    stability of the lowest is analysed and a downward direction followed.

    Lowest alone is not enough: determinants in which an electron has left the 4f shell, or a
    ligand has been oxidised, can be lower than any state that the M3+ ion has.

    Parameters
    ----------
    mean_field
        Its grid is left on that of the search.
    guesses
        Density matrices.
    faults
        Tells why a converged mean field is not the state asked for.
    stability
        Worth its price for open shells; what is closed-shell seldom needs it.
    disturb
        Gives orbitals close to those it is given; None leaves the lowest in peace.
    hops
        How many, with `disturb`.
    patient
        Whether every guess climbs the whole ladder.  Else guesses after the first that led to a
        solution of the right kind have its first rung alone, so that in the same time there can be
        many more of them.

    Raises
    ------
    CalculationError
        No guess leads to a solution, or none of them is of the right kind.
    """
    cycles = 0

    def count(_: Any) -> None:
        nonlocal cycles
        cycles += 1

    mean_field.callback = count
    set_grid(mean_field, SEARCH_GRID)
    solutions: list[Solution] = []
    attempts = 0
    rungs = None
    for guess in guesses:
        attempts += 1
        solution = climb(mean_field, guess, rungs=rungs)
        if solution is None:
            continue
        solutions.append(replace(solution, faults=tuple(faults(mean_field))))
        if not (patient or solutions[-1].faults):
            rungs = 1
    if not solutions:
        raise CalculationError(
            f"the self-consistent field does not converge from any of {attempts} guesses"
        )
    right = [solution for solution in solutions if not solution.faults]
    if not right:
        lowest = min(solutions, key=_energy)
        raise CalculationError(
            f"none of {len(solutions)} states found is that of M3+; the lowest has "
            f"{'; '.join(lowest.faults)}"
        )
    ways_down: list[Callable[..., list[Solution]]] = []
    if disturb is not None:
        ways_down += [partial(_hopped, disturb, hops), partial(_nudged, disturb)]
    if stability:
        ways_down.append(_descend)
    for way_down in ways_down:
        lower = way_down(mean_field, min(right, key=_energy), faults)
        solutions += lower
        right += [solution for solution in lower if not solution.faults]
    return Found(min(right, key=_energy), tuple(solutions), attempts, cycles)


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
    for solution in sorted((s for s in found.solutions if not s.faults), key=_energy):
        apart = not near or solution.energy > near[-1].energy + _SAME
        if apart and solution.energy < found.best.energy + _GRID_ERROR:
            near.append(solution)
    if len(near) == 1:
        return found.best
    set_grid(mean_field, FINAL_GRID)
    mean_field.conv_tol = _LOOSE
    compared: list[Solution] = []
    for solution in near[:_COMPARED]:
        again = _plain(
            mean_field, mean_field.make_rdm1(solution.coefficients, solution.occupations)
        )
        if again is not None and not faults(mean_field):
            compared.append(again)
    return min(compared, key=_energy, default=found.best)


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
        solution = _tight(mean_field, solution, _LOOSE)
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
    for rung in (_plain, _second_order):
        refined = rung(mean_field, density)
        if refined is not None:
            return refined
    raise CalculationError("the self-consistent field does not converge on the final grid")


def climb(mean_field: Any, guess: Floats, *, rungs: int | None = None) -> Solution | None:
    """The solution that the first successful algorithm finds from `guess`, or None.

    Parameters
    ----------
    rungs
        How many of them are tried, the cheapest first: DIIS, level shifts, second order.  Default:
        all.
    """
    mean_field.conv_tol = _LOOSE
    for rung in (_plain, _shifted, _second_order)[:rungs]:
        solution = rung(mean_field, guess)
        if solution is not None:
            return solution
    return None


def _plain(mean_field: Any, guess: Floats) -> Solution | None:
    mean_field.max_cycle, mean_field.level_shift = 60, 0.0
    mean_field.damp, mean_field.diis_start_cycle = 0.0, 1
    mean_field.kernel(dm0=guess)
    return _solution(mean_field)


def _shifted(mean_field: Any, guess: Floats) -> Solution | None:
    """With a level shift and damping to calm it, then once more without: a shift hides saddles."""
    _calm(mean_field, guess, cycles=100)
    return _plain(mean_field, mean_field.make_rdm1())


def _second_order(mean_field: Any, guess: Floats) -> Solution | None:
    _calm(mean_field, guess, cycles=20)
    return _newton(mean_field, mean_field.mo_coeff, mean_field.mo_occ)


def _calm(mean_field: Any, guess: Floats, cycles: int) -> None:
    mean_field.max_cycle, mean_field.level_shift = cycles, 0.3
    # PySCF damps only before DIIS sets in.
    mean_field.damp, mean_field.diis_start_cycle = 0.3, 8
    mean_field.kernel(dm0=guess)


def _newton(mean_field: Any, coefficients: Floats, occupations: Floats) -> Solution | None:
    mean_field.level_shift = 0.0
    solver = mean_field.newton()
    solver.max_cycle = 40
    solver.conv_tol = mean_field.conv_tol
    solver.callback = mean_field.callback
    solver.kernel(coefficients, occupations)
    for name in ("mo_coeff", "mo_occ", "mo_energy", "e_tot", "converged"):
        setattr(mean_field, name, getattr(solver, name))
    return _solution(mean_field)


def _hopped(
    disturb: Disturb, hops: int, mean_field: Any, start: Solution, faults: Faults
) -> list[Solution]:
    """Solutions met on hopping from `start`, and from lower ones as they are met."""
    met: list[Solution] = []
    lowest = start
    for _ in range(hops):
        coefficients = disturb(lowest.coefficients, _HOP)
        guess = mean_field.make_rdm1(coefficients, lowest.occupations)
        solution = climb(mean_field, guess, rungs=1)
        if solution is None:
            continue
        solution = replace(solution, faults=tuple(faults(mean_field)))
        met.append(solution)
        if not solution.faults and solution.energy < lowest.energy:
            lowest = solution
    return met


def _nudged(disturb: Disturb, mean_field: Any, start: Solution, faults: Faults) -> list[Solution]:
    """Solutions met on nudging one after the other, each lower than the one before."""
    return _chain(
        mean_field,
        start,
        faults,
        _DISTURBANCES,
        lambda solution: disturb(solution.coefficients, _NUDGE),
    )


def _descend(mean_field: Any, start: Solution, faults: Faults) -> list[Solution]:
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
        lower = _newton(mean_field, coefficients, solution.occupations)
        if lower is None or lower.energy > solution.energy - _SAME:
            break
        solution = replace(lower, faults=tuple(faults(mean_field)))
        met.append(solution)
        if solution.faults:
            # What lies below a wrong state is no better.
            break
    return met


def _energy(solution: Solution) -> float:
    return solution.energy


def _solution(mean_field: Any) -> Solution | None:
    if not mean_field.converged or not np.isfinite(mean_field.e_tot):
        return None
    return Solution(
        float(mean_field.e_tot),
        np.array(mean_field.mo_coeff),
        np.array(mean_field.mo_occ),
        np.array(mean_field.mo_energy),
    )
