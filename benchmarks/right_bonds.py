"""Bonds, hydration numbers and selectivity of a level against measurements, beside GFN2-xTB.

    python benchmarks/right_bonds.py [--level gfn2-re]

Aqua ions: mean distances against EXAFS and neutron diffraction (`data/measured_bonds.csv`), and the
energy of a ninth water.  Complexes of acetate, 2-hydroxyisobutyrate, iminodiacetate, NTA and EDTA
with nine donors around La and eight around Lu (acetate: eight around both): distances, and the
exchange energy with the aqua ion of as many waters, as far as it differs between Lu and La, against
−RT ln 10 Δlog K1 of NIST SRD 46 (25 °C).  Every complex is the lowest of a few starts by distance
geometry.
"""

from __future__ import annotations

import argparse
import csv
import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import (
    WATER,
    atom_ranges,
    embed,
    faults,
    fragments,
    free_ligand,
    read_ligand,
)
from rarebind.engines import GFN2_WATER, Calculation, LevelOfTheory, level_named, relax
from rarebind.errors import CalculationError
from rarebind.structures import Structure
from rarebind.units import KCAL_PER_EV

MEASURED = Path(__file__).parent / "data" / "measured_bonds.csv"
NINTH = ("La", "Nd", "Sm", "Gd", "Dy", "Yb", "Lu")
#: SMILES with numbered donors; kcal/mol from constants.
LIGANDS = {
    "acetate": ("CC(=[O:1])[O-:1]", 0.0),
    "2-hydroxyisobutyrate": ("CC(C)([OH:1])C(=O)[O-:1]", -1.3),
    "IDA": ("O=C([O-:1])C[NH:1]CC(=O)[O-:1]", None),
    "NTA": ("O=C([O-:1])C[N:1](CC(=O)[O-:1])CC(=O)[O-:1]", -2.5),
    "EDTA": ("O=C([O-:1])C[N:1](CC(=O)[O-:1])CC[N:1](CC(=O)[O-:1])CC(=O)[O-:1]", -6.0),
}
DONORS = {"La": 9, "Lu": 8}
#: Both oxygens of acetate do not stay among nine donors.
FEWER = {"acetate": {"La": 8, "Lu": 8}}
STARTS = 3


def lowest(metal: str, smiles: list[str], level: LevelOfTheory) -> Calculation:
    """The lowest minimum of a few starts whose ligands are whole."""
    found = []
    for seed in range(11, 11 + 3 * STARTS):
        try:
            start = relax(embed("La", smiles, seed), GFN2_WATER).structure
        except CalculationError:
            continue
        assert start is not None
        swapped = Structure((metal, *start.symbols[1:]), start.positions, start.charge)
        relaxed = relax(swapped, level)
        if relaxed.ok and relaxed.structure and not faults(relaxed.structure, smiles):
            found.append(relaxed)
        if len(found) == STARTS:
            break
    if not found:
        raise CalculationError(f"no whole complex of {metal} with {smiles[0]}")
    return min(found, key=lambda one: one.energy or 0.0)


def distances(calculation: Calculation, smiles: list[str], which: str) -> dict[str, float]:
    """Mean distances to the donors of the ligands `which`, by element."""
    structure = calculation.structure
    assert structure is not None
    lengths = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
    by_element: dict[str, list[float]] = {}
    for one, atoms in zip(smiles, atom_ranges(smiles), strict=True):
        for donor in read_ligand(one)[1] if one == which else ():
            by_element.setdefault(structure.symbols[atoms.start + donor], []).append(
                lengths[atoms.start + donor]
            )
    return {element: float(np.mean(values)) for element, values in by_element.items()}


def energy(calculation: Calculation) -> float:
    assert calculation.energy is not None
    return calculation.energy * KCAL_PER_EV


def aqua_ions(level: LevelOfTheory, console: Console) -> None:
    table = Table("metal", "waters", "measured, Å", "GFN2", str(level), title="aqua ions")
    with MEASURED.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    for row in rows:
        smiles = [WATER] * int(row["waters"])
        ours, theirs = (
            distances(lowest(row["metal"], smiles, one), smiles, WATER)["O"]
            for one in (level, GFN2_WATER)
        )
        table.add_row(
            row["metal"], row["waters"], f"{row['distance']} ± {row['uncertainty']}",
            f"{theirs:.3f}", f"{ours:.3f}",
        )  # fmt: skip
    console.print(table)
    ninth = Table("metal", "GFN2", str(level), title="ninth water, kcal/mol")
    water = {one: energy(relax(free_ligand(WATER, 1), one)) for one in (level, GFN2_WATER)}
    for metal in NINTH:
        values = [
            energy(lowest(metal, [WATER] * 9, one))
            - energy(lowest(metal, [WATER] * 8, one))
            - water[one]
            for one in (GFN2_WATER, level)
        ]
        ninth.add_row(metal, *(f"{value:.1f}" for value in values))
    console.print(ninth)


def complexes(level: LevelOfTheory, console: Console) -> None:
    table = Table("ligand", "measured, kcal/mol", "level", "ΔΔE(Lu–La)", "La, Å", "Lu, Å")
    for name, (ligand, measured) in LIGANDS.items():
        for one in (GFN2_WATER, level):
            water = energy(relax(free_ligand(WATER, 1), one))
            exchange, bonds = {}, {}
            for metal, total in FEWER.get(name, DONORS).items():
                waters = total - len(read_ligand(ligand)[1])
                smiles = fragments({ligand: 1}, waters)
                whole = lowest(metal, smiles, one)
                aqua = lowest(metal, [WATER] * total, one)
                exchange[metal] = energy(whole) + (total - waters) * water - energy(aqua)
                bonds[metal] = distances(whole, smiles, ligand)
            table.add_row(
                name, "" if measured is None else f"{measured:.1f}", str(one),
                f"{exchange['Lu'] - exchange['La']:.1f}",
                *(", ".join(f"{e} {d:.2f}" for e, d in bonds[m].items()) for m in DONORS),
            )  # fmt: skip
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--level", default="gfn2-re")
    level = level_named(parser.parse_args().level)
    console = Console(width=120)
    aqua_ions(level, console)
    complexes(level, console)


if __name__ == "__main__":
    main()
