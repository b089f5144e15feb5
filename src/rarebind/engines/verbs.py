"""The verbs that every engine understands: ``static`` and ``relax``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol

from rarebind.engines.calculation import Calculation
from rarebind.engines.frames import intermediates
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.minimise import Convergence, minimise
from rarebind.engines.registry import ENGINES
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError
from rarebind.structures import Structure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


def engine_for(level: LevelOfTheory) -> Engine:
    """The engine that `level` names."""
    engine: Engine = ENGINES.create(level.engine)
    return engine


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
        potential = engine.potential(structure, level)
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
        potential = engine.potential(structure, level)
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
