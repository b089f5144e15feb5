"""What ``rarebind screen`` prints: the ranking, and the short list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rarebind.commands.text import terminal
from rarebind.experiment.calibration import LEVEL
from rarebind.screening.selectivity import gives_sign
from rarebind.screening.short_list_table import short_list_rows
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.screening.table import preferences, ranked_rows, unit_factor

if TYPE_CHECKING:
    from rarebind.ligands import Ligand
    from rarebind.screening import Row, Screen, ShortList, ShortListRow

#: Columns of a file or pipe, where nothing needs to be wrapped.
_UNBOUNDED = 100_000
_SOURCES = {"": "", "computed": "calc.", "predicted": "model"}


def show_ranking(found: Screen, unit: str, *, wide: bool = False) -> None:
    """Print the ranked table of a screen, and what has no result.

    Parameters
    ----------
    wide
        All columns; else those that 80 characters hold.
    """
    rows = ranked_rows(found, unit)
    reference = f"ΔΔE M–{found.metals[0]}"
    unsure = found.interval is not None
    signed = gives_sign(found.protocol.level)
    relative = {id(row): value for row, value in zip(rows, preferences(rows), strict=True)}
    columns: dict[str, Callable[[Row], str]] = {"Ligand": _marked_name}
    columns |= (of_constants := _constant_columns(found, rows))
    columns["Exchange"] = lambda row: _with_width(row.exchange, row.half_width)
    if signed:
        columns[reference] = lambda row: _with_width(row.selectivity, row.selectivity_half_width)
    elif any(value is not None for value in relative.values()):
        columns["ΔΔE rel."] = lambda row: _number(relative[id(row)], "+.1f")
    if unsure:
        columns["First"] = lambda row: _number(row.probability_first, ".0%")
        columns["Source"] = lambda row: _SOURCES[row.source] + (" !" if row.flagged else "")
    if found.water_release is not None:
        columns["Waters"] = lambda row: _number(row.waters, "d")
        columns["Aqua ion"] = lambda row: _number(row.aqua_waters, "d")
    if any(row.strain is not None for row in rows):
        columns["Strain"] = lambda row: ("! " if row.strained else "") + _number(row.strain)
    if wide and of_constants:
        columns["computed log K"] = lambda row: _number(row.computed_log_k)
    if wide:
        columns |= {
            "Eq. 1": lambda row: _with_width(row.binding, row.half_width),
            "Charge": lambda row: f"{row.charge:+d}",
            "CN": lambda row: _number(row.coordination_number, "d"),
            "Donors": lambda row: _number(row.bound_donors, "d"),
            "Waters": lambda row: _number(row.waters, "d"),
            "Aqua ion": lambda row: _number(row.aqua_waters, "d"),
            "SMILES": lambda row: row.smiles,
        }
    by = "predicted from the complex of La, " if found.model else ""
    _show(rows, columns, f"Complexes in water, {by}{found.protocol.level}, {unit}")
    _say(
        (_about_constants(found, rows) if of_constants else "")
        + "Exchange: energy of replacing water on the aqua ion, negative = favourable.  "
        + _about_selectivity(found.metals[0], columns, signed=signed)
        + (_about_predictions(found, rows) if found.interval is not None else "")
        + (_about_waters(found.water_release, unit) if found.water_release is not None else "")
        + _about_binding(rows)
        + ("" if wide else "More columns: --wide.")
    )
    _show_reasons(rows)


def show_notes(found: Screen, told: Iterable[Ligand], console: Console) -> None:
    """Print what the screen found out about ligands: through which donors they bind, say.

    Parameters
    ----------
    told
        Ligands of which the notes have been told.
    """
    before = {note for ligand in told for note in ligand.notes}
    notes = {(one.ligand.name, note): None for one in found.entries for note in one.ligand.notes}
    for name, note in notes:
        if note not in before:
            console.print(f"{name}: {note}", soft_wrap=True, style="dim")


def _constant_columns(found: Screen, rows: Sequence[Row]) -> dict[str, Callable[[Row], str]]:
    """Columns of stability constants; none where none were asked for."""
    columns: dict[str, Callable[[Row], str]] = {}
    if any(row.log_k is not None for row in rows):
        columns["log K"] = lambda row: (
            _with_width(row.log_k, row.log_k_half_width) + (" ?" if row.log_k_unlike else "")
        )
    if any(row.log_k_difference is not None for row in rows):
        columns[f"Δ M–{found.metals[0]}"] = lambda row: _with_width(
            row.log_k_difference, row.log_k_difference_half_width
        )
    if any(row.conditional_log_k is not None for row in rows):
        columns[f"pH {found.asked['ph']:g}"] = lambda row: _number(row.conditional_log_k)
    return columns


def _about_constants(found: Screen, rows: Sequence[Row]) -> str:
    calibration = found.calibration
    if calibration is None:
        return (
            "log K: of the first ligand, as computed: no calibration at this level is known, and "
            "it may be off by many units; order within one charge of the ligand only.  "
        )
    said = (
        f"log K: of the first ligand, calibrated on {len(calibration.card.ligands)} measured ones; "
        f"±: holds it in {LEVEL:.0%} of cases.  Δ: that less the same with {found.metals[0]}.  "
    )
    if any(row.log_k_unlike for row in rows):
        said += "?: nothing like it was measured, no interval holds.  "
    return said


def _about_selectivity(reference: str, columns: Iterable[str], *, signed: bool) -> str:
    if signed:
        return f"ΔΔE: that less the same with {reference}.  "
    if any(heading.endswith("rel.") for heading in columns):
        return (
            f"ΔΔE rel.: that less the same with {reference}, less its median over the ligands: at "
            "this level it compares ligands, and does not say which metal one prefers.  "
        )
    return ""


def _about_predictions(found: Screen, rows: Sequence[Row]) -> str:
    assert found.interval is not None
    computed, predicted = (
        sum(row.source == source for row in rows) for source in ("computed", "predicted")
    )
    said = (
        f"±: holds the computed energy in {found.interval.level:.0%} of cases.  First: probability "
        f"of being the strongest.  {computed} computed (calc.), {predicted} predicted by the model."
    )
    if flagged := sum(row.flagged for row in rows):
        said += f"  !: {flagged} unlike what the model learned from, not to be relied on."
    return f"{said}  "


def _marked_name(row: Row) -> str:
    other: bool = row.bound_donors not in {None, row.donors}
    return f"* {row.ligand}" if other else row.ligand


def _about_binding(rows: Sequence[Row]) -> str:
    said = ""
    if any(row.strain is not None for row in rows):
        said = "Strain: of the ligand's shape in the complex, counted in the exchange already"
        said += "; !: more than is usual.  " if any(row.strained for row in rows) else ".  "
    if any(row.bound_donors not in {None, row.donors} for row in rows):
        said += "*: bound by another number of donor atoms than asked for.  "
    return said


def _about_waters(release: float, unit: str) -> str:
    return (
        "Waters: chosen, of the complex and of the aqua ion; every site given up counts "
        f"{release * unit_factor(unit):.1f} {unit} of the water set free.  "
    )


def show_short_list(listed: ShortList, unit: str) -> None:
    """Print a short list, and what has no result."""
    rows = short_list_rows(listed, unit)
    if not rows:
        _say("\nNo ligand has a result that would put it on the short list.")
        return
    columns: dict[str, Callable[[ShortListRow], str]] = {
        "Ligand": lambda row: row.ligand + (" !" if row.flagged else ""),
        "Screen": lambda row: str(row.screen_rank),
        "its exchange": lambda row: _with_width(row.screen_exchange, row.screen_half_width),
        "Exchange": lambda row: _number(row.exchange),
        "Eq. 1": lambda row: _number(row.binding),
        "⟨S²⟩ +": lambda row: _number(row.spin_contamination, ".3f"),
        "Tries": lambda row: _number(row.attempts, "d"),
    }
    title = f"Short list at {listed.request.level}, geometries of {listed.geometry_level}, {unit}"
    _show(rows, columns, title)
    _say(
        "Place and exchange energy in the screen, beside those at the level of the short list.  "
        "Eq. 1 of different levels cannot be compared.  ⟨S²⟩ +: spin contamination; tries: guesses "
        "of the electronic state."
    )
    _show_reasons(rows)


def _show(rows: Sequence[Any], columns: Mapping[str, Callable[[Any], str]], title: str) -> None:
    """A table by metal and number of ligands on it, the strongest ligand first."""
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    several = len({row.geometry for row in rows}) > 1
    for heading in ("Metal", *(("Geom.",) if several else ())):
        table.add_column(heading, no_wrap=True)
    table.add_column("#", justify="right")
    for heading in columns:
        text = heading in {"Ligand", "Source", "SMILES"}
        table.add_column(
            heading,
            justify="left" if text else "right",
            no_wrap=True,
            overflow="ellipsis" if heading == "Ligand" else "fold",
        )
    before: tuple[str, str] | None = None
    for row in rows:
        group = (row.metal, stoichiometry(row.geometry))
        if before not in (None, group):
            table.add_section()
        # What was given by users is text, never markup.
        cells = [row.metal if group != before else "", *((row.geometry,) if several else ())]
        cells += [_number(row.rank, "d"), *(of(row) for of in columns.values())]
        table.add_row(*map(Text, cells))
        before = group
    _console().print(table)


def _show_reasons(rows: Iterable[Row | ShortListRow]) -> None:
    rows = list(rows)
    if failures := [row for row in rows if row.status != "ok"]:
        _say(f"\n{len(failures)} of {len(rows)} without a result:")
    noted = [row for row in rows if row.status == "ok" and row.reason]
    for row in (*failures, *noted):
        _say(f"  {row.ligand}, {row.metal}: {row.reason}")


def _console() -> Console:
    """Standard output; where it is no terminal, nothing is wrapped."""
    console = terminal()
    return console if console.is_terminal else terminal(width=_UNBOUNDED)


def _say(text: str) -> None:
    _console().print(text)


def _with_width(value: float | None, half_width: float | None) -> str:
    return _number(value) + ("" if value is None or half_width is None else f" ± {half_width:.1f}")


def _number(value: float | None, form: str = ".1f") -> str:
    return "–" if value is None else format(value, form)
