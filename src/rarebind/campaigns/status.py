"""How far a campaign has come, read from its store; also while it runs in another process."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task


@dataclass(frozen=True)
class StageStatus:
    """One stage in numbers.

    Attributes
    ----------
    name
    total, ok, rejected, failed, running
        Tasks.
    mean_time
        Seconds a finished task took; None as long as there is none.
    reasons
        Why tasks were rejected or failed, by label.
    """

    name: str
    total: int
    ok: int
    rejected: int
    failed: int
    running: int
    mean_time: float | None
    reasons: Mapping[str, str]

    @property
    def waiting(self) -> int:
        """Tasks without a record that are not running."""
        return self.total - self.ok - self.rejected - self.failed - self.running


@dataclass(frozen=True)
class CampaignStatus:
    """All stages, and what is running.

    Attributes
    ----------
    stages
    workers
        Calculations running now; 0 when no process works on the store.
    rate
        Calculations an hour, from the last :data:`RECENT` of them; None when idle.
    """

    stages: tuple[StageStatus, ...]
    workers: int
    rate: float | None

    @property
    def remaining(self) -> float | None:
        """Seconds still to go: each waiting task as long as the mean of its stage.

        None when idle, or when a stage has no finished task yet to judge by.
        """
        if not self.workers:
            return None
        seconds = 0.0
        for stage in self.stages:
            left = stage.waiting + stage.running
            if left and stage.mean_time is None:
                return None
            seconds += left * (stage.mean_time or 0.0)
        return seconds / self.workers


#: Calculations that the rate is taken from.
RECENT = 50


def campaign_status(stages: Mapping[str, Sequence[Task]], store: Store) -> CampaignStatus:
    """Count a campaign's tasks by stage and state."""
    records = store.summaries()
    run = _live_run(store)
    running = set() if run is None else {key for key, _ in run}
    found = []
    for name, tasks in stages.items():
        keys = {task.key: task.label for task in tasks}
        done = {key: records[key] for key in keys if key in records}
        counts = Counter(summary.status for summary in done.values())
        found.append(
            StageStatus(
                name=name,
                total=len(keys),
                ok=counts["ok"],
                rejected=counts["rejected"],
                failed=counts["failed"],
                running=len(running & keys.keys() - done.keys()),
                mean_time=fmean(s.wall_time for s in done.values()) if done else None,
                reasons={keys[key]: s.reason for key, s in done.items() if s.status != "ok"},
            )
        )
    return CampaignStatus(tuple(found), len(running), store.rate(RECENT) if running else None)


def _live_run(store: Store) -> list[tuple[str, str]] | None:
    """What is running, if the process that said so is still there."""
    run = store.run()
    if run is None:
        return None
    if run["host"] == platform.node():
        try:
            os.kill(run["pid"], 0)
        except ProcessLookupError:
            return None
        except PermissionError:
            pass
    return [(key, label) for key, label in run["running"]]
