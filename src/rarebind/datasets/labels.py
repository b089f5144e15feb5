"""Labels at another level on the geometries of a dataset: what to compute, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import (
    AQUA_WATERS,
    BindingEnergy,
    Species,
    label_if_possible,
    lowest,
    missing,
    references_of,
)
from rarebind.campaigns import Store, Task, balanced_order, single_point_task
from rarebind.campaigns.labelling import version_for_keys
from rarebind.datasets.record import Record
from rarebind.datasets.shards import Dataset
from rarebind.datasets.table import Row
from rarebind.elements import rare_earth
from rarebind.engines import GFN2_WATER, Calculation, LevelOfTheory, engine_spec
from rarebind.engines.level import model_chemistry_of
from rarebind.errors import InputError
from rarebind.structures import Structure

ORDERS = ("balanced", "size")
#: Columns of the table that a selection can filter by, and what complexes are balanced over.
FILTERS = ("metal", "scaffold", "substituent", "geometry")
STRATA = ("scaffold", "geometry", "metal")


@dataclass(frozen=True)
class Selection:
    """Which molecules of a dataset are labelled.

    Attributes
    ----------
    metals, scaffolds, substituents, geometries
        Only these; all when empty.
    n
        So many complexes at most, the first of a balanced order; None for all.
    order
        In which they are computed: ``balanced``, or ``size``: small ones first.
    references_only
        The references of the complexes, not these themselves.
    aqua
        Whether aqua ions are among the references; without them binding energies wait.
    seed
        Decides between equals.
    source
        Level of theory of the geometries.

    Raises
    ------
    InputError
        `n` is below 1 or `order` unknown.
    """

    metals: Sequence[str] = ()
    scaffolds: Sequence[str] = ()
    substituents: Sequence[str] = ()
    geometries: Sequence[str] = ()
    n: int | None = None
    order: str = "balanced"
    references_only: bool = False
    aqua: bool = True
    seed: int = 111111
    source: LevelOfTheory = GFN2_WATER

    def __post_init__(self) -> None:
        for name in ("metals", "scaffolds", "substituents", "geometries"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if self.n is not None and self.n < 1:
            raise InputError(f"n must be at least 1, got {self.n}")
        if self.order not in ORDERS:
            raise InputError(f"unknown order {self.order!r}: known are {', '.join(ORDERS)}")

    @property
    def filters(self) -> dict[str, Sequence[str]]:
        """Values wanted by column of the table."""
        values = (self.metals, self.scaffolds, self.substituents, self.geometries)
        return dict(zip(FILTERS, values, strict=True))


def select(rows: Iterable[Row], selection: Selection) -> list[Row]:
    """The complexes that `selection` is about, in the order in which they are computed.

    Of a complex with several records the one of lowest energy counts.

    Raises
    ------
    InputError
        A name does not occur among the accepted complexes, or nothing is left.
    """
    accepted = _lowest(r for r in _accepted(rows, selection) if r.kind == "complex").values()
    problems = []
    for column, names in selection.filters.items():
        known = sorted({str(value) for row in accepted if (value := getattr(row, column))})
        problems += [
            f"no {column} {name!r} among the accepted complexes: there are {', '.join(known)}"
            for name in dict.fromkeys(names)
            if known and name not in known
        ]
    if problems:
        raise InputError(problems)
    chosen = [
        row
        for row in accepted
        if all(not names or getattr(row, col) in names for col, names in selection.filters.items())
    ]
    if not chosen:
        raise InputError(f"no accepted complex with {selection.source} energies matches")
    ordered = balanced_order(
        chosen,
        lambda row: [str(getattr(row, column)) for column in STRATA],
        lambda row: row.key,
        within=lambda row: str(row.substituent or row.inchikey),
        seed=selection.seed,
    )[: selection.n]
    return ordered if selection.order == "balanced" else sorted(ordered, key=_size)


def references_among(
    rows: Iterable[Row], chosen: Sequence[Row], selection: Selection, *, ion: bool = True
) -> tuple[list[Row], tuple[str, ...]]:
    """The references of the chosen complexes, small ones first, and those that are not there.

    Parameters
    ----------
    ion
        Whether the level of the labels has a meaningful energy of bare ions.
    """
    there = _lowest(_accepted(rows, selection))
    aqua = AQUA_WATERS if selection.aqua else ()
    species = dict.fromkeys(row.species for row in chosen)
    wanted = dict.fromkeys(s for one in species for s in references_of(one, aqua, ion=ion))
    lacking = dict.fromkeys(s for one in species for s in missing(one, there, aqua, ion=ion))
    return sorted((there[s] for s in wanted if s in there), key=_size), tuple(lacking)


def _accepted(rows: Iterable[Row], selection: Selection) -> Iterator[Row]:
    level = selection.source.model_chemistry
    return (row for row in rows if row.status == "ok" and model_chemistry_of(row.level) == level)


def _lowest(rows: Iterable[Row]) -> dict[Species, Row]:
    """Of several records of a molecule that of lowest energy."""
    return lowest(((row.species, row) for row in rows), lambda row: row.energy_ev)


def _size(row: Row) -> tuple[int, str]:
    return row.atoms, row.key


@dataclass(frozen=True, eq=False)
class Entry:
    """A record whose geometry is labelled, and the task that does it."""

    source: Record
    task: Task

    @property
    def structure(self) -> Structure:
        """The geometry."""
        return _structure(self.source)


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
    ion = engine_spec(level).bare_ion
    references, lacking = references_among(rows, chosen, selection, ion=ion)
    complexes = [] if selection.references_only else chosen
    records = dataset.records_of([*references, *complexes])
    if problems := [p for record in records.values() if (p := _electrons_problem(record))]:
        raise InputError(problems)

    def entries(wanted: Iterable[Row]) -> tuple[Entry, ...]:
        sources = [records[row.key] for row in wanted]
        return tuple(
            Entry(source, single_point_task(_structure(source), level, source.label, version))
            for source in sources
        )

    return LabelPlan(level, entries(references), entries(complexes), lacking, selection.aqua)


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


def _structure(record: Record) -> Structure:
    assert record.calculation.structure is not None
    return record.calculation.structure


def _electrons_problem(record: Record) -> str:
    """Whether charge or multiplicity is another than the molecule's; empty when all is well.

    xTB takes the 4f electrons into its core, so that its records may carry anything.
    """
    structure = _structure(record)
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
