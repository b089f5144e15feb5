"""What ``rarebind dataset import`` prints, and writes beside the dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.commands.dataset_show import SHOWN
from rarebind.commands.text import note, terminal
from rarebind.errors import counted
from rarebind.io.codec import to_data
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import csv_text

if TYPE_CHECKING:
    from rarebind.datasets import ImportReport, Proposal

_UNMATCHED, _PROPOSED = "unmatched.json", "proposed-ligands.csv"


def tell_import(report: ImportReport, out: Path, new: int) -> None:
    """Print what was recognised and what was not; write the rest in full into `out`.

    Parameters
    ----------
    new
        Records that the dataset did not have.
    """
    console = terminal()
    labelled = sum(record.binding is not None for record in report.records)
    note(
        console,
        f"{len(report.records)} recognised ({labelled} with binding energies), {new} new in {out}; "
        f"{len(report.unmatched)} not recognised",
    )
    if report.unread:
        named = ", ".join(f"{name} ({number})" for name, number in report.unread.items())
        note(console, f"Fields that are not read, and in how many frames they are: {named}")
    for unmatched in report.unmatched[:SHOWN]:
        note(console, f"  {unmatched}")
    if report.unmatched:
        path = make_folder(out) / _UNMATCHED
        replace_file(path, json.dumps([to_data(unmatched) for unmatched in report.unmatched]))
        note(console, f"All of them: {path}")
    settled = [(one, one.charge) for one in report.proposals if one.charge is not None]
    if settled:
        path = make_folder(out) / _PROPOSED
        replace_file(path, _table(settled))
        note(
            console,
            f"{counted(len(settled), 'unknown ligand')} as the structures "
            f"have them: {path}. Look at them, then import again with --ligands {path}",
        )
    for one in report.proposals:
        if one.charge is None:
            forms = " or ".join(f"{smiles} ({charge:+d})" for charge, smiles in one.smiles.items())
            note(
                console,
                f"{one.formula}, in {one.frames} of the frames, may be {forms}: say the charge of "
                "its frames (charge=…), or give the right one with --ligands",
            )


def _table(settled: list[tuple[Proposal, int]]) -> str:
    """What ``--ligands`` reads, and what it goes by."""
    numbers: dict[str, int] = {}
    lines = []
    for one, charge in settled:
        numbers[one.formula] = numbers.get(one.formula, 0) + 1
        twice = f"-{numbers[one.formula]}" if numbers[one.formula] > 1 else ""
        lines.append((f"{one.formula}{twice}", one.smiles[charge], charge, one.frames))
    return csv_text(("name", "smiles", "charge", "frames"), lines)
