"""What ``rarebind dataset`` prints of a dataset: its counts, and two of its levels compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rarebind.datasets import Comparison, Dataset, Row, VerifyReport
    from rarebind.datasets.breakdown import Breakdown

SHOWN = 20


def summary(dataset: Dataset, rows: Sequence[Row]) -> dict[str, object]:
    """The counts of `rows`, as JSON has them."""
    from rarebind.datasets.statistics import complexes, grouped, levels, reason_classes

    by_level: dict[str, object] = {}
    for level in levels(rows):
        accepted, rejected = (complexes(rows, level, accepted=yes) for yes in (True, False))
        by_level[level] = {
            "accepted": len(accepted),
            "rejected": len(rejected),
            "reasons": reason_classes(rejected),
            **{
                name: {key[0]: len(members) for key, members in grouped(accepted, name).items()}
                for name in ("scaffold", "geometry", "metal")
            },
        }
    return {**_totals(dataset, rows), "levels": by_level}


def _totals(dataset: Dataset, rows: Sequence[Row]) -> dict[str, int]:
    names = {row.shard for row in rows}
    shards = [shard for shard in dataset.shards if shard.name in names]
    return {
        "shards": len(shards),
        "records": len(rows),
        "frames": sum(row.frames for row in rows),
        "bytes": sum(dataset.path(shard).stat().st_size for shard in shards),
    }


def show_info(dataset: Dataset, rows: Sequence[Row]) -> None:
    """Print the counts of `rows`."""
    from rarebind.datasets.statistics import complexes, grouped, levels, reason_classes

    totals = _totals(dataset, rows)
    console = Console()
    console.print(
        f"{dataset.folder}: {totals['records']} records, {totals['frames']} geometries, "
        f"{totals['shards']} shards, {totals['bytes'] / 1e6:.1f} MB",
        highlight=False,
    )
    for level in levels(rows):
        accepted, rejected = (complexes(rows, level, accepted=yes) for yes in (True, False))
        cells = {
            key: len(members) for key, members in grouped(accepted, "metal", "scaffold").items()
        }
        names = [key[0] for key in grouped(accepted, "scaffold")]
        console.print(
            f"\n{level}: {len(accepted)} accepted, {len(rejected)} rejected complexes",
            highlight=False,
        )
        table = Table(box=SIMPLE)
        table.add_column("Metal")
        for name in names:
            table.add_column(name, justify="right")
        for (metal,) in grouped(accepted, "metal"):
            table.add_row(metal, *(str(cells.get((metal, name), 0)) for name in names))
        console.print(table)
        geometries = grouped(accepted, "geometry").items()
        console.print(
            "  geometries: " + ", ".join(f"{key[0]} {len(members)}" for key, members in geometries),
            highlight=False,
        )
        for reason, count in reason_classes(rejected).items():
            console.print(f"  rejected: {count} × {reason}", highlight=False)


def show_verification(report: VerifyReport) -> None:
    """Print the outcome of a verification."""
    console = Console()
    console.print(
        f"{report.shards} shards, {report.records} records, {report.frames} geometries read; "
        f"{report.labels} binding energies derived again, {report.identities} complexes "
        f"identified again, {len(report.recomputed)} geometries computed again",
        highlight=False,
    )
    if report.recomputed:
        energy = max(abs(again.energy_difference_ev) for again in report.recomputed)
        force = max(again.force_difference for again in report.recomputed)
        console.print(
            f"largest difference: {energy:.1e} eV, {force:.1e} eV/Å",
            highlight=False,
        )
    for remark in report.not_checked:
        console.print(f"not checked: {remark}", highlight=False, soft_wrap=True)
    for problem in report.problems[:SHOWN]:
        console.print(f"problem: {problem}", highlight=False, soft_wrap=True, markup=False)
    if len(report.problems) > SHOWN:
        console.print(f"and {len(report.problems) - SHOWN} problems more")
    console.print("The dataset is sound." if report.ok else f"{len(report.problems)} problems.")


def comparison_json(found: Comparison) -> dict[str, object]:
    """A comparison as JSON; energies in kcal/mol, null where there is no value."""
    from rarebind.datasets.compare import csv_fields

    metals = [asdict(metal) for metal in found.by_metal()]
    for metal in metals:
        for name in ("binding", "exchange"):
            metal[name] = {
                what: None if math.isnan(value) else value for what, value in metal[name].items()
            }
    return {
        "level_a": found.level_a,
        "level_b": found.level_b,
        "alone_a": found.alone_a,
        "alone_b": found.alone_b,
        "metals": metals,
        "complexes": [csv_fields(pair) for pair in found.pairs],
    }


def show_comparison(found: Comparison) -> None:
    """Print what lies between two levels, by metal and complex."""
    console = Console()
    console.print(
        f"Δ = B − A in kcal/mol over {len(found.pairs)} complexes in the same geometry\n"
        f"  A: {found.level_a} ({found.alone_a} more)\n  B: {found.level_b} ({found.alone_b} more)",
        highlight=False,
    )
    table = Table(box=SIMPLE)
    table.add_column("Metal")
    for name in ("n", "Δ eq. 1", "sd", "MAE", "Δ exch.", "sd", "MAE", "rank"):
        table.add_column(name, justify="right")
    for metal in found.by_metal():
        spreads = (metal.binding, metal.exchange)
        numbers = [number for s in spreads for number in (s.mean, s.sd, s.mae)]
        ranks = "" if metal.spearman is None else f"{metal.spearman:.2f}"
        table.add_row(metal.metal, str(metal.number), *map(_number, numbers), ranks)
    console.print(table)
    console.print(
        "  MAE: once the mean of each metal is taken off; rank: Spearman correlation of the "
        "exchange energies at A and B"
    )
    table = Table(title="Exchange energies, the farthest off their metal's mean first", box=SIMPLE)
    table.add_column("Complex", no_wrap=True)
    for name in ("A", "B", "Δ", "off mean", "Δ eq. 1"):
        table.add_column(name, justify="right")
    for pair, off in found.off_the_mean()[:SHOWN]:
        numbers = [*pair.exchange, pair.delta_exchange, off, pair.delta_binding]
        table.add_row(pair.a.label, *map(_number, numbers))
    console.print(table)
    if len(found.pairs) > SHOWN:
        console.print(f"and {len(found.pairs) - SHOWN} more: give --csv FILE for all of them")


def show_breakdown(found: Breakdown) -> None:
    """Print the terms of both cycles of a complex."""
    from rarebind.datasets.breakdown import PARTS, total
    from rarebind.units import KCAL_PER_EV

    console = Console()
    record = found.record
    console.print(f"{record.label} at {record.calculation.level}", highlight=False)
    cycles = {"Equation 1": found.binding, "Exchange with the aqua ion": found.exchange}
    for title, terms in cycles.items():
        if not terms:
            continue
        table = Table(title=title, box=SIMPLE)
        table.add_column("Molecule", no_wrap=True)
        for name in ("Number", "Total/eV", "Dispersion/eV", "Cavity/eV"):
            table.add_column(name, justify="right")
        for term in terms:
            parts = map(term.part, PARTS)
            table.add_row(term.record.label, f"{term.number:+d}", *map(_energy, parts))
        sums = [total(terms, part) for part in PARTS]
        table.add_section()
        table.add_row("sum", "", *map(_energy, sums))
        in_kcal = [None if value is None else value * KCAL_PER_EV for value in sums]
        kcal = ["" if value is None else f"{value:.2f}" for value in in_kcal]
        table.add_row("kcal/mol", "", *kcal)
        console.print(table)


def _energy(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"
