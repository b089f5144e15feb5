"""Energies and forces: every engine behind the same two verbs."""

from rarebind.engines.calculation import Calculation
from rarebind.engines.frames import Frame
from rarebind.engines.level import GFN2_WATER, LevelOfTheory
from rarebind.engines.minimise import Convergence
from rarebind.engines.registry import ENGINES
from rarebind.engines.verbs import relax, static

__all__ = [
    "ENGINES",
    "GFN2_WATER",
    "Calculation",
    "Convergence",
    "Frame",
    "LevelOfTheory",
    "relax",
    "static",
]
