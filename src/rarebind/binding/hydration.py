"""How many waters complete a shell: energies, and one constant a level.

A water that is set free gains entropy that no electronic energy has.  The gain is taken to be the
same for every water of every complex: one constant c a level, with which a complex of n waters is
compared with others of the same ligands by

    G(n) = E(n) − n [E(H2O) − c].

It is fitted, once a level, to the one thing that is measured of all lanthanides: their aqua ions
have nine waters up to Sm and eight from Tb on (I. Persson, Inorganics 2022, 10, 205).  It takes in
what else is the same for every water, errors of the level among them, and so belongs to its level
alone.

The exchange energy counts c for sites, not for waters: an aqua ion of m waters that becomes a
complex of N donor atoms gives up m − N sites, and

    E_ex − c (m − N)

is as without a choice where m = N, and has no step where one more water leaves the complex or the
aqua ion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rarebind.elements import rare_earth, rare_earths
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.files import bundled_rows
from rarebind.units import KCAL_PER_EV

#: Between which lanthanides aqua ions change from nine waters to eight.
LAST_OF_NINE, FIRST_OF_EIGHT = "Sm", "Tb"
#: eV: energies of minima are right to about this, so constants in a narrower range are not told
#: apart from none (0.1 kcal/mol).
RESOLUTION = 0.1 / KCAL_PER_EV
#: Waters of the aqua ions that the constant is fitted to.
EIGHT, NINE = 8, 9


def release_of(level: LevelOfTheory) -> float:
    """The free energy of a water set free that belongs to a level, in eV.

    Raises
    ------
    InputError
        None is known.
    """
    for row in bundled_rows("water_release.csv"):
        if row["level"] == level.model_chemistry:
            return float(row["kcal_mol"]) / KCAL_PER_EV
    raise InputError(
        f"no free energy of a water set free is known at {level}: fit it with `rarebind hydration` "
        "and give it as water_release (--water-release), or fix the waters, as 1:6 or by a "
        "coordination number (--cn 8)"
    )


def in_shell(energy: float, waters: int, water: float, release: float) -> float:
    """G(n) of the module's head, in the unit given.

    Parameters
    ----------
    energy
        Of the complex with `waters` waters.
    water
        Of a free water.
    release
        The constant of the level.
    """
    return energy - waters * (water - release)


def for_sites(exchange: float, aqua_waters: int, donors: int, release: float) -> float:
    """An exchange energy with the constant counted for every site given up, in the unit given.

    Parameters
    ----------
    exchange
        With an aqua ion of `aqua_waters` waters.
    donors
        Donor atoms of the complex.
    release
        The constant of the level.
    """
    return exchange - release * (aqua_waters - donors)


def to_try(known: Mapping[int, float], numbers: range, first: int) -> tuple[int, ...]:
    """Coordination numbers still to be tried to find the lowest; none where that is found.

    Two neighbours first, then on beyond the lower of them; the minimum is taken to be the only one.

    Parameters
    ----------
    known
        G of those tried, infinite where there is no such complex.
    numbers
        Those that there may be.
    first
        With which to begin.
    """
    if not known:
        return tuple(n for n in (first, first + 1) if n in numbers)
    lowest = min(known.values())
    best = [n for n, energy in known.items() if energy == lowest]
    beside = {n + step for n in best for step in (-1, 1)}
    return tuple(sorted(n for n in beside if n in numbers and n not in known))


@dataclass(frozen=True)
class ReleaseFit:
    """The constant of a level, and what it was fitted to.

    Attributes
    ----------
    ninth
        Energy of [M(H2O)8]3+ + H2O → [M(H2O)9]3+ in eV, by metal.
    lowest, highest
        Between which the constant has to lie, in eV; there is none unless this is a range.
    release
        The constant in eV, its middle; None where there is none.
    reason
        Why there is none; else empty.
    """

    ninth: Mapping[str, float]
    lowest: float
    highest: float
    release: float | None
    reason: str = ""

    def waters(self, metal: str) -> int | None:
        """Waters of the aqua ion of a metal with this constant; None without one."""
        if self.release is None:
            return None
        return NINE if self.ninth[metal] + self.release < 0 else EIGHT


def fit_release(ninth: Mapping[str, float]) -> ReleaseFit:
    """Find the constant with which aqua ions change as measured.

    Parameters
    ----------
    ninth
        As :attr:`ReleaseFit.ninth`; of all lanthanides, others are not fitted to.

    Raises
    ------
    InputError
        A lanthanide up to Sm or from Tb on is missing, or an energy is not finite.
    """
    nine, eight = _measured()
    if lacking := [m for m in (*nine, *eight) if not math.isfinite(ninth.get(m, math.nan))]:
        raise InputError(
            f"no energy of the ninth water of {', '.join(lacking)}: it is needed of all "
            f"lanthanides up to {LAST_OF_NINE} and from {FIRST_OF_EIGHT} on"
        )
    weakest = max(nine, key=ninth.__getitem__)
    strongest = min(eight, key=ninth.__getitem__)
    lowest, highest = -ninth[strongest], -ninth[weakest]
    if highest - lowest >= RESOLUTION:
        return ReleaseFit(ninth, lowest, highest, (lowest + highest) / 2)
    values = [ninth[metal] for metal in (*nine, *eight)]
    worth = {m: f"{-ninth[m] * KCAL_PER_EV:.1f}" for m in (weakest, strongest)}
    if max(values) - min(values) < 2 * RESOLUTION:
        reason = "the series is too flat: all lanthanides hold a ninth water alike"
    elif highest > lowest:
        reason = (
            f"the series is too flat between {LAST_OF_NINE} and {FIRST_OF_EIGHT}: a ninth water is "
            f"worth {worth[weakest]} kcal/mol on {weakest}, {worth[strongest]} on {strongest}"
        )
    else:
        reason = (
            f"the series does not fall as measured: a ninth water is worth {worth[weakest]} "
            f"kcal/mol on {weakest}, which has nine, but {worth[strongest]} on {strongest}, which "
            "has eight"
        )
    return ReleaseFit(ninth, lowest, highest, None, reason)


def _measured() -> tuple[list[str], list[str]]:
    """Lanthanides with nine waters, and with eight; those between are not fitted to."""
    numbers = {m: ion.atomic_number for m, ion in rare_earths().items()}
    first, last, later = (rare_earth(m).atomic_number for m in ("La", LAST_OF_NINE, FIRST_OF_EIGHT))
    nine = [m for m, z in numbers.items() if first <= z <= last]
    return nine, [m for m, z in numbers.items() if z >= later]
