"""Two levels of theory on the same geometries: the difference that Δ-learning learns."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from rarebind.datasets.selection import find_level
from rarebind.datasets.shards import Dataset
from rarebind.datasets.statistics import NONE, complexes, grouped
from rarebind.datasets.table import Row
from rarebind.errors import InputError
from rarebind.structures import Structure

#: Pairs that a rank correlation needs.
_FEWEST = 3
#: Coordinates are stored to 1e-5 Å.
_PER_ANGSTROM = 1e5


@dataclass(frozen=True)
class Pair:
    """A complex at level A and at level B, in one geometry.

    Attributes
    ----------
    a, b
        Lines of the table, both with binding energies.
    """

    a: Row
    b: Row

    @property
    def delta_binding(self) -> float:
        """Equation 1 at level B less that at level A, kcal/mol; NaN where one has none."""
        a, b = (_or_nan(row.binding_kcal_mol) for row in (self.a, self.b))
        return b - a

    @property
    def delta_exchange(self) -> float:
        """Exchange energy at level B less that at level A, kcal/mol; NaN where one has none."""
        return self.exchange[1] - self.exchange[0]

    @property
    def exchange(self) -> tuple[float, float]:
        """Exchange energies at both levels, kcal/mol; NaN at one that has none."""
        return _or_nan(self.a.exchange_kcal_mol), _or_nan(self.b.exchange_kcal_mol)

    def has(self, quantity: str) -> bool:
        """Whether both levels have it: ``binding``, ``exchange``, or ``absolute``, as all have."""
        return quantity == "absolute" or not math.isnan(getattr(self, f"delta_{quantity}"))


@dataclass(frozen=True)
class DeltaSpread:
    """Differences between two levels, in kcal/mol; NaN where there are none.

    Attributes
    ----------
    mean, sd
        Arithmetic mean, and sample standard deviation (NaN for a single value).
    mae
        Mean absolute error that is left when each metal's mean is taken off.
    """

    mean: float
    sd: float
    mae: float


@dataclass(frozen=True)
class MetalSummary:
    """Differences over the complexes of one metal, or of all.

    Attributes
    ----------
    metal
        Symbol; ``all`` for the sum.
    number
        Pairs.
    binding, exchange
        Of equation 1, and of the exchange energy.
    spearman
        Rank correlation of the exchange energies at both levels: whether they order the ligands
        and geometries of a metal alike.  None with fewer than three pairs, or without ranks, and
        over all metals.
    """

    metal: str
    number: int
    binding: DeltaSpread
    exchange: DeltaSpread
    spearman: float | None = None


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

    def by_metal(self) -> list[MetalSummary]:
        """A summary of each metal, by atomic number, and one of all of them."""
        groups = _by_metal(self.pairs)
        found = [_summary(metal, pairs) for metal, pairs in groups.items()]
        return [*found, _total(groups)] if len(found) > 1 else found

    def off_the_mean(self) -> list[tuple[Pair, float]]:
        """Pairs with their Δ(exchange) less the mean of their metal, the farthest off first.

        Those without an exchange energy come last, with NaN.
        """
        means = {
            metal: _spread([_deltas(pairs, "exchange")]).mean
            for metal, pairs in _by_metal(self.pairs).items()
        }
        off = [(pair, pair.delta_exchange - means[pair.a.metal or NONE]) for pair in self.pairs]
        return sorted(off, key=lambda item: -abs(item[1]) if item[0].has("exchange") else math.inf)


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
    a, b = (_by_geometry(complexes(rows, level)) for level in (level_a, level_b))
    pairs = [Pair(a.pop(key), b.pop(key)) for key in list(a) if key in b]
    pairs += _same_structures(dataset, a, b)
    if not pairs:
        raise InputError(
            f"no complex has binding energies at both {level_a} and {level_b} in the same "
            "geometry: there is nothing to compare"
        )
    by_key = {pair.a.key: pair for pair in pairs}
    order = grouped((pair.a for pair in pairs), "metal", "scaffold", "geometry", "substituent")
    ordered = tuple(by_key[row.key] for members in order.values() for row in members)
    return Comparison(level_a, level_b, ordered, len(a), len(b))


def csv_fields(pair: Pair) -> dict[str, object]:
    """A pair as one line of a table; energies in kcal/mol."""
    a, b = pair.a, pair.b
    shared = ("label", "metal", "ligand", "scaffold", "substituent", "geometry", "inchikey")
    return {name: getattr(a, name) for name in shared} | {
        "binding_a": a.binding_kcal_mol,
        "binding_b": b.binding_kcal_mol,
        "delta_binding": round(pair.delta_binding, 3) if pair.has("binding") else None,
        "exchange_a": a.exchange_kcal_mol,
        "exchange_b": b.exchange_kcal_mol,
        "delta_exchange": round(pair.delta_exchange, 3) if pair.has("exchange") else None,
        "aqua_waters_a": a.aqua_waters,
        "aqua_waters_b": b.aqua_waters,
        "key_a": a.key,
        "key_b": b.key,
    }


def _by_geometry(rows: Iterable[Row]) -> dict[str, Row]:
    """Labelled rows by the record that their geometry is of; the lowest in energy of several."""
    found: dict[str, Row] = {}
    for row in rows:
        if not row.labelled:
            continue
        known = found.setdefault(row.source or row.key, row)
        if row.energy_ev < known.energy_ev:
            found[row.source or row.key] = row
    return found


def _same_structures(dataset: Dataset, a: dict[str, Row], b: dict[str, Row]) -> Iterator[Pair]:
    """Take the pairs of identical structure out of `a` and `b`."""
    # Only these need to be read.
    common = {_composition(row) for row in a.values()} & {_composition(row) for row in b.values()}
    rows = [row for row in (*a.values(), *b.values()) if _composition(row) in common]
    structures = _structures(dataset, rows)
    by_structure = {structures[b[key].key]: key for key in b if b[key].key in structures}
    for key in list(a):
        other = by_structure.get(structures.get(a[key].key, ""))
        if other is not None and other in b:
            yield Pair(a.pop(key), b.pop(other))


def _composition(row: Row) -> tuple[str | None, str | None, str | None]:
    return row.metal, row.inchikey, row.geometry


def _structures(dataset: Dataset, rows: Sequence[Row]) -> dict[str, str]:
    """Digests of the structures of `rows` by key, read from their shards."""
    shards, keys = {row.shard for row in rows}, {row.key for row in rows}
    named = [shard for shard in dataset.shards if shard.name in shards]
    return {
        record.key: _digest(record.calculation.structure)
        for record in dataset.records(named)
        if record.key in keys and record.calculation.structure is not None
    }


def _digest(structure: Structure) -> str:
    """Equal for the same molecule in the same place, its atoms in any order."""
    grid = np.round(structure.positions * _PER_ANGSTROM).astype(int).tolist()
    atoms = sorted(zip(structure.symbols, grid, strict=True))
    return f"{structure.charge} {structure.multiplicity} {atoms}"


def _by_metal(pairs: Iterable[Pair]) -> dict[str, list[Pair]]:
    by_key = {pair.a.key: pair for pair in pairs}
    groups = grouped((pair.a for pair in by_key.values()), "metal")
    return {metal: [by_key[row.key] for row in rows] for (metal,), rows in groups.items()}


def _summary(metal: str, pairs: Sequence[Pair]) -> MetalSummary:
    return MetalSummary(
        metal,
        len(pairs),
        *_spreads([pairs]),
        _spearman([pair.exchange for pair in pairs if pair.has("exchange")]),
    )


def _total(groups: dict[str, list[Pair]]) -> MetalSummary:
    return MetalSummary(
        "all",
        sum(map(len, groups.values())),
        *_spreads(groups.values()),
    )


def _spreads(groups: Iterable[Sequence[Pair]]) -> tuple[DeltaSpread, DeltaSpread]:
    """Of equation 1 and of exchange energies."""
    groups = list(groups)
    binding, exchange = (
        _spread([_deltas(pairs, quantity) for pairs in groups])
        for quantity in ("binding", "exchange")
    )
    return binding, exchange


def _deltas(pairs: Iterable[Pair], quantity: str) -> list[float]:
    return [getattr(pair, f"delta_{quantity}") for pair in pairs if pair.has(quantity)]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _spread(groups: Sequence[Sequence[float]]) -> DeltaSpread:
    """Of differences metal by metal."""
    values = [value for group in groups for value in group]
    if not values:
        return DeltaSpread(math.nan, math.nan, math.nan)
    off = [abs(value - statistics.fmean(group)) for group in groups for value in group]
    sd = statistics.stdev(values) if len(values) > 1 else math.nan
    return DeltaSpread(statistics.fmean(values), sd, statistics.fmean(off))


def _spearman(pairs: Sequence[tuple[float, float]]) -> float | None:
    if len(pairs) < _FEWEST:
        return None
    ranks = [rankdata(column) for column in zip(*pairs, strict=True)]
    if any(np.ptp(rank) == 0 for rank in ranks):
        return None
    return float(np.corrcoef(*ranks)[0, 1])
