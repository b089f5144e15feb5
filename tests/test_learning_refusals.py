"""What training, packaging and evaluation refuse: exit status 2, and every fault is named."""

from shutil import copy, copytree

import pytest
import yaml
from small_dataset import GFN1_WATER, labelled_records, small_records

pytest.importorskip("nequip")
import torch
from tiny_model import LEVEL, content, published, run_folder

from rarebind.cli import main
from rarebind.datasets import append
from rarebind.learning import load_samples, target_named
from rarebind.learning.release.model_file import write_model
from rarebind.learning.training import read_run
from rarebind.learning.training.folder import run_hash


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return published(tmp_path_factory.mktemp("published") / "data")


@pytest.fixture(scope="module")
def runs(dataset, tmp_path_factory):
    """Folders of two trainings that differ in their seed; their checkpoints say whose they are."""
    folder = tmp_path_factory.mktemp("runs")
    for seed in (1, 2):
        run = folder / f"seed-{seed}"
        run_folder(run, dataset, seed)
        checkpoint = torch.load(run / "best.ckpt", weights_only=False)
        checkpoint["callbacks"]["RunIdentity"] = {"run": run_hash(read_run(run))}
        torch.save(checkpoint, run / "best.ckpt")
    return folder


@pytest.fixture
def here(runs, tmp_path, monkeypatch):
    """A working folder with both trainings."""
    copytree(runs, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def training(folder, dataset, **fields):
    """A configuration as a file."""
    plain = {"data": str(dataset.folder), "target": "binding", "level": "gfn2-xtb", "seed": 1}
    path = folder / "training.yaml"
    path.write_text(yaml.safe_dump(plain | fields), encoding="utf-8")
    return path


def model(folder, dataset, **entries):
    samples = load_samples(dataset, target_named("binding"), LEVEL)
    described = content(samples)
    elements = dict(described.card.elements) | entries
    write_model(content(samples, elements=elements), folder / "tiny.rarebind")
    return folder / "tiny.rarebind"


def mixed_levels(here, dataset):
    path = here / "seed-2" / "config.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("level: gfn2-xtb", f"level: {GFN1_WATER}"), encoding="utf-8")
    return ["package", "seed-1", "seed-2", "--out", "both.rarebind"]


def level_and_base_alike(here, dataset):
    return ["train", training(here, dataset, target="delta-binding", base=LEVEL)]


def missing_partner(here, dataset):
    """Of one complex there is no energy at the base level."""
    *others, last = labelled_records()
    assert last.kind == "complex"
    append([*small_records(), *others], here / "two")
    fields = {"data": str(here / "two"), "target": "delta-binding", "base": str(GFN1_WATER)}
    return ["train", training(here, dataset, **fields)]


def unseen_element(here, dataset):
    return ["evaluate", model(here, dataset, Tm=0), dataset.folder, "--part", "train"]


def another_configuration(here, dataset):
    return ["train", "seed-2/config.yaml", "--out", "seed-1"]


def weights_of_another_network(here, dataset):
    return ["train", training(here, dataset, start_from="seed-1", preset="study-4")]


def empty_part(here, dataset):
    return ["evaluate", model(here, dataset), dataset.folder, "--part", "external"]


def too_small_a_split(here, dataset):
    split = {"kind": "leave-scaffold-out", "held_out": ["thio-CAM"]}
    return ["train", training(here, dataset, split=split)]


def damaged_model(here, dataset):
    path = model(here, dataset)
    path.write_bytes(path.read_bytes()[:-2000])
    return ["evaluate", path, dataset.folder]


def foreign_checkpoint(here, dataset):
    copy("seed-2/best.ckpt", "seed-1/best.ckpt")
    return ["train", "seed-1/config.yaml", "--out", "seed-1"]


def damaged_checkpoint(here, dataset):
    (here / "seed-1" / "last.ckpt").write_bytes(b"half a")
    return ["train", "seed-1/config.yaml", "--out", "seed-1"]


@pytest.mark.parametrize(
    ("prepared", "messages"),
    [
        (mixed_levels, ["seed-2 and seed-1 differ in level", "in their seed alone"]),
        (level_and_base_alike, [f"the level and its base are both {LEVEL}", "another base"]),
        (
            missing_partner,
            ["1 of 3 complexes at GFN2-xTB", f"no binding energies at {GFN1_WATER}",
             "rarebind label"],
        ),
        (unseen_element, ["tiny has not seen Tm", "it knows "]),
        (
            another_configuration,
            ["seed-1 was begun with another configuration", "seed is 1 there and 2 now",
             "another folder"],
        ),
        (weights_of_another_network, ["the network of seed-1 differs in", "the same preset"]),
        (empty_part, ["the external part of this split is empty"]),
        (too_small_a_split, ["too few for a leave-scaffold-out split", "give more complexes"]),
        (damaged_model, ["tiny.rarebind", "is damaged"]),
        (
            foreign_checkpoint,
            ["seed-1/best.ckpt was made by another run", "put back the run's own file"],
        ),
        (
            damaged_checkpoint,
            ["seed-1/last.ckpt is no checkpoint", "is damaged", "put back the run's own file"],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)  # fmt: skip
def test_exit_status_2_and_what_to_do(prepared, messages, here, dataset, capsys):
    arguments = prepared(here, dataset)
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    error = capsys.readouterr().err
    assert ended.value.code == 2, error
    assert "error: " in error
    for message in messages:
        assert message in error
