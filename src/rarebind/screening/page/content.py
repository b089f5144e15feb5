"""What the page is told: the report, completed where it is older, made compact and safe."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from rarebind.complexes import DEFAULT_COORDINATION_NUMBER
from rarebind.elements import ionic_radius, is_rare_earth
from rarebind.errors import InputError
from rarebind.screening.estimates import thermal_energy
from rarebind.screening.page.drawings import safe_drawing
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.screening.table import COLUMNS, UNITS

#: Newest form of ``ranking.json`` that the page understands.
NEWEST_SCHEMA = 2
#: Decimals of numbers in the page: more than any uncertainty, fewer than a double has.
_DECIMALS = 6
#: Decimals of shares of species, which are drawn and never written finer than a percent.
_SHARE_DECIMALS = 3
#: What is told of a ligand and a pair of metals where ΔΔE has no sign, beside its relative value.
_WITHOUT_SIGN = ("ligand", "geometry", "strength", "strength_half_width", "front", "flagged")


def page_content(report: Mapping[str, Any]) -> dict[str, Any]:
    """Plain data for the page's scripts.

    Parameters
    ----------
    report
        The content of ``ranking.json``; fields may be missing or None.

    Raises
    ------
    InputError
        It is no report: it has no rows, or comes from a newer rarebind.
    """
    rows = _checked_rows(report)
    geometries = report.get("geometries") or _distinct(rows, "geometry")
    metals = report.get("metals") or _distinct(rows, "metal")
    # Older reports do not say.
    signed = report.get("gives_sign") is not False
    how = dict(report.get("how") or {})
    # The first form of the report had the protocol by itself.
    how.setdefault("protocol", report.get("protocol"))
    how.setdefault("versions", {"rarebind": report.get("rarebind")})
    content = {
        "rarebind": report.get("rarebind"),
        "created": report.get("created"),
        "engine": report.get("engine"),
        "level": report.get("level"),
        "note": report.get("note") or "",
        "gives_sign": signed,
        "unit": report.get("unit") or "kcal/mol",
        "interval": report.get("interval"),
        "log_k": report.get("log_k"),
        "geometries": geometries,
        "kinds": _kinds([*geometries, *_distinct(rows, "geometry")]),
        "metals": metals,
        "reference_metal": report.get("reference_metal"),
        "temperature": report.get("temperature"),
        "columns": COLUMNS,
        "count": len(rows),
        "rows": {name: packed_column([row.get(name) for row in rows]) for name in COLUMNS},
        "ligands": [
            {**ligand, "svg": safe_drawing(ligand.get("svg"))} for ligand in _ligands(report, rows)
        ],
        "radii": report.get("radii") or _radii(metals),
        "pairs": [
            _with_factor_width(pair, report) if signed else _relative(pair, "rows", "difference")
            for pair in report.get("pairs") or ()
        ],
        "pareto": [
            pair if signed else _relative(pair, "points", "selectivity")
            for pair in report.get("pareto") or ()
        ],
        # Shares hang on the sign of binding itself.
        "speciation": [_rounded_shares(one) for one in report.get("speciation") or () if signed],
        "structures": report.get("structures") or {},
        "distances": report.get("distances") or {},
        "short_list": report.get("short_list"),
        "rejected_input": report.get("rejected_input") or [],
        "how": how,
    }
    return {name: _plain(value) for name, value in content.items()}


def packed_column(values: Sequence[Any]) -> dict[str, Any]:
    """A column; texts that repeat are written once, with their places.

    Returns
    -------
    dict
        ``{"values": [...]}``, or ``{"of": texts, "at": index of each value}``.
    """
    if not all(isinstance(value, str) for value in values):
        return {"values": list(values)}
    place: dict[str, int] = {}
    at = [place.setdefault(value, len(place)) for value in values]
    return {"of": list(place), "at": at}


def _checked_rows(report: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    rows = report.get("rows") if isinstance(report, Mapping) else None
    if not isinstance(rows, Sequence) or not all(isinstance(row, Mapping) for row in rows):
        raise InputError("no report of a screen: it has no rows; give the content of ranking.json")
    schema = report.get("schema") or 1
    if not isinstance(schema, int) or schema > NEWEST_SCHEMA:
        raise InputError(
            f"the report has form {schema}, this rarebind knows forms up to {NEWEST_SCHEMA}: "
            "make the page with the rarebind that wrote the report"
        )
    return rows


def _distinct(rows: Iterable[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(str(row[name]) for row in rows if row.get(name) is not None))


def _kinds(geometries: Iterable[str]) -> dict[str, str]:
    """What geometries are in one order with; one that is alone keeps its name."""
    kinds = {one: stoichiometry(one) for one in geometries}
    often = Counter(kinds.values())
    return {one: one if often[kind] == 1 else kind for one, kind in kinds.items()}


def _ligands(
    report: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    if report.get("ligands"):
        return list(report["ligands"])
    first = {row.get("ligand"): row for row in reversed(rows) if row.get("ligand")}
    return [
        {"name": name, "smiles": first[name].get("smiles"), "inchikey": first[name].get("inchikey")}
        for name in _distinct(rows, "ligand")
        if name in first
    ]


def _radii(metals: Iterable[str]) -> dict[str, float]:
    return {
        metal: ionic_radius(metal, DEFAULT_COORDINATION_NUMBER)
        for metal in metals
        if is_rare_earth(metal)
    }


def _with_factor_width(pair: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Add the half-width of log10 of the separation factor: that of ΔΔE over RT ln 10."""
    scale, temperature = UNITS.get(report.get("unit") or "kcal/mol"), report.get("temperature")
    decade = scale * thermal_energy(temperature) * math.log(10) if scale and temperature else None
    rows = []
    for row in pair.get("rows") or ():
        width = row.get("half_width")
        known = decade is not None and width is not None
        rows.append({**row, "log10_half_width": width / decade if known else None})
    return {**pair, "rows": rows}


def _relative(pair: Mapping[str, Any], rows: str, value: str) -> dict[str, Any]:
    """A pair where ΔΔE has no sign: its values less their median, without what hangs on the sign.

    None at all is left where no two ligands can be compared.
    """
    kinds: dict[str, list[float]] = {}
    for row in pair.get(rows) or ():
        if row.get(value) is not None:
            kinds.setdefault(stoichiometry(str(row.get("geometry"))), []).append(row[value])
    found = []
    for row in pair.get(rows) or ():
        values = kinds.get(stoichiometry(str(row.get("geometry"))), [])
        if row.get(value) is not None and len(values) > 1:
            kept = {name: row[name] for name in _WITHOUT_SIGN if name in row}
            found.append({**kept, value: row[value] - median(values)})
    return {**pair, rows: found}


def _rounded_shares(value: Any) -> Any:
    """A curve with fewer decimals: there may be thousands of curves."""
    if isinstance(value, Mapping):
        return {key: _rounded_shares(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded_shares(part) for part in value]
    return round(value, _SHARE_DECIMALS) if isinstance(value, float) else value


def _plain(value: Any) -> Any:
    """JSON's own types alone: no NaN, no long tails of digits, keys as text."""
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return round(value, _DECIMALS) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, Iterable):
        return [_plain(part) for part in value]
    return str(value)
