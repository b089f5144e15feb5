"""Which of two metals a ligand prefers, and which ligand tells them apart best.

**Energies, not free energies.**  A separation factor here is exp(−ΔΔE/RT) with a difference of
*energies* where thermodynamics wants one of *free energies*: entropy, vibrations, conformers, pH,
activities and everything that happens in a second phase are missing, and an error of 1.4 kcal/mol
is a factor of ten.  Use the factors to order ligands, never as those an extraction will have.

ΔΔE(A over B) of a ligand is its exchange energy with A less that with B, in eV: negative where it
prefers A, both starting from their aqua ions.  What the bare ions are off by cancels in it, and so
does most of a model's error, which is why intervals come from the joint law of both predictions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rarebind.errors import InputError
from rarebind.screening.estimates import (
    ROOM_TEMPERATURE,
    Estimates,
    pair_rows,
    thermal_energy,
)
from rarebind.uncertainty.ranking import DRAWS, SEED, probability_first
from rarebind.units import KCAL_PER_EV

#: Separations that matter: magnets (Nd/Dy), the ends of the series (La/Lu), phosphors (Eu/Gd, also
#: neighbours), and two ions of one size (Y/Ho).
PAIRS_OF_NOTE = (("Nd", "Dy"), ("La", "Lu"), ("Eu", "Gd"), ("Y", "Ho"))


@dataclass(frozen=True)
class Selectivity:
    """Preference of one ligand for one metal over another: of energies, not of free energies.

    Attributes
    ----------
    ligand, geometry
    metal, other
        Negative differences mean that `metal` is preferred.
    difference
        ΔΔE, eV; NaN where one of the energies is unknown.
    half_width
        Of its interval, eV; None where there is none, as between computed energies.
    temperature
        Of the separation factor, K.
    flagged
        Whether either complex lies outside of what the model can be trusted with.
    probability_best
        Probability of being the ligand and geometry that prefers `metal` most among those compared;
        None where nothing is known of the errors, as between computed energies, or nothing was
        compared.

    Raises
    ------
    InputError
        The difference is infinite, or a number is out of its range.
    """

    ligand: str
    geometry: str
    metal: str
    other: str
    difference: float
    half_width: float | None
    temperature: float = ROOM_TEMPERATURE
    flagged: bool = False
    probability_best: float | None = None

    def __post_init__(self) -> None:
        name = f"{self.ligand} {self.geometry}, {self.metal} over {self.other}"
        if math.isinf(self.difference):
            raise InputError(f"{name}: the difference is infinite")
        if self.half_width is not None and not 0 <= self.half_width < math.inf:
            raise InputError(f"{name}: half_width must be 0 or more, got {self.half_width}")
        if self.probability_best is not None and not 0 <= self.probability_best <= 1:
            raise InputError(f"{name}: {self.probability_best} is no probability")
        thermal_energy(self.temperature)

    @property
    def log10_factor(self) -> float:
        """Decimal logarithm of the separation factor exp(−ΔΔE/RT); positive prefers `metal`."""
        return self._log10(self.difference)

    @property
    def log10_bounds(self) -> tuple[float, float] | None:
        """Low and high end of :attr:`log10_factor`; None where there is no interval."""
        if self.half_width is None:
            return None
        return (
            self._log10(self.difference + self.half_width),
            self._log10(self.difference - self.half_width),
        )

    @property
    def factor(self) -> float:
        """Separation factor as if ΔΔE were a free energy; infinity where it is above 1e308."""
        return _power_of_ten(self.log10_factor)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Low and high end of :attr:`factor`; None where there is no interval."""
        ends = self.log10_bounds
        return None if ends is None else (_power_of_ten(ends[0]), _power_of_ten(ends[1]))

    def data(self, factor: float = KCAL_PER_EV) -> dict[str, object]:
        """Plain data for JSON, None where a number is unknown.

        Parameters
        ----------
        factor
            From eV to the unit of the energies.
        """
        known = not math.isnan(self.difference)
        return {
            "ligand": self.ligand,
            "geometry": self.geometry,
            "difference": self.difference * factor if known else None,
            "half_width": None if self.half_width is None else self.half_width * factor,
            "log10_factor": self.log10_factor if known else None,
            "log10_bounds": None if self.log10_bounds is None else list(self.log10_bounds),
            "probability_best": self.probability_best,
            "flagged": self.flagged,
        }

    def _log10(self, difference: float) -> float:
        return -difference / (thermal_energy(self.temperature) * math.log(10))


def pairs_of_note(metals: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Those of :data:`PAIRS_OF_NOTE` both of whose metals are among `metals`."""
    there = set(metals)
    return tuple(pair for pair in PAIRS_OF_NOTE if there.issuperset(pair))


def selectivities(
    estimates: Estimates,
    pairs: Sequence[tuple[str, str]] | None = None,
    temperature: float = ROOM_TEMPERATURE,
    *,
    geometry: str | None = None,
) -> tuple[Selectivity, ...]:
    """ΔΔE of every ligand and geometry that was screened with both metals of a pair.

    Energies, not free energies: see the head of this module.

    Parameters
    ----------
    pairs
        (A, B) for A over B; default: :func:`pairs_of_note` of the metals screened, maybe none.
    temperature
        K.
    geometry
        Only this one.

    Returns
    -------
    tuple
        Pair by pair, in the order of the estimates.  Where an energy is unknown the difference is
        NaN.  Intervals hold the truth with the probability ``estimates.level``; there are none
        without a spread, as those of two energies do not tell how much of their errors cancels,
        and none between two computed energies.

    Raises
    ------
    InputError
        A metal of a pair was not screened, both are the same, there is no such geometry, or the
        temperature is not above 0 K.
    """
    thermal_energy(temperature)
    found: list[Selectivity] = []
    problems: list[str] = []
    for metal, other in pairs_of_note(estimates.metals) if pairs is None else pairs:
        try:
            found += _of_pair(estimates, metal, other, temperature, geometry)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(dict.fromkeys(problems))
    return tuple(found)


def best_for_pair(
    estimates: Estimates,
    metal: str,
    other: str,
    temperature: float = ROOM_TEMPERATURE,
    *,
    geometry: str | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
) -> tuple[Selectivity, ...]:
    """Ligands by their preference for `metal` over `other`, the strongest first.

    Energies, not free energies: see the head of this module.

    Parameters
    ----------
    temperature
        K.
    geometry
        Only this one; default: each ligand competes in all its geometries.
    draws, seed
        Of the samples that the probability of being best is counted in.

    Returns
    -------
    tuple
        Sorted by ΔΔE, equals in the order of the estimates; those that are unknown last, with
        probability 0.  Probabilities are those of the Gaussian that agrees with the intervals
        (:meth:`Estimates.calibrated_differences`).  They add up to 1, and are None where no
        difference has an interval.

    Raises
    ------
    InputError
        As :func:`selectivities` raises it, or `draws` is below 1.
    """
    rows = selectivities(estimates, [(metal, other)], temperature, geometry=geometry)
    if draws < 1:
        raise InputError(f"draws must be 1 or more, got {draws}")
    spread = estimates.calibrated_differences(*pair_rows(estimates, metal, other, geometry))
    if spread is not None and any(row.half_width is not None for row in rows):
        preferences = np.array([row.difference for row in rows], dtype=float)
        chances = probability_first(preferences, spread, draws=draws, seed=seed)
        rows = tuple(
            replace(row, probability_best=float(chance))
            for row, chance in zip(rows, chances, strict=True)
        )
    return tuple(sorted(rows, key=_by_preference))


def _of_pair(
    estimates: Estimates, metal: str, other: str, temperature: float, geometry: str | None
) -> list[Selectivity]:
    first, second = pair_rows(estimates, metal, other, geometry)
    preferences = estimates.exchange[first] - estimates.exchange[second]
    half_widths = estimates.difference_half_widths(first, second)
    return [
        Selectivity(
            ligand=estimates.ligands[i],
            geometry=estimates.geometries[i],
            metal=metal,
            other=other,
            difference=float(preference),
            half_width=half_width,
            temperature=temperature,
            flagged=bool(estimates.flagged[i] or estimates.flagged[j]),
        )
        for i, j, preference, half_width in zip(
            first, second, preferences, half_widths, strict=True
        )
    ]


def _by_preference(row: Selectivity) -> float:
    return math.inf if math.isnan(row.difference) else row.difference


def _power_of_ten(exponent: float) -> float:
    try:
        return float(10.0**exponent)
    except OverflowError:
        return math.inf
