"""Tables: lines of CSV that are dataclasses, DataFrames, Markdown and the terminal."""

import csv
import io
import math
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.console import Console

from rarebind.errors import InputError
from rarebind.io.tables import (
    Table,
    frame_of,
    frame_text,
    markdown,
    markdown_table,
    number,
    plain_cell,
    read_rows,
    rows_text,
    show,
    terminal_table,
    with_interval,
)


@dataclass(frozen=True)
class _Line:
    name: str
    energy: float | None
    count: int
    waters: int | None = None
    good: bool = True


_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
_FLOATS = st.floats(allow_nan=False)


@given(
    st.lists(st.builds(_Line, _TEXT, st.none() | _FLOATS, st.integers(), st.none() | st.integers()))
)
def test_rows_come_back_with_every_digit(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_text(rows_text(rows, _Line), encoding="utf-8")
    assert read_rows(path, _Line) == rows


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["expected the columns name, energy, count, waters, good"]),
        ("name,energy\n", ["expected the columns"]),
        ("name,count,energy\n", ["expected the columns"]),
        ("name,energy,count\na,x,1\nb,1,1.5\n", ["line 2: energy: ", "line 3: count: "]),
        ("name,energy,count\na,,\n", ["line 2: count: "]),
        ("name,energy,count\na,1\n", ["line 2: 2 cells, not 3"]),
        ('name,energy,count\n"a,1,1\n', ["not readable as CSV"]),
        ("name,energy,count\n" + "a,x,1\n" * 30, [*["line"] * 20, "10 more cells are wrong"]),
    ],
)
def test_faults_of_a_table_are_told_by_their_line(tmp_path, text, problems):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_rows(path, _Line)
    assert len(caught.value.problems) == len(problems)
    for found, expected in zip(caught.value.problems, problems, strict=True):
        assert found.startswith(str(path))
        assert expected in found


def test_columns_of_a_frame_have_the_types_of_the_fields():
    frame = frame_of([_Line("a", None, 2), _Line("b", 0.5, 3, 9)], _Line)
    assert list(frame.columns) == ["name", "energy", "count", "waters", "good"]
    assert math.isnan(frame["energy"][0])
    assert frame["waters"].isna().tolist() == [True, False]
    assert frame["waters"].dropna().tolist() == [9]
    assert [str(frame[name].dtype) for name in ("energy", "count", "waters", "good")] == [
        "float64", "int64", "Int64", "bool",
    ]  # fmt: skip
    assert frame_of([], _Line).dtypes.equals(frame.dtypes)


def test_cells_are_shown_as_they_are():
    assert [number(value, 2) for value in (1.005, None, math.nan)] == ["1.00", "–", "–"]
    assert markdown_table(("a", "b"), [("x|y", 1)], names=1) == (
        "| a | b |\n| --- | ---: |\n| x\\|y | 1 |"
    )
    console = Console(width=40)
    with console.capture() as capture:
        console.print(terminal_table(("Name", "n"), [("[bold]a", 1)]))
    assert capture.get().split()[-2:] == ["[bold]a", "1"]


def test_a_table_is_whole_everywhere():
    table = Table("T [1]", ("a", "b-c"), (("[La] x|y", "1.0 [0.5, 1.5]"),), "of what", "note")
    assert markdown(table).splitlines() == [
        "### T [1]", "", "of what", "", "| a | b-c |", "| --- | ---: |",
        "| [La] x\\|y | 1.0 [0.5, 1.5] |", "", "note",
    ]  # fmt: skip
    console = Console(width=60)
    with console.capture() as capture:
        show(console, table)
    assert all(part in capture.get() for part in ("T [1]", "of what", "b-", "[La]", "[0.5", "note"))
    with pytest.raises(ValueError, match="different lengths"):
        Table("T", ("a", "b"), (("x",),))


def test_numbers_have_a_true_minus_and_their_interval():
    assert number(-1.5, 1) == "−1.5"
    assert number(None, 1) == "–"
    assert with_interval(-1.0, (-2.0, 3.0), 1) == "−1.0 [−2.0, 3.0]"
    assert with_interval(-1.0, None, 1) == with_interval(-1.0, (math.nan, 1.0), 1) == "−1.0"


def test_last_columns_with_nothing_in_them_are_left_out(tmp_path):
    rows = [_Line("a", 1.0, 2), _Line("b", None, 3)]
    assert rows_text(rows, _Line).startswith("name,energy,count\n")
    assert rows_text([*rows, _Line("c", 1.0, 2, 8)], _Line).startswith("name,energy,count,waters\n")
    (tmp_path / "rows.csv").write_text(rows_text(rows, _Line))
    assert read_rows(tmp_path / "rows.csv", _Line) == rows


_FORMULAS = st.from_regex(r"[' \t]{0,2}[=+\-@][!-~]{0,8}", fullmatch=True)


@given(st.lists(_TEXT | _FORMULAS, min_size=1, max_size=5))
@example(["=HYPERLINK(1)", "@SUM(1+1)", "-2+3", "'=1", "\t=1", "\n", "\uff1d1+1", "'", "it's", ""])
def test_no_text_is_a_formula_and_all_of_it_is_read_again(tmp_path_factory, texts):
    rows = [_Line(text, -1.5, -2) for text in texts]
    frame = frame_text(frame_of(rows, _Line))
    for written in (rows_text(rows, _Line), frame):
        lines = list(csv.reader(io.StringIO(written, newline="")))[1:]
        for (name, energy, count, *_), text in zip(lines, texts, strict=True):
            assert name.lstrip()[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
            assert (float(energy), count) == (-1.5, "-2")
            assert plain_cell(name) == text
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_text(rows_text(rows, _Line), encoding="utf-8", newline="")
    assert read_rows(path, _Line) == rows
