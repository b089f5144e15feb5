"""How a substituent changes what its scaffold binds: computed and predicted, side by side."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from rarebind.datasets.frames import in_order
from rarebind.errors import InputError
from rarebind.evaluation.drawing import ENERGY, UNIT, Caption, entitle, new_figure, thin
from rarebind.evaluation.outcomes import one_a_complex, quantity_of
from rarebind.io.figures import PREDICTED, TRUTH
from rarebind.io.tables import number
from rarebind.ligands import PARENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Letters in a line below a panel.
_NOTE_WIDTH = 48


@dataclass(frozen=True, eq=False)
class Effects:
    """Substituents that can be compared with each other.

    Attributes
    ----------
    metal, scaffold
    geometries
        Those that the means are over, the same for every substituent: between them, binding
        energies differ far more than between substituents.
    energies
        By substituent, the strongest first: ``truth`` and ``predicted``, kcal/mol, the mean over
        `geometries`.
    left_out
        Substituents that lack a geometry.
    quantity
        ``binding`` (equation 1), or ``exchange`` where there is no bare ion.
    """

    metal: str
    scaffold: str
    geometries: tuple[str, ...]
    energies: pd.DataFrame
    left_out: tuple[str, ...]
    quantity: str

    @property
    def zero(self) -> tuple[str, float]:
        """What effects are measured from: a name, and its computed energy in kcal/mol.

        It is the unsubstituted scaffold; where that is not among them, the mean of all.
        """
        truth = self.energies.truth
        if PARENT in truth.index:
            return f"unsubstituted {self.scaffold}", float(truth[PARENT])
        return "the mean of these", float(truth.mean())

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "metal": self.metal,
            "scaffold": self.scaffold,
            "geometries": list(self.geometries),
            "effects": self.energies.reset_index().to_dict("records"),
            "left_out": list(self.left_out),
            "quantity": self.quantity,
        }


def substituent_effects(
    found: pd.DataFrame, metal: str, scaffold: str, geometry: str | None = None
) -> Effects:
    """Binding energies by substituent.

    Parameters
    ----------
    found
        Outcomes.
    geometry
        Only this one; default: the mean over all that there are.

    Raises
    ------
    InputError
        There is no such metal, scaffold or geometry, or no substituent has all geometries.
    """
    chosen = found
    for column, name in {"metal": metal, "scaffold": scaffold, "geometry": geometry}.items():
        if name is None:
            continue
        known = in_order(column, chosen[column])
        chosen = chosen[chosen[column] == name]
        if chosen.empty:
            raise InputError(
                f"no predictions for {column} {name!r}: there are {', '.join(known) or 'none'}"
            )
    chosen = one_a_complex(chosen)
    geometries = in_order("geometry", chosen.geometry)
    # A row a substituent, a column an energy and geometry: gaps are geometries that are missing.
    wide = chosen.pivot_table(["truth", "predicted"], "substituent", "geometry")
    whole = wide.dropna()
    if whole.empty:
        raise InputError(
            f"no substituent of {scaffold} has predictions of {metal} in all of "
            f"{', '.join(geometries)}: choose one geometry, or a split that leaves out whole "
            "ligands"
        )
    energies = pd.DataFrame({name: whole[name].mean(axis=1) for name in ("truth", "predicted")})
    left_out = in_order("substituent", wide.index.difference(whole.index))
    # Of equal ones, the name decides.
    energies = energies.sort_index().sort_values("truth", kind="stable")
    quantity = quantity_of(chosen)
    return Effects(metal, scaffold, tuple(geometries), energies, tuple(left_out), quantity)


def draw_substituents(
    found: pd.DataFrame,
    metal: str,
    scaffold: str,
    caption: Caption,
    *,
    per_geometry: bool = False,
) -> Figure:
    """Computed and predicted binding energies by substituent, the strongest on top.

    Bars start at the computed energy of the unsubstituted ligand (see :attr:`Effects.zero`), which
    is printed: equation 1 is near −1200 kcal/mol, so that bars from zero would all be of one
    length.

    Parameters
    ----------
    found
        Outcomes.
    per_geometry
        A panel for each geometry instead of the mean over all.

    Raises
    ------
    InputError
        As :func:`substituent_effects` raises it.
    """
    here = found[(found.metal == metal) & (found.scaffold == scaffold)]
    names = in_order("geometry", here.geometry) if per_geometry else []
    panels = [substituent_effects(here, metal, scaffold, name) for name in names]
    panels = panels or [substituent_effects(found, metal, scaffold)]
    longest = max(len(effects.energies) for effects in panels)
    wide = min(2, len(panels))
    high = -(-len(panels) // wide)
    figure = new_figure(3.7 * wide if wide > 1 else 5.0, 0.9 + high * (0.9 + 0.2 * longest))
    places = figure.subplots(high, wide, squeeze=False).flat
    # The places stand last, so that zip takes none of those that are left over.
    for effects, axes in zip(panels, places, strict=False):
        _bars(axes, effects)
        shown = ", ".join(effects.geometries)
        mean = "" if len(effects.geometries) == 1 else "mean of "
        axes.set_title(f"{metal}, {scaffold}, {mean}{shown}", fontsize=9)
    for axes in places:
        axes.remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def _bars(axes: Axes, effects: Effects) -> None:
    name, zero = effects.zero
    places = np.arange(len(effects.energies))
    lengths = effects.energies - zero
    axes.barh(places - 0.2, lengths.truth, 0.37, color=TRUTH, label="computed")
    axes.barh(places + 0.2, lengths.predicted, 0.37, color=PREDICTED, label="predicted")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, [substituent or "–" for substituent in lengths.index])
    axes.set_ylim(len(places) - 0.4, -0.6)
    notes = [f"{ENERGY[effects.quantity]} relative to\n{name} ({number(zero, 1)}) / {UNIT}"]
    if effects.left_out:
        left_out = f"without {', '.join(effects.left_out)}: a geometry is missing"
        notes += textwrap.wrap(left_out, _NOTE_WIDTH, break_on_hyphens=False)
    axes.set_xlabel("\n".join(notes), fontsize=7.5)
    axes.grid(axis="x", linewidth=0.4)
    axes.margins(x=0.06)
    thin(axes)
