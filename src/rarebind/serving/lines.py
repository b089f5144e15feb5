"""Ligands as people type or paste them: a line each, SMILES first."""

from __future__ import annotations

import re

from rarebind.errors import InputError
from rarebind.ligands import Distinct, Ligand, LigandTable, Rejected, parse_ligand
from rarebind.serving.limits import MAX_LIGANDS, MAX_LINE, MAX_NAME

_SEPARATOR = re.compile(r"[\s,;]+")


def read_line(line: str) -> Ligand:
    """The ligand of a line: SMILES, then a name if there is one, after a blank or comma.

    Raises
    ------
    InputError
        What is wrong with the SMILES, as on the command line, or with the name.
    """
    if len(line) > MAX_LINE:
        raise InputError(
            f"line of {len(line)} characters, beginning {line[:40]!r}: at most {MAX_LINE} are read"
        )
    smiles, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
    name = rest[0].strip().strip('"').strip() if rest else ""
    if len(name) > MAX_NAME:
        raise InputError(f"name of {len(name)} characters: at most {MAX_NAME} are read")
    if not name.isprintable():
        raise InputError(f"the name {name!r} has characters that cannot be shown: retype it")
    return parse_ligand(smiles, name or None)


def survey_lines(text: str) -> LigandTable:
    """The ligands of a text, and what is wrong with the lines that are none.

    Empty lines are skipped; so is the head of a table (``smiles,name``).

    Raises
    ------
    InputError
        There are none, or too many.
    """
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not _is_head(line)
    ]
    if not lines:
        raise InputError("no ligands given: one SMILES a line")
    if len(lines) > MAX_LIGANDS:
        raise InputError(
            f"{len(lines)} ligands: at most {MAX_LIGANDS} are screened at once; rarebind screen "
            "takes a file of any length"
        )
    ligands: list[Ligand] = []
    rejected = []
    seen = Distinct()
    for number, line in lines:
        try:
            ligand = read_line(line)
            seen.add(ligand, number)
        except InputError as error:
            smiles, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
            name = rest[0] if rest else ""
            rejected.append(Rejected(number, name, smiles, "; ".join(error.problems)))
        else:
            ligands.append(ligand)
    return LigandTable(tuple(ligands), tuple(rejected))


def _is_head(line: str) -> bool:
    return _SEPARATOR.split(line.strip(), maxsplit=1)[0].casefold() == "smiles"
