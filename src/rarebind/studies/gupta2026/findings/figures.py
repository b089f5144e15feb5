"""What the verdicts rest on, drawn: scaffolds, substituents and neighbouring lanthanides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from rarebind.evaluation.drawing import (
    ENERGY,
    PALETTE,
    UNIT,
    Caption,
    colours,
    entitle,
    new_figure,
    thin,
)
from rarebind.studies.gupta2026.findings.analysis import Findings
from rarebind.studies.gupta2026.findings.complexes import geometries
from rarebind.studies.gupta2026.findings.metal_order import Constant
from rarebind.studies.gupta2026.findings.paired import ALL, Comparison
from rarebind.studies.gupta2026.findings.scaffold_order import scaffold_pairs
from rarebind.studies.gupta2026.findings.statements import (
    STRONGEST,
    WEAKEST,
    adverb,
    inner_lanthanides,
    neighbours_of,
)
from rarebind.studies.gupta2026.findings.substituent_order import Standing

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
    energies = found.selection.energies[found.quantity]
    names = [*geometries(energies), ALL]
    said = found.statements.scaffolds
    pairs = [(first, second) for first in said.stronger for second in said.weaker]
    figure = new_figure(7.2, 4.2)
    axes = figure.add_subplot()
    for i, pair in enumerate(pairs):
        colour = PALETTE[i % len(PALETTE)]
        here = [c for c in found.chosen.scaffolds if (c.first, c.second) == pair and c.pairs]
        places = _places(here, names, i, len(pairs))
        matched = scaffold_pairs(energies, *pair)
        for comparison, place in zip(here, places, strict=True):
            groups: dict[str, list[float]] = {}
            for one in matched:
                if comparison.geometry in {ALL, one.geometry}:
                    groups.setdefault(one.group, []).append(one.first - one.second)
            dots = [fmean(values) for values in groups.values()]
            axes.scatter(
                np.full(len(dots), place), dots, s=9, color=colour, alpha=0.3, linewidths=0
            )
        _marks(axes, here, places, colour, f"{pair[0]} less {pair[1]}")
    _geometry_axis(axes, names)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel(f"difference of the {ENERGY[found.quantity]} / {UNIT}", fontsize=8.5)
    axes.set_xlabel("ligands:waters; a faint dot is a substituent, mean over metals", fontsize=8.5)
    axes.grid(axis="y", linewidth=0.4)
    thin(axes)
    figure.legend(loc="outside lower center", ncols=len(pairs), fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def draw_substituents(found: Findings, caption: Caption) -> Figure:
    """The order of substituents, strongest on top: their means, and their places by geometry.

    Rows that the study puts at an end are shaded.
    """
    standings = found.chosen.standings
    overall = [standing for standing in standings if standing.geometry == ALL]
    names = [standing.substituent for standing in overall]
    columns = [*geometries(found.selection.energies[found.quantity]), ALL]
    figure = new_figure(8.0, 1.6 + 0.215 * len(names))
    left, right = figure.subplots(1, 2, width_ratios=[1.9, 1.0])
    _off_mean(left, overall, found)
    _table_of_places(right, standings, names, columns)
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
    for end, colour in _SHADES.items():
        handles.append(_patch(colour))
        labels.append(f"said to bind most {adverb(end)}")
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def draw_metals(found: Findings, caption: Caption) -> Figure:
    """Each lanthanide against the mean of its neighbours, in every quantity that there is.

    Below zero it is bound more strongly than they are in the mean.  Where both quantities are
    known, black lines in equation 1 are its part that no ligand has to do with.
    """
    quantities = [name for name in ("exchange", "binding") if name in found.orders]
    metals = inner_lanthanides()
    figure = new_figure(8.0, 0.9 + 2.5 * len(quantities))
    panels = figure.subplots(len(quantities), 1, sharex=True, squeeze=False)[:, 0]
    named = {statement.metal for statement in found.statements.metals}
    for axes, quantity in zip(panels, quantities, strict=True):
        _series(axes, found.orders[quantity].off_neighbours, metals, found, quantity)
        if quantity == "binding" and found.constants:
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


def _off_mean(axes: Axes, overall: Sequence[Standing], found: Findings) -> None:
    scaffolds = found.statements.scaffolds.names
    shades = colours("scaffold", scaffolds)
    for scaffold in scaffolds:
        here = [
            (i, s.by_scaffold[scaffold]) for i, s in enumerate(overall) if scaffold in s.by_scaffold
        ]
        places, values = zip(*here, strict=True) if here else ((), ())
        axes.scatter(values, places, s=16, color=shades[scaffold], linewidths=0, label=scaffold)
    means = [standing.off_mean for standing in overall]
    axes.scatter(means, range(len(means)), marker="|", s=110, color="black", label="mean")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel(
        f"{ENERGY[found.quantity]} less the mean over all substituents,\n"
        f"same scaffold, metal and geometry / {UNIT}",
        fontsize=8.5,
    )
    axes.grid(axis="both", linewidth=0.3)
    thin(axes)


def _table_of_places(
    axes: Axes, standings: Iterable[Standing], names: Sequence[str], columns: Sequence[str]
) -> None:
    """Places by geometry, as numbers on shades: dark is strong."""
    grid = np.full((len(names), len(columns)), np.nan)
    for standing in standings:
        if standing.substituent in names:
            grid[names.index(standing.substituent), columns.index(standing.geometry)] = (
                standing.place
            )
    axes.imshow(grid, cmap="viridis", aspect="auto", vmin=1, vmax=len(names), alpha=0.85)
    for (row, column), place in np.ndenumerate(grid):
        if np.isfinite(place):
            light = place < 0.6 * len(names)
            axes.text(
                column, row, f"{place:.0f}", ha="center", va="center", fontsize=7.5,
                color="white" if light else "black",
            )  # fmt: skip
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks([])
    axes.set_xlabel("place by geometry, ligands:waters\n(1 binds most strongly)", fontsize=8.5)
    axes.tick_params(labelsize=8, length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _series(
    axes: Axes,
    comparisons: Iterable[Comparison],
    metals: Sequence[str],
    found: Findings,
    quantity: str,
) -> None:
    names = [*geometries(found.selection.energies[quantity]), ALL]
    everything = list(comparisons)
    for i, geometry in enumerate(names):
        here = [c for c in everything if c.geometry == geometry and c.pairs]
        colour = "black" if geometry == ALL else PALETTE[i % len(PALETTE)]
        places = [metals.index(c.first) + _offset(i, len(names)) for c in here]
        label = "all geometries" if geometry == ALL else geometry
        _marks(axes, here, places, colour, label, size=3.2)


def _constants(axes: Axes, metals: Sequence[str], known: Mapping[str, Constant]) -> None:
    values = []
    for place, metal in enumerate(metals):
        before, after = neighbours_of(metal)
        if {metal, before, after} <= set(known):
            mean = fmean(known[other].value for other in (before, after))
            values.append((place, known[metal].value - mean))
    for i, (place, value) in enumerate(values):
        axes.plot(
            [place - 0.45, place + 0.45], [value, value], color="black", linewidth=1.0,
            label="the same for all ligands" if i == 0 else None, zorder=1,
        )  # fmt: skip


def _marks(
    axes: Axes,
    comparisons: Sequence[Comparison],
    places: Sequence[float],
    colour: str,
    label: str,
    *,
    size: float = 4.5,
) -> None:
    """Means with their intervals, where there are any."""
    means = [comparison.mean for comparison in comparisons]
    spans = [comparison.interval or (np.nan, np.nan) for comparison in comparisons]
    ends = [(mean - low, high - mean) for mean, (low, high) in zip(means, spans, strict=True)]
    axes.errorbar(
        places, means, yerr=np.maximum(np.array(ends).T, 0) if ends else None, fmt="o",
        color=colour, markersize=size, markeredgecolor="white", markeredgewidth=0.4,
        elinewidth=1.1, capsize=2, label=label,
    )  # fmt: skip


def _places(
    comparisons: Iterable[Comparison], names: Sequence[str], number: int, of: int
) -> list[float]:
    return [names.index(c.geometry) + _offset(number, of) for c in comparisons]


def _offset(number: int, of: int) -> float:
    return _BAND * ((number + 0.5) / of - 0.5)


def _geometry_axis(axes: Axes, names: Sequence[str]) -> None:
    axes.set_xticks(range(len(names)), [_SHOWN.get(name, name) for name in names])
    axes.set_xlim(-0.6, len(names) - 0.4)
    for place in range(1, len(names)):
        axes.axvline(place - 0.5, color="0.85", linewidth=0.6, zorder=0)


def _patch(colour: str) -> object:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, alpha=_SHADE_ALPHA, linewidth=0)
