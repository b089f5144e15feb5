"""The files of a screen: page, tables (CSV), everything (JSON), structures (XYZ), heat map."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from rarebind.binding import BindingEnergy
from rarebind.io.files import make_folder, replace_file
from rarebind.io.tables import csv_text, frame_of, frame_text
from rarebind.io.xyz import extxyz_text
from rarebind.screening.heatmap import draw_heatmap
from rarebind.screening.page import build_page
from rarebind.screening.reporting import report
from rarebind.screening.screen import Screen
from rarebind.screening.short_list import ShortList
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import ranked_rows, ranking

#: Files by what they are.
NAMES = {
    "page": "report.html",
    "csv": "ranking.csv",
    "json": "ranking.json",
    "asked": "screen.yaml",
    "short_list": "short-list.csv",
    "structures": "structures.xyz",
    "heatmap": "heatmap.png",
}
#: The ligands of what was asked for, where they are very many.
LIGANDS = "screen-ligands.csv"
#: Ligands beyond which they have a file of their own.
_MANY = 1_000


def write_outputs(
    screen: Screen,
    folder: Path,
    unit: str = "kcal/mol",
    *,
    short_list: ShortList | None = None,
) -> dict[str, Path]:
    """Write all files of a screen, each whole or not at all.

    Those of an earlier screen in the folder that this one does not have are removed.

    Parameters
    ----------
    short_list
        As for :func:`~rarebind.screening.report`.

    Returns
    -------
    dict
        Paths by ``page``, ``csv``, ``json``, ``asked`` (what makes the same screen again),
        ``ligands`` (of ``asked``, where they are many), ``short_list``, ``structures`` and
        ``heatmap``; the last two only where at least one complex was accepted.
    """
    make_folder(folder)
    content = report(screen, unit, short_list=short_list)
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    made: dict[str, str | bytes] = {
        "page": build_page(content),
        "csv": _csv(ranking(screen, unit), unit=unit),
        "json": f"{text}\n",
    }
    ligands = ""
    if screen.asked:
        asked = dict(screen.asked)
        if len(asked["ligands"]) > _MANY:
            # A file of settings is read within bounds that a library of ligands exceeds.
            ligands = _ligand_table(asked["ligands"])
            asked["ligands"] = LIGANDS
        made["asked"] = _asked(asked)
    if short_list is not None:
        table = frame_of(short_list_rows(short_list, unit), ShortListRow)
        # Equation 1 of one level says nothing beside that of another.
        made["short_list"] = _csv(table, unit=unit, level=str(short_list.request.level))
    if any(entry.binding for entry in screen.entries):
        made["structures"] = _structures(screen)
        made["heatmap"] = draw_heatmap(ranked_rows(screen, unit), screen, unit)
    names = {"ligands": LIGANDS} | NAMES if ligands else NAMES
    made["ligands"] = ligands
    for what, name in names.items():
        if what in made:
            replace_file(folder / name, made[what])
        else:
            (folder / name).unlink(missing_ok=True)
    if not ligands:
        (folder / LIGANDS).unlink(missing_ok=True)
    return {what: folder / name for what, name in names.items() if what in made}


def _csv(table: pd.DataFrame, **same: str) -> str:
    """A table, and what is the same in all its rows."""
    return frame_text(table.assign(**same), float_format="%.3f", lineterminator="\r\n")


def _asked(asked: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(
        asked, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )
    return f"# Repeat it with: rarebind screen --config screen.yaml\n{text}"


def _ligand_table(ligands: Sequence[Mapping[str, str]]) -> str:
    columns = ("name", "smiles", "pka")
    return csv_text(columns, ([one.get(name, "") for name in columns] for one in ligands))


def _structures(screen: Screen) -> str:
    from ase.calculators.singlepoint import SinglePointCalculator

    frames = []
    for entry in screen.entries:
        structure = entry.calculation.structure
        # A predicted complex has no geometry of its own.
        if not isinstance(entry.binding, BindingEnergy) or structure is None:
            continue
        atoms = structure.to_ase()
        atoms.calc = SinglePointCalculator(
            atoms, energy=entry.calculation.energy, forces=entry.calculation.forces
        )
        atoms.info |= {
            "name": entry.spec.name,
            "metal": entry.spec.metal,
            "ligand": entry.ligand.name,
            "inchikey": entry.ligand.inchikey,
            "geometry": entry.spec.geometry,
            "level": str(entry.binding.level),
            "exchange_energy": entry.binding.exchange,
        }
        if entry.binding.binding is not None:
            atoms.info["binding_energy"] = entry.binding.binding
        frames.append(atoms)
    return extxyz_text(frames)
