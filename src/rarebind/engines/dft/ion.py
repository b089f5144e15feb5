"""The bare M3+ ion, which every guess for one of its complexes is built around."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import polar

from rarebind.elements import rare_earth
from rarebind.engines.dft.basis import BasisSets, basis_sets
from rarebind.engines.dft.meanfield import FUNCTIONALS, SEARCH_GRID, set_grid
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.level import LevelOfTheory
from rarebind.errors import CalculationError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

F_ORBITALS = 7
#: Filled s, p and d shells of xenon, the core of every Ln3+.
_XENON_SHELLS = (5, 4, 2)
_KINDS = "spdf"
_F = _KINDS.index("f")


@dataclass(frozen=True)
class Ion:
    """An M3+ ion in its own basis functions.

    Attributes
    ----------
    core
        Density of one spin of all electrons but the 4f ones, shape (functions, functions).
    orbitals
        The 4f orbitals, shape (functions, 7).
    alpha, beta
        Numbers of 4f electrons of either spin in the high-spin ground state.
    """

    core: Floats
    orbitals: Floats
    alpha: int
    beta: int

    @property
    def minority(self) -> int:
        """Electrons of the one spin whose shell is neither empty nor full, or 0 or 7."""
        return self.beta if self.alpha == F_ORBITALS else self.alpha

    @property
    def one_filling(self) -> bool:
        """Whether the 4f shell can be filled in one way only: empty, half-filled, full."""
        return self.minority in {0, F_ORBITALS}


@lru_cache(maxsize=32)
def spherical_ion(symbol: str, level: LevelOfTheory) -> Ion:
    """The gas-phase ion with as much of each spin in every 4f orbital.

    No orbital is preferred, so nothing breaks the symmetry of the sphere, and the iteration has
    none of the many near solutions of an open 4f shell to wander between.

    Raises
    ------
    CalculationError
        It does not converge.
    """
    field = spherical_field(symbol, level, basis_sets([symbol], level))
    coefficients, occupied = field.mo_coeff[0], field.mo_occ[0]
    functions = functions_of_kind(field.mol, _F)
    shell = _lowest(coefficients, field.get_ovlp(), functions, F_ORBITALS)
    rest = np.setdiff1d(np.nonzero(occupied)[0], shell)
    core = coefficients[:, rest] @ coefficients[:, rest].T
    orbitals = _real_harmonics(coefficients[:, shell], functions)
    return Ion(core, orbitals, *_filling(symbol))


def _real_harmonics(orbitals: Floats, functions: list[int]) -> Floats:
    """The seven degenerate 4f orbitals turned until each has the angular part of one function.

    Which mixtures of them a diagonalisation gives depends on the machine, and so would guesses.
    """
    radial = orbitals[functions].reshape(-1, F_ORBITALS, F_ORBITALS)
    strongest = radial[np.argmax((radial**2).sum(axis=(1, 2)))]
    turn, _ = polar(strongest)
    return np.asarray(orbitals @ turn.T)


def spherical_field(symbol: str, level: LevelOfTheory, sets: BasisSets) -> Any:
    """The converged mean field of :func:`spherical_ion` in any basis.

    Raises
    ------
    CalculationError
        It does not converge.
    """
    from pyscf import dft

    structure = Structure((symbol,), np.zeros((1, 3)), 3, rare_earth(symbol).multiplicity)
    mol = build_molecule(structure, level, sets)
    field = dft.UKS(mol, xc=FUNCTIONALS[level.method]).density_fit(auxbasis=sets.auxiliary)
    overlap = mol.intor("int1e_ovlp")
    shells = _closed_shells(mol)

    def occupations(_: Any = None, coefficients: Any = None) -> Floats:
        # By angular momentum: in the order of their energies, levels may take turns.
        found = np.zeros((2, mol.nao))
        for spin, electrons in enumerate(_filling(symbol)):
            for momentum, number in enumerate(shells):
                like = _lowest(
                    coefficients[spin], overlap, functions_of_kind(mol, momentum), number
                )
                found[spin, like] = 1.0
            shell = _lowest(coefficients[spin], overlap, functions_of_kind(mol, _F), F_ORBITALS)
            found[spin, shell] = electrons / F_ORBITALS
        return found

    field.get_occ = occupations
    # Orbitals to start from need neither a fine grid nor many digits.
    set_grid(field, SEARCH_GRID)
    field.conv_tol = 1e-6
    field.max_cycle = 100
    for field.level_shift in (0.5, 0.2):
        field.kernel()
        if field.converged:
            return field
    raise CalculationError(f"the spherical {symbol}3+ ion does not converge")


def _filling(symbol: str) -> tuple[int, int]:
    """4f electrons of either spin in the high-spin ground state."""
    electrons = rare_earth(symbol).f_electrons
    beta = max(electrons - F_ORBITALS, 0)
    return electrons - beta, beta


@lru_cache(maxsize=32)
def closed_ion(symbol: str, level: LevelOfTheory) -> Floats:
    """Density of a gas-phase M3+ ion without open shells, shape (functions, functions).

    Raises
    ------
    CalculationError
        It does not converge.
    """
    from pyscf import dft

    structure = Structure((symbol,), np.zeros((1, 3)), 3)
    sets = basis_sets([symbol], level)
    mol = build_molecule(structure, level, sets)
    field = dft.RKS(mol, xc=FUNCTIONALS[level.method]).density_fit(auxbasis=sets.auxiliary)
    # PySCF's guesses by free atoms do not know every core potential.
    field.init_guess = "1e"
    set_grid(field, SEARCH_GRID)
    field.kernel()
    if not field.converged:
        raise CalculationError(f"the {symbol}3+ ion does not converge")
    return np.asarray(field.make_rdm1())


def functions_of_kind(mol: Any, momentum: int) -> list[int]:
    """Indices of an atom's functions with an angular momentum."""
    return [
        i
        for i, (_, _, shell, _) in enumerate(mol.ao_labels(fmt=None))
        if shell[-1] == _KINDS[momentum]
    ]


def _closed_shells(mol: Any) -> list[int]:
    """Orbitals of s, p and d kind in the xenon core of an ion that no core potential replaces."""
    from pyscf.gto.ecp import core_configuration

    replaced = core_configuration(mol.atom_nelec_core(0))
    return [
        (2 * momentum + 1) * (shells - replaced[momentum])
        for momentum, shells in enumerate(_XENON_SHELLS)
    ]


def _lowest(
    coefficients: Floats, overlap: Floats, functions: list[int], number: int
) -> NDArray[np.int64]:
    """The first orbitals of an atom that are made of `functions`, which overlap no others of it."""
    part = coefficients[functions]
    share = np.einsum("ik,ij,jk->k", part, overlap[np.ix_(functions, functions)], part)
    made: NDArray[np.int64] = np.nonzero(share > 0.5)[0][:number]  # noqa: PLR2004
    return made
