"""What ``rarebind screen`` prints: the ranking, and the short list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from rarebind.screening import ranked_rows, short_list_rows

if TYPE_CHECKING:
    from rarebind.screening import Row, Screen, ShortList, ShortListRow


def show_ranking(found: Screen, unit: str) -> None:
    """Print the ranked table of a screen, and what has no result."""
    rows = ranked_rows(found, unit)
    caption = (
        "Negative = favourable.  Eq. 1 refers to the bare ion, exchange to the aqua ion; "
        f"ΔΔE is the exchange energy less that with {found.metals[0]}."
    )
    if found.interval is not None:
        caption += (
            f"  ± should hold the computed energy in {found.interval.level:.0%} of cases; first: "
            "probability of being the strongest; ! unlike what the model learned from (--fall-back "
            "computes it)."
        )
    by = "predicted from the complex of La, " if found.model else ""
    table = Table(
        title=f"{', '.join(found.geometries)} complexes in water, {by}{found.protocol.level}, "
        f"{unit}",
        caption=caption,
    )
    several = len(found.geometries) > 1
    for heading in ("Metal", *(("Geometry",) if several else ()), "Rank", "Ligand"):
        table.add_column(heading)
    uncertain = found.interval is not None
    for heading in (
        "Eq. 1", "Exchange", *(("±", "First") if uncertain else ()), f"ΔΔE M–{found.metals[0]}",
        *(("± ΔΔE",) if uncertain else ()), "CN",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for index, row in enumerate(rows):
        cells = _ranking_cells(row, several=several, uncertain=uncertain)
        table.add_row(*cells, end_section=_ends_group(rows, index))
    Console().print(table)
    _show_reasons(rows)


def show_short_list(listed: ShortList, unit: str) -> None:
    """Print a short list, and what has no result."""
    rows = short_list_rows(listed, unit)
    if not rows:
        Console().print("\nNo ligand has a result that would put it on the short list.")
        return
    table = Table(
        title=f"Short list at {listed.request.level}, geometries of {listed.geometry_level}, "
        f"{unit}",
        caption="Place and exchange energy in the screen, beside those at the level of the short "
        "list.  Eq. 1 of different levels cannot be compared.  ⟨S²⟩ +: spin contamination; "
        "attempts: guesses of the electronic state.",
    )
    several = len({row.geometry for row in rows}) > 1
    for heading in ("Metal", *(("Geometry",) if several else ()), "Rank", "Ligand"):
        table.add_column(heading)
    for heading in (
        "Screen", "Exchange, screen", "Exchange", "Eq. 1", "⟨S²⟩ +", "Attempts",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    for index, row in enumerate(rows):
        cells = _short_list_cells(row, several=several)
        table.add_row(*cells, end_section=_ends_group(rows, index))
    Console().print(table)
    _show_reasons(rows)


def _ends_group(rows: Sequence[Row] | Sequence[ShortListRow], index: int) -> bool:
    """Whether the next row is of another metal or geometry."""
    if index + 1 == len(rows):
        return True
    row, following = rows[index], rows[index + 1]
    return (row.metal, row.geometry) != (following.metal, following.geometry)


def _show_reasons(rows: Sequence[Row] | Sequence[ShortListRow]) -> None:
    console = Console()
    failures = [row for row in rows if row.status != "ok"]
    if failures:
        console.print(f"\n{len(failures)} of {len(rows)} without a result:")
    for row in failures:
        console.print(f"  {row.ligand}, {row.metal}: {row.reason}", highlight=False)
    for row in rows:
        if row.status == "ok" and row.reason:
            console.print(f"  {row.ligand}, {row.metal}: {row.reason}", highlight=False)


def _ranking_cells(row: Row, *, several: bool, uncertain: bool) -> list[str]:
    first = "–" if row.probability_first is None else f"{row.probability_first:.0%}"
    return [
        row.metal,
        *((row.geometry,) if several else ()),
        _count(row.rank),
        row.ligand + (" !" if row.flagged else ""),
        _number(row.binding),
        _number(row.exchange),
        *((_number(row.half_width), first) if uncertain else ()),
        _number(row.selectivity),
        *((_number(row.selectivity_half_width),) if uncertain else ()),
        _count(row.coordination_number),
    ]


def _short_list_cells(row: ShortListRow, *, several: bool) -> list[str]:
    width = "" if row.screen_half_width is None else f" ± {row.screen_half_width:.1f}"
    return [
        row.metal,
        *((row.geometry,) if several else ()),
        _count(row.rank),
        row.ligand + (" !" if row.flagged else ""),
        str(row.screen_rank),
        _number(row.screen_exchange) + width,
        _number(row.exchange),
        _number(row.binding),
        _number(row.spin_contamination, 3),
        _count(row.attempts),
    ]


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _count(value: int | None) -> str:
    return "–" if value is None else str(value)
