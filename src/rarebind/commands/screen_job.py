"""A screen as the command line runs it: bad ligands told, progress shown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.campaigns import Store
from rarebind.commands.progress import progress_bar
from rarebind.errors import InputError
from rarebind.ligands import LigandTable, survey_ligand_table
from rarebind.screening import Screen, Watch

if TYPE_CHECKING:
    from rich.console import Console

    from rarebind.screening.request import Prepared


def read_ligands(path: Path, *, strict: bool, console: Console) -> LigandTable:
    """The ligands of a file; bad ones and notes are told.

    Raises
    ------
    InputError
        The file cannot be used, no ligand is good, or with `strict` one of them is bad.
    """
    table = survey_ligand_table(path)
    problems = [f"{path}, line {found.line}: {found.reason}" for found in table.rejected]
    if problems and (strict or not table.ligands):
        raise InputError(problems)
    for problem in problems:
        console.print(f"left out: {problem}", highlight=False, markup=False, soft_wrap=True)
    for ligand in table.ligands:
        for note in ligand.notes:
            console.print(f"[dim]{ligand.name}: {note}[/dim]", highlight=False)
    return table


def run_with_progress(
    prepared: Prepared, store: Path, console: Console, *, retry_failed: bool
) -> Screen:
    """Run a screen with a progress bar.

    Parameters
    ----------
    store
        File of finished calculations.
    retry_failed
        Whether those that failed are tried again.
    """
    with Store(store) as results, progress_bar(console) as progress:
        if retry_failed:
            results.forget_failures()
        bar = progress.add_task("starting", total=None)
        watch = Watch(
            on_total=lambda total: progress.update(bar, total=total),
            on_done=lambda ended: progress.update(
                bar, advance=1, description=f"{ended.task.label}: {ended.status}"
            ),
            on_stage=lambda stage: progress.update(bar, description=stage),
        )
        found = prepared.run(results, watch)
        progress.update(bar, description="calculations")
    return found
