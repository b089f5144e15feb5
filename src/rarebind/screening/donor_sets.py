"""Of several sets of donors of a ligand the one that binds best, found with La.

Nobody has chosen the donors, and other sets are open (:mod:`rarebind.ligands.alternatives`): the
complex of La is relaxed with each, and that of lowest energy is kept for the whole series, so that
its metals are compared with the ligand bound alike.  With as many donor atoms in all, a donor less
is a water more, of which the energy is counted; its entropy is not, as in the exchange energy.

The usual set is computed anyway, so that this costs one complex of La more for each other set of
every ligand and geometry: one, for ligands of one or two donors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rarebind.campaigns import Protocol, Store, TaskFactory, run_tasks, with_ancestors
from rarebind.complexes import TEMPLATE_METAL, ComplexSpec, further_donors
from rarebind.ligands import Ligand
from rarebind.screening.asked import Asked, Fitting
from rarebind.screening.screen import Watch
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    from rarebind.engines import Calculation


def with_best_donors(
    fitting: Fitting,
    protocol: Protocol,
    store: Store,
    *,
    workers: int | None = None,
    watch: Watch,
) -> tuple[Fitting, frozenset[str]]:
    """The same complexes, each ligand bound by its best set of donors, and keys of tasks ended.

    Parameters
    ----------
    fitting
        What is asked for, with other sets of donors.
    protocol
        Of the screen.
    store, workers, watch
        As for :func:`~rarebind.screening.computed.compute`.
    """
    open_ones = {_first(one): (_first(one), *one.others) for one in fitting.asked if one.others}
    if not open_ones:
        return fitting, frozenset()
    factory = TaskFactory(protocol)
    tasks = {spec: factory.complex(spec) for sets in open_ones.values() for spec in sets}
    water = factory.water()
    wanted = with_ancestors([*tasks.values(), water])
    watch.on_stage("sets of donors")
    watch.on_total(len(wanted))
    results = run_tasks(wanted, store, workers=workers, on_done=watch.on_done)
    free = results[water.key].energy
    ranks = {spec: _rank(spec, results[task.key], free) for spec, task in tasks.items()}
    chosen = {first: _best(sets, ranks) for first, sets in open_ones.items()}
    found = replace(fitting, asked=tuple(_with(chosen, one) for one in fitting.asked))
    return found, frozenset(task.key for task in wanted)


def _first(asked: Asked) -> ComplexSpec:
    return asked.spec.with_metal(TEMPLATE_METAL)


def _rank(spec: ComplexSpec, found: Calculation, water: float | None) -> tuple[bool, float]:
    """Sort key: complexes with donors that nobody asked for last, then energy in eV."""
    if not found.ok or found.energy is None or found.structure is None or water is None:
        return True, math.inf
    return bool(further_donors(found.structure, spec)), found.energy - spec.waters * water


def _best(
    sets: Sequence[ComplexSpec], ranks: Mapping[ComplexSpec, tuple[bool, float]]
) -> ComplexSpec:
    """The best complex, its ligand with a note of what was tried."""
    best, *others = sorted(sets, key=ranks.__getitem__)
    least = ranks[best][1]
    told = "; ".join(f"{_main(one).donor_labels} ({_told(ranks[one], least)})" for one in others)
    if math.isinf(least):
        return _bound_by(best, _main(best).bound_by(_main(best).donors))
    ligand = _main(best)
    note = f"{best.geometry}: bound through {ligand.donor_labels}, not through {told}"
    return _bound_by(best, ligand.bound_by(ligand.donors, note))


def _told(rank: tuple[bool, float], least: float) -> str:
    unasked, energy = rank
    if math.isinf(energy):
        return "no such complex"
    if unasked:
        return "which binds by further donors"
    return f"{(energy - least) * KCAL_PER_EV:+.1f} kcal/mol with {TEMPLATE_METAL}"


def _with(chosen: dict[ComplexSpec, ComplexSpec], asked: Asked) -> Asked:
    if not asked.others:
        return asked
    return Asked(chosen[_first(asked)].with_metal(asked.spec.metal), asked.open_as)


def _main(spec: ComplexSpec) -> Ligand:
    assert spec.ligand is not None
    return spec.ligand


def _bound_by(spec: ComplexSpec, ligand: Ligand) -> ComplexSpec:
    (_, number), *rest = spec.composition.ligands
    composition = replace(spec.composition, ligands=((ligand, number), *rest))
    return replace(spec, composition=composition)
