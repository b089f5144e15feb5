"""The record of how strongly a ligand binds a metal."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.complexes import ComplexSpec
from rarebind.engines import LevelOfTheory
from rarebind.units import KCAL_PER_EV

#: Version of the serialised form.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class IonBinding:
    """Equation 1 of one complex at one level: all that is known where there is no aqua ion.

    Attributes
    ----------
    spec, level
    binding
        Equation 1, in eV.
    coordination_number
        Donor atoms found around the metal after relaxation.
    """

    spec: ComplexSpec
    level: LevelOfTheory
    binding: float
    coordination_number: int

    @property
    def binding_kcal(self) -> float:
        """Equation 1 in kcal/mol."""
        return self.binding * KCAL_PER_EV


@dataclass(frozen=True)
class BindingEnergy(IonBinding):
    """Both binding energies of one complex at one level, as every screen has them.

    Attributes
    ----------
    exchange
        Exchange with the aqua ion, in eV.
    aqua_waters
        Waters of the aqua ion that was the reference.
    """

    exchange: float
    aqua_waters: int

    @property
    def exchange_kcal(self) -> float:
        """Exchange energy in kcal/mol."""
        return self.exchange * KCAL_PER_EV
