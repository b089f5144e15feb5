"""Whether files, records, their lines of the table and their sources agree."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields

import numpy as np

from rarebind.binding import BindingEnergy
from rarebind.datasets.record import Record
from rarebind.datasets.shards import MANIFEST, SHARDS, TABLE, Dataset, Shard
from rarebind.datasets.table import Row, row_of
from rarebind.io.files import sha256_of_file
from rarebind.io.xyz import XYZFrame
from rarebind.structures import Structure

#: A relaxation ends below 0.02 eV/Å; forces above this are not those of a minimum.
LARGEST_FORCE = 0.05
#: Energies are stored to 1e-8 eV, and a binding energy adds up about ten of them.
LABEL_TOLERANCE = 1e-6

#: Coordinates are stored to 1e-5 Å: twice rounded, they may be one apart.
_SHIFT = 1.5e-5

#: Units of the last digit that a table's number may be off, its record being rounded as well.
_TABLE_TOLERANCES = {
    "energy_ev": 2e-6,
    "binding_kcal_mol": 2e-3,
    "exchange_kcal_mol": 2e-3,
    "fmax_ev_per_angstrom": 2e-4,
    "ligand_donor_distance": 2e-4,
    "water_distance": 2e-4,
    "wall_time_s": 2e-2,
    "s_squared": 2e-4,
    "f_electrons": 2e-3,
}
_FRAME_ENERGY = re.compile(r"(?<!\S)(energy|binding_energy|exchange_energy)=(\S+)")


def by_record(frames: Iterable[XYZFrame]) -> Iterator[list[XYZFrame]]:
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


def contradictions(record: Record, shard: Shard) -> Iterator[str]:
    """What in one record contradicts itself or its shard."""
    calculation = record.calculation
    # Manifests of before do not name the engine.
    levels = {str(calculation.level), calculation.level.model_chemistry}
    if record.kind != shard.kind or shard.level not in levels:
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


def frame_label_problems(group: list[XYZFrame]) -> Iterator[str]:
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


def table_problems(record: Record, shard: Shard, row: Row | None) -> Iterator[str]:
    """Where the table says something else than the record."""
    if row is None:
        yield f"its key {record.key} has no line of its own in {TABLE}"
        return
    expected = row_of(record, shard.name)
    for column, wanted, found in zip(
        (f.name for f in fields(Row)), astuple(expected), astuple(row), strict=True
    ):
        if column == "engine" and found is None:
            # Older tables do not name it.
            continue
        if not _same_cell(wanted, found, _TABLE_TOLERANCES.get(column, 0.0)):
            yield f"{TABLE} has {column} {found!r}, the record {wanted!r}"


def _same_cell(wanted: object, found: object, tolerance: float) -> bool:
    if isinstance(wanted, float) and isinstance(found, float):
        both_missing = math.isnan(wanted) and math.isnan(found)
        return both_missing or abs(wanted - found) <= tolerance
    return wanted == found


def same_label(stored: BindingEnergy, found: BindingEnergy) -> bool:
    """Whether the binding energies of a complex agree."""
    return (
        _same_energy(stored.binding, found.binding)
        and _same_energy(stored.exchange, found.exchange)
        and stored.aqua_waters == found.aqua_waters
        and stored.coordination_number == found.coordination_number
    )


def _same_energy(stored: float | None, found: float | None) -> bool:
    if stored is None or found is None:
        return stored is found
    return abs(stored - found) <= LABEL_TOLERANCE


def label_text(label: BindingEnergy) -> str:
    """The binding energies of a complex in words."""
    binding = "no equation 1" if label.binding is None else f"equation 1 {label.binding:.6f} eV"
    exchange = "no exchange energy"
    if label.exchange is not None:
        exchange = f"exchange {label.exchange:.6f} eV, {label.aqua_waters} waters on the aqua ion"
    return f"{binding}, {exchange}, coordination number {label.coordination_number}"


# --- files and sources --------------------------------------------------------------------------


def file_problems(dataset: Dataset) -> Iterator[str]:
    """Shards that are missing, changed, named twice, or not named at all."""
    manifest = dataset.folder / MANIFEST
    names = Counter(shard.name for shard in dataset.shards)
    for name, number in names.items():
        if number > 1:
            yield f"{manifest}: {name} is named {number} times"
    folder = dataset.folder / SHARDS
    present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    for name in sorted(present - names.keys()):
        yield f"{folder / name} is not in the manifest: it is no part of the dataset, remove it"
    for shard in dataset.shards:
        path = dataset.path(shard)
        if shard.name not in present:
            yield f"{path} is missing, but the manifest names it"
        elif (found := sha256_of_file(path)) != shard.sha256:
            yield (
                f"{path} is not the file that was published: its SHA-256 is {found}, in the "
                f"manifest {shard.sha256}"
            )


def repeated_keys(dataset: Dataset, rows: Iterable[Row]) -> Iterator[str]:
    """Keys that several lines of the table have."""
    for key, number in Counter(row.key for row in rows).items():
        if number > 1:
            yield f"{dataset.folder / TABLE}: {number} lines have the key {key}"


class Sources:
    """The geometries of a dataset, and the records that claim one of another record."""

    def __init__(self) -> None:
        self._own: dict[str, Structure] = {}
        self._derived: dict[str, tuple[Record, str]] = {}

    def add(self, record: Record, where: str) -> None:
        """Take in a record, in any order, and where it stands."""
        structure = record.calculation.structure
        assert structure is not None
        if record.source:
            self._derived[record.key] = record, where
        else:
            self._own[record.key] = structure

    def missing(self) -> list[str]:
        """What to say of each record whose source is not there."""
        known = self._own.keys() | self._derived.keys()
        return [
            f"{where}: {record.label}: its source {record.source} is not in the dataset"
            for record, where in self._derived.values()
            if record.source not in known
        ]

    def problems(self) -> Iterator[str]:
        """Records that differ from their source in more than the energy."""
        for record, where in self._derived.values():
            said = f"{where}: {record.label}: its source {record.source}"
            if record.source in self._derived:
                yield f"{said} has no geometry of its own: name the source of that one"
            elif record.source in self._own:
                structure = record.calculation.structure
                assert structure is not None
                if difference := _difference(structure, self._own[record.source]):
                    yield f"{said} {difference}"


def _difference(one: Structure, source: Structure) -> str:
    """What tells `source` from `one`, in words; empty when they are the same."""
    if one.symbols != source.symbols:
        return "has other atoms"
    if one.charge != source.charge:
        return f"has the charge {source.charge:+d}, not {one.charge:+d}"
    if one.multiplicity != source.multiplicity:
        return f"has the multiplicity {source.multiplicity}, not {one.multiplicity}"
    shift = float(np.abs(one.positions - source.positions).max())
    if shift > _SHIFT:
        return f"has another geometry: coordinates differ by up to {shift:.2g} Å"
    return ""
