"""What was worked out about a screen, kept as long as the screen is."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from rarebind.screening.screen import Screen

_T = TypeVar("_T")


def remembered(work: Callable[[Screen], _T]) -> Callable[[Screen], _T]:
    """Do `work` once a screen; the callers share what it returns.

    A screen is known by being the same object: comparing thousands of entries takes longer than
    most work on them.
    """
    found: dict[int, tuple[weakref.ref[Screen], _T]] = {}

    @wraps(work)
    def once(screen: Screen) -> _T:
        number = id(screen)
        kept = found.get(number)
        # Another screen may have had the number before.
        if kept is not None and kept[0]() is screen:
            return kept[1]
        result = work(screen)
        found[number] = (weakref.ref(screen, lambda _: found.pop(number, None)), result)
        return result

    return once
