"""``rarebind evaluate substituents``: what a substituent changes, computed and predicted."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rarebind.commands import evaluate_options as options
from rarebind.commands.evaluate_question import Question, subject_of
from rarebind.errors import InputError


def substituents(
    model: options.ModelArgument,
    dataset: options.DatasetArgument = None,
    metal: Annotated[str, typer.Option(help="Rare earth.")] = "Eu",
    scaffold: Annotated[str, typer.Option(help="Of the library.")] = "CAM",
    geometry: Annotated[
        str | None, typer.Option(help="Only this one, e.g. 4:0; default: the mean of all.")
    ] = None,
    per_geometry: Annotated[
        bool, typer.Option("--per-geometry", help="A panel for each geometry.")
    ] = False,
    split: options.SplitOption = None,
    part: options.PartsOption = None,
    held_out: options.HeldOutOption = None,
    target: options.TargetOption = None,
    level: options.LevelOption = None,
    base: options.BaseOption = None,
    unseen: options.UnseenOption = False,
    seed: options.SeedOption = 111111,
    out: Annotated[
        Path | None,
        typer.Option(help="PNG, PDF or SVG; default: in rarebind-evaluate/MODEL-SPLIT."),
    ] = None,
    as_json: options.JSONOption = False,
) -> None:
    """Draw binding energies by substituent, for one metal and scaffold.

    A test part holds few substituents of one scaffold; --part train val test draws all of them,
    which shows what a model has learned rather than what it predicts.
    """
    from rarebind.evaluation import Caption, draw_substituents, save_figure, substituent_effects
    from rarebind.evaluation.tables import effects_table

    if geometry is not None and per_geometry:
        raise InputError("--geometry and --per-geometry exclude each other")
    console = Console(stderr=True)
    question = Question(
        model, dataset, target, level, base, split, seed, tuple(held_out or ()), unseen
    )
    with console.status(f"reading {model} and its dataset"):
        subject = subject_of(question)
    wanted = (metal, scaffold)
    parts = options.chosen_parts(subject, part)
    there = {part: [(s.metal, s.scaffold) for s in subject.of(part)] for part in parts}
    if not any(wanted in pairs for pairs in there.values()):
        known = sorted({" ".join(pair) for pairs in there.values() for pair in pairs})
        raise InputError(
            f"no complex of {metal} with {scaffold} in {' and '.join(parts)}: there are "
            f"{', '.join(known) or 'none'}; ask for more with --part train val test"
        )
    chosen = [part for part, pairs in there.items() if wanted in pairs]
    found = options.predict(
        console, subject, chosen, keep=lambda sample: (sample.metal, sample.scaffold) == wanted
    )
    outcomes = [outcome for models in found.values() for outcome in models[subject.name]]
    effects = substituent_effects(outcomes, metal, scaffold, geometry)
    outcomes = [outcome for outcome in outcomes if geometry in {None, outcome.geometry}]
    caption = Caption(
        f"{subject.name} ({subject.target})",
        subject.level,
        options.dataset_name(subject),
        f"{subject.split_name}, {' + '.join(chosen)}",
    )
    folder = options.folder_of(subject)
    path = out or folder / f"substituents-{metal}-{scaffold}.png"
    options.make_folder(path.parent)
    figure = draw_substituents(outcomes, metal, scaffold, caption, per_geometry=per_geometry)
    save_figure(figure, path)
    if as_json:
        options.print_json({**asdict(effects), "caption": asdict(caption), "unit": "kcal/mol"})
        return
    output = Console()
    options.show(output, effects_table(effects, caption))
    output.print(f"Figure: {path}", highlight=False, soft_wrap=True, markup=False)
