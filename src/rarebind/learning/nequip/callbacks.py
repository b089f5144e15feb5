"""What happens between the epochs of a training, and when it is taken up again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import Callback
from torch.optim.lr_scheduler import ReduceLROnPlateau

#: Environment variable with the number of the process that waits for the training.
PARENT = "RAREBIND_PARENT"
#: What checkpoints call the state that says whose they are.
_IDENTITY = "RunIdentity"


class PlateauSchedule(Callback):
    """Lowers the learning rate where the validation error stands still, and ends training.

    Lightning updates such a schedule after the checkpoint of the epoch is written, so that a run
    that is taken up again would have missed one update.  Here it comes before.

    Parameters
    ----------
    monitor
        The validation error.
    finished
        File that is made when training has ended.
    stop
        Learning rate below which it ends.
    plateau
        For :class:`torch.optim.lr_scheduler.ReduceLROnPlateau`; thresholds are absolute.
    """

    def __init__(self, monitor: str, finished: str, stop: float, **plateau: float) -> None:
        self._monitor, self._finished, self._stop = monitor, Path(finished), stop
        self._plateau: dict[str, Any] = plateau
        self._schedule: ReduceLROnPlateau | None = None
        self._state: dict[str, Any] = {}

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Take up the schedule where it was left."""
        del pl_module
        optimizer = trainer.optimizers[0]
        self._schedule = ReduceLROnPlateau(optimizer, threshold_mode="abs", **self._plateau)
        if self._state:
            self._schedule.load_state_dict(self._state)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Look at the validation error of this epoch."""
        del pl_module
        assert self._schedule is not None
        self._schedule.step(float(trainer.callback_metrics[self._monitor]))
        if trainer.optimizers[0].param_groups[0]["lr"] < self._stop:
            trainer.should_stop = True
            self._finished.touch()

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {} if self._schedule is None else self._schedule.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """From the checkpoint."""
        self._state = state_dict


class TimeLimit(Callback):
    """Ends training before the time is up, and as soon as nobody waits for it.

    Lightning's own timer ends it in the middle of an epoch, or when the time is over, and counts
    that of earlier calls.

    Parameters
    ----------
    seconds
        From the start of this call; None: no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._start = self._epoch = time.monotonic()
        # Further processes are started by the first one.
        first = os.environ.get("LOCAL_RANK", "0") == "0"
        self._parent = int((first and os.environ.get(PARENT)) or os.getppid())

    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Start the clock of an epoch."""
        del trainer, pl_module
        self._epoch = time.monotonic()

    def on_train_batch_start(
        self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        """Leave when the program that started this one was killed."""
        del pl_module, batch, batch_idx
        if os.getppid() != self._parent:
            if trainer.world_size > 1 and os.getpgrp() == os.getpid():
                # The others wait for this one, and keep their GPUs.
                os.killpg(os.getpgrp(), signal.SIGKILL)
            raise SystemExit("the program that started the training is gone")

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Stop if another epoch as long as this one would be too long."""
        del pl_module
        if self._seconds is None:
            return
        late = 2 * time.monotonic() - self._epoch > self._start + self._seconds
        # Processes that share the batches stop together.
        trainer.should_stop |= trainer.strategy.reduce_boolean_decision(late, all=False)


class Resumption(Callback):
    """Lets a run go on as if it had not been interrupted, and says in checkpoints which run it is.

    NequIP makes its generators before their state is read from the checkpoint, so that each call
    would begin with the order of the first epoch.  Lightning forgets the best checkpoint of a
    folder that was moved, copied or renamed, and overwrites it.

    Parameters
    ----------
    folder
        Of the run.
    run
        Hash of the run; see :func:`rarebind.learning.training.folder.run_hash`.
    """

    def __init__(self, folder: str, run: str = "") -> None:
        self._folder, self._run = Path(folder), run

    @property
    def state_key(self) -> str:
        """In a checkpoint."""
        return _IDENTITY

    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: Any) -> None:
        """Set the generators, and tell the callbacks that write checkpoints where these are.

        NequIP's data module has read its state by now, the callbacks have not.
        """
        del pl_module
        data = trainer.datamodule
        # A state that was read to a GPU is of no use to a generator.
        data.train_generator.set_state(data.train_generator_state.cpu())
        data.generator.set_state(data.generator_state.cpu())
        for state in checkpoint.get("callbacks", {}).values():
            if not isinstance(state, dict) or "dirpath" not in state:
                continue
            state["dirpath"] = str(self._folder)
            for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
                state[name] = state.get(name) and self._here(state[name])
            best = state.get("best_k_models", {})
            state["best_k_models"] = {self._here(path): score for path, score in best.items()}

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return {"run": self._run}

    @staticmethod
    def run_of(checkpoint: Mapping[str, Any]) -> str | None:
        """Hash of the run that has made a checkpoint; None in older ones."""
        states = checkpoint.get("callbacks") or {}
        found: str | None = states.get(_IDENTITY, {}).get("run")
        return found or None

    def _here(self, path: str) -> str:
        return str(self._folder / Path(path).name)


class WarmStart(Callback):
    """Puts weights of another training into the network before the first step.

    Parameters
    ----------
    weights
        File with arrays by the name of the parameter.
    """

    def __init__(self, weights: str) -> None:
        self._weights = weights

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Copy them; what a checkpoint holds replaces them afterwards."""
        del trainer, stage
        weights = torch.load(self._weights, weights_only=True)
        with torch.no_grad():
            network = next(iter(pl_module.model.values()))
            for name, parameter in network.named_parameters():
                parameter.copy_(weights[name])
            averages = getattr(pl_module, "ema", None)
            if averages is not None:
                for average, parameter in zip(
                    averages.ema_weights, pl_module.model.parameters(), strict=True
                ):
                    average.copy_(parameter)
