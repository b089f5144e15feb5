"""Reading a table of ligands: every bad line is reported at once."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.errors import InputError
from rarebind.ligands.distinct import Distinct
from rarebind.ligands.donors import parse_ligand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rarebind.ligands.ligand import Ligand

_COLUMNS = ("smiles", "name")


@dataclass(frozen=True)
class Rejected:
    """A line of a table that is no ligand.

    Attributes
    ----------
    line
        Its number.
    name, smiles
        As given; empty where they are missing.
    reason
        What is wrong, and what to do.
    """

    line: int
    name: str
    smiles: str
    reason: str


@dataclass(frozen=True)
class LigandTable:
    """What a file of ligands holds.

    Attributes
    ----------
    ligands
        In the order of the file.
    rejected
        The lines that are none.
    """

    ligands: tuple[Ligand, ...]
    rejected: tuple[Rejected, ...]


@dataclass(frozen=True)
class _Row:
    line: int
    fields: tuple[str, ...]


def read_ligand_table(
    path: str | Path, *, motif_file: str | Path | None = None
) -> tuple[Ligand, ...]:
    """Read the ligands of a CSV file, all of whose lines have to be good.

    Parameters
    ----------
    path, motif_file
        As for :func:`survey_ligand_table`.

    Returns
    -------
    tuple of Ligand
        In the order of the file.

    Raises
    ------
    InputError
        The file cannot be used, or some lines cannot: then ``problems`` has one message for each
        bad line, with its number and value.
    """
    table = survey_ligand_table(path, motif_file=motif_file)
    if table.rejected:
        raise InputError(f"{path}, line {found.line}: {found.reason}" for found in table.rejected)
    return table.ligands


def survey_ligand_table(path: str | Path, *, motif_file: str | Path | None = None) -> LigandTable:
    """Read the ligands of a CSV file, and what is wrong with the lines that are none.

    Parameters
    ----------
    path
        Comma-separated UTF-8 text with a header; the column ``smiles`` is required, ``name``
        optional, others are ignored.  Empty lines are skipped.
    motif_file
        As in `parse_ligand`.

    Raises
    ------
    InputError
        The file cannot be read, or has no lines.
    """
    rows = _rows(Path(path))
    columns = _columns(next(rows, None), path)
    ligands: list[Ligand] = []
    rejected: list[Rejected] = []
    seen = Distinct()
    for row in rows:
        if row.fields in {(), ("",)}:
            continue
        try:
            ligand = _ligand(row, columns, motif_file)
            seen.add(ligand, row.line)
        except InputError as error:
            values = dict(zip(columns, (field.strip() for field in row.fields), strict=False))
            name, smiles = values.get("name", ""), values.get("smiles", "")
            rejected.append(Rejected(row.line, name, smiles, "; ".join(error.problems)))
        else:
            ligands.append(ligand)
    if not (ligands or rejected):
        raise InputError(f"{path} has a header but no ligands: add one line a ligand")
    return LigandTable(tuple(ligands), tuple(rejected))


def _columns(header: _Row | None, path: str | Path) -> list[str]:
    if header is None or not any(field.strip() for field in header.fields):
        raise InputError(f"{path} is empty: expected a header with the column smiles")
    columns = [field.strip().casefold() for field in header.fields]
    if "smiles" not in columns:
        raise InputError(
            f"{path} has no column smiles: its columns are "
            f"{', '.join(repr(f.strip()) for f in header.fields)}; separate columns by commas"
        )
    if twice := [c for c in _COLUMNS if columns.count(c) > 1]:
        raise InputError(f"{path} has the column {twice[0]} more than once: keep one")
    return columns


def _rows(path: Path) -> Iterator[_Row]:
    """Rows with the number of the line on which each begins."""
    try:
        # Excel writes a byte-order mark.
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist: check the name of the file") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise InputError(f"{path} is not UTF-8 text (line {line}): save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            if fields or line > 1:
                yield _Row(line, tuple(fields))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {line}: not readable as CSV ({error})") from error


def _ligand(row: _Row, columns: list[str], motif_file: str | Path | None) -> Ligand:
    if len(row.fields) > len(columns):
        raise InputError(
            f"{','.join(row.fields)!r} has {len(row.fields)} fields, but the header has "
            f"{len(columns)}: put fields that contain a comma in double quotes"
        )
    values = dict(zip(columns, (field.strip() for field in row.fields), strict=False))
    name = values.get("name") or None
    if not values.get("smiles"):
        raise InputError(f"blank smiles{f' for {name!r}' if name else ''}: give one or remove it")
    return parse_ligand(values["smiles"], name, motif_file=motif_file)
