"""``rarebind validate``: computed stability constants beside measured ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rarebind.commands.text import terminal

if TYPE_CHECKING:
    import pandas as pd


def validate(
    table: Annotated[
        Path | None,
        typer.Argument(
            metavar="[TABLE]", exists=True, dir_okay=False,
            help="CSV of measured constants; by default that which comes with rarebind.",
        ),
    ] = None,
    metals: Annotated[
        list[str], typer.Option(help="Metals that are computed; log K(Lu) − log K(La) needs both.")
    ] = ["La", "Gd", "Lu", "Y"],  # noqa: B006  # Typer copies it
    level: Annotated[
        str | None, typer.Option(help="Level of theory, such as gfn2-re; default: the engine's.")
    ] = None,
    engine: Annotated[str, typer.Option(help="Engine of the level.")] = "tblite",
    water_release: Annotated[
        float | None,
        typer.Option(help="Free energy of a water set free, kcal/mol; default: the level's."),
    ] = None,
    select: Annotated[
        bool,
        typer.Option("--select", help="Of a ligand with several series take that of most metals."),
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("validation"),
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: store.sqlite in --out."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of builders and conformers.")] = 111111,
) -> None:  # fmt: skip
    """Compute the stability constants of a table's ligands and hold them against what was measured.

    Hours for tens of ligands; stopped, it goes on where it was.  The report has computed constants
    as they are, the same calibrated with each ligand left out, and what a sceptic would say without
    computing anything.
    """
    from rarebind.campaigns import Store
    from rarebind.commands.screen_job import watched
    from rarebind.experiment import need_experiment
    from rarebind.io.files import check_writable, make_folder
    from rarebind.validation import Job, compute_constants, write_report

    need_experiment()
    measured, name = _measured(table, select=select)
    job = Job(tuple(metals), engine, level, water_release, seed, workers)
    check_writable(out)
    path = store or make_folder(out) / "store.sqlite"
    console = terminal(stderr=True)
    with Store(path) as results, watched(console) as watch:
        computed = compute_constants(measured, job, results, watch)
    for written in write_report(out, measured, computed, name):
        console.print(str(written))
    failed = [line for line in computed if line.computed_log_k is None]
    console.print(f"{len(computed) - len(failed)} of {len(computed)} constants computed")
    if len(failed) == len(computed):
        raise typer.Exit(1)


def _measured(table: Path | None, *, select: bool) -> tuple[pd.DataFrame, str]:
    """Constants of one series a ligand, and what their table is called."""
    from rarebind.experiment import (
        check_one_series,
        read_constants,
        select_series,
        stability_constants,
    )

    if table is None:
        return select_series(stability_constants()), "stability_constants.csv of rarebind"
    measured = read_constants(table)
    if not select:
        check_one_series(measured, str(table))
    return select_series(measured), table.name
