"""Sections of a dataset's card, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from rarebind.datasets.record import KINDS
from rarebind.datasets.statistics import (
    RADIUS_CN,
    asked_coordination_numbers,
    contraction,
    counts,
    labelled,
    reason_classes,
    spreads,
    values,
    with_own_geometry,
)
from rarebind.elements import is_lanthanide
from rarebind.io.tables import NONE, markdown_table


def overview(table: pd.DataFrame) -> str:
    """What there is, by level of theory and kind."""
    if table.empty:
        return ""
    ok, forces = table["status"] == "ok", table["fmax_ev_per_angstrom"].notna()
    found = (
        table.assign(
            kind=pd.Categorical(table["kind"], KINDS, ordered=True),
            records=1,
            accepted=ok.astype(int),
            rejected=(~ok).astype(int),
            with_forces=table["frames"].where(forces, 0),
        )
        .groupby(["level", "kind"], observed=True)[
            ["records", "accepted", "rejected", "frames", "with_forces"]
        ]
        .sum()
    )
    head = ("level of theory", "kind", "records", "accepted", "rejected", "frames", "with forces")
    return (
        f"{markdown_table(head, _lines(found))}\n\nA record is a molecule, a frame one geometry of "
        "it."
    )


def level_section(
    level: str, accepted: pd.DataFrame, rejected: pd.DataFrame, origins: Sequence[str] = ()
) -> str:
    """What there is to say of the complexes of one level.

    Parameters
    ----------
    level, accepted, rejected
        Its name and its complexes.
    origins
        Levels of the records on whose geometries some of them were computed.
    """
    both, own = pd.concat([accepted, rejected]), with_own_geometry(accepted)
    ligands = both["inchikey"].nunique(dropna=False)
    parts = [
        f"## Complexes at {level}",
        f"{len(accepted)} accepted, {len(rejected)} rejected, of {ligands} ligands.",
        _origin_part(both, origins),
        _count_tables(accepted, rejected),
        _rejected_part(rejected),
        _coordination_part(own),
        _energy_part(accepted),
        _state_part(accepted),
        _distance_part(own),
    ]
    return "\n\n".join(part for part in parts if part)


def _origin_part(table: pd.DataFrame, origins: Sequence[str]) -> str:
    number = len(table) - len(with_own_geometry(table))
    if not number:
        return ""
    at = f", at {', '.join(origins)}" if origins else ""
    return (
        f"{number} of {len(table)} are single points on the geometry of the record that `source` "
        f"names{at}: what relaxing at "
        "this level would change is not in their energies. Distances and coordination numbers "
        "are those of the source and not shown here again."
    )


def _state_part(accepted: pd.DataFrame) -> str:
    names = {"f_electrons": "4f electrons", "s_squared": "⟨S²⟩"}
    means = pd.concat({name: _means(accepted, name) for name in names}, axis=1)
    if means.empty:
        return ""
    means = means.reindex(values(accepted, "metal")).dropna(how="all")
    shown = markdown_table(("metal", *names.values()), _lines(means))
    return f"### Electronic states\n\nMeans (n):\n\n{shown}"


def _count_tables(accepted: pd.DataFrame, rejected: pd.DataFrame) -> str:
    both = pd.concat([accepted, rejected])
    tables = []
    for name in ("scaffold", "geometry", "metal"):
        number = pd.concat([counts(accepted, name), counts(rejected, name)], axis=1)
        number = number.reindex(values(both, name)).fillna(0).astype(int)
        tables.append(markdown_table((name, "accepted", "rejected"), _lines(number)))
    places = counts(both, "scaffold", "geometry").index
    cells = accepted.pivot_table(
        index="metal", columns=["scaffold", "geometry"], values="key", aggfunc="count",
        observed=True, fill_value=0,
    )  # fmt: skip
    cells = cells.reindex(values(both, "metal"), columns=places, fill_value=0)
    heads = ("accepted", *(" ".join(place) for place in places))
    return "\n\n".join(["### Counts", *tables, markdown_table(heads, _lines(cells))])


def _rejected_part(rejected: pd.DataFrame) -> str:
    if rejected.empty:
        return ""
    classes = markdown_table(("reason", "complexes"), reason_classes(rejected).items())
    where = _lines(counts(rejected, "scaffold", "geometry").to_frame())
    return (
        "### Rejected complexes\n\nKept with their structure and reason (`status`, `reason`), "
        "without binding energies. One with several reasons counts in each class.\n\n"
        f"{classes}\n\n{markdown_table(('scaffold', 'geometry', 'rejected'), where)}"
    )


def _coordination_part(accepted: pd.DataFrame) -> str:
    known = accepted.assign(asked=asked_coordination_numbers(accepted)).dropna(subset="asked")
    if known.empty:
        return ""
    # One that was not counted is another.
    others = known[known["coordination_number"].fillna(-1) != known["asked"]]
    text = (
        f"### Coordination numbers\n\n{len(others)} of {len(known)} accepted complexes have "
        "another coordination number than their composition asks for (a side chain binds as well, "
        "say)."
    )
    if others.empty:
        return text
    found = counts(others, "scaffold", "geometry", "asked", "coordination_number").to_frame()
    head = ("scaffold", "geometry", "asked", "found", "complexes")
    return f"{text}\n\n{markdown_table(head, _lines(found))}"


def _energy_part(accepted: pd.DataFrame) -> str:
    ours = labelled(accepted)
    if ours.empty:
        return ""
    parts = [
        "### Binding energies",
        f"{len(ours)} of {len(accepted)} accepted complexes have them. In kcal/mol:",
    ]
    for column, name in {"binding_kcal_mol": "Equation 1", "exchange_kcal_mol": "Exchange"}.items():
        for by in (("scaffold", "geometry"), ("metal",)):
            found = spreads(ours, column, *by)
            if not found.empty:
                parts.append(f"{name} by {' and '.join(by)}:")
                parts.append(markdown_table((*by, *found.columns), _lines(found, "{:.1f}")))
    if ours["binding_kcal_mol"].isna().all():
        parts.append("There is no equation 1: the dataset has no bare ions at this level.")
    said = [
        f"{waters} waters for {', '.join(values(members, 'metal'))}"
        for waters, members in ours.groupby("aqua_waters")
    ]
    if said:
        parts.append(f"Aqua ions that the exchange energies refer to: {'; '.join(said)}.")
    else:
        parts.append("There are no exchange energies: the dataset has no aqua ions at this level.")
    return "\n\n".join(parts)


def _distance_part(accepted: pd.DataFrame) -> str:
    names = {"ligand_donor_distance": "ligand donors", "water_distance": "waters"}
    means = pd.concat(
        {
            (geometry, name): _means(members, column)
            for geometry, members in accepted.groupby("geometry", observed=True)
            for column, name in names.items()
            if members[column].notna().any()
        }
        or {("", ""): pd.Series(dtype=object)},
        axis=1,
    )
    if means.empty:
        return ""
    heads = ("metal", *(" ".join(place) for place in means.columns))
    body = markdown_table(heads, _lines(means.reindex(values(accepted, "metal"))))
    return "\n\n".join(
        [
            "### Metal–donor distances",
            *_contraction_parts(accepted, names),
            "Mean distances in Å over all accepted complexes (n):",
            body,
        ]
    )


def _contraction_parts(accepted: pd.DataFrame, names: dict[str, str]) -> list[str]:
    lines = []
    for geometry, members in accepted.groupby("geometry", observed=True):
        for column, name in names.items():
            fit = contraction(members, column)
            if fit is not None:
                metals = sum(map(is_lanthanide, fit.radii.index))
                y = f"{fit.residuals['Y']:+.3f}" if "Y" in fit.radii else NONE
                quality = f"{fit.slope:.2f}", f"{fit.r_squared:.3f}", y
                lines.append((geometry, name, metals, fit.complexes, *quality))
    if not lines:
        return []
    said = (
        "The lanthanide contraction: mean distance against ionic radius (Shannon, coordination "
        f"number {RADIUS_CN}), least squares through the lanthanides, over the complexes that "
        "all of them (and Y, where it is compared) have."
    )
    head = (
        "geometry", "to", "lanthanides", "complexes of each", "slope / Å Å⁻¹", "r²",
        "Y − line / Å",
    )  # fmt: skip
    return [said, markdown_table(head, lines)]


def _means(table: pd.DataFrame, column: str) -> pd.Series:
    """Means by metal with the number of values behind each, as text."""
    found = spreads(table, column, "metal")
    cells = [f"{mean:.3f} ({n})" for mean, n in zip(found["mean"], found["n"], strict=True)]
    return pd.Series(cells, index=found.index, dtype=object)


def _lines(table: pd.DataFrame, form: str = "{}") -> Iterable[tuple[object, ...]]:
    """The index and cells of each row; floats in a form, what is missing as :data:`NONE`."""
    for index, *cells in table.itertuples(name=None):
        shown = [
            NONE if pd.isna(cell) else form.format(cell) if isinstance(cell, float) else cell
            for cell in cells
        ]
        yield (*(index if isinstance(index, tuple) else (index,)), *shown)
