"""When a statement counts as holding: one rule for all of them."""

from __future__ import annotations

from collections.abc import Iterable

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "cannot be told"
#: Differences up to this, in kcal/mol, tell nothing: turning one and the same complex on the grid
#: of the ALPB continuum changes its energy over a range of 0.15 (docs/physics.md, limits).  No
#: number of ligands averages that out where all are compared with the same two references.
NOISE = 0.15


def verdict_of(interval: tuple[float, float] | None) -> str:
    """Whether the first binds more strongly than the second.

    Parameters
    ----------
    interval
        Of E(first) − E(second), kcal/mol; None where there are too few ligands for one.
    """
    if interval is None:
        return UNKNOWN
    low, high = interval
    if high < -NOISE:
        return HOLDS
    return FAILS if low > NOISE else UNKNOWN


def combined(parts: Iterable[str]) -> str:
    """Of a statement that is made of several: it holds when all of them do, fails when one does."""
    found = list(parts)
    if FAILS in found:
        return FAILS
    return HOLDS if found and all(part == HOLDS for part in found) else UNKNOWN
