"""Which molecules of a dataset are labelled, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rarebind.campaigns import AQUA_WATERS, balanced_order
from rarebind.complexes import ComplexSpec, aqua_ion
from rarebind.datasets.record import Record
from rarebind.datasets.table import Row
from rarebind.engines import GFN2_WATER, LevelOfTheory
from rarebind.engines.level import model_chemistry_of
from rarebind.errors import InputError

ORDERS = ("balanced", "size")
#: Columns of the table that a selection can filter by, and what complexes are balanced over.
FILTERS = ("metal", "scaffold", "substituent", "geometry")
STRATA = ("scaffold", "geometry", "metal")

#: What a molecule is: kind, metal, InChIKey of the ligand, ligands:waters.
Identity = tuple[str, str | None, str | None, str | None]


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
    accepted = list(_lowest(row for row in _accepted(rows, selection) if row.kind == "complex"))
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


def identity_of(record: Record) -> Identity:
    """What a record's molecule is."""
    inchikey = None if record.ligand is None else record.ligand.inchikey
    return record.kind, record.metal, inchikey, record.geometry


def needed_by(spec: ComplexSpec) -> list[Identity]:
    """What a complex is compared with: ion, water, ligand if any, aqua ions."""
    ligand = [("ligand", None, spec.ligand.inchikey, None)] if spec.ligand else []
    aqua = [("aqua", spec.metal, None, aqua_ion(spec.metal, n).geometry) for n in AQUA_WATERS]
    return [("ion", spec.metal, None, None), ("water", None, None, None), *ligand, *aqua]


def references_of(
    rows: Iterable[Row], chosen: Sequence[Row], selection: Selection
) -> tuple[list[Row], tuple[str, ...]]:
    """The references of the chosen complexes, small ones first, and those that are not there."""
    there = {_identity(row): row for row in _lowest(_accepted(rows, selection))}
    metals = dict.fromkeys(row.metal for row in chosen)
    wanted: dict[Identity, str] = {("water", None, None, None): "water"}
    wanted |= {("ion", metal, None, None): f"{metal}3+" for metal in metals}
    wanted |= {("ligand", None, row.inchikey, None): f"free {row.ligand}" for row in chosen}
    missing = [name for identity, name in wanted.items() if identity not in there]
    if selection.aqua:
        for metal in metals:
            ions = [("aqua", metal, None, f"0:{n}") for n in AQUA_WATERS]
            if not any(ion in there for ion in ions):
                missing.append(f"aqua ions of {metal}")
            wanted |= dict.fromkeys(ions, "")
    return sorted((there[name] for name in wanted if name in there), key=_size), tuple(missing)


def _accepted(rows: Iterable[Row], selection: Selection) -> Iterator[Row]:
    level = selection.source.model_chemistry
    return (row for row in rows if row.status == "ok" and model_chemistry_of(row.level) == level)


def _lowest(rows: Iterable[Row]) -> Iterable[Row]:
    """Of several records of a molecule that of lowest energy."""
    found: dict[Identity, Row] = {}
    for row in rows:
        name = _identity(row)
        if name not in found or row.energy_ev < found[name].energy_ev:
            found[name] = row
    return found.values()


def _identity(row: Row) -> Identity:
    return row.kind, row.metal, row.inchikey, row.geometry


def _size(row: Row) -> tuple[int, str]:
    return row.atoms, row.key
