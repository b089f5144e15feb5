"""What the verdicts rest on, drawn: scaffolds, substituents and neighbouring lanthanides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rarebind.evaluation.drawing import ENERGY, UNIT, Caption, colours, entitle, new_figure, thin
from rarebind.io.figures import PALETTE
from rarebind.studies.gupta2026.findings.analysis import Findings
from rarebind.studies.gupta2026.findings.comparisons import ALL, everywhere
from rarebind.studies.gupta2026.findings.energies import geometries
from rarebind.studies.gupta2026.findings.orders import off_neighbours, scaffold_pairs
from rarebind.studies.gupta2026.findings.statements import (
    STRONGEST,
    WEAKEST,
    adverb,
    inner_lanthanides,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width of all marks of one place on an axis.
_BAND = 0.72
#: Named substituents, by the end at which they are said to stand.
_SHADES = {STRONGEST: PALETTE[5], WEAKEST: PALETTE[4]}
_SHADE_ALPHA = 0.35
_SHOWN = {ALL: "all\ngeometries"}


def draw_scaffolds(found: Findings, caption: Caption) -> Figure:
    """Differences between scaffolds by geometry: a faint dot a substituent, and their mean.

    Whiskers are 95 % bootstrap intervals over pairs of ligands; below zero, the first scaffold of
    the pair binds more strongly.
    """
    names = [*geometries(found.energies), ALL]
    said = found.statements.scaffolds
    figure = new_figure(7.2, 4.2)
    axes = figure.add_subplot()
    matched = everywhere(scaffold_pairs(found.energies, found.quantity, said))
    means = matched.groupby(["first", "second", "geometry", "group"]).difference.mean()
    compared = found.of("scaffolds").groupby(["first", "second"])
    for i, pair in enumerate(said.pairs):
        here = compared.get_group(pair).query("pairs > 0")
        offset = _offset(i, len(said.pairs))
        colour = PALETTE[i % len(PALETTE)]
        for geometry in here.geometry:
            dots = means[*pair, geometry]
            axes.scatter(
                np.full(len(dots), names.index(geometry) + offset), dots, s=9, color=colour,
                alpha=0.3, linewidths=0,
            )  # fmt: skip
        places = [names.index(geometry) + offset for geometry in here.geometry]
        _marks(axes, here, places, colour, " less ".join(pair))
    axes.set_xticks(range(len(names)), [_SHOWN.get(name, name) for name in names])
    axes.set_xlim(-0.6, len(names) - 0.4)
    for place in range(1, len(names)):
        axes.axvline(place - 0.5, color="0.85", linewidth=0.6, zorder=0)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel(f"difference of the {ENERGY[found.quantity]} / {UNIT}", fontsize=8.5)
    axes.set_xlabel("ligands:waters; a faint dot is a substituent, mean over metals", fontsize=8.5)
    axes.grid(axis="y", linewidth=0.4)
    thin(axes)
    figure.legend(loc="outside lower center", ncols=len(said.pairs), fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def draw_substituents(found: Findings, caption: Caption) -> Figure:
    """The order of substituents, strongest on top: their means, and their places by geometry.

    Rows that the study puts at an end are shaded.
    """
    standings = found.standings_by()
    overall = standings[standings.geometry == ALL].set_index("substituent")
    names = list(overall.index)
    figure = new_figure(8.0, 1.6 + 0.215 * len(names))
    left, right = figure.subplots(1, 2, width_ratios=[1.9, 1.0])
    _off_mean(left, overall, found)
    columns = [*geometries(found.energies), ALL]
    places = standings.pivot_table("place", "substituent", "geometry")
    _table_of_places(right, places.reindex(index=names, columns=columns))
    left.set_ylim(len(names) - 0.4, -0.6)
    right.set_ylim(*left.get_ylim())
    shades = {
        name: _SHADES[statement.end]
        for statement in found.statements.substituents
        for name in statement.members
    }
    left.set_yticks(range(len(names)), names)
    for place, label in enumerate(left.get_yticklabels()):
        if names[place] in shades:
            label.set_fontweight("bold")
            left.axhspan(
                place - 0.5, place + 0.5, color=shades[names[place]], alpha=_SHADE_ALPHA,
                linewidth=0, zorder=0,
            )  # fmt: skip
    handles, labels = left.get_legend_handles_labels()
    handles += [_patch(colour) for colour in _SHADES.values()]
    labels += [f"said to bind most {adverb(end)}" for end in _SHADES]
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def draw_metals(found: Findings, caption: Caption) -> Figure:
    """Each lanthanide against the mean of its neighbours, in every quantity that there is.

    Below zero it is bound more strongly than they are in the mean.  Where both quantities are
    known, black lines in equation 1 are its part that no ligand has to do with.
    """
    quantities = [name for name in ("exchange", "binding") if name in found.quantities]
    metals = inner_lanthanides()
    figure = new_figure(8.0, 0.9 + 2.5 * len(quantities))
    panels = figure.subplots(len(quantities), 1, sharex=True, squeeze=False)[:, 0]
    named = {statement.metal for statement in found.statements.metals}
    for axes, quantity in zip(panels, quantities, strict=True):
        _series(axes, found.of("series", quantity), metals)
        if quantity == "binding":
            _constants(axes, metals, found.constants)
        for place, metal in enumerate(metals):
            if metal in named:
                axes.axvspan(place - 0.5, place + 0.5, color="0.92", zorder=0)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_title(ENERGY[quantity], fontsize=9)
        axes.grid(axis="y", linewidth=0.4)
        thin(axes)
    panels[-1].set_xticks(range(len(metals)), metals)
    panels[-1].set_xlim(-0.6, len(metals) - 0.4)
    figure.supylabel(f"metal less the mean of its neighbours / {UNIT}", fontsize=8.5)
    handles, labels = panels[-1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def _off_mean(axes: Axes, overall: pd.DataFrame, found: Findings) -> None:
    scaffolds = found.statements.scaffolds.names
    places = np.arange(len(overall))
    for scaffold, shade in colours("scaffold", scaffolds).items():
        values = overall.get(scaffold, pd.Series(np.nan, overall.index))
        axes.scatter(values, places, s=16, color=shade, linewidths=0, label=scaffold)
    axes.scatter(overall.off_mean, places, marker="|", s=110, color="black", label="mean")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(
        f"{ENERGY[found.quantity]} less the mean over all substituents,\n"
        f"same scaffold, metal and geometry / {UNIT}",
        fontsize=8.5,
    )
    axes.grid(axis="both", linewidth=0.3)
    thin(axes)


def _table_of_places(axes: Axes, grid: pd.DataFrame) -> None:
    """Places by geometry, as numbers on shades: dark is strong."""
    axes.imshow(grid, cmap="viridis", aspect="auto", vmin=1, vmax=len(grid), alpha=0.85)
    for (row, column), place in np.ndenumerate(grid):
        if np.isfinite(place):
            light = place < 0.6 * len(grid)
            axes.text(
                column, row, f"{place:.0f}", ha="center", va="center", fontsize=7.5,
                color="white" if light else "black",
            )  # fmt: skip
    axes.set_xticks(range(len(grid.columns)), grid.columns)
    axes.set_yticks([])
    axes.set_xlabel("place by geometry, ligands:waters\n(1 binds most strongly)", fontsize=8.5)
    axes.tick_params(labelsize=8, length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _series(axes: Axes, found: pd.DataFrame, metals: Sequence[str]) -> None:
    names = list(found.geometry.unique())
    for i, geometry in enumerate(names):
        here = found[(found.geometry == geometry) & (found.pairs > 0)]
        colour = "black" if geometry == ALL else PALETTE[i % len(PALETTE)]
        places = [metals.index(metal) + _offset(i, len(names)) for metal in here["first"]]
        label = "all geometries" if geometry == ALL else geometry
        _marks(axes, here, places, colour, label, size=3.2)


def _constants(axes: Axes, metals: Sequence[str], known: pd.DataFrame) -> None:
    values = off_neighbours(known["value"]).dropna()
    for i, (metal, value) in enumerate(values.items()):
        place = metals.index(metal)
        axes.plot(
            [place - 0.45, place + 0.45], [value, value], color="black", linewidth=1.0,
            label="the same for all ligands" if i == 0 else None, zorder=1,
        )  # fmt: skip


def _marks(
    axes: Axes,
    found: pd.DataFrame,
    places: Sequence[float],
    colour: str,
    label: str,
    *,
    size: float = 4.5,
) -> None:
    """Means with their intervals, where there are any."""
    ends = np.array([found["mean"] - found.low, found.high - found["mean"]])
    axes.errorbar(
        places, found["mean"], yerr=np.maximum(ends, 0), fmt="o", color=colour, markersize=size,
        markeredgecolor="white", markeredgewidth=0.4, elinewidth=1.1, capsize=2, label=label,
    )  # fmt: skip


def _offset(number: int, of: int) -> float:
    return _BAND * ((number + 0.5) / of - 0.5)


def _patch(colour: str) -> object:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=_SHADE_ALPHA, linewidth=0)
