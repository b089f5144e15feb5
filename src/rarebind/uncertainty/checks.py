"""Whether intervals and flags hold for ligands that took no part in their calibration.

Four fifths of the held-out ligands calibrate and the last tests, fifth by fifth, so that what is
tested knows nearly as many ligands as the model will.  A ligand is in the same fifth in all folds.
Each fold's network then plays the part of the model: its standard deviations are those that
:func:`~rarebind.uncertainty.calibrate` would give it, with the regularisation and the α of all
folds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rarebind.uncertainty.arrays import Floats
from rarebind.uncertainty.calibration import (
    Pooled,
    Uncertainty,
    arguments,
    check_pairs,
    difference_errors,
    energy_errors,
    pool,
)
from rarebind.uncertainty.conformal import Coverage, coverage
from rarebind.uncertainty.folds import Fold, HeldOut, folds_of, held_out_ligands
from rarebind.uncertainty.rigidity import Rigidity

#: Parts that the ligands are divided into.
_PARTS = 5


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


@dataclass(frozen=True)
class FlagCheck:
    """Whether the flag of a model is raised where its errors are larger.

    Attributes
    ----------
    flagged, others
        Complexes with and without it.
    flagged_error, others_error
        Their mean absolute errors, eV; None where there are no complexes.
    """

    flagged: int
    others: int
    flagged_error: float | None
    others_error: float | None


def check_coverage(folds: Sequence[Fold], *, seed: int = 0) -> list[Check]:
    """Calibrate on four fifths of the held-out ligands and test on the last, fifth by fifth.

    Parameters
    ----------
    folds
        As for :func:`~rarebind.uncertainty.calibrate`.
    seed
        Divides the ligands.

    Returns
    -------
    list
        One of each level that four fifths of the ligands allow.

    Raises
    ------
    InputError
        As :func:`~rarebind.uncertainty.calibrate` raises it, for four fifths of the ligands.
    """
    tested = [
        _tested(
            pooled,
            [pooled.rigidity(fold.features) for fold in others],
            [fold.held_out for fold in others],
        )
        for pooled, others in _parted(folds, seed)
    ]
    levels = set.intersection(*(set(pooled.energies.levels) for pooled, *_ in tested))
    return [_check(tested, level) for level in sorted(levels)]


def check_flag(folds: Sequence[Fold], *, seed: int = 0) -> FlagCheck:
    """Fit the domain with four fifths of the held-out ligands and flag the last, fifth by fifth.

    Parameters, errors: see :func:`check_coverage`.
    """
    flags, residuals = [], []
    for pooled, others in _parted(folds, seed):
        for fold in others:
            held, domains = fold.held_out, pooled.domains(fold.features, fold.metals)
            flags.append(domains.flagged(held.features, held.metals))
            residuals.append(held.residuals)
    return _flag_check(np.concatenate(flags), np.concatenate(residuals))


def check_external(uncertainty: Uncertainty, held_out: HeldOut) -> tuple[list[Check], FlagCheck]:
    """Whether intervals and flag of a finished model hold for ligands of another kind.

    Nothing is calibrated here: `held_out` are predictions of that model itself, such as those of a
    scaffold that neither its training nor its calibration has seen.  Intervals promise nothing of
    these.

    Raises
    ------
    InputError
        No ligand has two metals in one geometry, or the features have other numbers of columns.
    """
    tested = _tested(uncertainty, [uncertainty.rigidity], [held_out])
    check_pairs(tested[-1])
    checks = [_check([tested], level) for level in uncertainty.energies.levels]
    flags = uncertainty.applicability.flagged(held_out.features, held_out.metals)
    return checks, _flag_check(flags, held_out.residuals)


def _parted(folds: Sequence[Fold], seed: int) -> list[tuple[Pooled, list[Fold]]]:
    """What all parts of the ligands but one say, and the folds with that one."""
    names = held_out_ligands(folds)
    order = np.random.default_rng(seed).permutation(len(names))
    number = min(_PARTS, len(names))
    parts = [[names[i] for i in order[part::number]] for part in range(number)]
    return [
        (pool(folds_of(folds, sorted(set(names) - set(part)))), folds_of(folds, sorted(part)))
        for part in parts
    ]


_Tested = tuple[Pooled | Uncertainty, pd.DataFrame, pd.DataFrame]


def _tested(
    found: Pooled | Uncertainty, rigidities: Sequence[Rigidity], held_out: Sequence[HeldOut]
) -> _Tested:
    """What is promised, and the errors of energies and of ΔΔE that it is promised of."""
    errors = energy_errors(rigidities, held_out), difference_errors(rigidities, held_out)
    return found, *errors


def _check(tested: Sequence[_Tested], level: float) -> Check:
    energies: dict[str, list[Coverage]] = {}
    differences = []
    for found, of_energies, of_differences in tested:
        covered = coverage(**arguments(of_energies), conformal=found.energies, level=level)
        for group, share in covered.items():
            energies.setdefault(group, []).append(share)
        if len(of_differences):
            covered = coverage(
                **arguments(of_differences), conformal=found.differences, level=level
            )
            differences.append(covered[""])
    joined = {group: _joined(found) for group, found in energies.items()}
    return Check(level, joined, _joined(differences))


def _joined(found: Sequence[Coverage]) -> Coverage:
    """Of all, each ligand counting the same."""
    blocks = sum(part.blocks for part in found)
    share = sum(part.fraction * part.blocks for part in found) / blocks
    return replace(found[0], fraction=share, n=sum(part.n for part in found), blocks=blocks)


def _flag_check(flags: NDArray[np.bool_], residuals: Floats) -> FlagCheck:
    with_it, without = np.abs(residuals[flags]), np.abs(residuals[~flags])
    return FlagCheck(
        len(with_it),
        len(without),
        float(with_it.mean()) if len(with_it) else None,
        float(without.mean()) if len(without) else None,
    )
