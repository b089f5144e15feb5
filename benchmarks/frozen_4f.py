"""What it costs to put the 4f shell into the core: M3+ + 3 F- -> MF3 at both levels.

    python benchmarks/frozen_4f.py [STATES.jsonl]

Energies with explicit 4f electrons (``b3lyp-d4``: small core, open shells) are those that
benchmarks/electronic_states.py found and stored, of all metals of which there are both the ion and
MF3; those with the 4f shell in the core (``b3lyp-d4-4f-in-core``: closed shells), and fluoride's at
both levels, are computed here.  All are on the same geometries and the same grid, less dispersion,
which is the same at both levels.

The two levels differ by something common to the lanthanides, of no consequence between them (La has
it too: another basis, and 4f orbitals that are empty but there), and by what varies along the
series: that is what 4f in the core costs.  Y has the same basis and core at both levels, must come
out the same, and is left out of the statistics.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import numpy as np
from electronic_states import KCAL, structure_of
from rich.console import Console
from rich.table import Table

from rarebind.elements import STUDY_METALS, is_lanthanide
from rarebind.engines import LevelOfTheory, level_named
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.guesses import closed_shell_guess
from rarebind.engines.dft.ion import closed_ion
from rarebind.engines.dft.ladder import climb
from rarebind.engines.dft.meanfield import SEARCH_GRID, mean_field, set_grid
from rarebind.engines.dft.molecule import build_molecule
from rarebind.structures import Structure

STATES = Path(__file__).parent / "data" / "electronic_states.jsonl"
EXPLICIT, IN_CORE = "b3lyp-d4", "b3lyp-d4-4f-in-core"
REFERENCE = "La"
FLUORIDE = Structure(("F",), np.zeros((1, 3)), -1)


def closed_shell_energy(structure: Structure, level: LevelOfTheory, metal: str | None) -> float:
    """Eh, on the grid of the search."""
    sets = basis_sets(structure.symbols, level)
    field = mean_field(build_molecule(structure, level, sets), level, sets)
    set_grid(field, SEARCH_GRID)
    ion = None if metal is None else closed_ion(metal, level)
    solution = climb(field, closed_shell_guess(field.mol, None if metal is None else 0, ion))
    assert solution is not None
    return solution.energy


def explicit_energies(path: Path) -> dict[str, dict[str, float]]:
    """Eh, by metal and system."""
    found: dict[str, dict[str, float]] = {metal: {} for metal in STUDY_METALS}
    for row in map(json.loads, path.read_text().splitlines()):
        if "energy_eh" in row:
            found[row["metal"]][row["system"]] = row["energy_eh"]
    return {metal: energies for metal, energies in found.items() if len(energies) > 1}


def binding_energies(path: Path) -> dict[str, tuple[float, float]]:
    """kcal/mol with the 4f electrons explicit and in the core, by metal."""
    explicit, in_core = level_named(EXPLICIT), level_named(IN_CORE)
    fluorides = [3.0 * closed_shell_energy(FLUORIDE, level, None) for level in (explicit, in_core)]
    found = {}
    for metal, known in explicit_energies(path).items():
        ion, complex_ = (
            closed_shell_energy(structure_of(metal, system), in_core, metal)
            for system in ("ion", "MF3")
        )
        found[metal] = (
            (known["MF3"] - known["ion"] - fluorides[0]) * KCAL,
            (complex_ - ion - fluorides[1]) * KCAL,
        )
    return found


def show(bound: dict[str, tuple[float, float]]) -> None:
    shifts = {metal: core - shell for metal, (shell, core) in bound.items()}
    counted = [shift for metal, shift in shifts.items() if is_lanthanide(metal)]
    mean = statistics.fmean(counted)
    table = Table(title="M3+ + 3 F- -> MF3, SMD water; kcal/mol")
    for name in (
        "M", "4f explicit", "4f in core", "difference", "less its mean",
        f"to {REFERENCE}, explicit", f"to {REFERENCE}, in core", "off",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    reference = bound[REFERENCE]
    for metal, (shell, core) in bound.items():
        gaps = shell - reference[0], core - reference[1]
        off = shifts[metal] - mean if is_lanthanide(metal) else None
        values = (shell, core, shifts[metal], off, *gaps, gaps[1] - gaps[0])
        table.add_row(metal, *("" if value is None else f"{value:.2f}" for value in values))
    console = Console(width=120)
    console.print(table)
    if len(counted) > 1:
        off_mean = [shift - mean for shift in counted]
        console.print(
            f"{len(counted)} lanthanides: 4f in the core shifts the binding energy by {mean:.2f} "
            f"kcal/mol; along the series the shift varies with a standard deviation of "
            f"{statistics.stdev(off_mean):.2f}, mean absolute "
            f"{statistics.fmean(map(abs, off_mean)):.2f}, range "
            f"{max(off_mean) - min(off_mean):.2f} kcal/mol."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("states", type=Path, nargs="?", default=STATES)
    arguments = parser.parse_args()
    if REFERENCE not in explicit_energies(arguments.states):
        parser.error(
            f"{arguments.states} lacks {REFERENCE}3+ or {REFERENCE}F3: run "
            "benchmarks/electronic_states.py with this file first"
        )
    show(binding_energies(arguments.states))


if __name__ == "__main__":
    main()
