"""Any ASE calculator is an engine, and any engine and level is an ASE calculator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from rarebind.elements import xtb_unpaired_electrons
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.levels import has_frozen_4f, level_named
from rarebind.engines.registry import engine_spec
from rarebind.engines.remote_child import Calculators, CannotBeMade, evaluate, find, version_of
from rarebind.engines.verbs import Potential, potential_for
from rarebind.errors import CalculationError, InputError
from rarebind.io.yaml import shortened
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Charge or multiplicity of a molecule.
_LARGEST = 99


def given_to(structure: Structure, level: LevelOfTheory) -> dict[str, Any]:
    """What a factory of calculators may ask for by name besides its options.

    Raises
    ------
    InputError
        The number of electrons does not fit the multiplicity, or the file of parameters is not
        known, or not the one that the level names.
    """
    multiplicity = 1 if has_frozen_4f(level) else structure.multiplicity
    if engine_spec(level).knows_charge:
        _check_electrons(structure, frozen=has_frozen_4f(level))
    given: dict[str, Any] = {"charge": structure.charge, "multiplicity": multiplicity}
    return given | ({"parameters": str(level.found_parameters())} if level.parameters else {})


def _check_electrons(structure: Structure, *, frozen: bool) -> None:
    """Refuse a charge or multiplicity that cannot be."""
    if frozen:
        xtb_unpaired_electrons(structure.atomic_numbers, structure.charge)
        return
    electrons = int(structure.atomic_numbers.sum()) - structure.charge
    if (electrons - structure.multiplicity) % 2 == 0:
        raise InputError(
            f"{electrons} electrons (charge {structure.charge:+d}) cannot have multiplicity "
            f"{structure.multiplicity}: check charge and multiplicity"
        )


class ASEPotential:
    """Energy and forces of one molecule by an ASE calculator."""

    #: What state a calculator finds is its own affair.
    scf = None

    def __init__(
        self, engine: str, calculator: Any, structure: Structure, given: dict[str, Any]
    ) -> None:
        self._engine, self._calculator = engine, calculator
        self._structure, self._given = structure, given

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        numbers, cell = self._structure.atomic_numbers, self._structure.cell
        try:
            with np.errstate(all="ignore"):
                return evaluate(self._calculator, numbers, positions, self._given, cell)
        except Exception as error:
            # A calculator raises what it likes.
            raise CalculationError(f"{self._engine}: {type(error).__name__}: {error}") from error


class ASEEngine:
    """An engine of a factory of ASE calculators.

    A calculator is made once, or once for every charge and multiplicity where the factory takes
    these by name.

    Parameters
    ----------
    name
        Of the engine.
    calculator
        The factory, ``"package.module:callable"``.  Options of a level are given to it by name, a
        file of weights as ``parameters``.
    """

    def __init__(self, name: str, calculator: str) -> None:
        self._name, self._path = name, calculator
        self._calculators: dict[LevelOfTheory, Calculators] = {}

    @property
    def version(self) -> str:
        """Name, and version of the package that the factory is in.

        Raises
        ------
        InputError
            The factory cannot be imported.
        """
        try:
            find(self._path)
        except CannotBeMade as error:
            raise InputError(str(error)) from error
        return f"{self._name} {version_of(self._path)}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> ASEPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions.

        Raises
        ------
        InputError
            The calculator cannot be made, or has no forces.
        """
        given = given_to(structure, level)
        if level not in self._calculators:
            self._calculators[level] = Calculators(self._path, dict(level.options))
        try:
            calculator = self._calculators[level].get(given)
        except CannotBeMade as error:
            raise InputError(f"{self._name}: {error}") from error
        return ASEPotential(self._name, calculator, structure, given)


class LevelCalculator(Calculator):
    """A level of theory as an ASE calculator of energy and forces; see :func:`calculator`."""

    name = "rarebind"
    implemented_properties = ["energy", "free_energy", "forces"]  # noqa: RUF012

    def __init__(
        self, level: LevelOfTheory, charge: int | None = None, multiplicity: int | None = None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.level = level
        self._electrons = (charge, multiplicity)
        self._potential: tuple[tuple[Any, ...], Potential] | None = None

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Any = ("energy",),
        system_changes: Any = all_changes,
    ) -> None:
        """Compute energy (eV) and forces (eV/Å); later positions start from the last state."""
        super().calculate(atoms, properties, system_changes)  # type: ignore[no-untyped-call]
        assert self.atoms is not None
        structure = Structure.from_ase(self.atoms, *self._electrons)
        molecule = (structure.symbols, structure.charge, structure.multiplicity)
        cell = None if structure.cell is None else structure.cell.tobytes()
        if self._potential is None or self._potential[0] != (*molecule, cell):
            self._potential = ((*molecule, cell), potential_for(structure, self.level))
        energy, forces = self._potential[1](structure.positions)
        self.results = {"energy": energy, "free_energy": energy, "forces": np.array(forces)}


def calculator(
    level: LevelOfTheory | str,
    *,
    charge: int | None = None,
    multiplicity: int | None = None,
    engine: str | None = None,
) -> LevelCalculator:
    """A level of theory as a calculator for ASE's optimisers, dynamics and whatever else.

    Parameters
    ----------
    level
        Or its name: see :func:`rarebind.engines.level_named`.
    charge, multiplicity
        Of the molecule, 4f electrons counted in the multiplicity; by default those in
        ``atoms.info``, else 0 and 1.
    engine
        Instead of that which is the level's default.

    Raises
    ------
    InputError
        There is no such level or engine, or an argument is of another kind.

    Examples
    --------
    >>> from ase.build import molecule
    >>> import rarebind
    >>> atoms = molecule("H2O")
    >>> atoms.calc = rarebind.calculator("gfn2-xtb", charge=0)
    >>> bool(abs(atoms.get_potential_energy() + 138.3) < 0.5)
    True
    """
    if engine is not None and not isinstance(engine, str):
        raise InputError(f"engine: {shortened(engine)} is no name of an engine")
    if isinstance(level, str):
        level = level_named(level, engine)
    if not isinstance(level, LevelOfTheory):
        raise InputError(f"level: {shortened(level)} is neither a level of theory nor its name")
    for name, number, least in (("charge", charge, -99), ("multiplicity", multiplicity, 1)):
        if number is not None and (type(number) is not int or not least <= number <= _LARGEST):
            raise InputError(f"{name}: {shortened(number)} is no {name} of a molecule")
    return LevelCalculator(level, charge, multiplicity)
