"""``rarebind reference``: energies and forces of density functional theory to fit methods to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rarebind.commands.text import terminal

app = typer.Typer(
    help="Reference energies and forces of density functional theory.", no_args_is_help=True
)

_Config = Annotated[
    Path, typer.Argument(metavar="CONFIG", help="YAML file, e.g. configs/reference.yaml.")
]
_Store = Annotated[Path, typer.Option(help="File of finished calculations.")]
_STORE = Path("rarebind-reference") / "reference.sqlite"


@app.command()
def run(
    config: _Config,
    published: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER]",
            exists=True,
            file_okay=False,
            help="Dataset whose points need no computing again.",
        ),
    ] = None,
    store: _Store = _STORE,
    workers: Annotated[
        int | None, typer.Option(help="Processes; default: as many as the cores suffice for.")
    ] = None,
    parsl: Annotated[
        Path | None,
        typer.Option(help="Python file with a Parsl configuration, e.g. configs/parsl/slurm.py."),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(help="Seconds after which a calculation is given up.")
    ] = 7200.0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try failed calculations again.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="Show how far it has come; run nothing.")
    ] = False,
) -> None:
    """Compute what CONFIG declares and FOLDER lacks, in CONFIG's order; resumes where it ended."""
    from rarebind.campaigns import Store, campaign_status, load_config
    from rarebind.campaigns.reference.config import read_config
    from rarebind.campaigns.reference.plan import Planner
    from rarebind.campaigns.reference.shards import not_among, read_references, restore
    from rarebind.commands.campaign_view import end_without_result, run_with_bar, show_status

    points = Planner(read_config(config)).points()
    planned, there = points, [] if published is None else list(read_references(published))
    points = not_among(planned, there)
    if published is not None:
        known = len(planned) - len(points)
        terminal().print(f"{known} of {len(planned)} points are in {published}")
    make_config = None if parsl is None else load_config(parsl)
    stages = {
        "free ligands": tuple(point.task for point in points if point.metal is None),
        "complexes": tuple(point.task for point in points if point.metal is not None),
    }
    with Store(store) as results:
        if not status:
            restore(planned, there, results)
            if retry_failed:
                results.forget_failures()
            run_with_bar(
                [point.task for point in points], results, workers=workers,
                make_config=make_config, time_limit=time_limit,
            )  # fmt: skip
        found = campaign_status(stages, results)
    show_status(found)
    if points and not status:
        end_without_result(found)


@app.command()
def publish(
    config: _Config,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Of the dataset.")],
    store: _Store = _STORE,
) -> None:
    """Write what is finished and not yet in FOLDER into a new shard there, and its card."""
    from rarebind.campaigns import Store
    from rarebind.campaigns.reference.config import read_config
    from rarebind.campaigns.reference.plan import Planner
    from rarebind.campaigns.reference.shards import publish as write

    points = Planner(read_config(config)).points()
    with Store(store) as results:
        made = write(points, results, folder)
    for path, number in made:
        terminal().print(f"{path}: {number} geometries", soft_wrap=True)
    if not made:
        terminal().print("nothing new")
