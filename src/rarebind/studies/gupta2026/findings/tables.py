"""The numbers behind the verdicts, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from rarebind.evaluation.drawing import Caption
from rarebind.io.tables import NONE, Table, number, with_interval
from rarebind.studies.gupta2026.findings.analysis import Findings
from rarebind.studies.gupta2026.findings.comparisons import ALL
from rarebind.studies.gupta2026.findings.energies import geometries
from rarebind.studies.gupta2026.findings.orders import off_neighbours
from rarebind.studies.gupta2026.findings.statements import STRONGEST, SubstituentStatement

#: Names that a cell holds.
_NAMED = 3
_DIGITS = 2
_HEADS = ("geometry", "difference", "share", "pairs")
QUANTITY = {"exchange": "exchange energy", "binding": "equation 1"}


def verdict_table(found: Findings, caption: Caption) -> Table:
    """Every statement with its verdicts."""
    names = found.quantities
    rows = [
        (text, *(by[name][ALL] for name in names), _otherwise(by[found.quantity]))
        for text, by in found.claims.items()
    ]
    heads = ("Statement", *(f"by {QUANTITY[name]}" for name in names), "otherwise in")
    note = (
        "Of all geometries together.  Otherwise: geometries with another verdict, by "
        f"{QUANTITY[found.quantity]}."
    )
    return Table("Verdicts", heads, rows, str(caption), note)


def scaffold_table(found: Findings, caption: Caption) -> Table:
    """Scaffolds, geometry by geometry."""
    note = (
        "E(first) − E(second), same substituent, metal and geometry, kcal/mol; in brackets the "
        "95 % interval over pairs of ligands.  Share: of the pairs of complexes in which the first "
        "binds more strongly."
    )
    heads = ("Comparison", *_HEADS, "pairs of ligands", "verdict")
    return Table("Scaffolds", heads, _comparisons(found.of("scaffolds")), str(caption), note)


def place_table(found: Findings, statement: SubstituentStatement, caption: Caption) -> Table:
    """The substituents of one statement, geometry by geometry."""
    rows = [
        (
            row.substituent,
            row.geometry,
            NONE if pd.isna(row.place) else f"{row.place:.0f} of {row.of}",
            *_numbers(row),
            row.away,
            _beyond(row.beyond, row.surely_beyond),
            row.verdict,
        )
        for row in found.places_of(statement.text).itertuples()
        if row.pairs
    ]
    side = "E(this) − E(other)" if statement.end == STRONGEST else "E(other) − E(this)"
    how = statement.adverb
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
    return Table(f"Substituents said to bind most {how}", heads, rows, str(caption), note)


def metal_table(found: Findings, caption: Caption) -> Table:
    """Named metals against their neighbours, geometry by geometry."""
    note = (
        "E(first) − E(second), same ligand and geometry, kcal/mol; in brackets the 95 % interval "
        "over ligands, which holds no error that all complexes of a metal have in common."
    )
    heads = ("Comparison", *_HEADS, "ligands", "verdict")
    return Table("Neighbours", heads, _comparisons(found.of("metals")), str(caption), note)


def constant_table(found: Findings, caption: Caption) -> Table:
    """Differences between neighbours in parts; empty where a quantity is missing."""
    rows = []
    if len(found.constants):
        value = found.constants["value"]
        keys = ["first", "second", "geometry"]
        both = found.of("metals", "binding").merge(
            found.of("metals", "exchange"), on=keys, suffixes=("", "_exchange")
        )
        rows = [
            (
                _over(row),
                *(
                    number(part, _DIGITS)
                    for part in (row.mean, value[row.first] - value[row.second], row.mean_exchange)
                ),
                row.verdict,
                row.verdict_exchange,
            )
            for row in both[both.geometry == ALL].itertuples()
            if row.pairs and row.pairs_exchange
        ]
    heads = (
        "Comparison", "equation 1", "of this, the same for all ligands", "exchange energy",
        "verdict by equation 1", "by exchange energy",
    )  # fmt: skip
    note = "kcal/mol, all geometries together: the first column is the sum of the next two."
    return Table("Neighbours, in parts", heads, rows, str(caption), note)


def series_table(found: Findings, caption: Caption) -> Table:
    """Every lanthanide against the mean of its neighbours."""
    names = found.quantities
    off = [found.of("series", name) for name in names]
    columns = [{row.first: row for row in of[of.geometry == ALL].itertuples()} for of in off]
    shared = off_neighbours(found.constants["value"])
    rows = [
        (
            metal,
            *(_difference(column[metal]) if metal in column else NONE for column in columns),
            *([number(shared[metal], _DIGITS)] if len(found.constants) else []),
        )
        for metal in columns[0]
    ]
    heads = ("Metal", *(QUANTITY[name] for name in names))
    heads += ("the same for all ligands",) if len(found.constants) else ()
    note = (
        "E(metal) − mean of E(neighbours), same ligand and geometry, kcal/mol, all geometries "
        "together; in brackets the 95 % interval over ligands."
    )
    title = "Every lanthanide against the mean of its neighbours"
    return Table(title, heads, rows, str(caption), note)


def charge_table(found: Findings, caption: Caption) -> Table:
    """Scaffolds at equal charge of the complex."""
    rows = [
        (
            f"{row.first} {row.first_geometry} over {row.second} {row.second_geometry}",
            f"{row.charge:+d}".replace("-", "−"),
            *_numbers(row),
            row.verdict,
        )
        for row in found.charges.itertuples()
    ]
    heads = ("Comparison", "charge", "difference", "share", "pairs", "pairs of ligands", "verdict")
    note = (
        "As above, but the second scaffold has the geometry in which its complex has the same "
        "charge, with as many more ligands: same substituent and metal."
    )
    return Table("Scaffolds at equal charge", heads, rows, str(caption), note)


def count_table(found: Findings, caption: Caption) -> Table:
    """Complexes by scaffold and geometry."""
    energies = found.energies
    counts = pd.crosstab(energies.scaffold, energies.geometry)
    names = geometries(energies)
    rows = [
        (scaffold, *map(str, counts.loc[scaffold, names]), str(counts.loc[scaffold].sum()))
        for scaffold in energies.scaffold.unique()
    ]
    left_out = "; ".join(f"{n} {reason}" for reason, n in found.selection.left_out.items())
    note = (
        f"{energies.metal.nunique()} metals, {energies.substituent.nunique()} substituents, "
        f"{energies.ligand.nunique()} ligands.  Left out, complexes: {left_out or 'none'}."
    )
    return Table("Complexes", ("Scaffold", *names, "sum"), rows, str(caption), note)


def _comparisons(found: pd.DataFrame) -> list[Sequence[str]]:
    return [
        (_over(row), row.geometry, *_numbers(row), row.verdict)
        for row in found.itertuples()
        if row.pairs
    ]


def _over(row: Any) -> str:
    return f"{row.first} over {row.second}"


def _numbers(row: Any) -> tuple[str, str, str, str]:
    return _difference(row), f"{row.share:.0%}", str(row.pairs), str(row.groups)


def _difference(row: Any) -> str:
    return with_interval(row.mean, (row.low, row.high), _DIGITS)


def _beyond(names: Sequence[str], surely: Sequence[str]) -> str:
    if not surely:
        return str(len(names))
    named = list(surely[:_NAMED])
    if more := len(surely) - len(named):
        named.append(f"{more} more")
    return f"{len(names)} ({', '.join(named)})"


def _otherwise(verdicts: Mapping[str, str]) -> str:
    others = [f"{name}: {said}" for name, said in verdicts.items() if said != verdicts[ALL]]
    return "; ".join(others) or NONE
