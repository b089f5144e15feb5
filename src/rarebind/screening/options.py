"""What a screen can be asked for from Python, checked for its kind."""

from __future__ import annotations

from collections.abc import Iterable

from rarebind.errors import InputError
from rarebind.screening.pairs import Pair
from rarebind.screening.table import UNITS

#: What is done about ligands that cannot be used.
RAISE, LEAVE_OUT = "raise", "leave out"


def check_unit(unit: str) -> None:
    """Whether energies can be given in `unit`.

    Raises
    ------
    InputError
        They cannot.
    """
    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: known are {', '.join(UNITS)}")


def is_strict(on_bad: str) -> bool:
    """Whether bad ligands stop a screen.

    Raises
    ------
    InputError
        `on_bad` is neither ``raise`` nor ``leave out``.
    """
    if on_bad not in (RAISE, LEAVE_OUT):
        raise InputError(f"unknown on_bad {on_bad!r}: known are {RAISE!r} and {LEAVE_OUT!r}")
    return on_bad == RAISE


def texts(given: object, what: str, example: str) -> tuple[str, ...]:
    """One text or several, as a tuple.

    Parameters
    ----------
    given
    what
        Name of the parameter.
    example
        Of one of them.

    Raises
    ------
    InputError
        It is something else.
    """
    found = (
        [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else None
    )
    if found is None:
        raise InputError(f"{what}: {given!r} is no list of texts: give {[example]!r}, say")
    if wrong := [one for one in found if not isinstance(one, str)]:
        raise InputError(
            f"{what}: {', '.join(map(repr, wrong))} is no text: give {[example]!r}, say"
        )
    return tuple(found)


def metal_pairs(given: object) -> tuple[Pair, ...]:
    """Pairs of metals.

    Raises
    ------
    InputError
        Some are none.
    """
    items = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else [given]
    pairs, problems = [], []
    for item in items:
        if isinstance(item, (tuple, list)) and len(item) == 2 and all(map(_is_text, item)):  # noqa: PLR2004
            pairs.append((item[0], item[1]))
        else:
            problems.append(f"pairs: {item!r} is no pair of metals: give [('Nd', 'Dy')], say")
    if problems:
        raise InputError(problems)
    return tuple(pairs)


def _is_text(given: object) -> bool:
    return isinstance(given, str)
