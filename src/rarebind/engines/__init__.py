"""Energies and forces: every engine behind the same two verbs."""

from rarebind.engines.calculation import Calculation
from rarebind.engines.frames import Frame
from rarebind.engines.level import GFN2_WATER, LevelOfTheory
from rarebind.engines.levels import (
    DEFAULT_LEVEL,
    LEVELS,
    has_frozen_4f,
    level_named,
    level_of_engine,
)
from rarebind.engines.minimise import Convergence
from rarebind.engines.registry import ENGINES, EngineSpec, ase_engine, engine_spec
from rarebind.engines.scf_report import SCFReport
from rarebind.engines.verbs import relax, static

__all__ = [
    "DEFAULT_LEVEL",
    "ENGINES",
    "GFN2_WATER",
    "LEVELS",
    "Calculation",
    "Convergence",
    "EngineSpec",
    "Frame",
    "LevelOfTheory",
    "SCFReport",
    "ase_engine",
    "engine_spec",
    "has_frozen_4f",
    "level_named",
    "level_of_engine",
    "relax",
    "static",
]
