"""What a binding energy is made of: the total energies that enter it, and parts of these."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rarebind.binding import Reaction, Species, aqua_exchange, choices, formation
from rarebind.datasets.record import Record
from rarebind.datasets.selection import find_level
from rarebind.datasets.shards import Dataset
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.units import KCAL_PER_EV

#: Energies are stored to 1e-8 eV, and a binding energy adds up about ten of them.
_TOLERANCE = 1e-6
#: Total energy, dispersion correction, and non-electrostatic part of the solvation.
PARTS = ("energy", "dispersion", "cavity")


@dataclass(frozen=True, eq=False)
class Term:
    """A molecule in a thermodynamic cycle.

    Attributes
    ----------
    number
        Stoichiometric: positive for products.
    record
    """

    number: int
    record: Record

    def part(self, name: str) -> float | None:
        """One of :data:`PARTS` of one molecule in eV; None where the level does not tell."""
        calculation = self.record.calculation
        of = calculation if name == "energy" else calculation.scf
        found: float | None = getattr(of, name, None)
        return found


@dataclass(frozen=True, eq=False)
class Breakdown:
    """The two cycles of a complex.

    Attributes
    ----------
    record
        The complex, with its binding energies.
    binding, exchange
        Terms of equation 1 and of the exchange with the aqua ion; none of an energy that it lacks.
    """

    record: Record
    binding: tuple[Term, ...]
    exchange: tuple[Term, ...]


def total(terms: Iterable[Term], part: str = "energy") -> float | None:
    """Sum in eV of one of :data:`PARTS` over a cycle.

    None where a term lacks it, or there are no terms.
    """
    values = [(term.number, term.part(part)) for term in terms]
    known = [number * value for number, value in values if value is not None]
    return math.fsum(known) if values and len(known) == len(values) else None


def breakdown(dataset: Dataset, label: str, level: str | None = None) -> Breakdown:
    """The terms of the binding energies of the complex `label`.

    Parameters
    ----------
    label
        As in the table, e.g. ``Y(HOPO-hydroxyl)4``.
    level
        Needed where the complex was computed at several levels.

    Raises
    ------
    InputError
        There is no such complex with binding energies, or it has several levels.
    """
    rows = dataset.rows()
    only = None if level is None else find_level(rows, level)
    found = [
        row
        for row in rows
        if (row.kind, row.label) == ("complex", label) and only in {None, row.level}
    ]
    if not found:
        raise InputError(f"{dataset.folder} has no complex {label!r}: its table lists the labels")
    levels = sorted({row.level for row in found})
    if len(levels) > 1:
        raise InputError(f"{label} has several levels: choose from {', '.join(levels)}")
    labelled = [row for row in found if row.labelled]
    if not labelled:
        raise InputError(f"{label} has no binding energies: {found[0].reason or 'no references'}")
    return _matching(dataset, rows, labelled[0])


def terms_as_data(terms: Sequence[Term]) -> dict[str, Any]:
    """A cycle in plain values: energies in eV, their sums in kcal/mol."""
    sums = {part: total(terms, part) for part in PARTS}
    return {
        "terms": [
            {"number": term.number, "kind": term.record.kind, "label": term.record.label}
            | {f"{part}_ev": term.part(part) for part in PARTS}
            for term in terms
        ],
        "sum_kcal_mol": {
            part: None if value is None else value * KCAL_PER_EV for part, value in sums.items()
        },
    }


def _matching(dataset: Dataset, rows: Sequence[Row], row: Row) -> Breakdown:
    """The combination of references that gives the complex of `row` its own binding energies."""
    product = row.species
    cycles: dict[str, Reaction] = {"binding": {}, "exchange": {}}
    if row.binding_kcal_mol is not None:
        cycles["binding"] = formation(product)
    if row.aqua_waters is not None:
        cycles["exchange"] = aqua_exchange(product, row.aqua_waters)
    wanted = set().union(*cycles.values()) - {product}
    candidates: dict[Species, list[Row]] = {}
    for other in rows:
        if other.level == row.level and other.status == "ok" and other.species in wanted:
            candidates.setdefault(other.species, []).append(other)
    records = dataset.records_of([row, *itertools.chain.from_iterable(candidates.values())])
    record = records[row.key]
    for of in choices(wanted, candidates):
        terms = {
            name: tuple(
                Term(number, records[of[species].key] if species in of else record)
                for species, number in cycle.items()
            )
            for name, cycle in cycles.items()
        }
        if all(_same(total(terms[name]), getattr(record.binding, name)) for name in terms):
            return Breakdown(record, **terms)
    raise InputError(
        f"the references of {row.label} that are there do not give its binding energies: run "
        "`rarebind dataset verify`"
    )


def _same(found: float | None, stored: float | None) -> bool:
    if found is None or stored is None:
        return found is stored
    return abs(found - stored) < _TOLERANCE
