"""A calculation that may have to be run, described completely by data.

A task names a step (a function in :mod:`rarebind.campaigns.steps`), its arguments and the tasks
whose results it needs.  Its key is a hash of all that, so the key is known before anything is
computed, and a finished result is found again whatever process asks for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rarebind.engines.level import PARAMETERS_FILE


@dataclass(frozen=True, eq=False)
class Task:
    """One step of a campaign.

    Attributes
    ----------
    step
        Name of the step function.
    arguments
        JSON-serialisable arguments that decide the result.
    versions
        Versions of the programs and data that decide the result.
    parents
        Tasks whose calculations the step takes as input, in order.
    optional
        So many parents, the last ones, may end without a usable result; the step sees to that.
    label
        For people; not part of the key.
    """

    step: str
    arguments: dict[str, Any]
    versions: tuple[str, ...] = ()
    parents: tuple[Task, ...] = ()
    optional: int = 0
    label: str = ""

    @property
    def required(self) -> tuple[Task, ...]:
        """The parents that must have a usable result."""
        return self.parents[: len(self.parents) - self.optional]

    @cached_property
    def description(self) -> str:
        """Canonical JSON of everything that decides the result."""
        return json.dumps(
            {
                "step": self.step,
                "arguments": _deciding(self.arguments),
                "versions": sorted(self.versions),
                "parents": [parent.key for parent in self.parents],
            },
            sort_keys=True,
            allow_nan=False,
        )

    @cached_property
    def key(self) -> str:
        """SHA-256 of the description, in hexadecimal."""
        return hashlib.sha256(self.description.encode()).hexdigest()


def _deciding(arguments: dict[str, Any]) -> dict[str, Any]:
    """Without where on this machine something lies that is told by its hash."""
    level = arguments.get("level")
    if not level or PARAMETERS_FILE not in level:
        return arguments
    return arguments | {"level": {k: v for k, v in level.items() if k != PARAMETERS_FILE}}


def with_ancestors(tasks: Iterable[Task]) -> list[Task]:
    """`tasks` and all they depend on, parents first, each key once."""

    def visit(task: Task) -> Iterator[Task]:
        if task.key not in seen:
            seen.add(task.key)
            for parent in task.parents:
                yield from visit(parent)
            yield task

    seen: set[str] = set()
    return [found for task in tasks for found in visit(task)]
