"""What surrounds the metal: ligands of one or several kinds, and water; and how that is written.

``1:6``                 one ligand and six waters
``1``                   one ligand, and water on the sites that it leaves, eight in all; a screen
                        chooses the number of waters itself
``L:3,phen:1``          three of the ligand in question, ``L``, and one phenanthroline
``TTA:3,phen:1``        the same with every ligand by name
``acetate:2,water:5``   with waters
``L:1,"CC#[N:1]":2``    with a ligand by its SMILES, or by a name that holds a comma or colon
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from rarebind.errors import InputError, counted
from rarebind.ligands import (
    Ligand,
    common_ligand,
    common_names,
    enumerate_library,
    is_water,
    parse_ligand,
    water,
)

#: Donor atoms around the metal unless asked otherwise.
DEFAULT_COORDINATION_NUMBER = 8
#: Coordination numbers that rare earths are known with and that can be asked for.
COORDINATION_NUMBERS = range(3, 13)
#: Ligand:water counts of the reference study, for bidentate ligands.
STUDY_GEOMETRIES = ("4:0", "3:2", "2:4", "1:6")
#: Stands in a composition for the ligand in question.
IN_QUESTION = "L"

_SHORT = re.compile(r"(\d\d?)(?::(0|[1-9]\d?))?")
_ITEM = re.compile(r'\s*(?:"([^"]+)"|([^\s",:][^",:]*?))\s*(?::\s*(\d\d?))?\s*(?:,|$)')


@dataclass(frozen=True)
class Composition:
    """Ligands with their numbers, and waters.

    Attributes
    ----------
    ligands
        Each kind once with its number, the main one, which the complex is named after, first.
    waters

    Raises
    ------
    InputError
        A number is out of range, a ligand occurs twice or is water, or nothing is there.
    """

    ligands: tuple[tuple[Ligand, int], ...]
    waters: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ligands", tuple(self.ligands))
        keys = [ligand.inchikey for ligand, _ in self.ligands]
        for ligand, number in self.ligands:
            if number < 1:
                raise InputError(f"{number} of {ligand.name}: give at least 1, or leave it out")
            if keys.count(ligand.inchikey) > 1:
                raise InputError(f"{ligand.name} occurs twice in a composition: add them up")
            if ligand.inchikey == water().inchikey:
                raise InputError(f"{ligand.name} is water: give the number of waters instead")
        if self.waters < 0 or not (self.ligands or self.waters):
            raise InputError(
                f"a complex needs ligands or waters, got {len(self.ligands)} and {self.waters}"
            )

    @classmethod
    def of(cls, ligand: Ligand, number: int, waters: int = 0) -> Composition:
        """Ligands of one kind, and waters."""
        return cls(((ligand, number),), waters)

    @property
    def main(self) -> Ligand | None:
        """The first ligand; None where there is water alone."""
        return self.ligands[0][0] if self.ligands else None

    @property
    def is_mixed(self) -> bool:
        """Whether there are several kinds of ligands."""
        return len(self.ligands) > 1

    @property
    def species(self) -> tuple[tuple[Ligand, int], ...]:
        """All there is with its number: the ligands, then water."""
        return (*self.ligands, *([(water(), self.waters)] if self.waters else []))

    @property
    def coordination_number(self) -> int:
        """Number of donor atoms."""
        return sum(ligand.denticity * number for ligand, number in self.species)

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return sum(ligand.n_atoms * number for ligand, number in self.species)

    @property
    def charge(self) -> int:
        """Charge of all ligands, in e."""
        return sum(ligand.charge * number for ligand, number in self.species)

    @property
    def geometry(self) -> str:
        """Numbers, with ``L`` for the main ligand: ``1:6``, ``L:3,phen:1``."""
        if self.is_mixed:
            return self._as_text(IN_QUESTION)
        return f"{sum(number for _, number in self.ligands)}:{self.waters}"

    def __str__(self) -> str:
        """Every ligand by name, as :func:`compose` reads it: ``TTA:3,phen:1``."""
        return self._as_text(_written(self.main) if self.main else "")

    def _as_text(self, main: str) -> str:
        names = [main, *(_written(ligand) for ligand, _ in self.ligands[1:])]
        items = [f"{name}:{n}" for name, (_, n) in zip(names, self.ligands, strict=False)]
        # Left out where reading would not fill up with water anyway.
        if self.waters or self.coordination_number < DEFAULT_COORDINATION_NUMBER:
            items.append(f"{water().name}:{self.waters}")
        return ",".join(items)


class Item(NamedTuple):
    """A ligand as it stands in a text: name or SMILES, number, whether in quotes."""

    name: str
    number: int
    quoted: bool

    @property
    def is_in_question(self) -> bool:
        """Whether it is ``L``."""
        return self.name == IN_QUESTION and not self.quoted

    @property
    def is_water(self) -> bool:
        """Whether it is water."""
        return is_water(self.name) and not self.quoted


@dataclass(frozen=True)
class Recipe:
    """The text of a composition, read: names in place of ligands.

    Attributes
    ----------
    text
        As given.
    ligands
    waters
        None where they are not said.
    short
        Whether it is ligands:waters.
    """

    text: str
    ligands: tuple[Item, ...]
    waters: int | None
    short: bool

    def first_of(self, ligands: Iterable[Ligand]) -> Ligand | None:
        """The ligand that it names first among `ligands`; None where it names none of them."""
        by_name = {ligand.name: ligand for ligand in ligands}
        return next((by_name[i.name] for i in self.ligands if i.name in by_name), None)

    @property
    def leaves_waters_open(self) -> bool:
        """Whether it is a number of ligands alone."""
        return self.short and self.waters is None

    @property
    def number(self) -> int:
        """Ligands of the first kind; 0 where there are none."""
        return self.ligands[0].number if self.ligands else 0

    @property
    def is_for_any(self) -> bool:
        """Whether it holds the ligand in question, ``L``."""
        return any(item.is_in_question for item in self.ligands)


def read_geometry(text: str) -> Recipe:
    """Read the text of a composition; which ligands its names mean is left open.

    Raises
    ------
    InputError
        The text is none.
    """
    if match := _SHORT.fullmatch(text):
        number, waters = int(match[1]), None if match[2] is None else int(match[2])
        if number or waters:
            asked = Item(IN_QUESTION, number, quoted=False)
            return Recipe(text, (asked,) if number else (), waters, short=True)
    elif ":" in text and (items := _items(text)):
        ligands = tuple(item for item in items if not item.is_water)
        given = [item.number for item in items if item.is_water]
        if len(given) <= 1 and all(item.number for item in ligands):
            return Recipe(text, ligands, given[0] if given else None, short=False)
    raise InputError(
        f"unknown geometry {text!r}: give ligands:waters, such as {', '.join(STUDY_GEOMETRIES)}, "
        "the number of ligands alone, such as 1, or names with numbers, such as L:3,phen:1 for "
        "three of each ligand and one phen"
    )


def geometry_order(geometry: str) -> tuple[float, str]:
    """Sort key of geometries: most ligands first; what is none comes last."""
    try:
        return -read_geometry(geometry).number, geometry
    except InputError:
        return math.inf, geometry


def _items(text: str) -> list[Item]:
    """The parts of a text; nothing where one cannot be read."""
    found: list[Item] = []
    place = 0
    while place < len(text):
        match = _ITEM.match(text, place)
        if match is None or (match[2] or "").isdigit():
            return []
        found.append(Item(match[1] or match[2], int(match[3] or 1), match[1] is not None))
        place = match.end()
    return [] if text.rstrip().endswith(",") else found


def compose(
    text: str | Recipe,
    ligand: Ligand | None = None,
    coordination_number: int | None = None,
    others: Iterable[Ligand] = (),
) -> Composition:
    """Read a composition and fill it up with water.

    Parameters
    ----------
    text
        See :mod:`rarebind.complexes.composition`.
    ligand
        The ligand in question, ``L``, which becomes the main one.
    coordination_number
        Donor atoms around the metal.  None: eight for ``ligands:waters``; for names as many as
        they come to, and at least eight where waters are not said.
    others
        Ligands that may occur by name, beside those of the library and the common ones.

    Raises
    ------
    InputError
        The text is no composition, a name is unknown, or the donors do not match the coordination
        number.
    """
    recipe = read_geometry(text) if isinstance(text, str) else text
    known = [*([] if ligand is None else [ligand]), *others]
    ligands = [(_named(item, ligand, known, recipe), item.number) for item in recipe.ligands]
    if ligand is not None and all(one != ligand for one, _ in ligands):
        raise InputError(
            f"geometry {recipe.text!r} is without {ligand.name}: write {IN_QUESTION} for it, and "
            "put the whole in quotes where commas separate geometries, as in YAML"
        )
    ligands.sort(key=lambda pair: pair[0] != ligand)
    return _filled(recipe, ligands, coordination_number)


def _filled(
    recipe: Recipe, ligands: Sequence[tuple[Ligand, int]], wanted: int | None
) -> Composition:
    """The composition with its waters."""
    donors = sum(ligand.denticity * number for ligand, number in ligands)
    if wanted is not None or (recipe.short and ligands):
        # One ligand of more donors than usual, such as macropa, takes all of them along.
        usual = max(
            DEFAULT_COORDINATION_NUMBER, donors if len(ligands) == ligands[0][1] == 1 else 0
        )
        total = usual if wanted is None else wanted
    elif recipe.waters is None:
        total = max(donors, DEFAULT_COORDINATION_NUMBER)
    else:
        total = donors + recipe.waters
    check_coordination_number(total)
    free = total - donors
    who = ", ".join(
        f"{ligand.name} ({counted(ligand.denticity, 'donor')})" for ligand, _ in ligands
    )
    where = f"geometry {recipe.text!r}" + (f" with {who}" if who else "")
    if free < 0:
        raise InputError(
            f"{where} needs {counted(donors, 'site')}, more than the coordination number {total}: "
            "use fewer ligands or a higher coordination number"
        )
    if recipe.waters not in {None, free}:
        number = sum(number for _, number in ligands)
        better = f"{number}:{free}, or {number} alone" if recipe.short else f"water:{free}, or none"
        raise InputError(
            f"{where} has {counted(donors + (recipe.waters or 0), 'donor atom')}, not the "
            f"coordination number {total}: use {better} to fill up with water"
        )
    return Composition(tuple(ligands), free)


def check_coordination_number(number: int) -> None:
    """Whether rare earths have so many donor atoms.

    Raises
    ------
    InputError
        They have not.
    """
    if number not in COORDINATION_NUMBERS:
        raise InputError(
            f"coordination number {number!r}: rare earths have "
            f"{COORDINATION_NUMBERS[0]} to {COORDINATION_NUMBERS[-1]} donor atoms"
        )


def _named(item: Item, ligand: Ligand | None, known: Sequence[Ligand], recipe: Recipe) -> Ligand:
    """The ligand of a name or SMILES."""
    if ligand is not None and item.is_in_question:
        return ligand
    name = item.name
    own = next((one for one in known if one.name == name), None)
    found = own or common_ligand(name)
    found = found or next((one for one in enumerate_library() if one.name == name), None)
    if found is not None:
        return found
    where = f"geometry {recipe.text!r}"
    if not item.quoted:
        given = "".join(f"{one.name}, " for one in known)
        raise InputError(
            f"{where}: unknown ligand {name!r}: known are {given}those of the library "
            f"(`rarebind ligands`), {', '.join(common_names())}; give others as SMILES in double "
            "quotes"
        )
    try:
        parsed = parse_ligand(name)
    except InputError as error:
        raise InputError(f"{where}: {problem}" for problem in error.problems) from error
    # A name by which it is found again, donors included.
    return replace(parsed, name=parsed.numbered_smiles)


def _written(ligand: Ligand) -> str:
    """A ligand's name as it stands in a composition; where none can, its SMILES."""
    name = ligand.name
    if '"' in name:
        return f'"{ligand.numbered_smiles}"'
    plain = re.fullmatch(r"[^\s,:]([^,:]*[^\s,:])?", name) and not name.isdigit()
    return name if plain and name != IN_QUESTION and not is_water(name) else f'"{name}"'
