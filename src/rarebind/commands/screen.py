"""``rarebind screen``: from a file of ligands to a ranked table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rarebind.screening import Row, Screen


def screen(
    ligands: Annotated[Path, typer.Argument(help="CSV file with the column smiles, and name.")],
    metals: Annotated[
        list[str] | None,
        typer.Option(
            help="Rare earths, e.g. --metals La Eu Lu.  The first is ΔΔE's reference.  Default: "
            "La to Lu, Y."
        ),
    ] = None,
    geometry: Annotated[
        list[str] | None,
        typer.Option(
            help="Ligands:waters (1:6), or ligands alone (1), filled with water; several give "
            "speciation too.  Default: 1."
        ),
    ] = None,
    coordination_number: Annotated[int, typer.Option("--cn", help="Donor atoms in all.")] = 8,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("rarebind-screen"),
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: in the results folder."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="model: La is computed with tblite, the series predicted; tblite, xtb: all is "
            "computed."
        ),
    ] = "model",
    model: Annotated[
        Path | None, typer.Option(help="Model file; default: the one that comes with rarebind.")
    ] = None,
    fall_back: Annotated[
        bool, typer.Option("--fall-back", help="Compute what the model has not seen.")
    ] = False,
    builder: Annotated[str, typer.Option(help="auto, grafting or architector.")] = "auto",
    conformers: Annotated[
        str, typer.Option(help="rdkit, or crest for a CREST search of every La complex.")
    ] = "rdkit",
    symmetries: Annotated[int, typer.Option(help="Architector: arrangements a polyhedron.")] = 10,
    cores: Annotated[str, typer.Option(help="Architector: common or all polyhedra.")] = "common",
    hops: Annotated[
        int, typer.Option(help="Relaxations of a La complex spent on turning its waters.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Seed of conformers and builders.")] = 111111,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    unit: Annotated[str, typer.Option(help="kcal/mol or kJ/mol.")] = "kcal/mol",
    retry_failed: Annotated[bool, typer.Option(help="Try failed calculations again.")] = False,
    strict: Annotated[
        bool, typer.Option(help="Compute nothing if a single ligand of the file is bad.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Rank ligands by how strongly and selectively they bind rare-earth ions."""
    from rarebind.campaigns import Protocol
    from rarebind.commands.screen_job import read_ligands, run_with_progress
    from rarebind.errors import InputError
    from rarebind.screening import UNITS, Request, report, write_outputs
    from rarebind.screening.report import finite
    from rarebind.screening.request import DEFAULT_GEOMETRIES, DEFAULT_METALS

    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: known are {', '.join(UNITS)}")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: give a folder for the results with --out")
    protocol = Protocol(
        builder=builder,
        conformer_search=conformers,
        symmetries=symmetries,
        hops=hops,
        cores=cores,
        seed=seed,
    )
    console = Console(stderr=True)
    table = read_ligands(ligands, strict=strict, console=console)
    request = Request(
        ligands=table.ligands,
        metals=tuple(metals or DEFAULT_METALS),
        geometries=tuple(geometry or DEFAULT_GEOMETRIES),
        coordination_number=coordination_number,
        engine=engine,
        model=model,
        fall_back=fall_back,
        protocol=protocol,
        workers=workers,
    )
    found = run_with_progress(
        request.prepared(),
        store or out / "calculations.sqlite",
        console,
        retry_failed=retry_failed,
    )
    rejected = [{"name": r.name, "smiles": r.smiles, "reason": r.reason} for r in table.rejected]
    paths = write_outputs(found, out, unit, rejected=rejected)
    if as_json:
        content = finite(report(found, unit, rejected=rejected))
        json.dump(content, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        return
    _show(found, unit)
    output = Console()
    output.print("\nResults:")
    for path in paths.values():
        output.print(f"  {path}", highlight=False, soft_wrap=True)


def _show(found: Screen, unit: str) -> None:
    from rarebind.screening import ranked_rows

    rows = ranked_rows(found, unit)
    caption = (
        "Negative = favourable.  Eq. 1 refers to the bare ion, exchange to the aqua ion; "
        f"ΔΔE is the exchange energy less that with {found.metals[0]}."
    )
    if found.interval is not None:
        caption += (
            f"  ± should hold the computed energy in {found.interval.level:.0%} of cases; first: "
            "probability of being the strongest; ! unlike what the model learned from."
        )
    by = "predicted from the complex of La, " if found.model else ""
    table = Table(
        title=f"{', '.join(found.geometries)} complexes in water, {by}{found.protocol.level}, "
        f"{unit}",
        caption=caption,
    )
    several = len(found.geometries) > 1
    for heading in ("Metal", *(("Geometry",) if several else ()), "Rank", "Ligand"):
        table.add_column(heading)
    uncertain = found.interval is not None
    for heading in (
        "Eq. 1", "Exchange", *(("±", "First") if uncertain else ()), f"ΔΔE M–{found.metals[0]}",
        *(("± ΔΔE",) if uncertain else ()), "CN",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for index, row in enumerate(rows):
        last = index + 1 == len(rows) or (rows[index + 1].metal, rows[index + 1].geometry) != (
            row.metal,
            row.geometry,
        )
        table.add_row(*_cells(row, several=several, uncertain=uncertain), end_section=last)
    console = Console()
    console.print(table)
    failures = [row for row in rows if row.status != "ok"]
    if failures:
        console.print(f"\n{len(failures)} of {len(rows)} without a result:")
        for row in failures:
            console.print(f"  {row.ligand}, {row.metal}: {row.reason}", highlight=False)


def _cells(row: Row, *, several: bool, uncertain: bool) -> list[str]:
    def number(value: float | None, digits: int = 1) -> str:
        return "–" if value is None else f"{value:.{digits}f}"

    first = "–" if row.probability_first is None else f"{row.probability_first:.0%}"
    return [
        row.metal,
        *((row.geometry,) if several else ()),
        "–" if row.rank is None else str(row.rank),
        row.ligand + (" !" if row.flagged else ""),
        number(row.binding),
        number(row.exchange),
        *((number(row.half_width), first) if uncertain else ()),
        number(row.selectivity),
        *((number(row.selectivity_half_width),) if uncertain else ()),
        "–" if row.coordination_number is None else str(row.coordination_number),
    ]
