"""A screen as the command line runs it: bad ligands told, progress shown, the short list after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.campaigns import Store
from rarebind.commands.progress import progress_bar
from rarebind.errors import InputError
from rarebind.ligands import Rejected, Survey, survey_ligand_table
from rarebind.screening import (
    Screen,
    ShortList,
    ShortListRequest,
    Watch,
    compute_short_list,
    short_list_request,
)
from rarebind.screening.short_list import DEFAULT_LEVEL

if TYPE_CHECKING:
    from rich.console import Console

    from rarebind.screening.request import Prepared


def read_ligands(path: Path, *, strict: bool, console: Console) -> Survey:
    """The ligands of a file; bad ones and notes are told.

    Raises
    ------
    InputError
        The file cannot be used, no ligand is good, or with `strict` one of them is bad.
    """
    where = f"{path}, line"
    table = survey_ligand_table(path).checked(where, strict=strict)
    _tell_left_out(table.problems(where), console)
    for ligand in table.ligands:
        for note in ligand.notes:
            console.print(f"[dim]{ligand.name}: {note}[/dim]", highlight=False)
    return table


def tell_misfits(left_out: Sequence[Rejected], console: Console) -> None:
    """Tell of ligands that are left out though their lines are good."""
    _tell_left_out([found.reason for found in left_out], console)


def _tell_left_out(problems: Sequence[str], console: Console) -> None:
    for problem in problems:
        console.print(f"left out: {problem}", highlight=False, markup=False, soft_wrap=True)


def wanted_short_list(
    number: int | None,
    level: str | None,
    metals: Sequence[str] | None,
    screened: Sequence[str],
    workers: int | None,
) -> ShortListRequest | None:
    """What the options ask for; None without ``--short-list``.

    Raises
    ------
    InputError
        They cannot be used; all faults are told.
    """
    if number is not None:
        return short_list_request(
            number, screened, level=level or DEFAULT_LEVEL, metals=metals, workers=workers
        )
    if level is not None or metals is not None:
        raise InputError(
            "--short-list-level and --short-list-metals say how: give --short-list N as well"
        )
    return None


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
    with Store(store) as results, _watched(console) as watch:
        if retry_failed:
            results.forget_failures()
        return prepared.run(results, watch)


def run_short_list(
    found: Screen, request: ShortListRequest, store: Path, console: Console
) -> ShortList:
    """Compute the short list of a screen with a progress bar.

    Parameters
    ----------
    store
        That of the screen.
    """
    with Store(store) as results, _watched(console) as watch:
        return compute_short_list(found, request, results, watch)


@contextmanager
def _watched(console: Console) -> Iterator[Watch]:
    """A progress bar, and who tells it."""
    with progress_bar(console) as progress:
        bar = progress.add_task("starting", total=None)
        yield Watch(
            on_total=lambda total: progress.update(bar, total=total),
            on_done=lambda ended: progress.update(
                bar, advance=1, description=f"{ended.task.label}: {ended.status}"
            ),
            on_stage=lambda stage: progress.update(bar, description=stage),
        )
        progress.update(bar, description="calculations")
