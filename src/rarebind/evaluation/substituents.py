"""How a substituent changes what its scaffold binds: computed and predicted, side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from rarebind.errors import InputError
from rarebind.evaluation.drawing import (
    ENERGY,
    PREDICTED,
    TRUTH,
    UNIT,
    Caption,
    entitle,
    new_figure,
    thin,
)
from rarebind.evaluation.groups import grouped, one_a_complex, values
from rarebind.evaluation.outcomes import Outcome, quantity_of
from rarebind.ligands import PARENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Letters in a line below a panel.
_NOTE_WIDTH = 48


@dataclass(frozen=True)
class Effect:
    """Binding energies of one substituent on one scaffold with one metal.

    Attributes
    ----------
    substituent
    truth, predicted
        Binding energies, kcal/mol: the mean over `geometries`.
    """

    substituent: str
    truth: float
    predicted: float


@dataclass(frozen=True)
class Effects:
    """Substituents that can be compared with each other.

    Attributes
    ----------
    metal, scaffold
    geometries
        Those that the means are over, the same for every substituent: between them, binding
        energies differ far more than between substituents.
    effects
        The strongest computed binding first.
    left_out
        Substituents that lack a geometry.
    quantity
        ``binding`` (equation 1), or ``exchange`` where there is no bare ion.
    """

    metal: str
    scaffold: str
    geometries: tuple[str, ...]
    effects: tuple[Effect, ...]
    left_out: tuple[str, ...]
    quantity: str = "binding"

    @property
    def zero(self) -> tuple[str, float]:
        """What effects are measured from: a name, and its computed energy in kcal/mol.

        It is the unsubstituted scaffold; where that is not among them, the mean of all.
        """
        for effect in self.effects:
            if effect.substituent == PARENT:
                return f"unsubstituted {self.scaffold}", effect.truth
        return "the mean of these", fmean(effect.truth for effect in self.effects)


def substituent_effects(
    found: Sequence[Outcome], metal: str, scaffold: str, geometry: str | None = None
) -> Effects:
    """Binding energies by substituent.

    Parameters
    ----------
    geometry
        Only this one; default: the mean over all that there are.

    Raises
    ------
    InputError
        There is no such metal, scaffold or geometry, or no substituent has all geometries.
    """
    chosen = list(found)
    wanted = {"metal": metal, "scaffold": scaffold, "geometry": geometry}
    for column, name in wanted.items():
        if name is None:
            continue
        known = values(chosen, column)
        chosen = [outcome for outcome in chosen if getattr(outcome, column) == name]
        if not chosen:
            raise InputError(
                f"no predictions for {column} {name!r}: there are {', '.join(known) or 'none'}"
            )
    chosen = one_a_complex(chosen)
    geometries = tuple(values(chosen, "geometry"))
    by_name = {key[0]: members for key, members in grouped(chosen, "substituent").items()}
    effects = [
        Effect(name, fmean(o.truth for o in members), fmean(o.predicted for o in members))
        for name, members in by_name.items()
        if {outcome.geometry for outcome in members} == set(geometries)
    ]
    if not effects:
        raise InputError(
            f"no substituent of {scaffold} has predictions of {metal} in all of "
            f"{', '.join(geometries)}: choose one geometry, or a split that leaves out whole "
            "ligands"
        )
    names = {effect.substituent for effect in effects}
    return Effects(
        metal,
        scaffold,
        geometries,
        tuple(sorted(effects, key=lambda effect: (effect.truth, effect.substituent))),
        tuple(name for name in by_name if name not in names),
        quantity_of(chosen),
    )


def draw_substituents(
    found: Sequence[Outcome],
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
    per_geometry
        A panel for each geometry instead of the mean over all.

    Raises
    ------
    InputError
        As :func:`substituent_effects` raises it.
    """
    here = [o for o in found if (o.metal, o.scaffold) == (metal, scaffold)]
    geometries = values(here, "geometry") if per_geometry else []
    panels = [substituent_effects(here, metal, scaffold, geometry) for geometry in geometries]
    panels = panels or [substituent_effects(found, metal, scaffold)]
    longest = max(len(effects.effects) for effects in panels)
    wide = min(2, len(panels))
    high = -(-len(panels) // wide)
    figure = new_figure(3.7 * wide if wide > 1 else 5.0, 0.9 + high * (0.9 + 0.2 * longest))
    places = figure.subplots(high, wide, squeeze=False).flat
    # The places stand last, so that zip takes none of those that are left over.
    for effects, axes in zip(panels, places, strict=False):
        _bars(axes, effects)
        axes.set_title(f"{metal}, {scaffold}, {_mean_of(effects.geometries)}", fontsize=9)
    for axes in places:
        axes.remove()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    entitle(figure, caption)
    return figure


def _mean_of(geometries: Sequence[str]) -> str:
    names = ", ".join(geometries)
    return names if len(geometries) == 1 else f"mean of {names}"


def _bars(axes: Axes, effects: Effects) -> None:
    name, zero = effects.zero
    places = np.arange(len(effects.effects))
    truth = [effect.truth - zero for effect in effects.effects]
    predicted = [effect.predicted - zero for effect in effects.effects]
    axes.barh(places - 0.2, truth, 0.37, color=TRUTH, label="computed")
    axes.barh(places + 0.2, predicted, 0.37, color=PREDICTED, label="predicted")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_yticks(places, [effect.substituent or "–" for effect in effects.effects])
    axes.invert_yaxis()
    axes.set_ylim(len(places) - 0.4, -0.6)
    value = f"{zero:.1f}".replace("-", "−")
    notes = [f"{ENERGY[effects.quantity]} relative to\n{name} ({value}) / {UNIT}"]
    if effects.left_out:
        left_out = f"without {', '.join(effects.left_out)}: a geometry is missing"
        notes += textwrap.wrap(left_out, _NOTE_WIDTH, break_on_hyphens=False)
    axes.set_xlabel("\n".join(notes), fontsize=7.5)
    axes.grid(axis="x", linewidth=0.4)
    axes.margins(x=0.06)
    thin(axes)
