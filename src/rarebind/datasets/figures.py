"""Figures of a dataset's card."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from rarebind.datasets.statistics import (
    Contraction,
    contraction,
    labelled,
    relative_exchange,
    values,
    with_own_geometry,
)
from rarebind.elements import is_lanthanide
from rarebind.io.figures import PALETTE, new_figure, save_figure
from rarebind.io.files import make_folder
from rarebind.io.tables import NONE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = "osD^vPX"
_LIGAND, _WATER = PALETTE[1], PALETTE[0]
_DPI = 110


def draw_figures(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw what `table` give, as PNG files.

    Parameters
    ----------
    table
        Accepted complexes of one level of theory.
    folder
        Made when absent.

    Returns
    -------
    list
        Paths of the figures, of these four: ``counts.png`` (complexes by metal, scaffold and
        geometry), ``energies.png`` (binding energies), ``distances.png`` (metal–donor distances
        against the ionic radius), ``series.png`` (exchange energies relative to La).  What there
        is no data for is left out, and an older figure of that name is removed.
    """
    drawings: dict[str, Callable[[pd.DataFrame], Figure | None]] = {
        "counts.png": draw_counts,
        "energies.png": draw_energies,
        "distances.png": draw_distances,
        "series.png": draw_series,
    }
    make_folder(folder)
    paths = []
    for name, draw in drawings.items():
        figure = draw(table)
        if figure is None:
            (folder / name).unlink(missing_ok=True)
            continue
        paths.append(save_figure(figure, folder / name, _DPI))
    return paths


def draw_counts(table: pd.DataFrame) -> Figure | None:
    """Number of complexes, printed: a row for each scaffold and geometry, a column a metal."""
    if table.empty:
        return None
    grid = table.pivot_table(
        index=["scaffold", "geometry"], columns="metal", values="key", aggfunc="count",
        observed=True, fill_value=0,
    )  # fmt: skip
    high, wide = grid.shape
    figure = new_figure(2.4 + 0.42 * wide, 1.1 + 0.27 * high)
    axes = figure.add_subplot()
    axes.imshow(grid, cmap="cividis", aspect="auto", vmin=0)
    most = grid.to_numpy().max()
    for (i, j), number in np.ndenumerate(grid):
        colour = "white" if number < most / 2 else "black"
        axes.text(j, i, str(number), ha="center", va="center", color=colour, fontsize=7)
    axes.set_xticks(range(wide), grid.columns)
    axes.set_yticks(range(high), [" ".join(part) for part in grid.index])
    axes.tick_params(length=0)
    return figure


def draw_energies(table: pd.DataFrame) -> Figure | None:
    """Distribution of each binding energy by geometry and scaffold, over all metals."""
    columns = {
        "binding_kcal_mol": "binding energy (eq. 1) / kcal mol$^{-1}$",
        "exchange_kcal_mol": "exchange energy / kcal mol$^{-1}$",
    }
    ours = labelled(table)
    if ours.empty:
        return None
    columns = {name: label for name, label in columns.items() if ours[name].notna().any()}
    cores, geometries = values(ours, "scaffold"), values(ours, "geometry")
    cells = dict(iter(ours.groupby(["scaffold", "geometry"], observed=True)))
    figure = new_figure(4.5 * len(columns), 3.8)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, (column, label) in zip(panels, columns.items(), strict=True):
        for c, core in enumerate(cores):
            boxes = {}
            for g, geometry in enumerate(geometries):
                found = cells[core, geometry][column].dropna() if (core, geometry) in cells else ()
                if len(found):
                    boxes[g + (c - (len(cores) - 1) / 2) * 0.8 / len(cores)] = list(found)
            _boxes(axes, boxes, 0.64 / len(cores), PALETTE[c % len(PALETTE)])
            axes.plot([], [], color=PALETTE[c % len(PALETTE)], linewidth=5, label=core)
        axes.set_xticks(range(len(geometries)), geometries)
        axes.set_xlim(-0.55, len(geometries) - 0.45)
        axes.set_xlabel("geometry (ligands:waters)")
        axes.set_ylabel(label)
        axes.grid(axis="y", linewidth=0.4)
    axes.legend(fontsize=8, frameon=False)
    return figure


def draw_distances(table: pd.DataFrame) -> Figure | None:
    """Mean metal–donor distance against ionic radius, a panel for each geometry.

    Geometries of another record, and so of another level, do not count.
    """
    fits = {}
    for geometry, members in with_own_geometry(table).groupby("geometry", observed=True):
        fit = contraction(members)
        if fit is not None and geometry != NONE:
            fits[geometry] = (fit, contraction(members, "water_distance"))
    if not fits:
        return None
    wide = min(2, len(fits))
    high = -(-len(fits) // wide)
    figure = new_figure(4.5 * wide, 3.3 * high)
    panels = figure.subplots(high, wide, sharex=True, sharey=True, squeeze=False).flat
    # The panels stand last, so that zip takes none of those that are left over.
    for (geometry, (ligand, water)), axes in zip(fits.items(), panels, strict=False):
        _line(axes, ligand, _LIGAND, "o", "ligand donors")
        if water is not None:
            _line(axes, water, _WATER, "s", "waters")
        axes.set_title(f"{geometry}, {ligand.complexes} complexes of each metal", fontsize=9)
        axes.set_xlabel("ionic radius of M$^{3+}$ (CN 8) / Å")
        axes.set_ylabel("mean M–donor distance / Å")
        axes.margins(y=0.14)
        axes.label_outer()
        axes.legend(fontsize=7, frameon=False, loc="best")
    for axes in panels:
        axes.remove()
    return figure


def draw_series(table: pd.DataFrame) -> Figure | None:
    """Mean exchange energy relative to La along the series, a line for each scaffold."""
    relative = relative_exchange(table)
    if relative.shape[1] < 2:  # noqa: PLR2004
        return None
    lanthanides = [metal for metal in relative.columns if is_lanthanide(metal)]
    # Y and Sc stand apart: they are no members of the series.
    apart = [metal for metal in relative.columns if metal not in lanthanides]
    figure = new_figure(7.0, 3.8)
    axes = figure.add_subplot()
    axes.axhline(0, color="grey", linewidth=0.8)
    for i, (core, means) in enumerate(relative[[*lanthanides, *apart]].iterrows()):
        colour, marker = PALETTE[i % len(PALETTE)], _MARKERS[i % len(_MARKERS)]
        axes.plot(list(means[lanthanides]), color=colour, linewidth=1.4, label=core)
        axes.plot(list(means), marker, color=colour, markersize=5)
    axes.set_xticks(range(relative.shape[1]), [*lanthanides, *apart])
    axes.set_ylabel("mean exchange energy\nrelative to La / kcal mol$^{-1}$")
    axes.grid(axis="y", linewidth=0.4)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _boxes(axes: Axes, values_at: dict[float, list[float]], width: float, colour: str) -> None:
    """Quartiles as boxes at their places, whiskers to the 5th and 95th percentile."""
    if not values_at:
        return
    boxes = axes.boxplot(
        list(values_at.values()), positions=list(values_at), widths=width, whis=(5, 95),
        showfliers=False,
        patch_artist=True, manage_ticks=False, medianprops={"color": "black"},
    )  # fmt: skip
    for patch in boxes["boxes"]:
        patch.set(facecolor=colour, alpha=0.75)


def _line(axes: Axes, fit: Contraction, colour: str, marker: str, name: str) -> None:
    radii = fit.radii
    fills = [colour if is_lanthanide(metal) else "white" for metal in radii.index]
    axes.scatter(radii, fit.distances, s=16, marker=marker, c=fills, edgecolors=colour, zorder=3)
    axes.plot(
        radii, fit.intercept + fit.slope * radii, color=colour, linewidth=1,
        label=f"{name}: slope {fit.slope:.2f}, r² {fit.r_squared:.3f}",
    )  # fmt: skip
    for i, (metal, radius, distance) in enumerate(
        zip(radii.index, radii, fit.distances, strict=True)
    ):
        # Neighbours in the series are close: their symbols go above and below in turn.
        axes.annotate(
            metal, (radius, distance), textcoords="offset points",
            xytext=(0, 6 if i % 2 else -6), ha="center", va="bottom" if i % 2 else "top",
            fontsize=7,
        )  # fmt: skip
