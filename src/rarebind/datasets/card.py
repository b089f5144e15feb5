"""The card of a dataset: a README that says what is in it, with every number taken from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from rarebind.datasets.figures import draw_figures
from rarebind.datasets.files import replace_file
from rarebind.datasets.record import KINDS
from rarebind.datasets.shards import SHARDS, Dataset
from rarebind.datasets.statistics import (
    NONE,
    RADIUS_CN,
    Spread,
    asked_coordination_number,
    complexes,
    contraction,
    frames_with_forces,
    grouped,
    is_lanthanide,
    levels,
    other_coordination,
    reason_classes,
    spreads,
)
from rarebind.datasets.table import Row

CARD, FIGURES = "README.md", "figures"

#: Fields of a frame: name, unit, meaning.
FIELDS = (
    ("energy", "eV", "total energy; of the whole geometry, at `level`"),
    ("forces", "eV/Å", "column of each atom, rounded to 1e-5; absent where none were computed"),
    ("pos", "Å", "column of each atom (`positions` in ASE), rounded to 1e-5"),
    ("binding_energy", "eV", "equation 1: E(complex) − E(M³⁺) − n E(ligand) − w E(H₂O)"),
    ("exchange_energy", "eV", "[M(H₂O)ₘ]³⁺ + n L → complex + (m − w) H₂O; the bare ion cancels"),
    ("aqua_waters", "", "m, the waters of the aqua ion that `exchange_energy` refers to"),
    ("coordination_number", "", "donor atoms around the metal, counted in the final geometry"),
    ("charge", "e", "total charge"),
    ("multiplicity", "", "2S + 1 of the true state, 4f electrons counted; GFN-xTB sees singlets"),
    ("kind", "", "`complex`, or a reference: `aqua` (aqua ion), `ligand`, `water`, `ion`"),
    ("role", "", "`end`: the final geometry; `intermediate`: one on the way to it"),
    ("status, reason", "", "`ok`, or `rejected` and why; a rejected complex has no binding energy"),
    ("metal, geometry", "", "symbol; ligands:waters"),
    ("n_ligands, waters", "", "the same as numbers"),
    ("ligand, scaffold, substituent", "", "names of the ligand and of its parts"),
    ("smiles, inchikey", "", "of the ligand as it binds (deprotonated)"),
    ("donors", "", "donor atoms of one ligand, as indices into its SMILES"),
    ("level", "", "level of theory in words; only energies of one level may be combined"),
    ("engine, method, basis, solvent, dispersion", "", "the same in parts; empty ones left out"),
    ("verb", "", "`relax`, or `static` where the geometry was taken as it is"),
    ("engine_version", "", "program and version"),
    ("gradients, wall_time", "–, s", "what the calculation cost"),
    ("label, key", "", "name for people; name of the calculation, the same in `table.csv`"),
    ("schema", "", "version of these fields"),
)

_ABOUT = """\
Complexes of rare-earth M³⁺ ions with ligands and water: relaxed geometries, geometries on the way
to them, energies, forces, and binding energies with all the calculations they are made of. The
protocol follows Gupta, Hetherington and de Jong, *Digital Discovery* 2026, 5, 363
(DOI 10.1039/d5dd00286a); the calculations are rarebind's own. Atoms stand metal first, then ligand
by ligand (heavy atoms in the order of the SMILES, then hydrogens), then water by water (O, H, H).
"""

_LIMITS = """\
- Energies are electronic: no zero-point, thermal or entropy terms. Releasing water gains entropy
  that is not counted.
- **Equation 1 compares ligands with the same metal, geometry and level.** Between metals it carries
  the error of E(M³⁺), which for a bare trication in a continuum is as large as the effect sought.
  Values from different levels must never be combined.
- GFN2-xTB keeps the 4f shell in the core: it sees no 4f electrons and no spin of the metal,
  whatever `multiplicity` says. It makes bonds from trivalent metals to anionic oxygen too short,
  and its continuum treats charged ligands unevenly.
- **Trends along the series come out too favourable for the light metals at GFN2-xTB.** Their sign
  is not to be read as experiment; differences between ligands are what they are for.
- **Y does not lie among the lanthanides at GFN2-xTB**, which has parameters of its own for it: see
  its distance from their line above. Compare ligands for Y, not Y with lanthanides.
- Start geometries of Pr to Yb are interpolated between Ce and Lu, so a series keeps to one basin; a
  lower one may exist.
- The surface grid of the ALPB continuum does not turn with the molecule: rotating one
  [La(H₂O)₈]³⁺ changed its energy by 0.04 kcal/mol (standard deviation; range 0.15).
- One conformer a complex; no second coordination sphere, no counter-ions.
"""

_CAPTIONS = {
    "counts.png": "Accepted complexes by metal, scaffold and geometry.",
    "energies.png": (
        "Binding energies over all metals and ligands, by geometry and scaffold: median, "
        "quartiles, whiskers to the 5th and 95th percentile. Equation 1 has E(M³⁺) in it, which "
        "differs from metal to metal; the exchange energy is free of it."
    ),
    "distances.png": (
        "Mean metal–donor distance against ionic radius (Shannon, coordination number 8), over the "
        "complexes that all compared metals have. Lines through the lanthanides; Y is open."
    ),
    "series.png": (
        "Mean exchange energy relative to La, over the complexes that all compared metals have. "
        "Y, which is no lanthanide, stands apart."
    ),
}


def write_card(
    dataset: Dataset, *, title: str = "Rare-earth complexes with their binding energies"
) -> list[Path]:
    """Write ``README.md`` and ``figures/`` into a dataset's folder, replacing older ones.

    The same dataset gives the same files.  Where there are complexes at several levels of theory,
    each level has a section and a folder of figures of its own.

    Returns
    -------
    list
        The card, then the figures.

    Raises
    ------
    InputError
        The table cannot be read.
    """
    rows = dataset.rows()
    sections = [f"# {title}", _ABOUT, _overview(rows)]
    found = levels(rows)
    figures: list[Path] = []
    for level in found:
        accepted = complexes(rows, level)
        folder = dataset.folder / FIGURES
        # One level, the common case, needs no folder of its own.
        folder = folder if level == found[0] else folder / _slug(level)
        drawn = draw_figures(accepted, folder)
        figures += drawn
        shown = {path.name: path.relative_to(dataset.folder).as_posix() for path in drawn}
        sections.append(_level_section(level, accepted, complexes(rows, level, accepted=False)))
        sections += [
            f"![{_CAPTIONS[name]}]({path})\n\n*{_CAPTIONS[name]}*" for name, path in shown.items()
        ]
    if not found:
        sections.append("There is no complex in this dataset yet.")
    sections += [_reading(dataset), _files(dataset), f"## Known limits\n\n{_LIMITS}", _LICENCE]
    text = "\n\n".join(section.strip() for section in sections) + "\n"
    path = dataset.folder / CARD
    replace_file(path, text.encode())
    return [path, *figures]


_LICENCE = """\
## Licence and citation

MIT licence, like rarebind itself. Source of the protocol: Gupta, Hetherington, de Jong, *Digital
Discovery* 2026, 5, 363, DOI 10.1039/d5dd00286a.
"""


def _overview(rows: Sequence[Row]) -> str:
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
        f"{_table(head, cells)}\n\nA record is a molecule, a frame one geometry of it."
        if cells
        else ""
    )


def _level_section(level: str, accepted: Sequence[Row], rejected: Sequence[Row]) -> str:
    ligands = len({row.inchikey for row in [*accepted, *rejected]})
    parts = [
        f"## Complexes at {level}",
        f"{len(accepted)} accepted, {len(rejected)} rejected, of {ligands} ligands.",
        _count_tables(accepted, rejected),
        _rejected_part(rejected),
        _coordination_part(accepted),
        _energy_part(accepted),
        _distance_part(accepted),
    ]
    return "\n\n".join(part for part in parts if part)


def _count_tables(accepted: Sequence[Row], rejected: Sequence[Row]) -> str:
    both = [*accepted, *rejected]
    counts = []
    for name in ("scaffold", "geometry", "metal"):
        good, bad = grouped(accepted, name), grouped(rejected, name)
        lines = [
            (*key, len(good.get(key, ())), len(bad.get(key, ()))) for key in grouped(both, name)
        ]
        counts.append(_table((name, "accepted", "rejected"), lines))
    cells = grouped(accepted, "metal", "scaffold", "geometry")
    columns = list(grouped(both, "scaffold", "geometry"))
    cross = [
        (metal, *(len(cells.get((metal, *column), ())) for column in columns))
        for (metal,) in grouped(both, "metal")
    ]
    heads = ("accepted", *(" ".join(column) for column in columns))
    return "\n\n".join(["### Counts", *counts, _table(heads, cross)])


def _rejected_part(rejected: Sequence[Row]) -> str:
    if not rejected:
        return ""
    classes = _table(("reason", "complexes"), reason_classes(rejected).items())
    where = [(*key, len(rows)) for key, rows in grouped(rejected, "scaffold", "geometry").items()]
    return (
        "### Rejected complexes\n\nKept with their structure and reason (`status`, `reason`), "
        "without binding energies. One with several reasons counts in each class.\n\n"
        f"{classes}\n\n{_table(('scaffold', 'geometry', 'rejected'), where)}"
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
    return f"{text}\n\n{_table(head, lines)}"


def _energy_part(accepted: Sequence[Row]) -> str:
    labelled = [row for row in accepted if row.exchange_kcal_mol is not None]
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
            parts.append(f"{name} by {' and '.join(by)}:")
            parts.append(_table((*by, "n", "mean", "sd", "min", "max"), lines))
    aqua = grouped(labelled, "aqua_waters")
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
        parts += [said, _table(head, lines)]
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
    parts.append(_table(("metal", *(name for _, _, name in heads)), body))
    return "\n\n".join(parts)


def _reading(dataset: Dataset) -> str:
    text = "## How to read it"
    shard = next(iter(sorted(dataset.shards, key=lambda shard: shard.kind != "complex")), None)
    if shard is not None:
        text += f"""

With ASE alone, one shard at a time:

```python
from ase.io import iread

for atoms in iread("{SHARDS}/{shard.name}", index=":"):
    if atoms.info["role"] == "end":
        print(atoms.info["label"], atoms.get_potential_energy(), atoms.info.get("binding_energy"))
```

With rarebind, as records:

```python
from rarebind.datasets import Dataset

dataset = Dataset(".")
rows = dataset.rows()
for record in dataset.records(dataset.shards[:1]):
    print(record.label, record.calculation.energy, record.binding)
```

`table.csv` has one line a record, for a spreadsheet, with energies in the units that its headings
name."""
    fields = [
        (", ".join(f"`{part}`" for part in name.split(", ")), unit, meaning)
        for name, unit, meaning in FIELDS
    ]
    return f"{text}\n\nFields of a frame:\n\n{_table(('field', 'unit', 'meaning'), fields)}"


def _files(dataset: Dataset) -> str:
    lines = [
        (
            f"`{shard.name}`", shard.kind, shard.level, shard.records, shard.frames,
            f"{dataset.path(shard).stat().st_size / 1000:.1f}",
        )
        for shard in dataset.shards
        if dataset.path(shard).is_file()
    ]  # fmt: skip
    if not lines:
        return ""
    head = ("shard", "kind", "level", "records", "frames", "kB")
    return (
        "## Files\n\n`manifest.csv` names the shards with their SHA-256, `table.csv` is the table."
        f"\n\n{_table(head, lines)}"
    )


def _spread_cells(spread: Spread, digits: int) -> tuple[str, ...]:
    return tuple(
        NONE if math.isnan(value) else f"{value:.{digits}f}"
        for value in (spread.mean, spread.sd, spread.low, spread.high)
    )


def _mean(spread: Spread | None) -> str:
    return NONE if spread is None else f"{spread.mean:.3f} ({spread.number})"


def _slug(level: str) -> str:
    return "".join(c if c.isalnum() or c in "+-" else "_" for c in level).strip("_")


def _table(head: Iterable[object], lines: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    titles = [str(cell) for cell in head]
    body = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [titles, ["---"] * len(titles), *body])
