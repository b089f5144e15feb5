"""What the reference study reports, from ``data/study.yaml``."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from rarebind.errors import InputError
from rarebind.io.yaml import check_keys, read_yaml
from rarebind.learning.data.targets import TARGETS, Target

_FILE = "study.yaml"
#: Parts of a split that the study reports on.
PARTS = ("test", "external")
#: The study's strategies by its own names, in its order.
STRATEGIES: dict[str, Target] = {t.strategy: t for t in TARGETS.values() if t.strategy}


@dataclass(frozen=True)
class Published:
    """A line of the study's results.

    Attributes
    ----------
    strategy
        One of :data:`STRATEGIES`.
    preset
        Which of the presets is its network.
    part
        ``test`` or ``external``, which is HDEV.
    r2
        Squared correlation, None where it is not known.
    mae
        Mean absolute error, kcal/mol; None where it is not known.

    Raises
    ------
    InputError
        The strategy or part is none, or a number cannot be what it is.
    """

    strategy: str
    preset: str
    part: str
    r2: float | None = None
    mae: float | None = None

    def __post_init__(self) -> None:
        where = f"result of {self.preset}, strategy {self.strategy}"
        if self.strategy not in STRATEGIES or self.part not in PARTS:
            raise InputError(f"{where}: unknown strategy or part {self.part!r}")
        if self.r2 is not None and not 0 <= self.r2 <= 1:
            raise InputError(f"{where}: r2 must be 0 to 1, got {self.r2}")
        if self.mae is not None and not 0 < self.mae < math.inf:
            raise InputError(f"{where}: mae must be above 0, got {self.mae}")


@dataclass(frozen=True)
class Study:
    """The study and its results.

    Attributes
    ----------
    citation, doi
    level
        Level of theory of its labels, in short.
    split
        Kind of its split.
    results
    """

    citation: str
    doi: str
    level: str
    split: str
    results: tuple[Published, ...]

    def of(self, strategy: str, preset: str, part: str) -> Published | None:
        """What it reports of one network; None where that is nothing."""
        for found in self.results:
            if (found.strategy, found.preset, found.part) == (strategy, preset, part):
                return found
        return None


@cache
def study() -> Study:
    """The bundled study."""
    content, source = read_yaml(_FILE, None, "source", "results")
    about: dict[str, Any] = check_keys(
        content["source"], source, ("citation", "doi", "level", "split")
    )
    results = [
        Published(**check_keys(entry, source, ("strategy", "preset", "part"), ("r2", "mae")))
        for entry in content["results"]
    ]
    return Study(**about, results=tuple(results))


def strategy_named(name: str) -> Target:
    """What a strategy learns.

    Parameters
    ----------
    name
        As the study calls it, with ``Δ`` or ``delta``, or the target that it learns.

    Raises
    ------
    InputError
        No such strategy; the message lists the known ones.
    """
    plain = name.strip().lower().replace("delta-", "Δ-").replace("δ", "Δ")
    if plain in STRATEGIES:
        return STRATEGIES[plain]
    for target in STRATEGIES.values():
        if target.name == name:
            return target
    known = ", ".join(
        f"{strategy.replace('Δ', 'delta')} ({target.name})"
        for strategy, target in STRATEGIES.items()
    )
    raise InputError(f"unknown strategy {name!r}: known are {known}")
