"""What a run learns from: samples, and which of them are for what."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.datasets import Dataset, find_level
from rarebind.learning.data.samples import Sample, load_samples
from rarebind.learning.data.split import Split
from rarebind.learning.data.targets import target_named
from rarebind.learning.settings.config import TrainingConfig


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
