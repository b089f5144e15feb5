"""Thermodynamic cycles: equation 1, aqua-ion exchange, selectivity."""

from rarebind.binding.cycles import binding_energy, exchange_energy, selectivity, stablest_aqua
from rarebind.binding.labels import References, label_complex
from rarebind.binding.record import BindingEnergy

__all__ = [
    "BindingEnergy",
    "References",
    "binding_energy",
    "exchange_energy",
    "label_complex",
    "selectivity",
    "stablest_aqua",
]
