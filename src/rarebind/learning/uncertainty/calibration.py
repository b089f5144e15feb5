"""How sure one model is: fitted to what it learned from, calibrated on what it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.learning.uncertainty.applicability import Applicability, fit_applicability
from rarebind.learning.uncertainty.arrays import Floats, matrix, vector
from rarebind.learning.uncertainty.conformal import (
    LEVELS,
    Conformal,
    Coverage,
    coverage,
    fewest,
    fit_conformal,
)
from rarebind.learning.uncertainty.families import family
from rarebind.learning.uncertainty.rigidity import (
    Rigidity,
    choose_regularisation,
    fit_rigidity,
    sigmas,
)

#: Fewest ligands of a family of metals with multipliers of its own: those of a level of 0.9.
_LEAST = fewest(0.9)


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of complexes that a model has not learned from.

    Attributes
    ----------
    residuals
        Predicted less computed, eV, shape (n,).
    features
        Latent, shape (n, d).
    metals, ligands, geometries
        Of each.

    Raises
    ------
    InputError
        The lengths differ, or a number is not finite.
    """

    residuals: Floats
    features: Floats
    metals: tuple[str, ...]
    ligands: tuple[str, ...]
    geometries: tuple[str, ...]

    def __post_init__(self) -> None:
        residuals = vector(self.residuals, "residuals", least=1)
        object.__setattr__(self, "residuals", residuals)
        object.__setattr__(self, "features", matrix(self.features, "features"))
        for what in ("features", "metals", "ligands", "geometries"):
            if len(getattr(self, what)) != len(residuals):
                raise InputError(
                    f"{len(residuals)} residuals, but {len(getattr(self, what))} {what}"
                )
        for what in ("metals", "ligands", "geometries"):
            object.__setattr__(self, what, tuple(getattr(self, what)))

    @property
    def families(self) -> list[str]:
        """Of the metals."""
        return [family(metal) for metal in self.metals]

    def of(self, ligands: Sequence[str]) -> HeldOut:
        """Those of some ligands."""
        wanted = set(ligands)
        kept = [i for i, ligand in enumerate(self.ligands) if ligand in wanted]
        return HeldOut(
            self.residuals[kept],
            self.features[kept],
            tuple(self.metals[i] for i in kept),
            tuple(self.ligands[i] for i in kept),
            tuple(self.geometries[i] for i in kept),
        )

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of every two metals with one ligand in one geometry."""
        places: dict[tuple[str, str], list[int]] = {}
        for row, place in enumerate(zip(self.ligands, self.geometries, strict=True)):
            places.setdefault(place, []).append(row)
        found = [pair for rows in places.values() for pair in combinations(rows, 2)]
        first, second = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return first, second


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """What a model knows of its own errors.

    Attributes
    ----------
    rigidity
        Joint spread of predictions.
    energies
        Intervals of energies, by family of metals.
    differences
        Intervals of ΔΔE between metals with one ligand in one geometry.
    applicability
        Domain of the model.
    """

    rigidity: Rigidity
    energies: Conformal
    differences: Conformal
    applicability: Applicability

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays for a file."""
        parts = {
            "rigidity": self.rigidity.arrays(),
            "applicability": self.applicability.arrays(),
        }
        return {f"{part}.{n}": array for part, found in parts.items() for n, array in found.items()}

    def data(self) -> dict[str, Any]:
        """Plain data for JSON: all that is not in :meth:`arrays`."""
        return {"energies": self.energies.data(), "differences": self.differences.data()}

    @classmethod
    def of(cls, arrays: Mapping[str, Any], data: Mapping[str, Any]) -> Uncertainty:
        """The inverse of :meth:`arrays` and :meth:`data`.

        Raises
        ------
        InputError
            A part is missing, unknown or of the wrong kind.
        """
        parts: dict[str, dict[str, Any]] = {"rigidity": {}, "applicability": {}}
        for name, array in arrays.items():
            part, _, entry = name.partition(".")
            if part not in parts:
                raise InputError(f"an uncertainty has no part {name!r}")
            parts[part][entry] = array
        if set(data) != {"energies", "differences"}:
            raise InputError("an uncertainty has intervals of energies and of differences")
        return cls(
            Rigidity.of(parts["rigidity"]),
            Conformal.of(data["energies"]),
            Conformal.of(data["differences"]),
            Applicability.of(parts["applicability"]),
        )


def calibrate(features: ArrayLike, held_out: HeldOut) -> Uncertainty:
    """Fit the uncertainty of a model.

    Parameters
    ----------
    features
        Latent features of what the model learned from, shape (n, d).
    held_out
        What it did not, of other ligands.

    Returns
    -------
    Uncertainty
        Its intervals have those of :data:`~rarebind.learning.uncertainty.LEVELS` that the number of
        held-out ligands allows.

    Raises
    ------
    InputError
        Too few ligands are held out, no ligand has two metals, or the features are unusable.
    """
    number = len(set(held_out.ligands))
    levels = [level for level in LEVELS if fewest(level) <= number] or [LEVELS[0]]
    known = matrix(features, "features", least=1)
    ligands = held_out.ligands
    regularisation = choose_regularisation(
        known, held_out.features, held_out.residuals, blocks=ligands
    )
    rigidity = fit_rigidity(known, regularisation).calibrated(
        held_out.residuals, held_out.features, ligands
    )
    energies = fit_conformal(
        held_out.residuals,
        sigmas(rigidity.spread(held_out.features)),
        held_out.families,
        levels,
        least=_LEAST,
        blocks=ligands,
    )
    errors, widths, blocks = _differences(rigidity, held_out)
    differences = fit_conformal(errors, widths, levels=levels, blocks=blocks)
    applicability = fit_applicability(known, held_out.features)
    return Uncertainty(rigidity, energies, differences, applicability)


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


def check_coverage(features: ArrayLike, held_out: HeldOut, *, seed: int = 0) -> list[Check]:
    """Calibrate on half of the held-out ligands and test on the others, then the other way round.

    Parameters
    ----------
    features, held_out
        As for :func:`calibrate`.
    seed
        Divides the ligands.

    Returns
    -------
    list
        One of each level that half of the ligands allow.

    Raises
    ------
    InputError
        As :func:`calibrate` raises it, for half of the ligands.
    """
    tested = _tested(features, held_out, seed)
    levels = set.intersection(*(set(fitted.energies.levels) for fitted, _ in tested))
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


def check_flag(features: ArrayLike, held_out: HeldOut, *, seed: int = 0) -> FlagCheck:
    """Fit the domain with half of the held-out ligands and flag the others, then vice versa.

    Parameters, errors: see :func:`check_coverage`.
    """
    tested = _tested(features, held_out, seed)
    flags = np.concatenate([fit.applicability.flagged(other.features) for fit, other in tested])
    errors = np.abs(np.concatenate([other.residuals for _, other in tested]))
    with_it, without = errors[flags], errors[~flags]
    return FlagCheck(
        len(with_it),
        len(without),
        float(with_it.mean()) if len(with_it) else float("nan"),
        float(without.mean()) if len(without) else float("nan"),
    )


def _tested(features: ArrayLike, held_out: HeldOut, seed: int) -> list[tuple[Uncertainty, HeldOut]]:
    """Calibrated on one half of the ligands, and the other half."""
    names = sorted(set(held_out.ligands))
    order = np.random.default_rng(seed).permutation(len(names))
    halves = [sorted(names[i] for i in order[part::2]) for part in (0, 1)]
    return [
        (calibrate(features, held_out.of(ours)), held_out.of(theirs))
        for ours, theirs in (halves, halves[::-1])
    ]


def _check(tested: Sequence[tuple[Uncertainty, HeldOut]], level: float) -> Check:
    energies: dict[str, list[Coverage]] = {}
    differences = []
    for fitted, other in tested:
        widths = sigmas(fitted.rigidity.spread(other.features))
        found = coverage(
            other.residuals, widths, other.families, fitted.energies, level, blocks=other.ligands
        )
        for group, covered in found.items():
            energies.setdefault(group, []).append(covered)
        errors, spreads, blocks = _differences(fitted.rigidity, other)
        differences.append(
            coverage(errors, spreads, None, fitted.differences, level, blocks=blocks)[""]
        )
    joined = {group: _joined(found) for group, found in energies.items()}
    return Check(level, joined, _joined(differences))


def _joined(found: Sequence[Coverage]) -> Coverage:
    """Of all, each ligand counting the same."""
    blocks = sum(part.blocks for part in found)
    share = sum(part.fraction * part.blocks for part in found) / blocks
    return replace(found[0], fraction=share, n=sum(part.n for part in found), blocks=blocks)


def _differences(rigidity: Rigidity, held_out: HeldOut) -> tuple[Floats, Floats, list[str]]:
    """Errors of ΔΔE in eV, their σ, and the ligand of each."""
    first, second = held_out.pairs()
    if not len(first):
        raise InputError("no held-out ligand has two metals in one geometry: ΔΔE needs them")
    spread = rigidity.spread(held_out.features)
    errors = held_out.residuals[first] - held_out.residuals[second]
    return errors, sigmas(spread[first] - spread[second]), [held_out.ligands[i] for i in first]
