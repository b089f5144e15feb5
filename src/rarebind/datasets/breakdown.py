"""What a binding energy is made of: the total energies that enter it, and parts of these."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rarebind.datasets.record import Record
from rarebind.datasets.selection import find_level
from rarebind.datasets.shards import Dataset
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.units import KCAL_PER_EV

#: Energies are stored to 1e-8 eV, and a binding energy adds up about ten of them.
_TOLERANCE = 1e-6


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

    @property
    def energy(self) -> float:
        """Total energy of one molecule in eV."""
        assert self.record.calculation.energy is not None
        return self.record.calculation.energy

    @property
    def dispersion(self) -> float | None:
        """Dispersion correction of one molecule in eV; None where the level does not tell."""
        scf = self.record.calculation.scf
        return None if scf is None else scf.dispersion

    @property
    def cavity(self) -> float | None:
        """Non-electrostatic part of the solvation of one molecule in eV, or None."""
        scf = self.record.calculation.scf
        return None if scf is None else scf.cavity


@dataclass(frozen=True, eq=False)
class Breakdown:
    """The two cycles of a complex.

    Attributes
    ----------
    record
        The complex, with its binding energies.
    binding, exchange
        Terms of equation 1 and of the exchange with the aqua ion; none of the latter where no aqua
        ion is known.
    """

    record: Record
    binding: tuple[Term, ...]
    exchange: tuple[Term, ...]


def total(terms: Iterable[Term], part: str = "energy") -> float | None:
    """Sum in eV of ``energy``, ``dispersion`` or ``cavity`` over a cycle.

    None where a term lacks it, or there are no terms.
    """
    values = [(term.number, getattr(term, part)) for term in terms]
    if not values or any(value is None for _, value in values):
        return None
    return float(sum(number * value for number, value in values))


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
    labelled = [row for row in found if row.binding_kcal_mol is not None]
    if not labelled:
        raise InputError(f"{label} has no binding energies: {found[0].reason or 'no references'}")
    row = labelled[0]
    parts = _references(rows, row)
    wanted = [row, *itertools.chain.from_iterable(parts.values())]
    records = _read(dataset, wanted)
    return _matching(
        records[row.key], {kind: [records[r.key] for r in parts[kind]] for kind in parts}
    )


def terms_as_data(terms: Sequence[Term]) -> dict[str, Any]:
    """A cycle in plain values: energies in eV, their sums in kcal/mol."""
    sums = {part: total(terms, part) for part in ("energy", "dispersion", "cavity")}
    return {
        "terms": [
            {
                "number": term.number,
                "kind": term.record.kind,
                "label": term.record.label,
                "energy_ev": term.energy,
                "dispersion_ev": term.dispersion,
                "cavity_ev": term.cavity,
            }
            for term in terms
        ],
        "sum_kcal_mol": {
            part: None if value is None else value * KCAL_PER_EV for part, value in sums.items()
        },
    }


def _references(rows: Sequence[Row], of: Row) -> dict[str, list[Row]]:
    """What `of` may have been compared with, by kind."""
    same = [row for row in rows if row.level == of.level and row.status == "ok"]
    return {
        "ion": [row for row in same if row.kind == "ion" and row.metal == of.metal],
        "ligand": [row for row in same if row.kind == "ligand" and row.inchikey == of.inchikey],
        "water": [row for row in same if row.kind == "water"],
        "aqua": [
            row
            for row in same
            if row.kind == "aqua"
            and row.metal == of.metal
            and row.geometry == f"0:{of.aqua_waters}"
        ],
    }


def _read(dataset: Dataset, rows: Sequence[Row]) -> dict[str, Record]:
    keys, shards = {row.key for row in rows}, {row.shard for row in rows}
    chosen = [shard for shard in dataset.shards if shard.name in shards]
    return {record.key: record for record in dataset.records(chosen) if record.key in keys}


def _matching(record: Record, parts: dict[str, list[Record]]) -> Breakdown:
    """The combination of references that gives the record's own binding energies."""
    spec, binding = record.spec, record.binding
    assert spec is not None
    assert binding is not None
    exchange = record.with_exchange
    # Equation 1 of a complex without water needs none, and a complex may have no aqua ion.
    waters: list[Record | None] = [*parts["water"]]
    if not (waters or spec.waters or exchange):
        waters = [None]
    aqua_ions: list[Record | None] = [*parts["aqua"]] if exchange else [None]
    for ion, ligand, water, aqua in itertools.product(
        parts["ion"], parts["ligand"], waters, aqua_ions
    ):
        assert ion is not None
        assert ligand is not None
        shared = (Term(1, record), Term(-spec.n_ligands, ligand))
        first = _cycle(*shared, Term(-1, ion), None if water is None else Term(-spec.waters, water))
        second: tuple[Term, ...] = ()
        if exchange is not None and aqua is not None and water is not None:
            released = Term(exchange.aqua_waters - spec.waters, water)
            second = _cycle(*shared, Term(-1, aqua), released)
        if _gives(first, binding.binding) and (
            exchange is None or _gives(second, exchange.exchange)
        ):
            return Breakdown(record, first, second)
    raise InputError(
        f"the references of {record.label} that are there do not give its binding energies: run "
        "`rarebind dataset verify`"
    )


def _cycle(*terms: Term | None) -> tuple[Term, ...]:
    return tuple(term for term in terms if term is not None and term.number)


def _gives(terms: Sequence[Term], energy: float) -> bool:
    found = total(terms)
    return found is not None and abs(found - energy) < _TOLERANCE
