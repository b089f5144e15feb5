"""Screening from Python: SMILES or molecules in, a pandas table out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rdkit import Chem, rdBase

from rarebind.campaigns import Protocol, Store
from rarebind.complexes import DEFAULT_COORDINATION_NUMBER
from rarebind.errors import InputError
from rarebind.ligands import Item, Ligand, Survey, parse_ligand, survey_items
from rarebind.screening.options import RAISE, check_unit, is_strict, metal_pairs, texts
from rarebind.screening.outputs import write_outputs
from rarebind.screening.pairs import Pair
from rarebind.screening.request import DEFAULT_GEOMETRIES, DEFAULT_METALS, Request
from rarebind.screening.screen import MODEL, Screen, Watch
from rarebind.screening.short_list import (
    DEFAULT_LEVEL,
    ShortList,
    compute_short_list,
    short_list_request,
)
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import ranked_rows

if TYPE_CHECKING:
    import pandas as pd

#: What stands for one ligand.
LigandLike = str | Chem.Mol | Ligand


def screen(
    ligands: LigandLike | Iterable[LigandLike],
    metals: str | Sequence[str] = DEFAULT_METALS,
    geometries: str | Sequence[str] = DEFAULT_GEOMETRIES,
    *,
    coordination_number: int = DEFAULT_COORDINATION_NUMBER,
    engine: str = MODEL,
    model: Path | str | None = None,
    fall_back: bool = False,
    protocol: Protocol | None = None,
    pairs: Sequence[Pair] = (),
    on_bad: str = RAISE,
    unit: str = "kcal/mol",
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> pd.DataFrame:
    """Rank ligands by how strongly and selectively they bind rare-earth ions.

    Parameters
    ----------
    ligands
        SMILES, RDKit molecules (named by their property ``_Name``) or ligands.
    metals
        One or several; the first is the reference of ΔΔE.
    geometries
        Ligands:waters such as ``1:6``, or ligands alone, filled with water.
    coordination_number
        Donor atoms around the metal.
    engine
        ``model``: complexes of La, Sc and Y are computed and the other lanthanides predicted;
        ``tblite`` or ``xtb``: all is computed.
    model
        File of the model; default: the one that comes with rarebind.
    fall_back
        Compute complexes with a metal or another element that the model has not seen, instead of
        refusing them, and those that are flagged as unlike what it learned from.
    protocol
        Builder, seed and so on; its level of theory follows from `engine`.
    pairs
        (A, B): files report selectivity for A over B, beside that of the usual pairs.
    on_bad
        What becomes of ligands that are none, that a geometry does not fit or that the model
        cannot predict: ``raise``, or ``leave out``, and the others are screened.
    unit
        ``kcal/mol`` or ``kJ/mol``.
    store
        File in which finished calculations are kept and looked up; default: none are kept.
    workers
        Processes; default: one a core.
    watch
        Told how far it is.

    Returns
    -------
    pandas.DataFrame
        A row each metal, geometry and ligand, the strongest first, with the columns of
        :class:`~rarebind.screening.Row`; see :func:`save` for files.  ``attrs`` has the unit, the
        level of theory, the share that the intervals hold, and what was left out: a list of name,
        SMILES and reason.

    Raises
    ------
    InputError
        All ligands, metals and geometries that cannot be used; nothing has been computed then.
    MissingDependencyError
        NequIP is not installed, which a model needs.
    """
    import pandas as pd

    check_unit(unit)
    found = run(
        ligands, metals, geometries, coordination_number=coordination_number, engine=engine,
        model=model, fall_back=fall_back, protocol=protocol, pairs=pairs, on_bad=on_bad,
        store=store, workers=workers, watch=watch,
    )  # fmt: skip
    frame: pd.DataFrame = pd.DataFrame([row.data() for row in ranked_rows(found, unit)])
    frame.attrs = {
        "unit": unit,
        "level": str(found.protocol.level),
        "interval": found.interval.level if found.interval else None,
        "rejected": [left_out.data() for left_out in found.rejected],
    }
    return frame


def run(
    ligands: LigandLike | Iterable[LigandLike],
    metals: str | Sequence[str] = DEFAULT_METALS,
    geometries: str | Sequence[str] = DEFAULT_GEOMETRIES,
    *,
    coordination_number: int = DEFAULT_COORDINATION_NUMBER,
    engine: str = MODEL,
    model: Path | str | None = None,
    fall_back: bool = False,
    protocol: Protocol | None = None,
    pairs: Sequence[Pair] = (),
    on_bad: str = RAISE,
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Screen:
    """As :func:`screen`, with the records themselves; ``rejected`` of it is what was left out.

    Parameters, errors: see :func:`screen`.
    """
    chosen = texts(metals, "metals", "La")
    shapes = texts(geometries, "geometries", "1:6")
    separated = metal_pairs(pairs)
    strict = is_strict(on_bad)
    survey = survey_ligands(ligands).checked("ligand", strict=strict)
    request = Request(
        ligands=survey.ligands,
        metals=chosen,
        geometries=shapes,
        coordination_number=coordination_number,
        engine=engine,
        model=None if model is None else Path(model),
        fall_back=fall_back,
        protocol=protocol or Protocol(),
        workers=workers,
        strict=strict,
        rejected=survey.rejected,
        pairs=separated,
    )
    prepared = request.prepared()
    with _store(store) as results:
        return prepared.run(results, watch)


def short_list(
    found: Screen,
    number: int,
    *,
    level: str = DEFAULT_LEVEL,
    metals: str | Sequence[str] | None = None,
    unit: str = "kcal/mol",
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> pd.DataFrame:
    """Compute the best ligands of a screen by density functional theory.

    Complex, ion, ligand, water and aqua ions are computed at their relaxed xTB geometries.

    Parameters
    ----------
    found
        Of :func:`run`.
    number
        Ligands of every metal and geometry, those of lowest exchange energy.
    level
        ``b3lyp-d4`` or ``b3lyp-d4-4f-in-core``.
    metals
        Some of those screened; default: the first.
    unit
        ``kcal/mol`` or ``kJ/mol``.
    store
        File in which finished calculations are kept and looked up.  Without that of the screen,
        the geometries are relaxed again.
    workers
        Processes; default: one a core.
    watch
        Told how far it is.

    Returns
    -------
    pandas.DataFrame
        A row each metal, geometry and ligand, the strongest first, with the columns of
        :class:`~rarebind.screening.ShortListRow`.  ``attrs`` has the unit, the level of theory and
        that of the geometries.

    Raises
    ------
    InputError
        All that cannot be used; nothing has been computed then.
    MissingDependencyError
        The engine of the level is not installed.
    """
    import pandas as pd

    check_unit(unit)
    listed = run_short_list(
        found, number, level=level, metals=metals, store=store, workers=workers, watch=watch
    )
    frame: pd.DataFrame = pd.DataFrame(
        [row.data() for row in short_list_rows(listed, unit)],
        columns=[field.name for field in fields(ShortListRow)],
    )
    frame.attrs = {
        "unit": unit,
        "level": str(listed.request.level),
        "geometry_level": str(listed.geometry_level),
    }
    return frame


def run_short_list(
    found: Screen,
    number: int,
    *,
    level: str = DEFAULT_LEVEL,
    metals: str | Sequence[str] | None = None,
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> ShortList:
    """As :func:`short_list`, with the records themselves, which :func:`save` takes.

    Parameters, errors: see :func:`short_list`.
    """
    chosen = None if metals is None else texts(metals, "metals", "La")
    request = short_list_request(number, found.metals, level=level, metals=chosen, workers=workers)
    with _store(store) as results:
        return compute_short_list(found, request, results, watch)


def save(
    found: Screen,
    folder: Path | str,
    unit: str = "kcal/mol",
    *,
    short_list: ShortList | None = None,
) -> dict[str, Path]:
    """Write page, tables and structures of a screen to `folder`; see :func:`write_outputs`.

    Parameters
    ----------
    found
        Of :func:`run`.
    folder
        Is made when absent.
    unit
        ``kcal/mol`` or ``kJ/mol``.
    short_list
        Of :func:`run_short_list`.

    Raises
    ------
    InputError
        There is no such unit, or `short_list` is something else, such as a table.
    """
    check_unit(unit)
    if short_list is not None and not isinstance(short_list, ShortList):
        raise InputError(
            f"short_list is a {type(short_list).__name__}: give what run_short_list returns"
        )
    return write_outputs(found, Path(folder), unit, short_list=short_list)


@contextmanager
def _store(path: Path | str | None) -> Iterator[Store]:
    if path is not None:
        with Store(Path(path)) as store:
            yield store
        return
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        yield store


def survey_ligands(given: LigandLike | Iterable[LigandLike]) -> Survey:
    """Ligands as Python has them, and what is wrong with those that are none.

    Raises
    ------
    InputError
        Nothing is given, or nothing that could be ligands.
    """
    if isinstance(given, LigandLike):
        found: list[Any] = [given]
    elif isinstance(given, Iterable):
        found = list(given)
    else:
        raise InputError(
            f"ligands: {given!r} is neither a ligand nor a list of them: give SMILES, RDKit "
            "molecules or ligands"
        )
    if not found:
        raise InputError("no ligands given: give SMILES, RDKit molecules or ligands")
    return survey_items((_item(n, one) for n, one in enumerate(found, start=1)), "ligand")


def _item(number: int, given: object) -> Item:
    if isinstance(given, Ligand):
        return Item(number, given.name, given.smiles, lambda: given)
    if isinstance(given, str):
        return Item(number, "", given, lambda: parse_ligand(given))
    if isinstance(given, Chem.Mol):
        name = given.GetProp("_Name").strip() if given.HasProp("_Name") else ""
        return Item(number, name, _shown(given), lambda: parse_ligand(_smiles(given), name or None))
    return Item(number, "", str(given), lambda: _refuse(given))


def _shown(given: Chem.Mol) -> str:
    try:
        return _smiles(given)
    except InputError:
        return ""


def _smiles(given: Chem.Mol) -> str:
    """SMILES of a molecule, which may not have been sanitised."""
    mol = Chem.Mol(given)
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


def _refuse(given: object) -> NoReturn:
    raise InputError(f"{given!r} is no ligand: give a SMILES, an RDKit molecule or a Ligand")
