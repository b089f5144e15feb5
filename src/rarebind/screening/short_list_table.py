"""The rows of a short list, for people and files."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from rarebind.engines import LevelOfTheory, has_frozen_4f
from rarebind.screening.screen import Entry, Prediction
from rarebind.screening.short_list import ShortList, ShortListed
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.screening.table import UNITS


@dataclass(frozen=True)
class ShortListRow:
    """One line of the table; energies in the unit asked for, None where there are none.

    Attributes
    ----------
    rank
        Place among the short-listed ligands of this metal by `exchange`, as in the screen.
    ligand, metal, geometry, charge
    screen_rank, screen_exchange, screen_half_width, screen_source
        Place, exchange energy, interval and source (``computed`` or ``predicted``) in the screen.
    flagged
        Whether the screen's prediction is unlike what the model learned from.
    binding
        Equation 1 at the level of the short list.
    exchange
        Exchange with the aqua ion at that level.
    aqua_waters
        Waters of that aqua ion.
    s_squared, spin_contamination
        ⟨S²⟩ of the complex, and that less S(S + 1).
    attempts, converged_attempts
        Guesses from which the electronic state of the complex was sought; solutions found.
    status, reason
        ``ok``, or why not; also without which aqua ion it had to be.
    smiles, inchikey
    """

    rank: int | None
    ligand: str
    metal: str
    geometry: str
    charge: int
    screen_rank: int
    screen_exchange: float
    screen_half_width: float | None
    screen_source: str
    flagged: bool
    binding: float | None
    exchange: float | None
    aqua_waters: int | None
    s_squared: float | None
    spin_contamination: float | None
    attempts: int | None
    converged_attempts: int | None
    status: str
    reason: str
    smiles: str
    inchikey: str

    def data(self) -> dict[str, object]:
        """The row as a flat mapping."""
        return asdict(self)


def short_list_rows(short_list: ShortList, unit: str = "kcal/mol") -> list[ShortListRow]:
    """Rows metal by metal and number by number of ligands, the strongest first, failures last."""
    groups: dict[tuple[str, str], list[ShortListed]] = {}
    for one in short_list.entries:
        entry = one.entry
        groups.setdefault((entry.spec.metal, stoichiometry(entry.geometry)), []).append(one)
    return [
        _row(rank, one, short_list.request.level, UNITS[unit])
        for group in groups.values()
        for rank, one in enumerate(sorted(group, key=_strength), start=1)
    ]


def short_list_data(short_list: ShortList, unit: str = "kcal/mol") -> dict[str, object]:
    """Everything about a short list as plain data: the entry of ``ranking.json``."""
    request = short_list.request
    return {
        "number": request.number,
        "metals": list(request.metals),
        "level": str(request.level),
        "engine": request.level.engine,
        "engine_version": short_list.engine_version,
        "geometry_level": str(short_list.geometry_level),
        "rows": [row.data() for row in short_list_rows(short_list, unit)],
    }


def _strength(one: ShortListed) -> float:
    return math.inf if one.binding is None or one.binding.exchange is None else one.binding.exchange


def _row(rank: int, one: ShortListed, level: LevelOfTheory, factor: float) -> ShortListRow:
    entry, binding = one.entry, one.binding
    screened = entry.binding
    assert screened is not None
    assert entry.exchange is not None

    def scaled(energy: float | None) -> float | None:
        return None if energy is None else energy * factor

    predicted = screened if isinstance(screened, Prediction) else None
    half_width = predicted.half_width if predicted else None
    scf = one.calculation.scf
    s_squared = scf.s_squared if scf else None
    return ShortListRow(
        rank=rank if binding else None,
        ligand=entry.ligand.name,
        metal=entry.spec.metal,
        geometry=entry.geometry,
        charge=entry.spec.charge,
        screen_rank=one.place,
        screen_exchange=entry.exchange * factor,
        screen_half_width=scaled(half_width),
        screen_source="predicted" if predicted else "computed",
        flagged=predicted is not None and predicted.flagged,
        binding=scaled(binding.binding if binding else None),
        exchange=scaled(binding.exchange if binding else None),
        aqua_waters=binding.aqua_waters if binding else None,
        s_squared=s_squared,
        spin_contamination=None if s_squared is None else s_squared - _pure_spin(entry, level),
        attempts=scf.attempts if scf else None,
        converged_attempts=scf.converged_attempts if scf else None,
        status="ok" if binding else "failed" if one.calculation.ok else one.calculation.status,
        reason=one.reason,
        smiles=entry.ligand.smiles,
        inchikey=entry.ligand.inchikey,
    )


def _pure_spin(entry: Entry, level: LevelOfTheory) -> float:
    """S(S + 1) of the electrons that `level` treats."""
    unpaired = 0 if has_frozen_4f(level) else entry.spec.multiplicity - 1
    return unpaired / 2 * (unpaired / 2 + 1)
