"""Density functional theory through PySCF: the engine."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.elements import is_rare_earth, rare_earth
from rarebind.engines.checkpoints import checkpoint_folder, checkpoint_for
from rarebind.engines.dft import program_versions
from rarebind.engines.dft.basis import BasisSets, basis_sets
from rarebind.engines.dft.checkpoint import Checkpoint, Refinement
from rarebind.engines.dft.dispersion import dispersion
from rarebind.engines.dft.gradient import gradient
from rarebind.engines.dft.guesses import closed_shell_guess, shell_guesses, turned_shell
from rarebind.engines.dft.ion import Ion, closed_ion, spherical_ion
from rarebind.engines.dft.ladder import Solution
from rarebind.engines.dft.meanfield import mean_field
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.refinement import lowest_on_final_grid, refine
from rarebind.engines.dft.resources import Needs, check_needs
from rarebind.engines.dft.search import search
from rarebind.engines.dft.solvation import surface_points
from rarebind.engines.dft.state import State, analyse
from rarebind.engines.dft.surroundings import surrounding_density
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.levels import has_frozen_4f
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Effort:
    """How hard the state of lowest energy of one molecule is looked for.

    Attributes
    ----------
    guesses
        4f occupations to start from, for partly filled shells.
    patient
        Whether each of them is brought to convergence; see :func:`search`.
    below
        Whether the lowest state is disturbed, to see whether it falls lower, and its stability
        analysed.
    hops
        Into basins beside that of the lowest state.
    """

    guesses: int
    patient: bool
    below: bool
    hops: int


@dataclass(frozen=True)
class SearchEffort:
    """The same by number of basis functions.

    Attributes
    ----------
    guesses
        For all that is not small.
    small
        Number of functions up to which it is worth while to look below the lowest state, at the
        price of a hundred iterations.
    small_guesses, small_hops
        For those.
    tiny
        Number up to which, as for bare ions, every guess is brought to convergence.
    seed
        Draws the occupations.
    """

    guesses: int = 4
    small: int = 250
    small_guesses: int = 12
    small_hops: int = 12
    tiny: int = 100
    seed: int = 111111

    def of(self, functions: int) -> Effort:
        """For a molecule of so many basis functions."""
        patient = functions <= self.tiny
        if functions > self.small:
            return Effort(self.guesses, patient, below=False, hops=0)
        return Effort(self.small_guesses, patient, below=True, hops=self.small_hops)


class DFTPotential:
    """Energy and forces of one molecule.

    Parameters
    ----------
    structure
        Elements, charge and multiplicity; its positions are not evaluated until called.
    level
        See :mod:`rarebind.engines.levels`.
    effort
        Of the search for the electronic state.

    Raises
    ------
    InputError
        An element has no basis set, the electron count does not fit the multiplicity, the level
        is not known here, or memory or disk do not suffice.
    """

    def __init__(
        self, structure: Structure, level: LevelOfTheory, effort: SearchEffort | None = None
    ) -> None:
        self._structure, self._level = structure, level
        self._effort = effort or SearchEffort()
        self._sets = basis_sets(structure.symbols, level)
        metals = [i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol)]
        if len(metals) > 1:
            raise InputError(f"{len(metals)} rare-earth atoms: at most one is supported")
        self._metal = metals[0] if metals else None
        mol = build_molecule(structure, level, self._sets)
        field = mean_field(mol, level, self._sets)
        dispersion(structure, level, structure.positions)
        points = surface_points(field.with_solvent) if level.solvent else 0
        scratch = checkpoint_folder() or Path(tempfile.gettempdir())
        kept = Checkpoint(checkpoint_for(structure, level)).integrals_path
        self._needs = check_needs(mol, _fitting_functions(mol, self._sets), points, scratch, kept)
        self.scf: SCFReport | None = None

    def __call__(self, positions: Floats) -> tuple[float, Floats]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å.

        Raises
        ------
        CalculationError
            Nothing converges, or what does is not the state of the M3+ ion; the reason says how
            far off it is.
        """
        structure = self._structure.with_positions(positions)
        checkpoint = Checkpoint(checkpoint_for(structure, self._level))
        mol = build_molecule(structure, self._level, self._sets)
        mol.max_memory = self._memory_for_blocks()
        field = self._mean_field(mol, checkpoint)
        field.chkfile = checkpoint.orbitals_path
        ion = self._ion()
        solution, found = self._searched(structure, field, ion, checkpoint)
        refine(
            field,
            solution,
            found.stage,
            lambda stage, reached: checkpoint.keep(mol, reached, replace(found, stage=stage)),
        )
        state = analyse(field, self._metal, ion)
        if faults := state.faults():
            raise CalculationError(f"the final state is not that of M3+: {'; '.join(faults)}")
        total = float(field.e_tot) * EV_PER_HARTREE
        forces = -gradient(field, checkpoint) * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)
        correction = dispersion(structure, self._level, positions)
        if correction is not None:
            total, forces = total + correction[0], forces + correction[1]
        self.scf = _report(field, found, state, self._needs, correction and correction[0])
        checkpoint.discard()
        return total, forces

    def _searched(
        self, structure: Structure, field: Any, ion: Ion | None, checkpoint: Checkpoint
    ) -> tuple[Solution, Refinement]:
        """The solution to refine: found now, or before an interruption."""
        known, solution = checkpoint.refinement(), checkpoint.solution()
        if known is not None and solution is not None:
            return solution, known
        effort = self._effort.of(field.mol.nao)
        below = bool(field.mol.spin) and effort.below
        disturb = None
        if below and ion and not ion.one_filling and self._metal is not None:
            disturb = turned_shell(field, self._metal, ion, self._effort.seed)

        def faults(converged: Any) -> list[str]:
            return analyse(converged, self._metal, ion).faults()

        found = search(
            field,
            self._guesses(structure, field, ion, checkpoint),
            faults,
            stability=below,
            disturb=disturb,
            hops=effort.hops,
            patient=effort.patient,
        )
        refinement = Refinement(
            tuple(solution.energy for solution in found.solutions), found.attempts, found.cycles
        )
        best = lowest_on_final_grid(field, found, faults) if below else found.best
        # The file holds the orbitals of whatever was tried last.
        checkpoint.keep(field.mol, best, refinement)
        return best, refinement

    def _mean_field(self, mol: Any, checkpoint: Checkpoint) -> Any:
        """The mean field that is iterated; its large integrals may be kept with the checkpoint."""
        field = mean_field(mol, self._level, self._sets)
        if self._needs.integrals_on_disk:
            checkpoint.keep_integrals(field)
        return field

    def _ion(self) -> Ion | None:
        """The free ion, where there are 4f electrons and they are explicit."""
        if self._metal is None or has_frozen_4f(self._level):
            return None
        symbol = self._structure.symbols[self._metal]
        return spherical_ion(symbol, self._level) if rare_earth(symbol).f_electrons else None

    def _guesses(
        self, structure: Structure, field: Any, ion: Ion | None, checkpoint: Checkpoint
    ) -> Iterator[Floats]:
        """An interrupted calculation's density first, then those that suit the molecule."""
        mol = field.mol
        left = checkpoint.density(field)
        if left is not None:
            yield left
        if ion is not None and mol.spin and self._metal is not None:
            number = self._effort.of(mol.nao).guesses
            surroundings = surrounding_density(structure, self._level, mol, self._metal)
            yield from shell_guesses(
                field, self._metal, ion, surroundings, number, self._effort.seed
            )
        elif left is None:
            closed = None
            if self._metal is not None:
                closed = closed_ion(structure.symbols[self._metal], self._level)
            yield closed_shell_guess(mol, self._metal, closed)

    def _memory_for_blocks(self) -> int:
        """MB that PySCF may take; it keeps integrals in memory that fit into nine tenths."""
        in_memory = 0.0 if self._needs.integrals_on_disk else self._needs.integrals
        return int(4000 + 1.2 * in_memory)


class PySCF:
    """The PySCF engine."""

    name = "pyscf"

    @property
    def version(self) -> str:
        """Versions of all that decides the numbers."""
        return program_versions()

    def potential(self, structure: Structure, level: LevelOfTheory) -> DFTPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        return DFTPotential(structure, level)


def _fitting_functions(mol: Any, sets: BasisSets) -> int:
    from pyscf import df

    return int(df.addons.make_auxmol(mol, sets.auxiliary).nao)


def _report(
    field: Any, found: Refinement, state: State, needs: Needs, correction: float | None
) -> SCFReport:
    cavity = field.scf_summary.get("e_cds")
    energies = found.energies
    return SCFReport(
        basis_functions=int(field.mol.nao),
        s_squared=state.s_squared,
        f_electrons=state.f_electrons,
        metal_spin=state.metal_spin,
        attempts=found.attempts,
        converged_attempts=len(energies),
        spread=(max(energies) - min(energies)) * EV_PER_HARTREE,
        cycles=found.cycles,
        dispersion=correction,
        cavity=None if cavity is None else float(cavity) * EV_PER_HARTREE,
        memory=needs.memory,
    )
