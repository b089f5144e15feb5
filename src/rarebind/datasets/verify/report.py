"""What verification found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: Told what is being done, how much of it is done, and how much there is.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Recomputed:
    """A frame whose energy and forces were computed again.

    Attributes
    ----------
    label
        Record, and which of its frames.
    energy_difference_ev
        New energy less the stored one.
    force_difference
        Largest difference of a force component in eV/Å; NaN where none are stored.
    """

    label: str
    energy_difference_ev: float
    force_difference: float


@dataclass(frozen=True)
class VerifyReport:
    """The outcome of :func:`verify`.

    Attributes
    ----------
    problems
        What is wrong, each with the file it is in; empty when the dataset is sound.
    not_checked
        What could not be checked, and why: no evidence either way.
    recomputed
        Frames computed again.
    shards, records, frames
        How many were read.
    labels
        Binding energies that were derived again from the references.
    identities
        Complexes whose ligands and waters were identified again.
    """

    problems: tuple[str, ...]
    not_checked: tuple[str, ...]
    recomputed: tuple[Recomputed, ...]
    shards: int
    records: int
    frames: int
    labels: int
    identities: int

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong; see also `not_checked`."""
        return not self.problems
