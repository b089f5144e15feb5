"""What a gradient costs with a level's parameters, beside GFN2-xTB, in one run.

    python benchmarks/gradient_cost.py data-reference [--level gfn2-re]

The smallest and the largest complex of the reference data: processor time of a gradient, both
methods in turns at the same shaken geometries, one thread.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from rarebind.campaigns.reference.shards import read_references
from rarebind.engines import GFN2_WATER, level_named
from rarebind.engines.verbs import potential_for
from rarebind.structures import Structure

TIMES, SHAKE = 30, 0.01


def seconds(
    function: Callable[[NDArray[np.float64]], object], positions: NDArray[np.float64]
) -> float:
    begun = time.process_time()
    function(positions)
    return time.process_time() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder")
    parser.add_argument("--level", default="gfn2-re")
    given = parser.parse_args()
    structures = [one.structure for one in read_references(given.folder) if one.metal]
    for structure in (min(structures, key=len), max(structures, key=len)):
        print(report(structure, given.level))


def report(structure: Structure, name: str) -> str:
    potentials = [potential_for(structure, level) for level in (GFN2_WATER, level_named(name))]
    random = np.random.default_rng(1)
    spent = np.zeros(2)
    for _ in range(TIMES):
        positions = structure.positions + random.normal(scale=SHAKE, size=structure.positions.shape)
        spent += [seconds(potential, positions) for potential in potentials]
    gfn2, own = spent / TIMES * 1000
    times = f"GFN2-xTB {gfn2:.1f} ms, {name} {own:.1f} ms, {own / gfn2:.2f} times"
    return f"{len(structure)} atoms: {times}"


if __name__ == "__main__":
    main()
