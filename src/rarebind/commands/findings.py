"""``rarebind findings``: which findings of the reference study hold for a dataset."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from rarebind.commands.text import note, print_json, terminal
from rarebind.io.tables import show


def findings(
    dataset: Annotated[Path, typer.Argument(metavar="DATA", help="Folder of the dataset.")],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="For findings.md and the figures, findings/.")
    ],
    level: Annotated[
        str, typer.Option(help="Of theory, as `dataset info` prints it, or its name.")
    ] = "gfn2-xtb",
    target: Annotated[
        str, typer.Option(help="Energies of tables and figures: exchange, or binding (eq. 1).")
    ] = "exchange",
    seed: Annotated[int, typer.Option(help="Of the intervals.")] = 111111,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Test the study's findings: the order of scaffolds and substituents, Gd and Yb.

    Verdicts follow one rule, which the document states; the same dataset gives the same files.
    """
    from rarebind.datasets import Dataset
    from rarebind.io.files import check_writable
    from rarebind.studies.gupta2026.findings import (
        Resampling,
        find,
        report_data,
        select,
        statements,
        verdicts,
        write_report,
    )

    check_writable(out)
    said, resampling = statements(), Resampling(seed=seed)
    with terminal(stderr=True).status(Text(f"reading {dataset}")):
        selection = select(Dataset(dataset).rows(), level, said.scaffolds.names)
        name = f"{dataset.resolve().name} ({len(selection.energies)} complexes)"
        found = find(selection, said, dataset=name, quantity=target, resampling=resampling)
        paths = write_report(found, out, _command(dataset, out, level, target, seed))
    if as_json:
        print_json(report_data(found))
        return
    output = terminal()
    show(output, verdicts(found))
    note(output, f"Report: {paths[0]}")


def _command(dataset: Path, out: Path, level: str, target: str, seed: int) -> str:
    """What makes the same document again."""
    options = {"--out": out, "--level": level, "--target": target, "--seed": seed}
    words = [str(word) for pair in options.items() for word in pair]
    return shlex.join(["rarebind", "findings", str(dataset), *words])
