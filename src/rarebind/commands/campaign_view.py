"""What commands that run campaigns share: options, the bar while they run, the counts after it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from rarebind.commands.progress import progress_bar, step_of
from rarebind.commands.text import terminal
from rarebind.errors import CalculationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rarebind.campaigns import CampaignStatus, Store, Task
    from rarebind.campaigns.parsl_config import MakeConfig
    from rarebind.campaigns.run import Ended

#: Reasons shown; all are in the store.
_SHOWN = 10

StatusOption = Annotated[
    bool, typer.Option("--status", help="Show how far it has come; run nothing.")
]
WorkersOption = Annotated[
    int | None,
    typer.Option(min=1, help="Processes; default: as many as the cores suffice for, on a GPU one."),
]
ParslOption = Annotated[
    Path | None,
    typer.Option(help="Python file with a Parsl configuration, e.g. configs/parsl/slurm.py."),
]
KnownOption = Annotated[
    list[Path] | None,
    typer.Option(help="Dataset folders whose records need not be computed again."),
]
RetryOption = Annotated[bool, typer.Option("--retry-failed", help="Try failed calculations again.")]


def run_with_bar(
    tasks: Sequence[Task],
    results: Store,
    *,
    workers: int | None,
    threads: int = 1,
    make_config: MakeConfig | None,
    time_limit: float,
    checkpoints: Path | None = None,
) -> None:
    """Run `tasks`, see :func:`~rarebind.campaigns.run_tasks`, with a bar on standard error."""
    from rarebind.campaigns import run_tasks

    unusable = {"failed": 0, "rejected": 0}
    with progress_bar(terminal(stderr=True)) as bar:
        line = bar.add_task("starting", total=len(tasks))

        def on_done(ended: Ended) -> None:
            if ended.status in unusable:
                unusable[ended.status] += 1
            counts = [f"{number} {status}" for status, number in unusable.items() if number]
            bar.update(line, advance=1, description=", ".join([step_of(ended), *counts]))

        run_tasks(
            tasks,
            results,
            workers=workers,
            threads=threads,
            make_config=make_config,
            time_limit=time_limit,
            checkpoints=checkpoints,
            on_done=on_done,
        )
        bar.update(line, description="calculations")


def end_without_result(status: CampaignStatus) -> None:
    """End with exit status 1 where a campaign has run and nothing of its stages has a result.

    Raises
    ------
    CalculationError
        Nothing has.
    """
    if not any(stage.ok for stage in status.stages):
        raise CalculationError(
            "no calculation has a usable result, for the reasons above: nothing can be published"
        )


def show_status(status: CampaignStatus) -> None:
    """Print counts by stage, what is running, and why tasks have no result."""
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
    console = terminal()
    console.print(table)
    if status.workers:
        rate = "–" if status.rate is None else f"{status.rate:.0f} an hour"
        left = status.remaining
        ends = "not known yet" if left is None else f"about {timedelta(seconds=round(left))}"
        console.print(f"{status.workers} running, {rate}; remaining time {ends}")
    elif any(stage.waiting for stage in status.stages):
        console.print("Not running: start it again to go on.")
    reasons = [item for stage in status.stages for item in stage.reasons.items()]
    for label, reason in reasons[:_SHOWN]:
        console.print(f"  {label}: {reason}", soft_wrap=True)
    if len(reasons) > _SHOWN:
        console.print(f"  and {len(reasons) - _SHOWN} more")
