"""``rarebind label``: single points at another level on the geometries of a dataset."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rarebind.commands.campaign_view import (
    KnownOption,
    ParslOption,
    RetryOption,
    StatusOption,
    WorkersOption,
)

#: What the name of a file had better not have.
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_Only = Annotated[list[str] | None, typer.Option(help="Only these.")]


def label(
    folder: Annotated[Path, typer.Argument(metavar="DATASET", help="Folder, e.g. data.")],
    level: Annotated[str, typer.Option(help="Of the labels, e.g. b3lyp-d4.")],
    engine: Annotated[
        str | None, typer.Option(help="pyscf, gpu4pyscf or orca; default: that of the level.")
    ] = None,
    source: Annotated[str, typer.Option("--from", help="Level of the geometries.")] = "gfn2-xtb",
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=1, help="So many complexes, spread over scaffolds, geometries, metals."
        ),
    ] = None,
    metals: _Only = None,
    scaffolds: _Only = None,
    substituents: _Only = None,
    geometries: Annotated[list[str] | None, typer.Option(help="Only these, e.g. 4:0 1:6.")] = None,
    order: Annotated[str, typer.Option(help="balanced, or size: small ones first.")] = "balanced",
    references_only: Annotated[
        bool, typer.Option("--references-only", help="The complexes' references, not these.")
    ] = False,
    no_aqua: Annotated[
        bool, typer.Option("--no-aqua", help="No aqua ions, hence no binding energies yet.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Of the balanced order.")] = 111111,
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: rarebind-label/LEVEL.sqlite."),
    ] = None,
    workers: WorkersOption = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Of each process; several pay for few large molecules.")
    ] = 1,
    parsl: ParslOption = None,
    time_limit: Annotated[
        float,
        typer.Option(min=0.001, help="Seconds after which a calculation is given up."),
    ] = 86400.0,
    known: KnownOption = None,
    retry_failed: RetryOption = False,
    status: StatusOption = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be computed; run nothing.")
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Add what is finished to DATASET; run nothing.")
    ] = False,
    write_inputs: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write ORCA inputs to this folder; run nothing."),
    ] = None,
    collect: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Read ORCA outputs from this folder; run nothing."
        ),
    ] = None,
    orca_version: Annotated[
        int, typer.Option(help="Major version of ORCA, here or elsewhere: 5 or 6.")
    ] = 6,
    nprocs: Annotated[int, typer.Option(min=1, help="In ORCA inputs: processes.")] = 1,
    maxcore: Annotated[
        int, typer.Option(min=1, help="In ORCA inputs: MB of memory a process.")
    ] = 2000,
) -> None:
    """Compute energies and forces at another level of theory; resumes where it ended.

    Binding energies follow from references at the same level, which are computed first.
    """
    from rarebind.campaigns import load_config
    from rarebind.campaigns.labelling import version_for_keys
    from rarebind.commands.label_job import LabelJob
    from rarebind.datasets import Dataset
    from rarebind.datasets.labels import Selection, plan_labels
    from rarebind.engines import level_named
    from rarebind.errors import InputError

    path = store or Path("rarebind-label") / f"{re.sub(_UNSAFE, '-', level)}.sqlite"
    at = level_named(level, engine)
    modes = {
        "--status": status, "--dry-run": dry_run, "--publish": publish,
        "--write-inputs": write_inputs, "--collect": collect,
    }  # fmt: skip
    mode = [name for name, wanted in modes.items() if wanted]
    if problems := [*_mode_problems(mode, at.engine, path)]:
        raise InputError(problems)
    if publish and no_aqua and not references_only:
        raise InputError("--publish needs aqua ions, or complexes never get binding energies")
    selection = Selection(
        metals=metals or (),
        scaffolds=scaffolds or (),
        substituents=substituents or (),
        geometries=geometries or (),
        n=n,
        order=order,
        references_only=references_only,
        aqua=not no_aqua,
        seed=seed,
        source=level_named(source),
    )
    dataset, *others = (Dataset(name) for name in (folder, *(known or ())))
    make_config = None if parsl is None else load_config(parsl)
    version = version_for_keys(at, orca_version)
    again = ["rarebind", "label", str(folder), "--level", level, "--from", source]
    again += ["--engine", at.engine, "--store", str(path)]
    again += ["--orca-version", str(orca_version)] if at.engine == "orca" else []
    console = Console(stderr=True)
    with console.status(f"reading {folder}"):
        plan = plan_labels(dataset, at, selection, version)
    for name in plan.missing:
        note = f"{folder} has no {name}: no binding energies that need it"
        console.print(f"[dim]{note}[/dim]", highlight=False, soft_wrap=True)
    job = LabelJob(plan, version, dataset, others, path, again)
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


def _mode_problems(mode: Sequence[str], engine: str, store: Path) -> Iterator[str]:
    if len(mode) > 1:
        yield f"{' and '.join(mode)} exclude each other"
    if {"--write-inputs", "--collect"} & set(mode) and engine != "orca":
        yield f"--write-inputs and --collect go with --engine orca, not {engine}"
    if {"--status", "--publish"} & set(mode) and not store.exists():
        yield f"{store} does not exist: nothing has been computed yet"
