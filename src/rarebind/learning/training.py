"""Training a network: data are prepared once, then NequIP runs until it is done.

::

    RUN/
      config.yaml        what was asked for
      split.json         which complexes are for what
      run.json           what was made of it: hashes, counts, statistics; written last
      graphs/            train.pt, val.pt
      nequip.yaml        what NequIP was told
      nequip.log         what it said
      best.ckpt          checkpoint with the smallest validation error
      last.ckpt          of the last whole epoch, from which the next call goes on
      logs/              numbers from each call
      history.csv, history.png

Interrupted at any instant, a run goes on from its last whole epoch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import yaml

from rarebind.datasets import Dataset, find_level, told_apart
from rarebind.datasets.files import replace_file
from rarebind.elements import is_rare_earth
from rarebind.errors import CalculationError, InputError
from rarebind.learning.config import TrainingConfig
from rarebind.learning.fragments import FreeLigand, fragments_of, free_ligands, free_water
from rarebind.learning.history import (
    Epoch,
    Place,
    draw_history,
    read_history,
    read_logs,
    write_history,
)
from rarebind.learning.nequip import need_nequip
from rarebind.learning.presets import Preset
from rarebind.learning.samples import Sample, digest, load_samples
from rarebind.learning.shifts import species_shifts
from rarebind.learning.splits import Split, save_split
from rarebind.learning.targets import target_named
from rarebind.structures import Structure

if TYPE_CHECKING:
    from rarebind.learning.nequip.emit import Statistics

#: Version of run.json.
SCHEMA_VERSION = 1
CONFIG, SPLIT, RUN, GRAPHS = "config.yaml", "split.json", "run.json", "graphs"
NEQUIP, LOG, LOGS = "nequip.yaml", "nequip.log", "logs"
BEST, LAST = "best.ckpt", "last.ckpt"
HISTORY, CURVE = "history.csv", "history.png"
_START, _PID, _FINISHED = "start.pt", "run.pid", "finished"
#: Seconds between looks at a running training, and between drawings of its curve.
_LOOK, _DRAW = 0.5, 20.0
#: Seconds that NequIP has to end when it is asked to.
_PATIENCE = 10.0
#: What numerical libraries take their number of threads from.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
#: Lines of NequIP's log that a message shows.
_TAIL = 15


@dataclass(frozen=True, eq=False)
class Material:
    """What a run learns from.

    Attributes
    ----------
    samples
        All of them, with geometries on the way where the configuration wants these.
    split
    level
        As printed.
    """

    samples: list[Sample]
    split: Split
    level: str

    @property
    def train(self) -> list[Sample]:
        """What is learned from."""
        return self.split.of(self.samples, "train")

    @property
    def val(self) -> list[Sample]:
        """What is validated on: final geometries alone."""
        return [s for s in self.split.of(self.samples, "val") if s.frame == 0]


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
    best: float | None
    rate: float | None
    remaining: float | None


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


def load_material(config: TrainingConfig) -> Material:
    """Read samples and divide them; raises what these steps raise."""
    dataset = Dataset(config.data)
    samples = load_samples(
        dataset, target_named(config.target), config.level, config.base, frames=config.frames
    )
    level = find_level(told_apart(dataset.rows()), config.level)
    return Material(samples, config.split.of(samples), level)


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
        or the run is being trained by another process.
    CalculationError
        NequIP failed; the message has the end of its log.
    MissingDependencyError
        NequIP is not installed.
    """
    need_nequip()
    config.check()
    folder = Path(folder).resolve()
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file: give a folder for the run")
    if (folder / RUN).exists():
        _check_same(config, folder)
    elif not (folder / CONFIG).exists() and _names(folder) - {_PID}:
        raise InputError(f"{folder} holds something else: give a new folder for the run")
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (folder / RUN).exists():
            prepare(config, folder, on_stage)
        history = _report(folder)
        if not _finished(folder, config.resolved, history):
            on_stage("starting NequIP")
            try:
                _run(config, folder, seconds, on_progress)
            finally:
                history = _report(folder)
    return Result(folder, history, _finished(folder, config.resolved, history))


def prepare(
    config: TrainingConfig, folder: Path, on_stage: Callable[[str], None] = lambda _: None
) -> None:
    """Write all that NequIP needs to `folder`, and ``run.json`` when that is done.

    Raises
    ------
    InputError
        See :func:`train`.
    """
    from rarebind.learning.nequip.graphs import write_graphs

    preset = config.resolved
    replace_file(folder / CONFIG, _yaml(config.model_dump(mode="json")))
    on_stage(f"reading {config.data}")
    material = load_material(config)
    save_split(material.split, folder / SPLIT)
    parts = {"train": material.train, "val": material.val}
    if preset.force_weight > 0:
        _check_forces(parts["train"])
    ligands, water = _free(config, preset, material, on_stage)
    start = _start(config, preset, folder)
    shifts, scale = _energies(parts["train"], material.samples, preset)
    if start is not None:
        shifts = _in_order(shifts, start["type_names"])
    (folder / GRAPHS).mkdir(exist_ok=True)
    neighbours, charge_scales = 0.0, None
    for part, samples in parts.items():
        on_stage(f"neighbour lists: {len(samples)} geometries, {part}")
        graphs = list(_graphs(samples, tuple(shifts), preset, ligands, water))
        write_graphs(folder / GRAPHS / f"{part}.pt", graphs)
        if part == "train":
            neighbours, charge_scales = _averages(graphs, tuple(shifts))
    if start is not None:
        neighbours, scale = start["avg_num_neighbors"], start["per_type_energy_scales"]
        charge_scales = start.get("charge_scales")
    content = {
        "schema": SCHEMA_VERSION,
        "identity": config.identity(),
        "data_hash": digest(material.samples),
        "split_hash": material.split.digest,
        "level": material.level,
        "complexes": material.split.counts,
        "graphs": {part: len(samples) for part, samples in parts.items()},
        "statistics": {
            "shifts": shifts,
            "scale": scale,
            "neighbours": neighbours,
            "charge_scales": charge_scales,
            "graphs": len(parts["train"]),
        },
    }
    replace_file(folder / RUN, (json.dumps(content, indent=1) + "\n").encode())


def read_run(folder: Path | str) -> dict[str, Any]:
    """The content of ``run.json``.

    Raises
    ------
    InputError
        There is none, or it is of a newer version.
    """
    path = Path(folder) / RUN
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{folder} is no run of `rarebind train`: {error}") from error
    if content.get("schema") != SCHEMA_VERSION:
        raise InputError(
            f"{path}: schema {content.get('schema')}, this rarebind reads {SCHEMA_VERSION}: use "
            "the version that made it, or another folder"
        )
    return content


def _check_same(config: TrainingConfig, folder: Path) -> None:
    """A run goes on with the configuration that it was begun with."""
    there, here = read_run(folder)["identity"], json.loads(json.dumps(config.identity()))
    different = [
        f"{key} is {json.dumps(there.get(key))} there and {json.dumps(here.get(key))} now"
        for key in sorted(there.keys() | here.keys())
        if there.get(key) != here.get(key)
    ]
    if different:
        raise InputError(
            f"{folder} was begun with another configuration: {'; '.join(different)}. To go on with "
            "it, restore these; to train anew, give another folder"
        )


def _check_forces(samples: Sequence[Sample]) -> None:
    if lacking := sum(sample.forces is None for sample in samples):
        raise InputError(
            f"{lacking} of {len(samples)} geometries have no forces to learn from: set "
            "`overrides: {force_weight: 0}`"
        )


def _free(
    config: TrainingConfig,
    preset: Preset,
    material: Material,
    on_stage: Callable[[str], None],
) -> tuple[dict[str, FreeLigand], FreeLigand | None]:
    """Free ligands and water, where the network needs them."""
    if not (preset.signs or preset.charges):
        return {}, None
    on_stage("charges of the free ligands")
    dataset = Dataset(config.data)
    ligands = free_ligands(dataset, config.level, {s.inchikey for s in material.samples})
    return ligands, free_water(dataset, config.level) if preset.charges else None


def _start(config: TrainingConfig, preset: Preset, folder: Path) -> Mapping[str, Any] | None:
    """The network that training starts from; its weights are copied to the run."""
    if config.start_from is None:
        return None
    from rarebind.learning.nequip.callbacks import save_weights
    from rarebind.learning.nequip.emit import Statistics, network

    if config.start_from.is_dir():
        from rarebind.learning.nequip.checkpoint import read_checkpoint

        found = read_checkpoint(config.start_from / BEST)
        old, weights = found.network, found.weights
    else:
        from rarebind.learning.model_file import read_model

        content = read_model(config.start_from)
        old, weights = content.network, content.members[0]
    names = dict.fromkeys(old["type_names"], 0.0)
    new = network(config, preset, Statistics(names, 1.0, 1.0, {}, 1))
    own = {
        "seed", "avg_num_neighbors", "per_type_energy_scales", "per_type_energy_shifts",
        "charge_scales", "do_derivatives",
    }  # fmt: skip
    different = sorted(
        key for key in (new.keys() | old.keys()) - own if new.get(key) != old.get(key)
    )
    if different:
        raise InputError(
            f"start_from: the network of {config.start_from} differs in {', '.join(different)}: "
            "give the same preset and overrides"
        )
    save_weights(dict(weights), folder / _START)
    return old


def _energies(
    train: Sequence[Sample], samples: Sequence[Sample], preset: Preset
) -> tuple[dict[str, float], float]:
    """Shifts of the elements, and the size of an atom's energy, in eV.

    Where the energy of free ligands is taken off, the shifts of their atoms cancel: what is left
    is that of metal and waters.
    """
    elements = {symbol for sample in samples for symbol in sample.structure.symbols}
    fitted = [_without_ligands(sample) for sample in train] if preset.signs else list(train)
    shifts, _ = species_shifts(fitted, elements=elements)
    if preset.scale == "energy-per-atom":
        return shifts, float(np.std([s.target / len(s.structure) for s in train])) or 1.0
    residuals = [
        (s.target - sum(shifts[symbol] for symbol in f.structure.symbols)) ** 2 / len(s.structure)
        for s, f in zip(train, fitted, strict=True)
    ]
    return shifts, max(float(np.sqrt(np.mean(residuals))), 1e-3)


def _without_ligands(sample: Sample) -> Sample:
    _, waters = fragments_of(sample)
    kept = [0, *(atom for water in waters for atom in water)]
    structure = Structure(
        tuple(sample.structure.symbols[i] for i in kept), sample.structure.positions[kept], 3
    )
    return replace(sample, structure=structure, forces=None)


def _in_order(shifts: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Shifts of the elements of the network that training starts from."""
    if unknown := sorted(set(shifts) - set(names)):
        raise InputError(
            f"start_from: its network has no place for {', '.join(unknown)}; it has "
            f"{', '.join(names)}"
        )
    return {name: shifts.get(name, 0.0) for name in names}


def _graphs(
    samples: Sequence[Sample],
    names: Sequence[str],
    preset: Preset,
    ligands: Mapping[str, FreeLigand],
    water: FreeLigand | None,
) -> Iterator[dict[str, Any]]:
    from rarebind.learning.nequip.graphs import graph_of

    for sample in samples:
        yield graph_of(
            sample,
            names,
            preset.r_max,
            ligands.get(sample.inchikey),
            water,
            signs=preset.signs,
            charges=preset.charges,
            forces=preset.force_weight > 0,
        )


def _averages(
    graphs: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> tuple[float, dict[str, tuple[float, float]] | None]:
    """Mean number of neighbours; mean and standard deviation of charges by element."""
    atoms = sum(len(graph["pos"]) for graph in graphs)
    neighbours = sum(graph["edge_index"].shape[1] for graph in graphs) / atoms
    if "free_charges" not in graphs[0]:
        return neighbours, None
    types = np.concatenate([graph["atom_types"].numpy() for graph in graphs])
    charges = np.concatenate([graph["free_charges"].numpy()[:, 0] for graph in graphs])
    scales = {}
    for number, name in enumerate(names):
        found = charges[types == number]
        if found.size and not is_rare_earth(name):
            scales[name] = (float(found.mean()), float(found.std()))
        elif is_rare_earth(name):
            # All the same, also those that are met later.
            scales[name] = (3.0, 0.0)
    return neighbours, scales


def _run(
    config: TrainingConfig,
    folder: Path,
    seconds: float | None,
    on_progress: Callable[[Progress], None],
) -> None:
    from rarebind.learning.nequip.callbacks import PARENT
    from rarebind.learning.nequip.emit import Paths, Statistics, nequip_config

    raw = read_run(folder)["statistics"]
    statistics = Statistics(**raw)
    paths = Paths(
        folder,
        folder / GRAPHS / "train.pt",
        folder / GRAPHS / "val.pt",
        folder / LOGS,
        _if_there(folder / _START),
        _if_there(folder / LAST),
    )
    content = nequip_config(config, config.resolved, statistics, paths, seconds)
    replace_file(folder / NEQUIP, _yaml(content))
    command = [
        sys.executable, "-m", "nequip.scripts.train",
        "--config-path", str(folder), "--config-name", Path(NEQUIP).stem,
    ]  # fmt: skip
    threads = str(config.threads)
    environment = os.environ | dict.fromkeys(_THREADS, threads) | {PARENT: str(os.getpid())}
    with (folder / LOG).open("a", encoding="utf-8") as log:
        log.write(f"\n# {time.strftime('%Y-%m-%d %H:%M:%S')} {' '.join(command)}\n")
        log.flush()
        # In a group of its own, so that Ctrl-C reaches this process, which then ends that one.
        child = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=environment,
            cwd=folder, start_new_session=True,
        )  # fmt: skip
        try:
            _watch(child, config, folder, statistics, on_progress)
        finally:
            _end(child)
    if child.returncode:
        raise CalculationError(
            f"NequIP ended with status {child.returncode}; its log {folder / LOG} ends with:\n"
            + _tail(folder / LOG)
        )


def _watch(
    child: subprocess.Popen[Any],
    config: TrainingConfig,
    folder: Path,
    statistics: Statistics,
    on_progress: Callable[[Progress], None],
) -> None:
    from rarebind.learning.nequip.emit import steps_per_epoch

    preset = config.resolved
    steps = steps_per_epoch(config, statistics.graphs)
    first: tuple[float, int] | None = None
    drawn = time.monotonic()
    seen: list[float] = []
    while child.poll() is None:
        began = time.monotonic()
        stamps = [path.stat().st_mtime for path in (folder / LOGS).glob("*/metrics.csv")]
        if stamps != seen:
            seen = stamps
            history, place = read_logs(folder / LOGS)
            if place is not None:
                first = first or (began, place.step)
                on_progress(_progress(preset, steps, history, place, first, config.devices))
            if history and began - drawn > _DRAW:
                drawn = began
                _report(folder)
        # Long histories take long to read.
        time.sleep(max(_LOOK, 10 * (time.monotonic() - began)))


def _progress(
    preset: Preset,
    steps: int,
    history: Sequence[Epoch],
    place: Place,
    first: tuple[float, int],
    devices: int,
) -> Progress:
    since, before = first
    total = steps * preset.max_epochs
    done = place.step - before
    rate = done / (time.monotonic() - since) if done > 0 else None
    return Progress(
        epoch=place.epoch,
        epochs=preset.max_epochs,
        steps=place.step,
        all_steps=total,
        batch_mae=place.batch_mae,
        last=history[-1] if history else None,
        best=min((epoch.val_mae for epoch in history), default=None),
        rate=None if rate is None else rate * preset.batch_size * devices,
        remaining=None if rate is None else (total - place.step) / rate,
    )


def _report(folder: Path) -> list[Epoch]:
    """Write history and curve anew; what logs no longer have is kept."""
    kept = {epoch.number: epoch for epoch in read_history(folder / HISTORY)}
    found, _ = read_logs(folder / LOGS)
    history = [epoch for _, epoch in sorted((kept | {e.number: e for e in found}).items())]
    if history:
        write_history(history, folder / HISTORY)
        draw_history(history, folder / CURVE, folder.name)
    return history


def _finished(folder: Path, preset: Preset, history: Sequence[Epoch]) -> bool:
    return (folder / _FINISHED).exists() or (
        bool(history) and history[-1].number >= preset.max_epochs
    )


def _end(child: subprocess.Popen[Any]) -> None:
    """End NequIP; between checkpoints there is nothing to save."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let no other process train the run."""
    path = folder / _PID
    try:
        number, born = path.read_text().split()
        other = psutil.Process(int(number))
        if int(number) != os.getpid() and abs(other.create_time() - float(born)) < 1.0:
            raise InputError(f"{folder} is being trained by process {number}: wait, or end it")
    except (OSError, ValueError, psutil.Error):
        pass
    replace_file(path, f"{os.getpid()} {psutil.Process().create_time()}\n".encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


def _tail(path: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL:])


def _yaml(content: Mapping[str, Any]) -> bytes:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True).encode()
