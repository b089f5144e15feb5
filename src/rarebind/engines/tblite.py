"""GFN-xTB through the tblite library: the default engine."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from rarebind.elements import xtb_unpaired_electrons
from rarebind.engines.blas import prefer_openblas
from rarebind.engines.donor_terms import DonorTerms
from rarebind.engines.level import GFN2_WATER, LevelOfTheory
from rarebind.engines.tblite_parameters import DONOR_TERMS, parameters_of
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

prefer_openblas()
# Only now: tblite binds its BLAS when it is loaded.
from tblite.exceptions import TBLiteRuntimeError, TBLiteValueError  # noqa: E402
from tblite.interface import Calculator, Result  # noqa: E402

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SOLVENT_MODELS = {"ALPB": "alpb-solvation", "GBSA": "gbsa-solvation"}


class TBLitePotential:
    """Energy and forces of one molecule; each call starts from the last wave function.

    Parameters
    ----------
    structure
        Elements and charge; its positions are not evaluated until called.
    level
        GFN1-xTB or GFN2-xTB, in the gas phase or in ``ALPB(solvent)`` / ``GBSA(solvent)``, with
        parameters of one's own (:mod:`rarebind.engines.tblite_parameters`) where it has some.  The
        option ``accuracy`` scales tblite's thresholds.
    parameters
        Used instead of the level's, with no other element than those of `structure`.
    like
        Whose wave function the first call starts from: of the same atoms, other parameters.

    Raises
    ------
    InputError
        tblite does not know the solvent, the electron count is odd, or the parameters of the
        level cannot be used.
    CalculationError
        tblite refuses the geometry (atoms on top of each other).
    """

    #: GFN-xTB has one closed-shell state.
    scf = None

    def __init__(
        self,
        structure: Structure,
        level: LevelOfTheory,
        parameters: dict[str, Any] | None = None,
        like: TBLitePotential | None = None,
    ) -> None:
        numbers = structure.atomic_numbers
        unpaired = xtb_unpaired_electrons(numbers, structure.charge)
        if parameters is None and level.parameters:
            parameters = parameters_of(level.found_parameters(), structure.symbols, level.method)
        method: str | dict[str, Any] = level.method
        self._terms = None
        if parameters is not None:
            method = {name: part for name, part in parameters.items() if name != DONOR_TERMS}
            if DONOR_TERMS in parameters:
                self._terms = DonorTerms(**parameters[DONOR_TERMS]).of_atoms(structure.symbols)
        try:
            self._calculator = Calculator(
                method,
                numbers,
                structure.positions / ANGSTROM_PER_BOHR,
                charge=structure.charge,
                uhf=unpaired,
            )
        except (TBLiteRuntimeError, TBLiteValueError) as error:
            raise CalculationError(f"tblite: {error}") from error
        # Solvation is parametrised for each method, which a mapping has lost the name of.
        self._calculator._method = level.method  # noqa: SLF001
        self._calculator.set("verbosity", 0)
        for option, value in level.options:
            self._calculator.set(option, value)
        if level.solvent_model is not None:
            try:
                self._calculator.add(_SOLVENT_MODELS[level.solvent_model], level.solvent_name)
            except TBLiteRuntimeError as error:
                raise InputError(
                    f"tblite does not know the solvent {level.solvent_name!r}: {error}"
                ) from error
        self._result: Result | None = None if like is None else like._result  # noqa: SLF001

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        try:
            self._calculator.update(positions=positions / ANGSTROM_PER_BOHR)
            self._result = self._calculator.singlepoint(self._result)
        except TBLiteRuntimeError:
            # A wave function from a distant geometry can trap the SCF: once more from scratch.
            try:
                self._result = self._calculator.singlepoint()
            except TBLiteRuntimeError as error:
                raise CalculationError(f"tblite: {error}") from error
        energy = float(self._result.get("energy")) * EV_PER_HARTREE
        gradient = self._result.get("gradient") * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)
        if self._terms is None:
            return energy, -gradient
        more, forces = self._terms(positions)
        return energy + more, forces - gradient

    @property
    def charges(self) -> NDArray[np.float64]:
        """Partial charges of the last call in e, shape (N,).

        Raises
        ------
        CalculationError
            Nothing has been computed yet.
        """
        if self._result is None:
            raise CalculationError("tblite: partial charges are those of a calculation")
        charges: NDArray[np.float64] = self._result.get("charges").copy()
        return charges


class TBLite:
    """The tblite engine."""

    name = "tblite"

    @property
    def version(self) -> str:
        """Version of the tblite package."""
        return f"tblite {version('tblite')}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> TBLitePotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        return TBLitePotential(structure, level)


def partial_charges(structure: Structure, level: LevelOfTheory = GFN2_WATER) -> NDArray[np.float64]:
    """Partial charges (Mulliken) of the atoms of `structure` in e, shape (N,).

    Raises
    ------
    InputError
        See :class:`TBLitePotential`.
    CalculationError
        The calculation does not converge.
    """
    potential = TBLitePotential(structure, level)
    potential(structure.positions)
    return potential.charges
