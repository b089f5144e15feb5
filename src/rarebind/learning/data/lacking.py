"""Why complexes have no binding energies: the references that a dataset does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rarebind.binding import AQUA_WATERS, missing
from rarebind.datasets import Row

#: References that a message names.
_NAMED = 4


def lacking_references(
    rows: Sequence[Row], complexes: Sequence[Row], *, exchange: bool, ion: bool
) -> str:
    """How many of `complexes` lack which reference, in words; empty if none lacks one.

    Parameters
    ----------
    rows
        Of the whole dataset.
    complexes
        All at one level.
    exchange, ion
        Whether the exchange energy is asked for, and equation 1.
    """
    levels = {row.level for row in complexes}
    there = {row.species for row in rows if row.status == "ok" and row.level in levels}
    aqua = AQUA_WATERS if exchange else ()
    lacking = Counter(
        name for row in complexes for name in missing(row.species, there, aqua, ion=ion)
    )
    named = [f"{n} of {len(complexes)} lack {name}" for name, n in lacking.most_common(_NAMED)]
    return ", ".join(named) + (", …" if len(lacking) > _NAMED else "")
