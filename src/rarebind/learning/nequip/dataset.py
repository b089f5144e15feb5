"""Graphs from a file as NequIP's data module takes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from nequip.data.dataset import AtomicDataset

from rarebind.learning.nequip.graphs import Graph, GraphFile


class GraphDataset(AtomicDataset):  # NequIP is not annotated
    """Graphs with their neighbour lists, so that no epoch computes these again.

    Parameters
    ----------
    path
        File of :func:`~rarebind.learning.nequip.graphs.write_graphs`.
    """

    def __init__(self, path: Path | str) -> None:
        super().__init__()
        self._graphs = GraphFile(path)

    def __len__(self) -> int:
        return len(self._graphs)

    @property
    def sizes(self) -> list[int]:
        """Edges of each graph; what a network costs goes with them."""
        sizes: list[int] = self._graphs.edges.tolist()
        return sizes

    def _get_data_list(self, indices: Sequence[int] | slice | Any) -> list[Graph]:
        if isinstance(indices, slice):
            indices = range(*indices.indices(len(self)))
        if isinstance(indices, (torch.Tensor, np.ndarray)):
            indices = indices.tolist()
        return [self._graphs[int(index)] for index in indices]
