"""Does a calculation cost more when the store is full?  100 records against 10,000.

    python benchmarks/store_scaling.py data --json store_scaling.json

Both stores are filled with synthetic records: real calculations of a dataset, intermediates and
all, under made-up keys.  Then the same relaxations are run into each by two workers.  The driver's
own time for a task is what a store could slow down; it is measured with tasks that take no time
(energies of bare ions), and for reading and writing single records.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import itertools
import json
import random
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from rarebind.campaigns import Protocol, Store, Task, TaskFactory, run_tasks
from rarebind.complexes import TEMPLATE_METAL
from rarebind.datasets import Dataset
from rarebind.elements import STUDY_METALS
from rarebind.engines import GFN2_WATER, LevelOfTheory

SIZES = (100, 10_000)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("dataset", type=Path)
    options.add_argument("--number", type=int, default=24)
    options.add_argument("--json", type=Path)
    arguments = options.parse_args()
    dataset = Dataset(arguments.dataset)
    shard = next(s for s in dataset.shards if s.kind == "complex")
    records = list(dataset.records([shard]))
    templates = [r for r in records if r.metal == TEMPLATE_METAL and r.calculation.ok]
    chosen = random.Random(1).sample(templates, arguments.number)
    report = {}
    for size in SIZES:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "store.sqlite"
            with Store(path) as store:
                for i, record in zip(range(size), itertools.cycle(records), strict=False):
                    store.put(Task("synthetic", {"i": i}, label=str(i)), record.calculation)
                report[size] = measure(store, chosen)
            report[size]["megabytes"] = path.stat().st_size / 1e6
        print(f"{size} records:", ", ".join(f"{k} {v:.2f}" for k, v in report[size].items()))
    ratios = {name: report[SIZES[1]][name] / report[SIZES[0]][name] for name in report[SIZES[0]]}
    print("ratio:", ", ".join(f"{name} {value:.2f}" for name, value in ratios.items()))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))


def measure(store: Store, chosen: list) -> dict[str, float]:
    factory = TaskFactory(Protocol(level=GFN2_WATER))
    series = [factory.complex(record.spec.with_metal("Gd")) for record in chosen]
    for record, task in zip(chosen, series, strict=True):
        store.put(task.parents[0], record.calculation)
    begin = time.perf_counter()
    run_tasks(series, store, workers=2)
    relaxing = time.perf_counter() - begin

    keys = [task.key for task in series]
    begin = time.perf_counter()
    for key in keys * 10:
        store.get(key)
    reading = time.perf_counter() - begin
    begin = time.perf_counter()
    for i in range(10 * len(keys)):
        store.put(Task("write", {"i": i}), chosen[i % len(chosen)].calculation)
    writing = time.perf_counter() - begin

    solvents = ("water", "methanol", "ethanol", "acetone", "benzene", "toluene", "thf", "dmso")
    ions = []
    for solvent in solvents:
        level = LevelOfTheory("tblite", "GFN2-xTB", solvent=f"ALPB({solvent})")
        other = TaskFactory(replace(Protocol(level=GFN2_WATER), level=level))
        ions += [other.ion(metal) for metal in STUDY_METALS]
    begin = time.perf_counter()
    run_tasks(ions, store, workers=2)
    overhead = time.perf_counter() - begin
    return {
        "seconds a complex": relaxing / len(series),
        "ms a bare ion": 1e3 * overhead / len(ions),
        "ms to read": 1e3 * reading / (10 * len(keys)),
        "ms to write": 1e3 * writing / (10 * len(keys)),
    }


if __name__ == "__main__":
    main()
