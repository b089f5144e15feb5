"""The ``rarebind`` command: one thin command a verb."""

from __future__ import annotations

import errno
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from rarebind import __version__
from rarebind.commands import dataset, evaluate, experiment, ligands, reference
from rarebind.commands.curate import curate
from rarebind.commands.findings import findings
from rarebind.commands.hydration import hydration
from rarebind.commands.label import label
from rarebind.commands.many import ManyValuesCommand
from rarebind.commands.package import package
from rarebind.commands.parametrise import parametrise
from rarebind.commands.reproduce import reproduce
from rarebind.commands.screen import screen
from rarebind.commands.serve import serve
from rarebind.commands.templates import templates
from rarebind.commands.train import train
from rarebind.commands.validate import validate
from rarebind.errors import DamagedRecordWarning, OutputError, RarebindError
from rarebind.io.files import FULL

_FORMAT_WARNING = warnings.formatwarning

app = typer.Typer(
    help="How strongly and how selectively ligands bind rare-earth ions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command(cls=ManyValuesCommand)(screen)
app.command()(serve)
app.command(cls=ManyValuesCommand)(templates)
app.command(cls=ManyValuesCommand)(curate)
app.command(cls=ManyValuesCommand)(label)
app.command(cls=ManyValuesCommand)(train)
app.command(cls=ManyValuesCommand)(package)
app.command(cls=ManyValuesCommand)(reproduce)
app.command()(findings)
app.command(cls=ManyValuesCommand)(validate)
app.command()(hydration)
app.command()(parametrise)
app.add_typer(reference.app, name="reference")
app.add_typer(ligands.app, name="ligands")
app.add_typer(dataset.app, name="dataset")
app.add_typer(evaluate.app, name="evaluate")
app.add_typer(experiment.app, name="experiment")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rarebind {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """How strongly and how selectively ligands bind rare-earth ions."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; expected errors become a message and an exit status.

    Parameters
    ----------
    arguments
        By default those of the process.
    """
    if threading.current_thread() is threading.main_thread():
        # Ended from outside, still stop the workers and remove scratch folders.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    warnings.formatwarning = _warned
    try:
        app(args=arguments)
    except OSError as error:
        # Whatever is written beside the results: scratch files, caches.
        if error.errno not in {*FULL, errno.EROFS}:
            raise
        print(f"error: {error.filename or 'cannot write'}: {error.strerror}", file=sys.stderr)
        sys.exit(OutputError.exit_status)
    except RarebindError as error:
        problems = getattr(error, "problems", (str(error),))
        for problem in problems:
            print(f"error: {problem}", file=sys.stderr)
        sys.exit(error.exit_status)
    finally:
        warnings.formatwarning = _FORMAT_WARNING


def _warned(message: Warning | str, category: type[Warning], *place: Any, **line: Any) -> str:
    """A warning on the terminal: those meant for the user without the place in the program."""
    if issubclass(category, DamagedRecordWarning):
        return f"warning: {message}\n"
    return _FORMAT_WARNING(message, category, *place, **line)
