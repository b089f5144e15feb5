"""Tables of ligands, read and written: every bad line is reported at once."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rarebind.errors import InputError
from rarebind.io.files import read_text, replace_file
from rarebind.io.tables import csv_text, plain_cell
from rarebind.ligands.acidity import read_pka
from rarebind.ligands.donors import parse_ligand
from rarebind.ligands.survey import Item, Survey, survey_items

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rarebind.ligands.ligand import Ligand

_COLUMNS = ("smiles", "name", "pka")


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
    found = survey_ligand_table(path, motif_file=motif_file)
    return found.checked(strict=True).ligands


def survey_ligand_table(
    path: str | Path,
    *,
    motif_file: str | Path | None = None,
    on_read: Callable[[int, int], object] = lambda _done, _total: None,
) -> Survey:
    """Read the ligands of a CSV file, and what is wrong with the lines that are none.

    Parameters
    ----------
    path
        Comma-separated UTF-8 text with a header; the column ``smiles`` is required, ``name``
        optional, others are ignored.  Empty lines are skipped.
    motif_file
        As in `parse_ligand`.
    on_read
        Told how many lines have been read, and of how many.

    Raises
    ------
    InputError
        The file cannot be read, or has no lines.
    """
    text = read_text(path)
    found = survey_ligand_text(text, str(path), motif_file=motif_file, on_read=on_read)
    return replace(found, place=f"{path}, line")


def survey_ligand_text(
    text: str,
    source: str,
    *,
    motif_file: str | Path | None = None,
    on_read: Callable[[int, int], object] = lambda _done, _total: None,
) -> Survey:
    """Read the ligands of what a CSV file holds, and what is wrong with the lines that are none.

    Parameters
    ----------
    text
        As in the file of :func:`survey_ligand_table`.
    source
        Where it comes from, for messages.
    motif_file
        As in `parse_ligand`.
    on_read
        As for :func:`survey_ligand_table`.

    Raises
    ------
    InputError
        It is no CSV, or has no lines.
    """
    rows = _rows(text, source)
    columns = _columns(next((row for row in rows if not _is_blank(row)), None), source)
    items = [_item(row, columns, motif_file) for row in rows if not _is_blank(row)]
    if not items:
        raise InputError(f"{source} has a header but no ligands: add one line a ligand")
    return survey_items(items, on_read=on_read)


def write_ligand_table(ligands: Iterable[Ligand], path: Path) -> None:
    """Write a CSV file that :func:`read_ligand_table` reads.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    lines = ((ligand.name, ligand.smiles) for ligand in ligands)
    replace_file(path, csv_text(("name", "smiles"), lines))


def _columns(header: _Row | None, path: str) -> list[str]:
    if header is None:
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


def _rows(text: str, source: str) -> Iterator[_Row]:
    """Rows with the number of the line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            yield _Row(line, tuple(fields))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{source}, line {line}: not readable as CSV ({error})") from error


def _is_blank(row: _Row) -> bool:
    return row.fields in {(), ("",)}


def _item(row: _Row, columns: list[str], motif_file: str | Path | None) -> Item:
    values = dict(zip(columns, (plain_cell(field.strip()) for field in row.fields), strict=False))

    name, smiles = values.get("name", ""), values.get("smiles", "")
    if len(row.fields) > len(columns):
        refuse = partial(_refuse_fields, row.fields, len(columns))
        return Item(row.line, name, smiles, refuse)
    read = partial(_read, smiles, name, values.get("pka", ""), motif_file)
    return Item(row.line, name, smiles, read)


def _read(smiles: str, name: str, pka: str, motif_file: str | Path | None) -> Ligand:
    ligand = parse_ligand(smiles, name or None, motif_file=motif_file)
    return replace(ligand, pka=read_pka(pka)) if pka else ligand


def _refuse_fields(fields: Sequence[str], columns: int) -> NoReturn:
    raise InputError(
        f"{','.join(fields)!r} has {len(fields)} fields, but the header has {columns}: put fields "
        "that contain a comma in double quotes"
    )
