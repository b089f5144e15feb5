"""Figures of a dataset's card."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.datasets.statistics import (
    NONE,
    Contraction,
    contraction,
    grouped,
    is_lanthanide,
    relative_exchange,
    values_of,
    with_own_geometry,
)
from rarebind.datasets.table import Row
from rarebind.io.files import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Told apart with every common kind of colour blindness (Okabe and Ito).
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_MARKERS = "osD^vPX"
_LIGAND, _WATER = _COLOURS[1], _COLOURS[0]
_DPI = 110


def draw_figures(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Draw what `rows` give, as PNG files.

    Parameters
    ----------
    rows
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
    drawings: dict[str, Callable[[Sequence[Row]], Figure | None]] = {
        "counts.png": draw_counts,
        "energies.png": draw_energies,
        "distances.png": draw_distances,
        "series.png": draw_series,
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, draw in drawings.items():
        figure = draw(rows)
        if figure is None:
            (folder / name).unlink(missing_ok=True)
            continue
        image = io.BytesIO()
        # Without the version of matplotlib in it, the file depends on the data alone.
        figure.savefig(image, format="png", dpi=_DPI, metadata={"Software": None})
        replace_file(folder / name, image.getvalue())
        paths.append(folder / name)
    return paths


def draw_counts(rows: Sequence[Row]) -> Figure | None:
    """Number of complexes, printed: a row for each scaffold and geometry, a column a metal."""
    metals = [key[0] for key in grouped(rows, "metal")]
    parts = list(grouped(rows, "scaffold", "geometry"))
    if not parts:
        return None
    numbers = {
        key: len(members) for key, members in grouped(rows, "scaffold", "geometry", "metal").items()
    }
    grid = np.array([[numbers.get((*part, metal), 0) for metal in metals] for part in parts])
    figure = _figure(2.4 + 0.42 * len(metals), 1.1 + 0.27 * len(parts))
    axes = figure.add_subplot()
    axes.imshow(grid, cmap="cividis", aspect="auto", vmin=0)
    for (i, j), number in np.ndenumerate(grid):
        colour = "white" if number < grid.max() / 2 else "black"
        axes.text(j, i, str(number), ha="center", va="center", color=colour, fontsize=7)
    axes.set_xticks(range(len(metals)), metals)
    axes.set_yticks(range(len(parts)), [" ".join(part) for part in parts])
    axes.tick_params(length=0)
    return figure


def draw_energies(rows: Sequence[Row]) -> Figure | None:
    """Distribution of each binding energy by geometry and scaffold, over all metals."""
    columns = {
        "binding_kcal_mol": "binding energy (eq. 1) / kcal mol$^{-1}$",
        "exchange_kcal_mol": "exchange energy / kcal mol$^{-1}$",
    }
    labelled = [row for row in rows if row.labelled]
    if not labelled:
        return None
    columns = {name: label for name, label in columns.items() if values_of(labelled, name)}
    cores = [key[0] for key in grouped(labelled, "scaffold")]
    geometries = [key[0] for key in grouped(labelled, "geometry")]
    cells = grouped(labelled, "scaffold", "geometry")
    figure = _figure(4.5 * len(columns), 3.8)
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for axes, (column, label) in zip(panels, columns.items(), strict=True):
        for c, core in enumerate(cores):
            places, values = [], []
            for g, geometry in enumerate(geometries):
                if found := values_of(cells.get((core, geometry), ()), column):
                    places.append(g + (c - (len(cores) - 1) / 2) * 0.8 / len(cores))
                    values.append(found)
            _boxes(axes, places, values, 0.64 / len(cores), _COLOURS[c % len(_COLOURS)])
            axes.plot([], [], color=_COLOURS[c % len(_COLOURS)], linewidth=5, label=core)
        axes.set_xticks(range(len(geometries)), geometries)
        axes.set_xlim(-0.55, len(geometries) - 0.45)
        axes.set_xlabel("geometry (ligands:waters)")
        axes.set_ylabel(label)
        axes.grid(axis="y", linewidth=0.4)
    axes.legend(fontsize=8, frameon=False)
    return figure


def draw_distances(rows: Sequence[Row]) -> Figure | None:
    """Mean metal–donor distance against ionic radius, a panel for each geometry.

    Geometries of another record, and so of another level, do not count.
    """
    fits = {}
    for (geometry,), members in grouped(with_own_geometry(rows), "geometry").items():
        fit = contraction(members)
        if fit is not None and geometry != NONE:
            fits[geometry] = (fit, contraction(members, "water_distance"))
    if not fits:
        return None
    wide = min(2, len(fits))
    high = -(-len(fits) // wide)
    figure = _figure(4.5 * wide, 3.3 * high)
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


def draw_series(rows: Sequence[Row]) -> Figure | None:
    """Mean exchange energy relative to La along the series, a line for each scaffold."""
    relative = relative_exchange(rows)
    metals = list(next(iter(relative.values()), ()))
    if len(metals) < 2:  # noqa: PLR2004
        return None
    lanthanides = [metal for metal in metals if is_lanthanide(metal)]
    # Y and Sc stand apart: they are no members of the series.
    apart = [metal for metal in metals if metal not in lanthanides]
    figure = _figure(7.0, 3.8)
    axes = figure.add_subplot()
    axes.axhline(0, color="grey", linewidth=0.8)
    for i, (core, means) in enumerate(relative.items()):
        colour, marker = _COLOURS[i % len(_COLOURS)], _MARKERS[i % len(_MARKERS)]
        values = [means[metal] for metal in [*lanthanides, *apart]]
        axes.plot(values[: len(lanthanides)], color=colour, linewidth=1.4, label=core)
        axes.plot(values, marker, color=colour, markersize=5)
    axes.set_xticks(range(len(metals)), [*lanthanides, *apart])
    axes.set_ylabel("mean exchange energy\nrelative to La / kcal mol$^{-1}$")
    axes.grid(axis="y", linewidth=0.4)
    axes.legend(fontsize=8, frameon=False)
    return figure


def _figure(width: float, height: float) -> Figure:
    """An empty figure (inches) that no global state knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _boxes(
    axes: Axes, places: list[float], values: list[list[float]], width: float, colour: str
) -> None:
    """Quartiles as boxes, whiskers to the 5th and 95th percentile."""
    if not values:
        return
    boxes = axes.boxplot(
        values, positions=places, widths=width, whis=(5, 95), showfliers=False,
        patch_artist=True, manage_ticks=False, medianprops={"color": "black"},
    )  # fmt: skip
    for patch in boxes["boxes"]:
        patch.set(facecolor=colour, alpha=0.75)


def _line(axes: Axes, fit: Contraction, colour: str, marker: str, name: str) -> None:
    radii = np.array(fit.radii)
    inside = [is_lanthanide(metal) for metal in fit.metals]
    fills = [colour if member else "white" for member in inside]
    axes.scatter(radii, fit.distances, s=16, marker=marker, c=fills, edgecolors=colour, zorder=3)
    axes.plot(
        radii, fit.intercept + fit.slope * radii, color=colour, linewidth=1,
        label=f"{name}: slope {fit.slope:.2f}, r² {fit.r_squared:.3f}",
    )  # fmt: skip
    for i, (metal, radius, distance) in enumerate(
        zip(fit.metals, fit.radii, fit.distances, strict=True)
    ):
        # Neighbours in the series are close: their symbols go above and below in turn.
        axes.annotate(
            metal, (radius, distance), textcoords="offset points",
            xytext=(0, 6 if i % 2 else -6), ha="center", va="bottom" if i % 2 else "top",
            fontsize=7,
        )  # fmt: skip
