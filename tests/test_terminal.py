"""What people give is printed as it is: no markup, no emoji, no traceback."""

import ast
import io
from pathlib import Path

import pytest
import rich.status
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.table import Table

import rarebind
from rarebind.commands import progress, text
from rarebind.io.tables import terminal_table

#: Where rich must not be asked for a console of its own, which would read markup.
COMMANDS = sorted((Path(rarebind.__file__).parent / "commands").glob("*.py"))
OWN = [path for path in COMMANDS if path.name not in {"text.py", "reference.py"}]
NAMES = st.text(
    st.sampled_from("[]/\\:=#@*_ abo🅱") | st.characters(codec="utf-8", categories=("L", "N", "S")),
    min_size=1,
    max_size=30,
).map(str.strip).filter(cell_len) | st.sampled_from(
    [
        "a[/b]",
        "[red]x",
        "[nH]",
        "c1:o:c1",
        ":b:",
        "[/]",
        "\\[x",
        "[link=x]y",
        "{task}",
        "[@click=f]",
    ]
)


def printed(write, **how):
    console = text.terminal(width=10_000, **how)
    console.file = io.StringIO()
    write(console)
    return console.file.getvalue()


@given(NAMES)
@settings(max_examples=200, deadline=None)
def test_text_is_printed_as_it_is(name):
    table = Table("Name", name, title=name, caption=name)
    table.add_row(name, name)
    said = terminal_table(["Name", name], [[name, name]], title=name, caption=name)
    assert printed(lambda console: text.note(console, name)) == f"{name}\n"
    for number, shown in ((5, table), (5, said)):
        assert printed(lambda console, shown=shown: console.print(shown)).count(name) >= number


@given(NAMES)
@settings(max_examples=50, deadline=None)
def test_progress_and_stages_are_printed_as_they_are(name):
    def advance(console):
        bar = progress.progress_bar(console)
        bar.update(bar.add_task("starting", total=2), advance=1, description=name)

    def on_a_terminal(console):
        console._force_terminal = True
        bar = progress.progress_bar(console)
        bar.add_task(name, total=2)
        console.print(bar.get_renderable())

    assert name in printed(advance)
    assert name in printed(on_a_terminal)
    assert name in printed(lambda console: progress.Told(console, None).stage(name))
    status = rich.status.Status("")

    def stage(console):
        progress.Told(console, status).stage(name)
        console.print(status.renderable)

    assert name in printed(stage)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_no_console_reads_markup(path):
    """Consoles come from one place; a line of a status is a Text, which rich leaves alone."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    for call in calls:
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        assert name not in {"Console", "from_markup", "rprint"}, ast.unparse(call)
        if name in {"status", "update"} and "status" in ast.unparse(call.func) and call.args:
            assert ast.unparse(call.args[0]).startswith("Text("), ast.unparse(call)
