"""Graphs in one file, and batches of them.

Neighbour lists are computed once and kept, so that no epoch computes them again.  Batches are
shuffled, of like size where wanted, and divided among processes.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nequip.data import AtomicDataDict
from nequip.data.dataset import AtomicDataset
from torch.utils.data import DataLoader, Sampler

from rarebind.errors import InputError
from rarebind.io.files import replace_file
from rarebind.learning.nequip.graphs import Graph

#: Version of the file.
SCHEMA_VERSION = 1
#: Types of the numbers in a file, by what NequIP calls them.
_PACKED = {AtomicDataDict.EDGE_INDEX_KEY: torch.int16, AtomicDataDict.ATOM_TYPE_KEY: torch.int16}
_LARGEST = torch.iinfo(torch.int16).max
#: Batches that are sorted together: enough for graphs of like size to find each other, few enough
#: for every epoch to mix them anew.
_SORTED_TOGETHER = 32


def write_graphs(path: Path | str, graphs: Iterable[Graph]) -> None:
    """Write graphs to one file, whole or not at all.

    Raises
    ------
    InputError
        There are none, they have different fields, one has too many atoms, or the file cannot be
        written.
    """
    path, graphs = Path(path), list(graphs)
    if not graphs:
        raise InputError(f"{path}: there are no graphs to write")
    if len({frozenset(graph) for graph in graphs}) > 1:
        raise InputError(f"{path}: all graphs of a file have the same fields")
    atoms = torch.cat([graph[AtomicDataDict.NUM_NODES_KEY] for graph in graphs])
    if int(atoms.max()) > _LARGEST:
        raise InputError(f"{path}: a graph has more than {_LARGEST} atoms")
    edges = torch.tensor([graph[AtomicDataDict.EDGE_INDEX_KEY].shape[1] for graph in graphs])
    fields = {
        name: torch.cat([graph[name] for graph in graphs], dim=_axis(name)).to(
            _PACKED.get(name, graphs[0][name].dtype)
        )
        for name in graphs[0]
    }
    content = io.BytesIO()
    torch.save(
        {"schema": SCHEMA_VERSION, "atoms": atoms, "edges": edges, "fields": fields}, content
    )
    replace_file(path, content.getvalue())


class GraphDataset(AtomicDataset):  # NequIP is not annotated
    """The graphs of a file of :func:`write_graphs`, in memory, cut out when asked for.

    Parameters
    ----------
    path
        Of the file.

    Attributes
    ----------
    atoms, edges
        Numbers of them in each graph; what a network costs goes with the edges.

    Raises
    ------
    InputError
        The file is missing, damaged, or of a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        try:
            content = torch.load(path, weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise InputError(f"cannot read the graphs in {path}: {error}") from error
        if not isinstance(content, Mapping) or not isinstance(content.get("schema"), int):
            raise InputError(f"{path} holds no graphs of rarebind")
        if content["schema"] > SCHEMA_VERSION:
            raise InputError(
                f"{path}: graphs of schema {content['schema']}, this rarebind reads up to "
                f"{SCHEMA_VERSION}: upgrade rarebind"
            )
        self.atoms: torch.Tensor = content["atoms"]
        self.edges: torch.Tensor = content["edges"]
        self._fields: dict[str, torch.Tensor] = content["fields"]
        self._first_atom, self._first_edge = (
            [0, *torch.cumsum(counts, 0).tolist()] for counts in (self.atoms, self.edges)
        )

    def __len__(self) -> int:
        return len(self.atoms)

    def field(self, name: str) -> torch.Tensor:
        """One field of all graphs, one after the other."""
        return self._fields[name]

    def _get_data_list(self, indices: Sequence[int] | slice | Any) -> list[Graph]:
        if isinstance(indices, slice):
            indices = range(*indices.indices(len(self)))
        if isinstance(indices, (torch.Tensor, np.ndarray)):
            indices = indices.tolist()
        return [self._graph(int(index)) for index in indices]

    def _graph(self, index: int) -> Graph:
        atoms = slice(self._first_atom[index], self._first_atom[index + 1])
        edges = slice(self._first_edge[index], self._first_edge[index + 1])
        graph: Graph = {}
        for name, values in self._fields.items():
            if name == AtomicDataDict.EDGE_INDEX_KEY:
                part = values[:, edges]
            elif name in {AtomicDataDict.TOTAL_ENERGY_KEY, AtomicDataDict.NUM_NODES_KEY}:
                part = values[index : index + 1]
            else:
                part = values[atoms]
            graph[name] = part.long() if name in _PACKED else part
        return graph


def _axis(name: str) -> int:
    return 1 if name == AtomicDataDict.EDGE_INDEX_KEY else 0


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
    :class:`rarebind.learning.nequip.callbacks.Resumption`.

    Parameters
    ----------
    dataset, generator, collate_fn
        From NequIP.
    batch_size, shuffle, like_sized
        See :class:`Batches`.
    """
    batches = Batches(
        dataset.edges.tolist(), batch_size, generator, shuffle=shuffle, like_sized=like_sized
    )
    return DataLoader(
        dataset, batch_sampler=batches, generator=generator, collate_fn=collate_fn, num_workers=0
    )


def _processes() -> tuple[int, int]:
    """Number of this process, and how many there are."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return 0, 1
    return torch.distributed.get_rank(), torch.distributed.get_world_size()
