"""The search for electronic states against PySCF's own defaults and against random guesses.

    python benchmarks/electronic_states.py OUT.jsonl [--systems ion MF3] [--metals Ce ...]

One line a system is appended to OUT.jsonl as it ends; systems that are there are not run again.
All runs of a system use the same level and grid.  "naive" is `UKS(mol).kernel()` as PySCF ships
it.  A random guess fills 4f orbitals drawn at random and then turns all occupied orbitals into
empty ones by random angles; that of an ion climbs the whole ladder of algorithms, that of a
molecule has DIIS.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.linalg import expm

from rarebind.elements import STUDY_METALS, rare_earth
from rarebind.engines import LevelOfTheory, level_named, relax
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.engine import SearchEffort
from rarebind.engines.dft.guesses import (
    closed_shell_guess,
    guess_densities,
    shell_guesses,
    turned_shell,
)
from rarebind.engines.dft.ion import closed_ion, spherical_ion
from rarebind.engines.dft.ladder import climb
from rarebind.engines.dft.meanfield import SEARCH_GRID, mean_field, set_grid
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.search import search
from rarebind.engines.dft.state import analyse
from rarebind.engines.dft.surroundings import surrounding_density
from rarebind.engines.dft.ways_down import Faults
from rarebind.engines.levels import GFN2_WATER
from rarebind.errors import CalculationError
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE, KCAL_PER_EV

KCAL = EV_PER_HARTREE * KCAL_PER_EV
#: How much of an orbital a random start turns into others, whatever their number.  In a molecule,
#: DIIS finds nothing from where more of a 4f shell has been turned into empty orbitals.
TURNED = {"ion": 0.5, "MF3": 0.02}


def structure_of(metal: str, system: str) -> Structure:
    multiplicity = rare_earth(metal).multiplicity
    if system == "ion":
        return Structure((metal,), np.zeros((1, 3)), 3, multiplicity)
    angles = 2.0 * np.pi * np.arange(3) / 3.0
    ring = 2.1 * np.stack([np.cos(angles), np.sin(angles), np.full(3, 0.1)], axis=1)
    start = Structure((metal, "F", "F", "F"), np.vstack([np.zeros(3), ring]), 0, multiplicity)
    relaxed = relax(start, GFN2_WATER).structure
    assert relaxed is not None
    return relaxed


def run(metal: str, system: str, level: LevelOfTheory, randoms: int) -> dict:
    structure = structure_of(metal, system)
    sets = basis_sets(structure.symbols, level)
    mol = build_molecule(structure, level, sets)
    ion = spherical_ion(metal, level) if rare_earth(metal).f_electrons else None

    surroundings = surrounding_density(structure, level, mol, 0)
    field = mean_field(mol, level, sets)
    set_grid(field, SEARCH_GRID)

    def starts(number: int, seed: int, *, random: bool = False) -> Iterator[np.ndarray]:
        if ion is None or not mol.spin:
            yield closed_shell_guess(mol, 0, closed_ion(metal, level))
        elif random:
            yield from guess_densities(mol, 0, ion, surroundings, number, seed)
        else:
            yield from shell_guesses(field, 0, ion, surroundings, number, seed)

    def faults(field: Any) -> list[str]:
        return analyse(field, 0, ion).faults()

    begun = time.perf_counter()
    effort, seed = SearchEffort().of(mol.nao), SearchEffort().seed
    disturb = None
    if effort.below and ion and mol.spin and not ion.one_filling:
        disturb = turned_shell(field, 0, ion, seed)
    try:
        found = search(
            field,
            starts(effort.guesses, seed),
            faults,
            stability=effort.below and bool(mol.spin),
            disturb=disturb,
            hops=effort.hops,
            patient=effort.patient,
        )
    except CalculationError as error:
        return {"metal": metal, "system": system, "failed": str(error)}
    spent = time.perf_counter() - begun
    field.mo_coeff, field.mo_occ = found.best.coefficients, found.best.occupations
    state = analyse(field, 0, ion)
    row = {
        "metal": metal,
        "system": system,
        "energy_eh": found.best.energy,
        "attempts": found.attempts,
        "solutions": [(s.energy, list(s.faults)) for s in found.solutions],
        "cycles": found.cycles,
        "seconds": spent,
        "s_squared": state.s_squared,
        "expected_s_squared": state.expected_s_squared,
        "f_electrons": state.f_electrons,
        "metal_spin": state.metal_spin,
    }
    row["naive"] = naive_run(mean_field(mol, level, sets), found.best.energy, faults)
    generator = np.random.default_rng(seed + 1)
    row["random"] = [
        random_run(mean_field(mol, level, sets), guess, found.best.energy, faults, generator)
        for _ in range(randoms)
        for guess in starts(1, int(generator.integers(2**31)), random=True)
    ]
    return row


def naive_run(field: Any, lowest: float, faults: Faults) -> dict:
    """Where PySCF's own defaults end."""
    field.max_cycle = 50
    field.conv_tol = 1e-9
    set_grid(field, SEARCH_GRID)
    field.kernel()
    return {
        "converged": bool(field.converged),
        "gap_kcal": (float(field.e_tot) - lowest) * KCAL,
        "faults": faults(field),
    }


def random_run(
    field: Any, guess: np.ndarray, lowest: float, faults: Faults, generator: np.random.Generator
) -> tuple[float, list[str]] | None:
    """Where a random start ends: Eh above `lowest`, and what is wrong with it."""
    set_grid(field, SEARCH_GRID)
    # An ion can afford the whole ladder, under which hardly any start is lost.
    rungs = None if field.mol.natm == 1 else 1
    solution = climb(field, _turned(field, guess, generator), rungs=rungs)
    return None if solution is None else (solution.energy - lowest, faults(field))


def _turned(field: Any, guess: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Density of the orbitals that diagonalise the guess's Fock matrix, turned at random."""
    energies, coefficients = field.eig(field.get_fock(dm=guess), field.get_ovlp())
    occupied = field.get_occ(energies, coefficients)
    restricted = not field.mol.spin
    turned = TURNED["ion" if field.mol.natm == 1 else "MF3"]
    scale = np.sqrt(turned / (2.0 * field.mol.nao))
    found = []
    for c in [coefficients] if restricted else coefficients:
        angles = generator.normal(scale=scale, size=(c.shape[1],) * 2)
        found.append(c @ expm(angles - angles.T))
    return field.make_rdm1(found[0] if restricted else np.array(found), occupied)


def show(rows: list[dict]) -> None:
    table = Table(title="Electronic states: search against naive and random starts")
    for name in (
        "System", "Attempts", "Right", "Spread/kcal", "Energy/Eh", "<S2>", "exact", "4f",
        "Naive/kcal", "Random: converged", "of the right kind", "lowest, 1e-6 Eh",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for row in sorted(rows, key=lambda row: (row["system"], STUDY_METALS.index(row["metal"]))):
        name = row["metal"] + ("3+" if row["system"] == "ion" else "F3")
        if "failed" in row:
            table.add_row(name, row["failed"])
            continue
        naive = row["naive"]
        ours = [energy for energy, faults in row["solutions"] if not faults]
        gap = f"{naive['gap_kcal']:.2f}" if naive["converged"] else "not converged"
        converged = [r for r in row["random"] if r is not None]
        right = [energy for energy, faults in converged if not faults]
        table.add_row(
            name,
            str(row["attempts"]),
            f"{len(ours)} of {len(row['solutions'])}",
            f"{(max(ours) - min(ours)) * KCAL:.1f}",
            f"{row['energy_eh']:.6f}",
            f"{row['s_squared']:.3f}",
            f"{row['expected_s_squared']:.2f}",
            "" if row["f_electrons"] is None else f"{row['f_electrons']:.2f}",
            gap + (" (wrong state)" if naive["faults"] else ""),
            f"{len(converged)}/{len(row['random'])}",
            str(len(right)),
            f"{1e6 * min(right):.0f}" if right else "",
        )
    Console(width=160).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--systems", nargs="+", default=["ion", "MF3"], choices=["ion", "MF3"])
    parser.add_argument("--metals", nargs="+", default=list(STUDY_METALS))
    parser.add_argument("--level", default="b3lyp-d4")
    parser.add_argument("--random", type=int, default=10)
    arguments = parser.parse_args()
    rows = []
    if arguments.out.exists():
        rows = [json.loads(line) for line in arguments.out.read_text().splitlines()]
    for system in arguments.systems:
        for metal in arguments.metals:
            if any((row["metal"], row["system"]) == (metal, system) for row in rows):
                continue
            rows.append(run(metal, system, level_named(arguments.level), arguments.random))
            with arguments.out.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
            print(system, metal, flush=True)
    show(rows)


if __name__ == "__main__":
    main()
