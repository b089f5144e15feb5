"""``rarebind package``: trainings become one model file."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.table import Table

from rarebind.commands.progress import progress_bar
from rarebind.commands.text import terminal
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    from rarebind.learning.release.assessment import Assessed
    from rarebind.uncertainty import Check, FlagCheck


def package(
    folders: Annotated[
        list[Path],
        typer.Argument(
            help="Folders of `rarebind train`; several are an ensemble, and may differ "
            "in their seed alone."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The model file, NAME.rarebind.")],
    folds: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="RUN ...",
            help="Trainings alike on other folds of the split: intervals are calibrated on their "
            "test parts, in place of what the training of FOLDERS left out.",
        ),
    ] = None,
    uncertainty: Annotated[
        bool,
        typer.Option(help="Calibrate intervals on ligands that were left out of training."),
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Make a model file of trainings: weights, card, and how sure the model is."""
    from rarebind.errors import InputError
    from rarebind.io.files import check_writable
    from rarebind.learning.release.assessment import assess
    from rarebind.learning.release.model_file import SUFFIX, write_model
    from rarebind.learning.release.package import folds_of, with_hydration

    if out.suffix != SUFFIX:
        raise InputError(f"{out}: the name of a model ends in {SUFFIX}")
    if folds and not uncertainty:
        raise InputError("--folds is what intervals are calibrated on: not with --no-uncertainty")
    check_writable(out.parent, [out.name], "the model with --out")
    content, config = with_hydration(folders, out.stem)
    found = None
    if uncertainty:
        others = folds_of(content, folders[0], folds) if folds else []
        with progress_bar(terminal(stderr=True)) as progress:
            bar = progress.add_task("predictions", total=None)
            found = assess(
                content,
                config,
                lambda made, total: progress.update(bar, completed=made, total=total),
                folds=others,
            )
        content = found.content
    sha256 = write_model(content, out)
    size = out.stat().st_size
    summary = {"model": str(out), "sha256": sha256, "bytes": size} | _coverage(found)
    if as_json:
        json.dump(summary, sys.stdout, indent=1, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    if found is not None:
        _show(found)
    console = terminal()
    console.print(f"{out}  {size / 1e3:.0f} kB", soft_wrap=True)
    console.print(f"SHA-256 {sha256}", soft_wrap=True)


def _show(found: Assessed) -> None:
    console = terminal()
    console.print(_table(found))
    console.print(_flag(found.flag))
    if found.external and found.external_flag:
        console.print(_external_table(found))
        console.print(_flag(found.external_flag))
    for line in _described(found):
        console.print(line)


def _coverage(found: Assessed | None) -> dict[str, Any]:
    if found is None:
        return {}
    heads = found.content.heads
    return {
        "folds": len(found.folds),
        "held_out_ligands": found.ligands,
        "held_out_complexes": found.complexes,
        "coverage": [asdict(check) for check in found.checks],
        "flag": asdict(found.flag),
        "external_coverage": [asdict(check) for check in found.external],
        "external_flag": asdict(found.external_flag) if found.external_flag else None,
        "heads": heads and {"scale": heads.scale, "strength": heads.strength},
        "errors": found.content.card.errors,
    }


def _described(found: Assessed) -> Iterator[str]:
    """Heads and errors of the model in words."""
    heads = found.content.heads
    if heads is None:
        yield "The metals have no heads: the network does no worse without."
    else:
        yield f"{len(heads.weights)} metals have heads, of strength {heads.strength:.2g}."
    for part, errors in found.content.card.errors.items():
        yield (
            f"{part}: mean absolute error {errors['mae_ev'] * KCAL_PER_EV:.2f} kcal/mol "
            f"({errors['complexes']} complexes, {errors['ligands']} ligands)"
        )


def _flag(check: FlagCheck) -> str:
    def error(value: float | None) -> str:
        return f"{(value or 0.0) * KCAL_PER_EV:.2f} kcal/mol"

    others = f"without the flag ({check.others} complexes) the mean absolute error is "
    if not check.flagged:
        return f"No complex is flagged; {others}{error(check.others_error)}."
    if not check.others:
        return (
            f"All {check.flagged} complexes are flagged; the mean absolute error is "
            f"{error(check.flagged_error)}."
        )
    return (
        f"Flagged are {check.flagged} complexes, with a mean absolute error of "
        f"{error(check.flagged_error)}; {others}{error(check.others_error)}."
    )


def _table(found: Assessed) -> Table:
    folds = f"{len(found.folds)} folds, " if found.folds else ""
    return _coverage_table(
        found.checks,
        "How often intervals hold, for ligands that took no part in calibrating them",
        f"{folds}{found.ligands} ligands, {found.complexes} complexes; a fifth of the ligands at a "
        "time.  Every ligand counts the same.",
    )


def _external_table(found: Assessed) -> Table:
    part = found.external[0].energies[""]
    return _coverage_table(
        found.external,
        "The same for the external part, whose scaffold the model has not seen",
        f"{part.blocks} ligands, {part.n} complexes, of which the intervals promise nothing.",
    )


def _coverage_table(checks: Sequence[Check], title: str, caption: str) -> Table:
    groups = sorted({name for check in checks for name in check.energies})
    table = Table(title=title, caption=caption, box=SIMPLE)
    table.add_column("Promised", justify="right")
    for group in groups:
        table.add_column(group or "all", justify="right")
    table.add_column("ΔΔE", justify="right")
    for check in checks:
        table.add_row(f"{check.level:.0%}", *_shares(check, groups))
    return table


def _shares(check: Check, groups: list[str]) -> list[str]:
    parts = [check.energies.get(group) for group in groups]
    return ["" if part is None else f"{part.fraction:.0%}" for part in (*parts, check.differences)]
