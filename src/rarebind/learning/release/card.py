"""What a trained model says of itself: what it predicts, what it learned from, how it was made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rarebind.errors import InputError
from rarebind.learning.data.targets import target_named

#: Å; no network sees farther.
_FARTHEST = 50.0
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Card:
    """Of a trained model or an ensemble of them.

    Attributes
    ----------
    name
        Of the model, as figures show it.
    target
        What it predicts; one of :data:`rarebind.learning.data.targets.TARGETS`.
    level
        Level of theory of what it learned, as printed.
    base
        For a target that is a difference: the level that was taken off.
    r_max
        Å; how far an atom sees.
    centres
        Å; only atoms at most this far from the metal have an energy; None: all.
    elements
        Geometries of the training part that contain an element, by symbol; 0 for an element that
        the network has a place for without having seen it.
    data_hash
        :func:`rarebind.learning.digest` of the samples.
    split_hash
        :attr:`rarebind.learning.Split.digest` of the split.
    seeds
        Of the members of the ensemble.
    configuration
        Of the training: plain data.
    metrics
        What training reported of the checkpoints that were chosen, by member.
    versions
        Of the packages by name.
    runs
        Names of the folders that the members were trained in.
    errors
        Of the model for complexes of ligands that it has not learned from, by part of the split
        (``test``, ``external``): ``mae_ev``, ``rmse_ev``, ``complexes``, ``ligands``.

    Raises
    ------
    InputError
        The target is unknown, a base is missing or too much, a hash is none, or a number is out of
        its range.
    """

    name: str
    target: str
    level: str
    base: str | None
    r_max: float
    centres: float | None
    elements: dict[str, int]
    data_hash: str
    split_hash: str
    seeds: tuple[int, ...]
    configuration: dict[str, Any]
    metrics: tuple[dict[str, float], ...]
    versions: dict[str, str]
    runs: tuple[str, ...]
    # Cards of schema 1 have none.
    errors: dict[str, dict[str, int | float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if target_named(self.target).delta != (self.base is not None):
            raise InputError(f"model {self.name}: {self.target} and base {self.base} do not match")
        if not self.name or not self.level:
            raise InputError("a model needs a name and a level of theory")
        for what in ("data_hash", "split_hash"):
            if not _SHA256.fullmatch(getattr(self, what)):
                raise InputError(f"model {self.name}: {what} is no SHA-256 in hexadecimal digits")
        self._check_radii()
        if not any(self.elements.values()) or min(self.elements.values()) < 0:
            raise InputError(f"model {self.name}: it must have seen elements, each 0 or more times")
        lengths = {len(self.seeds), len(self.metrics), len(self.runs)}
        if len(lengths) > 1 or not self.seeds:
            raise InputError(f"model {self.name}: each member has a seed, metrics and a run")

    def _check_radii(self) -> None:
        for what, radius in (("r_max", self.r_max), ("centres", self.centres)):
            if radius is not None and not 0 < radius <= _FARTHEST:
                raise InputError(
                    f"model {self.name}: {what} must be above 0 and at most {_FARTHEST:g} Å, got "
                    f"{radius}"
                )
