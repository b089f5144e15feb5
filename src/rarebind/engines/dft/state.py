"""Whether a determinant is the state of an M3+ ion that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft.ion import Ion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Largest error of the 4f population: half of the electron between two charges of the ion.  Lone
#: pairs of ligands reach into empty 4f orbitals, the farthest into those of Ce3+.
F_TOLERANCE = 0.5
#: Largest error of the unpaired 4f electrons.  Of a pair that reaches into the shell it sees
#: nothing, of an electron that has come or gone a whole one.
F_SPIN_TOLERANCE = 0.2
#: Largest ⟨S²⟩ − S(S + 1).  Of one ligand electron unpaired against the ion's spin comes 1; the
#: free ions have 0.006 or less.
CONTAMINATION = 0.03


@dataclass(frozen=True)
class State:
    """What a determinant looks like.

    Attributes
    ----------
    s_squared, expected_s_squared
        ⟨S²⟩, and S(S + 1) of the pure spin state.
    f_electrons, expected_f_electrons
        Electrons in the 4f orbitals of the free ion; None without explicit ones.
    f_spin, expected_f_spin
        How many more of them have spin α than β.
    metal_spin
        Unpaired electrons on the metal by Löwdin's analysis; None without a metal.
    """

    s_squared: float
    expected_s_squared: float
    f_electrons: float | None = None
    expected_f_electrons: int | None = None
    metal_spin: float | None = None
    f_spin: float | None = None
    expected_f_spin: int | None = None

    def faults(self) -> list[str]:
        """Why it is not the state asked for; empty if it is."""
        found = []
        if (
            self.f_electrons is not None
            and self.expected_f_electrons is not None
            and abs(self.f_electrons - self.expected_f_electrons) > F_TOLERANCE
        ):
            found.append(
                f"{self.f_electrons:.2f} electrons in the 4f shell instead of "
                f"{self.expected_f_electrons} (at most {F_TOLERANCE} off)"
            )
        if (
            self.f_spin is not None
            and self.expected_f_spin is not None
            and abs(self.f_spin - self.expected_f_spin) > F_SPIN_TOLERANCE
        ):
            found.append(
                f"{self.f_spin:.2f} unpaired electrons in the 4f shell instead of "
                f"{self.expected_f_spin} (at most {F_SPIN_TOLERANCE} off)"
            )
        if self.s_squared - self.expected_s_squared > CONTAMINATION:
            found.append(
                f"spin contamination: <S2> = {self.s_squared:.3f} instead of "
                f"{self.expected_s_squared:.3f} (at most {CONTAMINATION} more)"
            )
        return found


def analyse(mean_field: Any, metal: int | None, ion: Ion | None) -> State:
    """Look at the converged orbitals of `mean_field`.

    Parameters
    ----------
    mean_field
        Converged.
    metal
        Index of the rare-earth atom, if there is one.
    ion
        The free ion, where its 4f shell is explicit.
    """
    mol = mean_field.mol
    spin = mol.spin / 2.0
    s_squared = float(mean_field.spin_square()[0]) if mol.spin else 0.0
    expected = spin * (spin + 1.0)
    if metal is None:
        return State(s_squared, expected)
    density = np.asarray(mean_field.make_rdm1())
    if density.ndim == 2:  # noqa: PLR2004
        density = np.array([density, density]) / 2.0
    overlap = mean_field.get_ovlp()
    _, _, first, last = mol.aoslice_by_atom()[metal]
    root = _square_root(overlap)
    populations = [np.diag(root @ part @ root)[first:last].sum() for part in density]
    metal_spin = float(populations[0] - populations[1])
    if ion is None:
        return State(s_squared, expected, metal_spin=metal_spin)
    shell = np.zeros((mol.nao, ion.orbitals.shape[1]))
    shell[first:last] = ion.orbitals
    acting = overlap @ shell
    of_spin = [float(np.trace(acting.T @ part @ acting)) for part in density]
    return State(
        s_squared,
        expected,
        sum(of_spin),
        ion.alpha + ion.beta,
        metal_spin,
        of_spin[0] - of_spin[1],
        ion.alpha - ion.beta,
    )


def _square_root(overlap: Floats) -> Floats:
    values, vectors = np.linalg.eigh(overlap)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)
