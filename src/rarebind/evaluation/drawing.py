"""What all figures of an evaluation share: what they must say of themselves, colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from rarebind.elements import rare_earths
from rarebind.errors import InputError
from rarebind.io import figures
from rarebind.io.figures import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Axis labels of the quantities.
ENERGY = {"binding": "binding energy (eq. 1)", "exchange": "exchange energy"}
UNIT = "kcal mol$^{-1}$"
_TITLE_SIZE = 10.0
#: Space around everything, inches.
_MARGIN = 0.08
#: Share of the colour map that is used: its bright end is hard to see on white.
_VISIBLE = 0.92
#: 4f electrons of Lu.
_FULL_SHELL = 14


@dataclass(frozen=True)
class Caption:
    """What every figure says of itself, so that it cannot be taken for another.

    Attributes
    ----------
    model
        Which model, by name and target.
    level
        Level of theory of the computed energies.
    dataset
        Name of the dataset, and how much of it.
    split
        Kind of split and the part shown, such as ``leave-ligand-out, test``.

    Raises
    ------
    InputError
        One of them is empty.
    """

    model: str
    level: str
    dataset: str
    split: str

    def __post_init__(self) -> None:
        if missing := [item.name for item in fields(self) if not getattr(self, item.name).strip()]:
            raise InputError(f"the caption of a figure lacks: {', '.join(missing)}")

    def __str__(self) -> str:
        return f"{self.model} · {self.split}\n{self.level} · {self.dataset}"


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) with some space around its panels."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return figures.new_figure(width, height, ConstrainedLayoutEngine(w_pad=_MARGIN, h_pad=_MARGIN))


def entitle(figure: Figure, caption: Caption) -> None:
    """Put `caption` above all panels, in letters small enough for the width of the figure."""
    title = figure.suptitle(str(caption), fontsize=_TITLE_SIZE)
    widest = title.get_window_extent().width / figure.dpi
    title.set_fontsize(_TITLE_SIZE * min(1.0, 0.97 * figure.get_figwidth() / widest))


def colours(column: str, names: Sequence[str]) -> dict[str, str]:
    """A colour for each of `names`: of lanthanides along the series, of others at choice."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    if column != "metal":
        return {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}
    # Y and Sc are no members of the series, hence of no colour between its ends.
    apart = {"Y": PALETTE[1], "Sc": PALETTE[3]}
    shades = colormaps["viridis"]
    return {
        name: apart.get(name)
        or to_hex(shades(_VISIBLE * rare_earths()[name].f_electrons / _FULL_SHELL))
        for name in names
    }


def thin(axes: Axes) -> None:
    """Take away what only frames the data."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
