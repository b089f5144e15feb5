"""Parts of a dataset's table: a level of theory by its name, complexes by what they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rarebind.datasets.table import Row
from rarebind.engines import LEVELS
from rarebind.engines.level import model_chemistry_of, without_first_choice
from rarebind.errors import InputError, collecting


def find_level(rows: Iterable[Row], name: str) -> str:
    """The level that `name` stands for in `rows`.

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
    exact = without_first_choice(name)
    chemistry = LEVELS[name].model_chemistry if name in LEVELS else name
    found = [exact] if exact in known else []
    found = found or [level for level in known if model_chemistry_of(level) == chemistry]
    if not found:
        raise InputError(f"the dataset has no level {name!r}: it has {', '.join(known)}")
    if len(found) > 1:
        raise InputError(f"several programs computed {name}: choose from {', '.join(found)}")
    return found[0]


def complexes_at(rows: Iterable[Row], level: str) -> list[Row]:
    """Accepted complexes at one level of theory."""
    return [row for row in rows if (row.kind, row.level, row.status) == ("complex", level, "ok")]


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
    rows = list(rows)
    wanted = {"metal": metals, "scaffold": scaffolds, "geometry": geometries}
    problems = list(_unknown(rows, wanted))
    only = None
    with collecting(problems):
        only = None if level is None else find_level(rows, level)
    if problems:
        raise InputError(problems)
    chosen = [
        row
        for row in rows
        if row.status == "ok"
        and only in {None, row.level}
        and (_is_among(row, wanted) if row.kind == "complex" else references)
    ]
    found = sorted({row.level for row in chosen})
    if len(found) > 1 and not mixed:
        raise InputError(
            f"these records are of {len(found)} levels of theory, whose energies must not be "
            f"combined: give --level with one of {', '.join(found)}"
        )
    return chosen


def _unknown(rows: Sequence[Row], wanted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for column, names in wanted.items():
        known = {value for row in rows if (value := getattr(row, column)) is not None}
        for name in names:
            if name not in known:
                yield f"the dataset has no {column} {name!r}: it has {', '.join(sorted(known))}"


def _is_among(row: Row, wanted: Mapping[str, Sequence[str]]) -> bool:
    return all(not names or getattr(row, column) in names for column, names in wanted.items())
