"""Parts of a dataset's table: a level of theory by its name, complexes by what they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rarebind.datasets.table import Row
from rarebind.engines import LEVELS
from rarebind.errors import InputError

#: Between a level and its program, where the program has to be told.
_BY = " by "


def told_apart(rows: Iterable[Row]) -> list[Row]:
    """`rows`, with the program added to the name of a level that several programs computed.

    Levels print alike whatever program evaluated them, yet the energies of two programs must not
    be combined.
    """
    rows = list(rows)
    engines: dict[str, set[str | None]] = {}
    for row in rows:
        engines.setdefault(row.level, set()).add(row.engine)
    return [
        row
        if len(engines[row.level]) == 1
        else replace(row, level=f"{row.level}{_BY}{row.engine or 'an unnamed program'}")
        for row in rows
    ]


def find_level(rows: Iterable[Row], name: str) -> str:
    """The level that `name` stands for in `rows`, which :func:`told_apart` gave.

    Parameters
    ----------
    name
        As printed, or one of :data:`rarebind.engines.LEVELS`, such as ``b3lyp-d4``.

    Raises
    ------
    InputError
        There is none, or several programs computed it; the message lists what there is.
    """
    known = sorted({row.level for row in rows})
    if name in known:
        return name
    wanted = str(LEVELS.get(name, name))
    found = [level for level in known if level == wanted or level.startswith(wanted + _BY)]
    if not found:
        raise InputError(f"the dataset has no level {name!r}: it has {', '.join(known)}")
    if len(found) > 1:
        raise InputError(f"several programs computed {name}: choose from {', '.join(found)}")
    return found[0]


def select_rows(
    rows: Iterable[Row],
    *,
    metals: Sequence[str] = (),
    scaffolds: Sequence[str] = (),
    geometries: Sequence[str] = (),
    level: str | None = None,
    references: bool = False,
    mixed: bool = False,
) -> list[Row]:
    """Accepted complexes of a table, or some of them.

    Parameters
    ----------
    metals, scaffolds, geometries
        Only these; all where empty.
    level
        Only this; see :func:`find_level`.
    references
        Whether ions, waters, free ligands and aqua ions come too, all of them.
    mixed
        Whether several levels may come together.

    Raises
    ------
    InputError
        A name does not occur, or the selection has several levels though `mixed` is False: whoever
        learns from energies of two levels at once learns nothing.
    """
    rows = told_apart(rows)
    wanted = {"metal": metals, "scaffold": scaffolds, "geometry": geometries}
    problems = []
    for column, names in wanted.items():
        known = {value for row in rows if (value := getattr(row, column)) is not None}
        problems += [
            f"the dataset has no {column} {name!r}: it has {', '.join(sorted(known))}"
            for name in names
            if name not in known
        ]
    only = None
    try:
        only = None if level is None else find_level(rows, level)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    chosen = [
        row
        for row in rows
        if row.status == "ok"
        and only in {None, row.level}
        and (
            references
            if row.kind != "complex"
            else all(not names or getattr(row, column) in names for column, names in wanted.items())
        )
    ]
    found = sorted({row.level for row in chosen})
    if len(found) > 1 and not mixed:
        raise InputError(
            f"these records are of {len(found)} levels of theory, whose energies must not be "
            f"combined: give --level with one of {', '.join(found)}"
        )
    return chosen
