"""The files of a screen: page, tables (CSV), everything (JSON), structures (XYZ), heat map."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml

from rarebind.binding import BindingEnergy
from rarebind.screening.heatmap import draw_heatmap
from rarebind.screening.page import write_page
from rarebind.screening.reporting import report
from rarebind.screening.screen import Screen
from rarebind.screening.short_list import ShortList
from rarebind.screening.short_list_table import ShortListRow, short_list_rows
from rarebind.screening.table import Row, ranked_rows

#: Files that not every screen has.
_OPTIONAL = ("screen.yaml", "short-list.csv", "structures.xyz", "heatmap.png")


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
        ``short_list``, ``structures`` and ``heatmap``; the last two only where at least one
        complex was accepted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = ranked_rows(screen, unit)
    content = report(screen, unit, short_list=short_list)
    paths = {
        "page": write_page(content, folder / "report.html"),
        "csv": _whole(folder / "ranking.csv", lambda path: _write_rows(rows, path, unit)),
        "json": _whole(folder / "ranking.json", lambda path: _write_json(content, path)),
    }
    if screen.asked:
        paths["asked"] = _whole(folder / "screen.yaml", lambda path: _write_asked(screen, path))
    if short_list is not None:
        paths["short_list"] = _whole(
            folder / "short-list.csv", lambda path: _write_short_list(short_list, path, unit)
        )
    if any(entry.binding for entry in screen.entries):
        paths["structures"] = _whole(
            folder / "structures.xyz", lambda path: _write_structures(screen, path)
        )
        paths["heatmap"] = _whole(
            folder / "heatmap.png", lambda path: draw_heatmap(rows, screen, path, unit)
        )
    for name in _OPTIONAL:
        if folder / name not in paths.values():
            (folder / name).unlink(missing_ok=True)
    return paths


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


def _write_rows(rows: Sequence[Row], path: Path, unit: str) -> None:
    _write_csv((row.data() for row in rows), Row, {"unit": unit}, path)


def _write_short_list(short_list: ShortList, path: Path, unit: str) -> None:
    rows = short_list_rows(short_list, unit)
    # Equation 1 of one level says nothing beside that of another.
    more: dict[str, object] = {"unit": unit, "level": str(short_list.request.level)}
    _write_csv((row.data() for row in rows), ShortListRow, more, path)


def _write_csv(
    rows: Iterable[Mapping[str, object]],
    of: type[Row | ShortListRow],
    more: dict[str, object],
    path: Path,
) -> None:
    """`rows` with the fields of `of`, and what is the same in all."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*(field.name for field in fields(of)), *more])
        writer.writeheader()
        for row in rows:
            data = {k: f"{v:.3f}" if isinstance(v, float) else v for k, v in row.items()}
            writer.writerow({**data, **more})


def _write_json(content: Mapping[str, Any], path: Path) -> None:
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_asked(screen: Screen, path: Path) -> None:
    head = "# Repeat it with: rarebind screen --config screen.yaml\n"
    text = yaml.safe_dump(dict(screen.asked), sort_keys=False, allow_unicode=True,
                          default_flow_style=None, width=100)  # fmt: skip
    path.write_text(head + text, encoding="utf-8")


def _write_structures(screen: Screen, path: Path) -> None:
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

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
    write(path, frames, format="extxyz")
