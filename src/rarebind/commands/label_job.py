"""What ``rarebind label`` does with its plan: run it, show it, hand it to ORCA, publish it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from rarebind.campaigns import Store, Task, campaign_status
from rarebind.campaigns.labelling import check_engine, check_version, version_for_keys
from rarebind.commands.campaign_view import end_without_result, run_with_bar, show_status
from rarebind.commands.text import terminal
from rarebind.datasets import Dataset, adopt, append, write_card
from rarebind.datasets.labels import Entry, LabelPlan, Selection, collect_labels, plan_labels
from rarebind.engines import LevelOfTheory, engine_spec
from rarebind.errors import counted
from rarebind.structures import Structure

if TYPE_CHECKING:
    from rarebind.campaigns.parsl_config import MakeConfig


@dataclass(frozen=True, eq=False)
class LabelJob:
    """A plan with all it needs.

    Attributes
    ----------
    plan
    version
        Of the engine, as the keys of the tasks have it.
    dataset
        Whose geometries are labelled, and that the labels are published to.
    known
        Other datasets that may have labels already.
    store
        File of finished calculations.
    again
        The command line of this plan, all of its dataset and no mode.
    """

    plan: LabelPlan
    version: str
    dataset: Dataset
    known: Sequence[Dataset]
    store: Path
    again: Sequence[str]

    @property
    def tasks(self) -> list[Task]:
        """In the order in which they are computed."""
        return [entry.task for entry in self.plan.entries]

    def status(self) -> None:
        """Show how far it has come."""
        with Store(self.store) as results:
            show_status(campaign_status(self.plan.stages, results))

    def dry_run(self) -> None:
        """List what would be computed; no file is made."""
        left = self._left()
        table = Table("Kind", "Name", box=SIMPLE)
        for heading in ("Atoms", "Charge", "2S+1"):
            table.add_column(heading, justify="right")
        for entry in left:
            structure = entry.structure
            charge = f"{structure.charge:+d}" if structure.charge else "0"
            numbers = (len(structure), charge, structure.multiplicity)
            table.add_row(entry.source.kind, entry.source.label, *map(str, numbers))
        if left:
            terminal().print(table)
        done = len(self.plan.entries) - len(left)
        _say(f"{counted(len(left), 'calculation')} at {self.plan.level}, {done} done")

    def run(
        self,
        workers: int | None,
        threads: int,
        make_config: MakeConfig | None,
        time_limit: float,
        *,
        retry: bool,
    ) -> None:
        """Compute what is not there yet."""
        check_engine(self.plan.entries[0].structure, self.plan.level, self.version)
        if workers is None and engine_spec(self.plan.level).gpu:
            # More would share one GPU and its memory.
            workers = 1
        with Store(self.store) as results:
            self._begin(results, retry=retry)
            run_with_bar(
                self.tasks,
                results,
                workers=workers,
                threads=threads,
                make_config=make_config,
                time_limit=time_limit,
                checkpoints=self.store.with_suffix(".checkpoints"),
            )
            self._end(results, complete=True)

    def write_inputs(self, folder: Path, nprocs: int, maxcore: int) -> None:
        """Write the ORCA inputs of what has no result yet."""
        from rarebind.engines.orca.exchange import write_inputs

        if not (items := [self._item(entry) for entry in self._left(failed=True)]):
            _say("nothing left to compute")
            return
        write_inputs(items, folder, nprocs=nprocs, maxcore=maxcore)
        _say(
            f"{folder}: {counted(len(items), 'calculation')}; run them with\n"
            "  sh run_all.sh /absolute/path/to/orca\n"
            "and bring the folder back.",
        )
        self._say_next("--collect", str(folder))

    def collect(self, folder: Path) -> None:
        """Take in the ORCA outputs of a folder; what failed before may have been run again.

        Raises
        ------
        InputError
            They are of another version of ORCA than the keys state.
        """
        from rarebind.engines.orca.exchange import collect

        left = self._left(failed=True)
        outputs = collect([self._item(entry) for entry in left], folder)
        found = {key: output for key, output in outputs.items() if output is not None}
        for calculation in found.values():
            if calculation.engine_version:
                check_version(calculation.engine_version, self.version)
        with Store(self.store) as results:
            self._begin(results, retry=True)
            for entry in left:
                if entry.task.key in found:
                    results.put(entry.task, found[entry.task.key])
            _say(f"{folder}: {len(found)} of {len(left)} outputs")
            self._end(results)

    def publish(self) -> None:
        """Add what is finished to the dataset, and renew table, card and figures."""
        with Store(self.store) as results:
            self._begin(results, retry=False)
            made = append(
                collect_labels(self.plan, results),
                self.dataset.folder,
                lambda shard: _say(f"{shard.name}: {counted(shard.records, 'record')}"),
            )
        _say(f"Card: {write_card(Dataset(self.dataset.folder))[0]}" if made else "nothing new")

    def _begin(self, results: Store, *, retry: bool) -> None:
        if retry:
            results.forget_failures()
        for dataset in (self.dataset, *self.known):
            adopt(dataset, self.tasks, results)

    def _end(self, results: Store, *, complete: bool = False) -> None:
        status = campaign_status(self.plan.stages, results)
        show_status(status)
        _say(f"\nCalculations: {self.store}")
        if any(stage.failed for stage in status.stages):
            _say("To try the failed ones again: the same command with --retry-failed")
        if complete:
            end_without_result(status)
        self._say_next("--publish")

    def _left(self, *, failed: bool = False) -> list[Entry]:
        """Entries without a result, in the store or a dataset; maybe also those that failed."""
        done = {row.key for dataset in (self.dataset, *self.known) for row in dataset.rows()}
        if self.store.exists():
            with Store(self.store) as results:
                found = results.summaries().items()
            done |= {key for key, summary in found if summary.status != "failed" or not failed}
        return [entry for entry in self.plan.entries if entry.task.key not in done]

    def _item(self, entry: Entry) -> tuple[str, str, Structure, LevelOfTheory]:
        return entry.task.key, entry.source.label, entry.structure, self.plan.level

    def _say_next(self, *mode: str) -> None:
        _say(f"Next: {shlex.join([*self.again, *mode])}")


def plan_job(
    folder: Path,
    level: LevelOfTheory,
    selection: Selection,
    known: Sequence[Path],
    store: Path,
    orca_version: int,
    options: Sequence[str],
) -> LabelJob:
    """Plan the labels of a dataset; what it lacks is said.

    Parameters
    ----------
    folder
        Of the dataset.
    options
        Those of the command line that the plan follows from, but for ORCA's version.
    """
    dataset, *others = (Dataset(name) for name in (folder, *known))
    version = version_for_keys(level, orca_version)
    again = ["rarebind", "label", str(folder), *options]
    again += ["--orca-version", str(orca_version)] if level.engine == "orca" else []
    console = terminal(stderr=True)
    with console.status(Text(f"reading {folder}")):
        plan = plan_labels(dataset, level, selection, version)
    for name in plan.missing:
        note = f"{folder} has no {name}: no binding energies that need it"
        console.print(note, style="dim", soft_wrap=True)
    return LabelJob(plan, version, dataset, others, store, again)


def _say(text: str) -> None:
    terminal().print(text, soft_wrap=True)
