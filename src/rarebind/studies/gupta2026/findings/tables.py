"""The numbers behind the verdicts, as tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

from rarebind.complexes import geometry_order
from rarebind.evaluation.drawing import Caption
from rarebind.evaluation.tables import Table
from rarebind.studies.gupta2026.findings.analysis import Claim, Findings
from rarebind.studies.gupta2026.findings.paired import ALL, Comparison
from rarebind.studies.gupta2026.findings.statements import STRONGEST, adverb, neighbours_of
from rarebind.studies.gupta2026.findings.substituent_order import Place

_NONE = "–"
#: Names that a cell holds.
_NAMED = 3
_HEADS = ("geometry", "difference", "share", "pairs")
QUANTITY = {"exchange": "exchange energy", "binding": "equation 1"}


def verdict_table(found: Findings, caption: Caption) -> Table:
    """Every statement with its verdicts."""
    names = _quantities(found)
    rows = [
        (
            claim.text,
            *(claim.verdicts[name] for name in names),
            _exceptions(claim, found.quantity),
        )
        for claim in found.claims
    ]
    heads = (*(f"by {QUANTITY[name]}" for name in names), "otherwise in")
    note = (
        "Of all geometries together.  Otherwise: geometries with another verdict, by "
        f"{QUANTITY[found.quantity]}."
    )
    return Table("Verdicts", caption, ("Statement", *heads), tuple(rows), note)


def scaffold_table(found: Findings, caption: Caption) -> Table:
    """Scaffolds, geometry by geometry."""
    note = (
        "E(first) − E(second), same substituent, metal and geometry, kcal/mol; in brackets the "
        "95 % interval over pairs of ligands.  Share: of the pairs of complexes in which the first "
        "binds more strongly."
    )
    rows = _rows(found.chosen.scaffolds)
    heads = ("Comparison", *_HEADS, "pairs of ligands", "verdict")
    return Table("Scaffolds", caption, heads, rows, note)


def place_table(found: Findings, number: int, caption: Caption) -> Table:
    """The substituents of one statement, geometry by geometry."""
    statement = found.statements.substituents[number]
    rows = tuple(
        (
            place.substituent,
            _geometry(place.geometry),
            _NONE if place.place is None else f"{place.place} of {place.of}",
            *_numbers(place.comparison),
            place.comparison.verdict,
            _beyond(place),
            place.verdict,
        )
        for place in found.chosen.places[number]
        if place.comparison.pairs
    )
    side = "E(this) − E(other)" if statement.end == STRONGEST else "E(other) − E(this)"
    how = adverb(statement.end)
    note = (
        f"Difference: {side} over all substituents that the statement does not name, same "
        "scaffold, metal and geometry, kcal/mol; in brackets the 95 % interval over the ligands "
        "compared with.  Share: of the pairs of complexes with that sign.  Away: whether it binds "
        f"more {how} than these in the mean.  Beyond: how many of them bind more {how} still, and "
        "in brackets those that do so on every scaffold."
    )
    heads = (
        "Substituent", "geometry", "place", "difference", "share", "pairs", "ligands", "away",
        "beyond", "verdict",
    )  # fmt: skip
    title = f"Substituents said to bind most {how}"
    return Table(title, caption, heads, rows, note)


def metal_table(found: Findings, caption: Caption) -> Table:
    """Named metals against their neighbours, geometry by geometry."""
    note = (
        "E(first) − E(second), same ligand and geometry, kcal/mol; in brackets the 95 % interval "
        "over ligands, which holds no error that all complexes of a metal have in common."
    )
    heads = ("Comparison", *_HEADS, "ligands", "verdict")
    return Table("Neighbours", caption, heads, _rows(found.chosen.metals), note)


def constant_table(found: Findings, caption: Caption) -> Table | None:
    """Differences between neighbours in parts; None where a quantity is missing."""
    if not found.constants:
        return None
    binding, exchange = (found.orders[name].metals for name in ("binding", "exchange"))
    rows = []
    for one, other in zip(binding, exchange, strict=True):
        if one.geometry == ALL and one.pairs and other.pairs:
            part = found.constants[one.first].value - found.constants[one.second].value
            rows.append(
                (
                    f"{one.first} over {one.second}",
                    number(one.mean),
                    number(part),
                    number(other.mean),
                    one.verdict,
                    other.verdict,
                )
            )
    heads = (
        "Comparison", "equation 1", "of this, the same for all ligands", "exchange energy",
        "verdict by equation 1", "by exchange energy",
    )  # fmt: skip
    note = "kcal/mol, all geometries together: the first column is the sum of the next two."
    return Table("Neighbours, in parts", caption, heads, tuple(rows), note)


def series_table(found: Findings, caption: Caption) -> Table:
    """Every lanthanide against the mean of its neighbours."""
    names = _quantities(found)
    columns = [
        {c.first: c for c in found.orders[name].off_neighbours if c.geometry == ALL}
        for name in names
    ]
    rows = []
    for metal in columns[0]:
        cells = [_with_interval(column[metal]) if metal in column else _NONE for column in columns]
        if found.constants:
            sides = [found.constants[other].value for other in neighbours_of(metal)]
            cells.append(number(found.constants[metal].value - fmean(sides)))
        rows.append((metal, *cells))
    heads = [QUANTITY[name] for name in names]
    if found.constants:
        heads.append("the same for all ligands")
    note = (
        "E(metal) − mean of E(neighbours), same ligand and geometry, kcal/mol, all geometries "
        "together; in brackets the 95 % interval over ligands."
    )
    title = "Every lanthanide against the mean of its neighbours"
    return Table(title, caption, ("Metal", *heads), tuple(rows), note)


def charge_table(found: Findings, caption: Caption) -> Table:
    """Scaffolds at equal charge of the complex."""
    rows = tuple(
        (
            " over ".join(map(" ".join, zip(item.comparison.names, item.geometries, strict=True))),
            f"{item.charge:+d}".replace("-", "−"),
            *_numbers(item.comparison),
            item.comparison.verdict,
        )
        for item in found.charges
    )
    heads = ("Comparison", "charge", "difference", "share", "pairs", "pairs of ligands", "verdict")
    note = (
        "As above, but the second scaffold has the geometry in which its complex has the same "
        "charge, with as many more ligands: same substituent and metal."
    )
    return Table("Scaffolds at equal charge", caption, heads, rows, note)


def count_table(found: Findings, caption: Caption) -> Table:
    """Complexes by scaffold and geometry."""
    energies = found.selection.energies[found.quantity]
    counts: dict[str, dict[str, int]] = {}
    for composition in energies:
        row = counts.setdefault(composition.scaffold, {})
        row[composition.geometry] = row.get(composition.geometry, 0) + 1
    names = sorted({c.geometry for c in energies}, key=geometry_order)
    rows = tuple(
        (scaffold, *(str(row.get(name, 0)) for name in names), str(sum(row.values())))
        for scaffold, row in counts.items()
    )
    left_out = "; ".join(f"{n} {reason}" for reason, n in found.selection.left_out.items())
    metals = len({c.metal for c in energies})
    substituents = len({c.substituent for c in energies})
    note = (
        f"{metals} metals, {substituents} substituents, {len({c.ligand for c in energies})} "
        f"ligands.  Left out, complexes: {left_out or 'none'}."
    )
    return Table("Complexes", caption, ("Scaffold", *names, "sum"), rows, note)


def number(value: float) -> str:
    """With two digits; a dash for NaN."""
    return _NONE if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _rows(comparisons: Iterable[Comparison]) -> tuple[tuple[str, ...], ...]:
    return tuple(
        (
            f"{c.first} over {c.second}",
            _geometry(c.geometry),
            *_numbers(c),
            c.verdict,
        )
        for c in comparisons
        if c.pairs
    )


def _numbers(found: Comparison) -> tuple[str, str, str, str]:
    share = _NONE if math.isnan(found.share) else f"{found.share:.0%}"
    return _with_interval(found), share, str(found.pairs), str(found.groups)


def _with_interval(found: Comparison) -> str:
    text = number(found.mean)
    if found.interval is None:
        return text
    low, high = (number(value) for value in found.interval)
    return f"{text} [{low}, {high}]"


def _beyond(place: Place) -> str:
    if not place.surely_beyond:
        return str(len(place.beyond))
    named = list(place.surely_beyond[:_NAMED])
    if more := len(place.surely_beyond) - len(named):
        named.append(f"{more} more")
    return f"{len(place.beyond)} ({', '.join(named)})"


def _exceptions(claim: Claim, quantity: str) -> str:
    verdicts = claim.by_geometry[quantity]
    others = [
        f"{geometry}: {verdict}"
        for geometry, verdict in verdicts.items()
        if verdict != verdicts[ALL]
    ]
    return "; ".join(others) or _NONE


def _quantities(found: Findings) -> Sequence[str]:
    """The chosen one first."""
    return [found.quantity, *(name for name in found.orders if name != found.quantity)]


def _geometry(name: str) -> str:
    return "all" if name == ALL else name
