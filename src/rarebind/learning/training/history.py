"""How a training went: errors and learning rate, epoch by epoch."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from rarebind.errors import InputError
from rarebind.io.files import replace_file
from rarebind.learning.settings.emit import BATCH_MAE, MONITOR, TRAIN_MAE
from rarebind.units import KCAL_PER_EV

#: Columns of Lightning's table, by what they are called here.
_COLUMNS = {
    "train_mae": TRAIN_MAE,
    "val_mae": MONITOR,
    "learning_rate": "lr-",
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
    epochs: dict[int, dict[str, float]] = {}
    place = None
    for path in sorted(folder.glob("version_*/metrics.csv"), key=_version):
        rate = float("nan")
        for row in _rows(path):
            found = _values(row)
            # Learning rates stand before the epoch, without its number.
            rate = found.pop("learning_rate", rate)
            if not row.get("epoch"):
                continue
            number = int(float(row["epoch"])) + 1
            if row.get(BATCH_MAE):
                place = Place(number, int(row["step"]) + 1, float(row[BATCH_MAE]))
            if found:
                epochs.setdefault(number, {}).update(found, learning_rate=rate)
    whole = [n for n, found in sorted(epochs.items()) if {"train_mae", "val_mae"} <= found.keys()]
    return [
        Epoch(
            n,
            epochs[n]["train_mae"],
            epochs[n]["val_mae"],
            epochs[n]["learning_rate"],
        )
        for n in whole
    ], place


def write_history(epochs: Iterable[Epoch], path: Path) -> None:
    """Write epochs as CSV.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["epoch", "train_mae_ev", "val_mae_ev", "learning_rate"])
    writer.writerows(astuple(epoch) for epoch in epochs)
    replace_file(path, text.getvalue())


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
        with path.open(encoding="utf-8", newline="") as file:
            _, *lines = csv.reader(file)
        return [Epoch(int(number), *map(float, values)) for number, *values in lines]
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def draw_history(epochs: Sequence[Epoch], path: Path, title: str = "") -> None:
    """Draw the errors in kcal/mol and the learning rate against the epochs.

    Raises
    ------
    InputError
        There are no epochs, or the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not epochs:
        raise InputError(f"{path}: no epoch has ended yet")
    figure = Figure(figsize=(6.0, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    errors, rates = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    numbers = [epoch.number for epoch in epochs]
    mark = "." if len(epochs) == 1 else None
    for name, colour, label in (
        ("train_mae", "#8C8C8C", "training"),
        ("val_mae", "#0072B2", "validation"),
    ):
        values = [getattr(epoch, name) * KCAL_PER_EV for epoch in epochs]
        errors.plot(numbers, values, color=colour, label=label, marker=mark)
    best = min(epochs, key=lambda epoch: epoch.val_mae)
    errors.plot(
        [best.number],
        [best.val_mae * KCAL_PER_EV],
        "o",
        color="#D55E00",
        label=f"best: {best.val_mae * KCAL_PER_EV:.2f} in epoch {best.number}",
    )
    errors.set_yscale("log")
    errors.set_ylabel("MAE / kcal mol$^{-1}$")
    errors.legend(frameon=False)
    errors.set_title(title, fontsize=10)
    rates.plot(numbers, [epoch.learning_rate for epoch in epochs], color="#000000", marker=mark)
    rates.set_ylabel("learning rate")
    rates.set_xlabel("epoch")
    for axes in (errors, rates):
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=_DPI, metadata={"Software": None})
    replace_file(path, image.getvalue())


def _version(path: Path) -> int:
    found = re.search(r"\d+$", path.parent.name)
    return int(found[0]) if found else -1


def _rows(path: Path) -> list[dict[str, str]]:
    """Whole lines: the last one may be about to be written."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return []
    rows = csv.DictReader(text[: text.rfind("\n") + 1].splitlines())
    return [row for row in rows if None not in row and None not in row.values()]


def _values(row: Mapping[str, str]) -> dict[str, float]:
    return {
        name: float(value)
        for name, column in _COLUMNS.items()
        for key, value in row.items()
        if value and (key == column or (column.endswith("-") and key.startswith(column)))
    }
