"""Acid constants as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from rarebind.errors import InputError

#: Acid constants further out say that a number is something else, such as Ka.
_LOWEST, _HIGHEST = -5.0, 25.0


def read_pka(text: str) -> tuple[float, ...]:
    """Read the pKa of a cell such as ``1.99 2.67``; blanks, commas or semicolons separate.

    Raises
    ------
    InputError
        One is no number, or none that a pKa could be.
    """
    try:
        found = [float(part) for part in text.replace(",", " ").replace(";", " ").split()]
    except ValueError as error:
        raise InputError(
            f"pka: {text!r} is no list of numbers: write 2.0 2.67 6.16 10.26"
        ) from error
    return possible_pka(found)


def possible_pka(values: Sequence[float]) -> tuple[float, ...]:
    """The values, as long as each could be a pKa.

    Raises
    ------
    InputError
        One could not.
    """
    if wrong := [value for value in values if not _LOWEST <= value <= _HIGHEST]:
        raise InputError(
            f"pKa {wrong[0]} lies outside {_LOWEST:g} to {_HIGHEST:g}: give −log10 of Ka"
        )
    return tuple(map(float, values))
