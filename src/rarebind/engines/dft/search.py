"""The self-consistent field of lowest energy that several guesses lead to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rarebind.engines.dft.ladder import Solution, climb, energy_of
from rarebind.engines.dft.meanfield import SEARCH_GRID, set_grid
from rarebind.engines.dft.ways_down import Disturb, Faults, descend, hopped, nudged
from rarebind.errors import CalculationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


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
        lowest = min(solutions, key=energy_of)
        raise CalculationError(
            f"none of {len(solutions)} states found is that of M3+; the lowest has "
            f"{'; '.join(lowest.faults)}"
        )
    ways_down: list[Callable[..., list[Solution]]] = []
    if disturb is not None:
        ways_down += [partial(hopped, disturb, hops), partial(nudged, disturb)]
    if stability:
        ways_down.append(descend)
    for way_down in ways_down:
        lower = way_down(mean_field, min(right, key=energy_of), faults)
        solutions += lower
        right += [solution for solution in lower if not solution.faults]
    return Found(min(right, key=energy_of), tuple(solutions), attempts, cycles)
