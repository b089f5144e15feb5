"""The verbs that every engine understands: ``static`` and ``relax``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from ase.data import chemical_symbols

from rarebind.engines.calculation import Calculation
from rarebind.engines.frames import intermediates
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.minimise import Convergence, minimise
from rarebind.engines.registry import ENGINES, engine_spec
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


#: Engines that a process keeps at a time.
_ENGINES = 8


class Potential(Protocol):
    """Energy and forces of one molecule at any positions."""

    @property
    def scf(self) -> SCFReport | None:
        """Of the last call; None where there is no choice of electronic state."""
        ...

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        ...


class Engine(Protocol):
    """What an engine must offer; everything else is shared."""

    @property
    def version(self) -> str:
        """Program and version, e.g. ``tblite 0.8.0``; part of every record."""
        ...

    def potential(self, structure: Structure, level: LevelOfTheory) -> Potential:
        """A callable from positions (Å) to energy (eV) and forces (eV/Å).

        Raises ``InputError`` for what the engine cannot do, before computing anything; calling
        the potential raises ``CalculationError`` when a calculation fails.
        """
        ...


@lru_cache(maxsize=_ENGINES)
def engine_for(level: LevelOfTheory) -> Engine:
    """The engine that `level` names, made once a process: it may hold the weights of a network.

    Engines in environments of their own are processes, which end with this one.

    Raises
    ------
    InputError
        There is no such engine.
    MissingDependencyError
        It is not installed.
    """
    engine: Engine = ENGINES.create(level.engine_name)
    return engine


def potential_for(structure: Structure, level: LevelOfTheory) -> Potential:
    """A callable from positions (Å) to energy (eV) and forces (eV/Å); nothing is computed yet.

    Raises
    ------
    InputError
        The structure and level do not fit each other or the engine.
    CalculationError
        The engine refuses the geometry.
    """
    engine = engine_for(level)
    check_fits(structure, level)
    return engine.potential(structure, level)


def check_fits(structure: Structure, level: LevelOfTheory) -> None:
    """Hold a structure and its level against what the engine says it can do.

    Raises
    ------
    InputError
        All that does not fit.
    """
    spec, problems = engine_spec(level), _level_problems(level)
    if structure.cell is not None and not spec.periodic:
        problems.append("no periodic cells: give the molecule without one")
    if len(structure) == 1 and structure.charge and not spec.bare_ion:
        problems.append(f"no meaningful energy of a bare ion such as {structure.symbols[0]}")
    numbers = {int(number) for number in structure.atomic_numbers}
    if spec.elements and (strange := numbers - spec.elements):
        symbols = ", ".join(chemical_symbols[number] for number in sorted(strange))
        problems.append(f"no parameters of {symbols}")
    if problems:
        raise InputError([f"{level.engine} has {problem}" for problem in problems])


def check_level(level: LevelOfTheory) -> None:
    """Hold a level alone against what its engine says it can do.

    Raises
    ------
    InputError
        All that does not fit.
    """
    if problems := _level_problems(level):
        raise InputError([f"{level.engine} has {problem}" for problem in problems])


def _level_problems(level: LevelOfTheory) -> list[str]:
    spec, model = engine_spec(level), level.solvent_model
    problems = []
    if level.solvent_name is not None and model not in spec.solvents:
        problems.append(f"no solvation model {model!r}: {_known(spec.solvents)}")
    if spec.methods and level.method not in spec.methods:
        problems.append(f"no method {level.method!r}: {_known(spec.methods)}")
    if spec.options is not None:
        problems += [
            f"no option {name!r}: {_known(spec.options)}"
            for name, _ in level.options
            if name not in spec.options
        ]
    if level.parameters and not spec.parameters:
        problems.append("no use for a file of parameters")
    return problems


def _known(names: Sequence[str]) -> str:
    return f"known are {', '.join(names)}" if names else "it has none"


def static(structure: Structure, level: LevelOfTheory) -> Calculation:
    """Energy and forces at the given geometry.

    Returns
    -------
    Calculation
        With ``status="failed"`` and the reason when the engine fails.

    Raises
    ------
    InputError
        The structure and level do not fit each other or the engine.
    """
    engine = engine_for(level)
    start = time.perf_counter()
    try:
        potential = potential_for(structure, level)
        energy, forces = potential(structure.positions)
    except CalculationError as error:
        return _failure("static", level, structure, engine, error, start)
    return Calculation(
        verb="static",
        level=level,
        structure=structure,
        energy=energy,
        forces=forces,
        gradients=1,
        engine_version=engine.version,
        wall_time=time.perf_counter() - start,
        scf=potential.scf,
    )


def relax(
    structure: Structure, level: LevelOfTheory, convergence: Convergence | None = None
) -> Calculation:
    """Relax the geometry to the nearest minimum.

    Parameters
    ----------
    convergence
        When to stop; the default leaves well under 0.1 kcal/mol.

    Returns
    -------
    Calculation
        Its structure is the relaxed one; ``converged`` is False when the gradients ran out.
    """
    engine = engine_for(level)
    start = time.perf_counter()
    try:
        potential = potential_for(structure, level)
        minimum = minimise(
            potential, structure.symbols, structure.positions, convergence or Convergence()
        )
    except CalculationError as error:
        return _failure("relax", level, structure, engine, error, start)
    return Calculation(
        verb="relax",
        level=level,
        structure=structure.with_positions(minimum.positions),
        energy=minimum.energy,
        forces=minimum.forces,
        converged=minimum.converged,
        gradients=minimum.gradients,
        engine_version=engine.version,
        wall_time=time.perf_counter() - start,
        intermediates=intermediates(minimum.trajectory, minimum.energy),
        scf=potential.scf,
    )


def _failure(
    verb: str,
    level: LevelOfTheory,
    structure: Structure,
    engine: Engine,
    error: CalculationError,
    start: float,
) -> Calculation:
    return Calculation(
        verb=verb,
        level=level,
        structure=structure,
        status="failed",
        reason=str(error),
        converged=False,
        engine_version=engine.version,
        wall_time=time.perf_counter() - start,
    )
