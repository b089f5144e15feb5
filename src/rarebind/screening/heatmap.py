"""A picture of a screen: ligands by metals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rarebind.errors import counted
from rarebind.io.figures import image_of, new_figure, plain_label
from rarebind.screening.screen import Screen
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.screening.table import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

#: Largest heat map whose fields carry their numbers.
_LABELLED = 600
#: Ligands beyond which rows and names become small, and ligands beyond which the rest is left out:
#: the picture would have more pixels than viewers open.
_ROOMY, _MOST = 100, 1000


def draw_heatmap(rows: Sequence[Row], screen: Screen, unit: str) -> bytes:
    """Draw the exchange energies, ligands by strength from the top.

    There is a panel, with a scale of its own, for each number of ligands on the metal, unless it
    has no energy at all; of very many ligands, the strongest are drawn.

    Parameters
    ----------
    rows
        Of :func:`~rarebind.screening.ranked_rows`; at least one has an energy.
    unit
        Of the rows.

    Returns
    -------
    bytes
        PNG.
    """
    values = {
        (row.ligand, stoichiometry(row.geometry), row.metal): row.exchange
        for row in reversed(rows)
        if row.exchange is not None
    }
    ligands = list(dict.fromkeys(ligand for ligand, _, _ in reversed(values)))
    there = {kind for _, kind, _ in values}
    kinds = [kind for kind in dict.fromkeys(map(stoichiometry, screen.geometries)) if kind in there]
    grid = np.array(
        [[[values.get((li, g, m), np.nan) for m in screen.metals] for li in ligands]
         for g in kinds]
    )  # fmt: skip
    # Numbers of ligands have levels of their own: a ligand that lacks one is judged by the others.
    levels = np.nanmean(grid - np.nanmean(grid, axis=(1, 2), keepdims=True), axis=(0, 2))
    order = np.argsort(levels, kind="stable")[:_MOST]
    roomy = len(order) <= _ROOMY
    panels = len(kinds)
    width = 2.6 + panels * (0.4 + 0.75 * len(screen.metals))
    height = 1.4 + (0.38 if roomy else 0.13) * len(order)
    figure = new_figure(width, height, "constrained" if roomy else None)
    if not roomy:
        # A layout engine draws all names several times: half a minute of 500.
        figure.subplots_adjust(2 / width, 0.5 / height, 1 - 0.3 / width, 1 - 0.9 / height)
    all_axes = figure.subplots(1, panels, sharey=True, squeeze=False)[0]
    for axes, kind, panel in zip(all_axes, kinds, grid[:, order], strict=True):
        image = axes.imshow(panel, cmap="viridis", aspect="auto")
        axes.set_xticks(range(len(screen.metals)), screen.metals)
        axes.set_yticks(range(len(order)), [plain_label(ligands[i]) for i in order])
        axes.tick_params(axis="y", labelsize=10 if roomy else 7)
        axes.set_title(kind if ":" in kind else f"{counted(int(kind), 'ligand')}", fontsize=9)
        figure.colorbar(image, ax=axes, label=unit, aspect=20 if roomy else 2 * height)
        if grid.size <= _LABELLED:
            _write_numbers(axes, panel)
    some = f", {len(order)} strongest of {len(ligands)}" if len(order) < len(ligands) else ""
    title = f"Exchange with the aqua ion{some}\n{screen.protocol.level}"
    figure.suptitle(title, fontsize=9, y=None if roomy else 1 - 0.2 / height)
    return image_of(figure, dpi=160 if roomy else 100)


def _write_numbers(axes: Axes, panel: NDArray[np.float64]) -> None:
    middle = (np.nanmin(panel) + np.nanmax(panel)) / 2
    for (i, j), value in np.ndenumerate(panel):
        text = "–" if np.isnan(value) else f"{value:.1f}"
        colour = "white" if value < middle else "black"
        axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=8)
