"""The ranked table of a screen, and the same as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.binding import selectivity
from rarebind.learning.uncertainty.ranking import probability_first
from rarebind.screening.estimates import Estimates
from rarebind.screening.prediction import Prediction
from rarebind.screening.screen import Entry, Screen
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
        That the ligand is the strongest of those screened; None without intervals.
    selectivity
        ΔΔE: exchange with this metal minus exchange with the reference metal.
    selectivity_half_width
        Of its interval.
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
        return asdict(self)


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
        exchange=np.array([math.nan if b is None else b.exchange for b in found]),
        binding=np.array([math.nan if b is None else b.binding for b in found]),
        spread=spread,
        half_width=half_width,
        flagged=np.array([isinstance(b, Prediction) and b.flagged for b in found], dtype=bool),
        level=screen.interval.level if screen.interval else 0.9,
        difference_multiplier=screen.interval.difference_multiplier if screen.interval else 0.0,
    )


def ranked_rows(screen: Screen, unit: str = "kcal/mol") -> list[Row]:
    """Rows metal by metal and geometry by geometry, the strongest ligand first, failures last.

    ΔΔE refers to the first metal of the screen.
    """
    factor = UNITS[unit]
    estimates = estimates_of(screen)
    reference = {
        (entry.ligand.inchikey, entry.spec.geometry): number
        for number, entry in enumerate(screen.entries)
        if entry.spec.metal == screen.metals[0] and entry.binding is not None
    }
    places: dict[tuple[str, str], list[int]] = {}
    for number, entry in enumerate(screen.entries):
        places.setdefault((entry.spec.metal, entry.spec.geometry), []).append(number)
    rows = []
    for metal in screen.metals:
        for geometry in screen.geometries:
            numbers = places.get((metal, geometry), [])
            numbers.sort(key=lambda i: _strength(screen.entries[i]))
            firsts = _firsts(estimates, numbers)
            for rank, number in enumerate(numbers, start=1):
                entry = screen.entries[number]
                against = reference.get((entry.ligand.inchikey, geometry))
                difference = _difference(estimates, screen, number, against)
                rows.append(_row(rank, entry, factor, firsts[rank - 1], difference))
    return rows


def _spread(binding: object) -> NDArray[np.float64] | None:
    return binding.spread if isinstance(binding, Prediction) else None


def _half_width(binding: object) -> float:
    if binding is None:
        return math.nan
    return (binding.half_width or 0.0) if isinstance(binding, Prediction) else 0.0


def _strength(entry: Entry) -> float:
    return math.inf if entry.binding is None else entry.binding.exchange


def _firsts(estimates: Estimates, numbers: Sequence[int]) -> Sequence[float | None]:
    """Probabilities of being the strongest."""
    if estimates.spread is None or not estimates.known[numbers].any():
        return [None] * len(numbers)
    found: NDArray[np.float64] = probability_first(
        estimates.exchange[numbers], estimates.spread[numbers]
    )
    return [float(p) if estimates.known[i] else None for p, i in zip(found, numbers, strict=True)]


def _difference(
    estimates: Estimates, screen: Screen, number: int, against: int | None
) -> tuple[float | None, float | None]:
    """ΔΔE in eV, and half the width of its interval."""
    if against is None or screen.entries[number].binding is None:
        return None, None
    exchange = estimates.exchange
    value = selectivity(float(exchange[number]), float(exchange[against]))
    if estimates.spread is None:
        return value, None
    sigma = float(np.linalg.norm(estimates.spread[number] - estimates.spread[against]))
    return value, estimates.difference_multiplier * sigma


def _row(
    rank: int,
    entry: Entry,
    factor: float,
    first: float | None,
    difference: tuple[float | None, float | None],
) -> Row:
    spec, binding, ligand = entry.spec, entry.binding, entry.ligand

    def scaled(energy: float | None) -> float | None:
        return None if energy is None else energy * factor

    predicted = binding if isinstance(binding, Prediction) else None
    source = "" if binding is None else "computed" if predicted is None else "predicted"
    return Row(
        rank=rank if binding else None,
        ligand=ligand.name,
        metal=spec.metal,
        geometry=spec.geometry,
        charge=spec.charge,
        binding=scaled(binding.binding if binding else None),
        exchange=scaled(binding.exchange if binding else None),
        half_width=scaled(predicted.half_width if predicted else None),
        probability_first=first,
        selectivity=scaled(difference[0]),
        selectivity_half_width=scaled(difference[1]),
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
