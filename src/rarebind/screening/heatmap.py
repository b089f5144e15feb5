"""A picture of a screen: ligands by metals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.screening.screen import Screen
from rarebind.screening.table import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: Largest heat map whose fields carry their numbers.
_LABELLED = 600


def draw_heatmap(rows: Sequence[Row], screen: Screen, path: Path, unit: str) -> None:
    """Draw the exchange energies, ligands by strength from the top, a panel a geometry.

    Parameters
    ----------
    rows
        Of :func:`~rarebind.screening.ranked_rows`; at least one has an energy.
    path
        Of the picture.
    unit
        Of the rows.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    values = {
        (row.ligand, row.geometry, row.metal): row.exchange
        for row in rows
        if row.exchange is not None
    }
    ligands = list(dict.fromkeys(ligand for ligand, _, _ in values))
    grid = np.array(
        [[[values.get((li, g, m), np.nan) for m in screen.metals] for li in ligands]
         for g in screen.geometries]
    )  # fmt: skip
    # Geometries have levels of their own: a ligand that lacks one is judged by the others.
    levels = np.nanmean(grid - np.nanmean(grid, axis=(1, 2), keepdims=True), axis=(0, 2))
    order = np.argsort(levels, kind="stable")
    panels = len(screen.geometries)
    width = 2.6 + panels * (0.4 + 0.75 * len(screen.metals))
    figure = Figure(figsize=(width, 1.4 + 0.38 * len(ligands)), layout="constrained")
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes, geometry, panel in zip(all_axes, screen.geometries, grid[:, order], strict=True):
        image = axes.imshow(panel, cmap="viridis", aspect="auto")
        axes.set_xticks(range(len(screen.metals)), screen.metals)
        axes.set_yticks(range(len(ligands)), [ligands[i] for i in order])
        axes.set_title(geometry, fontsize=9)
        figure.colorbar(image, ax=axes, label=unit)
        if grid.size <= _LABELLED:
            _write_numbers(axes, panel)
    figure.suptitle(f"Exchange with the aqua ion\n{screen.protocol.level}", fontsize=9)
    figure.savefig(path, dpi=160)


def _write_numbers(axes: Axes, panel: NDArray[np.float64]) -> None:
    middle = (np.nanmin(panel) + np.nanmax(panel)) / 2
    for (i, j), value in np.ndenumerate(panel):
        text = "–" if np.isnan(value) else f"{value:.1f}"
        colour = "white" if value < middle else "black"
        axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
