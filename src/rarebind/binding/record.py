"""The record of how strongly a ligand binds a metal."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.complexes import ComplexSpec
from rarebind.engines import LevelOfTheory
from rarebind.units import KCAL_PER_EV

#: Version of the serialised form.
SCHEMA_VERSION = 1


@dataclass(frozen=True)
class BindingEnergy:
    """Binding energies of one complex at one level.

    Attributes
    ----------
    spec, level
    binding
        Equation 1, in eV.
    exchange
        Exchange with the aqua ion, in eV.
    aqua_waters
        Waters of the aqua ion that was the reference.
    coordination_number
        Donor atoms found around the metal after relaxation.
    """

    spec: ComplexSpec
    level: LevelOfTheory
    binding: float
    exchange: float
    aqua_waters: int
    coordination_number: int

    @property
    def binding_kcal(self) -> float:
        """Equation 1 in kcal/mol."""
        return self.binding * KCAL_PER_EV

    @property
    def exchange_kcal(self) -> float:
        """Exchange energy in kcal/mol."""
        return self.exchange * KCAL_PER_EV
