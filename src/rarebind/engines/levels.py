"""Levels of theory that have a name."""

from __future__ import annotations

from dataclasses import replace

from rarebind.engines.level import GFN2_WATER, LevelOfTheory
from rarebind.engines.registry import B3LYP_D4_WATER, ENGINES, PBE_D4_WATER, engine_spec
from rarebind.errors import InputError
from rarebind.io.files import bundled_path

#: Marks the metal basis sets whose effective core potential takes in the 4f shell.
_FROZEN_4F = "lcecp"

#: Levels by name, each with the engine that is its default.
LEVELS = {
    "gfn2-xtb": GFN2_WATER,
    # The same with parameters of the rare earths fitted to density functional theory.
    "gfn2-re": GFN2_WATER.with_parameters(bundled_path("gfn2-re.json")),
    "gfn1-xtb": replace(GFN2_WATER, method="GFN1-xTB"),
    "b3lyp-d4": B3LYP_D4_WATER,
    # The same with the 4f shell in the core of every lanthanide: closed-shell throughout.
    "b3lyp-d4-4f-in-core": replace(B3LYP_D4_WATER, basis="def2-SVPD+lcecp-1-TZVP"),
    # Forces for many geometries.
    "pbe-d4-4f-in-core": PBE_D4_WATER,
}
#: The name of that at which screens and curations compute where nothing is asked for.
DEFAULT_LEVEL = "gfn2-re"


def level_named(name: str, engine: str | None = None) -> LevelOfTheory:
    """The level called `name`, computed by `engine` where one is given.

    Parameters
    ----------
    name
        One of :data:`LEVELS`, or an engine for what it computes where nothing else is asked for:
        see :func:`level_of_engine`.
    engine
        Registered, or as there.

    Raises
    ------
    InputError
        No such level or engine; the message lists the known ones.
    """
    if name not in LEVELS:
        if name not in ENGINES and not set(":@") & set(name):
            raise InputError(f"unknown level {name!r}: known are {', '.join(LEVELS)}")
        level = level_of_engine(name)
    else:
        level = LEVELS[name]
    if engine is None:
        return level
    other = level_of_engine(engine)
    return replace(level, engine=other.engine, environment=other.environment)


def level_of_engine(name: str) -> LevelOfTheory:
    """What an engine computes where nothing else is asked for.

    Parameters
    ----------
    name
        Registered, or a factory of ASE calculators ``package.module:callable``, which is imported;
        an ASE calculator may have ``@ENVIRONMENT`` behind it, see :mod:`rarebind.engines.remote`.

    Raises
    ------
    InputError
        There is no such engine, module or environment.
    """
    default = ENGINES.spec(name).default_level
    if default == GFN2_WATER:
        default = LEVELS[DEFAULT_LEVEL]
    return replace(default, engine=name.partition("@")[0])


def has_frozen_4f(level: LevelOfTheory) -> bool:
    """Whether the 4f electrons belong to an effective core, so that every M3+ is closed-shell."""
    return _FROZEN_4F in level.basis or engine_spec(level).frozen_4f
