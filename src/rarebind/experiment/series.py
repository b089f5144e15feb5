"""Series of constants: of each ligand one, of one source, temperature and ionic strength."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rarebind.errors import InputError
from rarebind.experiment.table import SERIES

if TYPE_CHECKING:
    import pandas as pd

#: Conditions that most constants are measured at: °C, mol/L.
_USUAL = {"temperature_C": 25.0, "ionic_strength_M": 0.1}


def series_of(table: pd.DataFrame) -> pd.DataFrame:
    """The series in a table of constants.

    Parameters
    ----------
    table
        As :func:`~rarebind.experiment.read_constants` gives it.

    Returns
    -------
    DataFrame
        A row a ligand and series, in the order of the table: ``inchikey``, ``ligand``, what a
        series has in common, ``metals`` (how many) and ``selected``.  Of each ligand that series is
        selected that has most metals; of equals the one nearer to 25 °C, then to 0.1 mol/L, then
        the first.
    """
    found = (
        table.groupby(["inchikey", *SERIES], sort=False)
        .agg(ligand=("ligand", "first"), metals=("metal", "nunique"))
        .reset_index()
    )
    distance = {f"_{name}": (found[name] - usual).abs() for name, usual in _USUAL.items()}
    order = (
        found.assign(**distance)
        .sort_values(["metals", *distance], ascending=[False, True, True], kind="stable")
        .drop_duplicates("inchikey")
        .index
    )
    return found.assign(selected=found.index.isin(order))


def select_series(table: pd.DataFrame) -> pd.DataFrame:
    """The constants of the selected series alone, one a ligand (:func:`series_of`)."""
    series = series_of(table)
    chosen = series.loc[series["selected"], ["inchikey", *SERIES]]
    kept: pd.DataFrame = table.merge(chosen, on=["inchikey", *SERIES], how="inner")
    return kept


def check_one_series(table: pd.DataFrame, source: str) -> None:
    """See that no ligand has two series.

    Parameters
    ----------
    source
        Name of the table in messages.

    Raises
    ------
    InputError
        Each ligand that has several, with them and which one would be selected.
    """
    series = series_of(table)
    problems = []
    for _, own in series[series.duplicated("inchikey", keep=False)].groupby("inchikey", sort=False):
        told = "; ".join(
            f"{row.reference}, {row.temperature_C:g} °C, {row.ionic_strength_M:g} M, "
            f"{row.metals} metals{' (would be selected)' if row.selected else ''}"
            for row in own.itertuples()
        )
        problems.append(
            f"{source}: {own['ligand'].iloc[0]} has {len(own)} series: {told}. Keep one, or let "
            "that with most metals be selected (--select)"
        )
    if problems:
        raise InputError(problems)
