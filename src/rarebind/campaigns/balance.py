"""An order in which every beginning is a balanced sample."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def balanced_order(
    items: Iterable[T],
    strata: Callable[[T], Sequence[str]],
    identity: Callable[[T], str],
    *,
    within: Callable[[T], str] = lambda _: "",
    seed: int,
) -> list[T]:
    """`items` so that the first n of them, for every n, are spread evenly over the strata.

    The next item always comes from the cell (one stratum of each kind) whose strata have been
    drawn from least, then whose pairs of strata have.  As long as no cell runs out, counts of two
    strata of the same kind differ by 1 at most.

    Parameters
    ----------
    items
        In any order; it does not matter.
    strata
        Of an item, one of each kind: scaffold, geometry, metal, say.
    identity
        Unlike for any two items; decides ties together with `seed`.
    within
        What is spread within a cell.
    seed
        Another seed gives another order.

    Returns
    -------
    list
        All items.  A longer beginning contains every shorter one.
    """

    def rank(text: str) -> str:
        return hashlib.sha256(f"{seed}|{text}".encode()).hexdigest()

    cells: dict[tuple[str, ...], list[T]] = defaultdict(list)
    for item in sorted(items, key=lambda item: rank(identity(item))):
        cells[tuple(strata(item))].append(item)
    names = sorted(cells, key=lambda cell: rank("|".join(cell)))
    drawn: Counter[str] = Counter()
    order = []
    for cell in _cell_order(names, [len(cells[name]) for name in names]):
        members = cells[names[cell]]
        # Of equals the first in rank.
        item = min(members, key=lambda member: drawn[within(member)])
        members.remove(item)
        drawn[within(item)] += 1
        order.append(item)
    return order


def _cell_order(cells: Sequence[tuple[str, ...]], sizes: Sequence[int]) -> list[int]:
    """Indices of `cells`, each as often as its size."""
    if not cells:
        return []
    kinds = len(cells[0])
    # Strata as numbers, so that all cells are compared with the one drawn at once.
    coded = np.array(
        [np.unique(column, return_inverse=True)[1] for column in zip(*cells, strict=True)]
    ).T
    left = np.array(sizes)
    singles, pairs, same = (np.zeros(len(cells), dtype=np.int64) for _ in range(3))
    order = []
    for _ in range(int(left.sum())):
        # lexsort: the last key counts most; it is stable, so ties go to the first in rank.
        best = int(np.lexsort((same, pairs, singles, left == 0))[0])
        order.append(best)
        left[best] -= 1
        shared = (coded == coded[best]).sum(axis=1)
        singles += shared
        pairs += shared * (shared - 1) // 2
        same += shared == kinds
    return order
