"""A tiny Allegro with random weights, for files and commands: its predictions mean nothing."""

from functools import cache
from pathlib import Path
from shutil import copy

import numpy as np
import torch
from nequip.train import EMALightningModule

from rarebind.datasets import Dataset
from rarebind.datasets.shards import MANIFEST, SHARDS, TABLE
from rarebind.io.files import replace_file
from rarebind.learning import digest, make_split
from rarebind.learning.nequip.inference import build
from rarebind.learning.release.card import Card
from rarebind.learning.release.model_file import ModelFile
from rarebind.learning.release.package import versions
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import Statistics
from rarebind.learning.settings.emit import network as emitted
from rarebind.learning.training import BEST, prepare, read_run

DATA = Path(__file__).parents[1] / "data"
#: 34 complexes of Tm with thio-CAM; 8 of La, Y, Gd and Lu with HOPO and CAM, 1:6.
SMALL = ("complex-0012.extxyz.bz2", "complex-0014.extxyz.bz2")
ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl", "Y", "La", "Nd", "Gd", "Tm", "Lu")
LEVEL = "GFN2-xTB/ALPB(water)"


def published(folder):
    """Two shards of the published dataset."""
    (folder / SHARDS).mkdir(parents=True)
    for name in SMALL:
        copy(DATA / SHARDS / name, folder / SHARDS / name)
    for name in (MANIFEST, TABLE):
        head, *lines = (DATA / name).read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if any(shard in line for shard in SMALL)]
        replace_file(folder / name, "".join([head, *kept]).encode())
    return Dataset(folder)


def network(seed=1, **more):
    """What NequIP's configuration says of the network."""
    return {
        "_target_": "allegro.model.AllegroModel",
        "seed": seed,
        "model_dtype": "float32",
        "type_names": list(ELEMENTS),
        "r_max": 4.0,
        "l_max": 1,
        "num_layers": 1,
        "num_scalar_features": 4,
        "num_tensor_features": 2,
        "allegro_mlp_hidden_layers_width": 4,
        "scalar_embed_mlp_hidden_layers_width": 4,
        "readout_mlp_hidden_layers_width": 4,
        "radial_chemical_embed": {"_target_": "allegro.nn.TwoBodyBesselScalarEmbed"},
        "avg_num_neighbors": 20.0,
        "per_type_energy_scales": 0.1,
        "per_type_energy_shifts": dict.fromkeys(ELEMENTS, -1.0),
        **more,
    }


@cache
def weights(seed):
    """Random ones."""
    state = build(network(seed)).state_dict()
    return {name: value.numpy().copy() for name, value in state.items()}


def small_split(samples, kind="leave-ligand-out", **options):
    return make_split(samples, kind, **options)


def content(samples, seeds=(1, 2), split=None, **entries):
    """A model of `samples` as its file holds it."""
    split = split or small_split(samples)
    card = {
        "name": "tiny",
        "target": "binding",
        "level": LEVEL,
        "base": None,
        "r_max": 4.0,
        "centres": None,
        "elements": {
            name: sum(name in s.structure.symbols for s in split.of(samples, "train"))
            for name in ELEMENTS
        },
        "data_hash": digest(samples),
        "split_hash": split.digest,
        "seeds": seeds,
        "configuration": {"preset": "tiny, untrained"},
        "metrics": tuple({"epoch": 0.0} for _ in seeds),
        "versions": versions(),
        "runs": tuple(f"run-{seed}" for seed in seeds),
    }
    members = tuple(weights(seed) for seed in seeds)
    return ModelFile(Card(**card | entries), network(), split, members)


def run_folder(folder, dataset, seed=1, split=None, **overrides):
    """What a training leaves; of the network, NequIP's own module before the first step."""
    small = dict.fromkeys(("embed_mlp_width", "latent_mlp_width", "num_scalar_features"), 4)
    config = TrainingConfig(
        data=dataset.folder,
        target="binding",
        level="gfn2-xtb",
        preset="study-2",
        seed=seed,
        split={"kind": "leave-ligand-out"} | (split or {}),
        overrides={"r_max": 4.0, "l_max": 1, **small, **overrides},
    )
    folder.mkdir()
    prepare(config, folder)
    described = emitted(config, Statistics(**read_run(folder)["statistics"]))
    build(described)  # sets NequIP up
    module = EMALightningModule(
        ema_decay=0.9,
        model=described,
        num_datasets={"train": 1, "val": 1, "test": 0, "predict": 0},
        val_metrics=None,
        loss=None,
    )
    with torch.no_grad():
        # A step of training: the averages lag behind.
        for parameter in module.model.parameters():
            parameter.add_(1.0)
    module.ema.update_parameters(module.model)
    score = {"monitor": "val0_epoch/total_energy_mae", "best_model_score": torch.tensor(0.25)}
    checkpoint = {
        "state_dict": module.state_dict(),
        "hyper_parameters": dict(module.hparams),
        "epoch": 3,
        "callbacks": {"ModelCheckpoint": score},
    }
    torch.save(checkpoint, folder / BEST)
    return module


def averaged(module):
    """The averaged weights, as NequIP itself puts them into the network."""
    state = module.evaluation_model["sole_model"].state_dict()
    return {name: np.array(value) for name, value in state.items()}
