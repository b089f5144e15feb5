"""What it costs to put the 4f shell into the core: M3+ + 3 F- -> MF3 at both levels.

    python benchmarks/frozen_4f.py OUT.jsonl [--metals La Gd Lu] [--levels b3lyp-d4-4f-in-core]

Equation 1 for one small molecule, with the 4f electrons explicit (``b3lyp-d4``: small core, open
shells) and in the core (``b3lyp-d4-4f-in-core``: large core, closed shells).  Both levels see the
same geometry, relaxed with GFN2-xTB.  One line a metal and level is appended to OUT.jsonl as it
ends; lines that are there are not run again, failures neither (delete the line to have it tried
again).

The two levels differ by something common to the lanthanides, of no consequence between them (La has
it too: another basis, and 4f orbitals that are empty but there), and by what varies along the
series: that is what 4f in the core costs.  Y has the same basis and core at both levels, must come
out the same, and is left out of the statistics; its gap to a lanthanide has all of the common part.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from functools import cache
from pathlib import Path

import numpy as np
from electronic_states import structure_of
from rich.console import Console
from rich.table import Table

from rarebind.binding import binding_energy
from rarebind.elements import STUDY_METALS, is_lanthanide, rare_earth
from rarebind.engines import Calculation, LevelOfTheory, level_named, static
from rarebind.errors import CalculationError
from rarebind.structures import Structure
from rarebind.units import KCAL_PER_EV

EXPLICIT, IN_CORE = "b3lyp-d4", "b3lyp-d4-4f-in-core"
REFERENCE = "La"
#: Spreads are of at least this many metals.
FEWEST = 2


def energy_of(calculation: Calculation) -> float:
    if calculation.energy is None:
        raise CalculationError(calculation.reason)
    return calculation.energy


@cache
def fluoride_energy(level: LevelOfTheory) -> float:
    """In eV."""
    return energy_of(static(Structure(("F",), np.zeros((1, 3)), -1, 1), level))


def run(metal: str, name: str) -> dict:
    """The binding energy of MF3 at the level called `name`, and how it came about."""
    level = level_named(name)
    row: dict = {"metal": metal, "level": name}
    begun = time.perf_counter()
    try:
        row["fluoride_ev"] = fluoride_energy(level)
        for system in ("ion", "MF3"):
            calculation = static(structure_of(metal, system), level)
            row[f"{system.lower()}_ev"] = energy_of(calculation)
            row[f"{system.lower()}_scf"] = calculation.scf.known() if calculation.scf else {}
            row[f"{system.lower()}_fmax"] = calculation.fmax
    except CalculationError as error:
        return row | {"failed": str(error), "seconds": time.perf_counter() - begun}
    bound = binding_energy(row["mf3_ev"], row["ion_ev"], row["fluoride_ev"], 3, 0.0, 0)
    row["binding_kcal"] = bound * KCAL_PER_EV
    row["engine_version"] = calculation.engine_version
    return row | {"seconds": time.perf_counter() - begun}


def show(rows: list[dict]) -> None:
    """Binding energies of both levels metal by metal, then what is left of their difference."""
    found = {(row["metal"], row["level"]): row for row in rows}
    bound = {key: row["binding_kcal"] for key, row in found.items() if "binding_kcal" in row}
    metals = sorted({metal for metal, _ in found}, key=lambda m: rare_earth(m).atomic_number)
    differences = {
        metal: bound[metal, IN_CORE] - bound[metal, EXPLICIT]
        for metal in metals
        if {(metal, IN_CORE), (metal, EXPLICIT)} <= bound.keys()
    }
    counted = {m: value for m, value in differences.items() if is_lanthanide(m)}
    mean = statistics.fmean(counted.values()) if counted else math.nan
    table = Table(title="M3+ + 3 F- -> MF3, equation 1, SMD water; kcal/mol")
    for name in (
        "M", "4f explicit", "4f in core", "difference", "less its mean",
        f"to {REFERENCE}, explicit", f"to {REFERENCE}, in core", "off", "4f", "<S2>", "s, explicit",
        "s, in core",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for metal in metals:
        gaps = [
            bound.get((metal, level), math.nan) - bound.get((REFERENCE, level), math.nan)
            for level in (EXPLICIT, IN_CORE)
        ]
        scf = found.get((metal, EXPLICIT), {}).get("mf3_scf", {})
        table.add_row(
            metal,
            *(_bound(found.get((metal, level))) for level in (EXPLICIT, IN_CORE)),
            _number(differences.get(metal)),
            _number(counted[metal] - mean if metal in counted else None),
            *map(_number, (*gaps, gaps[1] - gaps[0])),
            _number(scf.get("f_electrons")),
            _number(scf.get("s_squared"), 3),
            *(_number(found.get((metal, e), {}).get("seconds"), 0) for e in (EXPLICIT, IN_CORE)),
        )
    console = Console(width=160)
    console.print(table)
    for (metal, level), row in found.items():
        if "failed" in row:
            console.print(f"{metal} at {level} failed: {row['failed']}")
    if len(counted) >= FEWEST:
        off = [value - mean for value in counted.values()]
        console.print(
            f"{len(counted)} lanthanides: 4f in the core shifts the binding energy by "
            f"{mean:.2f} kcal/mol; along the series the shift varies with a standard deviation "
            f"of {statistics.stdev(off):.2f}, mean absolute {statistics.fmean(map(abs, off)):.2f}, "
            f"range {max(off) - min(off):.2f} kcal/mol."
        )


def _bound(row: dict | None) -> str:
    if row is None:
        return ""
    return "failed" if "failed" in row else _number(row["binding_kcal"])


def _number(value: float | None, digits: int = 2) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--metals", nargs="+", default=list(STUDY_METALS))
    parser.add_argument(
        "--levels", nargs="+", default=[IN_CORE, EXPLICIT], choices=[IN_CORE, EXPLICIT]
    )
    arguments = parser.parse_args()
    rows = []
    if arguments.out.exists():
        rows = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    # The cheap level first: all of its rows are there in minutes.
    for level in arguments.levels:
        for metal in arguments.metals:
            if any((row["metal"], row["level"]) == (metal, level) for row in rows):
                continue
            rows.append(run(metal, level))
            with arguments.out.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            print(metal, level, f"{rows[-1]['seconds']:.0f} s", flush=True)
    show(rows)


if __name__ == "__main__":
    main()
