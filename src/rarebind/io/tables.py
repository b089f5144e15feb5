"""Tables: dataclasses as lines of CSV and as DataFrames, cells as Markdown and on the terminal.

A frozen dataclass states the schema of a table: a column is a field, with its name (units in it),
its type and, in ``| None``, whether a cell may be empty.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass, fields
from operator import attrgetter
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

from pydantic import ValidationError

from rarebind.errors import InputError
from rarebind.io.codec import adapter
from rarebind.io.files import read_text
from rarebind.io.yaml import shortened

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console
    from rich.table import Table as RichTable

#: Text that a spreadsheet would compute; so written, it has an apostrophe more.
_FORMULA = re.compile(r"['\s]*[=+\-@＝＋－＠]|'*[\t\r\n]")  # noqa: RUF001  # they count too
#: Stands for what there is no value of.
NONE = "–"
#: Faults of a table that are named; of the others, how many there are.
_NAMED = 20
#: What a column of a DataFrame holds, by the type of a field; text is an object, None if missing.
_DTYPES = {
    int: "int64",
    float: "float64",
    bool: "bool",
    int | None: "Int64",
    float | None: "float64",
}

_T = TypeVar("_T")


def csv_text(head: Iterable[object], lines: Iterable[Iterable[object]]) -> str:
    """CSV with a heading; None is an empty cell, a float keeps every digit, text is no formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(map(text_cell, line) for line in lines)
    return text.getvalue()


def frame_text(table: pd.DataFrame, *, lineterminator: str = "\n", **how: Any) -> str:
    """A DataFrame as CSV whose text is no formula; `how` as ``DataFrame.to_csv`` takes it."""
    from pandas.api.types import is_numeric_dtype

    texts = {n: c.map(text_cell) for n, c in table.items() if not is_numeric_dtype(c)}
    text = table.assign(**texts).to_csv(index=False, lineterminator=lineterminator, **how)
    return str(text)


def text_cell(value: object) -> object:
    """A cell that a spreadsheet takes for text, if it is text: an apostrophe before ``=1+1``."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def plain_cell(cell: str) -> str:
    """The inverse of :func:`text_cell` for text."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def rows_text(rows: Iterable[_T], kind: type[_T]) -> str:
    """Rows of a dataclass as CSV, without the last columns where all cells have their defaults.

    So a file stays as it was when a column is added that has nothing in it.
    """
    rows = list(rows)
    columns = list(fields(kind))  # type: ignore[arg-type]
    while columns[-1].default is not MISSING and all(
        getattr(row, columns[-1].name) == columns[-1].default for row in rows
    ):
        del columns[-1]
    names = [column.name for column in columns]
    return csv_text(names, ([getattr(row, name) for name in names] for row in rows))


def read_rows(path: Path | str, kind: type[_T]) -> list[_T]:
    """The inverse of :func:`rows_text`: the last columns may be missing where they have defaults.

    Raises
    ------
    InputError
        The file is missing, no CSV or has other columns, or a cell is none of its column: every
        fault by its line, the first ones named.
    """
    text = read_text(path)
    columns = fields(kind)  # type: ignore[arg-type]
    names = [field.name for field in columns]
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise InputError(f"{path}: not readable as CSV ({error})") from error
    head = lines.pop(0) if lines else []
    required = sum(
        field.default is MISSING and field.default_factory is MISSING for field in columns
    )
    if len(head) < required or head != names[: len(head)]:
        raise InputError(f"{path}: expected the columns {', '.join(names)}")
    optional = {name for name, hint in get_type_hints(kind).items() if NoneType in get_args(hint)}
    problems = [
        f"{path}, line {number}: {len(cells)} cells, not {len(head)}"
        for number, cells in enumerate(lines, start=2)
        if len(cells) != len(head)
    ]
    rows: list[_T] = []
    try:
        rows = adapter(list[kind]).validate_python(  # type: ignore[valid-type]
            [
                {
                    name: plain_cell(cell) or (None if name in optional else "")
                    for name, cell in zip(head, cells, strict=False)
                }
                for cells in lines
            ]
        )
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_context=False):
            index, *place = fault["loc"]
            # What is missing is told by the number of cells.
            if fault["type"] != "missing":
                where = f"{path}, line {int(index) + 2}: {'.'.join(map(str, place))}"
                problems.append(f"{where}: {fault['msg']}, got {shortened(fault['input'])}")
    if len(problems) > _NAMED:
        problems[_NAMED:] = [f"{path}: {len(problems) - _NAMED} more cells are wrong"]
    if problems:
        raise InputError(problems)
    return rows


def frame_of(rows: Iterable[_T], kind: type[_T]) -> pd.DataFrame:
    """Rows of a dataclass as a DataFrame, with its columns and their types; None is missing."""
    import pandas as pd

    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    frame = pd.DataFrame.from_records(list(map(attrgetter(*names), rows)), columns=names)
    return frame.astype({name: _DTYPES.get(hints[name], "object") for name in names})


def records_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a DataFrame as plain dictionaries; what is missing is None."""
    plain: Any = frame.astype(object).where(frame.notna(), None)
    found: list[dict[str, Any]] = plain.to_dict("records")
    return found


# --- cells -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Table:
    """Cells with headings; the first column names the rows.

    Attributes
    ----------
    title
    headings
        Of the columns.
    rows
        As many cells each as there are headings.
    caption
        What it is of, in a line or two.
    note
        What a reader needs to understand the numbers.

    Raises
    ------
    ValueError
        A row has another number of cells.
    """

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.headings) for row in self.rows):
            raise ValueError(f"{self.title}: rows and headings have different lengths")


def markdown(table: Table) -> str:
    """`table` with title, caption and note in Markdown."""
    head = [f"### {table.title}"] if table.title else []
    cells = markdown_table(table.headings, table.rows, names=1)
    return "\n\n".join([*head, *filter(None, (table.caption, cells, table.note))]) + "\n"


def show(console: Console, table: Table) -> None:
    """Print a table; intervals stand below their numbers, and long names go on in the next line."""
    first, *others = table.headings
    shown = terminal_table(
        [first, *(heading.replace("-", "-\n") for heading in others)],
        [[cell.replace(" [", "\n[") for cell in row] for row in table.rows],
        title="\n".join(filter(None, (table.title, table.caption))),
        caption=table.note,
        whole=False,
    )
    console.print(shown, highlight=False)


def number(value: float | None, digits: int) -> str:
    """With so many digits and a true minus; :data:`NONE` for None and NaN."""
    missing = value is None or math.isnan(value)
    return NONE if missing else f"{value:.{digits}f}".replace("-", "−")


def with_interval(value: float | None, span: Iterable[float] | None, digits: int) -> str:
    """A number with its interval in brackets, where it has one."""
    text = number(value, digits)
    if span is None:
        return text
    low, high = (number(end, digits) for end in span)
    return text if NONE in {low, high} else f"{text} [{low}, {high}]"


def markdown_table(
    head: Iterable[object], lines: Iterable[Iterable[object]], *, names: int | None = None
) -> str:
    """Cells as a table in Markdown.

    Parameters
    ----------
    names
        So many columns hold names; those after them are numbers, set to the right.  None: every
        column is set as it comes.
    """
    titles = [str(cell) for cell in head]
    marks = ["---" if names is None or i < names else "---:" for i in range(len(titles))]
    body = [[str(cell).replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [titles, marks, *body])


def terminal_table(
    head: Iterable[str],
    lines: Iterable[Iterable[object]],
    *,
    names: int = 1,
    title: str = "",
    caption: str = "",
    whole: bool = True,
) -> RichTable:
    """Cells as a table for the terminal.

    Parameters
    ----------
    names
        So many columns hold names; those after them are numbers, set to the right.
    whole
        Whether names are kept in one line.
    """
    from rich.box import SIMPLE
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=title or None, caption=caption or None, box=SIMPLE)
    for place, heading in enumerate(head):
        is_name = place < names
        table.add_column(heading, justify="left" if is_name else "right", no_wrap=is_name and whole)
    for line in lines:
        # As it is: brackets are no markup.
        table.add_row(*(Text(str(cell)) for cell in line))
    return table
