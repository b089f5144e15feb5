"""Thermodynamic cycles: species, reactions, references; equation 1 and aqua-ion exchange."""

from rarebind.binding.cycles import (
    WATER,
    Reaction,
    Species,
    aqua_exchange,
    difference,
    formation,
    reaction_energy,
)
from rarebind.binding.hydration import (
    ReleaseFit,
    fit_release,
    for_sites,
    in_shell,
    release_of,
    to_try,
)
from rarebind.binding.labels import BindingEnergy, failures, label_complex, label_if_possible
from rarebind.binding.references import AQUA_WATERS, choices, lowest, missing, references_of

__all__ = [
    "AQUA_WATERS",
    "WATER",
    "BindingEnergy",
    "Reaction",
    "ReleaseFit",
    "Species",
    "aqua_exchange",
    "choices",
    "difference",
    "failures",
    "fit_release",
    "for_sites",
    "formation",
    "in_shell",
    "label_complex",
    "label_if_possible",
    "lowest",
    "missing",
    "reaction_energy",
    "references_of",
    "release_of",
    "to_try",
]
