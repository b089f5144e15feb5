"""Single points at another level: the tasks of a label campaign."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np

from rarebind.campaigns.steps import STEP_VERSIONS
from rarebind.campaigns.task import Task
from rarebind.elements import rare_earth
from rarebind.engines import LevelOfTheory, engine_spec
from rarebind.engines.verbs import engine_for, potential_for, static
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.structures import Structure

#: Seconds; a complex of eighty atoms takes a core most of a day with a hybrid functional.
LABEL_TIME_LIMIT = 86400.0
#: Major versions of ORCA whose input and output are known; the last is the default.
ORCA_VERSIONS = (5, 6)
#: A metal and a water molecule, Å.
_HYDRATED = np.array([[0, 0, 0], [2.4, 0, 0], [3.0, 0.76, 0], [3.0, -0.76, 0]])


def single_point_task(
    structure: Structure, level: LevelOfTheory, label: str, engine_version: str | None = None
) -> Task:
    """Energy and forces of `structure` at `level`.

    Parameters
    ----------
    label
        For people.
    engine_version
        What :func:`version_for_keys` says, for those who make many tasks; by default asked here.
    """
    return Task(
        step="single_point",
        arguments={"structure": to_data(structure), "level": level.to_task()},
        versions=(
            engine_version or version_for_keys(level),
            f"single_point {STEP_VERSIONS['single_point']}",
        ),
        label=label,
    )


def version_for_keys(level: LevelOfTheory, orca: int = ORCA_VERSIONS[-1]) -> str:
    """What the keys of tasks at `level` say of the engine's version.

    ORCA need not be here for its inputs to be written, so it counts as the major version stated,
    whether it runs here or elsewhere; its records carry the full one.

    Raises
    ------
    InputError
        `orca` is no version that is known.
    MissingDependencyError
        Another engine is not installed.
    """
    if level.engine != "orca":
        return engine_for(level).version
    if orca not in ORCA_VERSIONS:
        known = ", ".join(map(str, ORCA_VERSIONS))
        raise InputError(f"unknown ORCA version {orca}: known are {known}")
    return f"orca {orca}"


def check_engine(structure: Structure, level: LevelOfTheory, stated_version: str) -> None:
    """Find out, before many workers do, whether the engine of `level` can serve here.

    Raises
    ------
    InputError
        The engine cannot do the level, or the ORCA found is not of the version stated.
    MissingDependencyError
        The engine is not installed.
    """
    engine = engine_for(level)
    if level.engine == "orca":
        check_version(engine.version, stated_version)
    potential_for(structure, level)


def check_engine_serves(level: LevelOfTheory, metals: Iterable[str]) -> None:
    """Find out on hydrated ions, before a campaign is spent on it, whether the engine can serve.

    A program that only tells when it runs is tried on water.

    Raises
    ------
    InputError
        It cannot.
    MissingDependencyError
        The engine is not installed.
    """
    stated = version_for_keys(level)
    for metal in metals:
        ion = Structure((metal, "O", "H", "H"), _HYDRATED, 3, rare_earth(metal).multiplicity)
        check_engine(ion, level, stated)
    if engine_spec(level).quick and engine_spec(level).programs:
        tried = static(Structure(("O", "H", "H"), _HYDRATED[1:], 0), level)
        if not tried.ok:
            raise InputError(f"{level.engine} cannot compute water at {level}: {tried.reason}")


def check_version(found: str, stated: str) -> None:
    """Refuse an ORCA of another major version than the keys of its tasks state.

    Raises
    ------
    InputError
        It is one.
    """
    if not re.match(rf"{re.escape(stated)}(\.|$)", found):
        raise InputError(f"found {found}, not {stated}: give its version with --orca-version")
