"""Which of two metals a ligand prefers, which tells them apart best, and which binds strongly too.

**Energies, not free energies.**  A separation factor here is exp(−ΔΔE/RT) with a difference of
*energies* where thermodynamics wants one of *free energies*: entropy, vibrations, conformers, pH,
activities and everything that happens in a second phase are missing, and an error of 1.4 kcal/mol
is a factor of ten.  Use the factors to order ligands, never as those an extraction will have; the
front says which ligands are worth a closer look, not which separation works.

ΔΔE(A over B) of a ligand is its exchange energy with A less that with B, in eV: negative where it
prefers A, both starting from their aqua ions.  What the bare ions are off by cancels in it, and so
does most of a model's error, which is why intervals come from the joint law of both predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import pandas as pd

from rarebind.engines import LevelOfTheory
from rarebind.screening.estimates import ROOM_TEMPERATURE, Estimates, pair_rows, thermal_energy
from rarebind.screening.pareto import membership, pareto_front
from rarebind.uncertainty.ranking import probability_first

#: Separations that matter: magnets (Nd/Dy), the ends of the series (La/Lu), phosphors (Eu/Gd, also
#: neighbours), and two ions of one size (Y/Ho).
PAIRS_OF_NOTE = (("Nd", "Dy"), ("La", "Lu"), ("Eu", "Gd"), ("Y", "Ho"))
#: Methods whose course along the series is wrong in sign (docs/physics.md).
_NO_SIGN = frozenset({"GFN2-xTB", "GFN1-xTB"})


def gives_sign(level: LevelOfTheory) -> bool:
    """Whether which of two metals a ligand prefers can be read off energies at `level`.

    GFN-xTB binds light rare earths too tightly, and the more so the more anionic donors a ligand
    has: for EDTA, DTPA and NTA the measured sign is the other one.
    """
    return level.method not in _NO_SIGN


def pairs_of_note(metals: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Those of :data:`PAIRS_OF_NOTE` both of whose metals are among `metals`."""
    there = set(metals)
    return tuple(pair for pair in PAIRS_OF_NOTE if there.issuperset(pair))


def compare_pair(
    estimates: Estimates,
    metal: str,
    other: str,
    temperature: float = ROOM_TEMPERATURE,
    *,
    geometry: str | None = None,
) -> pd.DataFrame:
    """Ligands by their preference for `metal` over `other`, the strongest first.

    Energies, not free energies: see the head of this module.

    Parameters
    ----------
    temperature
        K, of the separation factors.
    geometry
        Only this one; default: each ligand competes in all its geometries.

    Returns
    -------
    pandas.DataFrame
        A row each ligand and geometry that was screened with both metals, sorted by ΔΔE, equals in
        the order of the estimates, those that are unknown (NaN) last:

        ``ligand``, ``geometry``
        ``strength``, ``strength_half_width``
            Exchange energy with `metal` and its interval, eV.
        ``difference``, ``half_width``
            ΔΔE and its interval, eV.
        ``log10_factor``, ``log10_low``, ``log10_high``
            Decimal logarithm of the separation factor exp(−ΔΔE/RT), and the ends of its interval.
        ``probability_best``
            That it prefers `metal` most among these.
        ``front``, ``probability_front``
            Whether nothing beats it in both strength and preference; the probability of that.
        ``flagged``
            Whether either complex lies outside of what the model can be trusted with.

        Intervals hold the truth with the probability ``estimates.level``; probabilities are those
        of the Gaussian that agrees with them.  There are none of computed energies alone, of which
        nothing is known: NaN.

    Raises
    ------
    InputError
        A metal was not screened, both are the same, there is no such geometry, or the temperature
        is not above 0 K.
    """
    decade = thermal_energy(temperature) * math.log(10)
    first, second = pair_rows(estimates, metal, other, geometry)
    strength = estimates.exchange[first]
    difference = strength - estimates.exchange[second]
    half_width = estimates.difference_half_widths(first, second)
    best = chance = np.full(len(first), math.nan)
    spread = estimates.calibrated_spread
    preference = estimates.calibrated_differences(first, second)
    if spread is not None and preference is not None and np.isfinite(half_width).any():
        best = probability_first(difference, preference)
        chance = membership(strength, difference, spread[first], preference)
    width = np.full(len(first), math.nan)
    if estimates.half_width is not None:
        width = np.where(estimates.unsure, estimates.half_width, math.nan)[first]
    found = estimates.names.loc[first, ["ligand", "geometry"]].assign(
        strength=strength,
        strength_half_width=width,
        difference=difference,
        half_width=half_width,
        log10_factor=-difference / decade,
        log10_low=-(difference + half_width) / decade,
        log10_high=-(difference - half_width) / decade,
        probability_best=best,
        front=pareto_front(strength, difference),
        probability_front=chance,
        flagged=estimates.flagged[first] | estimates.flagged[second],
    )
    return found.sort_values("difference", kind="stable", ignore_index=True)
