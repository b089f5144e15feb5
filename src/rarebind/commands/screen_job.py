"""A screen as the command line runs it: asked for, bad ligands told, progress shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.campaigns import Store
from rarebind.commands.progress import progress_bar, step_of
from rarebind.commands.text import terminal
from rarebind.errors import InputError
from rarebind.io.yaml import load_yaml
from rarebind.ligands import survey_ligand_table
from rarebind.screening.request import Request
from rarebind.screening.short_list import compute_short_list

if TYPE_CHECKING:
    from rich.console import Console

    from rarebind.ligands import Survey
    from rarebind.screening import Screen, ShortList, ShortListRequest, Watch
    from rarebind.screening.request import Prepared


#: Ligands from which on reading them takes so long that it is told, and every how many.
_MANY, _STEP = 500, 50


def read_request(ligands: Path | None, config: Path | None, options: Mapping[str, Any]) -> Request:
    """What is asked for: a file of ligands, a YAML file, and options, which win.

    Parameters
    ----------
    options
        None where they are not given.

    Raises
    ------
    InputError
        It cannot be used; what comes from the YAML file is told with its name.
    """
    asked = {} if config is None else _from_yaml(config)
    asked |= {name: value for name, value in options.items() if value not in (None, [])}
    if ligands is not None:
        asked["ligands"] = _survey(ligands)
    if "ligands" not in asked:
        raise InputError("no ligands given: name a CSV file, or a YAML file with --config")
    try:
        return Request(**asked)
    except InputError as error:
        if config is None or ligands is not None:
            raise
        raise InputError(f"{config}: {problem}" for problem in error.problems) from error


def _from_yaml(path: Path) -> dict[str, Any]:
    content = load_yaml(path)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise InputError(f"{path}: expected options of a screen, such as ligands and metals")
    given = content.get("ligands")
    if isinstance(given, str) and given.endswith(".csv"):
        content["ligands"] = _survey(path.parent / given)
    return content


def _survey(path: Path) -> Survey:
    """The ligands of a file; how far it is, where that takes a while."""
    console = terminal(stderr=True)
    with progress_bar(console) as progress:
        bar = progress.add_task("reading ligands", total=None, visible=False)

        def on_read(done: int, total: int) -> None:
            if total > _MANY and (done % _STEP == 0 or done == total):
                said = f"reading {path.name}" if done < total else f"{path.name} read"
                progress.update(bar, completed=done, total=total, description=said, visible=True)

        return survey_ligand_table(path, on_read=on_read)


def tell(prepared: Prepared, console: Console) -> None:
    """Tell of ligands that are left out, of notes on the others, and of what is not predicted."""
    survey = prepared.request.ligands
    for problem in (*survey.problems(), *(found.reason for found in prepared.left_out)):
        _say(f"left out: {problem}", console)
    for ligand in survey.ligands:
        for note in ligand.notes:
            _say(f"{ligand.name}: {note}", console, style="dim")
    if note := prepared.request.note:
        _say(note, console)


def _say(text: str, console: Console, style: str | None = None) -> None:
    console.print(text, soft_wrap=True, style=style)


def run_screen(prepared: Prepared, store: Path, console: Console) -> Screen:
    """Run a screen with a progress bar.

    Parameters
    ----------
    store
        File of finished calculations.
    """
    with Store(store) as results, watched(console) as watch:
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
    with Store(store) as results, watched(console) as watch:
        return compute_short_list(found, request, results, watch)


@contextmanager
def watched(console: Console) -> Iterator[Watch]:
    """A progress bar, and who tells it."""
    from rarebind.screening.screen import Watch

    with progress_bar(console) as progress:
        bar = progress.add_task("starting", total=None)
        yield Watch(
            on_total=lambda total: progress.update(bar, total=total),
            on_done=lambda ended: progress.update(bar, advance=1, description=step_of(ended)),
            on_stage=lambda stage: progress.update(bar, description=stage),
        )
        progress.update(bar, description="calculations")
