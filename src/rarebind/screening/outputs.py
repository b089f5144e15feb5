"""The files of a screen: table (CSV), everything (JSON), structures (extended XYZ), heat map."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from rarebind.screening.screen import Screen
from rarebind.screening.table import UNITS, Row, ranked_rows

#: Version of the JSON file's form.
SCHEMA_VERSION = 1
#: Largest heat map whose fields carry their numbers.
_LABELLED = 600


def write_outputs(screen: Screen, folder: Path, unit: str = "kcal/mol") -> dict[str, Path]:
    """Write all files of a screen, each whole or not at all.

    Returns
    -------
    dict
        Paths by ``csv``, ``json``, ``structures`` and ``heatmap``; the last two only where at
        least one complex was accepted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = ranked_rows(screen, unit)
    paths = {
        "csv": _whole(folder / "ranking.csv", lambda path: _write_csv(rows, path, unit)),
        "json": _whole(folder / "ranking.json", lambda path: _write_json(screen, rows, path, unit)),
    }
    if any(entry.binding for entry in screen.entries):
        paths["structures"] = _whole(
            folder / "structures.xyz", lambda path: _write_structures(screen, path)
        )
        paths["heatmap"] = _whole(
            folder / "heatmap.png", lambda path: draw_heatmap(rows, screen, path, unit)
        )
    return paths


def report(screen: Screen, unit: str = "kcal/mol") -> dict[str, Any]:
    """Everything about a screen as plain data."""
    return _report(screen, ranked_rows(screen, unit), unit)


def _report(screen: Screen, rows: list[Row], unit: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA_VERSION,
        "rarebind": version("rarebind"),
        "level": str(screen.protocol.level),
        "protocol": screen.protocol.data(),
        "geometry": screen.geometry,
        "metals": list(screen.metals),
        "reference_metal": screen.metals[0],
        "unit": unit,
        "rows": [row.data() for row in rows],
    }


def _whole(path: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a temporary file beside `path`, then move it into place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    os.close(handle)
    try:
        write(Path(name))
        # mkstemp makes private files; results are as readable as any other file of the user.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def _write_csv(rows: list[Row], path: Path, unit: str) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*rows[0].data(), "unit"])
        writer.writeheader()
        for row in rows:
            data = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.data().items()}
            writer.writerow(data | {"unit": unit})


def _write_json(screen: Screen, rows: list[Row], path: Path, unit: str) -> None:
    text = json.dumps(_report(screen, rows, unit), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_structures(screen: Screen, path: Path) -> None:
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    frames = []
    for entry in screen.entries:
        structure = entry.calculation.structure
        if entry.binding is None or structure is None:
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
            "binding_energy": entry.binding.binding,
            "exchange_energy": entry.binding.exchange,
        }
        frames.append(atoms)
    write(path, frames, format="extxyz")


def draw_heatmap(rows: list[Row], screen: Screen, path: Path, unit: str) -> None:
    """Draw the exchange energies, ligands by strength from the top, metals from the left."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values = {(row.ligand, row.metal): row.exchange for row in rows}
    means = {}
    for ligand in dict.fromkeys(row.ligand for row in rows):
        known = [e for metal in screen.metals if (e := values[ligand, metal]) is not None]
        if known:
            means[ligand] = float(np.mean(known))
    ligands = sorted(means, key=lambda name: means[name])
    grid = np.array([[values[li, m] for m in screen.metals] for li in ligands], dtype=float)
    figure = Figure(
        figsize=(2.6 + 0.75 * len(screen.metals), 1.4 + 0.38 * len(ligands)), layout="constrained"
    )
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    image = axes.imshow(grid, cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(screen.metals)), screen.metals)
    axes.set_yticks(range(len(ligands)), ligands)
    middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
    if grid.size <= _LABELLED:
        for (i, j), value in np.ndenumerate(grid):
            text = "–" if np.isnan(value) else f"{value:.1f}"
            colour = "white" if value < middle else "black"
            axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_title(
        f"Exchange with the aqua ion, {screen.geometry}\n{screen.protocol.level}", fontsize=9
    )
    figure.colorbar(image, ax=axes, label=unit)
    figure.savefig(path, dpi=160)


__all__ = ["SCHEMA_VERSION", "UNITS", "draw_heatmap", "report", "write_outputs"]
