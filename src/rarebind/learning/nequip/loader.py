"""Batches of graphs: shuffled, of like size where wanted, divided among processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from typing import Any

import torch
from torch.utils.data import DataLoader, Sampler

from rarebind.learning.nequip.dataset import GraphDataset

#: Batches that are sorted together: enough for graphs of like size to find each other, few enough
#: for every epoch to mix them anew.
_SORTED_TOGETHER = 32


class Batches(Sampler[list[int]]):
    """Indices batch by batch; every graph occurs once an epoch.

    With several processes (one a GPU), each takes every so-manieth batch.  In training the first
    batches make up for what is missing to equal numbers, as processes wait for each other at every
    step.  Validation has every graph once, and a batch for every process where there are graphs
    enough.

    Parameters
    ----------
    sizes
        Of the graphs.
    batch_size
        Graphs in a batch; the last one may have less.
    generator
        Decides the order, and nothing else does.
    shuffle
        Whether the order is random.
    like_sized
        Whether a random order is such that graphs of a batch have about the same size.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        batch_size: int,
        generator: torch.Generator,
        *,
        shuffle: bool,
        like_sized: bool,
    ) -> None:
        self._sizes = torch.tensor(sizes)
        self._batch_size = batch_size
        self._generator = generator
        self._shuffle = shuffle
        self._like_sized = like_sized

    def __len__(self) -> int:
        rank, processes = _processes()
        return len(range(rank, self._number(), processes))

    def __iter__(self) -> Iterator[list[int]]:
        rank, processes = _processes()
        batches = self._epoch()
        yield from islice(cycle(batches), rank, self._number(), processes)

    def _number(self) -> int:
        """Batches of all processes, those that make up for missing ones too."""
        processes = _processes()[1]
        batches = math.ceil(len(self._sizes) / self._batch_size)
        if self._shuffle or len(self._sizes) < processes:
            return math.ceil(batches / processes) * processes
        return max(batches, processes)

    def _epoch(self) -> list[list[int]]:
        number, size = len(self._sizes), self._batch_size
        if not self._shuffle:
            parts = max(math.ceil(number / size), min(number, _processes()[1]))
            return [part.tolist() for part in torch.tensor_split(torch.arange(number), parts)]
        order = torch.randperm(number, generator=self._generator)
        if not self._like_sized:
            return [part.tolist() for part in torch.split(order, size)]
        batches = [
            batch.tolist()
            for pool in torch.split(order, size * _SORTED_TOGETHER)
            for batch in torch.split(pool[self._sizes[pool].argsort(stable=True)], size)
        ]
        mixed = torch.randperm(len(batches), generator=self._generator).tolist()
        return [batches[index] for index in mixed]


def bucketed_loader(
    dataset: GraphDataset,
    generator: torch.Generator,
    batch_size: int,
    collate_fn: Callable[[list[Any]], Any],
    *,
    shuffle: bool = True,
    like_sized: bool = True,
) -> DataLoader[Any]:
    """What NequIP's data module calls for a loader.

    A run that is taken up again restores the state of `generator`, and with it the order; see
    :class:`rarebind.learning.nequip.callbacks.BatchOrder`.

    Parameters
    ----------
    dataset, generator, collate_fn
        From NequIP.
    batch_size, shuffle, like_sized
        See :class:`Batches`.
    """
    batches = Batches(dataset.sizes, batch_size, generator, shuffle=shuffle, like_sized=like_sized)
    return DataLoader(
        dataset, batch_sampler=batches, generator=generator, collate_fn=collate_fn, num_workers=0
    )


def _processes() -> tuple[int, int]:
    """Number of this process, and how many there are."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()
