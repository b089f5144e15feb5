"""``rarebind parametrise``: GFN2's numbers of the rare earths from reference data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rarebind.commands.text import terminal


def parametrise(
    dataset: Annotated[
        Path,
        typer.Argument(
            metavar="DATASET", exists=True, file_okay=False,
            help="Reference energies and forces, e.g. data-reference.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="File of parameters; its card is written beside it.")],
    settings: Annotated[
        Path | None, typer.Option(help="YAML file of what is varied, and weights; default: ours.")
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="Parameters to begin with, of a fit to fewer data; default: GFN2's."),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    cross_validate: Annotated[
        bool,
        typer.Option(
            "--cross-validate/--no-cross-validate", help="Fit without each class of donors as well."
        ),
    ] = True,
) -> None:  # fmt: skip
    """Fit GFN2-xTB's parameters of the rare earths to the reference data in DATASET."""
    from rarebind.campaigns.reference.shards import read_references
    from rarebind.engines.tblite_parameters import read_parameters
    from rarebind.io.tables import show
    from rarebind.parametrisation import METHOD, read_settings, tabulated, write_level
    from rarebind.parametrisation import parametrise as fitted

    console = terminal()
    found = fitted(
        read_references(dataset),
        read_settings(settings),
        start=None if start is None else read_parameters(start, METHOD),
        workers=workers,
        cross_validate=cross_validate,
        on_step=console.print,
        on_fitted=lambda so_far: write_level(so_far, out),
    )
    write_level(found, out)
    show(console, tabulated(found.errors, "Errors by class of donors"))
    if len(found.test_errors):
        show(console, tabulated(found.test_errors, "Metals not fitted to"))
    console.print(f"{out}: parameters; {out.with_suffix('.md')}: their card")
