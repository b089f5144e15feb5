"""What NequIP is told: every configuration builds and does a step."""

import json

import pytest
import yaml
from learning_data import LEVEL, TINY, binding_samples, config_of, write_dataset

pytest.importorskip("nequip")
import torch

from rarebind.learning import species_shifts
from rarebind.learning.fragments import free_ligands
from rarebind.learning.nequip.emit import MONITOR, Paths, Statistics, nequip_config
from rarebind.learning.nequip.graphs import graph_of, write_graphs
from rarebind.learning.presets import presets

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


@pytest.fixture(scope="module")
def material(tmp_path_factory):
    dataset = write_dataset(tmp_path_factory.mktemp("emit"), 4)
    samples = binding_samples(dataset)
    ligands = free_ligands(dataset, LEVEL, {s.inchikey for s in samples})
    return dataset, samples, ligands


def emitted(material, case, folder, **paths):
    """The configuration of a case, and its graphs on the disk."""
    dataset, samples, ligands = material
    preset, overrides = CASES[case]
    config = config_of(dataset, preset=preset).model_copy(update={"overrides": overrides})
    resolved = config.resolved
    names = tuple(species_shifts(samples)[0])
    for part in ("train", "val"):
        write_graphs(
            folder / f"{part}.pt",
            [
                graph_of(
                    sample, names, resolved.r_max, ligands[sample.inchikey],
                    signs=resolved.signs, described=resolved.atom_descriptor is not None,
                    forces=resolved.force_weight > 0,
                )
                for sample in samples
            ],
        )  # fmt: skip
    scales = {"O": (-0.5, 0.1)} if resolved.atom_descriptor else None
    shifts, scale = species_shifts(samples)
    statistics = Statistics(shifts, scale, 10.0, scales, len(samples))
    where = Paths(folder, folder / "train.pt", folder / "val.pt", folder / "logs", **paths)
    return nequip_config(config, resolved, statistics, where, 60.0)


@pytest.mark.parametrize("case", CASES)
def test_every_configuration_builds_and_does_a_step(case, material, tmp_path):
    from hydra.utils import get_class, instantiate
    from nequip.utils.global_state import set_global_state

    set_global_state()
    content = emitted(material, case, tmp_path)
    # As NequIP reads it.
    content = yaml.safe_load(yaml.safe_dump(content))
    assert json.loads(json.dumps(content)) == content
    module = instantiate(
        content["training_module"],
        _recursive_=False,
        _convert_="all",
        num_datasets={"train": 1, "val": 1, "test": 0, "predict": 0},
        info_dict={},
    )
    trainer = instantiate(content["trainer"], inference_mode=False)
    assert (
        trainer.max_epochs == presets()[CASES[case][0]].max_epochs or "max_epochs" in CASES[case][1]
    )
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


def test_the_studys_network_is_nequips_own(material, tmp_path):
    study, best = (emitted(material, name, tmp_path) for name in ("study-2", "best"))
    study, best = study["training_module"], best["training_module"]
    assert study["model"]["_target_"] == "allegro.model.AllegroModel"
    assert study["ema_decay"] == 0.99
    assert study["lr_scheduler"] is None
    assert study["loss"]["metrics"][0]["metric"]["_target_"].endswith("MeanAbsoluteError")
    assert best["model"]["_target_"].endswith("RareEarthAllegro")
    # Two steps an epoch, for all epochs.
    assert best["lr_scheduler"]["scheduler"]["T_max"] == 2 * presets()["best"].max_epochs


def test_a_run_goes_on_from_its_checkpoint(material, tmp_path):
    content = emitted(material, "best", tmp_path, checkpoint=tmp_path / "last.ckpt")
    assert content["ckpt_path"] == str(tmp_path / "last.ckpt")
    assert "ckpt_path" not in emitted(material, "best", tmp_path)
