"""Which molecules of a dataset are labelled, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rarebind.binding import AQUA_WATERS, Species, lowest, missing, references_of
from rarebind.campaigns import balanced_order
from rarebind.datasets.table import Row
from rarebind.engines import GFN2_WATER, LevelOfTheory
from rarebind.engines.level import model_chemistry_of
from rarebind.errors import InputError

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

    metals: tuple[str, ...] = ()
    scaffolds: tuple[str, ...] = ()
    substituents: tuple[str, ...] = ()
    geometries: tuple[str, ...] = ()
    n: int | None = None
    order: str = "balanced"
    references_only: bool = False
    aqua: bool = True
    seed: int = 111111
    source: LevelOfTheory = GFN2_WATER

    def __post_init__(self) -> None:
        if self.n is not None and self.n < 1:
            raise InputError(f"n must be at least 1, got {self.n}")
        if self.order not in ORDERS:
            raise InputError(f"unknown order {self.order!r}: known are {', '.join(ORDERS)}")

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
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
    rows: Iterable[Row], chosen: Sequence[Row], selection: Selection
) -> tuple[list[Row], tuple[str, ...]]:
    """The references of the chosen complexes, small ones first, and those that are not there."""
    there = _lowest(_accepted(rows, selection))
    aqua = AQUA_WATERS if selection.aqua else ()
    wanted = dict.fromkeys(s for row in chosen for s in references_of(row.species, aqua))
    lacking = dict.fromkeys(name for row in chosen for name in missing(row.species, there, aqua))
    return sorted((there[s] for s in wanted if s in there), key=_size), tuple(lacking)


def _accepted(rows: Iterable[Row], selection: Selection) -> Iterator[Row]:
    level = selection.source.model_chemistry
    return (row for row in rows if row.status == "ok" and model_chemistry_of(row.level) == level)


def _lowest(rows: Iterable[Row]) -> dict[Species, Row]:
    """Of several records of a molecule that of lowest energy."""
    return lowest(((row.species, row) for row in rows), lambda row: row.energy_ev)


def _size(row: Row) -> tuple[int, str]:
    return row.atoms, row.key
