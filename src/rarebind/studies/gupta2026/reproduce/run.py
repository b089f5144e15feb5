"""Trainings one after the other, each tested on what it has not seen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from rarebind.errors import InputError, RarebindError
from rarebind.evaluation.subject import by_part, predictions
from rarebind.io.files import replace_file
from rarebind.learning.baselines import BASELINES
from rarebind.learning.data.samples import Sample, digest
from rarebind.learning.data.split import Split
from rarebind.learning.data.targets import Target
from rarebind.learning.nequip import need_nequip
from rarebind.learning.release.package import open_model
from rarebind.learning.settings.config import SplitChoice, TrainingConfig
from rarebind.learning.settings.presets import preset_named
from rarebind.learning.training import HISTORY, Progress, train
from rarebind.learning.training.history import read_history
from rarebind.studies.gupta2026.reproduce.inputs import Inputs
from rarebind.studies.gupta2026.reproduce.rows import Row, Training
from rarebind.studies.gupta2026.reproduce.settings import TRAININGS, Settings
from rarebind.studies.gupta2026.study import PARTS, STRATEGIES
from rarebind.units import KCAL_PER_EV

#: File of the seconds that each training took.
TIMES = "times.json"
#: Seconds between writings of the latter.
_WRITE = 10.0
#: Baselines learn equation 1, and its difference where the study's Δ strategies are possible.
_OF_BASELINES = ("2", "Δ-2")


@dataclass(frozen=True, eq=False)
class Job:
    """A network to be trained.

    Attributes
    ----------
    target, preset
        What it learns and which it is.
    folder
        Of its run.
    config
        None where it is not possible.
    problem
        Why not; empty where it is.
    """

    target: Target
    preset: str
    folder: Path
    config: TrainingConfig | None
    problem: str = ""

    @property
    def label(self) -> str:
        """For people."""
        return f"strategy {self.target.strategy}, {self.preset}"

    @property
    def row(self) -> Row:
        """Before it is trained."""
        problem = f"not possible: {self.problem}" if self.problem else "not trained yet"
        return Row(self.target, self.preset, problem=problem)


def jobs_of(settings: Settings, inputs: Inputs) -> list[Job]:
    """Every network that is asked for, by preset, then in the study's order."""
    jobs = []
    for preset in dict.fromkeys(settings.presets):
        for strategy, target in STRATEGIES.items():
            if strategy not in settings.strategies:
                continue
            folder = settings.out / TRAININGS / f"{target.name}-{preset}"
            job = Job(target, preset, folder, None, inputs.reasons.get(strategy, ""))
            jobs.append(job if job.problem else _configured(job, settings, inputs))
    return jobs


def reproduce(
    settings: Settings,
    inputs: Inputs,
    *,
    on_stage: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[str, Progress], None] = lambda *_: None,
    on_rows: Callable[[Sequence[Row]], object] = lambda _: None,
) -> list[Row]:
    """Train, or go on with, every network in turn.

    Parameters
    ----------
    on_stage
        Told what is being done.
    on_progress
        Told, about twice a second, which training is how far.
    on_rows
        Called with all rows, before the first training and after each.

    Returns
    -------
    list
        Networks in the order of :func:`jobs_of`, then baselines.

    Raises
    ------
    MissingDependencyError
        NequIP is not installed.
    InputError
        The split is not possible with these complexes.
    """
    need_nequip()
    jobs = jobs_of(settings, inputs)
    beside = _baseline_rows(settings, inputs, on_stage)
    rows = [job.row for job in jobs]
    todo = [i for i, job in enumerate(jobs) if job.config is not None]
    on_rows([*rows, *beside])
    for place, i in enumerate(todo, start=1):
        label = f"{jobs[i].label} ({place} of {len(todo)})"
        rows[i] = _trained(jobs[i], settings, inputs, label, on_stage, on_progress)
        on_rows([*rows, *beside])
    return [*rows, *beside]


def _configured(job: Job, settings: Settings, inputs: Inputs) -> Job:
    overrides = {} if settings.max_epochs is None else {"max_epochs": settings.max_epochs}
    config = TrainingConfig(
        data=inputs.dataset.folder.resolve(),
        target=job.target.name,
        level=inputs.level,
        base=inputs.base if job.target.delta else None,
        split=SplitChoice(kind=settings.split, seed=settings.seed, held_out=settings.held_out),
        preset=job.preset,
        overrides=overrides,
        seed=settings.seed,
        threads=settings.threads,
        accelerator=settings.accelerator,
    )
    try:
        config.check()
    except InputError as error:
        return replace(job, problem="; ".join(error.problems))
    return replace(job, config=config)


def _trained(
    job: Job,
    settings: Settings,
    inputs: Inputs,
    label: str,
    on_stage: Callable[[str], None],
    on_progress: Callable[[str, Progress], None],
) -> Row:
    """The row of one network; whatever goes wrong with it is told there."""
    assert job.config is not None
    clock = _Clock(settings.out / TIMES, job.folder.name)
    finished, problem = False, ""

    def watch(progress: Progress) -> None:
        clock.tick()
        on_progress(label, progress)

    on_stage(f"{label}: preparing")
    try:
        finished = train(
            job.config,
            job.folder,
            seconds=settings.seconds,
            on_stage=lambda stage: on_stage(f"{label}: {stage}"),
            on_progress=watch,
        ).finished
    except RarebindError as error:
        problem = f"failed: {error}"
    finally:
        clock.stop()
    training = _state(job, settings, clock.seconds, finished=finished)
    row = Row(job.target, job.preset, training=training, problem=problem)
    if problem:
        return row
    on_stage(f"{label}: predicting")
    try:
        found, notes = _outcomes(job, inputs)
    except RarebindError as error:
        return replace(row, problem=f"failed: {error}")
    return replace(row, outcomes=found, notes=notes)


def _state(job: Job, settings: Settings, seconds: float, *, finished: bool) -> Training:
    assert job.config is not None
    history = read_history(job.folder / HISTORY)
    return Training(
        epochs=len(history),
        allowed=job.config.resolved.max_epochs,
        preset_epochs=preset_named(job.preset).max_epochs,
        seconds=seconds,
        finished=finished,
        limited=settings.seconds is not None,
        best=min((epoch.val_mae for epoch in history), default=0.0) * KCAL_PER_EV or None,
    )


def _outcomes(job: Job, inputs: Inputs) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """What a network says of the parts that it has not learned from, and what to know of that."""
    model, samples = open_model(job.folder), inputs.samples(job.target.name)
    if digest(samples) != model.card.data_hash:
        raise InputError(
            f"{inputs.dataset.folder} has changed since {job.folder} was prepared: give a new "
            "folder with --out"
        )
    parts = _parts(model.split, samples)
    asked = [sample for members in parts.values() for sample in members]
    seen = {name for name, count in model.card.elements.items() if count}
    new = sorted({symbol for sample in asked for symbol in sample.structure.symbols} - seen)
    notes = (f"it has not seen {', '.join(new)}, which it was asked about",) if new else ()
    return by_part(parts, predictions(model, inputs.dataset, asked)), notes


def _baseline_rows(
    settings: Settings, inputs: Inputs, on_stage: Callable[[str], None]
) -> list[Row]:
    rows = []
    for strategy in _OF_BASELINES:
        if strategy in inputs.reasons or strategy not in _available(settings):
            continue
        target = STRATEGIES[strategy]
        samples = inputs.samples(target.name)
        choice = SplitChoice(kind=settings.split, seed=settings.seed, held_out=settings.held_out)
        split = choice.of(samples)
        parts = _parts(split, samples)
        asked = [sample for members in parts.values() for sample in members]
        for name in dict.fromkeys(settings.baselines):
            on_stage(f"baseline {name}, {target.name}")
            try:
                fitted = BASELINES.create(name).fit(split.of(samples, "train"))
                found = by_part(parts, fitted.predict(asked))
            except RarebindError as error:
                rows.append(Row(target, name, baseline=True, problem=f"failed: {error}"))
            else:
                rows.append(Row(target, name, baseline=True, outcomes=found))
    return rows


def _available(settings: Settings) -> set[str]:
    """Strategies whose kind, of one level or two, is asked for."""
    kinds = {STRATEGIES[name].delta for name in settings.strategies}
    return {name for name in _OF_BASELINES if STRATEGIES[name].delta in kinds}


def _parts(split: Split, samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    found = {part: split.of(samples, part) for part in PARTS}
    return {part: members for part, members in found.items() if members}


class _Clock:
    """Seconds that a training has taken in all calls; written down now and then."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        self._before = _times(path).get(name, 0.0)
        self._start = self._written = time.monotonic()

    @property
    def seconds(self) -> float:
        """As of the last time that it was written down."""
        return self._before + self._written - self._start

    def tick(self) -> None:
        """Write it down, if that is due."""
        if time.monotonic() - self._written > _WRITE:
            self.stop()

    def stop(self) -> None:
        """Write it down."""
        self._written = time.monotonic()
        times = _times(self._path) | {self._name: round(self.seconds, 1)}
        replace_file(self._path, (json.dumps(times, indent=1) + "\n").encode())


def _times(path: Path) -> dict[str, float]:
    if not path.exists():
        return {}
    try:
        return {name: float(value) for name, value in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
