"""``nequip-train``: started, watched and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rarebind.errors import CalculationError
from rarebind.io.files import replace_file
from rarebind.learning.nequip.memory import kept_memory
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import LAST, LOGS, Statistics, nequip_config, steps_per_epoch
from rarebind.learning.training.folder import (
    BEST,
    LOG,
    NEQUIP,
    as_yaml,
    check_checkpoint,
    read_run,
    run_hash,
    update_history,
)
from rarebind.learning.training.history import Epoch, read_logs

#: Seconds between looks at a running training, and between drawings of its curve.
_LOOK, _DRAW = 0.5, 20.0
#: Seconds that NequIP has to end when it is asked to.
_PATIENCE = 10.0
#: What numerical libraries take their number of threads from.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
#: Variables in which launchers tell a process which of several it is, and how the names of others
#: begin.
_LAUNCHED = {
    "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE",
    "MASTER_ADDR", "MASTER_PORT",
}  # fmt: skip
_LAUNCHERS = ("SLURM_", "TORCHELASTIC_", "JSM_", "LSB_", "OMPI_", "PMI_", "KUBEFLOW_")
#: Lines of NequIP's log that a message shows.
_TAIL = 15


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes
    ----------
    epoch, epochs
        That it is in, from 1, and the most there can be.
    batch_mae
        Mean absolute error of the last batch reported, eV.
    history
        Whole epochs so far, in order.
    ended
        Those that have ended since this was told last.
    rate
        Complexes a second in this call; None until it is known.
    remaining
        Seconds left at this rate.
    """

    epoch: int
    epochs: int
    batch_mae: float
    history: tuple[Epoch, ...]
    ended: tuple[Epoch, ...]
    rate: float | None
    remaining: float | None


def run_nequip(
    config: TrainingConfig,
    folder: Path,
    *,
    seconds: float | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Train the run in `folder`, which is prepared, from its last whole epoch on.

    Whatever ends this call ends NequIP too.

    Parameters
    ----------
    folder
        Absolute: NequIP looks for it from elsewhere.
    seconds
        How long NequIP may take; None: as long as it needs.
    on_progress
        Told, about twice a second, how far the training is.

    Raises
    ------
    InputError
        The run was not prepared, or by another version; a checkpoint is damaged or another run's.
    CalculationError
        NequIP failed; the message has the end of its log.
    """
    from rarebind.learning.nequip.callbacks import PARENT

    for name in (BEST, LAST):
        check_checkpoint(folder, name)
    run = read_run(folder)
    statistics = Statistics(**run["statistics"])
    content = nequip_config(config, statistics, folder, run=run_hash(run), seconds=seconds)
    replace_file(folder / NEQUIP, as_yaml(content))
    command = [
        sys.executable, "-m", "nequip.scripts.train",
        "--config-path", str(folder), "--config-name", Path(NEQUIP).stem,
    ]  # fmt: skip
    environment = kept_memory(_alone(os.environ)) | dict.fromkeys(_THREADS, str(config.threads))
    watch = _Watch(config, folder, statistics.graphs, on_progress)
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(f"\n# {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(command)}\n")
        log.flush()
        # In a group of its own, so that Ctrl-C reaches this process, which then ends that one.
        child = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
            env=environment | {PARENT: str(os.getpid())}, start_new_session=True,
        )  # fmt: skip
        try:
            watch.until_end(child)
        finally:
            _end(child)
    if child.returncode:
        log_lines = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
        raise CalculationError(
            f"NequIP ended with status {child.returncode}; its log {folder / LOG} ends with:\n"
            + "\n".join(log_lines[-_TAIL:])
        )


class _Watch:
    """Tells how far a training is, by the tables that Lightning writes, and draws its curve."""

    def __init__(
        self,
        config: TrainingConfig,
        folder: Path,
        graphs: int,
        on_progress: Callable[[Progress], None],
    ) -> None:
        preset = config.resolved
        self._folder, self._on_progress, self._epochs = folder, on_progress, preset.max_epochs
        self._steps = steps_per_epoch(config, graphs) * preset.max_epochs
        self._complexes = preset.batch_size * config.devices
        self._told = len(read_logs(folder / LOGS)[0])
        self._first: tuple[float, int] | None = None
        self._drawn, self._seen = time.monotonic(), [0.0]

    def until_end(self, child: subprocess.Popen[Any]) -> None:
        """Look again and again, and once when NequIP has ended."""
        running = True
        while running:
            # Asked before logs are read, so that the last epoch is told too.
            running = child.poll() is None
            began = time.monotonic()
            self._look(began, draws=running)
            if running:
                # Long histories take long to read.
                time.sleep(max(_LOOK, 10 * (time.monotonic() - began)))

    def _look(self, now: float, *, draws: bool) -> None:
        logs = self._folder / LOGS
        stamps = [path.stat().st_mtime for path in logs.glob("*/metrics.csv")]
        if stamps == self._seen:
            return
        self._seen = stamps
        history, place = read_logs(logs)
        if place is None:
            return
        # The speed is that since the first place that was seen.
        self._first = self._first or (now, place.step)
        since, before = self._first
        pace = (place.step - before) / (now - since) if place.step > before else None
        self._on_progress(
            Progress(
                place.epoch,
                self._epochs,
                place.batch_mae,
                tuple(history),
                tuple(history[self._told :]),
                pace and pace * self._complexes,
                pace and (self._steps - place.step) / pace,
            )
        )
        self._told = len(history)
        if draws and history and now - self._drawn > _DRAW:
            self._drawn = now
            update_history(self._folder)


def _end(child: subprocess.Popen[Any]) -> None:
    """End NequIP and the processes that it has started; between checkpoints nothing is lost."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(_PATIENCE)
    # Processes that share the batches wait for each other when one is gone, and keep their GPUs.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _alone(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without what a launcher such as Slurm's has told this process of others.

    Lightning would take its processes for those of the training.
    """
    return {
        name: value
        for name, value in environment.items()
        if name not in _LAUNCHED and not name.startswith(_LAUNCHERS)
    }
