"""Labels at another level on the geometries of a dataset: what to compute, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import BindingEnergy, Species, label_if_possible, references_of
from rarebind.campaigns import Store, Task, single_point_task
from rarebind.campaigns.labelling import version_for_keys
from rarebind.datasets.label_selection import Selection, references_among, select
from rarebind.datasets.record import Record
from rarebind.datasets.shards import Dataset
from rarebind.datasets.table import Row
from rarebind.elements import rare_earth
from rarebind.engines import Calculation, LevelOfTheory
from rarebind.errors import InputError


@dataclass(frozen=True, eq=False)
class Entry:
    """A record whose geometry is labelled, and the task that does it."""

    source: Record
    task: Task


@dataclass(frozen=True, eq=False)
class LabelPlan:
    """What a label campaign computes.

    Attributes
    ----------
    level
        Of the labels.
    references, complexes
        In the order in which they are computed.
    missing
        References that the dataset does not have, in words; what needs them gets no binding
        energy, or no exchange energy where it is aqua ions.
    aqua
        Whether aqua ions are computed where the dataset has them; else binding energies wait.
    """

    level: LevelOfTheory
    references: tuple[Entry, ...]
    complexes: tuple[Entry, ...]
    missing: tuple[str, ...] = ()
    aqua: bool = True

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All, the references first."""
        return self.references + self.complexes

    @property
    def stages(self) -> Mapping[str, Sequence[Task]]:
        """Tasks by stage, as those of :class:`~rarebind.campaigns.Curation`."""
        return {
            name: tuple(entry.task for entry in entries)
            for name, entries in (("references", self.references), ("complexes", self.complexes))
            if entries
        }


def plan_labels(
    dataset: Dataset,
    level: LevelOfTheory,
    selection: Selection,
    engine_version: str | None = None,
) -> LabelPlan:
    """The single points at `level` that label a selection of `dataset`.

    Parameters
    ----------
    engine_version
        As the keys of the tasks have it; by default that of the engine here.

    Raises
    ------
    InputError
        Nothing matches; the level is that of the geometries; a geometry carries another charge
        or multiplicity than its molecule has.
    MissingDependencyError
        The engine is not installed.
    """
    if level.model_chemistry == selection.source.model_chemistry:
        raise InputError(f"the geometries have {level} energies already: give another --level")
    version = engine_version or version_for_keys(level)
    rows = dataset.rows()
    chosen = select(rows, selection)
    references, missing = references_among(rows, chosen, selection)
    complexes = [] if selection.references_only else chosen
    records = dataset.records_of([*references, *complexes])

    def entries(wanted: list[Row]) -> tuple[Entry, ...]:
        sources = [records[row.key] for row in wanted]
        return tuple(Entry(source, _task(source, level, version)) for source in sources)

    if problems := [p for record in records.values() if (p := _electrons_problem(record))]:
        raise InputError(problems)
    return LabelPlan(level, entries(references), entries(complexes), missing, selection.aqua)


def collect_labels(plan: LabelPlan, store: Store) -> Iterator[Record]:
    """What `store` has of a plan: its references first, then complexes with their labels.

    A complex waits until each of its references in the plan has a result: a binding energy from
    what happens to be there would never be put right in a dataset that only grows.
    """
    planned = {entry.source.species for entry in plan.references}
    found: dict[Species, Calculation] = {}
    for entry in plan.references:
        calculation = store.get(entry.task.key)
        if calculation is not None and calculation.ok:
            found[entry.source.species] = calculation
            yield _label(entry, calculation, None)
    unfinished = planned - found.keys()
    for entry in plan.complexes:
        spec = entry.source.spec
        assert spec is not None
        if unfinished.intersection(references_of(entry.source.species)):
            continue
        calculation = store.get(entry.task.key)
        if calculation is not None and calculation.ok:
            binding = label_if_possible(spec, calculation, found) if plan.aqua else None
            yield _label(entry, calculation, binding)


def _label(entry: Entry, calculation: Calculation, binding: BindingEnergy | None) -> Record:
    of = entry.source
    return Record(
        of.kind, calculation, of.spec, of.ligand, binding, entry.task.key, of.label, source=of.key
    )


def _task(source: Record, level: LevelOfTheory, version: str) -> Task:
    assert source.calculation.structure is not None
    return single_point_task(source.calculation.structure, level, source.label, version)


def _electrons_problem(record: Record) -> str:
    """Whether charge or multiplicity is another than the molecule's; empty when all is well.

    xTB takes the 4f electrons into its core, so that its records may carry anything.
    """
    structure = record.calculation.structure
    assert structure is not None
    if record.spec is not None:
        expected = record.spec.charge, record.spec.multiplicity
    elif record.metal is not None:
        expected = 3, rare_earth(record.metal).multiplicity
    else:
        expected = 0 if record.ligand is None else record.ligand.charge, 1
    if expected == (structure.charge, structure.multiplicity):
        return ""
    return (
        f"{record.label} (record {record.key[:12]}) has charge {structure.charge:+d} and "
        f"multiplicity {structure.multiplicity}, not {expected[0]:+d} and {expected[1]}: "
        "it cannot be labelled"
    )


__all__ = ["Entry", "LabelPlan", "Selection", "collect_labels", "plan_labels", "select"]
