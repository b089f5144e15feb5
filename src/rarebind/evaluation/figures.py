"""Predicted against computed energies, and where the errors are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rarebind.datasets.frames import in_order
from rarebind.elements import is_lanthanide
from rarebind.errors import InputError
from rarebind.evaluation.drawing import ENERGY, UNIT, Caption, colours, entitle, new_figure, thin
from rarebind.evaluation.metrics import Metrics, by, metrics
from rarebind.evaluation.neighbours import differences
from rarebind.evaluation.outcomes import check_column, energies, quantity_of
from rarebind.io.figures import PALETTE, PREDICTED, TRUTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More points than these are drawn smaller and fainter.
_MANY = 600
#: Width of a letter on an axis, inches.
_LETTER = 0.075


def draw_parity(
    found: pd.DataFrame,
    caption: Caption,
    *,
    colour_by: str = "metal",
    quantity: str | None = None,
) -> Figure:
    """Predicted against computed energies; see :func:`draw_parities`."""
    return draw_parities({"": found}, caption, colour_by=colour_by, quantity=quantity)


def draw_parities(
    panels: Mapping[str, pd.DataFrame],
    caption: Caption,
    *,
    colour_by: str = "metal",
    quantity: str | None = None,
) -> Figure:
    """Predicted against computed energies, in panels side by side on equal axes.

    The identity is dashed and black, the least-squares line of each panel red; r² is the squared
    correlation coefficient, that of the line, and R² that of the predictions as they are.

    Parameters
    ----------
    panels
        Outcomes by what stands above them, such as the target that was learned.
    caption
        Of the figure.
    colour_by
        A column of :data:`~rarebind.evaluation.outcomes.COLUMNS`.
    quantity
        ``binding`` or ``exchange``; by default equation 1 where all have it.

    Raises
    ------
    InputError
        A panel is empty, or there is no such column or quantity.
    """
    _check_panels(panels)
    check_column(colour_by, "group by")
    everything = pd.concat(panels.values())
    quantity = quantity or quantity_of(everything)
    shades = colours(colour_by, in_order(colour_by, everything[colour_by]))
    span = _span(np.concatenate(energies(everything, quantity)))
    figure = new_figure(3.6 * len(panels) + 1.2, 4.25)
    row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (heading, found) in zip(row, panels.items(), strict=True):
        _parity(axes, found, found[colour_by].map(shades).to_numpy(), quantity, span)
        axes.set_title(heading, fontsize=9)
        axes.set_xlabel(f"computed {ENERGY[quantity]} / {UNIT}", fontsize=8.5)
    row[0].set_ylabel(f"predicted {ENERGY[quantity]} / {UNIT}", fontsize=8.5)
    _legend_of_colours(figure, colour_by, shades)
    entitle(figure, caption)
    return figure


def draw_errors(
    models: Mapping[str, pd.DataFrame],
    caption: Caption,
    *,
    column: str = "metal",
    groups: str | None = "ligand",
) -> Figure:
    """Mean absolute error by metal, scaffold or the like: bars, a colour for each model.

    Whiskers are 95 % bootstrap intervals, absent where fewer than five groups give none; dashed
    lines are the errors over everything; below each group stands its number of complexes.

    Parameters
    ----------
    models
        Outcomes by the name of the model, of the same complexes.
    column
        A column of :data:`~rarebind.evaluation.outcomes.COLUMNS`.
    groups
        What the bootstrap resamples; see :func:`~rarebind.evaluation.metrics.metrics`.

    Raises
    ------
    InputError
        A model has no outcomes, the models have different complexes, or there is no such column.
    """
    _check_panels(models)
    if len({frozenset(found.key) for found in models.values()}) > 1:
        raise InputError(
            f"{', '.join(models)} were not asked about the same complexes: their errors by "
            f"{column} cannot be compared"
        )
    found = {name: by(members, column, groups=groups) for name, members in models.items()}
    totals = {name: metrics(members, resamples=0).mae for name, members in models.items()}
    names = list(next(iter(found.values())))
    width = 0.8 / len(models)
    wide = max(4.5, 1.4 + len(names) * (0.22 + 0.12 * len(models)))
    # Long names stand aslant, or they would run into each other.
    aslant = max(map(len, names)) * _LETTER > wide / (len(names) + 1)
    figure = new_figure(wide, 4.4 if aslant else 3.4)
    axes = figure.add_subplot()
    for i, (model, each) in enumerate(found.items()):
        colour = PALETTE[i % len(PALETTE)]
        places = np.arange(len(names)) + (i - (len(models) - 1) / 2) * width
        heights = [each[name].mae for name in names]
        label = f"{model}, MAE {totals[model]:.1f}"
        axes.bar(places, heights, 0.92 * width, color=colour, label=label)
        axes.errorbar(
            places, heights, yerr=_whiskers([each[name] for name in names]), fmt="none",
            ecolor="black", elinewidth=0.8, capsize=1.5,
        )  # fmt: skip
        axes.axhline(totals[model], color=colour, linestyle="--", linewidth=0.9, zorder=0)
    counts = [found[next(iter(found))][name].n for name in names]
    _name_bars(axes, names, counts, aslant=aslant)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xlabel(f"{column}, number of complexes", fontsize=8.5)
    axes.set_ylabel(f"mean absolute error / {UNIT}", fontsize=8.5)
    axes.grid(axis="y", linewidth=0.4)
    axes.margins(y=0.05)
    thin(axes)
    figure.legend(loc="outside lower center", ncols=min(3, len(models)), fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def draw_neighbours(found: pd.DataFrame, caption: Caption) -> Figure:
    """Computed and predicted ΔΔE of neighbouring metals, of equal ligands and geometries.

    Boxes are quartiles, whiskers reach to the 5th and 95th percentile.  Y and Sc have a panel, and
    a scale, of their own: they differ from lanthanides by far more than these among each other.

    Raises
    ------
    InputError
        No two neighbours have a ligand and geometry in common, or exchange energies are missing.
    """
    changes = differences(found)
    if changes.empty:
        raise InputError(
            "no neighbouring metals have a ligand and geometry in common in this part of the "
            "split: take one that leaves out whole ligands, such as leave-ligand-out"
        )
    inner = changes[["first", "second"]].map(is_lanthanide).all(axis=1)
    # Pairs stand along the series, as they come.
    panels = [
        list(part.groupby(["first", "second"], sort=False))
        for part in (changes[inner], changes[~inner])
        if len(part)
    ]
    sizes = [max(3, len(pairs)) for pairs in panels]
    figure = new_figure(1.4 + 0.8 * len(panels) + 0.44 * sum(sizes), 3.5)
    row = figure.subplots(1, len(panels), squeeze=False, width_ratios=sizes)[0]
    for axes, pairs in zip(row, panels, strict=True):
        _differences(axes, pairs)
    row[0].set_ylabel(f"change of the exchange energy\nΔΔE / {UNIT}", fontsize=8.5)
    figure.supxlabel("neighbouring metals, number of ligands and geometries", fontsize=8.5)
    handles, labels = row[0].get_legend_handles_labels()
    row[0].legend(handles, labels, loc="best", fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def _name_bars(axes: Axes, names: Sequence[str], counts: Sequence[int], *, aslant: bool) -> None:
    """Names and counts below groups of bars."""
    gap = " · " if aslant else "\n"
    texts = [f"{_shown(name)}{gap}{count}" for name, count in zip(names, counts, strict=True)]
    axes.set_xticks(range(len(names)), texts)
    if aslant:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def _check_panels(panels: Mapping[str, pd.DataFrame]) -> None:
    empty = [name for name, found in panels.items() if found.empty]
    if empty or not panels:
        names = f" for {', '.join(filter(None, empty))}" if any(empty) else ""
        raise InputError(f"nothing to draw{names}: this part of the split is empty")


def _differences(axes: Axes, pairs: Sequence[tuple[tuple[str, str], pd.DataFrame]]) -> None:
    places = np.arange(len(pairs))
    boxes = {"truth": ("computed", TRUTH), "predicted": ("predicted", PREDICTED)}
    for i, (column, (name, colour)) in enumerate(boxes.items()):
        line = {"color": colour, "linewidth": 1.3}
        box = {"edgecolor": colour, "facecolor": (colour, 0.35), "linewidth": 1.3}
        axes.boxplot(
            [part[column] for _, part in pairs],
            positions=places + 0.4 * i - 0.2, widths=0.3, whis=(5, 95), showfliers=False,
            patch_artist=True, manage_ticks=False,
            boxprops=box, medianprops=line, whiskerprops=line, capprops=line,
        )  # fmt: skip
        axes.plot([], [], color=colour, linewidth=6, label=name)
    axes.axhline(0, color="black", linewidth=0.8, zorder=0)
    axes.set_xticks(places, [f"{'→'.join(metals)}\n{len(part)}" for metals, part in pairs])
    axes.set_xlim(-0.6, len(pairs) - 0.4)
    axes.grid(axis="y", linewidth=0.4)
    thin(axes)
    axes.tick_params(axis="x", labelsize=6.5)


def _parity(
    axes: Axes,
    found: pd.DataFrame,
    shades: np.ndarray,
    quantity: str,
    span: tuple[float, float],
) -> None:
    truth, predicted = energies(found, quantity)
    score = metrics(found, quantity=quantity, resamples=0)
    # In the order of a dataset, the last metal would hide all others.
    order = np.random.default_rng(0).permutation(len(found))
    size, alpha = (5, 0.55) if len(found) > _MANY else (13, 0.8)
    axes.scatter(
        truth[order], predicted[order], s=size, c=shades[order], alpha=alpha,
        linewidths=0, rasterized=True,
    )  # fmt: skip
    axes.plot(span, span, color="black", linestyle="--", linewidth=1, label="identity")
    if score.slope is not None and score.intercept is not None:
        ends = np.array([truth.min(), truth.max()])
        line = score.intercept + score.slope * ends
        axes.plot(ends, line, color="red", linewidth=1.2, label="least squares")
    axes.set(xlim=span, ylim=span, aspect="equal")
    axes.locator_params(nbins=6)
    axes.text(
        0.04, 0.965, _score_text(score), transform=axes.transAxes, va="top", fontsize=7.5,
        linespacing=1.35, bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1},
    )  # fmt: skip
    axes.legend(loc="lower right", fontsize=7.5, frameon=False)
    thin(axes)


def _score_text(score: Metrics) -> str:
    lines = [f"n = {score.n}", f"MAE = {score.mae:.1f} {UNIT}"]
    named = {"r² (line)": score.r2_fit, "slope (line)": score.slope, "R² (identity)": score.r2}
    lines += [f"{name} = {value:.2f}" for name, value in named.items() if value is not None]
    return "\n".join(lines).replace("= -", "= −")


def _legend_of_colours(figure: Figure, column: str, shades: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", linestyle="", markersize=4.5, color=shade, label=_shown(name))
        for name, shade in shades.items()
    ]
    figure.legend(
        handles=handles, loc="outside right center", fontsize=7.5, frameon=False, title=column,
        title_fontsize=8, handletextpad=0.2, borderpad=0.1,
    )  # fmt: skip


def _span(numbers: np.ndarray) -> tuple[float, float]:
    low, high = float(numbers.min()), float(numbers.max())
    margin = 0.04 * (high - low) or 1.0
    return low - margin, high + margin


def _whiskers(scores: Sequence[Metrics]) -> np.ndarray:
    """Lengths below and above each bar; NaN, which draws nothing, where there is no interval."""
    spans = [score.intervals.get("mae", (np.nan, np.nan)) for score in scores]
    pairs = zip(scores, spans, strict=True)
    # The percentiles of a skewed distribution may lie on one side of the number itself.
    return np.array([np.maximum((s.mae - low, high - s.mae), 0) for s, (low, high) in pairs]).T


def _shown(name: str) -> str:
    return name or "–"
