"""``rarebind evaluate``: how good a model is, on what it has not seen, beside baselines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from typer.core import TyperGroup

from rarebind.commands.many import ManyValuesCommand
from rarebind.commands.progress import progress_bar
from rarebind.commands.text import note, print_json, terminal
from rarebind.errors import InputError
from rarebind.io.files import check_writable
from rarebind.io.tables import show

if TYPE_CHECKING:
    import pandas as pd

    from rarebind.evaluation.report import Evaluation
    from rarebind.evaluation.subject import Subject
    from rarebind.learning import Sample

#: What stands beside a model unless something else is asked for.
BASELINES = ("mean-per-metal", "additive", "additive-interactions", "descriptors-gbt")
#: Folder of results unless another one is given.
OUT = Path("rarebind-evaluate")
_MODEL = "model"

Names = list[str] | None
ModelArgument = Annotated[
    str,
    typer.Argument(
        metavar="MODEL", help="File NAME.rarebind, folder of a training, or baseline:NAME."
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


@app.command(name=_MODEL, cls=ManyValuesCommand)
def evaluate(
    model: ModelArgument,
    dataset: DatasetArgument = None,
    split: SplitOption = None,
    part: PartsOption = None,
    held_out: HeldOutOption = None,
    baselines: Annotated[Names, typer.Option(help=f"Default: {' '.join(BASELINES)}.")] = None,
    no_baselines: Annotated[bool, typer.Option("--no-baselines", help="The model alone.")] = False,
    target: TargetOption = None,
    level: LevelOption = None,
    base: BaseOption = None,
    unseen: UnseenOption = False,
    seed: SeedOption = 111111,
    out: Annotated[
        Path | None, typer.Option(help="Folder; default: rarebind-evaluate/MODEL-SPLIT.")
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Compare a model with what was computed: tables, figures, a report.

    A model is tested on what its own training left out; complexes that it was trained on are
    refused unless asked for with --part train.
    """
    from rarebind.evaluation.report import report_data, tables, write_report

    if no_baselines and baselines:
        raise InputError("--baselines and --no-baselines exclude each other")
    if out is not None:
        check_writable(out)
    console = terminal(stderr=True)
    subject = _subject(console, model, dataset, target, level, base, split, seed, held_out, unseen)
    parts = _parts(subject, part)
    beside = [] if no_baselines or subject.split is None else _baselines(subject, baselines)
    evaluation = _evaluation(subject, parts, _predict(console, subject, parts, beside))
    with console.status(Text("intervals")) as status:
        scored = evaluation.scores(seed=seed)
        paths = write_report(
            evaluation, scored, out or _folder(subject),
            lambda path: status.update(Text(f"{path.name} written")),
        )  # fmt: skip
    if as_json:
        print_json(report_data(evaluation, scored))
        return
    output = terminal()
    for table in tables(evaluation, scored):
        show(output, table)
    for text in evaluation.notes:
        note(output, f"note: {text}")
    note(output, f"\nReport: {paths[0]}, and {len(paths) - 1} files beside it")


@app.command(cls=ManyValuesCommand)
def substituents(
    model: ModelArgument,
    dataset: DatasetArgument = None,
    metal: Annotated[str, typer.Option(help="Rare earth.")] = "Eu",
    scaffold: Annotated[str, typer.Option(help="Of the library.")] = "CAM",
    geometry: Annotated[
        str | None, typer.Option(help="Only this one, e.g. 4:0; default: the mean of all.")
    ] = None,
    per_geometry: Annotated[
        bool, typer.Option("--per-geometry", help="A panel for each geometry.")
    ] = False,
    split: SplitOption = None,
    part: PartsOption = None,
    held_out: HeldOutOption = None,
    target: TargetOption = None,
    level: LevelOption = None,
    base: BaseOption = None,
    unseen: UnseenOption = False,
    seed: SeedOption = 111111,
    out: Annotated[
        Path | None,
        typer.Option(help="PNG, PDF or SVG; default: in rarebind-evaluate/MODEL-SPLIT."),
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Draw binding energies by substituent, for one metal and scaffold.

    A test part holds few substituents of one scaffold; --part train val test draws all of them,
    which shows what a model has learned rather than what it predicts.
    """
    import pandas as pd

    from rarebind.evaluation import draw_substituents, save_figure, substituent_effects
    from rarebind.evaluation.subject import parts_with
    from rarebind.evaluation.tables import effects_table
    from rarebind.io.files import make_folder

    if geometry is not None and per_geometry:
        raise InputError("--geometry and --per-geometry exclude each other")
    if out is not None:
        check_writable(out.parent, [out.name], "the figure with --out")
    console = terminal(stderr=True)
    subject = _subject(console, model, dataset, target, level, base, split, seed, held_out, unseen)
    chosen = parts_with(subject, _parts(subject, part), metal, scaffold)
    wanted = (metal, scaffold)
    said = _predict(console, subject, chosen, keep=lambda s: (s.metal, s.scaffold) == wanted)
    found = pd.concat([models[subject.name] for models in said.values()], ignore_index=True)
    effects = substituent_effects(found, metal, scaffold, geometry)
    if geometry is not None:
        found = found[found.geometry == geometry]
    caption = _evaluation(subject, chosen, said).caption(" + ".join(chosen))
    path = out or _folder(subject) / f"substituents-{metal}-{scaffold}.png"
    make_folder(path.parent)
    save_figure(draw_substituents(found, metal, scaffold, caption, per_geometry=per_geometry), path)
    if as_json:
        print_json({**effects.data(), "caption": asdict(caption), "unit": "kcal/mol"})
        return
    output = terminal()
    show(output, effects_table(effects, caption))
    note(output, f"Figure: {path}")


def _subject(
    console: Console,
    name: str,
    dataset: Path | None,
    target: str | None,
    level: str | None,
    base: str | None,
    split: str | None,
    seed: int,
    held_out: Names,
    unseen: bool,
) -> Subject:
    from rarebind.evaluation.subject import Question, subject_of

    with console.status(Text(f"reading {name} and its dataset")):
        return subject_of(
            Question(name, dataset, target, level, base, split, seed, tuple(held_out or ()), unseen)
        )


def _parts(subject: Subject, asked: Names) -> list[str]:
    """What is asked for, or what the model has not seen."""
    from rarebind.learning import PARTS

    if unknown := [name for name in asked or () if name not in PARTS]:
        raise InputError(f"unknown part {unknown[0]!r}: known are {', '.join(PARTS)}")
    unseen = [name for name in ("test", "external") if subject.counts.get(name)] or ["test"]
    return list(dict.fromkeys(asked or unseen))


def _baselines(subject: Subject, asked: Names) -> list[str]:
    from rarebind.learning.baselines import asked_or_installed

    return [name for name in asked_or_installed(asked, BASELINES) if name != subject.baseline]


def _predict(
    console: Console,
    subject: Subject,
    parts: Sequence[str],
    baselines: Sequence[str] = (),
    keep: Callable[[Sample], bool] = lambda _: True,
) -> dict[str, dict[str, pd.DataFrame]]:
    """:func:`~rarebind.evaluation.subject.outcomes_of`, with a bar."""
    from rarebind.evaluation.subject import outcomes_of

    with progress_bar(console) as progress:
        bar = progress.add_task("predicting", total=None)
        return outcomes_of(
            subject, parts, baselines, keep=keep,
            on_total=lambda number: progress.update(bar, total=number),
            on_done=lambda name, number: progress.update(bar, advance=number, description=name),
        )  # fmt: skip


def _evaluation(
    subject: Subject, parts: Sequence[str], said: dict[str, dict[str, pd.DataFrame]]
) -> Evaluation:
    from rarebind.evaluation.report import Evaluation

    return Evaluation(
        subject.name, subject.target, subject.level, subject.dataset_name, subject.split_name,
        said, subject.about(), (*subject.notes, *subject.familiar(parts)),
    )  # fmt: skip


def _folder(subject: Subject) -> Path:
    """Where results go unless another place is given."""
    return OUT / f"{subject.name}-{subject.split_name}"
