"""What single points at a DFT level cost: wall time and memory against basis functions.

    python benchmarks/dft_cost.py STORE.sqlite DATASET ... [--smallest 100] [--figure cost.png]

From finished records of label stores and dataset folders, closed and open shells apart.  Stores
are read as they are at that moment, from a copy: a campaign may go on writing.  Exponents are
fitted to logarithms by least squares, over records of at least ``--smallest`` functions (below,
what costs the same for every molecule hides the rest).  Wall times are those of the machine and of
whatever else ran on it; memory is the engine's estimate, made before it starts.
"""

from __future__ import annotations

import argparse
import math
import sqlite3
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import linregress

from rarebind.campaigns import Store
from rarebind.datasets import Dataset
from rarebind.engines import Calculation
from rarebind.engines.dft.molecule import unpaired_electrons

#: Points that a slope and its error need.
FEWEST = 3
#: Table rows for a doubling of the functions.
PER_OCTAVE = 2
COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple", "tab:brown")


@dataclass(frozen=True)
class Point:
    """One record: wall time in seconds, memory in MB."""

    functions: int
    seconds: float
    memory: float | None
    cycles: int | None


@dataclass(frozen=True)
class Power:
    """``value = factor · (functions / around) ** exponent``, with the exponent's standard error."""

    exponent: float
    error: float
    around: float
    factor: float
    number: int

    def at(self, functions: float) -> float:
        return self.factor * (functions / self.around) ** self.exponent


#: Level, engine and kind of shell.
Group = tuple[str, str, str]


def from_store(path: Path) -> Iterator[tuple[str, Calculation]]:
    """Key and calculation of a store that another process may be writing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.name
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=60.0)) as live,
            closing(sqlite3.connect(copy)) as target,
        ):
            live.backup(target)
        with Store(copy) as store:
            for key, summary in store.summaries().items():
                calculation = store.get(key) if summary.status == "ok" else None
                if calculation is not None:
                    yield key, calculation


def from_dataset(folder: Path) -> Iterator[tuple[str, Calculation]]:
    """Key and calculation of the records whose level is not a tight-binding one."""
    dataset = Dataset(folder)
    shards = [shard for shard in dataset.shards if not shard.level.startswith("GFN")]
    for record in dataset.records(shards):
        yield record.key, record.calculation


def collect(paths: Iterable[Path]) -> dict[Group, list[Point]]:
    """Points by group; what stands in several sources counts once."""
    seen: set[str] = set()
    groups: dict[Group, list[Point]] = defaultdict(list)
    for path in paths:
        for key, calculation in from_dataset(path) if path.is_dir() else from_store(path):
            scf, structure = calculation.scf, calculation.structure
            known = scf is not None and scf.basis_functions and calculation.wall_time > 0.0
            if key in seen or not known or not calculation.ok or calculation.verb != "static":
                continue
            assert scf is not None
            assert scf.basis_functions is not None
            assert structure is not None
            seen.add(key)
            shell = "open" if unpaired_electrons(structure, calculation.level) else "closed"
            group = (str(calculation.level), calculation.level.engine, shell)
            groups[group].append(
                Point(scf.basis_functions, calculation.wall_time, scf.memory, scf.cycles)
            )
    return {group: groups[group] for group in sorted(groups)}


def fit(functions: Sequence[float], values: Sequence[float]) -> Power | None:
    """A power law; None when there are too few sizes."""
    if len(set(functions)) < FEWEST:
        return None
    x, y = np.log(functions), np.log(values)
    line = linregress(x - x.mean(), y)
    return Power(
        float(line.slope), float(line.stderr), math.exp(x.mean()), math.exp(line.intercept),
        len(functions),
    )  # fmt: skip


def fits(points: Sequence[Point], smallest: int) -> tuple[Power | None, Power | None]:
    """Of wall time and of memory."""
    large = [point for point in points if point.functions >= smallest]
    known = [(point.functions, point.memory) for point in large if point.memory]
    return (
        fit([point.functions for point in large], [point.seconds for point in large]),
        fit([functions for functions, _ in known], [memory for _, memory in known]),
    )


def show(groups: dict[Group, list[Point]], smallest: int, at: int) -> None:
    console = Console(width=140)
    sizes = Table("level", "engine", "shells", title="Measured")
    for name in ("functions", "records", "median s", "shortest", "longest", "cycles", "memory/MB"):
        sizes.add_column(name, justify="right")
    slopes = Table(
        "level", "engine", "shells", title=f"Fitted from {smallest} basis functions upwards"
    )
    for name in ("records", "time exponent", f"h at {at}", "memory exponent", f"MB at {at}"):
        slopes.add_column(name, justify="right")
    for group, points in groups.items():
        for members in _by_size(points):
            functions = [point.functions for point in members]
            seconds = [point.seconds for point in members]
            low, high = min(functions), max(functions)
            sizes.add_row(
                *group,
                str(low) if low == high else f"{low}-{high}",
                str(len(members)),
                *(f"{f(seconds):.1f}" for f in (statistics.median, min, max)),
                _median(point.cycles for point in members),
                _median(point.memory for point in members),
            )
        time, memory = fits(points, smallest)
        number = sum(point.functions >= smallest for point in points)
        slopes.add_row(
            *group,
            str(number),
            _exponent(time),
            f"{time.at(at) / 3600.0:.2f}" if time else "",
            _exponent(memory),
            f"{memory.at(at):.0f}" if memory else "",
        )
    console.print(sizes)
    console.print(slopes)


def _by_size(points: Iterable[Point]) -> list[list[Point]]:
    bins: dict[int, list[Point]] = defaultdict(list)
    for point in points:
        bins[round(PER_OCTAVE * math.log2(point.functions))].append(point)
    return [bins[size] for size in sorted(bins)]


def _median(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):.0f}" if known else ""


def _exponent(power: Power | None) -> str:
    return f"{power.exponent:.2f} ± {power.error:.2f}" if power else "too few sizes"


def draw(groups: dict[Group, list[Point]], smallest: int, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    times, memories = figure.subplots(1, 2)
    for number, ((level, engine, shell), points) in enumerate(groups.items()):
        style = {"color": COLOURS[number % len(COLOURS)], "marker": "o" if shell == "open" else "s"}
        known = [point for point in points if point.memory]
        label = f"{level}, {engine}, {shell} shells ({len(points)})"
        for axes, members, values, power in (
            (times, points, [p.seconds for p in points], fits(points, smallest)[0]),
            (memories, known, [p.memory for p in known], fits(points, smallest)[1]),
        ):
            functions = [point.functions for point in members]
            axes.scatter(functions, values, s=14, alpha=0.7, label=label, **style)
            if power:
                ends = np.array([smallest, max(functions)])
                axes.plot(ends, power.at(ends), color=style["color"], linewidth=1.0)
    times.set_ylabel("wall time / s")
    memories.set_ylabel("estimated memory / MB")
    for axes in (times, memories):
        axes.set(xlabel="basis functions", xscale="log", yscale="log")
    times.legend(fontsize=6, frameon=False)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sources", type=Path, nargs="+", help="label stores and dataset folders")
    parser.add_argument("--smallest", type=int, default=100, help="basis functions for the fit")
    parser.add_argument("--at", type=int, default=600, help="functions to foretell the cost of")
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    groups = collect(arguments.sources)
    if not groups:
        parser.exit(1, "no finished single point at a DFT level in there\n")
    show(groups, arguments.smallest, arguments.at)
    if arguments.figure:
        draw(groups, arguments.smallest, arguments.figure)
        print(arguments.figure)


if __name__ == "__main__":
    main()
