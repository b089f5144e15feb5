"""Whether intervals and flags hold for ligands that took no part in their calibration.

Half of the held-out ligands calibrate, the others test, then the other way round.  A ligand is in
the same half in all folds.  Each fold's network then plays the part of the model: its standard
deviations are those that :func:`~rarebind.learning.uncertainty.calibrate` would give it, with the
regularisation and the α of all folds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rarebind.learning.uncertainty.calibration import (
    Errors,
    Pooled,
    difference_errors,
    energy_errors,
    pool,
)
from rarebind.learning.uncertainty.conformal import Conformal, Coverage, coverage
from rarebind.learning.uncertainty.folds import Fold, folds_of, held_out_ligands


@dataclass(frozen=True)
class Check:
    """How often intervals hold for ligands that took no part in their calibration.

    Attributes
    ----------
    level
        What they promise.
    energies
        By family of metals; "" is all.
    differences
        ΔΔE, all.
    """

    level: float
    energies: Mapping[str, Coverage]
    differences: Coverage


def check_coverage(folds: Sequence[Fold], *, seed: int = 0) -> list[Check]:
    """Calibrate on half of the held-out ligands and test on the others, then the other way round.

    Parameters
    ----------
    folds
        As for :func:`~rarebind.learning.uncertainty.calibrate`.
    seed
        Divides the ligands.

    Returns
    -------
    list
        One of each level that half of the ligands allow.

    Raises
    ------
    InputError
        As :func:`~rarebind.learning.uncertainty.calibrate` raises it, for half of the ligands.
    """
    tested = [(pooled, *_errors(pooled, others)) for pooled, others in _halves(folds, seed)]
    levels = set.intersection(*(set(pooled.energies.levels) for pooled, *_ in tested))
    return [_check(tested, level) for level in sorted(levels)]


@dataclass(frozen=True)
class FlagCheck:
    """Whether the flag of a model is raised where its errors are larger.

    Attributes
    ----------
    flagged, others
        Complexes with and without it.
    flagged_error, others_error
        Their mean absolute errors, eV; NaN where there are none.
    """

    flagged: int
    others: int
    flagged_error: float
    others_error: float

    def data(self) -> dict[str, Any]:
        """Plain data for JSON; no error where there are no complexes."""
        return {
            name: None if isinstance(value, float) and np.isnan(value) else value
            for name, value in vars(self).items()
        }


def check_flag(folds: Sequence[Fold], *, seed: int = 0) -> FlagCheck:
    """Fit the domain with half of the held-out ligands and flag the others, then vice versa.

    Parameters, errors: see :func:`check_coverage`.
    """
    tested = [(pooled, fold) for pooled, others in _halves(folds, seed) for fold in others]
    flags = np.concatenate(
        [pooled.applicability(f.features).flagged(f.held_out.features) for pooled, f in tested]
    )
    errors = np.abs(np.concatenate([fold.held_out.residuals for _, fold in tested]))
    with_it, without = errors[flags], errors[~flags]
    return FlagCheck(
        len(with_it),
        len(without),
        float(with_it.mean()) if len(with_it) else float("nan"),
        float(without.mean()) if len(without) else float("nan"),
    )


def _halves(folds: Sequence[Fold], seed: int) -> list[tuple[Pooled, list[Fold]]]:
    """What one half of the ligands says, and the folds with the other half."""
    names = held_out_ligands(folds)
    order = np.random.default_rng(seed).permutation(len(names))
    halves = [sorted(names[i] for i in order[part::2]) for part in (0, 1)]
    return [
        (pool(folds_of(folds, ours)), folds_of(folds, theirs))
        for ours, theirs in (halves, halves[::-1])
    ]


def _errors(pooled: Pooled, folds: Sequence[Fold]) -> tuple[Errors, Errors]:
    """Of energies and of ΔΔE."""
    rigidities = [pooled.rigidity(fold.features) for fold in folds]
    held_out = [fold.held_out for fold in folds]
    return energy_errors(rigidities, held_out), difference_errors(rigidities, held_out)


def _check(tested: Sequence[tuple[Pooled, Errors, Errors]], level: float) -> Check:
    energies: dict[str, list[Coverage]] = {}
    differences = []
    for pooled, of_energies, of_differences in tested:
        for group, found in _covered(of_energies, pooled.energies, level).items():
            energies.setdefault(group, []).append(found)
        differences.append(_covered(of_differences, pooled.differences, level)[""])
    joined = {group: _joined(found) for group, found in energies.items()}
    return Check(level, joined, _joined(differences))


def _covered(errors: Errors, conformal: Conformal, level: float) -> dict[str, Coverage]:
    return coverage(
        errors.residuals, errors.widths, errors.families, conformal, level, blocks=errors.ligands
    )


def _joined(found: Sequence[Coverage]) -> Coverage:
    """Of all, each ligand counting the same."""
    blocks = sum(part.blocks for part in found)
    share = sum(part.fraction * part.blocks for part in found) / blocks
    return replace(found[0], fraction=share, n=sum(part.n for part in found), blocks=blocks)
