"""Scaffolds compared: ligands with the same substituent, with one metal in one geometry."""

from __future__ import annotations

from rarebind.studies.gupta2026.findings.complexes import Energies, geometries, having
from rarebind.studies.gupta2026.findings.paired import (
    Comparison,
    Pair,
    Resampling,
    by_geometry,
    matched,
)
from rarebind.studies.gupta2026.findings.statements import ScaffoldStatement


def scaffold_order(
    energies: Energies, statement: ScaffoldStatement, resampling: Resampling
) -> list[Comparison]:
    """Each scaffold that is said to bind more strongly, against each of the others.

    The bootstrap draws substituents: each stands for a pair of ligands.
    """
    found = []
    for first in statement.stronger:
        for second in statement.weaker:
            pairs = scaffold_pairs(energies, first, second)
            found += by_geometry(first, second, pairs, geometries(energies), resampling)
    return found


def scaffold_pairs(energies: Energies, first: str, second: str) -> list[Pair]:
    """Complexes of two scaffolds that are equal in everything else; a group is a substituent."""
    return matched(
        having(energies, scaffold=first),
        energies,
        {"scaffold": second},
        lambda composition: composition.substituent,
    )
