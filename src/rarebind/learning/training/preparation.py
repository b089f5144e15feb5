"""All that NequIP needs of a run, made once from the dataset."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.datasets import Dataset, find_level
from rarebind.errors import InputError
from rarebind.io.files import replace_file
from rarebind.learning.data.fragments import FreeLigand, free_ligands
from rarebind.learning.data.samples import Sample, digest, load_samples
from rarebind.learning.data.split import Split, save_split
from rarebind.learning.data.targets import target_named
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import GRAPHS, Statistics
from rarebind.learning.settings.presets import Preset
from rarebind.learning.training.folder import (
    CONFIG,
    RUN,
    SCHEMA_VERSION,
    SPLIT,
    as_yaml,
)
from rarebind.learning.training.start import copy_start, in_order, inherit
from rarebind.learning.training.statistics import energy_statistics, graph_statistics

if TYPE_CHECKING:
    from rarebind.learning.nequip.graphs import Graph


@dataclass(frozen=True, eq=False)
class Material:
    """What a run learns from.

    Attributes
    ----------
    samples
        All that the split has a part for, with geometries on the way where the configuration wants
        these.
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


def load_material(config: TrainingConfig) -> Material:
    """Read samples and divide them.

    Raises
    ------
    InputError
        The target is unknown, the dataset lacks samples of it, or the split is not possible with
        them.
    """
    dataset = Dataset(config.data)
    samples = load_samples(
        dataset, target_named(config.target), config.level, config.base, frames=config.frames
    )
    level = find_level(dataset.rows(), config.level)
    split = config.split.of(samples)
    return Material(split.known(samples), split, level)


def prepare(
    config: TrainingConfig, folder: Path, on_stage: Callable[[str], None] = lambda _: None
) -> None:
    """Write all that NequIP needs to `folder`, and ``run.json`` when that is done.

    Parameters
    ----------
    config
        What to train.
    folder
        Of the run; it exists.
    on_stage
        Told what is being prepared.

    Raises
    ------
    InputError
        The dataset lacks something that the configuration asks for, or the network to start from
        is missing or another one.
    """
    from rarebind.learning.nequip.loader import write_graphs

    preset = config.resolved
    replace_file(folder / CONFIG, as_yaml(config.model_dump(mode="json")))
    on_stage(f"reading {config.data}")
    material = load_material(config)
    save_split(material.split, folder / SPLIT)
    parts = {"train": material.train, "val": material.val}
    if preset.force_weight > 0:
        _check_forces(parts["train"])
    free = _free(config, material, on_stage)
    start = copy_start(config, folder, material.split, material.samples)
    elements = {symbol for sample in material.samples for symbol in sample.structure.symbols}
    shifts, scale = energy_statistics(parts["train"], preset, elements=elements)
    if start is not None:
        shifts = in_order(shifts, start["type_names"])
    names = tuple(shifts)
    (folder / GRAPHS).mkdir(exist_ok=True)
    neighbours, descriptor_scales = 0.0, None
    for part, samples in parts.items():
        on_stage(f"neighbour lists: {len(samples)} geometries, {part}")
        graphs = list(_graphs(samples, names, preset, free))
        write_graphs(folder / GRAPHS / f"{part}.pt", graphs)
        if part == "train":
            neighbours, descriptor_scales = graph_statistics(graphs, names)
    statistics = Statistics(shifts, scale, neighbours, descriptor_scales, len(parts["train"]))
    if start is not None:
        statistics = inherit(statistics, start)
    content = {
        "schema": SCHEMA_VERSION,
        "identity": config.identity(),
        "data_hash": digest(material.samples),
        "split_hash": material.split.digest,
        "level": material.level,
        "complexes": material.split.counts,
        "graphs": {part: len(samples) for part, samples in parts.items()},
        "statistics": asdict(statistics),
    }
    replace_file(folder / RUN, json.dumps(content, indent=1) + "\n")


def _check_forces(samples: Sequence[Sample]) -> None:
    if lacking := sum(sample.forces is None for sample in samples):
        raise InputError(
            f"{lacking} of {len(samples)} geometries have no forces to learn from: set "
            "`overrides: {force_weight: 0}`"
        )


def _free(
    config: TrainingConfig, material: Material, on_stage: Callable[[str], None]
) -> dict[str, FreeLigand]:
    """Free ligands by InChIKey; none where the network needs none."""
    preset = config.resolved
    if not (preset.signs or preset.atom_descriptor):
        return {}
    on_stage("free ligands")
    wanted = {sample.inchikey for sample in material.samples}
    return free_ligands(Dataset(config.data), config.level, wanted, preset.atom_descriptor)


def _graphs(
    samples: Sequence[Sample], names: Sequence[str], preset: Preset, free: Mapping[str, FreeLigand]
) -> Iterator[Graph]:
    from rarebind.learning.nequip.graphs import graph_of

    for sample in samples:
        yield graph_of(
            sample,
            names,
            preset.r_max,
            free.get(sample.inchikey),
            centres=preset.centres,
            signs=preset.signs,
            described=preset.atom_descriptor is not None,
            forces=preset.force_weight > 0,
        )
