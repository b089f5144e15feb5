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

#: Names that a cell holds.
_NAMED = 3
_DIGITS = 2
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


def rows_of(found: Findings) -> dict[str, Any]:
    """The cells of all other tables; those without rows have none."""
    return {
        "scaffolds": _comparisons(found.of("scaffolds")),
        "places": [_places(found.places_of(said.text)) for said in found.statements.substituents],
        "metals": _comparisons(found.of("metals")),
        "series": _series(found),
        "constants": _parts(found),
        "charges": [
            (
                f"{row.first} {row.first_geometry} over {row.second} {row.second_geometry}",
                f"{row.charge:+d}".replace("-", "−"),
                *_numbers(row),
                row.verdict,
            )
            for row in found.charges.itertuples()
        ],
        "counts": _counts(found.energies),
    }


def _places(found: pd.DataFrame) -> list[Sequence[str]]:
    return [
        (
            row.substituent,
            row.geometry,
            NONE if pd.isna(row.place) else f"{row.place:.0f} of {row.of}",
            *_numbers(row),
            row.away,
            _beyond(row.beyond, row.surely_beyond),
            row.verdict,
        )
        for row in found.itertuples()
        if row.pairs
    ]


def _parts(found: Findings) -> list[Sequence[str]]:
    """Differences between neighbours: what is in them of the metals alone, and the rest."""
    if found.constants.empty:
        return []
    value = found.constants["value"]
    both = found.of("metals", "binding").merge(
        found.of("metals", "exchange"), on=["first", "second", "geometry"], suffixes=("", "_other")
    )
    return [
        (
            _over(row),
            number(row.mean, _DIGITS),
            number(value[row.first] - value[row.second], _DIGITS),
            number(row.mean_other, _DIGITS),
            row.verdict,
            row.verdict_other,
        )
        for row in both[both.geometry == ALL].itertuples()
        if row.pairs and row.pairs_other
    ]


def _series(found: Findings) -> list[Sequence[str]]:
    """Every lanthanide against the mean of its neighbours, by all quantities."""
    off = [found.of("series", name).query("geometry == @ALL") for name in found.quantities]
    columns = [{row.first: _difference(row) for row in of.itertuples()} for of in off]
    if len(found.constants):
        shared = off_neighbours(found.constants["value"])
        columns.append({metal: number(value, _DIGITS) for metal, value in shared.items()})
    return [(metal, *(of.get(metal, NONE) for of in columns)) for metal in columns[0]]


def _counts(energies: pd.DataFrame) -> list[Sequence[str]]:
    """Complexes by scaffold and geometry, and their sum."""
    counts = pd.crosstab(energies.scaffold, energies.geometry)[geometries(energies)]
    return [
        (scaffold, *map(str, counts.loc[scaffold]), str(counts.loc[scaffold].sum()))
        for scaffold in energies.scaffold.unique()
    ]


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
