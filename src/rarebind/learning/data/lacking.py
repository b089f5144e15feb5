"""Why complexes have no binding energies: the references that a dataset does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rarebind.datasets import Row

#: Names that a message lists.
_NAMED = 4
#: What a reference is called by its kind; the names of those that are missing follow.
_NAMES = {
    "ion": "the bare ion of {}",
    "ligand": "the free ligand {}",
    "water": "water",
    "aqua": "an aqua ion of {}",
}


def lacking_references(rows: Sequence[Row], complexes: Sequence[Row], *, exchange: bool) -> str:
    """How many of `complexes` lack which reference, in words; empty if none lacks one.

    Parameters
    ----------
    rows
        Of the whole dataset.
    complexes
        All at one level.
    exchange
        Whether the exchange energy is asked for, which needs water and an aqua ion; equation 1
        needs the bare ion, the free ligand, and water if the complex holds some.
    """
    levels = {row.level for row in complexes}
    there = {(row.kind, _of(row)) for row in rows if row.status == "ok" and row.level in levels}
    missing: dict[str, list[Row]] = {}
    for row in complexes:
        for kind, name in _needed(row, exchange=exchange):
            if (kind, name) not in there:
                missing.setdefault(kind, []).append(row)
    return ", ".join(
        f"{len(members)} of {len(complexes)} lack {_NAMES[kind].format(_names(kind, members))}"
        for kind, members in missing.items()
    )


def _needed(row: Row, *, exchange: bool) -> Iterator[tuple[str, str]]:
    yield "ion", row.metal or ""
    yield "ligand", row.inchikey or ""
    if exchange or not (row.geometry or "").endswith(":0"):
        yield "water", ""
    if exchange:
        yield "aqua", row.metal or ""


def _of(row: Row) -> str:
    """What tells a reference from others of its kind."""
    return {"ligand": row.inchikey, "water": None}.get(row.kind, row.metal) or ""


def _names(kind: str, complexes: Sequence[Row]) -> str:
    names = dict.fromkeys(str(row.ligand if kind == "ligand" else row.metal) for row in complexes)
    return ", ".join([*names][:_NAMED]) + (", …" if len(names) > _NAMED else "")
