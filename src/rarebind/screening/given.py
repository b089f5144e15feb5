"""Ligands as people give them: a text of lines, a CSV file, SMILES, molecules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from rdkit import Chem, rdBase

from rarebind.errors import InputError
from rarebind.io.yaml import shortened
from rarebind.ligands import Item, Ligand, Survey, parse_ligand, survey_items, survey_ligand_text
from rarebind.ligands.acidity import read_pka
from rarebind.ligands.smiles import EXTENDED

#: What stands for one ligand.
LigandLike = str | Chem.Mol | Ligand

_SEPARATOR = re.compile(r"[\s,;]+")
_ADVICE = "give SMILES, RDKit molecules or ligands"
_KEYS = {"smiles", "name", "pka"}


def read_line(line: str) -> Ligand:
    """The ligand of a line: SMILES, then a name if there is one, after a blank or comma.

    Raises
    ------
    InputError
        What is wrong with the SMILES or the name.
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
        There are none.
    """
    # Excel writes a byte-order mark.
    text = text.removeprefix("\ufeff")
    lines = [(n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip()]
    table = bool(lines) and _is_csv_head(lines[0][1])
    lines = lines[1:] if table else [(n, line) for n, line in lines if not _is_head(line)]
    if not lines:
        raise InputError("no ligands given: one SMILES a line")
    return survey_ligand_text(text, "the text") if table else survey_items(map(_line, lines))


def survey_ligands(given: object) -> Survey:
    """Ligands in whatever form, and what is wrong with those that are none.

    Parameters
    ----------
    given
        A text of several lines is read by :func:`survey_lines`.  Else one or several of: SMILES,
        RDKit molecules (named by their property ``_Name``), ligands, pairs of SMILES (or molecule)
        and name, mappings with ``smiles``, ``name`` and ``pka`` (a text of several numbers).  Or a
        mapping of SMILES by name, or a DataFrame with these columns.

    Raises
    ------
    InputError
        Nothing is given, or nothing that could be ligands.
    """
    if isinstance(given, Survey):
        return given
    if isinstance(given, str) and "\n" in given:
        return survey_lines(given)
    if isinstance(given, (bytes, bytearray)):
        raise InputError(f"ligands: {shortened(given)} is neither a ligand nor a list: {_ADVICE}")
    if isinstance(given, Mapping) and not set(given) <= _KEYS:
        given = [(one, name) for name, one in given.items()]
    elif hasattr(given, "columns") and hasattr(given, "to_dict"):
        given = _rows_of(given)
    elif isinstance(given, (LigandLike, Mapping)):
        given = [given]
    if not isinstance(given, Iterable):
        raise InputError(f"ligands: {shortened(given)} is neither a ligand nor a list: {_ADVICE}")
    items = [_item(number, one) for number, one in enumerate(given, start=1)]
    if not items:
        raise InputError(f"no ligands given: {_ADVICE}")
    return survey_items(items, "ligand")


def plain_ligands(survey: Survey) -> list[dict[str, str]]:
    """What :func:`survey_ligands` makes the same ligands of: name, SMILES with donors, pKa."""
    return [
        {"name": one.name, "smiles": one.written}
        | ({"pka": " ".join(map(str, one.pka))} if one.pka else {})
        for one in survey.ligands
    ]


def _line(numbered: tuple[int, str]) -> Item:
    number, line = numbered
    smiles, name = _parts(line)
    return Item(number, name, smiles, partial(read_line, line))


def _parts(line: str) -> tuple[str, str]:
    """SMILES, with its extension if it has one, and name, which may be empty."""
    if (extended := EXTENDED.match(line.strip())) is not None:
        smiles, rest = extended[0], [line.strip()[extended.end() :].lstrip(" \t,;")]
    else:
        smiles, *rest = _SEPARATOR.split(line.strip(), maxsplit=1)
    return smiles, rest[0].strip().strip('"').strip() if rest else ""


def _is_csv_head(line: str) -> bool:
    columns = [column.strip().strip('"').casefold() for column in line.split(",")]
    return len(columns) > 1 and "smiles" in columns


def _is_head(line: str) -> bool:
    return _parts(line)[0].casefold() == "smiles"


def _item(number: int, given: Any) -> Item:
    name = ""
    if _is_pair(given):
        given, name = given
    if isinstance(given, Ligand):
        return Item(number, given.name, given.smiles, partial(_itself, given))
    if isinstance(given, str):
        return Item(number, name, given, partial(parse_ligand, given, name or None))
    if isinstance(given, Chem.Mol):
        own = given.GetProp("_Name").strip() if given.HasProp("_Name") else ""
        name = name or own
        return Item(number, name, _shown(given), partial(_of_molecule, given, name or None))
    if isinstance(given, Mapping) and set(given) <= _KEYS:
        smiles, named = given.get("smiles"), given.get("name")
        if isinstance(smiles, str):
            read = partial(_with_pka, smiles, named, given.get("pka"))
            return Item(number, str(named or ""), smiles, read)
    return Item(number, "", str(given), partial(_refuse, shortened(given)))


def _with_pka(smiles: str, name: str | None, pka: object) -> Ligand:
    """A ligand with its acid constants: a text of them, or a number or several."""
    ligand = parse_ligand(smiles, name)
    if pka is None:
        return ligand
    several = pka if isinstance(pka, (list, tuple)) else [pka]
    return replace(ligand, pka=read_pka(" ".join(map(str, several))))


def _is_pair(given: Any) -> bool:
    """Whether it is a ligand and its name."""
    return (
        isinstance(given, (tuple, list))
        and len(given) == 2  # noqa: PLR2004
        and isinstance(given[0], (str, Chem.Mol))
        and isinstance(given[1], str)
    )


def _shown(given: Chem.Mol) -> str:
    try:
        return _smiles(given)
    except InputError:
        return ""


def _smiles(given: Chem.Mol) -> str:
    """SMILES of a molecule, which may not have been sanitised."""
    mol = Chem.Mol(given)
    if any(a.HasQuery() for a in mol.GetAtoms()) or any(b.HasQuery() for b in mol.GetBonds()):
        raise InputError("the molecule is a query (of SMARTS, say) for several: give one")
    try:
        with rdBase.BlockLogs():
            Chem.SanitizeMol(mol)
            return str(Chem.MolToSmiles(Chem.RemoveHs(mol)))
    # RDKit has no common class of errors, and raises RuntimeError for broken invariants.
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"the molecule makes no sense to RDKit ({str(error).splitlines()[0]}): check valences "
            "and charges"
        ) from error


def _rows_of(table: Any) -> list[dict[str, Any]]:
    """The lines of a DataFrame, by ``smiles`` and maybe ``name``."""
    if "smiles" not in table.columns:
        raise InputError(
            f"ligands: the table has no column smiles, only {', '.join(map(str, table.columns))}"
        )
    return [
        {key: one for key, one in row.items() if key in _KEYS and one == one}  # noqa: PLR0124  # NaN
        for row in table.to_dict("records")
    ]


def _itself(given: Ligand) -> Ligand:
    return given


def _of_molecule(given: Chem.Mol, name: str | None) -> Ligand:
    return parse_ligand(_smiles(given), name)


def _refuse(given: str) -> NoReturn:
    raise InputError(
        f"{given} is no ligand: give a SMILES, an RDKit molecule, a Ligand, or smiles and name"
    )
