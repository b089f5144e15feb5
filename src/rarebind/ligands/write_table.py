"""Writing a table of ligands, in the form in which it is read."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from rarebind.errors import InputError
from rarebind.ligands.ligand import Ligand


def write_ligand_table(ligands: Sequence[Ligand], path: Path) -> None:
    """Write a CSV file that :func:`~rarebind.ligands.read_ligand_table` reads.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(("name", "smiles"))
            writer.writerows((ligand.name, ligand.smiles) for ligand in ligands)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror or error}") from error
