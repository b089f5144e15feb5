"""Energies of many complexes, with what is known of their errors: what comparisons start from.

These are energies, **not free energies**: entropy, vibrations, solvation of counter-ions, pH and
activity are not in them.  Whatever is derived from them as if they were free energies (separation
factors, speciation) orders ligands and metals; it does not foretell what a flask will show.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from rarebind.complexes import read_geometry
from rarebind.errors import InputError

#: Temperature in K unless asked otherwise.
ROOM_TEMPERATURE = 298.15

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Predicted or computed energies of complexes, one row each; each complex is there once.

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
        :mod:`rarebind.uncertainty`).  A computed energy among predicted ones has a row of zeros.
        None where all are computed.
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
        There is not one of each a complex.
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
        for what in ("exchange", "binding", "spread", "half_width", "flagged"):
            if getattr(self, what) is not None:
                kind = bool if what == "flagged" else float
                array = np.array(getattr(self, what), dtype=kind)
                array.flags.writeable = False
                object.__setattr__(self, what, array)
        for field in fields(self)[:8]:
            values = getattr(self, field.name)
            if values is not None and len(values) != len(self):
                raise InputError(f"{len(self)} complexes have {len(values)} of {field.name}")

    def __len__(self) -> int:
        return len(self.ligands)

    @cached_property
    def names(self) -> pd.DataFrame:
        """Ligand, metal and geometry of each row."""
        columns = {"ligand": self.ligands, "metal": self.metals, "geometry": self.geometries}
        return pd.DataFrame(columns, dtype=object)

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

    def difference_half_widths(self, first: ArrayLike, second: ArrayLike) -> _Floats:
        """Half widths of the intervals of differences of energies, (m,) eV.

        That is q |s_i − s_j| each, with the `difference_multiplier` q; NaN where one of the
        energies is unknown, or neither has a known error.

        Parameters
        ----------
        first, second
            Numbers of rows, (m,) each.
        """
        one, other = np.asarray(first, dtype=np.intp), np.asarray(second, dtype=np.intp)
        if self.spread is None:
            return np.full(len(one), math.nan)
        sigmas = np.linalg.norm(self.spread[one] - self.spread[other], axis=1)
        stated = self.known[one] & self.known[other] & (self.unsure[one] | self.unsure[other])
        return np.where(stated, self.difference_multiplier * sigmas, math.nan)

    @cached_property
    def rows_of(self) -> Mapping[tuple[str, str], tuple[int, ...]]:
        """Numbers of the rows of each ligand with each metal, by (ligand, metal)."""
        groups = self.names.groupby(["ligand", "metal"], sort=False).indices
        return {names: tuple(rows.tolist()) for names, rows in groups.items()}

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
    recipe = read_geometry(geometry)
    if not (recipe.short and recipe.number and recipe.waters is not None):
        raise InputError(
            f"unknown geometry {geometry!r}: give ligands:waters with one ligand or more, such as "
            "4:0 or 1:6"
        )
    return recipe.number, recipe.waters


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
    names = estimates.names.reset_index(names="row")
    if geometry is not None:
        names = names[names["geometry"] == geometry]
    one, two = (names[names["metal"] == name] for name in (metal, other))
    both = one.merge(two, on=["ligand", "geometry"])
    return both["row_x"].to_numpy(np.intp), both["row_y"].to_numpy(np.intp)


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
