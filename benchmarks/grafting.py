"""Grafting against Architector: which finds the lower La complex, and in what time?

Grafting as a screen uses it, against Architector with every candidate relaxed (not only the
lowest); the same relaxation and checks, at GFN2-xTB/ALPB(water):

    python benchmarks/grafting.py --json grafting.json

A negative difference means that grafting found the lower minimum.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.campaigns.steps import execute
from rarebind.complexes import complex_spec
from rarebind.engines import GFN2_WATER
from rarebind.ligands import library_ligand
from rarebind.units import KCAL_PER_EV

#: One ligand a scaffold, small and bulky substituents.
LIGANDS = (
    ("HOPO", "hydroxyl"),
    ("thio-HOPO", "methyl"),
    ("CAM", "carboxylic-acid"),
    ("thio-CAM", "fluoro"),
    ("HDEV", "phosphonate"),
)


def main() -> None:
    """Run both builders on each ligand and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--geometry", default="1:6")
    parser.add_argument("--cores", default="all", help="polyhedra that Architector tries")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    table = Table("ligand", "grafting / s", "Architector / s", "difference / kcal/mol")
    rows = []
    for scaffold, substituent in LIGANDS:
        ligand = library_ligand(scaffold, substituent)
        spec = complex_spec("La", ligand, options.geometry)
        row: dict[str, object] = {"ligand": ligand.name, "geometry": options.geometry}
        for builder in ("grafting", "architector"):
            protocol = Protocol(level=GFN2_WATER, builder="grafting")
            if builder == "architector":
                protocol = Protocol(
                    level=GFN2_WATER,
                    builder=builder,
                    cores=options.cores,
                    relaxed_candidates=20,
                    hops=0,
                )
            task = TaskFactory(protocol).complex(spec)
            start = time.perf_counter()
            calculation = execute(task.step, task.arguments, [])
            row[builder] = {
                "energy": calculation.energy,
                "seconds": time.perf_counter() - start,
                "status": calculation.status,
                "reason": calculation.reason,
            }
        energies = [row[builder]["energy"] for builder in ("grafting", "architector")]
        known = None not in energies
        row["difference"] = (energies[0] - energies[1]) * KCAL_PER_EV if known else None
        rows.append(row)
        table.add_row(
            ligand.name,
            f"{row['grafting']['seconds']:.0f}",
            f"{row['architector']['seconds']:.0f}",
            f"{row['difference']:+.2f}" if known else "a builder failed",
        )
        if options.json:
            options.json.write_text(json.dumps(rows, indent=1))
    Console().print(table)


if __name__ == "__main__":
    main()
