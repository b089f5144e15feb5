"""What the reference study reports, from ``data/study.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rarebind.errors import InputError
from rarebind.io.models import Section, validated
from rarebind.io.yaml import read_yaml
from rarebind.learning.data.targets import TARGETS, Target

#: Parts of a split that the study reports on.
PARTS = ("test", "external")
#: The study's strategies by its own names, in its order.
STRATEGIES: dict[str, Target] = {t.strategy: t for t in TARGETS.values() if t.strategy}


def _strategy(name: str) -> str:
    if name not in STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}: known are {', '.join(STRATEGIES)}")
    return name


class Source(Section):
    """The study.

    Attributes
    ----------
    citation, doi
    level
        Level of theory of its labels, in short.
    split
        Kind of its split.
    """

    citation: str
    doi: str
    level: str
    split: str


class Published(Section):
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
    """

    strategy: Annotated[str, AfterValidator(_strategy)]
    preset: str
    part: Literal["test", "external"]
    r2: Annotated[float, Field(ge=0, le=1)] | None = None
    mae: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class Study(Section):
    """The study and its results."""

    source: Source
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
    content, source = read_yaml("study.yaml", None, *Study.model_fields)
    return validated(content, Study, source)


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
    by_target = {target.name: target for target in STRATEGIES.values()}
    found = STRATEGIES.get(plain) or by_target.get(name)
    if found is None:
        known = ", ".join(
            f"{strategy.replace('Δ', 'delta')} ({target.name})"
            for strategy, target in STRATEGIES.items()
        )
        raise InputError(f"unknown strategy {name!r}: known are {known}")
    return found
