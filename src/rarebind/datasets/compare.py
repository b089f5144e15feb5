"""Two levels of theory on the same geometries: the difference that Δ-learning learns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from rarebind.binding.references import lowest
from rarebind.datasets.frames import chemical_rank
from rarebind.datasets.selection import complexes_at, find_level
from rarebind.datasets.shards import Dataset
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.io.tables import NONE, frame_of
from rarebind.structures import Structure

#: Pairs that a rank correlation needs.
_FEWEST = 3
#: Coordinates are stored to 1e-5 Å.
_PER_ANGSTROM = 1e5
_SHARED = ["label", "metal", "ligand", "scaffold", "substituent", "geometry", "inchikey"]
_ORDER = ("metal", "scaffold", "geometry", "substituent")
QUANTITIES = ("binding", "exchange")


class Pair(NamedTuple):
    """A complex at level A and at level B, in one geometry: lines of the table with energies."""

    a: Row
    b: Row

    def has(self, quantity: str) -> bool:
        """Whether both levels have it: ``binding``, ``exchange``, or ``absolute``, as all have."""
        return quantity == "absolute" or all(
            getattr(row, f"{quantity}_kcal_mol") is not None for row in self
        )


@dataclass(frozen=True)
class Comparison:
    """What lies between two levels of a dataset.

    Attributes
    ----------
    level_a, level_b
        Their names.
    pairs
        Complexes that have binding energies at both, in chemical order.
    alone_a, alone_b
        How many have it only at the one or at the other.
    """

    level_a: str
    level_b: str
    pairs: tuple[Pair, ...]
    alone_a: int
    alone_b: int

    @cached_property
    def table(self) -> pd.DataFrame:
        """The pairs, one a line; energies in kcal/mol, differences B − A, missing as NaN.

        What the complex is, then ``binding_a``, ``binding_b``, ``delta_binding`` (equation 1) and
        the same of the exchange energy, waters of the aqua ions, and keys.
        """
        a, b = (frame_of(rows, Row) for rows in zip(*self.pairs, strict=True))
        table = a[_SHARED].copy()
        for quantity in QUANTITIES:
            column = f"{quantity}_kcal_mol"
            table[f"{quantity}_a"], table[f"{quantity}_b"] = a[column], b[column]
            table[f"delta_{quantity}"] = (b[column] - a[column]).round(3)
        for column in ("aqua_waters", "key"):
            table[f"{column}_a"], table[f"{column}_b"] = a[column], b[column]
        return table

    def by_metal(self) -> pd.DataFrame:
        """Differences over the complexes of each metal, by atomic number, and of ``all`` of them.

        Returns
        -------
        DataFrame
            ``number`` of pairs; ``mean``, ``sd`` (sample standard deviation) and ``mae`` of the
            differences of ``binding`` and ``exchange`` in kcal/mol, as ``binding_mean``, where
            ``mae`` is the mean absolute error that is left when each metal's mean is taken off;
            ``spearman``, the rank correlation of the exchange energies at both levels: whether
            they order the ligands and geometries of a metal alike.  What cannot be had is NaN.
        """
        off = {f"off_{quantity}": self._off(quantity).abs() for quantity in QUANTITIES}
        table = self.table.assign(**off)
        groups = dict(iter(table.groupby("metal", sort=False)))
        lines = {metal: _summary(members) for metal, members in groups.items()}
        if len(groups) > 1:
            lines["all"] = _summary(table) | {"spearman": np.nan}
        return pd.DataFrame.from_dict(lines, orient="index").astype({"number": int})

    def off_the_mean(self) -> pd.DataFrame:
        """:attr:`table` with ``off``, Δ(exchange) less the mean of the metal; farthest off first.

        Those without an exchange energy come last, with NaN.
        """
        table = self.table.assign(off=self._off("exchange"))
        return table.sort_values("off", key=abs, ascending=False, kind="stable")

    def _off(self, quantity: str) -> pd.Series:
        delta = self.table[f"delta_{quantity}"]
        return delta - delta.groupby(self.table["metal"]).transform("mean")


def _summary(table: pd.DataFrame) -> dict[str, float]:
    found: dict[str, float] = {"number": len(table)}
    for quantity in QUANTITIES:
        delta = table[f"delta_{quantity}"]
        found |= {f"{quantity}_mean": delta.mean(), f"{quantity}_sd": delta.std()}
        found[f"{quantity}_mae"] = table[f"off_{quantity}"].mean()
    both = table[["exchange_a", "exchange_b"]].dropna()
    ranks = both.corr(method="spearman", min_periods=_FEWEST)
    return found | {"spearman": float(ranks.iloc[0, 1])}


def compare(dataset: Dataset, level_a: str, level_b: str) -> Comparison:
    """Join the complexes of two levels that have the same geometry.

    Records belong together by their `source`; the others, as imported ones, where elements,
    charge, multiplicity and coordinates are the same, in whatever order the atoms stand.

    Parameters
    ----------
    level_a, level_b
        As printed, or names of :data:`rarebind.engines.LEVELS`.

    Raises
    ------
    InputError
        A level is not in the dataset, both are the same, or they have no complex in common.
    """
    rows = dataset.rows()
    level_a, level_b = (find_level(rows, level) for level in (level_a, level_b))
    if level_a == level_b:
        raise InputError(f"both levels are {level_a}: give two")
    a, b = (_by_geometry(complexes_at(rows, level)) for level in (level_a, level_b))
    pairs = [Pair(a.pop(key), b.pop(key)) for key in list(a) if key in b]
    pairs += _same_structures(dataset, a, b)
    if not pairs:
        raise InputError(
            f"no complex has binding energies at both {level_a} and {level_b} in the same "
            "geometry: there is nothing to compare"
        )
    return Comparison(level_a, level_b, tuple(sorted(pairs, key=_place)), len(a), len(b))


def _place(pair: Pair) -> list[tuple[float, str]]:
    """What sorts by it is in chemical order."""
    return [chemical_rank(column, getattr(pair.a, column) or NONE) for column in _ORDER]


def _by_geometry(rows: Iterable[Row]) -> dict[str, Row]:
    """Labelled rows by the record that their geometry is of; the lowest in energy of several."""
    found = ((row.source or row.key, row) for row in rows if row.labelled)
    return lowest(found, lambda row: row.energy_ev)


def _same_structures(dataset: Dataset, a: dict[str, Row], b: dict[str, Row]) -> Iterator[Pair]:
    """Take the pairs of identical structure out of `a` and `b`."""
    # Only these need to be read.
    common = {_composition(row) for row in a.values()} & {_composition(row) for row in b.values()}
    rows = [row for row in (*a.values(), *b.values()) if _composition(row) in common]
    structures = {
        key: _digest(record.calculation.structure)
        for key, record in dataset.records_of(rows).items()
        if record.calculation.structure is not None
    }
    by_structure = {structures[row.key]: key for key, row in b.items() if row.key in structures}
    for key in list(a):
        other = by_structure.get(structures.get(a[key].key, ""))
        if other is not None and other in b:
            yield Pair(a.pop(key), b.pop(other))


def _composition(row: Row) -> tuple[str | None, str | None, str | None]:
    return row.metal, row.inchikey, row.geometry


def _digest(structure: Structure) -> str:
    """Equal for the same molecule in the same place, its atoms in any order."""
    grid = np.round(structure.positions * _PER_ANGSTROM).astype(int).tolist()
    atoms = sorted(zip(structure.symbols, grid, strict=True))
    return f"{structure.charge} {structure.multiplicity} {atoms}"
