"""How far a training is, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import steps_per_epoch
from rarebind.learning.training.history import Epoch, Place


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Attributes
    ----------
    epoch, epochs
        That it is in, from 1, and the most there can be.
    steps, all_steps
        Optimiser steps done, and the most there can be.
    batch_mae
        Mean absolute error of the last batch reported, eV.
    last
        The last whole epoch; None before there is one.
    ended
        Epochs that have ended since this was told last.
    best
        Smallest validation error so far, eV.
    rate
        Complexes a second; None until it is known.
    remaining
        Seconds left at this rate.
    """

    epoch: int
    epochs: int
    steps: int
    all_steps: int
    batch_mae: float | None
    last: Epoch | None
    ended: tuple[Epoch, ...]
    best: float | None
    rate: float | None
    remaining: float | None


class Pace:
    """The progress of one call, whose speed is that since the first place it was seen at.

    Parameters
    ----------
    config
        What is trained.
    graphs
        How many are learned from.
    done
        Number of the last epoch that earlier calls have trained.
    """

    def __init__(self, config: TrainingConfig, graphs: int, done: int = 0) -> None:
        preset = config.resolved
        self._epochs = preset.max_epochs
        self._steps = steps_per_epoch(config, graphs) * preset.max_epochs
        self._complexes_per_step = preset.batch_size * config.devices
        self._first: tuple[float, int] | None = None
        self._told = done

    def progress(self, history: Sequence[Epoch], place: Place, seen: float) -> Progress:
        """How far the training is.

        Parameters
        ----------
        history
            Whole epochs so far, in order.
        place
            Where it is.
        seen
            When that was looked up, in seconds of :func:`time.monotonic`.
        """
        self._first = self._first or (seen, place.step)
        since, before = self._first
        done = place.step - before
        rate = done / (time.monotonic() - since) if done > 0 else None
        ended = tuple(epoch for epoch in history if epoch.number > self._told)
        self._told = ended[-1].number if ended else self._told
        return Progress(
            epoch=place.epoch,
            epochs=self._epochs,
            steps=place.step,
            all_steps=self._steps,
            batch_mae=place.batch_mae,
            last=history[-1] if history else None,
            ended=ended,
            best=min((epoch.val_mae for epoch in history), default=None),
            rate=None if rate is None else rate * self._complexes_per_step,
            remaining=None if rate is None else (self._steps - place.step) / rate,
        )
