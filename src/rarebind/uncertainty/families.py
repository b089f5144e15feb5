"""Rare earths that chemistry and errors of models have much in common for."""

from __future__ import annotations

from rarebind.elements import rare_earth

#: By the size of their ions, the largest last but for "Y", which has no 4f shell: Sc and Y;
#: La–Nd; Pm–Dy; Ho–Lu.
FAMILIES = ("Y", "light", "middle", "heavy")
_LAST_LIGHT, _LAST_MIDDLE = 60, 66
_LANTHANUM = 57


def family(symbol: str) -> str:
    """The one of :data:`FAMILIES` that a rare earth belongs to.

    Raises
    ------
    InputError
        The symbol is not a rare earth.
    """
    number = rare_earth(symbol).atomic_number
    if number < _LANTHANUM:
        return "Y"
    if number <= _LAST_LIGHT:
        return "light"
    return "middle" if number <= _LAST_MIDDLE else "heavy"
