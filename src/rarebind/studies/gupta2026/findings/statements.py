"""What the reference study states of its energies, from ``data/findings.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rarebind.elements import is_lanthanide, rare_earths
from rarebind.errors import InputError
from rarebind.io.yaml import check_keys, read_yaml
from rarebind.ligands import scaffolds, substituents

_FILE = "findings.yaml"
#: Ends of the order of substituents.
STRONGEST, WEAKEST = "strongest", "weakest"


@dataclass(frozen=True)
class ScaffoldStatement:
    """Every one of some scaffolds binds more strongly than every one of others.

    Attributes
    ----------
    text
        In words.
    stronger, weaker
        Names of the library.

    Raises
    ------
    InputError
        A name is unknown or stands twice, or a side is empty.
    """

    text: str
    stronger: tuple[str, ...]
    weaker: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.stronger or not self.weaker:
            raise InputError(f"{self.text!r}: name scaffolds on both sides")
        _check_names(self.text, "scaffold", self.names, scaffolds())

    @property
    def names(self) -> tuple[str, ...]:
        """All that it speaks of."""
        return (*self.stronger, *self.weaker)


@dataclass(frozen=True)
class SubstituentStatement:
    """Some substituents bind most strongly, or most weakly, of all.

    Attributes
    ----------
    text
        In words.
    end
        ``strongest`` or ``weakest``.
    members
        Names of the library.

    Raises
    ------
    InputError
        A name is unknown or stands twice, there is none, or there is no such end.
    """

    text: str
    end: str
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.end not in {STRONGEST, WEAKEST}:
            raise InputError(f"{self.text!r}: end is {STRONGEST} or {WEAKEST}, not {self.end!r}")
        if not self.members:
            raise InputError(f"{self.text!r}: name substituents")
        _check_names(self.text, "substituent", self.members, substituents())


@dataclass(frozen=True)
class MetalStatement:
    """A lanthanide is bound more strongly than those before and after it.

    Attributes
    ----------
    text
        In words.
    metal
        Symbol.

    Raises
    ------
    InputError
        It is no lanthanide, or the first or last of them.
    """

    text: str
    metal: str

    def __post_init__(self) -> None:
        if self.metal not in inner_lanthanides():
            raise InputError(
                f"{self.text!r}: {self.metal!r} has no lanthanides on both sides: choose from "
                f"{', '.join(inner_lanthanides())}"
            )

    @property
    def neighbours(self) -> tuple[str, str]:
        """The lanthanides before and after it."""
        return neighbours_of(self.metal)


@dataclass(frozen=True)
class Statements:
    """All of them.

    Attributes
    ----------
    scaffolds, substituents, metals
        What is stated of each.
    """

    scaffolds: ScaffoldStatement
    substituents: tuple[SubstituentStatement, ...]
    metals: tuple[MetalStatement, ...]


def adverb(end: str) -> str:
    """``strongly`` or ``weakly``: how what stands at that end binds."""
    return end.removesuffix("est") + "ly"


def lanthanides() -> tuple[str, ...]:
    """La to Lu."""
    return tuple(metal for metal in rare_earths() if is_lanthanide(metal))


def inner_lanthanides() -> tuple[str, ...]:
    """Those that have a neighbour on both sides: Ce to Yb."""
    return lanthanides()[1:-1]


def neighbours_of(metal: str) -> tuple[str, str]:
    """The lanthanides before and after one of :func:`inner_lanthanides`."""
    series = lanthanides()
    place = series.index(metal)
    return series[place - 1], series[place + 1]


@cache
def statements(path: Path | str | None = None) -> Statements:
    """The bundled statements, or those of a user's own file.

    Raises
    ------
    InputError
        The file cannot be read, or a statement is at fault.
    """
    content, source = read_yaml(_FILE, path, "scaffolds", "substituents", "metals")
    about = check_keys(content["scaffolds"], source, ("text", "stronger", "weaker"))
    return Statements(
        ScaffoldStatement(
            _text(about, source), _names(about, "stronger", source), _names(about, "weaker", source)
        ),
        tuple(
            SubstituentStatement(
                _text(entry, source), str(entry["end"]), _names(entry, "members", source)
            )
            for entry in _entries(content["substituents"], source, ("text", "end", "members"))
        ),
        tuple(
            MetalStatement(_text(entry, source), str(entry["metal"]))
            for entry in _entries(content["metals"], source, ("text", "metal"))
        ),
    )


def _entries(found: Any, source: str, keys: tuple[str, ...]) -> list[dict[str, Any]]:
    if not isinstance(found, list):
        raise InputError(f"{source}: expected a list of entries with {', '.join(keys)}")
    return [check_keys(entry, source, keys) for entry in found]


def _text(entry: dict[str, Any], source: str) -> str:
    text = entry["text"]
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{source}: the text of a statement is words, got {text!r}")
    return text


def _names(entry: dict[str, Any], key: str, source: str) -> tuple[str, ...]:
    found = entry[key]
    if not isinstance(found, list):
        raise InputError(f"{source}: {key} is a list of names, got {found!r}")
    return tuple(str(name) for name in found)


def _check_names(text: str, kind: str, names: tuple[str, ...], known: dict[str, Any]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"{text!r}: unknown {kind} {unknown[0]!r}: known are {', '.join(known)}")
    if len(set(names)) < len(names):
        raise InputError(f"{text!r}: a {kind} stands twice")
