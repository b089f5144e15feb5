"""The YAML of ``nequip-train``, with everything in it explicit."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.devices import accelerator_of
from rarebind.learning.settings.presets import Cosine, Plateau, Preset

#: Mean absolute error of the energy (eV) of the validation set: what checkpoints are chosen by.
MONITOR: Final = "val0_epoch/energy_mae"
#: Mean absolute error of the energy (eV) of the training set, over an epoch and in a batch.
TRAIN_MAE: Final = "train_metric_epoch/energy_mae"
BATCH_MAE: Final = "train_metric_step/energy_mae"
#: File that says that a schedule has ended the training.
FINISHED: Final = "finished"
#: How often within an epoch something is reported.
_REPORTS = 10
_OURS = "rarebind.learning.nequip"


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


@dataclass(frozen=True)
class Paths:
    """Where a run has its files; all absolute.

    Attributes
    ----------
    folder
        Of the run: checkpoints ``best.ckpt`` and ``last.ckpt``.
    train, val
        Files of graphs.
    logs
        Folder that gets a ``version_N/metrics.csv`` from each call.
    start
        File of weights to start from, or None.
    checkpoint
        To go on from, or None.
    run
        Hash that checkpoints are told by; empty: they have none.
    """

    folder: Path
    train: Path
    val: Path
    logs: Path
    start: Path | None = None
    checkpoint: Path | None = None
    run: str = ""


def steps_per_epoch(config: TrainingConfig, graphs: int) -> int:
    """Optimiser steps, each of a batch on every device."""
    return math.ceil(math.ceil(graphs / config.resolved.batch_size) / config.devices)


def nequip_config(
    config: TrainingConfig,
    preset: Preset,
    statistics: Statistics,
    paths: Paths,
    seconds: float | None = None,
) -> dict[str, Any]:
    """What ``nequip-train`` is to do, as plain data.

    Parameters
    ----------
    preset
        That of `config`, its overrides included.
    seconds
        How long it may take.
    """
    steps = steps_per_epoch(config, statistics.graphs)
    content: dict[str, Any] = {
        "run": ["train"],
        "data": _data(config, preset, paths),
        "trainer": _trainer(config, preset, paths, steps, seconds),
        "training_module": _training_module(config, preset, statistics, steps),
        "hydra": {
            "run": {"dir": str(paths.folder)},
            "output_subdir": None,
            "job": {"chdir": False},
            # Its output goes to a file as it is.
            "job_logging": {
                "root": {"handlers": ["console"]},
                "handlers": {"file": {"filename": os.devnull}},
            },
        },
    }
    if paths.checkpoint is not None:
        content["ckpt_path"] = str(paths.checkpoint)
    return content


def network(config: TrainingConfig, preset: Preset, statistics: Statistics) -> dict[str, Any]:
    """The network alone: its builder and all arguments."""
    names = list(statistics.shifts)
    content: dict[str, Any] = {
        "_target_": "allegro.model.AllegroModel"
        if preset.plain
        else f"{_OURS}.model.RareEarthAllegro",
        "seed": config.seed,
        "model_dtype": "float32",
        "compile_mode": "eager",
        "type_names": names,
        "r_max": preset.r_max,
        "per_edge_type_cutoff": None,
        "l_max": preset.l_max,
        "parity": preset.parity,
        "radial_chemical_embed": {
            "_target_": "allegro.nn.TwoBodyBesselScalarEmbed",
            "num_bessels": preset.num_bessels,
            "bessel_trainable": preset.bessel_trainable,
            "polynomial_cutoff_p": preset.polynomial_cutoff_p,
        },
        "radial_chemical_embed_dim": preset.num_scalar_features,
        "scalar_embed_mlp_hidden_layers_depth": preset.embed_mlp_depth,
        "scalar_embed_mlp_hidden_layers_width": preset.embed_mlp_width,
        "scalar_embed_mlp_nonlinearity": "silu",
        "num_layers": preset.num_layers,
        "num_scalar_features": preset.num_scalar_features,
        "num_tensor_features": preset.num_tensor_features,
        "allegro_mlp_hidden_layers_depth": preset.latent_mlp_depth,
        "allegro_mlp_hidden_layers_width": preset.latent_mlp_width,
        "allegro_mlp_nonlinearity": "silu",
        "tp_path_channel_coupling": True,
        "readout_mlp_hidden_layers_depth": preset.readout_mlp_depth,
        "readout_mlp_hidden_layers_width": preset.readout_mlp_width,
        "readout_mlp_nonlinearity": "silu",
        "avg_num_neighbors": statistics.neighbours,
        "weight_individual_irreps": True,
        "per_type_energy_scales": statistics.scale,
        "per_type_energy_shifts": dict(statistics.shifts),
        "per_type_energy_scales_trainable": False,
        "per_type_energy_shifts_trainable": False,
        "pair_potential": None,
        "do_derivatives": preset.force_weight > 0,
        "forward_normalize": True,
    }
    if not preset.plain:
        scales = statistics.descriptor_scales
        content |= {
            "signs": preset.signs,
            "atom_descriptor": preset.atom_descriptor,
            "metal_descriptors": preset.metal_descriptors,
            "descriptor_scales": None
            if scales is None
            else {k: list(v) for k, v in scales.items()},
        }
    return content


def _data(config: TrainingConfig, preset: Preset, paths: Paths) -> dict[str, Any]:
    def loader(size: int, *, shuffle: bool) -> dict[str, Any]:
        return {
            "_target_": f"{_OURS}.loader.bucketed_loader",
            "batch_size": size,
            "shuffle": shuffle,
            "like_sized": preset.like_sized_batches,
        }

    return {
        "_target_": "nequip.data.datamodule.NequIPDataModule",
        "seed": config.seed,
        "train_dataset": {"_target_": f"{_OURS}.dataset.GraphDataset", "path": str(paths.train)},
        "val_dataset": {"_target_": f"{_OURS}.dataset.GraphDataset", "path": str(paths.val)},
        "train_dataloader": loader(preset.batch_size, shuffle=True),
        "val_dataloader": loader(preset.validation_batch_size, shuffle=False),
    }


def _trainer(
    config: TrainingConfig, preset: Preset, paths: Paths, steps: int, seconds: float | None
) -> dict[str, Any]:
    return {
        "_target_": "lightning.Trainer",
        "accelerator": accelerator_of(config),
        "devices": config.devices,
        "num_nodes": 1,
        "strategy": {"_target_": "nequip.train.SimpleDDPStrategy"}
        if config.devices > 1
        else "auto",
        # The loader divides the batches itself.
        "use_distributed_sampler": False,
        "max_epochs": preset.max_epochs,
        "check_val_every_n_epoch": 1,
        "num_sanity_val_steps": 0,
        "gradient_clip_val": preset.gradient_clip,
        "log_every_n_steps": max(1, steps // _REPORTS),
        "enable_progress_bar": False,
        "enable_model_summary": False,
        "logger": {
            "_target_": "lightning.pytorch.loggers.CSVLogger",
            "save_dir": str(paths.logs.parent),
            "name": paths.logs.name,
            "flush_logs_every_n_steps": 1,
        },
        "callbacks": _callbacks(preset, paths, seconds),
    }


def _callbacks(preset: Preset, paths: Paths, seconds: float | None) -> list[dict[str, Any]]:
    """In the order in which they are called at the end of an epoch."""
    ours = f"{_OURS}.callbacks"
    found: list[dict[str, Any]] = [
        {
            "_target_": "lightning.pytorch.callbacks.LearningRateMonitor",
            "logging_interval": "epoch",
        },
        {"_target_": f"{ours}.TimeLimit", "seconds": seconds},
        {"_target_": f"{ours}.BatchOrder"},
        {"_target_": f"{ours}.Whereabouts", "folder": str(paths.folder)},
    ]
    if isinstance(preset.schedule, Plateau):
        found.append(
            {
                "_target_": f"{ours}.PlateauSchedule",
                "monitor": MONITOR,
                "finished": str(paths.folder / FINISHED),
                **preset.schedule.model_dump(exclude={"kind"}),
            }
        )
    if paths.start is not None:
        found.append({"_target_": f"{ours}.WarmStart", "weights": str(paths.start)})
    if paths.run:
        found.append({"_target_": f"{ours}.RunIdentity", "run": paths.run})
    checkpoint = {
        "_target_": "lightning.pytorch.callbacks.ModelCheckpoint",
        "dirpath": str(paths.folder),
        "save_top_k": 1,
        "every_n_epochs": 1,
        # After validation: before, averaged weights and those of the last step are exchanged.
        "save_on_train_epoch_end": True,
        "enable_version_counter": False,
    }
    return [
        *found,
        {**checkpoint, "filename": "best", "monitor": MONITOR, "mode": "min"},
        # Written last, so that it knows of the best one.
        {**checkpoint, "filename": "last"},
    ]


def _training_module(
    config: TrainingConfig, preset: Preset, statistics: Statistics, steps: int
) -> dict[str, Any]:
    optimizer: dict[str, Any] = {
        "_target_": "torch.optim.AdamW" if preset.weight_decay else "torch.optim.Adam",
        "lr": preset.learning_rate,
        "betas": [0.9, 0.999],
        "eps": 1e-8,
        "weight_decay": preset.weight_decay,
        "amsgrad": False,
    }
    schedule = None
    if isinstance(preset.schedule, Cosine):
        schedule = {
            "scheduler": {
                "_target_": "torch.optim.lr_scheduler.CosineAnnealingLR",
                "T_max": preset.max_epochs * steps,
                "eta_min": 0.0,
            },
            "interval": "step",
            "frequency": 1,
        }
    forces = preset.force_weight > 0
    return {
        "_target_": "nequip.train.EMALightningModule",
        "ema_decay": preset.ema_decay,
        "model": network(config, preset, statistics),
        "loss": _metrics(
            [("energy", "total_energy", _LOSSES[preset.loss], 1.0)]
            + [("forces", "forces", _LOSSES[preset.loss], preset.force_weight)] * forces
        ),
        "train_metrics": _metrics([("energy_mae", "total_energy", _LOSSES["mae"], None)]),
        "val_metrics": _metrics(
            [
                ("energy_mae", "total_energy", _LOSSES["mae"], None),
                ("energy_rmse", "total_energy", "nequip.train.RootMeanSquaredError", None),
            ]
            + [("forces_mae", "forces", _LOSSES["mae"], None)] * forces
        ),
        "test_metrics": None,
        "optimizer": optimizer,
        "lr_scheduler": schedule,
    }


_LOSSES = {"mae": "nequip.train.MeanAbsoluteError", "mse": "nequip.train.MeanSquaredError"}


def _metrics(wanted: Sequence[tuple[str, str, str, float | None]]) -> dict[str, Any]:
    return {
        "_target_": "nequip.train.MetricsManager",
        "metrics": [
            {
                "name": name,
                "field": field,
                "metric": {"_target_": metric},
                "coeff": weight,
                # Forces on a free ligand are not known.
                "ignore_nan": field == "forces",
            }
            for name, field, metric, weight in wanted
        ],
    }
