"""A row of the table: a network or a baseline, what it was asked, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from rarebind.evaluation.metrics import Metrics, metrics
from rarebind.learning.data.targets import Target

_HOUR = 3600.0


@dataclass(frozen=True)
class Training:
    """How far a training has come, and why no further.

    Attributes
    ----------
    epochs
        Whole ones.
    allowed
        The most there can be in this run.
    preset_epochs
        The most that its preset allows.
    seconds
        That all calls took together, with the preparation of data.
    finished
        Whether nothing is left to train.
    limited
        Whether the last call had a limit of time.
    best
        Smallest validation error, of the target, kcal/mol; None before an epoch has ended.
    """

    epochs: int
    allowed: int
    preset_epochs: int
    seconds: float
    finished: bool
    limited: bool
    best: float | None

    @property
    def hours(self) -> float:
        """Hours that all calls took together."""
        return self.seconds / _HOUR

    @property
    def cut(self) -> bool:
        """Whether it ended before the preset says that it has."""
        return not self.finished or (
            self.epochs >= self.allowed and self.allowed < self.preset_epochs
        )

    @property
    def ending(self) -> str:
        """Why there are no more epochs."""
        if not self.finished:
            return "cut by --max-time" if self.limited else "interrupted"
        if self.epochs < self.allowed:
            return "ended by itself: the learning rate has fallen to its end"
        if self.cut:
            return "cut by --max-epochs"
        if self.allowed > self.preset_epochs:
            return "ended by --max-epochs, beyond the preset"
        return "ended by itself: all epochs of the preset"


@dataclass(frozen=True, eq=False)
class Row:
    """A network or a baseline.

    Attributes
    ----------
    target
        What it learns.
    model
        Name of the preset or the baseline.
    baseline
        Which of the two.
    outcomes
        What it said of each part of the split.
    training
        Of a network that has begun to train.
    problem
        Why there are no outcomes, beginning with ``not possible``, ``failed`` or ``not trained``.
    notes
        What a reader must know of it besides.
    """

    target: Target
    model: str
    baseline: bool = False
    outcomes: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    training: Training | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def learned(self) -> str:
        """What it learns, for people."""
        return f"{self.target.strategy} ({self.target.name})"

    @property
    def name(self) -> str:
        """Unlike that of any other row, fit for a file."""
        kind = "baseline" if self.baseline else "network"
        return f"{kind}-{self.target.name}-{self.model}"

    @property
    def failed(self) -> bool:
        """Whether something went wrong that should not have."""
        return self.problem.startswith("failed")

    @cached_property
    def scores(self) -> dict[str, Metrics]:
        """Agreement with computed binding energies by part, kcal/mol."""
        return {part: metrics(found) for part, found in self.outcomes.items()}
