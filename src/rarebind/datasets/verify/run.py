"""Verification of a whole dataset, shard by shard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rarebind.datasets.extxyz import read_records
from rarebind.datasets.record import Record
from rarebind.datasets.reference_book import ReferenceBook
from rarebind.datasets.selection import find_level
from rarebind.datasets.shards import TABLE, Dataset, Shard
from rarebind.datasets.table import Row
from rarebind.datasets.verify.consistency import (
    Sources,
    by_record,
    contradictions,
    file_problems,
    frame_label_problems,
    label_text,
    repeated_keys,
    same_label,
    table_problems,
)
from rarebind.datasets.verify.recompute import (
    LARGEST_DFT,
    Recomputed,
    Sample,
    identity_problems,
    recompute,
)
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.xyz import XYZFrame, read_frames

#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of :func:`verify`.

    Attributes
    ----------
    problems
        What is wrong, each with the file it is in; empty when the dataset is sound.
    not_checked
        What could not be checked, and why: no evidence either way.
    recomputed
        Frames computed again.
    shards, records, frames
        How many were read.
    labels
        Binding energies that were derived again from the references.
    identities
        Complexes whose ligands and waters were identified again.
    """

    problems: tuple[str, ...]
    not_checked: tuple[str, ...]
    recomputed: tuple[Recomputed, ...]
    shards: int
    records: int
    frames: int
    labels: int
    identities: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; see also `not_checked`."""
        return not self.problems


def verify(
    dataset: Dataset,
    *,
    sample: int = 10,
    seed: int = 111111,
    level: str | None = None,
    on_progress: Progress | None = None,
) -> VerifyReport:
    """Check every file and record of a dataset, and compute some of its frames again.

    Parameters
    ----------
    sample
        Frames, drawn evenly, to compute again with the engine of their level; the complexes among
        them have their ligands identified again.  They are drawn from all frames of GFN-xTB, and
        of other methods from those of at most :data:`LARGEST_DFT` atoms.
    seed
        Decides which.
    level
        Draw them from this level alone, however large they are; see
        :func:`~rarebind.datasets.selection.find_level`.
    on_progress
        Told of every shard read and frame computed.

    Returns
    -------
    VerifyReport
        Faults are collected in it; none is raised.

    Raises
    ------
    InputError
        `level` is not in the dataset's table.
    """
    keys = None
    if level is not None:
        rows = dataset.rows()
        name = find_level(rows, level)
        keys = {row.key for row in rows if row.level == name}
    drawing = Sample(sample, seed, keys)
    return _Verification(dataset, drawing, on_progress or (lambda *_: None)).run()


@dataclass
class _Verification:
    dataset: Dataset
    sample: Sample
    progress: Progress
    problems: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    recomputed: list[Recomputed] = field(default_factory=list)
    incomplete: set[str] = field(default_factory=set)
    places: dict[str, str] = field(default_factory=dict)
    structures: dict[tuple[str, LevelOfTheory], str] = field(default_factory=dict)
    references: ReferenceBook = field(default_factory=ReferenceBook)
    sources: Sources = field(default_factory=Sources)
    #: Of shards, records, frames, labels and identities, as in the report.
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> VerifyReport:
        self.problems += file_problems(self.dataset)
        table = self._table()
        # Complexes last: their references are known by then.
        ordered = sorted(self.dataset.shards, key=lambda shard: shard.kind == "complex")
        for number, shard in enumerate(ordered, start=1):
            if self.dataset.path(shard).is_file():
                self._check_shard(shard, table)
                self.counts["shards"] += 1
            else:
                self.incomplete.add(shard.name)
            self.progress("shards read", number, len(ordered))
        self._check_rest_of(table or {})
        self._check_sources()
        self._compute_again()
        skipped = [f"{what} ({number})" for what, number in sorted(self.skipped.items())]
        counts = (
            self.counts[name] for name in ("shards", "records", "frames", "labels", "identities")
        )
        return VerifyReport(tuple(self.problems), tuple(skipped), tuple(self.recomputed), *counts)

    def _table(self) -> dict[str, Row] | None:
        """The table by key; None when it cannot be read."""
        try:
            rows = self.dataset.rows()
        except InputError as error:
            self.problems += error.problems
            return None
        self.problems += repeated_keys(self.dataset, rows)
        return {row.key: row for row in rows}

    def _check_shard(self, shard: Shard, table: dict[str, Row] | None) -> None:
        path = self.dataset.path(shard)
        found = Counter(records=0, frames=0)
        try:
            for group in by_record(read_frames(path)):
                found.update(records=1, frames=len(group))
                record = self._read(group)
                if record is None:
                    self.incomplete.add(shard.name)
                else:
                    self._check_record(record, group, shard, table)
        except InputError as error:
            self.problems += error.problems
            self.incomplete.add(shard.name)
        else:
            self.problems += [
                f"{path} has {number} {name}, the manifest says {said}"
                for name, number in found.items()
                if number != (said := getattr(shard, name))
            ]
        self.counts += found

    def _read(self, group: list[XYZFrame]) -> Record | None:
        where = group[0].where
        try:
            (record,) = read_records(group)
        except InputError as error:
            self.problems += error.problems
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            self.problems.append(f"{where}: no record ({type(error).__name__}: {error})")
        else:
            return record
        return None

    def _check_record(
        self, record: Record, group: list[XYZFrame], shard: Shard, table: dict[str, Row] | None
    ) -> None:
        where = group[0].where
        found = [
            *contradictions(record, shard),
            *frame_label_problems(group),
            *self._label_problems(record),
            *self._repetitions(record, where),
        ]
        if table is not None:
            found += table_problems(record, shard, table.pop(record.key, None))
        self.problems += [f"{where}: {record.label}: {problem}" for problem in found]
        self.sources.add(record, where)
        self.sample.offer(record, where)

    def _check_rest_of(self, table: dict[str, Row]) -> None:
        """What no record took out of the table has none."""
        path = self.dataset.folder / TABLE
        self.problems += [
            f"{path}: {row.label} (key {row.key}) is in no shard"
            for row in table.values()
            # Lines of a shard that cannot be read as a whole are no fault of the table.
            if row.shard not in self.incomplete
        ]

    def _repetitions(self, record: Record, where: str) -> Iterator[str]:
        if (other := self.places.setdefault(record.key, where)) != where:
            yield f"its key {record.key} is also that of the record at {other}"
            return
        structure = record.calculation.structure
        assert structure is not None
        content = structure.digest, record.calculation.level
        if (other := self.structures.setdefault(content, where)) != where:
            yield f"the same structure at the same level is also at {other}, under another key"

    def _label_problems(self, record: Record) -> Iterator[str]:
        """Compare the binding energies with those that the dataset's references give."""
        if record.kind != "complex":
            self.references.add(record)
            return
        missing = self.references.missing(record)
        if missing:
            if record.binding is not None:
                self.skipped[f"binding energies: the dataset has no {missing} at their level"] += 1
            return
        found = self.references.labels(record)
        stored = record.binding
        if stored is None:
            if found:
                yield "it has no binding energy, though all its references are in the dataset"
            return
        if not found:
            yield "it has a binding energy, but it or a reference of it was rejected"
            return
        self.counts["labels"] += 1
        if not any(same_label(stored, label) for label in found):
            nearest = min(
                found, key=lambda label: abs((label.binding or 0.0) - (stored.binding or 0.0))
            )
            yield f"{label_text(stored)}; the references in the dataset give {label_text(nearest)}"

    def _check_sources(self) -> None:
        missing = self.sources.missing()
        if missing and self.incomplete:
            # They may stand in what could not be read.
            self.skipped["geometries: the source could not be read"] += len(missing)
        else:
            self.problems += missing
        self.problems += self.sources.problems()

    def _compute_again(self) -> None:
        drawn = self.sample.drawn
        for number, frame in enumerate(drawn, start=1):
            identity = identity_problems(frame)
            self.counts["identities"] += identity is not None
            self.problems += identity or ()
            outcome = recompute(frame)
            if outcome.result is not None:
                self.recomputed.append(outcome.result)
            if outcome.problem:
                self.problems.append(outcome.problem)
            if outcome.skipped:
                self.skipped[f"not recomputed: {outcome.skipped}"] += 1
            self.progress("frames recomputed", number, len(drawn))
        if self.sample.size:
            for level, frames in self.sample.too_large.items():
                remark = f"not drawn to be recomputed: {level}, more than {LARGEST_DFT} atoms"
                self.skipped[remark] += frames
