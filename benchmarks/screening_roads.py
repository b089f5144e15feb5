"""Roads from ligands to sixteen metals in one run: by model, all xTB, the study's builder.

    python benchmarks/screening_roads.py OUT [--ligands FILE] [--geometry 1:6] [--architector]

Ligands that carry a scaffold of the library, which are grafted, and others, which Architector
builds, are screened apart, each road from an empty store.  By default they are ligands that the
model has not learned from (`benchmarks/data/new_ligands.csv`).  With --architector the study's
road is run as well: Architector with ten symmetries of every polyhedron, then every metal by xTB.
With fall-back, what the model flags is computed.  Printed are the wall time a ligand on all cores,
without the start of the program (told apart: imports, the model), and how far the roads agree with
the all-xTB road.

All roads know the complex of La, so that energies agree for the wrong reason.  What is compared is
therefore what they add: ΔΔE between each metal and La.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import spearmanr

from rarebind.campaigns import Store
from rarebind.ligands import Ligand, carried_scaffold, read_ligand_table
from rarebind.screening import MODEL, Prediction, Request, Screen, estimates_of
from rarebind.screening.options import DEFAULT_METALS
from rarebind.units import KCAL_PER_EV

ROOT = Path(__file__).parents[1]
REFERENCE = "La"
#: An order is of at least so many.
FEWEST = 3


def run(request: Request, store: Path) -> tuple[Screen, float, float]:
    """A screen from nothing, and the seconds that its preparation and itself took."""
    store.unlink(missing_ok=True)
    begun = time.perf_counter()
    prepared = request.prepared()
    ready = time.perf_counter()
    with Store(store) as results:
        found = prepared.run(results)
    return found, ready - begun, time.perf_counter() - ready


def selectivities(screen: Screen) -> dict[tuple[str, str], float]:
    """ΔΔE between each metal and La in kcal/mol, by ligand and metal."""
    estimates = estimates_of(screen)
    names = zip(estimates.ligands, estimates.metals, strict=True)
    known = dict(zip(names, estimates.exchange * KCAL_PER_EV, strict=True))
    return {
        (ligand, metal): energy - known[ligand, REFERENCE]
        for (ligand, metal), energy in known.items()
        if metal != REFERENCE and np.isfinite(energy - known[ligand, REFERENCE])
    }


def agreement(one: Screen, other: Screen) -> tuple[float, float, float]:
    """MAE in kcal/mol; mean Spearman of ligands with one metal, and of metals with one ligand."""
    a, b = selectivities(one), selectivities(other)
    both = sorted(a.keys() & b.keys())
    values = np.array([(a[pair], b[pair]) for pair in both]).reshape(-1, 2)

    def order(place: int) -> float:
        found = []
        for name in {pair[place] for pair in both}:
            same = values[[pair[place] == name for pair in both]]
            if len(same) >= FEWEST:
                found.append(spearmanr(*same.T).statistic)
        return float(np.mean(found)) if found else float("nan")

    return float(np.abs(values[:, 0] - values[:, 1]).mean()), order(1), order(0)


def flagged(screen: Screen) -> int:
    """Predictions of what is unlike the model's training set."""
    return sum(isinstance(e.binding, Prediction) and e.binding.flagged for e in screen.entries)


def compare(
    kind: str, ligands: Sequence[Ligand], roads: dict[str, dict[str, object]], out: Path
) -> list[list[str]]:
    """Lines of the table for ligands of one kind."""
    found = {
        name: run(
            Request(ligands=ligands, level="gfn2-xtb", **options),
            out / f"{kind}-{name.replace(' ', '-')}.sqlite",
        )
        for name, options in roads.items()
    }
    reference, _, seconds = found["all xTB"]
    lines = []
    for name, (screen, start, taken) in found.items():
        error, of_ligands, of_metals = agreement(screen, reference)
        lines.append([
            kind, str(len(ligands)), name, f"{start:.1f}", f"{taken / len(ligands):.1f}",
            f"{seconds / taken:.1f}", str(len(screen.failures)), str(flagged(screen)),
            f"{error:.2f}", f"{of_ligands:.2f}", f"{of_metals:.2f}",
        ])  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--ligands", type=Path, default=ROOT / "benchmarks" / "data" / "new_ligands.csv"
    )
    parser.add_argument("--geometry", default="1:6")
    parser.add_argument("--architector", action="store_true", help="the study's road as well")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    ligands = read_ligand_table(arguments.ligands)
    predicted = {"geometries": arguments.geometry, "engine": MODEL, "fall_back": False}
    roads = {
        "model": predicted,
        "model, fall-back": predicted | {"fall_back": True},
        "all xTB": predicted | {"engine": "tblite"},
    }
    if arguments.architector:
        roads["the study's"] = predicted | {
            "engine": "tblite", "builder": "architector", "cores": "all", "hops": 0,
        }  # fmt: skip
    kinds = {
        "known scaffold": [ligand for ligand in ligands if carried_scaffold(ligand)],
        "new": [ligand for ligand in ligands if not carried_scaffold(ligand)],
    }
    table = Table(
        title=f"{len(DEFAULT_METALS)} metals, {arguments.geometry}; ΔΔE against La compared with "
        "the all-xTB road"
    )
    for heading in (
        "Ligands", "number", "Road", "start/s", "s a ligand", "ratio", "without result", "flagged",
        "MAE, kcal/mol", "Spearman of ligands", "of metals",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for kind, some in kinds.items():
        for line in compare(kind, some, roads, arguments.out) if some else ():
            table.add_row(*line)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
