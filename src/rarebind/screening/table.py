"""The ranked table of a screen, and the same as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rarebind.screening.estimates import Estimates
from rarebind.screening.memory import remembered
from rarebind.screening.prediction import Prediction
from rarebind.screening.screen import Entry, Screen
from rarebind.uncertainty.ranking import probability_first
from rarebind.units import KCAL_PER_EV, KJ_PER_EV

#: Energy units for people, as factors from eV.
UNITS = {"kcal/mol": KCAL_PER_EV, "kJ/mol": KJ_PER_EV}


@dataclass(frozen=True)
class Row:
    """One line of the table; energies in the unit asked for, None where there are none.

    Attributes
    ----------
    rank
        Place of the ligand for this metal and geometry by exchange energy, 1 = strongest.
    ligand, metal, geometry, charge
    binding
        Equation 1.
    exchange
        Exchange with the aqua ion.
    half_width
        Of the interval around either; None for computed energies.
    probability_first
        That the ligand is the strongest of those screened, by the Gaussian that agrees with the
        intervals (:attr:`Estimates.calibrated_spread`); None without intervals, as where all
        energies are computed.
    selectivity
        ΔΔE: exchange with this metal minus exchange with the reference metal.
    selectivity_half_width
        Of its interval; None where both energies are computed.
    flagged
        Whether the complex is unlike those that the model learned from.
    coordination_number, aqua_waters
    source
        ``computed`` or ``predicted``; empty where there is no energy.
    status, reason
        ``ok``, or why not.
    smiles, inchikey
    """

    rank: int | None
    ligand: str
    metal: str
    geometry: str
    charge: int
    binding: float | None
    exchange: float | None
    half_width: float | None
    probability_first: float | None
    selectivity: float | None
    selectivity_half_width: float | None
    flagged: bool
    coordination_number: int | None
    aqua_waters: int | None
    source: str
    status: str
    reason: str
    smiles: str
    inchikey: str

    def data(self) -> dict[str, object]:
        """The row as a flat mapping."""
        return {name: getattr(self, name) for name in COLUMNS}


#: Names of a row's fields, in the order of the table's columns.
COLUMNS = tuple(field.name for field in fields(Row))


class _Place(NamedTuple):
    """Where an entry stands among those of its metal and geometry; energies in eV."""

    entry: Entry
    rank: int
    first: float | None
    difference: float | None
    difference_half_width: float | None


@remembered
def estimates_of(screen: Screen) -> Estimates:
    """Energies and joint spread of a screen, one row an entry, in its order.

    Computed energies have no error of the model: their spread is zero.
    """
    found = [entry.binding for entry in screen.entries]
    spread = half_width = None
    if screen.interval is not None:
        spreads = [_spread(b) for b in found]
        columns = next((len(known) for known in spreads if known is not None), 1)
        rows = [np.zeros(columns) if known is None else known for known in spreads]
        spread = np.array(rows).reshape(len(found), columns)
        half_width = np.array([_half_width(b) for b in found])
    return Estimates(
        ligands=tuple(entry.ligand.name for entry in screen.entries),
        metals=tuple(entry.spec.metal for entry in screen.entries),
        geometries=tuple(entry.spec.geometry for entry in screen.entries),
        exchange=np.array([e.exchange for e in screen.entries], dtype=float),
        binding=np.array([None if b is None else b.binding for b in found], dtype=float),
        spread=spread,
        half_width=half_width,
        flagged=np.array([isinstance(b, Prediction) and b.flagged for b in found], dtype=bool),
        level=screen.interval.level if screen.interval else 0.9,
        difference_multiplier=screen.interval.difference_multiplier if screen.interval else 0.0,
    )


def ranked_rows(screen: Screen, unit: str = "kcal/mol") -> list[Row]:
    """Rows metal by metal and geometry by geometry, the strongest ligand first, failures last.

    ΔΔE refers to the first metal of the screen.  A ligand that was not screened in a geometry has
    no row there.
    """
    factor = UNITS[unit]
    return [_row(place, factor) for place in _places(screen)]


@remembered
def _places(screen: Screen) -> list[_Place]:
    """All entries in the order of the table."""
    estimates = estimates_of(screen)
    differences = _differences(screen, estimates)
    groups: dict[tuple[str, str], list[int]] = {}
    for number, entry in enumerate(screen.entries):
        groups.setdefault((entry.spec.metal, entry.spec.geometry), []).append(number)
    found = []
    for metal in screen.metals:
        for geometry in screen.geometries:
            numbers = groups.get((metal, geometry), [])
            numbers.sort(key=lambda i: _strength(screen.entries[i]))
            firsts = _firsts(estimates, numbers)
            found += [
                _Place(screen.entries[number], rank, first, *differences.get(number, (None, None)))
                for rank, (number, first) in enumerate(zip(numbers, firsts, strict=True), start=1)
            ]
    return found


def _spread(binding: object) -> NDArray[np.float64] | None:
    return binding.spread if isinstance(binding, Prediction) else None


def _half_width(binding: object) -> float:
    if binding is None:
        return math.nan
    return (binding.half_width or 0.0) if isinstance(binding, Prediction) else 0.0


def _strength(entry: Entry) -> float:
    return math.inf if entry.exchange is None else entry.exchange


def _firsts(estimates: Estimates, numbers: Sequence[int]) -> Sequence[float | None]:
    """Probabilities of being the strongest."""
    spread = estimates.calibrated_spread
    if spread is None or not estimates.unsure[list(numbers)].any():
        return [None] * len(numbers)
    found: NDArray[np.float64] = probability_first(estimates.exchange[numbers], spread[numbers])
    return [float(p) if estimates.known[i] else None for p, i in zip(found, numbers, strict=True)]


def _differences(
    screen: Screen, estimates: Estimates
) -> dict[int, tuple[float | None, float | None]]:
    """ΔΔE against the first metal and half the width of its interval, eV, by number of entry."""
    reference = {
        (entry.ligand.inchikey, entry.spec.geometry): number
        for number, entry in enumerate(screen.entries)
        if entry.spec.metal == screen.metals[0] and entry.binding is not None
    }
    pairs = {
        number: reference[key]
        for number, entry in enumerate(screen.entries)
        if entry.binding is not None
        and (key := (entry.ligand.inchikey, entry.spec.geometry)) in reference
    }
    first, second = list(pairs), list(pairs.values())
    values = (estimates.exchange[first] - estimates.exchange[second]).tolist()
    widths = estimates.difference_half_widths(first, second)
    return dict(zip(first, zip(values, widths, strict=True), strict=True))


def _row(place: _Place, factor: float) -> Row:
    entry = place.entry
    spec, binding, ligand = entry.spec, entry.binding, entry.ligand

    def scaled(energy: float | None) -> float | None:
        return None if energy is None else energy * factor

    predicted = binding if isinstance(binding, Prediction) else None
    source = "" if binding is None else "computed" if predicted is None else "predicted"
    return Row(
        rank=place.rank if binding else None,
        ligand=ligand.name,
        metal=spec.metal,
        geometry=spec.geometry,
        charge=spec.charge,
        binding=scaled(binding.binding if binding else None),
        exchange=scaled(binding.exchange if binding else None),
        half_width=scaled(predicted.half_width if predicted else None),
        probability_first=place.first,
        selectivity=scaled(place.difference),
        selectivity_half_width=scaled(place.difference_half_width),
        flagged=predicted is not None and predicted.flagged,
        coordination_number=binding.coordination_number if binding else None,
        aqua_waters=binding.aqua_waters if binding else None,
        source=source,
        status="ok" if binding else _status(entry),
        reason=entry.reason,
        smiles=ligand.smiles,
        inchikey=ligand.inchikey,
    )


def _status(entry: Entry) -> str:
    return "failed" if entry.calculation.ok else entry.calculation.status
