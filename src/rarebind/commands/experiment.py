"""``rarebind experiment``: measured stability constants, and what they teach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rarebind.commands.progress import progress_bar
from rarebind.commands.text import note, print_json, terminal
from rarebind.errors import counted
from rarebind.io.files import check_writable, make_folder, replace_file
from rarebind.io.tables import NONE, Table, frame_text, markdown, number, records_of, show

if TYPE_CHECKING:
    import pandas as pd

    from rarebind.experiment import Calibration, Score
    from rarebind.experiment.comparison import Comparison

#: Folder of results unless another one is given.
OUT = Path("rarebind-experiment")
#: Files of it.
_FILES = ("model.json", "scores.csv", "predictions.csv", "report.md")
#: Stands for the table that comes with the package.
_SHIPPED = "shipped"
_LEFT_OUT = {"ligand": "whole ligands", "class": "whole classes", "row": "single constants"}

TableArgument = Annotated[
    str,
    typer.Argument(
        metavar="TABLE", help="CSV of measured constants; `shipped` is the package's own."
    ),
]
DefinitionOption = Annotated[str, typer.Option(help="What every constant has to be.")]
SelectOption = Annotated[
    bool,
    typer.Option("--select", help="Of a ligand with several series take that with most metals."),
]
JSONOption = Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")]

app = typer.Typer(
    help="Measured stability constants: check a table, learn log K from it.",
    no_args_is_help=True,
)


@app.command()
def check(
    table: TableArgument,
    definition: DefinitionOption = "ML/M.L",
    select: SelectOption = False,
    as_json: JSONOption = False,
) -> None:
    """Check a table of stability constants, and tell the series of each ligand."""
    from rarebind.experiment import check_one_series, series_of

    constants = _constants(table, definition)
    series = series_of(constants)
    if not select:
        check_one_series(constants, table)
    if as_json:
        print_json({"table": table, "constants": len(constants), "series": records_of(series)})
        return
    output = terminal()
    rows = [
        [
            row.ligand, f"{row.temperature_C:g}", f"{row.ionic_strength_M:g}", str(row.metals),
            "selected" if row.selected else NONE,
        ]
        for row in series.itertuples()
    ]  # fmt: skip
    headings = ["ligand", "°C", "mol/L", "metals", "series"]
    show(output, Table(f"Series in {table}", headings, rows))
    chosen = series.loc[series["selected"], "metals"]
    note(
        output,
        f"{counted(len(constants), 'constant')} of {counted(len(chosen), 'ligand')}; selected: "
        f"{counted(int(chosen.sum()), 'constant')}.",
    )


@app.command()
def train(
    table: TableArgument,
    computed: Annotated[
        Path | None,
        typer.Option(help="CSV of computed values: ligand, metal, and columns of numbers."),
    ] = None,
    column: Annotated[list[str], typer.Option(help="Which of its columns; default: all.")] = [],  # noqa: B006  # Typer copies it
    level: Annotated[str, typer.Option(help="Level of theory of these, for the card.")] = "",
    definition: DefinitionOption = "ML/M.L",
    select: SelectOption = False,
    pair: Annotated[
        tuple[str, str], typer.Option(help="Metals whose difference of log K is judged.")
    ] = ("Lu", "La"),
    seed: Annotated[int, typer.Option(help="Of what is drawn by chance.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Folder; default: rarebind-experiment/TABLE.")
    ] = None,
    as_json: JSONOption = False,
) -> None:
    """Learn log K from measured constants, judged on ligands and classes that were left out."""
    from rarebind.elements import rare_earth
    from rarebind.experiment import calibrate_log_k, with_computed
    from rarebind.experiment.comparison import best_design, compare, designs
    from rarebind.experiment.judging import SPLITS

    for metal in pair:
        rare_earth(metal)
    folder = out or OUT / Path(table).stem
    check_writable(folder, _FILES)
    frame = _frame(table, definition, select=select)
    columns: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    if computed is not None:
        frame, columns, missing = with_computed(frame, computed, column)
    with progress_bar(terminal(stderr=True)) as progress:
        bar = progress.add_task("learning", total=_steps(columns, SPLITS))
        found = compare(
            frame, columns, pair=pair, seed=seed,
            on_done=lambda name: progress.update(bar, advance=1, description=name),
        )  # fmt: skip
        name = best_design(found, columns)
        progress.update(bar, description=f"fitting {name}")
        calibration = calibrate_log_k(
            frame, designs(columns)[name],
            table=Path(table).name, level=level, beside=found.judged,
        )  # fmt: skip
        progress.update(bar, advance=1)
    judged_splits = dict.fromkeys(one.split for one in found.judged)
    tables = [_table_of(found.judged, split, pair) for split in judged_splits]
    told = [*_told(found, missing), _saved(calibration, name)]
    _write(folder, calibration, found, f"# log K learned from {Path(table).name}", tables, told)
    if as_json:
        judged = [one.model_dump() for one in found.judged]
        print_json({"model": name, "judged": judged, "gain": found.gain, "folder": str(folder)})
        return
    output = terminal()
    for shown in tables:
        show(output, shown)
    for line in told:
        note(output, line)
    note(output, f"\nModel: {folder / 'model.json'}, and {len(_FILES) - 1} files beside it")


def _frame(table: str, definition: str, *, select: bool) -> pd.DataFrame:
    """Constants of one series a ligand, with descriptors."""
    from rarebind.experiment import check_one_series, experiment_frame, select_series

    constants = _constants(table, definition)
    if not select:
        check_one_series(constants, table)
    return experiment_frame(select_series(constants))


def _write(
    folder: Path,
    calibration: Calibration,
    found: Comparison,
    title: str,
    tables: Sequence[Table],
    told: Sequence[str],
) -> None:
    """The files of a training."""
    from rarebind.experiment import save_calibration

    make_folder(folder)
    save_calibration(calibration, folder / "model.json")
    replace_file(folder / "scores.csv", frame_text(_scores(found.judged)))
    replace_file(folder / "predictions.csv", frame_text(found.predictions))
    text = "\n".join([*map(markdown, tables), *(f"{line}\n" for line in told)])
    replace_file(folder / "report.md", f"{title}\n\n{text}")


def _constants(table: str, definition: str) -> pd.DataFrame:
    from rarebind.experiment import read_constants, stability_constants

    if table == _SHIPPED and not Path(table).exists():
        return stability_constants()
    return read_constants(table, definition=definition)


def _steps(columns: Sequence[str], splits: Sequence[str]) -> int:
    from rarebind.experiment.baselines import BASELINES
    from rarebind.experiment.comparison import designs

    return (len(designs(columns)) + len(BASELINES)) * len(splits) + 1


def _table_of(judged: Sequence[Score], split: str, pair: tuple[str, str]) -> Table:
    lines = [one for one in judged if one.split == split]
    first = lines[0]
    rows = [
        [
            one.model, number(one.mae, 2), number(one.r2, 2), number(one.order, 2),
            number(one.difference_mae, 2), number(one.difference_order, 2), _percent(one.sign),
            _held(one),
        ]
        for one in lines
    ]  # fmt: skip
    headings = ["model", "error", "R²", "order", "Δ err.", "Δ order", "sign", "90 %"]
    return Table(
        f"log K, {_LEFT_OUT[split]} left out",
        headings,
        rows,
        caption=f"{first.n} constants of {first.ligands} ligands; Δ = log K({pair[0]}) − "
        f"log K({pair[1]}) of {first.pairs}, sign of {first.telling}",
        note="error: mean, log units; order: Spearman over ligands; 90 %: share of ligands' log K "
        "and Δ inside their intervals",
    )


def _held(one: Score) -> str:
    if one.coverage is None or one.difference_coverage is None:
        return NONE
    return f"{100 * one.coverage:.0f}, {100 * one.difference_coverage:.0f}"


def _percent(share: float | None) -> str:
    return NONE if share is None else f"{100 * share:.0f} %"


def _told(found: Comparison, missing: Sequence[str]) -> list[str]:
    told = [
        f"Computed columns lower the mean error of a ligand by {number(mean, 2)} "
        f"[{number(low, 2)}, {number(high, 2)}] where {_LEFT_OUT[split]} are left out."
        for split, (mean, low, high) in found.gain.items()
    ]
    if all(one.split != "class" for one in found.judged):
        told.append("Whole classes are not left out: too few ligands are of others.")
    if missing:
        shown = ", ".join(missing[:5]) + (", …" if len(missing) > 5 else "")  # noqa: PLR2004
        told.append(f"Without computed values, and left out: {len(missing)} ligands ({shown}).")
    return told


def _saved(calibration: Calibration, name: str) -> str:
    half = calibration.intervals.of_log_k
    told = ", ".join(
        f"{100 * level:.0f} % ±{width:.2f}"
        for level, width in zip(half.levels, half.quantiles[""], strict=True)
    )
    return f"Saved: {name}, fitted to all; intervals of log K for new ligands: {told}."


def _scores(judged: Sequence[Score]) -> pd.DataFrame:
    import pandas as pd

    rows: list[dict[str, Any]] = [one.model_dump() for one in judged]
    return pd.DataFrame(rows)
