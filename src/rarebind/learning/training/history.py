"""How a training went: errors and learning rate, epoch by epoch."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from rarebind.errors import InputError
from rarebind.io.figures import PREDICTED, TRUTH, new_figure, save_figure
from rarebind.io.files import replace_file
from rarebind.learning.settings.emit import BATCH_MAE, MONITOR, TRAIN_MAE
from rarebind.units import KCAL_PER_EV

#: Columns of a history, by those of :class:`Epoch`.
_COLUMNS = {
    "number": "epoch",
    "train_mae": "train_mae_ev",
    "val_mae": "val_mae_ev",
    "learning_rate": "learning_rate",
}
_DPI = 150


@dataclass(frozen=True)
class Epoch:
    """One epoch.

    Attributes
    ----------
    number
        From 1.
    train_mae, val_mae
        Mean absolute errors, eV; that of the validation set is of the averaged weights.
    learning_rate
        At its start.
    """

    number: int
    train_mae: float
    val_mae: float
    learning_rate: float


@dataclass(frozen=True)
class Place:
    """Where a training is.

    Attributes
    ----------
    epoch
        That it is in, from 1.
    step
        Optimiser steps that were reported last.
    batch_mae
        Mean absolute error of the last batch, eV.
    """

    epoch: int
    step: int
    batch_mae: float


def read_logs(folder: Path) -> tuple[list[Epoch], Place | None]:
    """Read what all calls of a training have written to ``version_N/metrics.csv``.

    An epoch that was trained twice, as the first time was interrupted, counts as the last time.
    """
    paths = sorted(folder.glob("version_*/metrics.csv"), key=_version)
    tables = [table for path in paths if len(table := _table(path))]
    if not tables:
        return [], None
    table = pd.concat(tables).dropna(subset="epoch")
    table["number"] = table["epoch"].astype(int) + 1
    batches = table.dropna(subset=BATCH_MAE)
    place = None
    if len(batches):
        last = batches.iloc[-1]
        place = Place(int(last["number"]), int(last["step"]) + 1, float(last[BATCH_MAE]))
    # Of each column the last number.
    whole = table.groupby("number").last().dropna(subset=[TRAIN_MAE, MONITOR]).reset_index()
    columns = whole[["number", TRAIN_MAE, MONITOR, "learning_rate"]]
    return [Epoch(int(number), *map(float, rest)) for number, *rest in columns.to_numpy()], place


def write_history(epochs: Iterable[Epoch], path: Path) -> None:
    """Write epochs as CSV.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    table = pd.DataFrame(map(asdict, epochs), columns=list(_COLUMNS)).rename(columns=_COLUMNS)
    replace_file(path, table.to_csv(index=False, lineterminator="\n"))


def read_history(path: Path) -> list[Epoch]:
    """The inverse of :func:`write_history`; empty where there is no file.

    Raises
    ------
    InputError
        The file was not written by it.
    """
    if not path.exists():
        return []
    try:
        table = pd.read_csv(path, float_precision="round_trip")[list(_COLUMNS.values())]
        return [Epoch(int(number), *map(float, rest)) for number, *rest in table.to_numpy()]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def draw_history(epochs: Sequence[Epoch], path: Path, title: str = "") -> None:
    """Draw the errors in kcal/mol and the learning rate against the epochs.

    Raises
    ------
    InputError
        There are no epochs, or the file cannot be written.
    """
    if not epochs:
        raise InputError(f"{path}: no epoch has ended yet")
    figure = new_figure(6.0, 4.5)
    errors, rates = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    numbers = [epoch.number for epoch in epochs]
    mark = "." if len(epochs) == 1 else None
    for name, colour, label in (
        ("train_mae", TRUTH, "training"),
        ("val_mae", PREDICTED, "validation"),
    ):
        values = [getattr(epoch, name) * KCAL_PER_EV for epoch in epochs]
        errors.plot(numbers, values, color=colour, label=label, marker=mark)
    best = min(epochs, key=lambda epoch: epoch.val_mae)
    lowest = best.val_mae * KCAL_PER_EV
    label = f"best: {lowest:.2f} in epoch {best.number}"
    errors.plot([best.number], [lowest], "o", color="#D55E00", label=label)
    errors.set_yscale("log")
    errors.set_ylabel("MAE / kcal mol$^{-1}$")
    errors.legend(frameon=False)
    errors.set_title(title, fontsize=10)
    rates.plot(numbers, [epoch.learning_rate for epoch in epochs], color="#000000", marker=mark)
    rates.set_ylabel("learning rate")
    rates.set_xlabel("epoch")
    for axes in (errors, rates):
        axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path, _DPI)


def _version(path: Path) -> int:
    found = re.search(r"\d+$", path.parent.name)
    return int(found[0]) if found else -1


def _table(path: Path) -> pd.DataFrame:
    """Whole lines of Lightning's table: the last one may be about to be written."""
    needed = ["epoch", "step", TRAIN_MAE, MONITOR, BATCH_MAE]
    try:
        text = path.read_text(encoding="utf-8")
        table = pd.read_csv(
            io.StringIO(text[: text.rfind("\n") + 1]),
            index_col=False, on_bad_lines="skip", float_precision="round_trip",
        )  # fmt: skip
    except (OSError, pd.errors.EmptyDataError):
        return pd.DataFrame(columns=[*needed, "learning_rate"])
    rates = table.filter(like="lr-")
    # Learning rates stand before the epoch, without its number.
    table["learning_rate"] = rates.iloc[:, 0].ffill() if rates.shape[1] else float("nan")
    return table.reindex(columns=[*needed, "learning_rate"])
