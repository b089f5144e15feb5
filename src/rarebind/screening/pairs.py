"""Pairs of metals that someone wants to separate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rarebind.errors import InputError

#: (A, B): A over B.
Pair = tuple[str, str]


def read_pairs(texts: Iterable[str]) -> tuple[Pair, ...]:
    """Pairs as they are typed, such as ``Nd/Dy``.

    Raises
    ------
    InputError
        All that are none.
    """
    pairs, problems = [], []
    for text in texts:
        metal, _, other = (part.strip() for part in text.partition("/"))
        if not metal or not other or "/" in other:
            problems.append(f"{text!r} is no pair of metals: write it like Nd/Dy")
        pairs.append((metal, other))
    if problems:
        raise InputError(problems)
    return tuple(pairs)


def pair_problems(pairs: Sequence[Pair], metals: Sequence[str]) -> list[str]:
    """What is wrong with `pairs` in a screen of `metals`."""
    problems = []
    for number, pair in enumerate(pairs):
        shown = "/".join(pair)
        if strange := [metal for metal in dict.fromkeys(pair) if metal not in metals]:
            problems.append(
                f"pair {shown}: {' and '.join(strange)} not among the metals screened, "
                f"{', '.join(metals) or 'none'}"
            )
        if len(set(pair)) == 1:
            problems.append(f"pair {shown}: a pair needs two different metals")
        if pair in pairs[:number]:
            problems.append(f"pair {shown} given more than once: keep one")
    return list(dict.fromkeys(problems))
