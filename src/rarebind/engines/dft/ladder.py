"""Self-consistent fields: what is asked when DIIS does not converge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Energy threshold in Eh while solutions are sought.
LOOSE = 1e-6


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


def energy_of(solution: Solution) -> float:
    """For sorting."""
    return solution.energy


def climb(mean_field: Any, guess: Floats, *, rungs: int | None = None) -> Solution | None:
    """The solution that the first successful algorithm finds from `guess`, or None.

    Parameters
    ----------
    rungs
        How many of them are tried, the cheapest first: DIIS, level shifts, second order.  Default:
        all.
    """
    mean_field.conv_tol = LOOSE
    for rung in (diis, shifted, second_order)[:rungs]:
        solution = rung(mean_field, guess)
        if solution is not None:
            return solution
    return None


def diis(mean_field: Any, guess: Floats) -> Solution | None:
    """Without level shift and damping."""
    mean_field.max_cycle, mean_field.level_shift = 60, 0.0
    mean_field.damp, mean_field.diis_start_cycle = 0.0, 1
    mean_field.kernel(dm0=guess)
    return _solution(mean_field)


def shifted(mean_field: Any, guess: Floats) -> Solution | None:
    """With a level shift and damping to calm it, then once more without: a shift hides saddles."""
    _calm(mean_field, guess, cycles=100)
    return diis(mean_field, mean_field.make_rdm1())


def second_order(mean_field: Any, guess: Floats) -> Solution | None:
    """From where some calmed iterations of DIIS lead."""
    _calm(mean_field, guess, cycles=20)
    return newton(mean_field, mean_field.mo_coeff, mean_field.mo_occ)


def _calm(mean_field: Any, guess: Floats, cycles: int) -> None:
    mean_field.max_cycle, mean_field.level_shift = cycles, 0.3
    # PySCF damps only before DIIS sets in.
    mean_field.damp, mean_field.diis_start_cycle = 0.3, 8
    mean_field.kernel(dm0=guess)


def newton(mean_field: Any, coefficients: Floats, occupations: Floats) -> Solution | None:
    """By the second-order algorithm, from orbitals."""
    mean_field.level_shift = 0.0
    solver = mean_field.newton()
    solver.max_cycle = 40
    solver.conv_tol = mean_field.conv_tol
    solver.callback = mean_field.callback
    solver.kernel(coefficients, occupations)
    for name in ("mo_coeff", "mo_occ", "mo_energy", "e_tot", "converged"):
        setattr(mean_field, name, getattr(solver, name))
    return _solution(mean_field)


def _solution(mean_field: Any) -> Solution | None:
    if not mean_field.converged or not np.isfinite(mean_field.e_tot):
        return None
    return Solution(
        float(mean_field.e_tot),
        np.array(mean_field.mo_coeff),
        np.array(mean_field.mo_occ),
        np.array(mean_field.mo_energy),
    )
