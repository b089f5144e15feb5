"""Density functional theory for many geometries of closed shells: one density fit for everything.

The Coulomb field and the potential on the solvent's surface are those of the same fitted density,
in energies and forces alike.  The forces of both then need the derivatives of the same three-centre
integrals, contracted once; in :mod:`rarebind.engines.dft.engine`, which leaves the fit for its last
iterations, they are most of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.elements import is_rare_earth
from rarebind.engines.dft import program_versions
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.dispersion import dispersion
from rarebind.engines.dft.fitted_gradient import gradient
from rarebind.engines.dft.grid import speed_up
from rarebind.engines.dft.guesses import closed_shell_guess
from rarebind.engines.dft.ion import closed_ion
from rarebind.engines.dft.ladder import Solution, diis, shifted
from rarebind.engines.dft.meanfield import mean_field, set_grid
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


#: Of the numerics below and the integration; whoever changes what they give raises it.
_RECIPE = 1


@dataclass(frozen=True)
class Numerics:
    """What decides cost and errors beside the level.

    Attributes
    ----------
    auxiliary
        Fitting set of functionals without exact exchange.
    grids
        PySCF's levels of the grids to iterate on, the last for energy and forces.
    surface_points
        Of the solvent's cavity, for each atom.
    thresholds
        Changes of the energy, Eh, at which the iterations on each grid end.
    """

    auxiliary: str = "def2-universal-jfit"
    grids: tuple[int, ...] = (0, 1, 2)
    surface_points: int = 194
    thresholds: tuple[float, ...] = (1e-5, 1e-7, 1e-6)


class FittedPotential:
    """Energy and forces of one closed-shell molecule.

    Parameters
    ----------
    structure
        Elements, charge and multiplicity; its positions are not evaluated until called.
    level
        Its 4f shell, if there is one, is in the core.
    numerics
        Of all calls.

    Raises
    ------
    InputError
        An element has no basis set, there are unpaired electrons, or the level is not known here.
    """

    def __init__(
        self, structure: Structure, level: LevelOfTheory, numerics: Numerics = Numerics()
    ) -> None:
        from pyscf.dft import libxc

        self._structure, self._level, self._numerics = structure, level, numerics
        metals = [i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol)]
        if len(metals) > 1:
            raise InputError(f"{len(metals)} rare-earth atoms: at most one is supported")
        self._metal = metals[0] if metals else None
        self._sets = basis_sets(structure.symbols, level)
        mol = build_molecule(structure, level, self._sets)
        if mol.spin:
            raise InputError(
                f"{mol.spin} unpaired electrons: this engine is for closed shells; take a level "
                "with 4f in the core, or the engine pyscf"
            )
        self.hybrid = libxc.is_hybrid_xc(mean_field(mol, level, self._sets).xc)
        if not self.hybrid:
            self._sets = basis_sets(structure.symbols, level, numerics.auxiliary)
        dispersion(structure, level, structure.positions)
        self._last: Floats | None = None
        self.scf: SCFReport | None = None

    def __call__(self, positions: Floats) -> tuple[float, Floats]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å.

        Raises
        ------
        CalculationError
            The self-consistent field does not converge.
        """
        structure = self._structure.with_positions(positions)
        mol = build_molecule(structure, self._level, self._sets)
        mol.max_memory = 8000
        field = mean_field(mol, self._level, self._sets)
        if self._level.solvent:
            field.with_solvent.sasa_ng = self._numerics.surface_points
        # Each grid would compute it again; core potentials make it slow.
        core = field.get_hcore()
        field.get_hcore = lambda *_: core
        release = None if self.hybrid else speed_up(field)
        cycles = self._converge(field)
        if release is not None:
            release()
        total = float(field.e_tot) * EV_PER_HARTREE
        forces = -gradient(field) * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)
        correction = dispersion(structure, self._level, positions)
        if correction is not None:
            total, forces = total + correction[0], forces + correction[1]
        cavity = field.scf_summary.get("e_cds")
        # The same for its three-centre integrals.
        field.with_df.reset()
        if self._level.solvent:
            field.with_solvent.reset()
        self.scf = SCFReport(
            basis_functions=int(mol.nao),
            cycles=cycles,
            dispersion=correction and correction[0],
            cavity=None if cavity is None else float(cavity) * EV_PER_HARTREE,
        )
        return total, forces

    def _converge(self, field: Any) -> int:
        """Iterate `field`; number of iterations."""
        cycles = 0

        def count(_: Any) -> None:
            nonlocal cycles
            cycles += 1

        field.callback = count
        density = self._guess(field)
        solution: Solution | None = None
        for grid, threshold in zip(self._numerics.grids, self._numerics.thresholds, strict=True):
            set_grid(field, grid)
            field.conv_tol = threshold
            # One iteration more, for orbital energies that are those of the orbitals.
            field.conv_check = grid == self._numerics.grids[-1]
            for rung in (diis, shifted):
                solution = rung(field, density)
                if solution is not None:
                    break
            else:
                raise CalculationError(
                    f"the self-consistent field does not converge on grid {grid}"
                )
            density = field.make_rdm1()
        assert solution is not None
        occupied = solution.occupations > 0.0
        self._last = solution.coefficients[:, occupied]
        return cycles

    def _guess(self, field: Any) -> Floats:
        """The last geometry's orbitals made orthogonal at this one; at first, the ion in atoms."""
        from pyscf import lib

        if self._last is None:
            closed = None
            if self._metal is not None:
                closed = closed_ion(self._structure.symbols[self._metal], self._level)
            return closed_shell_guess(field.mol, self._metal, closed)
        overlap = self._last.T @ field.get_ovlp() @ self._last
        values, vectors = np.linalg.eigh(overlap)
        orbitals = self._last @ (vectors / np.sqrt(values)) @ vectors.T
        tagged: Floats = lib.tag_array(
            2.0 * orbitals @ orbitals.T,
            mo_coeff=orbitals,
            mo_occ=np.full(orbitals.shape[1], 2.0),
        )
        return tagged


class FittedPySCF:
    """The engine."""

    name = "pyscf-fitted"

    @property
    def version(self) -> str:
        """Versions of all that decides the numbers."""
        return f"{program_versions()}, numerics {_RECIPE}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> FittedPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        return FittedPotential(structure, level)
