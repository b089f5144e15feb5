"""Energies and forces of reference geometries as functions of a metal's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rarebind.engines import GFN2_WATER
from rarebind.engines.donor_terms import donor_terms
from rarebind.engines.tblite_parameters import DONOR_TERMS
from rarebind.errors import CalculationError
from rarebind.parametrisation.targets import Geometry
from rarebind.parametrisation.unknowns import Number, Unknowns

Floats = NDArray[np.float64]
#: Step of finite differences in prior standard deviations, and the level with thresholds for it.
_STEP = 0.02
_LEVEL = replace(GFN2_WATER, options=(("accuracy", 0.1),))


@dataclass(frozen=True, eq=False)
class Evaluated:
    """A geometry by the method that is fitted.

    Attributes
    ----------
    energy, wrenches
        eV; eV/Å, (ligands, 6); not finite where the calculation fails.
    energy_slopes, wrench_slopes
        Derivatives by the metal's shifts in widths: (numbers,), (numbers, ligands, 6).
    """

    energy: float
    wrenches: Floats
    energy_slopes: Floats
    wrench_slopes: Floats


class Evaluator:
    """Worker processes that know the geometries.

    Parameters
    ----------
    geometries
    unknowns
    arm
        Of torques, Å.
    workers
        Processes; 0: this one.
    """

    def __init__(
        self, geometries: Sequence[Geometry], unknowns: Unknowns, arm: float, workers: int
    ) -> None:
        self._geometries, self._unknowns, self._arm = geometries, unknowns, arm
        self._pool = ProcessPoolExecutor(workers) if workers else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def __call__(self, x: Floats, *, slopes: bool) -> list[Evaluated]:
        """Every geometry with the unknowns `x`."""
        values = {
            metal: self._unknowns.values(x, metal)
            for metal in dict.fromkeys(geometry.metal for geometry in self._geometries)
        }
        one = partial(_evaluate, unknowns=self._unknowns, arm=self._arm, slopes=slopes)
        given = [values[geometry.metal] for geometry in self._geometries]
        run = map if self._pool is None else partial(self._pool.map, chunksize=2)
        return list(run(one, self._geometries, given))


def _evaluate(
    geometry: Geometry, values: Floats, unknowns: Unknowns, arm: float, *, slopes: bool
) -> Evaluated:
    count, ligands = len(values) if slopes else 0, len(geometry.ligands)
    energy_slopes, wrench_slopes = np.zeros(count), np.zeros((count, ligands, 6))
    try:
        potential, energy, forces = _calculate(geometry, values, unknowns, None)
        for index, number in enumerate(unknowns.numbers[:count]):
            if number.is_linear or _is_absent(number, geometry):
                continue
            step = np.zeros(len(values))
            step[index] = _STEP * unknowns.widths(geometry.metal)[index]
            _, other, others = _calculate(geometry, values + step, unknowns, potential)
            energy_slopes[index] = (other - energy) / _STEP
            wrench_slopes[index] = geometry.wrenches((others - forces) / _STEP, arm)
    except CalculationError:
        nothing = np.full((ligands, 6), np.nan)
        return Evaluated(np.nan, nothing, np.zeros(count), np.zeros(wrench_slopes.shape))
    if slopes:
        _put_linear(geometry, unknowns, arm, energy_slopes, wrench_slopes)
    return Evaluated(energy, geometry.wrenches(forces, arm), energy_slopes, wrench_slopes)


def _is_absent(number: Number, geometry: Geometry) -> bool:
    """Whether it is about a pair of elements that are not both there."""
    return number.name == "pair" and number.about not in geometry.reference.structure.symbols


def _put_linear(
    geometry: Geometry, unknowns: Unknowns, arm: float, energy_slopes: Floats, wrench_slopes: Floats
) -> None:
    """Derivatives by coefficients of donor terms, which need no calculation."""
    places = [index for index, number in enumerate(unknowns.numbers) if number.is_linear]
    if not places:
        return
    structure, terms = geometry.reference.structure, unknowns.base[DONOR_TERMS]
    names = list(dict.fromkeys(str(unknowns.numbers[index].about) for index in places))
    energies, forces = donor_terms(
        structure.symbols, structure.positions, 0, names, terms["centres"], terms["width"]
    )
    widths = unknowns.widths(geometry.metal)[places]
    energy_slopes[places] = widths * energies.ravel()
    wrenches = geometry.wrenches(forces.reshape(len(places), -1, 3), arm)
    wrench_slopes[places] = widths[:, None, None] * wrenches


def _calculate(
    geometry: Geometry, values: Floats, unknowns: Unknowns, like: Any
) -> tuple[Any, float, Floats]:
    from rarebind.engines.tblite import TBLitePotential

    structure = geometry.reference.structure
    elements = unknowns.base["element"]
    # Only the elements that are there: tblite takes long to read all.
    parameters = unknowns.base | {
        "element": {symbol: elements[symbol] for symbol in sorted(set(structure.symbols))}
    }
    parameters = unknowns.with_values(parameters, geometry.metal, values)
    potential = TBLitePotential(structure, _LEVEL, parameters, like)
    return (potential, *potential(structure.positions))
