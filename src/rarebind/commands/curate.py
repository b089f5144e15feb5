"""``rarebind curate``: run a declared campaign, or look how far it has come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rarebind.commands.campaign_view import (
    KnownOption,
    ParslOption,
    RetryOption,
    StatusOption,
    WorkersOption,
    end_without_result,
    run_with_bar,
    show_status,
)
from rarebind.commands.text import terminal


def curate(
    config: Annotated[Path, typer.Argument(help="YAML file of the campaign; see configs/.")],
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: rarebind-curate/NAME.sqlite."),
    ] = None,
    status_only: StatusOption = False,
    workers: WorkersOption = None,
    parsl: ParslOption = None,
    known: KnownOption = None,
    retry_failed: RetryOption = False,
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
    from rarebind.campaigns.labelling import check_engine_serves
    from rarebind.datasets import Dataset, adopt
    from rarebind.errors import InputError, located

    curation = Curation.of(read_config(config))
    path = store or Path("rarebind-curate") / f"{curation.config.name}.sqlite"
    if status_only:
        if not path.exists():
            raise InputError(f"{path} does not exist: nothing of {config} has been run yet")
        with Store(path) as results:
            show_status(campaign_status(curation.stages, results))
        return
    make_config = None if parsl is None else load_config(parsl)
    datasets = [Dataset(folder) for folder in known or ()]
    tasks = with_ancestors(task for stage in curation.stages.values() for task in stage)
    with located(str(config)):
        check_engine_serves(curation.config.protocol.level, curation.config.metals)
    with Store(path) as results:
        if retry_failed:
            results.forget_failures()
        for dataset in datasets:
            adopt(dataset, tasks, results)
        run_with_bar(
            tasks,
            results,
            workers=workers,
            make_config=make_config,
            time_limit=curation.config.time_limit,
        )
        status = campaign_status(curation.stages, results)
    show_status(status)
    of_complexes = [stage for stage in status.stages if stage.name != "references"]
    end_without_result(replace(status, stages=tuple(of_complexes)))
    after = f"rarebind dataset publish {config} --store {path} --out data"
    terminal().print(f"\nCalculations: {path}\nNext: {after}", soft_wrap=True)
