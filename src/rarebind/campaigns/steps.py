"""The steps a campaign is made of, each a pure function that a worker process can run.

A step takes its arguments as plain data and the calculations of its parents, and returns one
calculation.  Whoever changes what a step computes raises its number in :data:`STEP_VERSIONS`.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rarebind.campaigns.plain import spec_from_data, spec_to_data
from rarebind.campaigns.reference.steps import (
    reference_point,
    reference_refined,
    reference_start,
)
from rarebind.complexes import (
    BUILDERS,
    Builder,
    ComplexSpec,
    aqua_starts,
    changed_by_one,
    checked,
    coordination_number,
    interpolate_metal,
    swap_metal,
)
from rarebind.complexes.crest import crest_conformers
from rarebind.complexes.hopping import hop
from rarebind.elements import rare_earth
from rarebind.engines import (
    GFN2_WATER,
    Calculation,
    Convergence,
    Frame,
    LevelOfTheory,
    relax,
    static,
)
from rarebind.engines.vibrations import vibrations as modes_of
from rarebind.errors import CalculationError, RarebindError
from rarebind.io.codec import from_data
from rarebind.ligands import conformers
from rarebind.structures import Structure

#: Free ligands and templates start from idealised geometries, whose symmetry can end a relaxation
#: on a saddle.  The metal series starts from a verified minimum and is not checked again.
_VERIFIED = Convergence(verify_minimum=True)

#: Hops spent on each water at most.
_HOPS_PER_WATER = 1
#: A template keeps the frames of at most so many of its relaxations, the lowest first.
_SAMPLED = 3

#: Version of each step's recipe; part of every task's key.
STEP_VERSIONS = {
    "ion": 1,
    "water": 2,
    "ligand": 2,
    "template": 3,
    "hydrated": 1,
    "polyhedra": 1,
    "series": 2,
    "interpolated": 1,
    "single_point": 1,
    "vibrations": 1,
    "reference_start": 1,
    "reference_point": 1,
    "reference_refined": 1,
}


def ion(arguments: dict[str, Any], _: Sequence[Calculation]) -> Calculation:
    """Energy of a bare M3+ ion."""
    metal = rare_earth(arguments["metal"])
    structure = Structure((metal.symbol,), np.zeros((1, 3)), 3, metal.multiplicity)
    return static(structure, _level(arguments))


def water(arguments: dict[str, Any], _: Sequence[Calculation]) -> Calculation:
    """A relaxed water molecule."""
    from ase.build import molecule

    return relax(Structure.from_ase(molecule("H2O")), _level(arguments))


def ligand(arguments: dict[str, Any], _: Sequence[Calculation]) -> Calculation:
    """The free ligand: the lowest of several relaxed RDKit conformers."""
    spec = spec_from_data(arguments["spec"])
    assert spec.ligand is not None
    starts = conformers(spec.ligand, arguments["conformers"], arguments["seed"])
    return _lowest([relax(start, _level(arguments), _VERIFIED) for start in starts])


def template(arguments: dict[str, Any], _: Sequence[Calculation]) -> Calculation:
    """Build a complex, relax the most promising candidates, keep the lowest that passes."""
    spec = spec_from_data(arguments["spec"])
    level = _level(arguments)
    seed = arguments["options"]["seed"]
    return _searched(_built(arguments, spec), spec, level, arguments, seed)


def hydrated(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """The La complex with one water more or less than its parent."""
    (relaxed,) = parents
    assert relaxed.structure is not None
    spec, parent = (spec_from_data(arguments[name]) for name in ("spec", "parent"))
    starts = changed_by_one(relaxed.structure, parent, spec)
    return _searched(starts, spec, _level(arguments), arguments, arguments["seed"])


def polyhedra(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """An aqua ion: the lowest of its parent and of those from polyhedra."""
    spec = spec_from_data(arguments["spec"])
    level = _level(arguments)
    starts = aqua_starts(spec, arguments["orientations"], arguments["seed"])
    tried = [checked(relax(start, level), spec) for start in starts]
    return _best([*parents, *tried], spec)


def _searched(
    candidates: list[Structure],
    spec: ComplexSpec,
    level: LevelOfTheory,
    arguments: dict[str, Any],
    seed: int,
) -> Calculation:
    """Relax the most promising candidates, hop from the lowest, keep the lowest that passes."""
    wanted = arguments["relaxed_candidates"]
    promising = _ranked(candidates, level)[:wanted]
    tried = [checked(relax(start, level), spec) for start in promising]
    best = _best(tried, spec)
    if not best.ok:
        return best
    assert best.structure is not None
    assert best.energy is not None
    lowest = best.structure
    if hops := min(arguments["hops"], _HOPS_PER_WATER * spec.waters):
        minima = hop(best.structure, best.energy, spec, hops=hops, seed=seed, level=level)
        lowest = min(minima, key=lambda pair: pair[1])[0]
    tried.append(checked(relax(lowest, level, _VERIFIED), spec))
    if arguments["conformer_search"] == "crest":
        found = [structure for _, structure in crest_conformers(lowest, level)[:wanted]]
        tried += [checked(relax(start, level, _VERIFIED), spec) for start in found]
    return _with_frames(_best(tried, spec), tried)


def _built(arguments: dict[str, Any], spec: ComplexSpec) -> list[Structure]:
    """Candidates of the builder, or of that to be tried otherwise."""
    builder: Builder = BUILDERS.create(arguments["builder"], **arguments["options"])
    try:
        return builder.build(spec)
    except CalculationError:
        if "otherwise" not in arguments:
            raise
        return _built(arguments["otherwise"], spec)


def series(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """The complex of another metal, from the relaxed one of the template metal."""
    parent = spec_from_data(arguments["parent"])
    metal = arguments["metal"]
    (relaxed,) = parents
    assert relaxed.structure is not None
    start = swap_metal(relaxed.structure, parent, metal)
    return checked(relax(start, _level(arguments)), parent.with_metal(metal))


def interpolated(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """The complex of a lanthanide, from those of Ce and Lu; from that of La without them."""
    parent = spec_from_data(arguments["parent"])
    level = _level(arguments)
    template, first, last = parents
    assert template.structure is not None
    swapped = swap_metal(template.structure, parent, arguments["metal"])
    spec = parent.with_metal(arguments["metal"])
    between = None
    if first.ok and last.ok and first.structure is not None and last.structure is not None:
        between = interpolate_metal(first.structure, last.structure, spec.metal)
    if between is None:
        return checked(relax(swapped, level), spec)
    calculation = checked(relax(between, level), spec)
    # The start is so near the minimum that its way there teaches nothing; the swapped one does.
    sample = static(swapped, level)
    if not sample.ok or not calculation.ok:
        return calculation
    assert sample.energy is not None
    assert sample.forces is not None
    frame = Frame(swapped.positions, sample.energy, sample.forces)
    return replace(calculation, intermediates=(frame, *calculation.intermediates))


def single_point(arguments: dict[str, Any], _: Sequence[Calculation]) -> Calculation:
    """Energy and forces of a geometry that came from elsewhere."""
    return static(from_data(Structure, arguments["structure"]), _level(arguments))


def vibrations(arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """The parent relaxed closely, with its harmonic vibrations."""
    (relaxed,) = parents
    assert relaxed.structure is not None
    found = modes_of(relaxed.structure, _level(arguments))
    spec = arguments["spec"]
    return found if spec is None else checked(found, spec_from_data(spec))


STEPS = {
    "ion": ion,
    "water": water,
    "ligand": ligand,
    "template": template,
    "hydrated": hydrated,
    "polyhedra": polyhedra,
    "series": series,
    "interpolated": interpolated,
    "single_point": single_point,
    "vibrations": vibrations,
    "reference_start": reference_start,
    "reference_point": reference_point,
    "reference_refined": reference_refined,
}


def execute(step: str, arguments: dict[str, Any], parents: Sequence[Calculation]) -> Calculation:
    """Run a step in a worker; whatever goes wrong comes back as a failure record."""
    start = time.perf_counter()
    try:
        calculation = STEPS[step](arguments, parents)
    except RarebindError as error:
        reason = str(error)
    except Exception as error:  # noqa: BLE001
        # A fault in a builder or library must not end the campaign; the last frame locates it.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        reason = f"{type(error).__name__}: {error} ({frame.name}, line {frame.lineno})"
    else:
        return replace(calculation, wall_time=time.perf_counter() - start)
    return failure(step, arguments, reason, time.perf_counter() - start)


def failure(step: str, arguments: dict[str, Any], reason: str, wall_time: float) -> Calculation:
    """The record of a step that gave no result."""
    return Calculation(
        verb=step,
        level=_level(arguments),
        structure=None,
        status="failed",
        converged=False,
        reason=reason,
        wall_time=wall_time,
    )


def _level(arguments: dict[str, Any]) -> LevelOfTheory:
    return LevelOfTheory(**arguments["level"]) if "level" in arguments else GFN2_WATER


def _ranked(candidates: list[Structure], level: LevelOfTheory) -> list[Structure]:
    """Candidates by energy at the geometry they come with; those without one last."""
    if len(candidates) == 1:
        return candidates
    energies = []
    for candidate in candidates:
        calculation = static(candidate, level)
        energies.append(calculation.energy if calculation.energy is not None else np.inf)
    return [candidates[i] for i in np.argsort(energies, kind="stable")]


def _with_frames(best: Calculation, tried: list[Calculation]) -> Calculation:
    """`best` with what the others met on their way: as true, and further from the minimum."""
    lowest = sorted((c for c in tried if c.ok), key=_energy)[:_SAMPLED]
    return replace(best, intermediates=tuple(f for c in lowest for f in c.intermediates))


def _best(calculations: list[Calculation], spec: ComplexSpec) -> Calculation:
    """The lowest that has the coordination number asked for; failing that, the lowest.

    A side chain that binds as well makes a lower complex, but another one.
    """
    wanted = [
        c
        for c in calculations
        if c.ok
        and c.structure is not None
        and coordination_number(c.structure) == spec.coordination_number
    ]
    return _lowest(wanted or calculations)


def _lowest(calculations: list[Calculation]) -> Calculation:
    """The usable calculation of lowest energy, or the first unusable one if there is none."""
    if not calculations:
        raise CalculationError("nothing to relax")
    usable = [c for c in calculations if c.ok]
    if not usable:
        return calculations[0]
    return min(usable, key=_energy)


def _energy(calculation: Calculation) -> float:
    return np.inf if calculation.energy is None else calculation.energy


__all__ = ["STEPS", "STEP_VERSIONS", "execute", "failure", "spec_from_data", "spec_to_data"]
