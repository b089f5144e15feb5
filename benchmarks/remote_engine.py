"""What a call of an engine in another environment costs beyond the calculation itself.

    python benchmarks/remote_engine.py [--python PATH] [--calls 300]

A calculator that does next to nothing is called in this process and in one of its own, in turns.
The cost of the protocol is the difference of the medians, which must be measured on an idle
machine: on a busy one each call waits its turn twice.  The time that both processes were computing,
beside it, does not depend on that.  The bar is 5 ms a call.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import numpy as np
import psutil

from rarebind.engines import level_of_engine
from rarebind.engines.verbs import Potential, engine_for, potential_for
from rarebind.structures import Structure

BAR = 5.0
CALCULATOR = "ase.calculators.idealgas:IdealGas"
SIZES = (3, 81, 300)


def computing(process: psutil.Process) -> float:
    """Milliseconds that a process has been computing."""
    times = process.cpu_times()
    return 1e3 * (times.user + times.system)


def timed(
    potential: Potential, geometries: list[np.ndarray], processes: list[psutil.Process]
) -> tuple[list[float], float]:
    """Milliseconds of each call, and computing time of the processes a call."""
    before = sum(map(computing, processes))
    taken = []
    for positions in geometries:
        start = time.perf_counter()
        potential(positions)
        taken.append(1e3 * (time.perf_counter() - start))
    return taken, (sum(map(computing, processes)) - before) / len(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--python", default=sys.executable, help="interpreter of the environment")
    parser.add_argument("--calls", type=int, default=300)
    arguments = parser.parse_args()
    here, there = (level_of_engine(CALCULATOR + at) for at in ("", f"@{arguments.python}"))
    rng = np.random.default_rng(1)
    worst = 0.0
    print("atoms     here    there     cost   cost in computing time   (ms a call)")
    for atoms in SIZES:
        structure = Structure(("C",) * atoms, rng.normal(scale=9.0, size=(atoms, 3)), 0)
        potentials = [potential_for(structure, level) for level in (here, there)]
        this = psutil.Process()
        both = [this, psutil.Process(engine_for(there).worker.pid)]
        # ASE computes again only what has moved.
        geometries = [structure.positions + 1e-3 * i for i in range(arguments.calls)]
        for potential in potentials:
            potential(structure.positions - 1)
        (near, near_cpu), (far, far_cpu) = (
            timed(potential, geometries, processes)
            for potential, processes in zip(potentials, ([this], both), strict=True)
        )
        near, far = statistics.median(near), statistics.median(far)
        worst = max(worst, far - near)
        print(f"{atoms:5d} {near:8.3f} {far:8.3f} {far - near:8.3f} {far_cpu - near_cpu:8.3f}")
    print(f"at most {worst:.2f} ms a call beyond the calculation; the bar is {BAR:g} ms")
    return int(worst > BAR)


if __name__ == "__main__":
    raise SystemExit(main())
