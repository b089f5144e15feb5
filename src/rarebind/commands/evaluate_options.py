"""What the commands of ``rarebind evaluate`` have in common: options, and what they show."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as RichTable

from rarebind.commands.evaluate_question import BASELINE
from rarebind.commands.evaluate_subject import Subject, outcomes_of, part_counts
from rarebind.commands.progress import progress_bar
from rarebind.errors import InputError

if TYPE_CHECKING:
    from rarebind.evaluation import Outcome
    from rarebind.evaluation.tables import Table
    from rarebind.learning import Sample

#: Folder of results unless another one is given.
OUT = Path("rarebind-evaluate")

Names = list[str] | None
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help=f"File NAME.rarebind, folder of a training, or {BASELINE}NAME."
    ),
]
DatasetArgument = Annotated[
    Path | None,
    typer.Argument(metavar="[DATASET]", help="Folder; default: that of the training, or data."),
]
SplitOption = Annotated[
    str | None,
    typer.Option(help="File or kind of a split; default: the model's own, its test unseen."),
]
PartsOption = Annotated[
    Names, typer.Option("--part", help="Of the split; default: test, and external if there is.")
]
HeldOutOption = Annotated[
    Names, typer.Option(help="With --split: scaffolds or metals of the test.")
]
SeedOption = Annotated[int, typer.Option(help="Of a split that is made, and of the intervals.")]
TargetOption = Annotated[str | None, typer.Option(help="Of a baseline; default: binding.")]
LevelOption = Annotated[str | None, typer.Option(help="Of a baseline; default: gfn2-xtb.")]
BaseOption = Annotated[str | None, typer.Option(help="Of a baseline's delta target.")]
UnseenOption = Annotated[
    bool, typer.Option("--unseen", help="Ask about elements that it has not seen, too.")
]
JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")]


def chosen_parts(subject: Subject, asked: Sequence[str] | None) -> list[str]:
    """What is asked for, or what the model has not seen."""
    from rarebind.learning import PARTS

    if unknown := [name for name in asked or () if name not in PARTS]:
        raise InputError(f"unknown part {unknown[0]!r}: known are {', '.join(PARTS)}")
    if asked:
        return list(dict.fromkeys(asked))
    counts = part_counts(subject)
    return [name for name in ("test", "external") if counts.get(name)] or ["test"]


def predict(
    console: Console,
    subject: Subject,
    parts: Sequence[str],
    baselines: Sequence[str] = (),
    keep: Callable[[Sample], bool] = lambda _: True,
) -> dict[str, dict[str, list[Outcome]]]:
    """:func:`~rarebind.commands.evaluate_subject.outcomes_of`, with a bar."""
    with progress_bar(console) as progress:
        bar = progress.add_task("predicting", total=None)
        return outcomes_of(
            subject, parts, baselines, keep=keep,
            on_total=lambda number: progress.update(bar, total=number),
            on_done=lambda name, number: progress.update(bar, advance=number, description=name),
        )  # fmt: skip


def dataset_name(subject: Subject) -> str:
    """The dataset by the name of its folder, and how much of it counts."""
    return f"{subject.dataset.folder.resolve().name} ({len(subject.samples)} complexes)"


def folder_of(subject: Subject) -> Path:
    """Where results go unless another place is given."""
    return OUT / f"{subject.name}-{subject.split_name}"


def make_folder(folder: Path) -> None:
    """Make `folder`, if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder}: {error.strerror}") from error


def show(console: Console, table: Table) -> None:
    """Print a table."""
    shown = RichTable(
        title=f"{table.title}\n{table.caption}", caption=table.note or None, box=SIMPLE
    )
    for number, heading in enumerate(table.headings):
        # Names of baselines may go on in the next line, intervals below their number.
        justify: Any = "right" if number else "left"
        shown.add_column(heading.replace("-", "-\n") if number else heading, justify=justify)
    for row in table.rows:
        shown.add_row(*(cell.replace(" [", "\n[").replace("[", r"\[") for cell in row))
    console.print(shown, highlight=False)


def print_json(found: dict[str, Any]) -> None:
    """Print plain data for a program."""
    json.dump(found, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")
