"""Thermodynamic cycles: equation 1, aqua-ion exchange, selectivity."""

from rarebind.binding.cycles import binding_energy, exchange_energy, selectivity, stablest_aqua
from rarebind.binding.labels import References, best_label, ion_binding, label_complex
from rarebind.binding.record import BindingEnergy, IonBinding

__all__ = [
    "BindingEnergy",
    "IonBinding",
    "References",
    "best_label",
    "binding_energy",
    "exchange_energy",
    "ion_binding",
    "label_complex",
    "selectivity",
    "stablest_aqua",
]
