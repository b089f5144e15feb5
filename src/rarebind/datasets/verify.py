"""Whether a dataset is what it says: files, records, labels, and energies computed again."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass, field, fields

import numpy as np

from rarebind.binding import BindingEnergy
from rarebind.complexes import check_complex
from rarebind.datasets.extxyz import read_records
from rarebind.datasets.record import Record
from rarebind.datasets.reference_book import ReferenceBook
from rarebind.datasets.shards import MANIFEST, SHARDS, TABLE, Dataset, Shard, sha256
from rarebind.datasets.table import Row, row_of
from rarebind.datasets.xyzfile import XYZFrame, read_frames
from rarebind.engines import ENGINES, Calculation, Frame, LevelOfTheory, static
from rarebind.errors import InputError, MissingDependencyError

#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]

#: A relaxation ends below 0.02 eV/Å; forces above this are not those of a minimum.
LARGEST_FORCE = 0.05
#: Energies are stored to 1e-8 eV, and a binding energy adds up about ten of them.
LABEL_TOLERANCE = 1e-6
#: What a second calculation may differ by, in eV and eV/Å, where the forces vanish: the
#: self-consistent field, converged to about 1e-6, starts elsewhere.  Rounding moves two bonded
#: atoms by up to 1.7e-5 Å against each other, which a triple bond (120 eV/Å²) answers with 2e-3.
ENERGY_TOLERANCE = 2e-5
FORCE_TOLERANCE = 3e-3
#: Largest error in Å of a stored coordinate; times the force, it is an error of the energy.
_ROUNDING = 5e-6

#: Units of the last digit that a table's number may be off, its record being rounded as well.
_TABLE_TOLERANCES = {
    "energy_ev": 2e-6,
    "binding_kcal_mol": 2e-3,
    "exchange_kcal_mol": 2e-3,
    "fmax_ev_per_angstrom": 2e-4,
    "ligand_donor_distance": 2e-4,
    "water_distance": 2e-4,
    "wall_time_s": 2e-2,
}
_FRAME_ENERGY = re.compile(r"(?<!\S)(energy|binding_energy|exchange_energy)=(\S+)")


@dataclass(frozen=True)
class Recomputed:
    """A frame whose energy and forces were computed again.

    Attributes
    ----------
    label
        Record, and which of its frames.
    energy_difference_ev
        New energy less the stored one.
    force_difference
        Largest difference of a force component in eV/Å; NaN where none are stored.
    """

    label: str
    energy_difference_ev: float
    force_difference: float


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
    dataset: Dataset, *, sample: int = 10, seed: int = 111111, on_progress: Progress | None = None
) -> VerifyReport:
    """Check every file and record of a dataset, and compute some of its frames again.

    Parameters
    ----------
    sample
        Frames, drawn evenly from all, to compute again with the engine of their level; the
        complexes among them have their ligands identified again.
    seed
        Decides which.
    on_progress
        Told of every shard read and frame computed.

    Returns
    -------
    VerifyReport
        Faults are collected in it; none is raised.
    """
    return _Verification(dataset, sample, seed, on_progress or (lambda *_: None)).run()


@dataclass(frozen=True)
class _Sampled:
    """A frame drawn: its record, where that stands, and which frame (0 is the end)."""

    record: Record
    where: str
    number: int

    @property
    def label(self) -> str:
        part = f"intermediate {self.number}" if self.number else "end"
        return f"{self.record.label}, {part}"

    @property
    def frame(self) -> Calculation | Frame:
        end = self.record.calculation
        return end.intermediates[self.number - 1] if self.number else end


@dataclass
class _Verification:
    dataset: Dataset
    sample: int
    seed: int
    progress: Progress
    problems: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    recomputed: list[Recomputed] = field(default_factory=list)
    drawn: list[_Sampled] = field(default_factory=list)
    seen: int = 0
    incomplete: set[str] = field(default_factory=set)
    places: dict[str, str] = field(default_factory=dict)
    structures: dict[tuple[str, LevelOfTheory], str] = field(default_factory=dict)
    shards: int = 0
    records: int = 0
    frames: int = 0
    labels: int = 0
    identities: int = 0

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)
        self.references = ReferenceBook()

    def run(self) -> VerifyReport:
        self._check_files()
        table = self._table()
        # Complexes last: their references are known by then.
        ordered = sorted(self.dataset.shards, key=lambda shard: shard.kind == "complex")
        for number, shard in enumerate(ordered, start=1):
            if self.dataset.path(shard).is_file():
                self._check_shard(shard, table)
                self.shards += 1
            else:
                self.incomplete.add(shard.name)
            self.progress("shards read", number, len(ordered))
        self._check_rest_of(table or {})
        for number, drawn in enumerate(self.drawn, start=1):
            self._check_identity(drawn)
            self._recompute(drawn)
            self.progress("frames recomputed", number, len(self.drawn))
        skipped = [f"{what} ({number})" for what, number in sorted(self.skipped.items())]
        return VerifyReport(
            tuple(self.problems), tuple(skipped), tuple(self.recomputed),
            self.shards, self.records, self.frames, self.labels, self.identities,
        )  # fmt: skip

    def _check_files(self) -> None:
        manifest = self.dataset.folder / MANIFEST
        names = Counter(shard.name for shard in self.dataset.shards)
        self.problems += [
            f"{manifest}: {name} is named {number} times"
            for name, number in names.items()
            if number > 1
        ]
        folder = self.dataset.folder / SHARDS
        present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
        self.problems += [
            f"{folder / name} is not in the manifest: it is no part of the dataset, remove it"
            for name in sorted(present - names.keys())
        ]
        for shard in self.dataset.shards:
            path = self.dataset.path(shard)
            if shard.name not in present:
                self.problems.append(f"{path} is missing, but the manifest names it")
            elif (found := sha256(path)) != shard.sha256:
                self.problems.append(
                    f"{path} is not the file that was published: its SHA-256 is {found}, in the "
                    f"manifest {shard.sha256}"
                )

    def _table(self) -> dict[str, Row] | None:
        """The table by key; None when it cannot be read."""
        path = self.dataset.folder / TABLE
        try:
            rows = self.dataset.rows()
        except InputError as error:
            self.problems += error.problems
            return None
        repeated = Counter(row.key for row in rows)
        self.problems += [
            f"{path}: {number} lines have the key {key}"
            for key, number in repeated.items()
            if number > 1
        ]
        return {row.key: row for row in rows}

    def _check_shard(self, shard: Shard, table: dict[str, Row] | None) -> None:
        path = self.dataset.path(shard)
        records = frames = 0
        try:
            for group in _by_record(read_frames(path)):
                records += 1
                frames += len(group)
                record = self._read(group)
                if record is None:
                    self.incomplete.add(shard.name)
                else:
                    self._check_record(record, group, shard, table)
        except InputError as error:
            self.problems += error.problems
            self.incomplete.add(shard.name)
        else:
            for name, found in {"records": records, "frames": frames}.items():
                if found != (said := getattr(shard, name)):
                    self.problems.append(f"{path} has {found} {name}, the manifest says {said}")
        self.records += records
        self.frames += frames

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
            *_contradictions(record, shard),
            *_frame_label_problems(group),
            *self._label_problems(record),
            *self._repetitions(record, where),
        ]
        if table is not None:
            found += _table_problems(record, shard, table.pop(record.key, None))
        self.problems += [f"{where}: {record.label}: {problem}" for problem in found]
        self._draw(record, where)

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
        self.labels += 1
        if not any(_same_label(stored, label) for label in found):
            nearest = min(found, key=lambda label: abs(label.binding - stored.binding))
            yield (
                f"equation 1 {stored.binding:.6f} eV, exchange {stored.exchange:.6f} eV, "
                f"{stored.aqua_waters} waters on the aqua ion, coordination number "
                f"{stored.coordination_number}; the references in the dataset give "
                f"{nearest.binding:.6f}, {nearest.exchange:.6f}, {nearest.aqua_waters}, "
                f"{nearest.coordination_number}"
            )

    def _draw(self, record: Record, where: str) -> None:
        """Keep each frame so far with equal probability (reservoir sampling)."""
        for number in range(1 + len(record.calculation.intermediates)):
            self.seen += 1
            # A new frame takes the place of one drawn before, ever more seldom.
            full = self.seen > self.sample
            place = int(self.random.integers(self.seen)) if full else self.seen - 1
            if place < self.sample:
                self.drawn[place : place + 1] = [_Sampled(record, where, number)]

    def _check_identity(self, drawn: _Sampled) -> None:
        record = drawn.record
        if record.kind != "complex" or not record.calculation.ok or record.spec is None:
            return
        self.identities += 1
        report = check_complex(record.calculation, record.spec)
        self.problems += [f"{drawn.where}: {record.label}: {reason}" for reason in report.reasons]

    def _recompute(self, drawn: _Sampled) -> None:
        calculation = drawn.record.calculation
        level = calculation.level
        assert calculation.structure is not None
        if level.engine not in ENGINES:
            self.skipped[f"not recomputed: no engine {level.engine!r} ({level})"] += 1
            return
        structure = calculation.structure
        if isinstance(drawn.frame, Frame):
            structure = structure.with_positions(drawn.frame.positions)
        try:
            again = static(structure, level)
        except (InputError, MissingDependencyError) as error:
            self.skipped[f"not recomputed: {error}"] += 1
            return
        stored = drawn.frame
        if again.energy is None or again.forces is None or stored.energy is None:
            self.problems.append(f"{drawn.where}: {drawn.label}: computing again: {again.reason}")
            return
        force = math.nan
        if stored.forces is not None:
            force = float(np.abs(again.forces - stored.forces).max())
        result = Recomputed(drawn.label, again.energy - stored.energy, force)
        self.recomputed.append(result)
        bound = ENERGY_TOLERANCE + _ROUNDING * float(np.abs(again.forces).sum())
        if abs(result.energy_difference_ev) > bound or force > FORCE_TOLERANCE:
            self.problems.append(
                f"{drawn.where}: {drawn.label}: {again.engine_version} gives an energy that "
                f"differs by {result.energy_difference_ev:.2e} eV and forces that differ by up to "
                f"{force:.2e} eV/Å from those stored, of {calculation.engine_version}"
            )


def _by_record(frames: Iterable[XYZFrame]) -> Iterator[list[XYZFrame]]:
    """Frames record by record, whether they can be parsed or not."""
    group: list[XYZFrame] = []
    for frame in frames:
        if group and "role=end" in _comment(frame).split():
            yield group
            group = []
        group.append(frame)
    if group:
        yield group


def _comment(frame: XYZFrame) -> str:
    return frame.text.split("\n", 2)[1]


def _contradictions(record: Record, shard: Shard) -> Iterator[str]:
    """What in one record contradicts itself or its shard."""
    calculation = record.calculation
    if (record.kind, str(calculation.level)) != (shard.kind, shard.level):
        yield (
            f"a record of kind {record.kind} at {calculation.level} in a shard of kind "
            f"{shard.kind} at {shard.level}"
        )
    structure = calculation.structure
    assert structure is not None
    electrons = int(structure.atomic_numbers.sum()) - structure.charge
    if (electrons - structure.multiplicity + 1) % 2:
        yield (
            f"{electrons} electrons cannot have the multiplicity {structure.multiplicity}: "
            "its charge or multiplicity is wrong"
        )
    # A single point, whatever its forces, is not expected to lie in a minimum.
    relaxed = calculation.ok and calculation.verb == "relax"
    if relaxed and calculation.fmax > LARGEST_FORCE:
        yield (
            f"accepted with a force of {calculation.fmax:.3f} eV/Å: no minimum (more than "
            f"{LARGEST_FORCE})"
        )


def _frame_label_problems(group: list[XYZFrame]) -> Iterator[str]:
    """Binding energies of intermediates, which a record does not keep: E − E(end) on top."""
    end, *rest = (
        {name: _number(text) for name, text in _FRAME_ENERGY.findall(_comment(frame))}
        for frame in group
    )
    for number, frame in enumerate(rest, start=1):
        for name in ("binding_energy", "exchange_energy"):
            if (name in end) != (name in frame):
                yield f"intermediate {number}: {name} is only in the end or only in it"
            elif name in end:
                wanted = end[name] + frame.get("energy", math.nan) - end.get("energy", math.nan)
                if not abs(frame[name] - wanted) <= LABEL_TOLERANCE:
                    yield f"intermediate {number}: {name} is {frame[name]} eV, not {wanted:.6f}"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _table_problems(record: Record, shard: Shard, row: Row | None) -> Iterator[str]:
    if row is None:
        yield f"its key {record.key} has no line of its own in {TABLE}"
        return
    expected = row_of(record, shard.name)
    for column, wanted, found in zip(
        (f.name for f in fields(Row)), astuple(expected), astuple(row), strict=True
    ):
        if not _same_cell(wanted, found, _TABLE_TOLERANCES.get(column, 0.0)):
            yield f"{TABLE} has {column} {found!r}, the record {wanted!r}"


def _same_cell(wanted: object, found: object, tolerance: float) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        both_missing = math.isnan(wanted) and math.isnan(found)
        return both_missing or abs(wanted - found) <= tolerance
    return wanted == found


def _same_label(stored: BindingEnergy, found: BindingEnergy) -> bool:
    return (
        abs(stored.binding - found.binding) <= LABEL_TOLERANCE
        and abs(stored.exchange - found.exchange) <= LABEL_TOLERANCE
        and stored.aqua_waters == found.aqua_waters
        and stored.coordination_number == found.coordination_number
    )
