"""How far a long command is: bars, and lines where nobody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from rarebind.commands.text import terminal

if TYPE_CHECKING:
    from rich.status import Status

    from rarebind.campaigns.run import Ended
    from rarebind.learning import training
    from rarebind.learning.training.history import Epoch

#: Seconds between two lines, at least, and as a share of the time passed.
_PAUSE, _SHARE = 10.0, 0.1
#: Seconds of which the speed is an average: calculations differ in length.
_AVERAGED = 600.0
#: What a step of a campaign does with what its label names.
_STEPS = {
    "ion": "bare ion",
    "ligand": "free ligand relaxed",
    "template": "built and relaxed",
    "hydrated": "relaxed with a water more or less",
    "polyhedra": "relaxed from polyhedra",
    "series": "relaxed with this metal",
    "interpolated": "relaxed with this metal",
    "single_point": "single point",
    "vibrations": "vibrations",
}


def progress_bar(console: Console) -> Progress:
    """Bar, count, time passed and left, and what has just ended; lines where nobody watches."""
    return _Bar(
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _Left(),
        # Names that people gave are no markup.
        TextColumn("{task.description}", markup=False),
        console=console,
        disable=not console.is_terminal,
        speed_estimate_period=_AVERAGED,
    )


def step_of(ended: Ended) -> str:
    """What has ended, in words: ligand or complex, step, and how, where it is no success."""
    label, step = ended.task.label, _STEPS.get(ended.task.step, "relaxed")
    return f"{label}: {step}" + ("" if ended.status == "ok" else f", {ended.status}")


class _Left(ProgressColumn):
    """The time left."""

    def render(self, task: Task) -> Text:
        return Text(_left(task))


class _Bar(Progress):
    """A bar; where it is disabled, a line now and then, less often the longer it takes."""

    _said: float | None = None

    def update(self, task_id: TaskID, *args: Any, **changes: Any) -> None:
        super().update(task_id, *args, **changes)
        if not self.disable:
            return
        task, now = self._tasks[task_id], time.monotonic()
        pause = max(_PAUSE, _SHARE * (task.elapsed or 0))
        if self._said is None or now - self._said >= pause or task.finished:
            self._said = now
            count = f"{task.completed:g}/{task.total:g}" if task.total else f"{task.completed:g}"
            parts = [count, _left(task), task.description]
            text = "  ".join(part for part in parts if part)
            self.console.print(Text(text), soft_wrap=True)


def _left(task: Task) -> str:
    left = task.time_remaining
    return "" if not left else f"about {timedelta(seconds=round(left))} left"


class Told:
    """Stages of a command, and trainings in it: on a terminal one line, which changes.

    Elsewhere, as in the log of a job, each stage and each epoch that has ended is a line.

    Parameters
    ----------
    console
        Of the standard error.
    status
        The line of the terminal; None where there is none.
    """

    def __init__(self, console: Console, status: Status | None) -> None:
        self._console, self._status = console, status

    def stage(self, text: str) -> None:
        """What is being done."""
        if self._status is not None:
            self._status.update(Text(text))
        else:
            self._console.print(Text(text), soft_wrap=True)

    def training(self, progress: training.Progress, label: str = "") -> None:
        """How far a training is.

        Parameters
        ----------
        progress
            Of the training.
        label
            Which one, where there are several.
        """
        before = f"{label}: " if label else ""
        if self._status is not None:
            self.stage(before + _now(progress))
            return
        for epoch in progress.ended:
            self.stage(before + _ended(epoch, progress))


@contextmanager
def told(first: str) -> Iterator[Told]:
    """Tell on standard error what is being done, `first` to begin with."""
    console = terminal(stderr=True)
    if not console.is_terminal:
        found = Told(console, None)
        found.stage(first)
        yield found
        return
    with console.status(Text(first)) as status:
        yield Told(console, status)


def _now(progress: training.Progress) -> str:
    """The state of a training in one line."""
    from rarebind.units import KCAL_PER_EV

    parts = [
        f"epoch {progress.epoch}/{progress.epochs}",
        f"batch {progress.batch_mae * KCAL_PER_EV:.2f}",
        *(_errors(epoch, progress) for epoch in progress.history[-1:]),
    ]
    return ", ".join([*parts, *_speed(progress)])


def _ended(epoch: Epoch, progress: training.Progress) -> str:
    """A line that stays."""
    head = f"epoch {epoch.number}/{progress.epochs}: {_errors(epoch, progress)}"
    return ", ".join([head, *_speed(progress)])


def _errors(epoch: Epoch, progress: training.Progress) -> str:
    from rarebind.units import KCAL_PER_EV

    best = min(done.val_mae for done in progress.history)
    return (
        f"training {epoch.train_mae * KCAL_PER_EV:.2f}, validation "
        f"{epoch.val_mae * KCAL_PER_EV:.2f} (best {best * KCAL_PER_EV:.2f}) kcal/mol, "
        f"learning rate {epoch.learning_rate:.1e}"
    )


def _speed(progress: training.Progress) -> list[str]:
    if progress.rate is None or progress.remaining is None:
        return []
    left = timedelta(seconds=round(progress.remaining))
    return [f"{progress.rate:.0f} complexes/s", f"at most {left} left"]
