"""Sections of a dataset's card, as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from rarebind.datasets.record import KINDS
from rarebind.datasets.statistics import (
    NONE,
    RADIUS_CN,
    Spread,
    asked_coordination_number,
    contraction,
    frames_with_forces,
    grouped,
    is_lanthanide,
    other_coordination,
    reason_classes,
    spreads,
    with_own_geometry,
)
from rarebind.datasets.table import Row


def overview(rows: Sequence[Row]) -> str:
    """What there is, by level of theory and kind."""
    cells = []
    for level in sorted({row.level for row in rows}):
        for kind in KINDS:
            members = [row for row in rows if (row.level, row.kind) == (level, kind)]
            if members:
                accepted = sum(row.status == "ok" for row in members)
                frames = sum(row.frames for row in members)
                cells.append(
                    (level, kind, len(members), accepted, len(members) - accepted, frames,
                     frames_with_forces(members))
                )  # fmt: skip
    head = ("level of theory", "kind", "records", "accepted", "rejected", "frames", "with forces")
    return (
        f"{markdown_table(head, cells)}\n\nA record is a molecule, a frame one geometry of it."
        if cells
        else ""
    )


def level_section(
    level: str, accepted: Sequence[Row], rejected: Sequence[Row], origins: Sequence[str] = ()
) -> str:
    """What there is to say of the complexes of one level.

    Parameters
    ----------
    level, accepted, rejected
        Its name and its complexes.
    origins
        Levels of the records on whose geometries some of them were computed.
    """
    ligands = len({row.inchikey for row in [*accepted, *rejected]})
    own = with_own_geometry(accepted)
    parts = [
        f"## Complexes at {level}",
        f"{len(accepted)} accepted, {len(rejected)} rejected, of {ligands} ligands.",
        _origin_part([*accepted, *rejected], origins),
        _count_tables(accepted, rejected),
        _rejected_part(rejected),
        _coordination_part(own),
        _energy_part(accepted),
        _state_part(accepted),
        _distance_part(own),
    ]
    return "\n\n".join(part for part in parts if part)


def _origin_part(rows: Sequence[Row], origins: Sequence[str]) -> str:
    number = len(rows) - len(with_own_geometry(rows))
    if not number:
        return ""
    at = f", at {', '.join(origins)}" if origins else ""
    return (
        f"{number} of {len(rows)} are single points on the geometry of the record that `source` "
        f"names{at}: what relaxing at "
        "this level would change is not in their energies. Distances and coordination numbers "
        "are those of the source and not shown here again."
    )


def _state_part(accepted: Sequence[Row]) -> str:
    columns = {"f_electrons": "4f electrons", "s_squared": "⟨S²⟩"}
    found = {column: spreads(accepted, column, "metal") for column in columns}
    lines = [
        (metal, *(_mean(found[column].get((metal,))) for column in columns))
        for (metal,) in grouped(accepted, "metal")
        if any((metal,) in found[column] for column in columns)
    ]
    if not lines:
        return ""
    head = ("metal", *columns.values())
    return f"### Electronic states\n\nMeans (n):\n\n{markdown_table(head, lines)}"


def _count_tables(accepted: Sequence[Row], rejected: Sequence[Row]) -> str:
    both = [*accepted, *rejected]
    counts = []
    for name in ("scaffold", "geometry", "metal"):
        good, bad = grouped(accepted, name), grouped(rejected, name)
        lines = [
            (*key, len(good.get(key, ())), len(bad.get(key, ()))) for key in grouped(both, name)
        ]
        counts.append(markdown_table((name, "accepted", "rejected"), lines))
    cells = grouped(accepted, "metal", "scaffold", "geometry")
    columns = list(grouped(both, "scaffold", "geometry"))
    cross = [
        (metal, *(len(cells.get((metal, *column), ())) for column in columns))
        for (metal,) in grouped(both, "metal")
    ]
    heads = ("accepted", *(" ".join(column) for column in columns))
    return "\n\n".join(["### Counts", *counts, markdown_table(heads, cross)])


def _rejected_part(rejected: Sequence[Row]) -> str:
    if not rejected:
        return ""
    classes = markdown_table(("reason", "complexes"), reason_classes(rejected).items())
    where = [(*key, len(rows)) for key, rows in grouped(rejected, "scaffold", "geometry").items()]
    return (
        "### Rejected complexes\n\nKept with their structure and reason (`status`, `reason`), "
        "without binding energies. One with several reasons counts in each class.\n\n"
        f"{classes}\n\n{markdown_table(('scaffold', 'geometry', 'rejected'), where)}"
    )


def _coordination_part(accepted: Sequence[Row]) -> str:
    known = sum(asked_coordination_number(row) is not None for row in accepted)
    if not known:
        return ""
    others = other_coordination(accepted)
    text = (
        f"### Coordination numbers\n\n{len(others)} of {known} accepted complexes have another "
        "coordination number than their composition asks for (a side chain binds as well, say)."
    )
    if not others:
        return text
    lines = [
        (*key[:2], asked_coordination_number(rows[0]), key[2], len(rows))
        for key, rows in grouped(others, "scaffold", "geometry", "coordination_number").items()
    ]
    head = ("scaffold", "geometry", "asked", "found", "complexes")
    return f"{text}\n\n{markdown_table(head, lines)}"


def _energy_part(accepted: Sequence[Row]) -> str:
    labelled = [row for row in accepted if row.labelled]
    if not labelled:
        return ""
    names = {"binding_kcal_mol": "Equation 1", "exchange_kcal_mol": "Exchange"}
    parts = [
        "### Binding energies",
        f"{len(labelled)} of {len(accepted)} accepted complexes have them. In kcal/mol:",
    ]
    for column, name in names.items():
        for by in (("scaffold", "geometry"), ("metal",)):
            lines = [
                (*key, spread.number, *_spread_cells(spread, 1))
                for key, spread in spreads(labelled, column, *by).items()
            ]
            if lines:
                parts.append(f"{name} by {' and '.join(by)}:")
                parts.append(markdown_table((*by, "n", "mean", "sd", "min", "max"), lines))
    if all(row.binding_kcal_mol is None for row in labelled):
        parts.append("There is no equation 1: the dataset has no bare ions at this level.")
    aqua = grouped((row for row in labelled if row.aqua_waters is not None), "aqua_waters")
    if not aqua:
        parts.append("There are no exchange energies: the dataset has no aqua ions at this level.")
        return "\n\n".join(parts)
    said = [
        f"{waters} waters for {', '.join(key[0] for key in grouped(rows, 'metal'))}"
        for (waters,), rows in aqua.items()
    ]
    parts.append(f"Aqua ions that the exchange energies refer to: {'; '.join(said)}.")
    return "\n\n".join(parts)


def _distance_part(accepted: Sequence[Row]) -> str:
    columns = {"ligand_donor_distance": "ligand donors", "water_distance": "waters"}
    parts = ["### Metal–donor distances"]
    lines = []
    for (geometry,), rows in grouped(accepted, "geometry").items():
        for column, name in columns.items():
            fit = contraction(rows, column)
            if fit is not None:
                metals = sum(map(is_lanthanide, fit.metals))
                y = f"{fit.residual('Y'):+.3f}" if "Y" in fit.metals else NONE
                quality = f"{fit.slope:.2f}", f"{fit.r_squared:.3f}", y
                lines.append((geometry, name, metals, fit.complexes, *quality))
    if lines:
        said = (
            "The lanthanide contraction: mean distance against ionic radius (Shannon, coordination "
            f"number {RADIUS_CN}), least squares through the lanthanides, over the complexes that "
            "all of them (and Y, where it is compared) have."
        )
        head = (
            "geometry",
            "to",
            "lanthanides",
            "complexes of each",
            "slope / Å Å⁻¹",
            "r²",
            "Y − line / Å",
        )
        parts += [said, markdown_table(head, lines)]
    parts.append("Mean distances in Å over all accepted complexes (n):")
    means = {column: spreads(accepted, column, "metal", "geometry") for column in columns}
    geometries = [key[0] for key in grouped(accepted, "geometry")]
    heads = [
        (column, geometry, f"{geometry} {name}")
        for geometry in geometries
        for column, name in columns.items()
        if any(key[1] == geometry for key in means[column])
    ]
    body = [
        (metal, *(_mean(means[column].get((metal, geometry))) for column, geometry, _ in heads))
        for (metal,) in grouped(accepted, "metal")
    ]
    if not heads:
        return ""
    parts.append(markdown_table(("metal", *(name for _, _, name in heads)), body))
    return "\n\n".join(parts)


def _spread_cells(spread: Spread, digits: int) -> tuple[str, ...]:
    return tuple(
        NONE if math.isnan(value) else f"{value:.{digits}f}"
        for value in (spread.mean, spread.sd, spread.low, spread.high)
    )


def _mean(spread: Spread | None) -> str:
    return NONE if spread is None else f"{spread.mean:.3f} ({spread.number})"


def markdown_table(head: Iterable[object], lines: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    titles = [str(cell) for cell in head]
    body = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [titles, ["---"] * len(titles), *body])
