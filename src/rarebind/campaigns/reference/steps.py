"""Steps of a campaign for reference data: a minimum of GFN2, and the reference beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rarebind.campaigns.reference.building import (
    WATER,
    atom_ranges,
    embed,
    faults,
    free_ligand,
    read_ligand,
)
from rarebind.campaigns.reference.displacement import agitated, stretched
from rarebind.campaigns.reference.refinement import refined
from rarebind.engines import GFN2_WATER, Calculation, LevelOfTheory, relax, static
from rarebind.errors import CalculationError
from rarebind.structures import Structure

#: Embedded geometries that may fail for one that is relaxed.
_PATIENCE = 3


def reference_start(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """The lowest relaxed geometry of a system; from that of another metal if there is one."""
    smiles, metal = arguments["fragments"], arguments["metal"]
    level = LevelOfTheory(**arguments["level"]) if "level" in arguments else GFN2_WATER
    if metal is None:
        return relax(free_ligand(smiles[0], arguments["seed"]), level)
    if parents:
        (parent,) = parents
        assert parent.structure is not None
        found = parent.structure
        starts = [Structure((metal, *found.symbols[1:]), found.positions, found.charge)]
    else:
        starts = _embedded(metal, smiles, arguments["seed"], arguments["candidates"])
    relaxed = [relax(start, level) for start in starts]
    usable = [one for one in relaxed if one.ok]
    if not usable:
        return relaxed[0]
    whole = [one for one in usable if not _faults(one, smiles)]
    best = min(whole or usable, key=_energy)
    if not whole:
        return replace(best, status="rejected", reason="; ".join(_faults(best, smiles)))
    return best


def reference_point(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """Energy and forces of a geometry beside the parent's, at the reference level."""
    (parent,) = parents
    assert parent.structure is not None
    level = LevelOfTheory(**arguments["level"])
    return static(displaced(parent.structure, arguments), level)


def reference_refined(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """Energy and forces nearer to a minimum of the reference than the parent's are."""
    (parent,) = parents
    assert parent.structure is not None
    assert parent.forces is not None
    nearer = refined(parent.structure, parent.forces, LevelOfTheory(**arguments["level"]))
    return static(displaced(nearer, arguments), LevelOfTheory(**arguments["reference"]))


def displaced(start: Structure, arguments: dict[str, Any]) -> Structure:
    """The geometry that the arguments of a point describe."""
    smiles, positions = arguments["fragments"], start.positions
    metal = arguments["metal"]
    if metal is None:
        parts = [range(len(start))]
    else:
        parts = atom_ranges(smiles)
        donors = [
            [atoms.start + donor for donor in read_ligand(one)[1]]
            for one, atoms in zip(smiles, parts, strict=True)
        ]
        by = [arguments["waters" if one == WATER else "ligands"] for one in smiles]
        positions = stretched(positions, parts, donors, by)
    if (motion := arguments["motion"]) is not None:
        positions = agitated(positions, parts, **motion)
    return start.with_positions(positions)


def _embedded(metal: str, smiles: list[str], seed: int, wanted: int) -> list[Structure]:
    found: list[Structure] = []
    reason = ""
    for attempt in range(_PATIENCE * wanted):
        try:
            found.append(embed(metal, smiles, seed + attempt))
        except CalculationError as error:
            reason = str(error)
        if len(found) == wanted:
            break
    if not found:
        raise CalculationError(reason)
    return found


def _faults(calculation: Calculation, smiles: list[str]) -> list[str]:
    assert calculation.structure is not None
    return faults(calculation.structure, smiles)


def _energy(calculation: Calculation) -> float:
    assert calculation.energy is not None
    return calculation.energy
