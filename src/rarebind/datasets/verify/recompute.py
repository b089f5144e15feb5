"""Drawing some frames of a dataset, and computing them again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np

from rarebind.complexes import check_complex
from rarebind.datasets.record import Record
from rarebind.engines import ENGINES, Calculation, Frame, LevelOfTheory, engine_spec, static
from rarebind.errors import InputError, MissingDependencyError

#: What a second calculation may differ by, in eV and eV/Å, where the forces vanish: the
#: self-consistent field, converged to about 1e-6, starts elsewhere.  Rounding moves two bonded
#: atoms by up to 1.7e-5 Å against each other, which a triple bond (120 eV/Å²) answers with 2e-3.
ENERGY_TOLERANCE = 2e-5
FORCE_TOLERANCE = 3e-3
#: Largest error in Å of a stored coordinate; times the force, it is an error of the energy.
_ROUNDING = 5e-6
#: Atoms of the largest molecule whose density functional calculation is repeated unasked: a
#: trication or a water takes seconds to minutes, a complex takes hours.
LARGEST_DFT = 10


@dataclass(frozen=True)
class Tolerance:
    """What a second calculation may differ by where the forces vanish: eV, and eV/Å."""

    energy: float
    force: float


_XTB = Tolerance(ENERGY_TOLERANCE, FORCE_TOLERANCE)
#: Another machine's integrals, grids and number of threads come on top; 0.002 kcal/mol.
_DFT = Tolerance(1e-4, 5e-3)


def tolerance_of(level: LevelOfTheory) -> Tolerance:
    """What a second calculation at `level` may differ by."""
    return _XTB if engine_spec(level).quick else _DFT


@dataclass(frozen=True)
class Drawn:
    """A frame drawn: its record, where that stands, and which frame (0 is the end)."""

    record: Record
    where: str
    number: int

    @property
    def label(self) -> str:
        """For messages."""
        part = f"intermediate {self.number}" if self.number else "end"
        return f"{self.record.label}, {part}"

    @property
    def frame(self) -> Calculation | Frame:
        """Energy and forces as stored."""
        end = self.record.calculation
        return end.intermediates[self.number - 1] if self.number else end


class Sample:
    """Frames drawn evenly from those that pass by.

    Parameters
    ----------
    size
        How many.
    seed
        Decides which.
    keys
        Only frames of these records; None for all that are cheap enough: of GFN-xTB every one, of
        other methods those of at most :data:`LARGEST_DFT` atoms.
    """

    def __init__(self, size: int, seed: int, keys: AbstractSet[str] | None = None) -> None:
        self.size = size
        self.drawn: list[Drawn] = []
        #: Frames left out by level.
        self.too_large: Counter[str] = Counter()
        self._keys = keys
        self._random = np.random.default_rng(seed)
        self._seen = 0

    def offer(self, record: Record, where: str) -> None:
        """Keep each frame so far with equal probability (reservoir sampling)."""
        frames = 1 + len(record.calculation.intermediates)
        structure, level = record.calculation.structure, record.calculation.level
        assert structure is not None
        if self._keys is not None:
            if record.key not in self._keys:
                return
        elif not engine_spec(level).quick and len(structure) > LARGEST_DFT:
            self.too_large[str(level)] += frames
            return
        for number in range(frames):
            self._seen += 1
            # A new frame takes the place of one drawn before, ever more seldom.
            full = self._seen > self.size
            place = int(self._random.integers(self._seen)) if full else self._seen - 1
            if place < self.size:
                self.drawn[place : place + 1] = [Drawn(record, where, number)]


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
class Outcome:
    """What computing a frame again gave: a result, and a problem or why there is no result."""

    result: Recomputed | None = None
    problem: str = ""
    skipped: str = ""


def recompute(drawn: Drawn) -> Outcome:
    """Compute a frame again with the engine of its level."""
    calculation = drawn.record.calculation
    level, structure, stored = calculation.level, calculation.structure, drawn.frame
    assert structure is not None
    if level.engine not in ENGINES:
        return Outcome(skipped=f"no engine {level.engine!r} ({level.model_chemistry})")
    if isinstance(stored, Frame):
        structure = structure.with_positions(stored.positions)
    try:
        again = static(structure, level)
    except (InputError, MissingDependencyError) as error:
        return Outcome(skipped=str(error))
    start = f"{drawn.where}: {drawn.label}"
    if again.energy is None or again.forces is None or stored.energy is None:
        return Outcome(problem=f"{start}: computing again: {again.reason}")
    force = math.nan
    if stored.forces is not None:
        force = float(np.abs(again.forces - stored.forces).max())
    result = Recomputed(drawn.label, again.energy - stored.energy, force)
    tolerance = tolerance_of(level)
    bound = tolerance.energy + _ROUNDING * float(np.abs(again.forces).sum())
    if abs(result.energy_difference_ev) <= bound and not force > tolerance.force:
        return Outcome(result)
    return Outcome(
        result,
        f"{start}: {again.engine_version} gives an energy that differs by "
        f"{result.energy_difference_ev:.2e} eV and forces that differ by up to {force:.2e} eV/Å "
        f"from those stored, of {calculation.engine_version}",
    )


def identity_problems(drawn: Drawn) -> list[str] | None:
    """What the ligands and waters of an accepted complex no longer are; None for other records."""
    record = drawn.record
    if record.kind != "complex" or not record.calculation.ok or record.spec is None:
        return None
    report = check_complex(record.calculation, record.spec)
    return [f"{drawn.where}: {record.label}: {reason}" for reason in report.reasons]
