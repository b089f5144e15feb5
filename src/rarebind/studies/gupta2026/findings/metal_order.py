"""Neighbouring lanthanides compared: complexes of one ligand in one geometry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean

from rarebind.studies.gupta2026.findings.complexes import Energies, geometries, having
from rarebind.studies.gupta2026.findings.paired import (
    Comparison,
    Pair,
    Resampling,
    by_geometry,
    matched,
)
from rarebind.studies.gupta2026.findings.statements import (
    MetalStatement,
    inner_lanthanides,
    neighbours_of,
)


@dataclass(frozen=True)
class Constant:
    """What equation 1 has in it of a metal alone, the same for all of its complexes.

    Attributes
    ----------
    metal
    value
        Equation 1 less exchange energy, kcal/mol: the binding energy of the aqua ion, equation 1.
    spread
        Largest less smallest over all complexes; beyond rounding it is 0.
    complexes
    """

    metal: str
    value: float
    spread: float
    complexes: int


def metal_order(
    energies: Energies, statements: Iterable[MetalStatement], resampling: Resampling
) -> list[Comparison]:
    """Each metal of `statements` against both of its neighbours.

    The bootstrap draws ligands.
    """
    found = []
    for statement in statements:
        for neighbour in statement.neighbours:
            pairs = matched(
                having(energies, metal=statement.metal),
                energies,
                {"metal": neighbour},
                lambda composition: composition.ligand,
            )
            found += by_geometry(
                statement.metal, neighbour, pairs, geometries(energies), resampling
            )
    return found


def off_neighbours(energies: Energies, resampling: Resampling) -> list[Comparison]:
    """Every lanthanide from Ce to Yb against the mean of its two neighbours.

    A smooth trend along the series takes no part in it.
    """
    found = []
    for metal in inner_lanthanides():
        before, after = neighbours_of(metal)
        pairs = []
        for composition, energy in having(energies, metal=metal).items():
            sides = [composition._replace(metal=other) for other in (before, after)]
            if all(side in energies for side in sides):
                mean = fmean(energies[side] for side in sides)
                pairs.append(Pair(energy, mean, composition.ligand, composition.geometry))
        if pairs:
            name = f"mean of {before} and {after}"
            found += by_geometry(metal, name, pairs, geometries(energies), resampling)
    return found


def constants(energies: Mapping[str, Energies]) -> dict[str, Constant]:
    """By metal, where both quantities are known."""
    binding, exchange = energies["binding"], energies["exchange"]
    values: dict[str, list[float]] = {}
    for composition in binding:
        if composition in exchange:
            shift = binding[composition] - exchange[composition]
            values.setdefault(composition.metal, []).append(shift)
    return {
        metal: Constant(metal, fmean(found), max(found) - min(found), len(found))
        for metal, found in values.items()
    }
