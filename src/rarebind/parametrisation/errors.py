"""How far a method is from reference data, by class of donors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from rarebind.campaigns.reference.building import WATER
from rarebind.engines import LevelOfTheory, static
from rarebind.parametrisation.evaluator import Evaluated
from rarebind.parametrisation.targets import Geometry, Targets
from rarebind.units import KCAL_PER_EV

#: Columns of :func:`errors_by_class` with their units and digits.
COLUMNS = {
    "radial": ("eV/Å", 2),
    "displacement": ("kcal/mol", 1),
    "selectivity": ("kcal/mol", 1),
}


def evaluated_at(
    level: LevelOfTheory, geometries: Sequence[Geometry], arm: float
) -> list[Evaluated]:
    """The geometries at any level, without derivatives."""
    found = []
    for geometry in geometries:
        calculation = static(geometry.reference.structure, level)
        assert calculation.energy is not None
        assert calculation.forces is not None
        wrenches = geometry.wrenches(calculation.forces, arm)
        found.append(
            Evaluated(calculation.energy, wrenches, np.zeros(0), np.zeros((0, *wrenches.shape)))
        )
    return found


def errors_by_class(targets: Targets, evaluated: Sequence[Evaluated]) -> pd.DataFrame:
    """Root mean square errors of every class of donors.

    Returns
    -------
    DataFrame
        By class: number of ``geometries``; ``radial``, of the force on a ligand along its bonds,
        eV/Å (of water: in all complexes); ``displacement``, of the energy between geometries of a
        complex, and ``selectivity``, of the exchange energy apart from what a complex has in common
        with all metals, kcal/mol; not a number where there is nothing to compare.
    """
    radial = pd.DataFrame(_radial(targets.geometries, evaluated), columns=["donors", "error"])
    energies = targets.energies
    off = energies.matrix @ np.array([one.energy for one in evaluated]) - energies.references
    about = [targets.geometries[index].reference for index in energies.of]
    differences = pd.DataFrame(
        {
            "donors": [one.donors for one in about],
            "complex": [" ".join(one.fragments) for one in about],
            "exchange": energies.ligands.any(axis=1),
            "error": off * KCAL_PER_EV,
        }
    )
    exchange = differences[differences.exchange].copy()
    by_complex = exchange.groupby("complex").error
    exchange["error"] -= by_complex.transform("mean")
    exchange = exchange[by_complex.transform("size") > 1]
    counts = pd.Series([g.reference.donors for g in targets.geometries]).value_counts()
    table = pd.DataFrame(
        {
            "geometries": counts,
            "radial": _rms(radial),
            "displacement": _rms(differences[~differences.exchange]),
            "selectivity": _rms(exchange),
        }
    )
    return table.rename_axis("donors").sort_index()


def _rms(table: pd.DataFrame) -> pd.Series[float]:
    return table.error.pow(2).groupby(table.donors).mean().pow(0.5)


def _radial(
    geometries: Sequence[Geometry], evaluated: Sequence[Evaluated]
) -> Iterator[tuple[str, float]]:
    for geometry, one in zip(geometries, evaluated, strict=True):
        reference = geometry.reference
        wanted = geometry.wrenches(reference.forces, arm=1.0)[:, :3]
        errors = np.sum((one.wrenches[:, :3] - wanted) * geometry.outwards, axis=1)
        for smiles, error in zip(reference.fragments, errors.tolist(), strict=True):
            yield "water" if smiles == WATER else reference.donors, error
