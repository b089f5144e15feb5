"""``rarebind curate``: run a declared campaign, or look how far it has come."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from rarebind.commands.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rarebind.campaigns import CampaignStatus, Store, Task
    from rarebind.campaigns.parsl_config import MakeConfig
    from rarebind.campaigns.run import Ended

#: Reasons shown; all are in the store.
_SHOWN = 10


def curate(
    config: Annotated[Path, typer.Argument(help="YAML file of the campaign; see configs/.")],
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: rarebind-curate/NAME.sqlite."),
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Show how far it has come; run nothing.")
    ] = False,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    parsl: Annotated[
        Path | None,
        typer.Option(help="Python file with a Parsl configuration, e.g. configs/parsl/slurm.py."),
    ] = None,
    known: Annotated[
        list[Path] | None,
        typer.Option(help="Dataset folders whose records need not be computed again."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try failed calculations again.")
    ] = False,
) -> None:
    """Build, relax, check and label every complex of a campaign; resumes where it ended."""
    from rarebind.campaigns import (
        Curation,
        Store,
        campaign_status,
        load_config,
        read_config,
        with_ancestors,
    )
    from rarebind.datasets import Dataset, adopt
    from rarebind.errors import InputError

    curation = Curation.of(read_config(config))
    path = store or Path("rarebind-curate") / f"{curation.config.name}.sqlite"
    if workers is not None and workers < 1:
        raise InputError(f"workers must be at least 1, got {workers}")
    if status:
        if not path.exists():
            raise InputError(f"{path} does not exist: nothing of {config} has been run yet")
        with Store(path) as results:
            _show(campaign_status(curation.stages, results))
        return
    make_config = None if parsl is None else load_config(parsl)
    datasets = [Dataset(folder) for folder in known or ()]
    tasks = with_ancestors(task for stage in curation.stages.values() for task in stage)
    with Store(path) as results:
        if retry_failed:
            results.forget_failures()
        for dataset in datasets:
            adopt(dataset, tasks, results)
        _run(tasks, results, workers, make_config, curation.config.time_limit)
        _show(campaign_status(curation.stages, results))
    after = f"rarebind dataset publish {config} --store {path} --out data"
    Console().print(f"\nCalculations: {path}\nNext: {after}", highlight=False, soft_wrap=True)


def _run(
    tasks: Sequence[Task],
    results: Store,
    workers: int | None,
    make_config: MakeConfig | None,
    time_limit: float,
) -> None:
    from rarebind.campaigns import run_tasks

    unusable = {"failed": 0, "rejected": 0}
    with progress_bar(Console(stderr=True)) as bar:
        line = bar.add_task("starting", total=len(tasks))

        def on_done(ended: Ended) -> None:
            if ended.status in unusable:
                unusable[ended.status] += 1
            counts = [f"{number} {status}" for status, number in unusable.items() if number]
            bar.update(line, advance=1, description=", ".join([ended.task.label, *counts]))

        run_tasks(
            tasks,
            results,
            workers=workers,
            make_config=make_config,
            time_limit=time_limit,
            on_done=on_done,
        )
        bar.update(line, description="calculations")


def _show(status: CampaignStatus) -> None:
    table = Table(box=SIMPLE)
    table.add_column("Stage", no_wrap=True)
    for heading in ("OK", "Rejected", "Failed", "Running", "Waiting", "Total", "s each"):
        table.add_column(heading, justify="right")
    for stage in status.stages:
        counts = (
            stage.ok, stage.rejected, stage.failed, stage.running, stage.waiting, stage.total,
        )  # fmt: skip
        mean = "–" if stage.mean_time is None else f"{stage.mean_time:.2f}"
        table.add_row(stage.name, *map(str, counts), mean)
    console = Console()
    console.print(table)
    if status.workers:
        rate = "–" if status.rate is None else f"{status.rate:.0f} an hour"
        left = status.remaining
        ends = "not known yet" if left is None else f"about {timedelta(seconds=round(left))}"
        console.print(f"{status.workers} running, {rate}; remaining time {ends}", highlight=False)
    elif any(stage.waiting for stage in status.stages):
        console.print("Not running: start it again to go on.", highlight=False)
    reasons = [item for stage in status.stages for item in stage.reasons.items()]
    for label, reason in reasons[:_SHOWN]:
        console.print(f"  {label}: {reason}", highlight=False, soft_wrap=True)
    if len(reasons) > _SHOWN:
        console.print(f"  and {len(reasons) - _SHOWN} more: see `rarebind dataset publish`")
