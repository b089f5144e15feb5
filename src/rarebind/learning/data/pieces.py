"""What to ask a network for: a molecule that several complexes are compared with only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from rarebind.learning.data.samples import Sample


@dataclass(frozen=True, eq=False)
class Pieces:
    """Graphs to evaluate, and how their energies make up those of samples.

    Attributes
    ----------
    samples
        Index of the sample that each graph is of.
    parts
        Which molecule of it, see :func:`rarebind.learning.nequip.graphs.graph_of`.
    sums
        Energies of the samples = `sums` @ energies of the graphs, shape (samples, graphs).
    """

    samples: tuple[int, ...]
    parts: tuple[int | None, ...]
    sums: Any


def pieces_of(samples: Sequence[Sample], *, compared: bool) -> Pieces:
    """Graphs of `samples` in order of size, so that a batch is never far from its limit.

    Parameters
    ----------
    samples
        Those with one and the same reference share its graph.
    compared
        Whether the network takes the energy of the reference off.
    """
    rows: list[list[int]] = []
    found: list[tuple[int, int | None]] = []
    shared: dict[int, int] = {}
    for index, sample in enumerate(samples):
        if not compared or sample.reference is None:
            found.append((index, None))
            rows.append([index])
            continue
        found.append((index, 0))
        rows.append([index])
        place = shared.setdefault(id(sample.reference), len(found))
        if place == len(found):
            found.append((index, 1))
            rows.append([])
        rows[place].append(index)
    order = np.argsort([len(samples[index].structure) for index, _ in found], kind="stable")
    lengths = [len(rows[place]) for place in order]
    sums = sparse.csc_array(
        (
            np.ones(sum(lengths)),
            [index for place in order for index in rows[place]],
            np.cumsum([0, *lengths]),
        ),
        shape=(len(samples), len(found)),
    )
    return Pieces(
        tuple(found[place][0] for place in order), tuple(found[place][1] for place in order), sums
    )
