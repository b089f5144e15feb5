"""The references of a dataset, looked up for the labels of its complexes."""

from __future__ import annotations

from collections import defaultdict

from rarebind.binding import (
    AQUA_WATERS,
    BindingEnergy,
    Species,
    choices,
    label_if_possible,
    missing,
    references_of,
)
from rarebind.datasets.record import Record
from rarebind.engines import Calculation, LevelOfTheory, engine_spec


class ReferenceBook:
    """The references of a dataset by level and species.

    A dataset of several campaigns may have more than one calculation of each.
    """

    def __init__(self) -> None:
        self._found: dict[LevelOfTheory, dict[Species, list[Calculation]]] = defaultdict(dict)

    def add(self, record: Record) -> None:
        """Take in a record that is no complex."""
        there = self._found[record.calculation.level]
        there.setdefault(record.species, []).append(record.calculation)

    def missing(self, record: Record) -> str:
        """What is not there of the references of a complex, in words; empty when all is.

        Those of the energies that it has; if it has none, of those that it could have.
        """
        binding, level = record.binding, record.calculation.level
        has_ion = engine_spec(level).bare_ion
        ion = has_ion if binding is None else binding.binding is not None
        aqua: tuple[int, ...] = () if has_ion else AQUA_WATERS
        if binding is not None:
            aqua = () if binding.aqua_waters is None else (binding.aqua_waters,)
        there = self._found[level]
        return ", ".join(missing(record.species, there, aqua, ion=ion))

    def labels(self, record: Record) -> list[BindingEnergy]:
        """The binding energies of a complex, from each combination of its references."""
        assert record.spec is not None
        there = self._found[record.calculation.level]
        metal = record.spec.metal
        aqua = [s.waters for s in there if (s.kind, s.metal) == ("aqua", metal)]
        wanted = [s for s in references_of(record.species, aqua) if s in there]
        labels = (
            label_if_possible(record.spec, record.calculation, references)
            for references in choices(wanted, there)
        )
        return [label for label in labels if label is not None]
