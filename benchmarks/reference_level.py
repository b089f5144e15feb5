"""Which functional and basis set reference forces need: small complexes against larger levels.

    python benchmarks/reference_level.py benchmarks/data/reference_level.jsonl [--show]

Energies and forces of [M(H2O)3]3+ and of the same with one water replaced by hydroxide, ammonia or
formate (one-handed), M = La and Lu, at geometries near the minima of density functional theory:
minima of GFN2 with ligands moved outwards.  Each result is a line of the file, computed if it is
not there; ``--show`` computes nothing.  ΔΔE(Lu–La) of the exchange of a water for the ligand needs
no free ligands.  The force on a whole ligand is what bonds to the metal depend on; that on an atom
also sees the ligands' own bonds, which are longer in small basis sets.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import atom_ranges, fragments
from rarebind.campaigns.reference.steps import displaced, reference_start
from rarebind.engines import LevelOfTheory, level_named, static
from rarebind.structures import Structure
from rarebind.units import KCAL_PER_EV

REFERENCE = level_named("pbe-d4-4f-in-core")
LARGEST = "def2-TZVPD+lcecp-1-TZVPP"
SMALL, SVPD = "ma-def2-SVP+lcecp-1-TZVP", "def2-SVPD+lcecp-1-TZVP"
#: Functional and basis; each is compared with the level named third.
LEVELS = (
    ("PBE", SMALL, "PBE", LARGEST),
    ("PBE", LARGEST, "PBE", LARGEST),
    ("PBE", SMALL, "PBE0", SMALL),
    ("r2SCAN", SMALL, "PBE0", SMALL),
    ("PBE0", SMALL, "PBE0", SMALL),
    ("PBE", "def2-SVP+lcecp-1-TZVP", "PBE", LARGEST),
    ("B3LYP", SMALL, "PBE0", SMALL),
    ("PBE", SVPD, "PBE", LARGEST),
)
LIGANDS = {"water": {}, "hydroxide": {"[OH-:1]": 1}, "ammonia": {"[NH3:1]": 1},
           "formate": {"O=C[O-:1]": 1}}  # fmt: skip
EXCHANGED = tuple(LIGANDS)[1:]
OUTWARDS = {"La": (0.18, 0.06), "Lu": (0.09, 0.01)}


def systems() -> Iterator[tuple[str, str, list[str], Structure]]:
    """Name, metal, ligands and geometry."""
    for name, ligands in LIGANDS.items():
        listed = fragments(ligands, 3 - len(ligands))
        for metal, (by, waters) in OUTWARDS.items():
            arguments = {"fragments": listed, "metal": metal, "seed": 1, "candidates": 2}
            start = reference_start(arguments, ())
            assert start.structure is not None
            moves = {"ligands": by, "waters": waters, "motion": None}
            yield name, metal, listed, displaced(start.structure, arguments | moves)


def level(functional: str, basis: str) -> LevelOfTheory:
    return replace(REFERENCE, method=functional, basis=basis)


def compute(path: Path) -> None:
    done = {(row["level"], row["system"], row["metal"]) for row in read(path)}
    found = list(systems())
    for functional, basis, _, _ in LEVELS:
        at = level(functional, basis)
        for name, metal, listed, structure in found:
            if (str(at), name, metal) in done:
                continue
            calculation = static(structure, at)
            if not calculation.ok or calculation.forces is None:
                Console().print(f"{at}, {metal} {name}: {calculation.reason}")
                continue
            row = {
                "level": str(at), "system": name, "metal": metal, "energy": calculation.energy,
                "forces": calculation.forces.tolist(), "positions": structure.positions.tolist(),
                "fragments": listed, "seconds": calculation.wall_time,
                "functions": calculation.scf and calculation.scf.basis_functions,
            }  # fmt: skip
            with path.open("a") as file:
                file.write(json.dumps(row) + "\n")
            done.add((str(at), name, metal))


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def selectivity(rows: dict[tuple[str, str], dict[str, Any]], system: str) -> float | None:
    """ΔΔE(Lu–La) of exchanging a water for the ligand, kcal/mol; None while not all is there."""
    exchange = {}
    for metal in OUTWARDS:
        if not {(system, metal), ("water", metal)} <= rows.keys():
            return None
        exchange[metal] = rows[system, metal]["energy"] - rows["water", metal]["energy"]
    return float((exchange["Lu"] - exchange["La"]) * KCAL_PER_EV)


def force_errors(
    ours: dict[tuple[str, str], dict[str, Any]], theirs: dict[tuple[str, str], dict[str, Any]]
) -> tuple[float, float, float]:
    """Of ligands along their direction, the largest and the mean; of atoms, rms; eV/Å."""
    radial, atoms = [], []
    for key in ours.keys() & theirs.keys():
        row = ours[key]
        off = np.array(row["forces"]) - np.array(theirs[key]["forces"])
        positions = np.array(row["positions"])
        for part in atom_ranges(row["fragments"]):
            outwards = positions[part.start : part.stop].mean(axis=0) - positions[0]
            pull = off[part.start : part.stop].sum(axis=0) @ outwards / np.linalg.norm(outwards)
            radial.append(abs(pull))
        atoms.append(off.ravel())
    return max(radial), float(np.mean(radial)), float(np.sqrt(np.mean(np.concatenate(atoms) ** 2)))


def show(rows: list[dict[str, Any]]) -> None:
    by_level: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for row in rows:
        by_level.setdefault(row["level"], {})[row["system"], row["metal"]] = row
    table = Table("functional", "basis", "against", title="kcal/mol, eV/Å")
    for name in (*(f"ΔΔE {name}" for name in EXCHANGED), "off", "ligand, max", "mean", "atom, rms"):
        table.add_column(name, justify="right")
    table.add_column("functions", justify="right")
    for functional, basis, *other in LEVELS:
        ours = by_level.get(str(level(functional, basis)), {})
        theirs = by_level.get(str(level(*other)), {})
        if not ours:
            continue
        values = [selectivity(ours, name) for name in EXCHANGED]
        off = [
            abs(value - reference)
            for value, name in zip(values, EXCHANGED, strict=True)
            if value is not None and (reference := selectivity(theirs, name)) is not None
        ]
        if not ours.keys() & theirs.keys():
            continue
        errors = force_errors(ours, theirs)
        table.add_row(
            functional, basis, "/".join(other),
            *("" if value is None else f"{value:.2f}" for value in values),
            f"{max(off):.2f}" if off else "", *(f"{error:.3f}" for error in errors),
            str(max(row["functions"] for row in ours.values())),
        )  # fmt: skip
    Console(width=190).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--show", action="store_true", help="compute nothing")
    arguments = parser.parse_args()
    if not arguments.show:
        compute(arguments.results)
    show(read(arguments.results))


if __name__ == "__main__":
    main()
