"""Screening from Python: SMILES or molecules in, a pandas table out."""

from __future__ import annotations

import inspect
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, InstanceOf

from rarebind.campaigns import Store
from rarebind.errors import InputError
from rarebind.io.models import validated
from rarebind.io.tables import frame_of
from rarebind.screening.given import LigandLike
from rarebind.screening.options import GivenPath, Name, Names, Options
from rarebind.screening.outputs import write_outputs
from rarebind.screening.request import Request
from rarebind.screening.screen import Screen, Watch
from rarebind.screening.short_list import ShortList, compute_short_list, short_list_request
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import ranking, unit_factor

if TYPE_CHECKING:
    import pandas as pd

_FIELDS = Options.model_fields


def _with_options(function: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
    """Show the options of a screen in the signature and the help of `function`."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    further = [name for name in _FIELDS if name not in signature.parameters]
    shown = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_FIELDS[name].default)
        for name in further
    ]
    function.__signature__ = signature.replace(parameters=[*own, *shown])  # type: ignore[attr-defined]
    meanings = [
        f"{name} : {_FIELDS[name].default!r}\n"
        + textwrap.fill(_FIELDS[name].description or "", 88, initial_indent="    ",
                        subsequent_indent="    ")
        for name in further
    ]  # fmt: skip
    doc = inspect.cleandoc(function.__doc__ or "")
    function.__doc__ = "\n".join([doc, "", "Options", "-------", *meanings])
    return function


@_with_options
def screen(
    ligands: LigandLike | Iterable[LigandLike],
    metals: str | Iterable[str] = _FIELDS["metals"].default,
    geometries: str | Iterable[str] = _FIELDS["geometries"].default,
    *,
    store: Path | str | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Rank ligands by how strongly and selectively they bind rare-earth ions.

    Parameters
    ----------
    ligands
        SMILES, RDKit molecules (named by their property ``_Name``) or ligands.
    metals
        One or several rare earths; the first is the reference of ΔΔE.
    geometries
        Ligands:waters such as ``1:6``, or ligands alone, whose waters are chosen for each metal.
    store
        File in which finished calculations are kept and looked up; default: none are kept.
    watch
        Told how far it is.
    options
        See below.

    Returns
    -------
    pandas.DataFrame
        A row each metal, geometry and ligand, the strongest first, with the columns of
        :class:`~rarebind.screening.Row`; see :func:`save` for files.  ``attrs`` has the unit, the
        level of theory, the share that the intervals hold, what was left out (a list of name,
        SMILES and reason; a warning tells of it too), why nothing is predicted where it might, and
        the free energy of a water set free where numbers of waters were chosen.

    Raises
    ------
    InputError
        All options and ligands that cannot be used; nothing has been computed then.
    MissingDependencyError
        NequIP is not installed, and ``engine="model"`` was asked for.
    """
    _check(store=store, watch=watch)
    request = Request(ligands=ligands, metals=metals, geometries=geometries, **options)
    found = _run(request, store, watch)
    frame = ranking(found, request.unit)
    frame.attrs = {
        "unit": request.unit,
        "level": str(found.protocol.level),
        "interval": found.interval.level if found.interval else None,
        "rejected": [left_out.data() for left_out in found.rejected],
        "note": found.note,
        "water_release": found.water_release and found.water_release * unit_factor(request.unit),
    }
    return frame


def run(
    ligands: LigandLike | Iterable[LigandLike],
    metals: str | Iterable[str] = _FIELDS["metals"].default,
    geometries: str | Iterable[str] = _FIELDS["geometries"].default,
    *,
    store: Path | str | None = None,
    watch: Watch | None = None,
    **options: Any,
) -> Screen:
    """As :func:`screen`, with the records themselves; ``rejected`` of it is what was left out.

    Parameters, errors: see :func:`screen`.
    """
    _check(store=store, watch=watch)
    request = Request(ligands=ligands, metals=metals, geometries=geometries, **options)
    return _run(request, store, watch)


def _run(request: Request, store: Path | str | None, watch: Watch | None) -> Screen:
    prepared = request.prepared()
    left_out = [*request.ligands.problems(), *(one.reason for one in prepared.left_out)]
    for said in ("\n".join(f"left out: {one}" for one in left_out), request.note):
        if said:
            warnings.warn(said, stacklevel=3)
    with _store(store) as results:
        return prepared.run(results, watch)


class _Kinds(BaseModel):
    """Types of arguments that are no options of a screen."""

    model_config = ConfigDict(strict=True, extra="forbid")

    store: GivenPath | None = None
    folder: GivenPath = Path()
    watch: InstanceOf[Watch] | None = None
    found: InstanceOf[Screen] = Field(default=None)  # type: ignore[assignment]  # always given
    number: int = 1
    level: Name = ""
    metals: Names | None = None
    workers: int | None = None


def _check(**given: Any) -> _Kinds:
    return validated(given, _Kinds, "arguments")


def short_list(
    found: Screen,
    number: int,
    *,
    unit: str = "kcal/mol",
    **how: Any,
) -> pd.DataFrame:
    """Compute the best ligands of a screen by density functional theory.

    Complex, ion, ligand, water and aqua ions are computed at their relaxed xTB geometries.

    Parameters
    ----------
    found
        Of :func:`run`.
    number
        Ligands of every metal and geometry, those of lowest exchange energy.
    unit
        ``kcal/mol`` or ``kJ/mol``.
    how
        As :func:`run_short_list` takes it: level, metals, store, workers, watch.

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
    unit_factor(unit)
    listed = run_short_list(found, number, **how)
    frame = frame_of(short_list_rows(listed, unit), ShortListRow)
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
    level: str = _FIELDS["short_list_level"].default,
    metals: str | Iterable[str] | None = None,
    store: Path | str | None = None,
    workers: int | None = None,
    watch: Watch | None = None,
) -> ShortList:
    """The short list of a screen as records, which :func:`save` takes.

    Parameters
    ----------
    found, number
        As :func:`short_list` takes them.
    level
        ``b3lyp-d4`` or ``b3lyp-d4-4f-in-core``.
    metals
        Some of those screened; default: the first.
    store
        File in which finished calculations are kept and looked up.  Without that of the screen,
        the geometries are relaxed again.
    workers
        Processes; default: one a core.
    watch
        Told how far it is.

    Raises
    ------
    InputError, MissingDependencyError
        As :func:`short_list`.
    """
    asked = _check(
        found=found, number=number, level=level, metals=metals, workers=workers, store=store,
        watch=watch,
    )  # fmt: skip
    request = short_list_request(
        number, found.metals, level=level, metals=asked.metals, workers=workers
    )
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
    unit_factor(unit)
    _check(found=found, folder=folder)
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
