"""``rarebind screen``: from a file of ligands to a ranked table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from rarebind.commands.progress import progress_bar

if TYPE_CHECKING:
    from rarebind.screening import Row, Screen


def screen(
    ligands: Annotated[Path, typer.Argument(help="CSV file with the column smiles, and name.")],
    metals: Annotated[
        list[str] | None,
        typer.Option(help="Rare earths, e.g. --metals La Eu Lu.  The first is ΔΔE's reference."),
    ] = None,
    geometry: Annotated[
        str, typer.Option(help="Ligands:waters (1:6), or ligands alone (1), filled with water.")
    ] = "1",
    coordination_number: Annotated[int, typer.Option("--cn", help="Donor atoms in all.")] = 8,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("rarebind-screen"),
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: in the results folder."),
    ] = None,
    engine: Annotated[str, typer.Option(help="tblite or xtb.")] = "tblite",
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
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Rank ligands by how strongly and selectively they bind rare-earth ions."""
    from rarebind.campaigns import Protocol, Store
    from rarebind.elements import STUDY_METALS
    from rarebind.engines import LevelOfTheory
    from rarebind.errors import InputError
    from rarebind.ligands import read_ligand_table
    from rarebind.screening import UNITS, plan_screen, report, specs_for, write_outputs
    from rarebind.screening import screen as run_screen

    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: known are {', '.join(UNITS)}")
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: give a folder for the results with --out")
    protocol = Protocol(
        level=LevelOfTheory(engine, "GFN2-xTB", solvent="ALPB(water)"),
        builder=builder,
        conformer_search=conformers,
        symmetries=symmetries,
        hops=hops,
        cores=cores,
        seed=seed,
    )
    table = read_ligand_table(ligands)
    chosen = metals or list(STUDY_METALS)
    # All checks come before the first file is made.
    plan_screen(specs_for(table, chosen, geometry, coordination_number), protocol)
    console = Console(stderr=True)
    for ligand in table:
        for note in ligand.notes:
            console.print(f"[dim]{ligand.name}: {note}[/dim]", highlight=False)
    with Store(store or out / "calculations.sqlite") as results, progress_bar(console) as progress:
        if retry_failed:
            results.forget_failures()
        bar = progress.add_task("starting", total=None)

        def on_total(total: int) -> None:
            progress.update(bar, total=total)

        found = run_screen(
            table, chosen, geometry, results,
            coordination_number=coordination_number,
            protocol=protocol,
            workers=workers,
            on_total=on_total,
            on_done=lambda ended: progress.update(
                bar, advance=1, description=f"{ended.task.label}: {ended.status}"
            ),
        )  # fmt: skip
        progress.update(bar, description="calculations")
    paths = write_outputs(found, out, unit)
    if as_json:
        json.dump(report(found, unit), sys.stdout, ensure_ascii=False)
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
    table = Table(
        title=f"{found.geometry} complexes in water, {found.protocol.level}, {unit}",
        caption="Negative = favourable.  Eq. 1 refers to the bare ion, exchange to the aqua ion; "
        f"ΔΔE is the exchange energy less that with {found.metals[0]}.",
    )
    for heading in ("Metal", "Rank", "Ligand"):
        table.add_column(heading)
    for heading in ("Eq. 1", "Exchange", f"ΔΔE M–{found.metals[0]}", "CN"):
        table.add_column(heading, justify="right")
    for index, row in enumerate(rows):
        last = index + 1 == len(rows) or rows[index + 1].metal != row.metal
        table.add_row(*_cells(row), end_section=last)
    console = Console()
    console.print(table)
    failures = [row for row in rows if row.status != "ok"]
    if failures:
        console.print(f"\n{len(failures)} of {len(rows)} without a result:")
        for row in failures:
            console.print(f"  {row.ligand}, {row.metal}: {row.reason}", highlight=False)


def _cells(row: Row) -> list[str]:
    def number(value: float | None) -> str:
        return "–" if value is None else f"{value:.1f}"

    return [
        row.metal,
        "–" if row.rank is None else str(row.rank),
        row.ligand,
        number(row.binding),
        number(row.exchange),
        number(row.selectivity),
        "–" if row.coordination_number is None else str(row.coordination_number),
    ]
