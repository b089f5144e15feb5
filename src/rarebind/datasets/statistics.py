"""Counts and averages of a dataset's table: what its card says and its figures show.

The table is a DataFrame with a column for each field of :class:`~rarebind.datasets.table.Row`, as
:func:`table_of` makes it.  Nothing here mixes levels of theory: callers take the complexes of one
level with :func:`complexes` and hand on only these.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from rarebind.complexes import compose, read_geometry
from rarebind.datasets.frames import in_order
from rarebind.datasets.table import Row
from rarebind.elements import ionic_radius, is_lanthanide
from rarebind.errors import InputError
from rarebind.io.tables import NONE, frame_of
from rarebind.ligands import library_ligand, scaffolds

#: Coordination number of the radii that distances are compared with.
RADIUS_CN = 8
#: A metal takes part in comparisons of metals when it has this part of the complexes of the metal
#: that has most; one that a campaign has just begun would leave nothing common to all.
_WELL_COVERED = 0.5
#: Points that a line is fitted to.
_FEWEST = 3
#: What makes complexes of different metals the same.
_SAME = ["inchikey", "geometry"]

_REASON = re.compile(r"; (?=forces |ligand \d|water \d|donor |atoms )")
_NUMBER = re.compile(r"(?<![A-Za-z\d])[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Contraction:
    """How metal–donor distances follow the size of the ion: the lanthanide contraction.

    Attributes
    ----------
    distances
        Mean distances in Å by metal, by falling ionic radius; Y and Sc, where present, among the
        lanthanides.
    radii
        Ionic radii in Å at coordination number 8, of the same metals.
    complexes
        Number of complexes behind each mean, the same ones for every metal.
    slope, intercept
        Of the least-squares line distance = intercept + slope × radius (Å) through the
        lanthanides alone; the slope has no unit.
    r_squared
        Share of the variance among the lanthanides that the line explains.
    """

    distances: pd.Series
    radii: pd.Series
    complexes: int
    slope: float
    intercept: float
    r_squared: float

    @property
    def residuals(self) -> pd.Series:
        """Mean distances less what the line gives for their radius, Å."""
        return self.distances - self.intercept - self.slope * self.radii


def table_of(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows as a DataFrame, whose groups stand in chemical order.

    Metals, scaffolds, substituents and geometries are ordered categories, see
    :func:`~rarebind.datasets.frames.chemical_rank`; there a missing value is
    :data:`~rarebind.io.tables.NONE`.
    """
    table = frame_of(rows, Row)
    for column in ("metal", "scaffold", "substituent", "geometry"):
        found = table[column].fillna(NONE)
        table[column] = pd.Categorical(found, in_order(column, found), ordered=True)
    return table


def levels(table: pd.DataFrame) -> list[str]:
    """Levels of theory that have complexes, the one with most of them first."""
    found = Counter(table.loc[table["kind"] == "complex", "level"])
    return sorted(found, key=lambda level: (-found[level], level))


def complexes(table: pd.DataFrame, level: str, *, accepted: bool = True) -> pd.DataFrame:
    """Accepted (or rejected) complexes at one level of theory."""
    chosen = (table["kind"] == "complex") & (table["level"] == level)
    return table[chosen & ((table["status"] == "ok") == accepted)]


def counts(table: pd.DataFrame, *by: str) -> pd.Series:
    """Number of rows in each group of equal `by`, in chemical order."""
    return table.groupby(list(by), observed=True).size()


def values(table: pd.DataFrame, column: str) -> list[str]:
    """The different values of a column, in chemical order."""
    return [str(value) for value in counts(table, column).index]


def spreads(table: pd.DataFrame, column: str, *by: str) -> pd.DataFrame:
    """Number, mean, sample standard deviation and range of `column` by groups of equal `by`.

    Returns
    -------
    DataFrame
        ``n``, ``mean``, ``sd``, ``min`` and ``max``, in the unit of `column`; groups without a
        value are left out.
    """
    groups = table[table[column].notna()].groupby(list(by), observed=True)[column]
    found = groups.agg(["count", "mean", "std", "min", "max"])
    return found.rename(columns={"count": "n", "std": "sd"})


def with_own_geometry(table: pd.DataFrame) -> pd.DataFrame:
    """Records whose geometry was found at their own level, or is nobody else's."""
    return table[table["source"].isna()]


def labelled(table: pd.DataFrame) -> pd.DataFrame:
    """Records that have a binding energy: equation 1, the exchange energy, or both."""
    return table[table[["binding_kcal_mol", "exchange_kcal_mol"]].notna().any(axis=1)]


def reason_classes(table: pd.DataFrame) -> dict[str, int]:
    """Rejected complexes by class of reason, the commonest class first.

    A complex with several reasons counts once in each of their classes.
    """
    found = Counter(
        itertools.chain.from_iterable(
            {reason_class(part) for part in _REASON.split(reason)} for reason in table["reason"]
        )
    )
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def reason_class(reason: str) -> str:
    """A single reason without what differs from complex to complex: numbers, names, bonds.

    >>> reason_class("donor S12 left the metal (3.52 Å)")
    'donor S left the metal'
    """
    text = reason.strip()
    if "another stereochemistry" in text:
        return "ligand of another stereochemistry"
    text = re.sub(r"\bno longer (?!H2O)\S+:.*", "no longer itself", text)
    text = re.sub(r"\s*\([^)]*\d[^)]*\)", "", text.split(": ")[0])
    text = re.sub(r"\bdonor ([A-Z][a-z]?)\d+", r"donor \1", text)
    return " ".join(_NUMBER.sub("", text).split()) or "no reason given"


def asked_coordination_numbers(table: pd.DataFrame) -> pd.Series:
    """Donors that the composition of each complex asks for; missing for ligands of one's own."""
    asked = [_donors(*pair) for pair in zip(table["scaffold"], table["geometry"], strict=True)]
    return pd.Series(asked, index=table.index, dtype="Int64")


@cache
def _donors(scaffold: str, geometry: str) -> int | None:
    if scaffold not in scaffolds() or geometry == NONE:
        return None
    recipe, parent = read_geometry(geometry), library_ligand(scaffold)
    if recipe.short:
        return recipe.number * parent.denticity + (recipe.waters or 0)
    try:
        return compose(recipe, parent).coordination_number
    except InputError:
        return None


def series_metals(table: pd.DataFrame) -> list[str]:
    """The metals to compare with each other, by atomic number.

    Those that have at least half as many complexes as the metal that has most.
    """
    found = counts(table, "metal")
    return list(found[found >= _WELL_COVERED * found.max()].index)


def common_to(table: pd.DataFrame, metals: Sequence[str]) -> pd.DataFrame:
    """One row for each of `metals` and each complex that all of them have.

    Comparing metals over these only, no difference comes from the composition.  Of several rows
    of one complex, the one of lowest energy is taken.
    """
    ours = table[table["metal"].isin(metals)].sort_values("energy_ev", kind="stable")
    single = ours.drop_duplicates([*_SAME, "metal"])
    number = single.groupby(_SAME, observed=True, dropna=False)["metal"].transform("size")
    return single[number == len(metals)]


def contraction(table: pd.DataFrame, column: str = "ligand_donor_distance") -> Contraction | None:
    """Fit the mean metal–donor distance of each metal to its ionic radius.

    Parameters
    ----------
    table
        Accepted complexes of one level; only those common to the compared metals count.
    column
        ``ligand_donor_distance`` or ``water_distance``.

    Returns
    -------
    Contraction or None
        None with fewer than three lanthanides, or when the metals have no complex in common.
    """
    members = table[table[column].notna()]
    found = spreads(common_to(members, series_metals(members)), column, "metal")
    radii = pd.Series({metal: ionic_radius(metal, RADIUS_CN) for metal in found.index}, dtype=float)
    radii = radii.sort_values(ascending=False, kind="stable")
    lanthanides = [metal for metal in radii.index if is_lanthanide(metal)]
    if len(lanthanides) < _FEWEST:
        return None
    distances = found["mean"].astype(float).reindex(radii.index)
    slope, intercept = np.polyfit(radii[lanthanides], distances[lanthanides], 1)
    return Contraction(
        distances=distances,
        radii=radii,
        complexes=int(found["n"].iloc[0]),
        slope=float(slope),
        intercept=float(intercept),
        r_squared=float(radii[lanthanides].corr(distances[lanthanides])) ** 2,
    )


def relative_exchange(table: pd.DataFrame, reference: str = "La") -> pd.DataFrame:
    """Mean exchange energy less that of `reference`, in kcal/mol, by scaffold (row) and metal.

    Only complexes that every compared metal has count; where `reference` is not among these
    metals, there is nothing to tell.
    """
    known = table[table["exchange_kcal_mol"].notna()]
    metals = series_metals(known)
    if reference not in metals:
        return pd.DataFrame()
    means = common_to(known, metals).pivot_table(
        index="scaffold", columns="metal", values="exchange_kcal_mol", observed=True
    )
    return means if means.empty else means.sub(means[reference], axis=0)
