"""Everything about a screen as plain data: the content of ``ranking.json`` and of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from rarebind.complexes import DEFAULT_COORDINATION_NUMBER, TEMPLATE_METAL, Layout
from rarebind.elements import ionic_radius
from rarebind.experiment.calibration import LEVEL as CONSTANT_LEVEL
from rarebind.ligands import Ligand, draw_svg
from rarebind.screening.estimates import ROOM_TEMPERATURE, Estimates
from rarebind.screening.options import Pair
from rarebind.screening.screen import Entry, Prediction, Screen
from rarebind.screening.selectivity import compare_pair, gives_sign, pairs_of_note
from rarebind.screening.short_list import ShortList
from rarebind.screening.short_list_table import short_list_data
from rarebind.screening.speciation import RATIOS, known_energies, speciate
from rarebind.screening.table import UNITS, Row, estimates_of, ranked_rows

#: Version of the data's form.
SCHEMA_VERSION = 2
#: mol/L of the metal in speciation curves.
_METAL_TOTAL = 1e-3
_PACKAGES = (
    "rarebind", "rdkit", "architector", "openbabel-wheel", "tblite", "pyscf", "dftd4", "nequip",
    "nequip-allegro", "torch", "numpy", "scipy",
)  # fmt: skip

Plain = dict[str, Any]


def report(
    screen: Screen,
    unit: str = "kcal/mol",
    *,
    short_list: ShortList | None = None,
    temperature: float = ROOM_TEMPERATURE,
    structures: bool = True,
) -> Plain:
    """Everything about a screen as plain data.

    Parameters
    ----------
    screen
    unit
        One of :data:`~rarebind.screening.UNITS`.
    short_list
        What was computed at a higher level.
    temperature
        K; of separation factors and speciation, which take energies for free energies.
    structures
        Whether the relaxed complexes come along.
    """
    rows = ranked_rows(screen, unit)
    estimates = estimates_of(screen)
    factor, notes = UNITS[unit], _notes(screen)
    content = {
        "schema": SCHEMA_VERSION,
        "rarebind": version("rarebind"),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "engine": screen.engine,
        "level": str(screen.protocol.level),
        "note": screen.note,
        "gives_sign": gives_sign(screen.protocol.level),
        "unit": unit,
        "water_release": None if screen.water_release is None else screen.water_release * factor,
        "interval": screen.interval.level if screen.interval else None,
        "log_k": _about_constants(screen),
        "geometries": list(screen.geometries),
        "metals": list(screen.metals),
        "reference_metal": screen.metals[0],
        "temperature": temperature,
        "rows": [row.data() for row in rows],
        "ligands": [_ligand(ligand, notes) for ligand in _ligands(screen)],
        "radii": {
            metal: ionic_radius(metal, DEFAULT_COORDINATION_NUMBER) for metal in screen.metals
        },
        **_comparisons(estimates, _pairs(screen), temperature, factor),
        "speciation": _speciation(screen, estimates, rows, temperature),
        "structures": _structures(screen) if structures else {},
        "distances": _distances(screen) if structures else {},
        "rejected_input": [found.data() for found in screen.rejected],
        "short_list": short_list_data(short_list, unit) if short_list else None,
        "how": {
            "protocol": screen.protocol.data(),
            "versions": _versions(),
            "model": screen.model,
            "model_sha256": (screen.model or {}).get("sha256"),
            "seed": screen.protocol.seed,
        },
    }
    return {name: _finite(value) for name, value in content.items()}


def _about_constants(screen: Screen) -> Plain | None:
    """What stability constants rest on; None where none were asked for."""
    if not screen.constants:
        return None
    calibration, ph = screen.calibration, screen.asked.get("ph")
    if calibration is None:
        return {"calibrated": False, "ph": ph}
    card = calibration.card
    return {
        "calibrated": True,
        "ph": ph,
        "interval": CONSTANT_LEVEL,
        "ionic_strength": screen.asked.get("ionic_strength"),
        "table": card.table,
        "ligands": list(card.ligands),
        "judged": card.judged[0].model_dump(),
    }


def _ligands(screen: Screen) -> list[Ligand]:
    return list({entry.ligand.inchikey: entry.ligand for entry in screen.entries}.values())


def _notes(screen: Screen) -> Mapping[str, list[str]]:
    """Notes of every ligand by InChIKey, of the geometries together, each once."""
    found: dict[str, dict[str, None]] = {}
    for entry in screen.entries:
        found.setdefault(entry.ligand.inchikey, {}).update(dict.fromkeys(entry.ligand.notes))
    return {key: list(notes) for key, notes in found.items()}


def _ligand(ligand: Ligand, notes: Mapping[str, list[str]]) -> Plain:
    return {
        "name": ligand.name,
        "smiles": ligand.smiles,
        "inchikey": ligand.inchikey,
        "svg": draw_svg(ligand),
        "donors": list(ligand.donors),
        "denticity": ligand.denticity,
        "charge": ligand.charge,
        "notes": notes[ligand.inchikey],
    }


def _pairs(screen: Screen) -> list[Pair]:
    """Those asked for, then the pairs of note; the ends, where there is none of these."""
    metals = screen.metals
    usual = pairs_of_note(metals)
    if not usual and len(metals) > 1:
        usual = ((metals[-1], metals[0]),)
    return list(dict.fromkeys((*screen.pairs, *usual)))


def _comparisons(
    estimates: Estimates, pairs: Sequence[Pair], temperature: float, factor: float
) -> dict[str, list[Plain]]:
    """Selectivity and Pareto front of every pair."""
    compared = {}
    for metal, other in pairs:
        found = compare_pair(estimates, metal, other, temperature)
        found[_ENERGIES] *= factor
        compared[metal, other] = found
    return {
        "pairs": [
            {"metal": metal, "other": other, "rows": _preferences(found)}
            for (metal, other), found in compared.items()
        ],
        "pareto": [
            {"metal": metal, "other": other, "points": _tradeoffs(found)}
            for (metal, other), found in compared.items()
        ],
    }


_ENERGIES = ["strength", "strength_half_width", "difference", "half_width"]


def _preferences(compared: pd.DataFrame) -> list[Plain]:
    bounds = compared[["log10_low", "log10_high"]].to_numpy().tolist()
    columns = [
        "ligand", "geometry", "difference", "half_width", "log10_factor", "probability_best",
        "flagged",
    ]  # fmt: skip
    rows = compared[columns].to_dict("records")
    return [
        {**row, "log10_bounds": None if math.isnan(ends[0]) else ends}
        for row, ends in zip(rows, bounds, strict=True)
    ]


def _tradeoffs(compared: pd.DataFrame) -> list[Plain]:
    named = compared.rename(
        columns={"difference": "selectivity", "half_width": "selectivity_half_width"}
    )
    columns = [
        "ligand", "geometry", "strength", "strength_half_width", "selectivity",
        "selectivity_half_width", "front", "probability_front",
    ]  # fmt: skip
    return list(named[columns].to_dict("records"))


def _speciation(
    screen: Screen, estimates: Estimates, rows: Sequence[Row], temperature: float
) -> list[Plain]:
    """Curves of every ligand with every metal, where there are several geometries."""
    if len(screen.geometries) < 2:  # noqa: PLR2004
        return []
    waters = {row.metal: row.aqua_waters for row in rows if row.aqua_waters is not None}
    ligands = np.array(RATIOS) * _METAL_TOTAL
    sites = {
        (entry.ligand.name, entry.geometry): entry.spec.coordination_number - entry.spec.waters
        for entry in screen.entries
    }
    found = []
    for ligand in _ligands(screen):
        for metal in screen.metals:
            energies, spread = known_energies(estimates, ligand.name, metal)
            if not energies or metal not in waters:
                continue
            chosen = screen.water_release is not None
            curve = speciate(
                energies, _METAL_TOTAL, ligands, temperature,
                aqua_waters=waters[metal],
                released={g: sites[ligand.name, g] for g in energies} if chosen else None,
                spread=spread, level=estimates.level,
            )  # fmt: skip
            found.append({"ligand": ligand.name, "metal": metal, **curve.data()})
    return found


def _structures(screen: Screen) -> dict[str, str]:
    """XYZ texts of the relaxed complexes; of predicted ones, the complex that they come from."""
    return {name: _xyz(entry) for name, entry in _shown(screen).items()}


def _shown(screen: Screen) -> dict[str, Entry]:
    """Entries with a structure; metals that are predicted share a complex, which is there once."""
    return {
        f"{entry.ligand.inchikey}|{_computed_metal(entry)}|{entry.geometry}": entry
        for entry in screen.entries
        if entry.binding is not None and entry.calculation.structure is not None
    }


def _distances(screen: Screen) -> dict[str, list[Plain]]:
    """Distances from the metal to the donors (Å) of what has a structure, by the same names."""
    found = {}
    for name, entry in _shown(screen).items():
        structure = entry.calculation.structure
        assert structure is not None
        layout = Layout(entry.spec.with_metal(_computed_metal(entry)))
        if structure.symbols != layout.symbols:
            continue
        lengths = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
        found[name] = [
            {
                "ligand": part.ligand.name,
                "donor": f"{structure.symbols[donor]}{donor - part.atoms.start}",
                "distance": round(float(lengths[donor]), 3),
            }
            for part in layout.fragments
            for donor in part.binding(structure)
        ]
    return found


def _computed_metal(entry: Entry) -> str:
    return TEMPLATE_METAL if isinstance(entry.binding, Prediction) else entry.spec.metal


def _xyz(entry: Entry) -> str:
    structure = entry.calculation.structure
    assert structure is not None
    lines = [
        f"{symbol} {x:.4f} {y:.4f} {z:.4f}"
        for symbol, (x, y, z) in zip(structure.symbols, structure.positions, strict=True)
    ]
    title = f"{entry.spec.with_metal(_computed_metal(entry)).name} {entry.calculation.level}"
    return "\n".join([str(len(lines)), title, *lines]) + "\n"


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _finite(value: Any) -> Any:
    """Plain data without NaN and infinity, which JSON does not have: None instead."""
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
