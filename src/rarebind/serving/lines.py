"""Ligands as people type or paste them: a line each, SMILES first; or a CSV file."""

from __future__ import annotations

import re

from rarebind.errors import InputError
from rarebind.ligands import Item, Ligand, Survey, parse_ligand, survey_items, survey_ligand_text
from rarebind.serving.limits import MAX_LIGANDS

_SEPARATOR = re.compile(r"[\s,;]+")


def read_line(line: str) -> Ligand:
    """The ligand of a line: SMILES, then a name if there is one, after a blank or comma.

    Raises
    ------
    InputError
        What is wrong with the SMILES or the name, as on the command line.
    """
    smiles, name = _parts(line)
    return parse_ligand(smiles, name or None)


def survey_lines(text: str) -> Survey:
    """The ligands of a text, and what is wrong with the lines that are none.

    Empty lines are skipped; so is a head ``smiles ...``.  A head with a column ``smiles``, its
    columns separated by commas, makes the text a CSV file.

    Raises
    ------
    InputError
        There are none, or too many.
    """
    # Excel writes a byte-order mark.
    text = text.removeprefix("\ufeff")
    lines = [
        (number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()
    ]
    table = bool(lines) and _is_csv_head(lines[0][1])
    lines = lines[1:] if table else [(n, line) for n, line in lines if not _is_head(line)]
    if not lines:
        raise InputError("no ligands given: one SMILES a line")
    if len(lines) > MAX_LIGANDS:
        raise InputError(
            f"{len(lines)} ligands: at most {MAX_LIGANDS} are screened at once; rarebind screen "
            "takes a file of any length"
        )
    return survey_ligand_text(text, "the text") if table else survey_items(map(_item, lines))


def _item(numbered: tuple[int, str]) -> Item:
    number, line = numbered
    smiles, name = _parts(line)
    return Item(number, name, smiles, lambda: read_line(line))


def _parts(line: str) -> tuple[str, str]:
    """SMILES and name, which may be empty."""
    smiles, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
    return smiles, rest[0].strip().strip('"').strip() if rest else ""


def _is_csv_head(line: str) -> bool:
    columns = [column.strip().strip('"').casefold() for column in line.split(",")]
    return len(columns) > 1 and "smiles" in columns


def _is_head(line: str) -> bool:
    return _parts(line)[0].casefold() == "smiles"
