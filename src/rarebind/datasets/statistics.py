"""Counts and averages of a dataset's table: what its card says and its figures show.

Nothing here mixes levels of theory: callers take the complexes of one level with
:func:`complexes` and hand on only these.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from rarebind.complexes import compose, geometry_order, read_geometry
from rarebind.datasets.table import Row
from rarebind.elements import ionic_radius, rare_earths
from rarebind.errors import InputError
from rarebind.ligands import library_ligand, scaffolds

#: Stands for what a row does not have, such as the scaffold of a user's own ligand.
NONE = "–"
#: Coordination number of the radii that distances are compared with.
RADIUS_CN = 8
#: A metal takes part in comparisons of metals when it has this part of the complexes of the metal
#: that has most; one that a campaign has just begun would leave nothing common to all.
_WELL_COVERED = 0.5
#: Points that a line is fitted to.
_FEWEST = 3

_REASON = re.compile(r"; (?=forces |ligand \d|water \d|donor |atoms )")
_NUMBER = re.compile(r"(?<![A-Za-z\d])[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Spread:
    """Mean and width of some values, in their unit.

    Attributes
    ----------
    number
        How many values.
    mean, sd
        Arithmetic mean, and sample standard deviation (NaN for a single value).
    low, high
        Smallest and largest.
    """

    number: int
    mean: float
    sd: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        sd = statistics.stdev(values) if len(values) > 1 else math.nan
        return cls(len(values), statistics.fmean(values), sd, min(values), max(values))


@dataclass(frozen=True)
class Contraction:
    """How metal–donor distances follow the size of the ion: the lanthanide contraction.

    Attributes
    ----------
    metals
        By falling ionic radius; Y and Sc, where present, among the lanthanides.
    radii
        Ionic radii in Å at coordination number 8.
    distances
        Mean distances in Å, metal by metal.
    complexes
        Number of complexes behind each mean, the same ones for every metal.
    slope, intercept
        Of the least-squares line distance = intercept + slope × radius (Å) through the
        lanthanides alone; the slope has no unit.
    r_squared
        Share of the variance among the lanthanides that the line explains.
    """

    metals: tuple[str, ...]
    radii: tuple[float, ...]
    distances: tuple[float, ...]
    complexes: int
    slope: float
    intercept: float
    r_squared: float

    def residual(self, metal: str) -> float:
        """Mean distance of `metal` less what the line gives for its radius, Å."""
        i = self.metals.index(metal)
        return self.distances[i] - self.intercept - self.slope * self.radii[i]


def is_lanthanide(metal: str) -> bool:
    """Whether `metal` is La–Lu; Y and Sc have no 4f shell, and GFN2-xTB its own kind of valence."""
    return metal not in {"Sc", "Y"}


def levels(rows: Iterable[Row]) -> list[str]:
    """Levels of theory that have complexes, the one with most of them first."""
    found = Counter(row.level for row in rows if row.kind == "complex")
    return sorted(found, key=lambda level: (-found[level], level))


def complexes(rows: Iterable[Row], level: str, *, accepted: bool = True) -> list[Row]:
    """Accepted (or rejected) complexes at one level of theory."""
    return [
        row
        for row in rows
        if row.kind == "complex" and row.level == level and (row.status == "ok") == accepted
    ]


def grouped(rows: Iterable[Row], *columns: str) -> dict[tuple[str, ...], list[Row]]:
    """Rows by the values of `columns`, in chemical order.

    Metals stand by atomic number, scaffolds as in the library, geometries with most ligands
    first; a missing value is :data:`NONE`.
    """
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(_text(row, name) for name in columns), []).append(row)
    order = {
        key: tuple(_rank(name, value) for name, value in zip(columns, key, strict=True))
        for key in groups
    }
    return {key: groups[key] for key in sorted(groups, key=lambda key: order[key])}


def values_of(rows: Iterable[Row], column: str) -> list[float]:
    """The numbers in `column`, without missing ones."""
    found = (getattr(row, column) for row in rows)
    return [float(value) for value in found if value is not None and math.isfinite(value)]


def spreads(rows: Iterable[Row], column: str, *by: str) -> dict[tuple[str, ...], Spread]:
    """:class:`Spread` of `column` in each group of rows with equal `by`; empty ones left out."""
    groups = {key: values_of(members, column) for key, members in grouped(rows, *by).items()}
    return {key: Spread.of(values) for key, values in groups.items() if values}


def with_own_geometry(rows: Iterable[Row]) -> list[Row]:
    """Records whose geometry was found at their own level, or is nobody else's."""
    return [row for row in rows if row.source is None]


def frames_with_forces(rows: Iterable[Row]) -> int:
    """Geometries whose forces are in the dataset."""
    return sum(row.frames for row in rows if has_forces(row))


def has_forces(row: Row) -> bool:
    """Whether the record has forces; imported ones may not."""
    return bool(values_of([row], "fmax_ev_per_angstrom"))


def reason_classes(rows: Iterable[Row]) -> dict[str, int]:
    """Rejected complexes by class of reason, the commonest class first.

    A complex with several reasons counts once in each of their classes.
    """
    found: Counter[str] = Counter()
    for row in rows:
        found.update({reason_class(part) for part in _REASON.split(row.reason)})
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


def asked_coordination_number(row: Row) -> int | None:
    """Donors that the composition of a complex asks for; None where a ligand is not known."""
    if row.geometry is None or row.scaffold not in scaffolds():
        return None
    recipe, parent = read_geometry(row.geometry), library_ligand(row.scaffold)
    if recipe.short:
        return recipe.number * parent.denticity + (recipe.waters or 0)
    try:
        return compose(recipe, parent).coordination_number
    except InputError:
        return None


def other_coordination(rows: Iterable[Row]) -> list[Row]:
    """Complexes that were found with another coordination number than asked for."""
    return [
        row
        for row in rows
        if (asked := asked_coordination_number(row)) is not None
        and row.coordination_number != asked
    ]


def series_metals(rows: Iterable[Row]) -> tuple[str, ...]:
    """The metals to compare with each other, by atomic number.

    Those that have at least half as many complexes as the metal that has most.
    """
    found = {key[0]: len(members) for key, members in grouped(rows, "metal").items()}
    most = max(found.values(), default=0)
    return tuple(metal for metal, number in found.items() if number >= _WELL_COVERED * most)


def common_to(rows: Iterable[Row], metals: Sequence[str]) -> list[Row]:
    """One row for each of `metals` and each complex that all of them have.

    Comparing metals over these only, no difference comes from the composition.  Of several rows
    of one complex, the one of lowest energy is taken.
    """
    found: dict[tuple[str | None, str | None], dict[str, Row]] = {}
    for row in rows:
        if row.metal is not None and row.metal in metals:
            members = found.setdefault((row.inchikey, row.geometry), {})
            known = members.get(row.metal)
            if known is None or row.energy_ev < known.energy_ev:
                members[row.metal] = row
    return [
        members[metal]
        for members in found.values()
        if len(members) == len(metals)
        for metal in metals
    ]


def contraction(rows: Iterable[Row], column: str = "ligand_donor_distance") -> Contraction | None:
    """Fit the mean metal–donor distance of each metal to its ionic radius.

    Parameters
    ----------
    rows
        Accepted complexes of one level; only those common to the compared metals count.
    column
        ``ligand_donor_distance`` or ``water_distance``.

    Returns
    -------
    Contraction or None
        None with fewer than three lanthanides, or when the metals have no complex in common.
    """
    members = [row for row in rows if getattr(row, column) is not None]
    metals = series_metals(members)
    means = {
        key[0]: spread
        for key, spread in spreads(common_to(members, metals), column, "metal").items()
    }
    ordered = sorted(means, key=lambda metal: -ionic_radius(metal, RADIUS_CN))
    lanthanides = [metal for metal in ordered if is_lanthanide(metal)]
    if len(lanthanides) < _FEWEST:
        return None
    x = np.array([ionic_radius(metal, RADIUS_CN) for metal in lanthanides])
    y = np.array([means[metal].mean for metal in lanthanides])
    slope, intercept = np.polyfit(x, y, 1)
    correlation = float(np.corrcoef(x, y)[0, 1])
    return Contraction(
        metals=tuple(ordered),
        radii=tuple(ionic_radius(metal, RADIUS_CN) for metal in ordered),
        distances=tuple(means[metal].mean for metal in ordered),
        complexes=means[ordered[0]].number,
        slope=float(slope),
        intercept=float(intercept),
        r_squared=correlation**2,
    )


def relative_exchange(rows: Iterable[Row], reference: str = "La") -> dict[str, dict[str, float]]:
    """Mean exchange energy less that of `reference`, in kcal/mol, by scaffold and metal.

    Only complexes that every compared metal has count; where `reference` is not among these
    metals, there is nothing to tell.
    """
    labelled = [row for row in rows if row.exchange_kcal_mol is not None]
    metals = series_metals(labelled)
    if reference not in metals:
        return {}
    found: dict[str, dict[str, float]] = {}
    means = spreads(common_to(labelled, metals), "exchange_kcal_mol", "scaffold", "metal")
    for (scaffold, metal), spread in means.items():
        found.setdefault(scaffold, {})[metal] = spread.mean - means[scaffold, reference].mean
    return found


def _text(row: Row, column: str) -> str:
    value = getattr(row, column)
    return NONE if value is None else str(value)


def _rank(column: str, value: str) -> tuple[float, str]:
    known: Iterable[str] = ()
    if column == "metal":
        known = rare_earths()
    elif column == "scaffold":
        known = scaffolds()
    elif column == "geometry":
        return geometry_order(value)
    position = {name: float(i) for i, name in enumerate(known)}
    return position.get(value, math.inf), value
