"""What is known of a self-consistent field beside its energy."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.io.codec import UnlessNone


@dataclass(frozen=True)
class SCFReport:
    """Of what kind a converged wave function is, how it was found, what its energy is made of.

    Every field is None where the engine does not tell.

    Attributes
    ----------
    basis_functions
        Number of contracted basis functions.
    s_squared
        ⟨S²⟩ of the determinant; S(S + 1) without spin contamination.
    f_electrons
        4f population of the rare-earth ion.
    metal_spin
        Unpaired electrons on the rare-earth ion.
    attempts, converged_attempts
        Guesses from which a solution was sought, and those that led to one.
    spread
        Highest less lowest energy of the solutions found, eV.
    cycles
        Iterations, over all attempts.
    dispersion, cavity
        Parts of the total energy in eV: the dispersion correction, and the non-electrostatic
        part (cavity, dispersion, structure) of the solvation model.
    memory
        Estimate of the memory needed, in MB.
    """

    basis_functions: UnlessNone[int] = None
    s_squared: UnlessNone[float] = None
    f_electrons: UnlessNone[float] = None
    metal_spin: UnlessNone[float] = None
    attempts: UnlessNone[int] = None
    converged_attempts: UnlessNone[int] = None
    spread: UnlessNone[float] = None
    cycles: UnlessNone[int] = None
    dispersion: UnlessNone[float] = None
    cavity: UnlessNone[float] = None
    memory: UnlessNone[float] = None
