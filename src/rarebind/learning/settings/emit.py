"""The YAML of ``nequip-train``: ``data/nequip.yaml`` with what depends on a training in it."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from rarebind.errors import InputError
from rarebind.io.files import bundled_text
from rarebind.learning.settings.config import TrainingConfig

#: Mean absolute error of the energy (eV) of the validation set: what checkpoints are chosen by.
MONITOR: Final = "val0_epoch/energy_mae"
#: Mean absolute error of the energy (eV) of the training set, over an epoch and in a batch.
TRAIN_MAE: Final = "train_metric_epoch/energy_mae"
BATCH_MAE: Final = "train_metric_step/energy_mae"
#: In the folder of a run: graphs, weights to start from, what Lightning reports, the checkpoint to
#: go on from, and what says that a schedule has ended the training.
GRAPHS: Final = "graphs"
START: Final = "start.pt"
LOGS: Final = "logs"
LAST: Final = "last.ckpt"
FINISHED: Final = "finished"
#: How often within an epoch something is reported.
_REPORTS = 10
_LOSSES = {"mae": "nequip.train.MeanAbsoluteError", "mse": "nequip.train.MeanSquaredError"}


@dataclass(frozen=True)
class Statistics:
    """What a network takes from the training set.

    Attributes
    ----------
    shifts
        Energy by element (eV); the elements in the order in which they are numbered.
    scale
        Size of an atom's energy, eV.
    neighbours
        Mean number of neighbours.
    descriptor_scales
        Mean and standard deviation of the atoms' descriptor by element; None without one.
    graphs
        How many there are.
    """

    shifts: dict[str, float]
    scale: float
    neighbours: float
    descriptor_scales: dict[str, tuple[float, float]] | None
    graphs: int


def steps_per_epoch(config: TrainingConfig, graphs: int) -> int:
    """Optimiser steps, each of a batch on every device."""
    return math.ceil(math.ceil(graphs / config.resolved.batch_size) / config.devices)


def nequip_config(
    config: TrainingConfig,
    statistics: Statistics,
    folder: Path,
    *,
    run: str = "",
    seconds: float | None = None,
) -> dict[str, Any]:
    """What ``nequip-train`` is to do, as plain data.

    Parameters
    ----------
    folder
        Of the run, absolute.  Weights to start from, and the checkpoint to go on from, are used
        where they are there.
    run
        Hash that checkpoints are told by.
    seconds
        How long it may take.
    """
    content = _content(config)
    schedule = config.resolved.schedule.kind
    left_out = {
        "PlateauSchedule": schedule != "plateau",
        "WarmStart": not (folder / START).exists(),
    }
    trainer = content["trainer"]
    trainer["callbacks"] = [
        entry
        for entry in trainer["callbacks"]
        if not left_out.get(entry["_target_"].rpartition(".")[2])
    ]
    if config.devices == 1:
        trainer["strategy"] = "auto"
    if schedule != "cosine":
        content["training_module"]["lr_scheduler"] = None
    if not (folder / LAST).exists():
        del content["ckpt_path"]
    steps = steps_per_epoch(config, statistics.graphs)
    return _resolved(
        content,
        config,
        statistics,
        folder=str(folder),
        files={
            "train": str(folder / GRAPHS / "train.pt"),
            "val": str(folder / GRAPHS / "val.pt"),
            "start": str(folder / START),
            "last": str(folder / LAST),
            "finished": str(folder / FINISHED),
            "logs": LOGS,
        },
        run=run,
        monitor=MONITOR,
        seconds=seconds,
        accelerator=accelerator_of(config),
        reported_steps=max(1, steps // _REPORTS),
        all_steps=config.resolved.max_epochs * steps,
        devnull=os.devnull,
    )


def network(config: TrainingConfig, statistics: Statistics) -> dict[str, Any]:
    """The network alone: its builder and all arguments."""
    return _resolved(_content(config)["training_module"]["model"], config, statistics)


def _content(config: TrainingConfig) -> dict[str, Any]:
    """``data/nequip.yaml`` without what the preset leaves out."""
    content: dict[str, Any] = yaml.safe_load(bundled_text("nequip.yaml"))
    additions = content.pop("additions")
    if not config.resolved.plain:
        content["training_module"]["model"] |= additions
    if not config.resolved.force_weight:
        for metrics in ("loss", "val_metrics"):
            entries = content["training_module"][metrics]["metrics"]
            entries[:] = [entry for entry in entries if entry["field"] != "forces"]
    return content


def _resolved(
    content: dict[str, Any], config: TrainingConfig, statistics: Statistics, **given: Any
) -> dict[str, Any]:
    """`content` with values in place of ``${...}``."""
    from omegaconf import OmegaConf

    preset = config.resolved
    given |= {
        "config": config.model_dump(mode="json"),
        "preset": preset.model_dump(mode="json"),
        "statistics": {**asdict(statistics), "type_names": list(statistics.shifts)},
        "forces": preset.force_weight > 0,
        "loss": _LOSSES[preset.loss],
        "optimizer": "torch.optim.AdamW" if preset.weight_decay else "torch.optim.Adam",
    }
    found: Any = OmegaConf.to_container(OmegaConf.create(given | {"_": content}), resolve=True)
    plain: dict[str, Any] = found["_"]
    return plain


def accelerator_of(config: TrainingConfig) -> str:
    """Lightning's name of what is trained on: ``cuda`` or ``cpu``.

    Its own choice would be a Mac's GPU as well, which has no numbers of 64 bits.
    """
    import torch

    wanted = {"auto": torch.cuda.is_available(), "gpu": True, "cpu": False}
    return "cuda" if wanted[config.accelerator] else "cpu"


def check_devices(config: TrainingConfig) -> None:
    """See that the GPUs that are asked for are there.

    Raises
    ------
    InputError
        There are none, or fewer.
    """
    import torch

    if accelerator_of(config) == "cpu":
        return
    if not torch.cuda.is_available():
        raise InputError(
            "accelerator: gpu, but PyTorch finds none (torch.cuda.is_available() is false): give "
            "cpu or auto, or install a PyTorch for CUDA"
        )
    if (found := torch.cuda.device_count()) < config.devices:
        raise InputError(f"devices: {config.devices} are asked for, and PyTorch finds {found}")
