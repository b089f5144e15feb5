"""``rarebind reproduce``: the reference study's table, trained and tested anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rarebind.commands.progress import told
from rarebind.commands.text import note, print_json, terminal
from rarebind.io.tables import show, terminal_table

if TYPE_CHECKING:
    from rarebind.studies.gupta2026.reproduce import Inputs, Job, Row, Settings

#: What stands beside the networks unless something else is asked for.
BASELINES = ("mean-per-metal", "additive", "descriptors-gbt")
_OUT = Path("rarebind-reproduce")

DatasetArgument = Annotated[
    Path | None, typer.Argument(metavar="[DATASET]", help="Folder; default: data.")
]
PublishedOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The study's extended XYZ instead of a dataset."),
]
UnitOption = Annotated[
    str | None, typer.Option(help="Of that file: eV or Hartree; default: whichever fits.")
]
LevelOption = Annotated[
    str | None, typer.Option(help="Learned; default: gfn2-xtb, or that of --published.")
]
BaseOption = Annotated[
    str | None, typer.Option(help="That Δ strategies take off; default: gfn2-xtb.")
]
SplitOption = Annotated[str, typer.Option(help="Kind of split.")]
HeldOutOption = Annotated[
    list[str] | None, typer.Option(help="Scaffolds or metals of the test, for such a split.")
]
PresetsOption = Annotated[
    list[str] | None, typer.Option(help="Networks; default: study-2 study-4.")
]
StrategiesOption = Annotated[
    list[str] | None,
    typer.Option(help="1, 2, delta-1, delta-2, or targets; default: all."),
]
BaselinesOption = Annotated[list[str] | None, typer.Option(help=f"Default: {' '.join(BASELINES)}.")]
NoBaselinesOption = Annotated[bool, typer.Option("--no-baselines", help="Networks alone.")]
MaxTimeOption = Annotated[
    str, typer.Option(help="Of each training in this call, e.g. 2h; the same call goes on.")
]
MaxEpochsOption = Annotated[int | None, typer.Option(help="Instead of the presets' own.")]
ComplexesOption = Annotated[
    int | None, typer.Option(metavar="N", help="Only so many, of all kinds in proportion.")
]
SeedOption = Annotated[int, typer.Option(help="Of the split and the networks.")]
ThreadsOption = Annotated[int, typer.Option(help="Of a training on CPUs.")]
AcceleratorOption = Annotated[str, typer.Option(help="auto, cpu or gpu.")]
OutOption = Annotated[Path, typer.Option(metavar="FOLDER", help="For all results.")]


def reproduce(
    dataset: DatasetArgument = None,
    published: PublishedOption = None,
    unit: UnitOption = None,
    level: LevelOption = None,
    base: BaseOption = None,
    split: SplitOption = "random",
    held_out: HeldOutOption = None,
    presets: PresetsOption = None,
    strategies: StrategiesOption = None,
    baselines: BaselinesOption = None,
    no_baselines: NoBaselinesOption = False,
    max_time: MaxTimeOption = "",
    max_epochs: MaxEpochsOption = None,
    complexes: ComplexesOption = None,
    seed: SeedOption = 111111,
    threads: ThreadsOption = 1,
    accelerator: AcceleratorOption = "auto",
    out: OutOption = _OUT,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Prepare the data and show what would be trained.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")] = False,
) -> None:
    """Train the study's networks on its strategies, and set results beside its own.

    Called again with the same options, it goes on where it ended.  The study trained for up to
    1500 epochs, which wants a GPU: --complexes and --max-epochs make a small version, and the
    report says what was cut short.
    """
    from rarebind.errors import InputError
    from rarebind.io.models import validated
    from rarebind.learning.baselines import asked_or_installed
    from rarebind.learning.settings.config import parse_duration
    from rarebind.studies.gupta2026.reproduce import Settings, strategy_named

    if published is not None and dataset is not None:
        raise InputError("give a dataset or --published, not both")
    if unit is not None and published is None:
        raise InputError("--unit goes with --published: a dataset knows its own")
    if no_baselines and baselines:
        raise InputError("--baselines and --no-baselines exclude each other")
    named = [strategy_named(name).strategy for name in strategies or ()]
    options = {
        "out": out,
        "dataset": dataset,
        "published": published,
        "unit": unit,
        "level": level,
        "base": base,
        "split": split,
        "held_out": held_out,
        "seed": seed,
        "presets": presets,
        "strategies": named or None,
        "baselines": () if no_baselines else tuple(asked_or_installed(baselines, BASELINES)),
        "complexes": complexes,
        "max_epochs": max_epochs,
        "seconds": parse_duration(max_time),
        "threads": threads,
        "accelerator": accelerator,
    }
    given = {name: value for name, value in options.items() if value is not None}
    _run(validated(given, Settings, "options"), dry_run=dry_run, as_json=as_json)


def _run(settings: Settings, *, dry_run: bool, as_json: bool) -> None:
    from rarebind.studies.gupta2026.reproduce import jobs_of, prepare_inputs, write_report
    from rarebind.studies.gupta2026.reproduce import reproduce as run
    from rarebind.studies.gupta2026.reproduce.settings import claim

    claim(settings)
    with told("starting") as tell:
        inputs = prepare_inputs(settings, tell.stage)
        if dry_run:
            _show_plan(jobs_of(settings, inputs), inputs)
            return
        rows = run(
            settings,
            inputs,
            on_stage=tell.stage,
            on_progress=lambda label, progress: tell.training(progress, label),
            # Whoever interrupts the next training has the report as it is then.
            on_rows=lambda rows: write_report(rows, settings, inputs),
        )
    _show_rows(rows, settings, inputs, as_json=as_json)
    if any(row.failed for row in rows):
        raise typer.Exit(1)


def _show_plan(jobs: Sequence[Job], inputs: Inputs) -> None:
    console = terminal()
    note(console, f"{inputs.caption_level} · {inputs.name}")
    heads = ("Strategy", "Learned", "Network", "Run")
    rows = [
        (
            job.target.strategy,
            job.target.name,
            job.preset,
            f"not possible: {job.problem}" if job.problem else str(job.folder),
        )
        for job in jobs
    ]
    console.print(terminal_table(heads, rows, names=len(heads), whole=False))


def _show_rows(rows: Sequence[Row], settings: Settings, inputs: Inputs, *, as_json: bool) -> None:
    from rarebind.studies.gupta2026.reproduce import reasons, report_data, tables
    from rarebind.studies.gupta2026.reproduce.report import REPORT

    if as_json:
        print_json(report_data(rows, settings, inputs))
        return
    output = terminal()
    for table in tables(rows, settings, inputs, brief=True):
        show(output, table)
    for reason, names in reasons(rows).items():
        note(output, f"{names}: {reason}")
    note(output, f"Report: {settings.out / REPORT}")
