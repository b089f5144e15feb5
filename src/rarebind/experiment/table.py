"""Tables of measured stability constants, long or wide, read and checked line by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from rarebind.elements import rare_earth, rare_earths
from rarebind.errors import InputError, collecting
from rarebind.io.files import bundled_text, read_text
from rarebind.io.models import Section, problems_of
from rarebind.io.tables import plain_cell

if TYPE_CHECKING:
    import pandas as pd

#: The first constant, [ML]/([M][L]).
FIRST = "ML/M.L"
#: Other ways to write it, without blanks and in small letters.
_FIRST = frozenset({"ml/m.l", "ml/(m.l)", "ml/m*l", "k1", "logk1", "beta1", "logbeta1", "β1"})
#: By how much two values of one pair in one series may differ, log units.
DISAGREEMENT = 0.3
#: Faults that are named; of the others, how many there are.
_NAMED = 20


class Measurement(Section):
    """One measured constant; a column a field.

    Attributes
    ----------
    ligand
        Name.
    smiles
        Of the neutral or the bound form, or the name of a known ligand.
    metal
        Symbol of a rare earth, as M3+.
    log_k
        Decimal logarithm of the constant, concentrations in mol/L.
    definition
        Such as ``ML/M.L``.
    temperature_C, ionic_strength_M
        0 is an extrapolation to infinite dilution.
    reference
        Where it is from; one reference, temperature, ionic strength and medium make a series.
    medium, doi
        May be empty.
    charge
        Of L in the constant, e; where it is given, the ligand has to bind with it.
    """

    ligand: str = Field(min_length=1, examples=["EDTA"])
    smiles: str = Field(min_length=1, examples=["CC(=O)O"])
    metal: str = Field(min_length=1, examples=["La"])
    log_k: float = Field(ge=-5, le=60, examples=[15.5])
    definition: str = Field(min_length=1, examples=[FIRST])
    temperature_C: float = Field(ge=-5, le=130, examples=[25.0])  # noqa: N815  # the unit
    ionic_strength_M: float = Field(ge=0, le=15, examples=[0.1])  # noqa: N815  # the unit
    reference: str = Field(min_length=1, examples=["Moeller and Thompson 1962"])
    medium: str = ""
    doi: str = ""
    charge: int | None = Field(default=None, examples=[-4])


#: What makes a series beside the ligand.
SERIES = ("reference", "temperature_C", "ionic_strength_M", "medium")
#: Columns of the DataFrame that :func:`read_constants` gives.
COLUMNS = (*Measurement.model_fields, "inchikey", "line")


def stability_constants() -> pd.DataFrame:
    """The constants that come with the package, as :func:`read_constants` gives them."""
    return constants_of(bundled_text("stability_constants.csv"), "stability_constants.csv")


def read_constants(path: Path | str, *, definition: str = FIRST) -> pd.DataFrame:
    """Read a table of stability constants.

    Parameters
    ----------
    path
        CSV in UTF-8 with the fields of :class:`Measurement` as columns; wide instead of long, it
        has, instead of ``metal`` and ``log_k``, a column for each metal, empty where nothing was
        measured.  Further columns are ignored, and lines that begin with ``#`` before the header.
    definition
        What every constant has to be.

    Returns
    -------
    DataFrame
        A row a ligand, metal and series, with :data:`COLUMNS`: ``inchikey`` is that of the bound
        form, ``line`` that of the file.  A pair that a series has twice is averaged.

    Raises
    ------
    InputError
        All faults by their lines: a column or cell is missing, a value impossible, a ligand or
        metal unknown, a constant has another definition, a name stands for two ligands, or a series
        has a pair twice with values that are more than :data:`DISAGREEMENT` apart.
    """
    return constants_of(read_text(path), str(path), definition=definition)


def constants_of(text: str, source: str, *, definition: str = FIRST) -> pd.DataFrame:
    """What :func:`read_constants` gives, of a text; `source` is its name in messages."""
    import pandas as pd

    problems: list[str] = []
    found: list[dict[str, Any]] = []
    for line, cells in _rows(text, source):
        try:
            row = Measurement.model_validate(cells)
        except ValidationError as error:
            told = problems_of(error.errors(), Measurement)
            problems += [f"{source}, line {line}: {_advised(problem)}" for problem in told]
            continue
        with collecting(problems):
            own = _checked(row, definition, source, line)
            found.append(row.model_dump() | {"line": line, "definition": own})
    _raise(problems)
    if not found:
        raise InputError(f"{source} has a header but no constants: add one line a constant")
    table = pd.DataFrame(found).astype({"charge": "float64"})
    table["inchikey"] = _inchikeys(table, source)
    return _merged(table, source)[list(COLUMNS)]


def normal_definition(text: str) -> str:
    """A definition without blanks; one way to write the first constant."""
    plain = "".join(text.split())
    return FIRST if plain.casefold() in _FIRST else plain


# --- lines ------------------------------------------------------------------------------------


def _rows(text: str, source: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Cells of a constant by column, with the number of the line; empty cells are left out."""
    lines = text.splitlines(keepends=True)
    skipped = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    reader = csv.reader(io.StringIO("".join(lines[skipped:]), newline=""), strict=True)
    try:
        head = [cell.strip() for cell in next(reader, [])]
        metals = _metal_columns(head, source)
        for cells in reader:
            line = reader.line_num + skipped
            if not any(cells):
                continue
            if len(cells) != len(head):
                raise InputError(
                    f"{source}, line {line}: {len(cells)} cells, but the header has {len(head)}: "
                    "put cells that contain a comma in double quotes"
                )
            given = {n: plain_cell(c.strip()) for n, c in zip(head, cells, strict=True)}
            row = {n: c for n, c in given.items() if c and n in Measurement.model_fields}
            if not metals:
                yield line, row
            for metal in metals:
                if given[metal]:
                    yield line, row | {"metal": metal, "log_k": given[metal]}
    except csv.Error as error:
        raise InputError(f"{source}: not readable as CSV ({error})") from error


def _metal_columns(head: list[str], source: str) -> list[str]:
    """Metals of a wide table; none of a long one."""
    if twice := sorted({name for name in head if name and head.count(name) > 1}):
        raise InputError(f"{source} has the column {twice[0]} more than once: keep one")
    metals = [] if "metal" in head else [name for name in head if name in rare_earths()]
    needed = [n for n, field in Measurement.model_fields.items() if field.is_required()]
    if metals:
        needed = [name for name in needed if name not in {"metal", "log_k"}]
    if missing := [name for name in needed if name not in head]:
        raise InputError(
            f"{source} has no column {', '.join(missing)}: needed are {', '.join(needed)}"
            f"{'' if metals else ', or a column for each metal instead of metal and log_k'}; "
            f"it has {', '.join(filter(None, head)) or 'none'}"
        )
    return metals


def _advised(problem: str) -> str:
    """What to do about a value that looks as if it had another unit, or is not there."""
    if problem.startswith("temperature_C") and "is above" in problem:
        return f"{problem} (temperatures are in degrees Celsius)"
    if problem.startswith("ionic_strength_M") and "is above" in problem:
        return f"{problem} (ionic strengths are in mol/L)"
    if "is missing" in problem:
        return f"{problem.partition(';')[0]}: fill it in, or leave the line out"
    return problem


def _checked(row: Measurement, definition: str, source: str, line: int) -> str:
    """The definition in one way of writing, after checks of it and of the metal."""
    problems: list[str] = []
    with collecting(problems):
        rare_earth(row.metal)
    own, asked = normal_definition(row.definition), normal_definition(definition)
    if own != asked:
        problems.append(
            f"the constant of {row.ligand} is {own}, not {asked}: leave it out, or ask for {own}"
        )
    if problems:
        raise InputError([f"{source}, line {line}: {problem}" for problem in problems])
    return own


# --- what lines say together -------------------------------------------------------------------


def _inchikeys(table: pd.DataFrame, source: str) -> pd.Series:
    """InChIKey of the bound form of each row's ligand."""
    from rarebind.ligands import parse_ligand

    problems: list[str] = []
    keys: dict[str, str] = {}
    for smiles, own in table.groupby("smiles", sort=False):
        where = f"{source}, line {own['line'].iloc[0]}"
        try:
            ligand = parse_ligand(str(smiles))
        except InputError as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        keys[str(smiles)] = ligand.inchikey
        charges = own["charge"].dropna()
        if len(wrong := charges[charges != ligand.charge]):
            problems.append(
                f"{where}: {own['ligand'].iloc[0]} binds with the charge {ligand.charge:+d}, but L "
                f"of the constant has {wrong.iloc[0]:+.0f}: number its donors, write the "
                "other form, or leave it out"
            )
    _raise(problems)
    found = table["smiles"].map(keys)
    several = found.groupby(table["ligand"]).nunique()
    for name in several[several > 1].index:
        lines = table[table["ligand"] == name].groupby(found, sort=False)["line"].first()
        problems.append(
            f"{source}, line {lines.iloc[1]}: {name} is another ligand than in line "
            f"{lines.iloc[0]}: give it another name"
        )
    _raise(problems)
    return found


def _merged(table: pd.DataFrame, source: str) -> pd.DataFrame:
    """Pairs that a series has twice, averaged."""
    keys = ["inchikey", "metal", *SERIES]
    groups = table.groupby(keys, sort=False, dropna=False)
    apart = groups["log_k"].agg(lambda values: values.max() - values.min())
    problems = []
    for key in apart[apart > DISAGREEMENT].index:
        own = groups.get_group(key)
        told = ", ".join(
            f"{value:g} (line {line})"
            for value, line in zip(own["log_k"], own["line"], strict=True)
        )
        problems.append(
            f"{source}: {key[1]} with {own['ligand'].iloc[0]} has {told} in one series: keep one, "
            "or tell the series apart by their references"
        )
    _raise(problems)
    merged = groups.first().reset_index()
    merged["log_k"] = groups["log_k"].mean().to_numpy()
    return merged


def _raise(problems: Iterable[str]) -> None:
    found = list(problems)
    if len(found) > _NAMED:
        found[_NAMED:] = [f"{len(found) - _NAMED} more lines are wrong"]
    if found:
        raise InputError(found)
