"""What each numerical choice of the engine ``pyscf-fitted`` does to energies and forces.

    python benchmarks/reference_numerics.py

[La(formate)(H2O)3]2+ with its ligands moved at random, at the level of the reference data without
its choices (fitting set of exchange too, grid 4, 302 surface points, 1e-8 Eh), then with one of
them at a time, then with all.  Energies in kcal/mol, forces in eV/Å; processor seconds.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import atom_ranges, embed, fragments
from rarebind.campaigns.reference.displacement import agitated
from rarebind.engines import GFN2_WATER, level_named, relax
from rarebind.engines.dft.fitted import FittedPotential, Numerics
from rarebind.units import KCAL_PER_EV

FINE: dict[str, Any] = {
    "auxiliary": "def2-universal-jkfit", "grids": (0, 4), "surface_points": 302,
    "thresholds": (1e-5, 1e-8),
}  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "fine": {},
    "590 surface points": {"surface_points": 590},
    "194 surface points": {"surface_points": 194},
    "110 surface points": {"surface_points": 110},
    "J fitting set": {"auxiliary": "def2-universal-jfit"},
    "grid 3": {"grids": (0, 3)},
    "grid 2": {"grids": (0, 2)},
    "1e-6 Eh": {"thresholds": (1e-5, 1e-6)},
}


def main() -> None:
    listed = fragments({"O=C[O-:1]": 1}, 3)
    start = relax(embed("La", listed, 3), GFN2_WATER).structure
    assert start is not None
    parts = atom_ranges(listed)
    positions = agitated(start.positions, parts, shift=0.05, turn=5.0, shake=0.01, seed=[1])
    table = Table("choice", "cpu s", "energy", "atom, max", "rms", "ligand, max")
    level = level_named("pbe-d4-4f-in-core")
    first = None
    chosen = {name: Numerics(**(FINE | change)) for name, change in CHANGES.items()}
    for name, numerics in {**chosen, "all, as used": Numerics()}.items():
        energy, forces, seconds = _timed(FittedPotential(start, level, numerics), positions)
        first = (energy, forces) if first is None else first
        off = forces - first[1]
        ligands = [np.abs(off[list(part)].sum(axis=0)).max() for part in parts]
        table.add_row(
            name, f"{seconds:.0f}", f"{(energy - first[0]) * KCAL_PER_EV:.3f}",
            f"{np.abs(off).max():.4f}", f"{np.sqrt(np.mean(off**2)):.4f}", f"{max(ligands):.4f}",
        )  # fmt: skip
    Console(width=100).print(table)


def _timed(potential: FittedPotential, positions: Any) -> tuple[float, Any, float]:
    before = time.process_time()
    energy, forces = potential(positions)
    return energy, forces, time.process_time() - before


if __name__ == "__main__":
    main()
