"""Energy and forces of [La(acetate)(H2O)6]2+ by both closed-shell roads of PySCF.

    python benchmarks/reference_cost.py [--smaller]

The engine ``pyscf`` (search, refinement, a solvent that is not fitted in the end) against
``pyscf-fitted``, at the same level; then the level of the reference data.  Processor time of one
thread; differences of forces in eV/Å.  ``--smaller``: three waters instead of six.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import fragments
from rarebind.campaigns.reference.steps import displaced, reference_start
from rarebind.engines import level_named
from rarebind.engines.verbs import engine_for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--smaller", action="store_true")
    listed = fragments({"CC(=[O:1])[O-:1]": 1}, 3 if parser.parse_args().smaller else 6)
    arguments = {"fragments": listed, "metal": "La", "seed": 111111, "candidates": 3}
    start = reference_start(arguments, ()).structure
    assert start is not None
    moves = {"ligands": 0.24, "waters": 0.1, "motion": None}
    structure = displaced(start, arguments | moves)
    new = level_named("pbe-d4-4f-in-core")
    same = replace(new, basis="def2-SVP+lcecp-1-TZVP")
    table = Table(
        "level", "engine", "functions", "cpu s", "wall s", "energy, eV", "largest dF", "rms"
    )
    first = None
    for level in (replace(same, engine="pyscf"), same, new):
        potential = engine_for(level).potential(structure, level)
        cpu, wall = time.process_time(), time.perf_counter()
        energy, forces = potential(structure.positions)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        first = forces if first is None else first
        off = np.abs(forces - first)
        table.add_row(
            level.model_chemistry, level.engine, str(potential.scf.basis_functions),
            f"{cpu:.0f}", f"{wall:.0f}", f"{energy:.4f}", f"{off.max():.3f}",
            f"{np.sqrt(np.mean(off**2)):.3f}",
        )  # fmt: skip
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
