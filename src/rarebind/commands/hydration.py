"""``rarebind hydration``: what a ninth water is worth, and the constant that screens count."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rarebind.commands.text import terminal

if TYPE_CHECKING:
    from rarebind.binding import ReleaseFit
    from rarebind.engines import LevelOfTheory


def hydration(
    level: Annotated[str, typer.Option(help="Level of theory, such as gfn2-re.")] = "gfn2-xtb",
    engine: Annotated[
        str | None, typer.Option(help="Engine, where it is not that of the level.")
    ] = None,
    parameters: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Parameters of your own for the level."),
    ] = None,
    store: Annotated[
        Path, typer.Option(help="File of finished calculations; that of a screen shares them.")
    ] = Path("hydration.sqlite"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Fit the free energy of a water set free, which screens choose numbers of waters with.

    Relaxes [M(H2O)8]3+ and [M(H2O)9]3+ of all rare earths, and finds the constant with which aqua
    ions of the lanthanides change from nine waters to eight between Sm and Tb, as measured.
    """
    from rarebind.campaigns import Protocol, Store
    from rarebind.campaigns.hydration import fit_water_release
    from rarebind.commands.progress import progress_bar, step_of
    from rarebind.engines import level_named
    from rarebind.io.files import check_writable

    check_writable(store.parent, [store.name])
    theory = level_named(level, engine)
    if parameters is not None:
        theory = theory.with_parameters(parameters)
    with Store(store) as results, progress_bar(terminal(stderr=True)) as progress:
        bar = progress.add_task("aqua ions", total=None)
        found = fit_water_release(
            Protocol(level=theory), results, workers=workers,
            on_total=lambda total: progress.update(bar, total=total),
            on_done=lambda ended: progress.update(bar, advance=1, description=step_of(ended)),
        )  # fmt: skip
    if as_json:
        json.dump(_data(found, theory), sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        _show(found, theory)


def _data(found: ReleaseFit, level: LevelOfTheory) -> dict[str, object]:
    from rarebind.units import KCAL_PER_EV

    return {
        "level": level.model_chemistry,
        "unit": "kcal/mol",
        "water_release": None if found.release is None else found.release * KCAL_PER_EV,
        "range": [found.lowest * KCAL_PER_EV, found.highest * KCAL_PER_EV],
        "reason": found.reason,
        "ninth_water": {metal: energy * KCAL_PER_EV for metal, energy in found.ninth.items()},
        "waters": {metal: found.waters(metal) for metal in found.ninth},
    }


def _show(found: ReleaseFit, level: LevelOfTheory) -> None:
    from rarebind.binding.hydration import FIRST_OF_EIGHT, LAST_OF_NINE
    from rarebind.elements import rare_earth
    from rarebind.io.tables import NONE, Table, number, show
    from rarebind.units import KCAL_PER_EV

    def kcal(energy: float | None, digits: int = 1) -> str:
        return number(None if energy is None else energy * KCAL_PER_EV, digits)

    console = terminal()
    rows = [
        [metal, kcal(e, 2), str(found.waters(metal) or NONE), str(rare_earth(metal).aqua_cn)]
        for metal, e in found.ninth.items()
    ]
    headings = ["metal", "ninth water", "waters", "measured"]
    show(console, Table(f"Ninth water of aqua ions, kcal/mol, {level}", headings, rows))
    if found.release is None:
        console.print(
            f"No constant gives nine waters up to {LAST_OF_NINE} and eight from {FIRST_OF_EIGHT} "
            f"on: {found.reason}.",
            soft_wrap=True,
        )
        return
    constant = kcal(found.release)
    console.print(
        f"Free energy of a water set free: {constant} kcal/mol, the middle of "
        f"{kcal(found.lowest)} to {kcal(found.highest)}. A screen at this level takes it as "
        f"--water-release {constant}.",
        soft_wrap=True,
    )
