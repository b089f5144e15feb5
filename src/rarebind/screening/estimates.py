"""Energies of many complexes, with what is known of their errors: what comparisons start from.

These are energies, **not free energies**: entropy, vibrations, solvation of counter-ions, pH and
activity are not in them.  Whatever is derived from them as if they were free energies (separation
factors, speciation) orders ligands and metals; it does not foretell what a flask will show.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.elements import rare_earth
from rarebind.errors import InputError

#: Temperature in K unless asked otherwise.
ROOM_TEMPERATURE = 298.15
#: Faults of one kind that a message names.
_NAMED = 3

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Predicted or computed energies of complexes, one row each.

    Arrays are copied and cannot be written to.

    Attributes
    ----------
    ligands, metals, geometries
        Of each row: name, symbol, ligands to waters such as ``1:6``.
    exchange
        Energy of replacing water on the aqua ion, (n,) eV; NaN where it is unknown.
    binding
        Equation 1, (n,) eV; NaN where it is unknown.
    spread
        Joint law of the errors, (n, d) eV: Σ c_i E_i has the standard deviation |Σ c_i s_i| (see
        :mod:`rarebind.uncertainty`).  Only rows without an exchange energy may have NaN.
        A computed energy among predicted ones has a row of zeros.  None where all are computed.
    half_width
        Of the interval around either energy, (n,) eV; NaN where it is unknown.  None where all are
        computed.
    flagged
        Whether a row lies outside of what the model can be trusted with, (n,).
    level
        Share of the intervals that hold the truth.
    difference_multiplier
        Half width of the interval of a difference of two energies as a multiple of its standard
        deviation; 0 without `spread`.

    Raises
    ------
    InputError
        Numbers of rows differ, a metal is no rare earth, a geometry is none, a complex is there
        twice, an energy is infinite, a spread has no half width, or a number is out of its range.
    """

    ligands: tuple[str, ...]
    metals: tuple[str, ...]
    geometries: tuple[str, ...]
    exchange: _Floats
    binding: _Floats
    spread: _Floats | None
    half_width: _Floats | None
    flagged: NDArray[np.bool_]
    level: float = 0.9
    difference_multiplier: float = 0.0

    def __post_init__(self) -> None:
        for what in ("ligands", "metals", "geometries"):
            object.__setattr__(self, what, tuple(getattr(self, what)))
        for what in ("exchange", "binding", "spread", "half_width"):
            if getattr(self, what) is not None:
                object.__setattr__(self, what, _frozen(getattr(self, what), what))
        flagged = np.array(self.flagged, dtype=bool)
        flagged.flags.writeable = False
        object.__setattr__(self, "flagged", flagged)
        if problems := self._shape_problems() or [*self._name_problems(), *self._problems()]:
            raise InputError(problems)

    def __len__(self) -> int:
        return len(self.ligands)

    def _shape_problems(self) -> list[str]:
        n, spread = len(self.ligands), self.spread
        lengths = {
            "metals": (len(self.metals),),
            "geometries": (len(self.geometries),),
            "exchange": self.exchange.shape,
            "binding": self.binding.shape,
            "flagged": self.flagged.shape,
        }
        if self.half_width is not None:
            lengths["half_width"] = self.half_width.shape
        problems = [
            f"estimates of {n} complexes have {what} of shape {shape}: give one each"
            for what, shape in lengths.items()
            if shape != (n,)
        ]
        if spread is not None and (spread.ndim, *spread.shape[:1]) != (2, n):
            problems.append(
                f"estimates of {n} complexes have a spread of shape {spread.shape}: give ({n}, d)"
            )
        return problems

    def _name_problems(self) -> list[str]:
        problems: list[str] = []
        for metal in dict.fromkeys(self.metals):
            try:
                rare_earth(metal)
            except InputError as error:
                problems += error.problems
        for geometry in dict.fromkeys(self.geometries):
            try:
                ligands_and_waters(geometry)
            except InputError as error:
                problems += error.problems
        times = Counter(zip(self.ligands, self.metals, self.geometries, strict=True))
        if twice := [" ".join(name) for name, count in times.items() if count > 1]:
            problems.append(
                f"{len(twice)} complexes are there more than once, such as "
                f"{', '.join(twice[:_NAMED])}: keep one conformer of each"
            )
        return problems

    def _problems(self) -> list[str]:
        problems = [
            f"{what} has infinite energies: use NaN for what is unknown"
            for what in ("exchange", "binding")
            if np.isinf(getattr(self, what)).any()
        ]
        if self.spread is not None and not np.isfinite(self.spread[self.known]).all():
            problems.append("the spread of a known energy is not finite")
        if self.spread is not None and (
            self.half_width is None or np.isnan(self.half_width[self.known]).any()
        ):
            problems.append("a known energy has a spread and no half width")
        if self.half_width is not None:
            widths = self.half_width[~np.isnan(self.half_width)]
            if not (np.isfinite(widths) & (widths >= 0)).all():
                problems.append("half widths of intervals must be finite and 0 or more")
        if not 0 < self.level < 1:
            problems.append(f"the level of intervals must be between 0 and 1, got {self.level}")
        multiplier = self.difference_multiplier
        if not (math.isfinite(multiplier) and multiplier >= 0):
            problems.append(f"difference_multiplier must be 0 or more, got {multiplier}")
        elif (multiplier > 0) != (self.spread is not None):
            # 0 would promise that differences are exact.
            problems.append(
                f"difference_multiplier {multiplier} and {'a' if multiplier == 0 else 'no'} spread "
                "do not go together"
            )
        return problems

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows that have an exchange energy, (n,)."""
        return ~np.isnan(self.exchange)

    @cached_property
    def unsure(self) -> NDArray[np.bool_]:
        """Known rows with an error that is known too, (n,): those predicted with an interval.

        A computed energy has no error of a model.  It is not certain for that: nothing is known of
        how reliably its lowest minimum is found, so that comparisons of computed energies alone
        have neither intervals nor probabilities.
        """
        if self.spread is None:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(self.known & np.any(self.spread != 0, axis=1), dtype=bool)

    @cached_property
    def calibrated_spread(self) -> _Floats | None:
        """`spread` of such length that a Gaussian agrees with the intervals, (n, d) eV.

        Intervals are |s_i| times a multiplier that was calibrated on errors, which need not be that
        of a Gaussian.  Each row becomes s_i h_i / (z |s_i|), with the half width h_i and
        z = Φ⁻¹((1 + level)/2): the central interval of `level` of the Gaussian with this spread is
        the interval that is stated.  Directions, and with them correlations, stay.  Rows of zeros
        stay zero; None without a spread.
        """
        if self.spread is None or self.half_width is None:
            return None
        sigmas = np.linalg.norm(self.spread, axis=1)
        scales = np.divide(
            self.half_width, self._quantile * sigmas, out=np.zeros_like(sigmas), where=self.unsure
        )
        return np.where(self.known[:, None], self.spread * scales[:, None], math.nan)

    def calibrated_differences(self, first: ArrayLike, second: ArrayLike) -> _Floats | None:
        """Spread of differences of energies that agrees with their intervals, (m, d) eV.

        That is (s_i − s_j) q/z, with the `difference_multiplier` q and z as for
        :attr:`calibrated_spread`; None without a spread.

        Parameters
        ----------
        first, second
            Numbers of rows, (m,) each.
        """
        if self.spread is None:
            return None
        one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
        scale = self.difference_multiplier / self._quantile
        return np.asarray((self.spread[one] - self.spread[other]) * scale)

    def difference_half_widths(self, first: ArrayLike, second: ArrayLike) -> list[float | None]:
        """Half widths of the intervals of differences of energies, eV.

        Parameters
        ----------
        first, second
            Numbers of rows, (m,) each.

        Returns
        -------
        list
            q |s_i − s_j| each, with the `difference_multiplier` q; None where one of the energies
            is unknown, or neither has a known error.
        """
        one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
        if self.spread is None:
            return [None] * len(one)
        sigmas = np.linalg.norm(self.spread[one] - self.spread[other], axis=1)
        stated = self.known[one] & self.known[other] & (self.unsure[one] | self.unsure[other])
        widths = (self.difference_multiplier * sigmas).tolist()
        return [width if there else None for width, there in zip(widths, stated, strict=True)]

    @cached_property
    def rows_of(self) -> Mapping[tuple[str, str], tuple[int, ...]]:
        """Numbers of the rows of each ligand with each metal, by (ligand, metal)."""
        found: dict[tuple[str, str], list[int]] = {}
        for number, names in enumerate(zip(self.ligands, self.metals, strict=True)):
            found.setdefault(names, []).append(number)
        return {names: tuple(numbers) for names, numbers in found.items()}

    @property
    def _quantile(self) -> float:
        """Half the width of a Gaussian's central interval of `level`, in standard deviations."""
        return NormalDist().inv_cdf((1 + self.level) / 2)


def ligands_and_waters(geometry: str) -> tuple[int, int]:
    """How many ligands and waters a geometry has, such as (1, 6) for ``1:6``.

    Raises
    ------
    InputError
        The text is no geometry with at least one ligand.
    """
    match = re.fullmatch(r"([1-9]\d?):(0|[1-9]\d?)", geometry)
    if match is None:
        raise InputError(
            f"unknown geometry {geometry!r}: give ligands:waters with one ligand or more, such as "
            "4:0 or 1:6"
        )
    return int(match[1]), int(match[2])


def pair_rows(
    estimates: Estimates, metal: str, other: str, geometry: str | None = None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows of the same ligand and geometry with two metals.

    A ligand that has no row for one of the metals was not screened for the pair and is left out.

    Parameters
    ----------
    geometry
        Only this one.

    Returns
    -------
    rows, rows of the other
        Indices, (m,) each, in the order of `metal`.

    Raises
    ------
    InputError
        A metal is not among the estimates, both are the same, or there is no such geometry.
    """
    problems = [
        f"no estimates of {wanted}: {_there_are(estimates.metals, 'metals')}"
        for wanted in dict.fromkeys((metal, other))
        if wanted not in estimates.metals
    ]
    if metal == other:
        problems.append(f"a pair needs two different metals, got {metal} twice")
    if geometry is not None and geometry not in estimates.geometries:
        known = _there_are(estimates.geometries, "geometries")
        problems.append(f"no estimates of geometry {geometry!r}: {known}")
    if problems:
        raise InputError(problems)
    names = list(zip(estimates.ligands, estimates.geometries, strict=True))
    against = {names[i]: i for i, symbol in enumerate(estimates.metals) if symbol == other}
    rows = [
        i
        for i, symbol in enumerate(estimates.metals)
        if symbol == metal and names[i] in against and geometry in (None, names[i][1])
    ]
    return (
        np.array(rows, dtype=np.intp),
        np.array([against[names[i]] for i in rows], dtype=np.intp),
    )


def _there_are(names: Sequence[str], what: str) -> str:
    if not names:
        return "nothing was screened"
    return f"the {what} screened are {', '.join(dict.fromkeys(names))}"


def thermal_energy(temperature: float) -> float:
    """Boltzmann's constant times temperature, eV.

    Parameters
    ----------
    temperature
        K.

    Raises
    ------
    InputError
        The temperature is not above 0 K.
    """
    from scipy import constants

    if not (math.isfinite(temperature) and temperature > 0):
        raise InputError(f"the temperature must be above 0 K, got {temperature}")
    return float(constants.k / constants.e * temperature)


def _frozen(values: object, what: str) -> _Floats:
    try:
        array = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} of estimates must be numbers: {error}") from error
    array.flags.writeable = False
    return array
