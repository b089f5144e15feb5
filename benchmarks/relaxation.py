"""Relaxation: ours with tblite against ``xtb --opt``, from the same starts.

    python benchmarks/relaxation.py starts.xyz --json relaxation.json
    python benchmarks/relaxation.py starts.xyz --verify --json verified.json

The starts are an extended-XYZ file with ``charge`` in the comment line of every frame.  Both
relax with GFN2-xTB/ALPB(water) on one thread, after one another.  From each end a tight minimum
is sought, so that "above" is the distance of an end from the bottom of its own basin; all final
energies are tblite's.  With ``--verify`` ours looks for a way down from where it stops.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import re
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ase.io import iread, read, write

from rarebind.engines.level import GFN2_WATER
from rarebind.engines.minimise import Convergence, minimise
from rarebind.engines.tblite import TBLite
from rarebind.structures import Structure

if TYPE_CHECKING:
    import numpy as np
    from ase import Atoms
    from numpy.typing import NDArray

KCAL_PER_EV = 23.060548
#: An end so near its tight minimum, in kcal/mol, counts as converged.
CLOSE = 0.1
TIGHT = Convergence(fmax=0.004, remaining_energy=5e-6, energy_change=1e-4, max_gradients=1000)


@dataclass
class Row:
    """One structure: ``above`` and ``lower`` in kcal/mol, wall times in seconds."""

    name: str
    atoms: int
    gradients: int
    seconds: float
    above: float
    converged: bool
    xtb_cycles: int
    xtb_seconds: float
    xtb_above: float
    xtb_converged: bool
    #: Our end minus that of xtb: negative when ours is lower.
    lower: float


def tight_energy(structure: Structure, positions: NDArray[np.float64]) -> float:
    """Energy in eV of the minimum below `positions`."""
    potential = TBLite().potential(structure, GFN2_WATER)
    return minimise(potential, structure.symbols, positions, TIGHT).energy


def energy_at(structure: Structure, positions: NDArray[np.float64]) -> float:
    """Energy in eV at `positions`."""
    return TBLite().potential(structure, GFN2_WATER)(positions)[0]


def run_xtb(atoms: Atoms, charge: int) -> tuple[NDArray[np.float64], int, float, bool]:
    """Positions, cycles, wall time and convergence of ``xtb --opt``."""
    command = ["xtb", "start.xyz", "--opt", "--gfn", "2", "--alpb", "water"]
    command += ["--chrg", str(charge), "--uhf", "0"]
    with tempfile.TemporaryDirectory(prefix="relaxation-") as folder:
        write(Path(folder) / "start.xyz", atoms, format="xyz")
        begin = time.perf_counter()
        process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - begin
        ends = [Path(folder) / name for name in ("xtbopt.xyz", "xtblast.xyz")]
        positions = read(next(end for end in ends if end.exists())).positions
    cycles = len(re.findall(r"CYCLE\s+\d+", process.stdout))
    return positions, cycles, seconds, "GEOMETRY OPTIMIZATION CONVERGED" in process.stdout


def compare(name: str, atoms: Atoms, limits: Convergence) -> Row:
    """Relax one start both ways."""
    structure = Structure(
        tuple(atoms.get_chemical_symbols()), atoms.positions, int(atoms.info["charge"])
    )
    begin = time.perf_counter()
    potential = TBLite().potential(structure, GFN2_WATER)
    ours = minimise(potential, structure.symbols, structure.positions, limits)
    seconds = time.perf_counter() - begin
    theirs, cycles, xtb_seconds, xtb_converged = run_xtb(atoms, structure.charge)
    our_energy = energy_at(structure, ours.positions)
    their_energy = energy_at(structure, theirs)
    return Row(
        name=name,
        atoms=len(atoms),
        gradients=ours.gradients,
        seconds=seconds,
        above=(our_energy - tight_energy(structure, ours.positions)) * KCAL_PER_EV,
        converged=ours.converged,
        xtb_cycles=cycles,
        xtb_seconds=xtb_seconds,
        xtb_above=(their_energy - tight_energy(structure, theirs)) * KCAL_PER_EV,
        xtb_converged=xtb_converged,
        lower=(our_energy - their_energy) * KCAL_PER_EV,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("starts", type=Path, help="extended XYZ, charge in each comment line")
    parser.add_argument("--json", type=Path, help="also write the rows here")
    parser.add_argument("--index", default=":", help="frames to run, as ASE counts them")
    parser.add_argument("--verify", action="store_true", help="verify that ours are minima")
    options = parser.parse_args()
    limits = Convergence(verify_minimum=options.verify)

    rows: list[Row] = []
    print(
        f"{'start':24s} {'atoms':>5s} | {'grads':>5s} {'s':>6s} {'above':>6s} | "
        f"{'xtb':>5s} {'s':>6s} {'above':>6s} | {'ours - xtb':>10s}  (kcal/mol)"
    )
    for number, atoms in enumerate(iread(options.starts, options.index)):
        row = compare(str(atoms.info.get("name", number)), atoms, limits)
        rows.append(row)
        print(
            f"{row.name[:24]:24s} {row.atoms:5d} | {row.gradients:5d} {row.seconds:6.1f} "
            f"{row.above:6.3f} | {row.xtb_cycles:5d} {row.xtb_seconds:6.1f} {row.xtb_above:6.3f} | "
            f"{row.lower:10.3f}{'' if row.converged and row.xtb_converged else '  not converged'}",
            flush=True,
        )
        if options.json:
            options.json.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    ours, theirs = sum(r.seconds for r in rows), sum(r.xtb_seconds for r in rows)
    gradients, cycles = sum(r.gradients for r in rows), sum(r.xtb_cycles for r in rows)
    print(
        f"sum: {gradients} gradients in {ours:.1f} s; xtb {cycles} cycles in {theirs:.1f} s; "
        f"ratio of time {ours / theirs:.2f}, of gradients {gradients / cycles:.2f}; "
        f"no slower in {sum(r.seconds <= r.xtb_seconds for r in rows)} of {len(rows)}; "
        f"within {CLOSE} kcal/mol {sum(r.above <= CLOSE for r in rows)}, "
        f"xtb {sum(r.xtb_above <= CLOSE for r in rows)}; "
        f"furthest above {max(r.above for r in rows):.3f}, xtb {max(r.xtb_above for r in rows):.3f}"
    )


if __name__ == "__main__":
    main()
