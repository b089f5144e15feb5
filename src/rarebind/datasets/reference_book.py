"""The references of a dataset, looked up for the labels of its complexes."""

from __future__ import annotations

import itertools

from rarebind.binding import IonBinding, References, best_label
from rarebind.datasets.record import Record
from rarebind.engines import Calculation, LevelOfTheory
from rarebind.errors import CalculationError


class ReferenceBook:
    """The references of a dataset by what they are and their level."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, LevelOfTheory], list[Calculation]] = {}
        self._aqua_waters: dict[tuple[str, LevelOfTheory], set[int]] = {}

    def add(self, record: Record) -> None:
        """Take in a record that is no complex."""
        level = record.calculation.level
        name = {
            "water": "",
            "ion": record.metal,
            "ligand": record.ligand and record.ligand.inchikey,
            "aqua": record.spec and record.spec.name,
        }[record.kind]
        self._found.setdefault((record.kind, str(name), level), []).append(record.calculation)
        if record.kind == "aqua" and record.spec is not None:
            waters = self._aqua_waters.setdefault((record.spec.metal, level), set())
            waters.add(record.spec.waters)

    def missing(self, record: Record) -> str:
        """What is not there of the references of a complex, in words; empty when all is."""
        assert record.spec is not None
        level, exchange = record.calculation.level, record.with_exchange
        wanted = {f"{record.spec.metal}3+": ("ion", record.spec.metal, level)}
        if record.spec.waters or exchange is not None:
            wanted["free water"] = ("water", "", level)
        if record.spec.ligand is not None:
            ligand = record.spec.ligand
            wanted[f"free {ligand.name}"] = ("ligand", ligand.inchikey, level)
        lacking = [name for name, key in wanted.items() if key not in self._found]
        waters = self._aqua_waters.get((record.spec.metal, level), set())
        if exchange is not None and exchange.aqua_waters not in waters:
            lacking.append(f"{record.spec.metal}(H2O){exchange.aqua_waters}")
        return ", ".join(lacking)

    def labels(self, record: Record) -> list[IonBinding]:
        """The binding energies of a complex, from each combination of its references.

        A dataset of several campaigns may have more than one calculation of a reference.
        """
        spec, level = record.spec, record.calculation.level
        assert spec is not None
        metal = spec.metal
        ligands: list[Calculation | None] = [None]
        if spec.ligand is not None:
            ligands = [*self._found["ligand", spec.ligand.inchikey, level]]
        waters: list[Calculation | None] = [*self._found.get(("water", "", level), [None])]
        counts = sorted(self._aqua_waters.get((metal, level), ()))
        aqua = [self._found["aqua", f"{metal}(H2O){n}", level] for n in counts]
        labels = []
        for ion, water, ligand, *ions in itertools.product(
            self._found["ion", metal, level], waters, ligands, *aqua
        ):
            assert ion is not None
            references = References(
                ion, water, ligand, {n: c for n, c in zip(counts, ions, strict=True) if c}
            )
            try:
                labels.append(best_label(spec, record.calculation, references))
            except CalculationError:
                # Rejected, or what equation 1 needs is: then there is no binding energy.
                continue
        return labels
