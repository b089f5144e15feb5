"""Whether records computed on another record's geometry really have that geometry."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from rarebind.datasets.record import Record
from rarebind.structures import Structure

#: Coordinates are stored to 1e-5 Å: twice rounded, they may be one apart.
_TOLERANCE = 1.5e-5


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
    if shift > _TOLERANCE:
        return f"has another geometry: coordinates differ by up to {shift:.2g} Å"
    return ""
