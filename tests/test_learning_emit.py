"""What NequIP is told: every configuration builds and does a step."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from learning_data import TINY, config_of, series_dataset

pytest.importorskip("nequip")
import torch
from hydra.utils import get_class, instantiate
from lightning.pytorch.callbacks import ModelCheckpoint
from nequip.train import SimpleDDPStrategy
from nequip.utils.global_state import set_global_state

from rarebind.learning import load_samples, target_named
from rarebind.learning.data.fragments import free_ligands
from rarebind.learning.nequip.callbacks import (
    Resumption,
    WarmStart,
)
from rarebind.learning.nequip.graphs import graph_of
from rarebind.learning.nequip.loader import GraphDataset, write_graphs
from rarebind.learning.settings.config import load_training_config
from rarebind.learning.settings.emit import GRAPHS, MONITOR, Statistics, nequip_config
from rarebind.learning.settings.presets import presets
from rarebind.learning.training.statistics import energy_statistics

#: Sizes of the presets themselves, but a short reach, which is what costs time.
SMALL = {"r_max": 2.5, "batch_size": 2}
CASES = {
    **{name: (name, SMALL) for name in presets()},
    "forces": ("best", TINY | {"force_weight": 0.5, "weight_decay": 0.01, "gradient_clip": 1.0}),
    "charges": (
        "best",
        TINY
        | {"signs": False, "metal_descriptors": False, "loss": "mse", "atom_descriptor": "charges"},
    ),
    "constant": ("study-2", TINY | {"schedule": {"kind": "constant"}}),
}


#: Files as they are, but for their data.
FILES = sorted((Path(__file__).parents[1] / "configs" / "train").rglob("*.yaml"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return series_dataset(tmp_path_factory.mktemp("emit"))


def case_of(dataset, name):
    """The configuration of a case."""
    preset, overrides = CASES[name]
    config = config_of(dataset, preset=preset)
    return config.model_copy(update={"overrides": overrides})


def emitted(dataset, config, folder, run=""):
    """The configuration as NequIP reads it, and its graphs on the disk."""
    resolved = config.resolved
    samples = load_samples(dataset, target_named(config.target), config.level, config.base)
    ligands = free_ligands(dataset, config.level, {s.inchikey for s in samples})
    elements = {symbol for sample in samples for symbol in sample.structure.symbols}
    shifts, scale = energy_statistics(samples, resolved, elements=elements)
    (folder / GRAPHS).mkdir(exist_ok=True)
    for part in ("train", "val"):
        write_graphs(
            folder / GRAPHS / f"{part}.pt",
            [
                graph_of(
                    sample, tuple(shifts), resolved.r_max, ligands[sample.inchikey],
                    centres=resolved.centres, signs=resolved.signs,
                    described=resolved.atom_descriptor is not None,
                    forces=resolved.force_weight > 0,
                )
                for sample in samples
            ],
        )  # fmt: skip
    scales = {"O": (-0.5, 0.1)} if resolved.atom_descriptor else None
    statistics = Statistics(shifts, scale, 10.0, scales, len(samples))
    content = nequip_config(config, statistics, folder, run=run, seconds=60.0)
    assert json.loads(json.dumps(content)) == content
    return yaml.safe_load(yaml.safe_dump(content))


def built(content):
    """What is trained, and what trains it."""
    set_global_state()
    module = instantiate(
        content["training_module"],
        _recursive_=False,
        _convert_="all",
        num_datasets={"train": 1, "val": 1, "test": 0, "predict": 0},
        info_dict={},
    )
    return module, instantiate(content["trainer"], inference_mode=False)


def check_step(content, config):
    """The configuration builds; a step changes weights, and its error is a number."""
    module, trainer = built(content)
    assert trainer.max_epochs == config.resolved.max_epochs
    data = get_class(content["data"]["_target_"])(
        **{name: value for name, value in content["data"].items() if name != "_target_"}
    )
    data.setup("fit")
    batch = next(iter(data.train_dataloader()))
    optimizers = module.configure_optimizers()
    optimizer = optimizers["optimizer"] if isinstance(optimizers, dict) else optimizers
    before = [parameter.detach().clone() for parameter in module.parameters()]
    output = module(batch)
    loss = module.loss(output, batch, prefix="")["weighted_sum"]
    assert torch.isfinite(loss)
    loss.backward()
    optimizer.step()
    assert any(
        not torch.equal(old, new) for old, new in zip(before, module.parameters(), strict=True)
    )
    found = module.val_metrics[0](output, batch, prefix="val0_epoch/")
    assert torch.isfinite(found[MONITOR])


@pytest.mark.parametrize("case", CASES)
def test_every_configuration_builds_and_does_a_step(case, dataset, tmp_path):
    config = case_of(dataset, case)
    check_step(emitted(dataset, config, tmp_path), config)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_builds_and_does_a_step(path, dataset, tmp_path):
    config = load_training_config(path).model_copy(
        update={"data": dataset.folder, "accelerator": "cpu"}
    )
    check_step(emitted(dataset, config, tmp_path), config)


def test_the_series_has_centres(dataset, tmp_path):
    """Without them, the same graphs have more edges."""
    fields = {"target": "series", "overrides": {"atom_descriptor": None}}
    near, far = (
        config_of(dataset, **fields | {"overrides": fields["overrides"] | {"centres": centres}})
        for centres in (3.2, None)
    )
    check_step(emitted(dataset, near, tmp_path), near)
    few = GraphDataset(tmp_path / GRAPHS / "train.pt")
    few = [few[i]["edge_index"].shape[1] for i in range(len(few))]
    check_step(emitted(dataset, far, tmp_path), far)
    many = GraphDataset(tmp_path / GRAPHS / "train.pt")
    many = [many[i]["edge_index"].shape[1] for i in range(len(many))]
    assert len(few) == len(many) == 2
    assert all(a < b for a, b in zip(few, many, strict=True))


def test_several_devices_share_an_epoch(dataset, tmp_path):
    """As many processes, and schedules of half the steps."""
    cases = [case_of(dataset, "best").model_copy(update={"devices": n}) for n in (1, 2)]
    alone, shared = (emitted(dataset, config, tmp_path) for config in cases)
    steps = [
        content["training_module"]["lr_scheduler"]["scheduler"]["T_max"]
        for content in (alone, shared)
    ]
    assert steps[0] == 2 * steps[1]
    trainer = instantiate(shared["trainer"], inference_mode=False)
    assert isinstance(trainer.strategy, SimpleDDPStrategy)
    assert trainer.world_size == 2
    assert alone["trainer"]["strategy"] == "auto"


def test_training_starts_from_given_weights(dataset, tmp_path):
    config = case_of(dataset, "constant")
    (tmp_path / "start.pt").touch()
    content = emitted(dataset, config, tmp_path)
    module, trainer = built(content)
    network = module.model["sole_model"]
    given = {name: value.detach() + 1 for name, value in network.named_parameters()}
    torch.save(given, tmp_path / "start.pt")
    (start,) = [found for found in trainer.callbacks if isinstance(found, WarmStart)]
    start.setup(trainer, module, "fit")
    for name, parameter in network.named_parameters():
        assert torch.equal(parameter, given[name])
    averages = zip(module.ema.ema_weights, module.model.parameters(), strict=True)
    assert all(torch.equal(average, parameter) for average, parameter in averages)


def test_batches_go_on_in_the_order_that_they_had(dataset, tmp_path):
    content = emitted(dataset, case_of(dataset, "constant"), tmp_path)["data"]
    content["train_dataloader"]["batch_size"] = 1

    def data():
        made = instantiate(content, _recursive_=False)
        made.setup("fit")
        return made, made.train_dataloader()

    def order(loader):
        return [float(batch["total_energy"]) for batch in loader]

    first, loader = data()
    before = order(loader)
    state = first.state_dict()
    after = order(loader)
    assert before != after
    second, loader = data()
    second.load_state_dict(state)
    Resumption(str(tmp_path)).on_load_checkpoint(SimpleNamespace(datamodule=second), None, {})
    assert order(loader) == after


def test_checkpoints_are_told_by_the_run(dataset, tmp_path):
    content = emitted(dataset, case_of(dataset, "constant"), tmp_path, run="a1b2")
    _, trainer = built(content)
    states = {found.state_key: found.state_dict() for found in trainer.callbacks}
    assert Resumption.run_of({"callbacks": states}) == "a1b2"
    assert Resumption.run_of({}) is None


def test_the_best_checkpoint_is_known_in_another_folder(dataset, tmp_path):
    def checkpoints(folder):
        folder.mkdir()
        _, trainer = built(emitted(dataset, case_of(dataset, "constant"), folder))
        return trainer, [c for c in trainer.callbacks if isinstance(c, ModelCheckpoint)]

    _, (best, last) = checkpoints(tmp_path / "old")
    best.best_model_score, best.current_score = torch.tensor(0.5), torch.tensor(0.7)
    best.best_model_path = best.kth_best_model_path = str(tmp_path / "old" / "best.ckpt")
    best.best_k_models = {best.best_model_path: best.best_model_score}
    states = {found.state_key: found.state_dict() for found in (best, last)}
    trainer, (again, _) = checkpoints(tmp_path / "new")
    (resumption,) = [found for found in trainer.callbacks if isinstance(found, Resumption)]
    generator = SimpleNamespace(set_state=lambda _: None)
    order = torch.zeros(1)
    trainer.datamodule = SimpleNamespace(
        train_generator=generator, generator=generator,
        train_generator_state=order, generator_state=order,
    )  # fmt: skip
    resumption.on_load_checkpoint(trainer, None, {"callbacks": states})
    again.load_state_dict(states[again.state_key])
    here = str(tmp_path / "new" / "best.ckpt")
    assert again.best_model_path == again.kth_best_model_path == here
    assert again.best_k_models == {here: torch.tensor(0.5)}
    assert again.best_model_score == 0.5


def test_the_studys_network_is_nequips_own(dataset, tmp_path):
    study, best = (
        emitted(dataset, case_of(dataset, name), tmp_path) for name in ("study-2", "best")
    )
    study, best = study["training_module"], best["training_module"]
    assert study["model"]["_target_"] == "allegro.model.AllegroModel"
    assert study["ema_decay"] == 0.99
    assert study["lr_scheduler"] is None
    assert study["loss"]["metrics"][0]["metric"]["_target_"].endswith("MeanAbsoluteError")
    assert best["model"]["_target_"].endswith("RareEarthAllegro")
    # Two steps an epoch, for all epochs.
    assert best["lr_scheduler"]["scheduler"]["T_max"] == 2 * presets()["best"].max_epochs


def test_a_run_goes_on_from_its_checkpoint(dataset, tmp_path):
    config = case_of(dataset, "best")
    assert "ckpt_path" not in emitted(dataset, config, tmp_path)
    (tmp_path / "last.ckpt").touch()
    assert emitted(dataset, config, tmp_path)["ckpt_path"] == str(tmp_path / "last.ckpt")
