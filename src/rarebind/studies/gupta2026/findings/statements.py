"""What the reference study states of its energies, from ``data/findings.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rarebind.elements import is_lanthanide, rare_earths
from rarebind.io.models import Section, validated
from rarebind.io.yaml import read_yaml
from rarebind.ligands import scaffolds, substituents

#: Ends of the order of substituents.
STRONGEST: Literal["strongest"] = "strongest"
WEAKEST: Literal["weakest"] = "weakest"

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class _Statement(Section):
    text: Annotated[str, Field(pattern=r"\S")]


class ScaffoldStatement(_Statement):
    """Every one of some scaffolds binds more strongly than every one of others.

    Attributes
    ----------
    text
        In words.
    stronger, weaker
        Names of the library.
    """

    stronger: Names
    weaker: Names

    @property
    def names(self) -> tuple[str, ...]:
        """All that it speaks of."""
        return (*self.stronger, *self.weaker)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Each of the stronger with each of the weaker."""
        return [(first, second) for first in self.stronger for second in self.weaker]

    @model_validator(mode="after")
    def _known(self) -> Self:
        _check(self.text, self.names, "scaffold", scaffolds())
        return self


class SubstituentStatement(_Statement):
    """Some substituents bind most strongly, or most weakly, of all.

    Attributes
    ----------
    text
        In words.
    end
        Of the order.
    members
        Names of the library.
    """

    end: Literal["strongest", "weakest"]
    members: Names

    @property
    def adverb(self) -> str:
        """``strongly`` or ``weakly``: how what stands at that end binds."""
        return adverb(self.end)

    @model_validator(mode="after")
    def _known(self) -> Self:
        _check(self.text, self.members, "substituent", substituents())
        return self


class MetalStatement(_Statement):
    """A lanthanide is bound more strongly than those before and after it.

    Attributes
    ----------
    text
        In words.
    metal
        Symbol.
    """

    metal: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """It with each of its neighbours."""
        return [(self.metal, other) for other in neighbours_of(self.metal)]

    @model_validator(mode="after")
    def _known(self) -> Self:
        if self.metal not in inner_lanthanides():
            raise ValueError(
                f"{self.text!r}: {self.metal!r} has no lanthanides on both sides: choose from "
                f"{', '.join(inner_lanthanides())}"
            )
        return self


class Statements(Section):
    """All of them.

    Attributes
    ----------
    scaffolds, substituents, metals
        What is stated of each.
    """

    scaffolds: ScaffoldStatement
    substituents: tuple[SubstituentStatement, ...]
    metals: tuple[MetalStatement, ...]

    @property
    def texts(self) -> list[str]:
        """In words, scaffolds first."""
        said: list[_Statement] = [self.scaffolds, *self.substituents, *self.metals]
        return [statement.text for statement in said]


def adverb(end: str) -> str:
    """``strongly`` of ``strongest``, ``weakly`` of ``weakest``."""
    return end.removesuffix("est") + "ly"


@cache
def lanthanides() -> tuple[str, ...]:
    """La to Lu."""
    return tuple(metal for metal in rare_earths() if is_lanthanide(metal))


def inner_lanthanides() -> tuple[str, ...]:
    """Those that have a neighbour on both sides: Ce to Yb."""
    return lanthanides()[1:-1]


def neighbours_of(metal: str) -> tuple[str, str]:
    """The lanthanides before and after one of :func:`inner_lanthanides`."""
    place = lanthanides().index(metal)
    return lanthanides()[place - 1], lanthanides()[place + 1]


@cache
def statements(path: Path | str | None = None) -> Statements:
    """The bundled statements, or those of a user's own file.

    Raises
    ------
    InputError
        The file cannot be read, or a statement is at fault: a name is unknown or stands twice, a
        list is empty, a metal is no lanthanide or the first or last of them.
    """
    content, source = read_yaml("findings.yaml", path, *Statements.model_fields)
    return validated(content, Statements, source)


def _check(text: str, names: tuple[str, ...], kind: str, known: Iterable[str]) -> None:
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"{text!r}: unknown {kind} {unknown[0]!r}: known are {', '.join(known)}")
    if len(set(names)) < len(names):
        raise ValueError(f"{text!r}: a {kind} stands twice")
