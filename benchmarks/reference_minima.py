"""Minima of a level against those of density functional theory: distances and selectivity.

    python benchmarks/reference_minima.py data-reference [--level gfn2-re | --parameters own.json]

Of every complex that the reference data follow towards its minimum (geometries ``refined…``), the
last: the largest force on a ligand that is left; the level and GFN2-xTB relaxed from there, errors
of distances from the metal to donors; then, of complexes known with both La and Lu, the
energy of taking their ligands up from [M(H2O)8]3+, Lu against La, each method at its own minima.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import WATER
from rarebind.campaigns.reference.shards import Reference, read_references
from rarebind.engines import GFN2_WATER, LevelOfTheory, level_named, relax
from rarebind.parametrisation.targets import Geometry
from rarebind.units import KCAL_PER_EV

AQUA = (WATER,) * 8
DISTANCES = ("mean, Å", "largest, Å")


def minima(references: Iterable[Reference]) -> list[Reference]:
    """The last refinement of every complex."""
    last = {
        (one.system, one.metal): one
        for one in sorted(references, key=lambda one: one.geometry)
        if one.geometry.startswith("refined")
    }
    return list(last.values())


def remaining_force(reference: Reference) -> float:
    """Largest on a ligand as a whole, eV/Å."""
    forces = Geometry(reference).wrenches(reference.forces, arm=1.0)[:, :3]
    return float(np.linalg.norm(forces, axis=1).max())


def donor_distances(reference: Reference, positions: np.ndarray) -> np.ndarray:
    """From the metal to every donor, Å."""
    donors = np.concatenate(Geometry(reference).donors)
    return np.asarray(np.linalg.norm(positions[donors] - positions[0], axis=1))


def compared(references: list[Reference], levels: dict[str, LevelOfTheory]) -> pd.DataFrame:
    """A row a complex: energies by method, kcal/mol, and errors of distances."""
    rows = []
    for one in references:
        row = {
            "system": one.system, "metal": one.metal, "fragments": one.fragments,
            "force": remaining_force(one), "DFT": one.energy * KCAL_PER_EV,
        }  # fmt: skip
        wanted = donor_distances(one, one.structure.positions)
        row["distance"] = float(wanted.mean())
        for name, level in levels.items():
            found = relax(one.structure, level)
            if not found.ok or found.structure is None or found.energy is None:
                continue
            off = donor_distances(one, found.structure.positions) - wanted
            row[name] = found.energy * KCAL_PER_EV
            row |= dict(
                zip(
                    [f"{name} {what}" for what in DISTANCES],
                    (abs(off).mean(), abs(off).max()),
                    strict=True,
                )
            )
            row[f"{name} bias"] = off.mean()
        rows.append(row)
    return pd.DataFrame(rows)


def show(table: pd.DataFrame, names: list[str], console: Console) -> None:
    shown = Table("complex", "metal", "force left", "DFT, Å", title="distances to donors, Å")
    for name in names:
        shown.add_column(f"{name}: mean / mean error / largest", justify="right")
    for _, row in table.iterrows():
        shown.add_row(
            row["system"], row["metal"], f"{row['force']:.2f}", f"{row['distance']:.3f}",
            *(
                f"{row['distance'] + row[f'{name} bias']:.3f} / {row[f'{name} {DISTANCES[0]}']:.3f}"
                f" / {row[f'{name} {DISTANCES[1]}']:.3f}"
                for name in names
            ),
        )  # fmt: skip
    console.print(shown)
    for name in names:
        mean, largest = (table[f"{name} {what}"] for what in DISTANCES)
        console.print(f"{name}: mean error {mean.mean():.3f} Å, largest {largest.max():.3f} Å")
    wide = table.pivot_table(index="system", columns="metal", values=["DFT", *names])
    selectivity = Table("complex", "DFT", *names, title="ΔΔE(Lu–La), kcal/mol")
    if not {("DFT", metal) for metal in ("La", "Lu")} <= set(wide.columns):
        return
    change = {name: wide[name]["Lu"] - wide[name]["La"] for name in ("DFT", *names)}
    aqua = table.loc[table.fragments == AQUA, "system"].iloc[0]
    errors = []
    for system in wide.index.drop(aqua):
        values = [series[system] - series[aqua] for series in change.values()]
        if np.isfinite(values).all():
            selectivity.add_row(system, *(f"{value:.1f}" for value in values))
            errors.append(np.abs(np.array(values[1:]) - values[0]))
    console.print(selectivity)
    for name, error in zip(names, np.mean(errors, axis=0), strict=True):
        console.print(f"{name}: mean error of ΔΔE {error:.1f} kcal/mol")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--level", default="gfn2-re")
    parser.add_argument("--parameters", type=Path)
    given = parser.parse_args()
    level = level_named(given.level)
    if given.parameters:
        level = GFN2_WATER.with_parameters(given.parameters)
    levels = {"GFN2": GFN2_WATER, str(given.parameters or given.level): level}
    table = compared(minima(read_references(given.folder)), levels)
    show(table, list(levels), Console(width=130))


if __name__ == "__main__":
    main()
