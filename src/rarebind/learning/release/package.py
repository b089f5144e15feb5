"""From the folders of finished trainings to a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.datasets import Dataset
from rarebind.errors import InputError
from rarebind.learning.data.hydration import hydration_energies
from rarebind.learning.data.split import load_split
from rarebind.learning.nequip import need_nequip
from rarebind.learning.release.card import Card
from rarebind.learning.release.model import Model, load_model
from rarebind.learning.release.model_file import SUFFIX, ModelFile, write_model
from rarebind.learning.training import (
    BEST,
    CONFIG,
    GRAPHS,
    RUN,
    SPLIT,
    check_checkpoint,
    read_run,
)

if TYPE_CHECKING:
    from rarebind.learning.data.split import Split
    from rarebind.learning.settings.config import TrainingConfig

#: Packages whose versions a model's card names.
_PACKAGES = {
    "rarebind": "rarebind",
    "torch": "torch",
    "nequip": "nequip",
    "allegro": "nequip-allegro",
    "e3nn": "e3nn",
}
#: What the configurations of folds may differ in.  Of data and level, what was found there counts.
_OF_FOLDS = {"seed", "split.seed", "split.fractions", "split.fold", "data", "level"}
_OF_CARDS = ("data_hash", "level")


def package(folders: Sequence[Path | str], path: Path | str) -> str:
    """Make a model file of one training, or of an ensemble of them.

    Parameters
    ----------
    folders
        Of the trainings; they differ in their seed alone.
    path
        Of the file, which ends in ``.rarebind``; the model is called like it.

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    InputError
        As :func:`content_of` raises it, or the file cannot be written.
    """
    return write_model(content_of(folders, Path(path).stem), path)


def content_of(folders: Sequence[Path | str], name: str) -> ModelFile:
    """What is to be known of the model that trainings have made.

    The weights are those of each training's best checkpoint, averaged over its last steps.

    Parameters
    ----------
    name
        Of the model.

    Raises
    ------
    InputError
        A folder is none of a training, has no checkpoint yet or that of another run, or the
        trainings differ in more than their seed.
    """
    need_nequip()
    from rarebind.learning.nequip.checkpoint import read_checkpoint
    from rarebind.learning.settings.config import load_training_config

    paths = [Path(folder) for folder in folders]
    if not paths:
        raise InputError("a model is made of at least one training")
    problems = [problem for folder in paths for problem in _missing(folder)]
    if problems:
        raise InputError(problems)
    configs = [load_training_config(folder / CONFIG) for folder in paths]
    split = load_split(paths[0] / SPLIT)
    _check_alike(paths, configs, split)
    for folder in paths:
        check_checkpoint(folder, BEST)
    checkpoints = [read_checkpoint(folder / BEST) for folder in paths]
    networks = [dict(found.network) for found in checkpoints]
    for folder, network in zip(paths, networks, strict=True):
        if _without_seed(network) != _without_seed(networks[0]):
            raise InputError(f"{folder} and {paths[0]} have different networks: no ensemble")
    run = read_run(paths[0])
    elements = _elements(paths[0] / GRAPHS / "train.pt", networks[0]["type_names"])
    card = Card(
        name=name,
        target=configs[0].target,
        level=run["level"],
        base=configs[0].base,
        r_max=float(networks[0]["r_max"]),
        centres=configs[0].resolved.centres,
        elements=elements,
        data_hash=run["data_hash"],
        split_hash=split.digest,
        seeds=tuple(config.seed for config in configs),
        configuration=configs[0].model_dump(mode="json"),
        metrics=tuple(dict(found.metrics) for found in checkpoints),
        versions=versions(),
        runs=tuple(folder.resolve().name for folder in paths),
    )
    return ModelFile(card, networks[0], split, tuple(found.weights for found in checkpoints))


def with_hydration(folders: Sequence[Path | str], name: str) -> tuple[ModelFile, TrainingConfig]:
    """:func:`content_of` with the hydration energies of the dataset, and what the model is of.

    Raises
    ------
    InputError
        As :func:`content_of` raises it, or the dataset of the training cannot be read.
    """
    from rarebind.learning.settings.config import load_training_config

    content = content_of(folders, name)
    config = load_training_config(Path(folders[0]) / CONFIG)
    energies = hydration_energies(Dataset(config.data), content.card.level)
    return replace(content, hydration=energies), config


def folds_of(content: ModelFile, run: Path | str, folders: Sequence[Path | str]) -> list[ModelFile]:
    """Models of the folds that another one is calibrated with.

    Parameters
    ----------
    content
        The model to be calibrated, of one training.
    run
        Folder of that training.
    folders
        Of trainings with the same configuration on other parts of the same data: fractions, seeds
        and fold of their splits may differ, and their own seeds.  The model's may be among them.

    Returns
    -------
    list
        One of each folder, called like it.

    Raises
    ------
    InputError
        As :func:`content_of` raises it for one folder; the model is an ensemble, a folder is given
        twice, or trainings differ in anything else: what is said for every folder.
    """
    from rarebind.learning.settings.config import load_training_config

    if len(content.members) > 1:
        raise InputError(
            f"model {content.card.name} has {len(content.members)} members, and each fold is a "
            "single training: their errors are not those of an ensemble; package one training, or "
            "leave --folds out"
        )
    paths = [Path(folder) for folder in folders]
    repeated = {str(p) for p in paths if [q.resolve() for q in paths].count(p.resolve()) > 1}
    if repeated:
        raise InputError(f"the same fold is given twice: {', '.join(sorted(repeated))}")
    found = [content_of([folder], folder.resolve().name) for folder in paths]
    first = load_training_config(Path(run) / CONFIG).identity()
    problems = []
    for folder, fold in zip(paths, found, strict=True):
        other = load_training_config(folder / CONFIG).identity()
        wrong = [key for key in _different(first, other) if key not in _OF_FOLDS]
        wrong += [
            what for what in _OF_CARDS if getattr(fold.card, what) != getattr(content.card, what)
        ]
        if wrong:
            problems.append(
                f"{folder} and {run} differ in {', '.join(wrong)}: folds are of one configuration "
                "and one dataset, and differ in fractions, seed and fold of the split and in their "
                "own seed alone"
            )
    if problems:
        raise InputError(problems)
    return found


def open_model(name: Path | str) -> Model:
    """Open a model file, or the model that a training has made.

    Raises
    ------
    InputError
        There is neither.
    """
    path = Path(name)
    if path.is_dir():
        return Model(content_of([path], path.resolve().name))
    if not path.exists():
        raise InputError(
            f"there is no model {name}: give a file NAME{SUFFIX}, the folder of a training, or "
            "baseline:NAME"
        )
    return load_model(path)


def versions() -> dict[str, str]:
    """Of the packages that a model depends on, as far as they are installed."""
    found = {}
    for name, distribution in _PACKAGES.items():
        try:
            found[name] = version(distribution)
        except PackageNotFoundError:
            continue
    return found


def _missing(folder: Path) -> list[str]:
    if not folder.is_dir():
        return [f"{folder} is no folder of a training"]
    if lacking := [name for name in (CONFIG, SPLIT, RUN) if not (folder / name).is_file()]:
        return [f"{folder} is no folder of a training: it lacks {', '.join(lacking)}"]
    if not (folder / BEST).is_file():
        return [f"{folder} has no checkpoint yet: go on with its training, `rarebind train`"]
    return []


def _elements(path: Path, type_names: Sequence[str]) -> dict[str, int]:
    """How many of the geometries that were learned from hold each element."""
    import torch
    from nequip.data import AtomicDataDict

    from rarebind.learning.nequip.loader import GraphDataset

    graphs = GraphDataset(path)
    types = graphs.field(AtomicDataDict.ATOM_TYPE_KEY).view(-1).long()
    owners = torch.repeat_interleave(torch.arange(len(graphs)), graphs.atoms)
    present = torch.zeros(len(graphs), len(type_names), dtype=torch.bool)
    present[owners, types] = True
    return dict(zip(type_names, present.sum(dim=0).tolist(), strict=True))


def _check_alike(folders: Sequence[Path], configs: Sequence[TrainingConfig], split: Split) -> None:
    first = configs[0].identity()
    for folder, config in zip(folders[1:], configs[1:], strict=True):
        if wrong := [key for key in _different(first, config.identity()) if key != "seed"]:
            raise InputError(
                f"{folder} and {folders[0]} differ in {', '.join(wrong)}: members of an ensemble "
                "differ in their seed alone"
            )
        if load_split(folder / SPLIT).digest != split.digest:
            raise InputError(f"{folder} and {folders[0]} have different splits: no ensemble")


def _different(first: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Keys of two configurations that say something else."""
    return sorted(k for k in first.keys() | other.keys() if first.get(k) != other.get(k))


def _without_seed(network: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in network.items() if name != "seed"}
