"""``rarebind evaluate``: how good a model is, on what it has not seen, beside baselines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from rarebind.commands import evaluate_options as options
from rarebind.commands.evaluate_question import Question, subject_of
from rarebind.commands.evaluate_subject import Subject
from rarebind.commands.evaluate_substituents import substituents
from rarebind.commands.many import ManyValuesCommand
from rarebind.errors import InputError

#: What stands beside a model unless something else is asked for.
BASELINES = ("mean-per-metal", "additive", "additive-interactions", "descriptors-gbt")
_MODEL = "model"


class ModelFirst(TyperGroup):
    """A group in which ``evaluate MODEL`` stands for ``evaluate model MODEL``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the name of the command first, unless one stands there or help is asked for."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [_MODEL, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=ModelFirst,
    help="Errors, orders and figures of a model beside baselines: "
    "`rarebind evaluate MODEL [DATASET]`; `rarebind evaluate model --help` lists the options.",
    no_args_is_help=True,
)


def evaluate(
    model: options.ModelArgument,
    dataset: options.DatasetArgument = None,
    split: options.SplitOption = None,
    part: options.PartsOption = None,
    held_out: options.HeldOutOption = None,
    baselines: Annotated[
        options.Names, typer.Option(help=f"Default: {' '.join(BASELINES)}.")
    ] = None,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="The model alone.")] = False,
    target: options.TargetOption = None,
    level: options.LevelOption = None,
    base: options.BaseOption = None,
    unseen: options.UnseenOption = False,
    seed: options.SeedOption = 111111,
    out: Annotated[
        Path | None, typer.Option(help="Folder; default: rarebind-evaluate/MODEL-SPLIT.")
    ] = None,
    as_json: options.JSONOption = False,
) -> None:
    """Compare a model with what was computed: tables, figures, a report.

    A model is tested on what its own training left out; complexes that it was trained on are
    refused unless asked for with --part train.
    """
    from rarebind.evaluation.report import Evaluation, report_data, tables, write_report

    if no_baselines and baselines:
        raise InputError("--baselines and --no-baselines exclude each other")
    if out is not None and out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: give a folder for the results with --out")
    console = Console(stderr=True)
    question = Question(
        model, dataset, target, level, base, split, seed, tuple(held_out or ()), unseen
    )
    with console.status(f"reading {model} and its dataset"):
        subject = subject_of(question)
    parts = options.chosen_parts(subject, part)
    beside = [] if no_baselines else _baselines(subject, baselines)
    evaluation = Evaluation(
        subject.name,
        subject.target,
        subject.level,
        options.dataset_name(subject),
        subject.split_name,
        options.predict(console, subject, parts, beside),
        subject.about(),
        (*subject.notes, *subject.familiar(parts)),
    )
    with console.status("intervals") as status:
        scored = evaluation.scores(seed=seed)
        folder = out or options.folder_of(subject)
        paths = write_report(
            evaluation, scored, folder, lambda path: status.update(f"{path.name} written")
        )
    if as_json:
        options.print_json(report_data(evaluation, scored))
        return
    output = Console()
    for table in tables(evaluation, scored):
        options.show(output, table)
    for note in evaluation.notes:
        output.print(f"note: {note}", highlight=False, soft_wrap=True, markup=False)
    output.print(
        f"\nReport: {paths[0]}, and {len(paths) - 1} files beside it",
        highlight=False, soft_wrap=True, markup=False,
    )  # fmt: skip


app.command(name=_MODEL, cls=ManyValuesCommand)(evaluate)
app.command(cls=ManyValuesCommand)(substituents)


def _baselines(subject: Subject, asked: Sequence[str] | None) -> list[str]:
    from rarebind.learning.baselines import BASELINES as KNOWN

    names = list(dict.fromkeys(asked or BASELINES))
    missing = {name for name in names if KNOWN.spec(name).missing()}
    if subject.split is None:
        return []
    # What is not installed is left out, unless it was asked for by name.
    return [name for name in names if name != subject.baseline and (asked or name not in missing)]
