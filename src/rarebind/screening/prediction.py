"""The record of how strongly a ligand binds a metal, as a model predicts it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.complexes import ComplexSpec
from rarebind.errors import InputError


@dataclass(frozen=True, eq=False)
class Prediction:
    """Binding energies of one complex, with what the model knows of their error.

    Attributes
    ----------
    spec
    level
        Of what the model learned from, as printed.
    binding, exchange
        Equation 1 and exchange with the aqua ion, in eV.  They differ by a constant of the metal,
        so that one error is that of both.  No equation 1 where the model has learned from a level
        without bare ions.
    aqua_waters
        Waters of the aqua ion that is the reference.
    coordination_number
        Donor atoms around La in the complex that was predicted from.
    half_width
        Of the interval around either energy, eV; None for a model that was not calibrated.
    spread
        Of the joint law of errors, shape (d,), eV; see :mod:`rarebind.uncertainty`.  None
        where there is no interval.
    flagged
        Whether the complex is unlike those that the model learned from.

    Raises
    ------
    InputError
        An energy is not finite, or there is an interval without a spread or the other way round.
    """

    spec: ComplexSpec
    level: str
    binding: float | None
    exchange: float
    aqua_waters: int
    coordination_number: int
    half_width: float | None = None
    spread: NDArray[np.float64] | None = None
    flagged: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.exchange) and math.isfinite(self.binding or 0.0)):
            raise InputError(f"{self.spec.name}: the model predicts no finite energy")
        if (self.half_width is None) != (self.spread is None):
            raise InputError(f"{self.spec.name}: an interval needs a spread, and the reverse")
