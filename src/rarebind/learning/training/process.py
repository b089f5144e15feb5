"""``nequip-train``: started, watched and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from rarebind.errors import CalculationError
from rarebind.learning.nequip.memory import kept_memory
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import Paths, Statistics, nequip_config
from rarebind.learning.training.checkpoints import check_checkpoint
from rarebind.learning.training.folder import (
    BEST,
    GRAPHS,
    LAST,
    LOG,
    LOGS,
    NEQUIP,
    START,
    read_run,
    run_hash,
    update_history,
    write_yaml,
)
from rarebind.learning.training.history import read_logs
from rarebind.learning.training.progress import Pace, Progress

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
    paths = Paths(
        folder,
        folder / GRAPHS / "train.pt",
        folder / GRAPHS / "val.pt",
        folder / LOGS,
        _if_there(folder / START),
        _if_there(folder / LAST),
        run_hash(run),
    )
    content = nequip_config(config, config.resolved, statistics, paths, seconds)
    write_yaml(content, folder / NEQUIP)
    command = [
        sys.executable, "-m", "nequip.scripts.train",
        "--config-path", str(folder), "--config-name", Path(NEQUIP).stem,
    ]  # fmt: skip
    before, _ = read_logs(folder / LOGS)
    pace = Pace(config, statistics.graphs, before[-1].number if before else 0)
    threads = str(config.threads)
    environment = kept_memory(_alone(os.environ)) | dict.fromkeys(_THREADS, threads)
    environment |= {PARENT: str(os.getpid())}
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(f"\n# {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(command)}\n")
        log.flush()
        # In a group of its own, so that Ctrl-C reaches this process, which then ends that one.
        child = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment,
            cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            _watch(child, folder, pace, on_progress)
        finally:
            _end(child)
    if child.returncode:
        raise CalculationError(
            f"NequIP ended with status {child.returncode}; its log {folder / LOG} ends with:\n"
            + _tail(folder / LOG)
        )


def _watch(
    child: subprocess.Popen[Any],
    folder: Path,
    pace: Pace,
    on_progress: Callable[[Progress], None],
) -> None:
    """Tell how far the training is and draw its curve, until NequIP ends."""
    drawn = time.monotonic()
    seen: list[float] = []
    running = True
    while running:
        # Asked before logs are read, so that the last epoch is told too.
        running = child.poll() is None
        began = time.monotonic()
        stamps = [path.stat().st_mtime for path in (folder / LOGS).glob("*/metrics.csv")]
        if stamps != seen:
            seen = stamps
            history, place = read_logs(folder / LOGS)
            if place is not None:
                on_progress(pace.progress(history, place, began))
            if running and history and began - drawn > _DRAW:
                drawn = began
                update_history(folder)
        if running:
            # Long histories take long to read.
            time.sleep(max(_LOOK, 10 * (time.monotonic() - began)))


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


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:])
