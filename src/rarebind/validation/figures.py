"""Figures of a validation: measured against computed, and series side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rarebind.elements import rare_earths
from rarebind.evaluation.drawing import Caption, colours, entitle
from rarebind.experiment.judging import differences
from rarebind.io.figures import PALETTE, PREDICTED, TRUTH, new_figure, plain_label

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Scatter of one constant between papers, and of a difference along the series within one: pooled
#: standard deviations of compilations, log units.
NOISE, DIFFERENCE_NOISE = 0.19, 0.12
_COLUMNS = 4


def draw_parities(
    frame: pd.DataFrame, predicted: pd.DataFrame, names: tuple[str, ...], caption: Caption
) -> Figure:
    """Predicted against measured log K, a panel a column of `predicted`; metals by colour."""
    metals = [metal for metal in rare_earths() if (frame["metal"] == metal).any()]
    shades = colours("metal", metals)
    figure = new_figure(3.7 * len(names) + 0.6, 4.0)
    row = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(row, names, strict=True):
        for metal in metals:
            own = frame["metal"] == metal
            axes.plot(
                frame.loc[own, "log_k"], predicted.loc[own, name], "o", ms=4, alpha=0.7,
                color=shades[metal], label=metal,
            )  # fmt: skip
        _identity(axes, NOISE)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("measured log K", fontsize=8.5)
    row[0].set_ylabel("log K", fontsize=8.5)
    row[0].legend(fontsize=7, ncols=2)
    entitle(figure, caption)
    return figure


def draw_differences(
    frame: pd.DataFrame, predicted: pd.DataFrame, names: tuple[str, ...], pair: tuple[str, str],
    caption: Caption,
) -> Figure | None:  # fmt: skip
    """Predicted against measured differences between two metals; None without ligands of both."""
    first, second = pair
    measured = differences(frame, first, second, "log_k")
    if measured.empty:
        return None
    figure = new_figure(3.7 * len(names) + 0.6, 4.0)
    row = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(row, names, strict=True):
        said = differences(frame.assign(said=predicted[name]), first, second, "said")
        axes.plot(measured, said.reindex(measured.index), "o", ms=4, color=PREDICTED)
        for ligand, value in measured.items():
            axes.annotate(
                plain_label(str(ligand)[:18]), (value, said[ligand]), fontsize=5,
                xytext=(2, 2), textcoords="offset points",
            )  # fmt: skip
        _identity(axes, DIFFERENCE_NOISE)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel(f"measured log K({first}) − log K({second})", fontsize=8.5)
    entitle(figure, caption)
    return figure


def draw_series(
    frame: pd.DataFrame, predicted: pd.DataFrame, names: tuple[str, ...], caption: Caption
) -> Figure:
    """Log K along the metals, a panel a ligand, measured and predicted side by side.

    Predicted ones are moved to the measured mean of the ligand: what is shown is the course.
    """
    order = {metal: number for number, metal in enumerate(rare_earths())}
    ligands = list(frame["ligand"].unique())
    rows = -(-len(ligands) // _COLUMNS)
    figure = new_figure(2.5 * _COLUMNS, 1.9 * rows + 0.4)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes, ligand in zip(panels, ligands, strict=False):
        own = frame[frame["ligand"] == ligand].sort_values("metal", key=lambda m: m.map(order))
        metals = list(own["metal"])
        axes.errorbar(
            range(len(metals)), own["log_k"], DIFFERENCE_NOISE, fmt="o-", ms=3, color=TRUTH,
            label="measured",
        )  # fmt: skip
        for colour, name in zip((PREDICTED, *PALETTE[1:]), names, strict=False):
            said = predicted.loc[own.index, name]
            moved = said - said.mean() + own["log_k"].mean()
            axes.plot(range(len(metals)), moved, "s--", ms=3, lw=1, color=colour, label=name)
        axes.set_xticks(range(len(metals)), metals, fontsize=6)
        axes.tick_params(axis="y", labelsize=6)
        axes.set_title(plain_label(str(ligand)[:34]), fontsize=6.5)
    for axes in panels[len(ligands) :]:
        axes.set_visible(False)
    panels[0].legend(fontsize=5.5)
    entitle(figure, caption)
    return figure


def _identity(axes: Axes, noise: float) -> None:
    """The line of equality with the noise of measurements about it, on equal axes."""
    low = min(axes.get_xlim()[0], axes.get_ylim()[0])
    high = max(axes.get_xlim()[1], axes.get_ylim()[1])
    ends = np.array([low, high])
    axes.plot(ends, ends, "--", color="black", lw=0.8)
    axes.fill_between(ends, ends - 2 * noise, ends + 2 * noise, color="black", alpha=0.08, lw=0)
    axes.set_xlim(low, high)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.tick_params(labelsize=7)
