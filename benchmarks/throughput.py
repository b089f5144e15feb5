"""A campaign's relaxations against a shell loop of ``xtb --opt``, two at a time, in one run.

    python benchmarks/throughput.py data --number 48 --json throughput.json

From the relaxed La complexes of a dataset, other metals are put in place.  The same swapped
structures are relaxed with GFN2-xTB/ALPB(water) by the campaign (Parsl, checks and the store
included: from the call of the driver to its return) and by ``xargs -P 2`` over folders with one
``xtb --opt`` each (writing the inputs not counted).  One thread a calculation.  The two roads take
turns on halves of the structures, so that a machine that slows down slows both.  Final energies
of both roads are compared, computed by tblite.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import random
import re
import subprocess
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from rarebind.campaigns import Protocol, Store, Task, TaskFactory, run_tasks
from rarebind.complexes import TEMPLATE_METAL, swap_metal
from rarebind.datasets import Dataset, Record
from rarebind.engines import GFN2_WATER, static
from rarebind.units import KCAL_PER_EV

#: Energies as near as this, in kcal/mol, are equal.
CLOSE = 0.1
METALS = ("Ce", "Nd", "Eu", "Gd", "Dy", "Er", "Yb", "Lu", "Y")


@dataclass(frozen=True)
class Start:
    """A swapped structure and the task that relaxes it."""

    record: Record
    metal: str
    parent: Task
    task: Task

    @property
    def name(self) -> str:
        return self.task.label


def main() -> None:
    arguments = parser().parse_args()
    starts = choose(Dataset(arguments.dataset), arguments.number, arguments.seed)
    seconds = {"campaign": 0.0, "xtb": 0.0}
    ends: dict[str, dict[str, float]] = {"campaign": {}, "xtb": {}}
    with tempfile.TemporaryDirectory() as scratch:
        half = (len(starts) + 1) // 2
        rounds = [("campaign", starts[:half]), ("xtb", starts), ("campaign", starts[half:])]
        for number, (road, part) in enumerate(rounds):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            relax = campaign if road == "campaign" else shell_loop
            spent, found = relax(part, folder, arguments.workers)
            seconds[road] += spent
            ends[road] |= found
            print(f"{road}: {len(part)} structures in {spent:.1f} s", flush=True)
    report = compare(starts, seconds, ends, arguments.workers)
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))


def choose(dataset: Dataset, number: int, seed: int) -> list[Start]:
    """Structures drawn evenly from scaffolds, geometries and metals."""
    rng = random.Random(seed)
    groups = defaultdict(list)
    for record in dataset.records([s for s in dataset.shards if s.kind == "complex"]):
        if record.metal == TEMPLATE_METAL and record.calculation.ok:
            groups[record.ligand.scaffold, record.geometry].append(record)
    metals = list(METALS)
    rng.shuffle(metals)
    starts = []
    names = sorted(groups)
    for i in range(number):
        members = groups[names[i % len(names)]]
        record = members.pop(rng.randrange(len(members)))
        metal = metals[i % len(metals)]
        factory = TaskFactory(Protocol(level=GFN2_WATER))
        task = factory.complex(record.spec.with_metal(metal))
        starts.append(Start(record, metal, task.parents[0], task))
    return starts


def campaign(starts: list[Start], folder: Path, workers: int) -> tuple[float, dict[str, float]]:
    """Seconds, and energies in eV by name."""
    with Store(folder / "store.sqlite") as store:
        for start in starts:
            store.put(start.parent, start.record.calculation)
        begin = time.perf_counter()
        results = run_tasks([start.task for start in starts], store, workers=workers)
        spent = time.perf_counter() - begin
        found = {start.name: results[start.task.key] for start in starts}
    for name, calculation in found.items():
        if not calculation.ok:
            print(f"  {name}: {calculation.status}: {calculation.reason}")
    return spent, {name: c.energy for name, c in found.items() if c.energy is not None}


def shell_loop(starts: list[Start], folder: Path, workers: int) -> tuple[float, dict[str, float]]:
    """Seconds, and energies in eV of those that converged, by name."""
    structures = {}
    for i, start in enumerate(starts):
        structure = swap_metal(start.record.calculation.structure, start.record.spec, start.metal)
        structures[start.name] = structure
        here = folder / f"{i:04d}"
        here.mkdir()
        structure.to_ase().write(here / "start.xyz", format="xyz")
        # uhf 0 for every metal: GFN2 keeps the 4f shell in the core.
        command = f"xtb start.xyz --opt --alpb water --chrg {structure.charge} --uhf 0 > log 2>&1"
        (here / "run.sh").write_text(f"cd {here}\n{command}\n")
    begin = time.perf_counter()
    subprocess.run(f"ls {folder}/*/run.sh | xargs -P {workers} -n 1 sh", shell=True, check=False)
    spent = time.perf_counter() - begin
    found = {}
    for i, start in enumerate(starts):
        here = folder / f"{i:04d}"
        if "GEOMETRY OPTIMIZATION CONVERGED" not in (here / "log").read_text(errors="replace"):
            print(f"  {start.name}: xtb did not converge")
            continue
        lines = (here / "xtbopt.xyz").read_text().splitlines()[2:]
        positions = [[float(x) for x in re.split(r"\s+", line.strip())[1:4]] for line in lines]
        structure = structures[start.name].with_positions(positions)
        found[start.name] = static(structure, GFN2_WATER).energy
    return spent, found


def compare(
    starts: list[Start],
    seconds: dict[str, float],
    ends: dict[str, dict[str, float]],
    workers: int,
) -> dict:
    rates = {road: 3600 * len(starts) / (seconds[road] * workers) for road in seconds}
    both = [s.name for s in starts if all(s.name in found for found in ends.values())]
    above = {n: KCAL_PER_EV * (ends["campaign"][n] - ends["xtb"][n]) for n in both}
    ratio = rates["campaign"] / rates["xtb"]
    print(
        f"relaxations per core-hour: campaign {rates['campaign']:.0f}, xtb {rates['xtb']:.0f}; "
        f"ratio {ratio:.2f}"
    )
    higher = sum(value > CLOSE for value in above.values())
    lower = sum(value < -CLOSE for value in above.values())
    print(
        f"final energies (tblite), campaign minus xtb: from {min(above.values()):.3f} to "
        f"{max(above.values()):.3f} kcal/mol; {higher} of {len(both)} more than 0.1 higher, "
        f"{lower} more than 0.1 lower"
    )
    return {"seconds": seconds, "per_core_hour": rates, "ratio": ratio, "difference": above}


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("dataset", type=Path)
    options.add_argument("--number", type=int, default=48)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--json", type=Path)
    return options


if __name__ == "__main__":
    main()
