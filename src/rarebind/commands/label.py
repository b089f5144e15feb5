"""``rarebind label``: single points at another level on the geometries of a dataset."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rarebind.commands.campaign_view import (
    KnownOption,
    ParslOption,
    RetryOption,
    StatusOption,
    WorkersOption,
)
from rarebind.errors import InputError

#: What the name of a file had better not have.
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_Only = Annotated[list[str] | None, typer.Option(help="Only these.")]

FolderArgument = Annotated[Path, typer.Argument(metavar="DATASET", help="Folder, e.g. data.")]
LevelOption = Annotated[str, typer.Option(help="Of the labels, e.g. b3lyp-d4.")]
EngineOption = Annotated[
    str | None, typer.Option(help="pyscf, gpu4pyscf or orca; default: that of the level.")
]
SourceOption = Annotated[str, typer.Option("--from", help="Level of the geometries.")]
NOption = Annotated[
    int | None,
    typer.Option(
        "--n", min=1, help="So many complexes, spread over scaffolds, geometries, metals."
    ),
]
GeometriesOption = Annotated[list[str] | None, typer.Option(help="Only these, e.g. 4:0 1:6.")]
OrderOption = Annotated[str, typer.Option(help="balanced, or size: small ones first.")]
ReferencesOnlyOption = Annotated[
    bool, typer.Option("--references-only", help="The complexes' references, not these.")
]
NoAquaOption = Annotated[
    bool, typer.Option("--no-aqua", help="No aqua ions, hence no binding energies yet.")
]
SeedOption = Annotated[int, typer.Option(help="Of the balanced order.")]
StoreOption = Annotated[
    Path | None,
    typer.Option(help="File of finished calculations; default: rarebind-label/LEVEL.sqlite."),
]
ThreadsOption = Annotated[
    int, typer.Option(min=1, help="Of each process; several pay for few large molecules.")
]
TimeLimitOption = Annotated[
    float,
    typer.Option(min=0.001, help="Seconds after which a calculation is given up."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="List what would be computed; run nothing.")
]
PublishOption = Annotated[
    bool, typer.Option("--publish", help="Add what is finished to DATASET; run nothing.")
]
WriteInputsOption = Annotated[
    Path | None,
    typer.Option(file_okay=False, help="Write ORCA inputs to this folder; run nothing."),
]
CollectOption = Annotated[
    Path | None,
    typer.Option(
        exists=True, file_okay=False, help="Read ORCA outputs from this folder; run nothing."
    ),
]
OrcaVersionOption = Annotated[
    int, typer.Option(help="Major version of ORCA, here or elsewhere: 5 or 6.")
]
NprocsOption = Annotated[int, typer.Option(min=1, help="In ORCA inputs: processes.")]
MaxcoreOption = Annotated[int, typer.Option(min=1, help="In ORCA inputs: MB of memory a process.")]


def label(
    folder: FolderArgument,
    level: LevelOption,
    engine: EngineOption = None,
    source: SourceOption = "gfn2-xtb",
    n: NOption = None,
    metals: _Only = None,
    scaffolds: _Only = None,
    substituents: _Only = None,
    geometries: GeometriesOption = None,
    order: OrderOption = "balanced",
    references_only: ReferencesOnlyOption = False,
    no_aqua: NoAquaOption = False,
    seed: SeedOption = 111111,
    store: StoreOption = None,
    workers: WorkersOption = None,
    threads: ThreadsOption = 1,
    parsl: ParslOption = None,
    time_limit: TimeLimitOption = 86400.0,
    known: KnownOption = None,
    retry_failed: RetryOption = False,
    status: StatusOption = False,
    dry_run: DryRunOption = False,
    publish: PublishOption = False,
    write_inputs: WriteInputsOption = None,
    collect: CollectOption = None,
    orca_version: OrcaVersionOption = 6,
    nprocs: NprocsOption = 1,
    maxcore: MaxcoreOption = 2000,
) -> None:
    """Compute energies and forces at another level of theory; resumes where it ended.

    Binding energies follow from references at the same level, which are computed first.
    """
    from rarebind.campaigns import load_config
    from rarebind.commands.label_job import plan_job
    from rarebind.datasets.labels import Selection
    from rarebind.engines import level_named

    path = store or Path("rarebind-label") / f"{re.sub(_UNSAFE, '-', level)}.sqlite"
    at = level_named(level, engine)
    modes = {
        "--status": status, "--dry-run": dry_run, "--publish": publish,
        "--write-inputs": write_inputs, "--collect": collect,
    }  # fmt: skip
    _check([name for name, on in modes.items() if on], at.engine, path)
    if publish and no_aqua and not references_only:
        raise InputError("--publish needs aqua ions, or complexes never get binding energies")
    selection = Selection(
        metals or (), scaffolds or (), substituents or (), geometries or (),
        n=n, order=order, references_only=references_only, aqua=not no_aqua, seed=seed,
        source=level_named(source),
    )  # fmt: skip
    make_config = None if parsl is None else load_config(parsl)
    again = ["--level", level, "--from", source, "--engine", at.engine, "--store", str(path)]
    job = plan_job(folder, at, selection, known or (), path, orca_version, again)
    if status:
        job.status()
    elif dry_run:
        job.dry_run()
    elif publish:
        job.publish()
    elif write_inputs is not None:
        job.write_inputs(write_inputs, nprocs, maxcore)
    elif collect is not None:
        job.collect(collect)
    else:
        job.run(workers, threads, make_config, time_limit, retry=retry_failed)


def _check(mode: Sequence[str], engine: str, store: Path) -> None:
    problems = []
    if len(mode) > 1:
        problems.append(f"{' and '.join(mode)} exclude each other")
    if {"--write-inputs", "--collect"} & set(mode) and engine != "orca":
        problems.append(f"--write-inputs and --collect go with --engine orca, not {engine}")
    if {"--status", "--publish"} & set(mode) and not store.exists():
        problems.append(f"{store} does not exist: nothing has been computed yet")
    if problems:
        raise InputError(problems)
