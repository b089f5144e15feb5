"""``rarebind screen``: from a file of ligands to a ranked table."""

from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer

from rarebind.commands.text import terminal
from rarebind.io.files import check_writable
from rarebind.screening.options import Options

#: Further spellings of options.
_SPELLINGS = {"coordination_number": "--cn", "geometries": "--geometry", "pairs": "--pair"}
_OUT = Path("rarebind-screen")


def screen(
    ligands: Annotated[
        Path | None, typer.Argument(help="CSV file with the column smiles, and name.")
    ] = None,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of ligands and options, such as screen.yaml of an earlier screen; "
            "options given here as well win."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = _OUT,
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: in the results folder."),
    ] = None,
    wide: Annotated[
        bool, typer.Option("--wide", help="Print all columns, wider than 80 characters.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
    **options: Any,
) -> None:
    """Rank ligands by how strongly and selectively they bind rare-earth ions."""
    from rarebind.commands.screen_job import read_request, run_screen, run_short_list, tell
    from rarebind.commands.screen_table import show_notes, show_ranking, show_short_list
    from rarebind.screening.outputs import LIGANDS, NAMES, write_outputs
    from rarebind.screening.reporting import report

    check_writable(out, [*NAMES.values(), LIGANDS])
    request = read_request(ligands, config, options)
    wanted = request.short_list_request()
    console = terminal(stderr=True)
    prepared = request.prepared()
    tell(prepared, console)
    calculations, unit = store or out / "calculations.sqlite", request.unit
    found = run_screen(prepared, calculations, console)
    show_notes(found, request.ligands.ligands, console)
    paths = write_outputs(found, out, unit)
    if not as_json:
        show_ranking(found, unit, wide=wide)
    listed = None
    if wanted is not None:
        listed = run_short_list(found, wanted, calculations, console)
        paths |= write_outputs(found, out, unit, short_list=listed)
    if as_json:
        content = report(found, unit, short_list=listed)
        json.dump(content, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
    else:
        if listed is not None:
            show_short_list(listed, unit)
        output = terminal()
        output.print("\nResults:")
        for path in paths.values():
            output.print(f"  {path}", soft_wrap=True)
    if len(found.failures) == len(found.entries):
        raise typer.Exit(1)


def _typer_option(name: str) -> inspect.Parameter:
    """An option of the screen as one of the command line; None where it is not given."""
    field = Options.model_fields[name]
    kind: Any = field.annotation
    several = get_origin(kind) is tuple
    if several:
        kind, shown = list[str], " ".join(field.default)
    else:
        kind = next(
            (one for one in (bool, int, float, Path) if one in (kind, *get_args(kind))), str
        )
        shown = "" if kind is bool else str(field.default or "")
    flag = f"--{name.replace('_', '-')}"
    if kind is bool and field.default:
        flag += f"/--no-{name.replace('_', '-')}"
    option = typer.Option(
        flag,
        *([_SPELLINGS[name]] if name in _SPELLINGS else []),
        help=f"{field.description}  Default: {shown}." if shown else field.description,
        show_default=False,
    )
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind | None, option],
    )


def _with_options() -> None:
    """Give the command the options of a screen, before its own."""
    signature = inspect.signature(screen, eval_str=True)
    first, *own = (p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD)
    options = [_typer_option(name) for name in Options.model_fields]
    screen.__signature__ = signature.replace(parameters=[first, *options, *own])  # type: ignore[attr-defined]
    screen.__annotations__ = {p.name: p.annotation for p in (first, *options, *own)}


_with_options()
