"""One call of a training: what is missing is prepared, then NequIP runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rarebind.errors import InputError
from rarebind.learning.nequip import need_nequip
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import check_devices
from rarebind.learning.training.folder import (
    check_folder,
    is_finished,
    is_prepared,
    locked,
    update_history,
)
from rarebind.learning.training.history import Epoch
from rarebind.learning.training.preparation import prepare
from rarebind.learning.training.process import Progress, run_nequip


@dataclass(frozen=True)
class Result:
    """How a call ended.

    Attributes
    ----------
    folder
        Of the run.
    history
        All epochs.
    finished
        Whether nothing is left to train.
    """

    folder: Path
    history: list[Epoch]
    finished: bool


def train(
    config: TrainingConfig,
    folder: Path | str,
    *,
    seconds: float | None = None,
    on_stage: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Result:
    """Train, or go on with, the run in `folder`.

    Parameters
    ----------
    config
        What to train; of a run that was begun before, the same.
    folder
        Of the run; made when absent.
    seconds
        How long this call may take; whole epochs are trained, at least one.
    on_stage
        Told what is being prepared.
    on_progress
        Told, about twice a second, how far the training is.

    Raises
    ------
    InputError
        The configuration or the dataset is wrong, the folder holds another run or something else,
        cannot be written to, the run is being trained by another process, or a checkpoint in it is
        damaged or another run's.
    CalculationError
        NequIP failed; the message has the end of its log.
    MissingDependencyError
        NequIP is not installed.
    """
    begun = time.monotonic()
    need_nequip()
    config.check()
    check_devices(config)
    folder = Path(folder).resolve()
    epochs = config.resolved.max_epochs
    check_folder(config, folder)
    with locked(folder), _told_of(folder):
        if not is_prepared(folder):
            prepare(config, folder, on_stage)
        history = update_history(folder)
        if not is_finished(folder, epochs, history):
            on_stage("starting NequIP")
            left = None if seconds is None else seconds - (time.monotonic() - begun)
            try:
                run_nequip(config, folder, seconds=left, on_progress=on_progress)
            finally:
                history = update_history(folder)
    return Result(folder, history, is_finished(folder, epochs, history))


@contextmanager
def _told_of(folder: Path) -> Iterator[None]:
    """Say which run cannot go on: a disk may be full at any time."""
    try:
        yield
    except BrokenPipeError:
        # Of whoever was told how far it is.
        raise
    except OSError as error:
        raise InputError(f"the run in {folder} cannot go on: {error}") from error
