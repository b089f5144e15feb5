"""Three roads from ligands to sixteen metals in one run: by model, all xTB, the study's builder.

    python benchmarks/screening_roads.py OUT [--ligands FILE] [--geometry 1:6] [--architector]

Every road starts from an empty store.  The model's and the all-xTB road build the complex of La in
the same way; with --architector the study's road is run as well: Architector with ten symmetries
(its polyhedra of coordination number 8), then every metal by xTB.  Printed are wall time a ligand
on all cores, and how far the roads agree.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from rarebind.campaigns import Protocol, Store
from rarebind.ligands import read_ligand_table
from rarebind.screening import MODEL, Request, Screen, estimates_of
from rarebind.units import KCAL_PER_EV

ROOT = Path(__file__).parents[1]
#: An order is of at least so many.
FEWEST = 3


def run(request: Request, store: Path) -> tuple[Screen, float]:
    """A screen from nothing, and the seconds it took."""
    store.unlink(missing_ok=True)
    begun = time.perf_counter()
    prepared = request.prepared()
    with Store(store) as results:
        found = prepared.run(results)
    return found, time.perf_counter() - begun


def agreement(one: Screen, other: Screen) -> tuple[float, float, float]:
    """MAE of the exchange energy in kcal/mol; Spearman of ligands, and of metals, on average."""
    a, b = estimates_of(one), estimates_of(other)
    both = a.known & b.known
    errors = (a.exchange - b.exchange)[both] * KCAL_PER_EV

    def order(names: tuple[str, ...]) -> float:
        found = []
        for name in dict.fromkeys(names):
            same = both & (np.array(names) == name)
            if same.sum() >= FEWEST:
                found.append(spearmanr(a.exchange[same], b.exchange[same]).statistic)
        return float(np.mean(found)) if found else float("nan")

    return float(np.abs(errors).mean()), order(a.metals), order(a.ligands)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--ligands", type=Path, default=ROOT / "examples" / "ligands.csv")
    parser.add_argument("--geometry", default="1:6")
    parser.add_argument("--architector", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    ligands = read_ligand_table(arguments.ligands)
    predicted = Request(ligands, geometries=(arguments.geometry,), engine=MODEL)
    roads = {
        "model": predicted,
        "all xTB": replace(predicted, engine="tblite"),
    }
    if arguments.architector:
        builder = Protocol(builder="architector", hops=0)
        roads["Architector, all xTB"] = replace(predicted, engine="tblite", protocol=builder)
    found = {
        name: run(request, arguments.out / f"{name.replace(' ', '-')}.sqlite")
        for name, request in roads.items()
    }
    reference, seconds = found["all xTB"]
    table = Table(
        title=f"{len(ligands)} ligands, {len(reference.metals)} metals, "
        f"{arguments.geometry}; agreement with the all-xTB road"
    )
    for heading in (
        "Road",
        "s a ligand",
        "ratio",
        "without result",
        "MAE, kcal/mol",
        "Spearman of ligands",
        "of metals",
    ):
        table.add_column(heading, justify="right")
    for name, (screen, taken) in found.items():
        error, of_ligands, of_metals = agreement(screen, reference)
        table.add_row(
            name, f"{taken / len(ligands):.1f}", f"{seconds / taken:.1f}",
            str(len(screen.failures)), f"{error:.2f}", f"{of_ligands:.3f}", f"{of_metals:.3f}",
        )  # fmt: skip
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
