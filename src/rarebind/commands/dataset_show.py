"""What ``rarebind dataset`` prints of a dataset: its counts, and two of its levels compared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rarebind.commands.text import terminal
from rarebind.errors import counted
from rarebind.io.tables import terminal_table

if TYPE_CHECKING:
    from rarebind.datasets import Comparison, Dataset, Row, VerifyReport
    from rarebind.datasets.breakdown import Breakdown

SHOWN = 20


def summary(dataset: Dataset, rows: Sequence[Row]) -> dict[str, object]:
    """The counts of `rows`, as JSON has them."""
    from rarebind.datasets.statistics import complexes, counts, levels, reason_classes, table_of

    table = table_of(rows)
    by_level: dict[str, object] = {}
    for level in levels(table):
        accepted, rejected = (complexes(table, level, accepted=yes) for yes in (True, False))
        by_level[level] = {
            "accepted": len(accepted),
            "rejected": len(rejected),
            "reasons": reason_classes(rejected),
            **{
                name: counts(accepted, name).to_dict() for name in ("scaffold", "geometry", "metal")
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
    from rarebind.datasets.statistics import complexes, counts, levels, reason_classes, table_of

    totals, table = _totals(dataset, rows), table_of(rows)
    console = terminal()
    console.print(
        f"{dataset.folder}: {totals['records']} records, {totals['frames']} geometries, "
        f"{totals['shards']} shards, {totals['bytes'] / 1e6:.1f} MB"
    )
    for level in levels(table):
        accepted, rejected = (complexes(table, level, accepted=yes) for yes in (True, False))
        console.print(f"\n{level}: {len(accepted)} accepted, {len(rejected)} rejected complexes")
        cells = accepted.pivot_table(
            index="metal", columns="scaffold", values="key", aggfunc="count", observed=True,
            fill_value=0,
        )  # fmt: skip
        console.print(terminal_table(["Metal", *cells.columns], cells.itertuples(name=None)))
        geometries = counts(accepted, "geometry").items()
        console.print("  geometries: " + ", ".join(f"{name} {n}" for name, n in geometries))
        for reason, count in reason_classes(rejected).items():
            console.print(f"  rejected: {count} × {reason}")


def show_verification(report: VerifyReport) -> None:
    """Print the outcome of a verification."""
    console = terminal()
    console.print(
        f"{report.shards} shards, {report.records} records, {report.frames} geometries read; "
        f"{report.labels} binding energies derived again, {report.identities} complexes "
        f"identified again, {counted(len(report.recomputed), 'geometry', 'geometries')} computed "
        "again",
    )
    if report.recomputed:
        energy = max(abs(again.energy_difference_ev) for again in report.recomputed)
        force = max(again.force_difference for again in report.recomputed)
        console.print(
            f"largest difference: {energy:.1e} eV, {force:.1e} eV/Å",
        )
    for remark in report.not_checked:
        console.print(f"not checked: {remark}", soft_wrap=True)
    for problem in report.problems[:SHOWN]:
        console.print(f"problem: {problem}", soft_wrap=True)
    if len(report.problems) > SHOWN:
        console.print(f"and {counted(len(report.problems) - SHOWN, 'problem')} more")
    console.print(
        "The dataset is sound." if report.ok else f"{counted(len(report.problems), 'problem')}."
    )


def comparison_json(found: Comparison) -> dict[str, object]:
    """A comparison as JSON; energies in kcal/mol, null where there is no value."""
    from rarebind.datasets.compare import QUANTITIES
    from rarebind.io.tables import records_of

    return {
        "level_a": found.level_a,
        "level_b": found.level_b,
        "alone_a": found.alone_a,
        "alone_b": found.alone_b,
        "metals": [
            {
                "metal": metal,
                "number": line["number"],
                **{
                    quantity: {name: line[f"{quantity}_{name}"] for name in ("mean", "sd", "mae")}
                    for quantity in QUANTITIES
                },
                "spearman": line["spearman"],
            }
            for metal, line in zip(
                found.by_metal().index, records_of(found.by_metal()), strict=True
            )
        ],
        "complexes": records_of(found.table),
    }


def show_comparison(found: Comparison) -> None:
    """Print what lies between two levels, by metal and complex."""
    console = terminal()
    console.print(
        f"Δ = B − A in kcal/mol over {len(found.pairs)} complexes in the same geometry\n"
        f"  A: {found.level_a} ({found.alone_a} more)\n  B: {found.level_b} ({found.alone_b} more)"
    )
    head = ("Metal", "n", "Δ eq. 1", "sd", "MAE", "Δ exch.", "sd", "MAE", "rank")
    lines = (
        (metal, int(number), *map(_number, numbers))
        for metal, number, *numbers in found.by_metal().itertuples(name=None)
    )
    console.print(terminal_table(head, lines))
    console.print(
        "  MAE: once the mean of each metal is taken off; rank: Spearman correlation of the "
        "exchange energies at A and B"
    )
    far = found.off_the_mean().head(SHOWN)
    columns = ["exchange_a", "exchange_b", "delta_exchange", "off", "delta_binding"]
    numbers = (map(_number, line) for line in far[columns].itertuples(index=False, name=None))
    console.print(
        terminal_table(
            ("Complex", "A", "B", "Δ", "off mean", "Δ eq. 1"),
            ((label, *cells) for label, cells in zip(far["label"], numbers, strict=True)),
            title="Exchange energies, the farthest off their metal's mean first",
        )
    )
    if len(found.pairs) > SHOWN:
        console.print(f"and {len(found.pairs) - SHOWN} more: give --csv FILE for all of them")


def show_breakdown(found: Breakdown) -> None:
    """Print the terms of both cycles of a complex."""
    from rarebind.datasets.breakdown import PARTS, total
    from rarebind.units import KCAL_PER_EV

    console = terminal()
    record = found.record
    console.print(f"{record.label} at {record.calculation.level}")
    cycles = {"Equation 1": found.binding, "Exchange with the aqua ion": found.exchange}
    for title, terms in cycles.items():
        if not terms:
            continue
        sums = [total(terms, part) for part in PARTS]
        in_kcal = ["" if value is None else f"{value * KCAL_PER_EV:.2f}" for value in sums]
        table = terminal_table(
            ("Molecule", "Number", "Total/eV", "Dispersion/eV", "Cavity/eV"),
            (
                (term.record.label, f"{term.number:+d}", *map(_energy, map(term.part, PARTS)))
                for term in terms
            ),
            title=title,
        )
        table.add_section()
        table.add_row("sum", "", *map(_energy, sums))
        table.add_row("kcal/mol", "", *in_kcal)
        console.print(table)


def _energy(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"
