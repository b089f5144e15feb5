"""The ranked table of a screen."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from rarebind.binding import selectivity
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
        Place of the ligand for this metal by exchange energy, 1 = strongest.
    ligand, metal, geometry, charge
    binding
        Equation 1.
    exchange
        Exchange with the aqua ion.
    selectivity
        ΔΔE: exchange with this metal minus exchange with the reference metal.
    coordination_number, aqua_waters
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
    selectivity: float | None
    coordination_number: int | None
    aqua_waters: int | None
    status: str
    reason: str
    smiles: str
    inchikey: str

    def data(self) -> dict[str, object]:
        """The row as a flat mapping."""
        return asdict(self)


def ranked_rows(screen: Screen, unit: str = "kcal/mol") -> list[Row]:
    """Rows metal by metal, the strongest ligand first, failures last.

    ΔΔE refers to the first metal of the screen.
    """
    factor = UNITS[unit]
    reference = {
        entry.ligand.inchikey: entry.binding.exchange
        for entry in screen.entries
        if entry.spec.metal == screen.metals[0] and entry.binding is not None
    }
    rows = []
    for metal in screen.metals:
        entries = [entry for entry in screen.entries if entry.spec.metal == metal]
        entries.sort(key=_strength)
        rows += [_row(rank, e, factor, reference) for rank, e in enumerate(entries, start=1)]
    return rows


def _strength(entry: Entry) -> float:
    return float("inf") if entry.binding is None else entry.binding.exchange


def _row(rank: int, entry: Entry, factor: float, reference: dict[str, float]) -> Row:
    spec, binding, ligand = entry.spec, entry.binding, entry.ligand
    against = reference.get(ligand.inchikey)
    difference = (
        None if binding is None or against is None else selectivity(binding.exchange, against)
    )
    return Row(
        rank=rank if binding else None,
        ligand=ligand.name,
        metal=spec.metal,
        geometry=spec.geometry,
        charge=spec.charge,
        binding=binding.binding * factor if binding else None,
        exchange=binding.exchange * factor if binding else None,
        selectivity=None if difference is None else difference * factor,
        coordination_number=binding.coordination_number if binding else None,
        aqua_waters=binding.aqua_waters if binding else None,
        status="ok" if binding else _status(entry),
        reason=entry.reason,
        smiles=ligand.smiles,
        inchikey=ligand.inchikey,
    )


def _status(entry: Entry) -> str:
    return "failed" if entry.calculation.ok else entry.calculation.status
