"""A screen: every ligand with every metal in every geometry, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Protocol
from rarebind.campaigns.run import Ended, Listener
from rarebind.complexes import (
    ComplexSpec,
)
from rarebind.engines import Calculation
from rarebind.errors import InputError
from rarebind.ligands import Ligand, Rejected
from rarebind.screening.options import MODEL, Pair

if TYPE_CHECKING:
    from rarebind.experiment import Calibration
    from rarebind.screening.constants import Constant


@dataclass(frozen=True, eq=False)
class Prediction:
    """Binding energies of one complex, with what the model knows of their error.

    Attributes
    ----------
    spec
    level
        Of what the model learned from, as printed.
    binding, exchange
        Equation 1 and exchange with the aqua ion, in eV.  They differ by a constant of the metal,
        so that one error is that of both.  No equation 1 where the model has learned from a level
        without bare ions.
    aqua_waters
        Waters of the aqua ion that is the reference.
    coordination_number
        Donor atoms around La in the complex that was predicted from.
    half_width
        Of the interval around either energy, eV; None for a model that was not calibrated.
    spread
        Of the joint law of errors, shape (d,), eV; see :mod:`rarebind.uncertainty`.  None
        where there is no interval.
    flagged
        Whether the complex is unlike those that the model learned from.

    Raises
    ------
    InputError
        An energy is not finite, or there is an interval without a spread or the other way round.
    """

    spec: ComplexSpec
    level: str
    binding: float | None
    exchange: float
    aqua_waters: int
    coordination_number: int
    half_width: float | None = None
    spread: NDArray[np.float64] | None = None
    flagged: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.exchange) and math.isfinite(self.binding or 0.0)):
            raise InputError(f"{self.spec.name}: the model predicts no finite energy")
        if (self.half_width is None) != (self.spread is None):
            raise InputError(f"{self.spec.name}: an interval needs a spread, and the reverse")


@dataclass(frozen=True)
class Entry:
    """One ligand with one metal in one geometry.

    Attributes
    ----------
    spec
    binding
        Computed or predicted; None when a calculation failed or the complex was rejected.
    calculation
        The relaxed complex, also when it was rejected; for a prediction, the complex of La that it
        was made from.
    reason
        Why there is no binding energy, or without which failed reference it is; else empty.
    asked
        The geometry as asked for, where that leaves the number of waters open; else empty.
    strain
        Of the ligand in eV, of several the largest; None where the complex is not computed.
    """

    spec: ComplexSpec
    binding: BindingEnergy | Prediction | None
    calculation: Calculation
    reason: str = ""
    asked: str = ""
    strain: float | None = None

    @property
    def geometry(self) -> str:
        """What tables call its geometry: as asked for, or ligands and waters."""
        return self.asked or self.spec.geometry

    @property
    def exchange(self) -> float | None:
        """Exchange energy in eV, which every binding energy of a screen has."""
        return None if self.binding is None else self.binding.exchange

    @property
    def ligand(self) -> Ligand:
        """The ligand screened."""
        assert self.spec.ligand is not None
        return self.spec.ligand


@dataclass(frozen=True)
class Interval:
    """What the intervals of a screen mean.

    Attributes
    ----------
    level
        Share of them that hold the computed energy.
    difference_multiplier
        Half the width of the interval of a ΔΔE, in its standard deviations.
    """

    level: float
    difference_multiplier: float


@dataclass(frozen=True, eq=False)
class Screen:
    """The answer of a screen: entries ligand by ligand, geometry by geometry, metal by metal.

    A screen is known by being the same object: comparing thousands of entries takes longer than
    most work on them.

    Attributes
    ----------
    entries
    metals, geometries
        In the order asked for.
    protocol
        Of the calculations.
    model
        Plain data about the model that predicted: name, card, hash.  None where all is computed.
    interval
        None where nothing is predicted, or by a model that was not calibrated.
    rejected
        What was asked for and not screened: ligands that are none, and those that a geometry does
        not fit.
    pairs
        Metals that someone wants to separate, beside the usual ones.
    note
        Why the series is not predicted, or no number of waters chosen, although nobody said so;
        else empty.
    water_release
        Free energy of a water set free, eV, where numbers of waters were chosen with it: exchange
        energies count it for every site given up (:mod:`rarebind.binding.hydration`).
    asked
        What makes the same screen again, as plain data: ligands and options.
    constants
        One an entry, where stability constants were asked for; else none.
    calibration
        That gave calibrated ones.
    """

    entries: tuple[Entry, ...]
    metals: tuple[str, ...]
    geometries: tuple[str, ...]
    protocol: Protocol
    model: dict[str, Any] | None = field(default=None, compare=False)
    interval: Interval | None = None
    rejected: tuple[Rejected, ...] = ()
    pairs: tuple[Pair, ...] = ()
    note: str = ""
    water_release: float | None = None
    asked: Mapping[str, Any] = field(default_factory=dict, compare=False)
    constants: tuple[Constant, ...] = ()
    calibration: Calibration | None = field(default=None, compare=False)

    @classmethod
    def of(
        cls,
        entries: Sequence[Entry],
        protocol: Protocol,
        model: dict[str, Any] | None = None,
        interval: Interval | None = None,
    ) -> Self:
        """Metals and geometries in the order of their first entries."""
        metals = tuple(dict.fromkeys(entry.spec.metal for entry in entries))
        geometries = tuple(dict.fromkeys(entry.geometry for entry in entries))
        return cls(tuple(entries), metals, geometries, protocol, model, interval)

    @property
    def failures(self) -> tuple[Entry, ...]:
        """Entries without a binding energy."""
        return tuple(entry for entry in self.entries if entry.binding is None)

    @property
    def engine(self) -> str:
        """What gave the energies: ``model``, or the engine's name."""
        return MODEL if self.model is not None else self.protocol.level.engine


@dataclass(frozen=True)
class Watch:
    """Who is told how far a screen is.

    Attributes
    ----------
    on_total
        Told at the start how many calculations there are.
    on_done
        Told of every calculation that ends.
    on_stage
        Told what begins.
    """

    on_total: Callable[[int], None] = lambda _: None
    on_done: Listener = lambda _: None
    on_stage: Callable[[str], None] = lambda _: None

    def after(self, told: AbstractSet[str], planned: Iterable[str]) -> Watch:
        """Who is told of what is planned when some tasks have ended already.

        Parameters
        ----------
        told
            Keys of these tasks.
        planned
            Keys of all that is planned, these or others.
        """
        beside = len(told - set(planned))

        def done(ended: Ended) -> None:
            if ended.task.key not in told:
                self.on_done(ended)

        return replace(self, on_total=lambda total: self.on_total(total + beside), on_done=done)


class Counting:
    """Counts what has ended, so that the totals of later stages add to it.

    Parameters
    ----------
    watch
        Who is told.

    Attributes
    ----------
    watch
        To be told in its place.
    """

    def __init__(self, watch: Watch) -> None:
        self._told, self._ended = watch.on_done, 0
        self.watch = replace(watch, on_done=self._done)

    def further(self) -> Watch:
        """Who is told of a stage that counts for itself."""
        before, on_total = self._ended, self.watch.on_total
        return replace(self.watch, on_total=lambda total: on_total(before + total))

    def _done(self, ended: Ended) -> None:
        self._ended += 1
        self._told(ended)
