"""The ranked table of a screen, and the same as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from rarebind.errors import InputError
from rarebind.io.yaml import shortened
from rarebind.screening.bound import MARKED_STRAIN, unasked_donors
from rarebind.screening.estimates import Estimates
from rarebind.screening.screen import Entry, Prediction, Screen
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.uncertainty.ranking import probability_first
from rarebind.units import KCAL_PER_EV, KJ_PER_EV

#: Energy units for people, as factors from eV.
UNITS = {"kcal/mol": KCAL_PER_EV, "kJ/mol": KJ_PER_EV}


def unit_factor(unit: str) -> float:
    """From eV to `unit`.

    Raises
    ------
    InputError
        There is no such unit.
    """
    if not isinstance(unit, str) or unit not in UNITS:
        raise InputError(f"unknown unit {shortened(unit)}: known are {', '.join(UNITS)}")
    return UNITS[unit]


@dataclass(frozen=True)
class Row:
    """One line of the table; energies in the unit asked for, None where there are none.

    Attributes
    ----------
    rank
        Place of the ligand for this metal, 1 = strongest, among all with as many ligands on the
        metal (:func:`~rarebind.screening.stoichiometry.stoichiometry`): by log K where stability
        constants were asked for, else by exchange energy.
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
    log_k, log_k_half_width
        Of one ligand, where stability constants were asked for: calibrated, with half its interval;
        as computed, without one, where there is no calibration.
    log_k_difference, log_k_difference_half_width
        log K less that with the reference metal: the logarithm of the separation factor.
    computed_log_k
        As computed and nothing else.
    conditional_log_k
        At the pH asked for, by which ligands are ranked then; None where none is.
    log_k_unlike
        Whether the calibration has measured nothing like this ligand or metal.
    flagged
        Whether the complex is unlike those that the model learned from.
    coordination_number
    donors, bound_donors
        Atoms of the ligands that should bind, and that do; of La, where the metal is predicted.
    strain, strained
        Energy of the ligand's shape in the complex less that of the free ligand's minimum, and
        whether it is more than is usual; None where the complex is not computed.
    waters, aqua_waters
        Of the complex, and of the aqua ion that it is exchanged with.
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
    log_k: float | None
    log_k_half_width: float | None
    log_k_difference: float | None
    log_k_difference_half_width: float | None
    computed_log_k: float | None
    conditional_log_k: float | None
    log_k_unlike: bool
    flagged: bool
    coordination_number: int | None
    donors: int
    bound_donors: int | None
    strain: float | None
    strained: bool
    waters: int | None
    aqua_waters: int | None
    source: str
    status: str
    reason: str
    smiles: str
    inchikey: str

    def data(self) -> dict[str, object]:
        """The row as a flat mapping."""
        return asdict(self)


#: Names of a row's fields, in the order of the table's columns.
COLUMNS = tuple(field.name for field in fields(Row))


#: Columns that are energies, in eV before they are in a unit for people.
_ENERGIES = [
    "binding", "exchange", "half_width", "selectivity", "selectivity_half_width", "strain",
]  # fmt: skip
#: What was worked out about a screen, as long as it is kept: its numbers are asked for many times.
_KNOWN: WeakKeyDictionary[Screen, tuple[Estimates, pd.DataFrame]] = WeakKeyDictionary()


def estimates_of(screen: Screen) -> Estimates:
    """Energies and joint spread of a screen, one row an entry, in its order.

    Computed energies have no error of the model: their spread is zero.
    """
    return _known(screen)[0]


def ranking(screen: Screen, unit: str = "kcal/mol") -> pd.DataFrame:
    """The table metal by metal, the strongest ligand first, failures last.

    There is one order for each number of ligands on the metal, whatever the waters beside them.

    ΔΔE refers to the first metal of the screen.  A ligand that was not screened in a geometry has
    no row there.  Columns are those of :class:`Row`; NaN where there is no number.
    """
    table = _known(screen)[1].copy()
    table[_ENERGIES] *= unit_factor(unit)
    return table


def ranked_rows(screen: Screen, unit: str = "kcal/mol") -> list[Row]:
    """The rows of :func:`ranking`."""
    table = ranking(screen, unit).astype(object)
    return [Row(*row) for row in table.where(table.notna(), None).itertuples(index=False)]


def preferences(rows: Sequence[Row]) -> list[float | None]:
    """ΔΔE of each row less its median over the ligands: how much more each prefers the metal.

    It compares ligands with each other, for which the sign of ΔΔE itself need not be right.  None
    where there is no ΔΔE, for the reference metal, and where a ligand is alone.
    """
    table = pd.DataFrame([(r.metal, r.geometry, r.selectivity, r.ligand) for r in rows],
                         columns=["metal", "geometry", "value", "ligand"])  # fmt: skip
    table["value"] = table["value"].astype(float)
    groups = table.groupby(["metal", table["geometry"].map(stoichiometry)])
    known = table["value"].where(groups["ligand"].transform("nunique") > 1)
    found = (known - groups["value"].transform("median")).where(
        groups["value"].transform(lambda values: values.abs().max()) > 0
    )
    return [None if math.isnan(value) else float(value) for value in found]


def _known(screen: Screen) -> tuple[Estimates, pd.DataFrame]:
    if screen not in _KNOWN:
        estimates = _estimates(screen)
        _KNOWN[screen] = estimates, _ranking(screen, estimates)
    return _KNOWN[screen]


def _estimates(screen: Screen) -> Estimates:
    found = [entry.binding for entry in screen.entries]
    predicted = [b if isinstance(b, Prediction) else None for b in found]
    spread = half_width = None
    if screen.interval is not None:
        spreads = [None if p is None else p.spread for p in predicted]
        columns = next((len(known) for known in spreads if known is not None), 1)
        rows = [np.zeros(columns) if known is None else known for known in spreads]
        spread = np.array(rows).reshape(len(found), columns)
        half_width = np.array([
            math.nan if b is None else (p.half_width if p else None) or 0.0
            for b, p in zip(found, predicted, strict=True)
        ])  # fmt: skip
    return Estimates(
        ligands=tuple(entry.ligand.name for entry in screen.entries),
        metals=tuple(entry.spec.metal for entry in screen.entries),
        geometries=tuple(entry.geometry for entry in screen.entries),
        exchange=np.array([e.exchange for e in screen.entries], dtype=float),
        binding=np.array([None if b is None else b.binding for b in found], dtype=float),
        spread=spread,
        half_width=half_width,
        flagged=np.array([p is not None and p.flagged for p in predicted], dtype=bool),
        level=screen.interval.level if screen.interval else 0.9,
        difference_multiplier=screen.interval.difference_multiplier if screen.interval else 0.0,
    )


def _ranking(screen: Screen, estimates: Estimates) -> pd.DataFrame:
    """The table with energies in eV."""
    # Predicted complexes share that of La.
    unasked = {id(entry.calculation): unasked_donors(entry) for entry in screen.entries}
    table = pd.DataFrame([_facts(one, unasked[id(one.calculation)]) for one in screen.entries])
    table["exchange"], table["binding"] = estimates.exchange, estimates.binding
    by_log_k = _put_constants(table, screen)
    kinds = table["geometry"].map(stoichiometry)
    groups = table.groupby(["metal", kinds], sort=False)
    counts = ["rank", "coordination_number", "bound_donors", "waters", "aqua_waters"]
    table["rank"] = groups["exchange"].rank(method="first")
    if by_log_k:
        # Within a metal and kind either all have a log K or none: what lacks it comes last.
        at_ph = table["conditional_log_k"].notna().any()
        which = "conditional_log_k" if at_ph else "log_k"
        own = groups[which].rank(method="first", ascending=False)
        table["rank"] = own.where(groups[which].transform("count") > 0, table["rank"])
    table[counts] = table[counts].astype("Int64")
    table["probability_first"] = math.nan
    spread = estimates.calibrated_spread
    for rows in groups.indices.values():
        if spread is not None and estimates.unsure[rows].any():
            chances = probability_first(estimates.exchange[rows], spread[rows])
            known = np.where(estimates.known[rows], chances, math.nan)
            table.loc[rows, "probability_first"] = known
    reference = table[(table["metal"] == screen.metals[0]) & estimates.known]
    of_same = ["inchikey", "geometry"]
    pairs = (
        table[estimates.known]
        .reset_index(names="row")
        .merge(reference.reset_index(names="reference")[["reference", *of_same]], on=of_same)
    )
    first, second = pairs["row"].to_numpy(np.intp), pairs["reference"].to_numpy(np.intp)
    differences = estimates.exchange[first] - estimates.exchange[second]
    table.loc[first, "selectivity"] = differences
    table.loc[first, "selectivity_half_width"] = estimates.difference_half_widths(first, second)
    order = pd.DataFrame({
        "metal": table["metal"].map(screen.metals.index),
        "kind": kinds.map(list(dict.fromkeys(map(stoichiometry, screen.geometries))).index),
        "rank": table["rank"],
    })  # fmt: skip
    order = order.sort_values(list(order), kind="stable", na_position="last")
    return table.loc[order.index, list(COLUMNS)].reset_index(drop=True)


def _put_constants(table: pd.DataFrame, screen: Screen) -> bool:
    """Put stability constants into the table of a screen; whether there are any."""
    for place, one in enumerate(screen.constants):
        values = {
            "log_k": one.best,
            "log_k_half_width": one.half_width,
            "log_k_difference": one.difference,
            "log_k_difference_half_width": one.difference_half_width,
            "computed_log_k": one.computed,
            "conditional_log_k": one.conditional,
        }
        for name, value in values.items():
            table.loc[place, name] = math.nan if value is None else value
        table.loc[place, "log_k_unlike"] = bool(one.unlike)
        told = [table.loc[place, "reason"], one.unlike, one.reason]
        table.loc[place, "reason"] = "; ".join(text for text in told if text)
    return any(one.best is not None for one in screen.constants)


def _facts(entry: Entry, unasked: Sequence[str]) -> dict[str, object]:
    """What a row tells of its entry alone; what others decide is still missing.

    Parameters
    ----------
    unasked
        Its :func:`~rarebind.screening.bound.unasked_donors`.
    """
    spec, binding, ligand = entry.spec, entry.binding, entry.ligand
    predicted = binding if isinstance(binding, Prediction) else None
    source = "" if binding is None else "computed" if predicted is None else "predicted"
    calculation = entry.calculation
    donors = spec.coordination_number - spec.waters
    told = [entry.reason] if entry.reason else []
    if binding and unasked:
        told.append(
            f"bound by {donors + len(unasked)} donor atoms, {donors} asked for: "
            f"{', '.join(unasked)} as well"
        )
    return {
        **dict.fromkeys(COLUMNS, math.nan),
        "ligand": ligand.name,
        "metal": spec.metal,
        "geometry": entry.geometry,
        "charge": spec.charge,
        "half_width": predicted.half_width if predicted else math.nan,
        "log_k_unlike": False,
        "flagged": predicted is not None and predicted.flagged,
        "coordination_number": binding.coordination_number if binding else None,
        "donors": donors,
        "bound_donors": donors + len(unasked) if binding else None,
        "strain": math.nan if entry.strain is None else entry.strain,
        "strained": entry.strain is not None and entry.strain > MARKED_STRAIN * ligand.denticity,
        "waters": spec.waters if binding else None,
        "aqua_waters": binding.aqua_waters if binding else None,
        "source": source,
        "status": "ok" if binding else "failed" if calculation.ok else calculation.status,
        "reason": "; ".join(told),
        "smiles": ligand.smiles,
        "inchikey": ligand.inchikey,
    }
