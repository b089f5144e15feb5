"""Screening from Python: SMILES or molecules in, a pandas table out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rdkit import Chem

from rarebind.campaigns import Store
from rarebind.errors import InputError
from rarebind.ligands import Distinct, Ligand, parse_ligand
from rarebind.screening.outputs import write_outputs
from rarebind.screening.request import DEFAULT_GEOMETRIES, DEFAULT_METALS, Request
from rarebind.screening.screen import MODEL, Screen, Watch
from rarebind.screening.short_list import (
    DEFAULT_LEVEL,
    compute_short_list,
    short_list_request,
)
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import ranked_rows

if TYPE_CHECKING:
    import pandas as pd


def screen(
    ligands: str | Chem.Mol | Ligand | Sequence[str | Chem.Mol | Ligand],
    metals: Sequence[str] = DEFAULT_METALS,
    geometries: str | Sequence[str] = DEFAULT_GEOMETRIES,
    *,
    engine: str = MODEL,
    model: Path | str | None = None,
    fall_back: bool = False,
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
        The first is the reference of ΔΔE.
    geometries
        Ligands:waters such as ``1:6``, or ligands alone, filled with water.
    engine
        ``model``: complexes of La, Sc and Y are computed and the other lanthanides predicted;
        ``tblite`` or ``xtb``: all is computed.
    model
        File of the model; default: the one that comes with rarebind.
    fall_back
        Compute complexes with a metal or another element that the model has not seen, instead of
        refusing them.
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
        level of theory and the share that the intervals hold.

    Raises
    ------
    InputError
        All ligands, metals and geometries that cannot be used; nothing has been computed then.
    MissingDependencyError
        NequIP is not installed, which a model needs.
    """
    import pandas as pd

    found = run(
        ligands, metals, geometries, engine=engine, model=model, fall_back=fall_back,
        store=store, workers=workers, watch=watch,
    )  # fmt: skip
    frame: pd.DataFrame = pd.DataFrame([row.data() for row in ranked_rows(found, unit)])
    frame.attrs = {
        "unit": unit,
        "level": str(found.protocol.level),
        "interval": found.interval.level if found.interval else None,
    }
    return frame


def run(
    ligands: str | Chem.Mol | Ligand | Sequence[str | Chem.Mol | Ligand],
    metals: Sequence[str] = DEFAULT_METALS,
    geometries: str | Sequence[str] = DEFAULT_GEOMETRIES,
    *,
    engine: str = MODEL,
    model: Path | str | None = None,
    fall_back: bool = False,
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> Screen:
    """As :func:`screen`, with the records themselves.

    Parameters, errors: see :func:`screen`.
    """
    request = Request(
        ligands=_ligands(ligands),
        metals=tuple(metals),
        geometries=(geometries,) if isinstance(geometries, str) else tuple(geometries),
        engine=engine,
        model=None if model is None else Path(model),
        fall_back=fall_back,
        workers=workers,
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

    chosen = (metals,) if isinstance(metals, str) else metals
    request = short_list_request(number, found.metals, level=level, metals=chosen, workers=workers)
    with _store(store) as results:
        listed = compute_short_list(found, request, results, watch)
    frame: pd.DataFrame = pd.DataFrame(
        [row.data() for row in short_list_rows(listed, unit)],
        columns=[field.name for field in fields(ShortListRow)],
    )
    frame.attrs = {
        "unit": unit,
        "level": str(request.level),
        "geometry_level": str(listed.geometry_level),
    }
    return frame


def save(found: Screen, folder: Path | str, unit: str = "kcal/mol") -> dict[str, Path]:
    """Write page, tables and structures of a screen to `folder`; see :func:`write_outputs`."""
    return write_outputs(found, Path(folder), unit)


@contextmanager
def _store(path: Path | str | None) -> Iterator[Store]:
    if path is not None:
        with Store(Path(path)) as store:
            yield store
        return
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store.sqlite") as store:
        yield store


def _ligands(
    given: str | Chem.Mol | Ligand | Sequence[str | Chem.Mol | Ligand],
) -> tuple[Ligand, ...]:
    """Ligands, every fault told at once."""
    items: Sequence[Any] = [given] if isinstance(given, (str, Chem.Mol, Ligand)) else list(given)
    found: list[Ligand] = []
    problems = []
    seen = Distinct("ligand")
    for number, item in enumerate(items, start=1):
        try:
            ligand = _ligand(item)
            seen.add(ligand, number)
        except InputError as error:
            problems += [f"ligand {number}: {problem}" for problem in error.problems]
        else:
            found.append(ligand)
    if problems:
        raise InputError(problems)
    return tuple(found)


def _ligand(item: object) -> Ligand:
    if isinstance(item, Ligand):
        return item
    if isinstance(item, str):
        return parse_ligand(item)
    if isinstance(item, Chem.Mol):
        name = item.GetProp("_Name").strip() if item.HasProp("_Name") else ""
        return parse_ligand(Chem.MolToSmiles(Chem.RemoveHs(item)), name or None)
    raise InputError(f"{item!r} is no ligand: give a SMILES, an RDKit molecule or a Ligand")
