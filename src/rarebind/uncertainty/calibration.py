"""How sure one model is: fitted to what it learned from, calibrated on what was held out.

One split holds out few ligands, and few ligands give wide intervals.  So calibration takes folds:
networks trained alike, each on another part, which together predict every ligand without having
seen it.  Latent axes of two networks have nothing to do with each other, so each fold is brought
to common scores by its own network: errors in its own standard deviations, distances to its own
training set.  Only scores are pooled.

A model that none of the folds is gets its standard deviations from its own features, with what
folds agree on: regularisation relative to the size of the features, and α.  Its scores are then
taken to be distributed like theirs.  That is an assumption; what it is worth for networks that
took part in it is told by :func:`~rarebind.uncertainty.check_coverage`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rarebind.errors import InputError
from rarebind.io.models import Section, validated
from rarebind.uncertainty.arrays import Floats, Names, from_arrays, matrix
from rarebind.uncertainty.conformal import LEVELS, Conformal, fewest, fit_conformal
from rarebind.uncertainty.domains import Domains, fit_domains, metal_distances
from rarebind.uncertainty.folds import Fold, HeldOut
from rarebind.uncertainty.rigidity import Rigidity, choose_regularisation, fit_rigidity, sigmas

#: Fewest ligands of a family of metals with multipliers of its own: those of a level of 0.9.
_LEAST = fewest(0.9)


class _Data(Section):
    """What of an uncertainty is no arrays; older ones have neither folds nor domains."""

    energies: Conformal
    differences: Conformal
    folds: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


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
        Domain of the model, metal by metal.
    folds
        Names of the trainings that it was calibrated with, where these are others than the model's.
    """

    rigidity: Rigidity
    energies: Conformal
    differences: Conformal
    applicability: Domains
    folds: tuple[str, ...] = ()

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays for a file."""
        parts = {"rigidity": vars(self.rigidity), "applicability": self.applicability.arrays()}
        return {
            f"{part}.{name}": np.asarray(array)
            for part, found in parts.items()
            for name, array in found.items()
        }

    def data(self) -> dict[str, Any]:
        """Plain data for JSON: all that is not in :meth:`arrays`."""
        names = {"folds": list(self.folds), "domains": list(self.applicability.metals)}
        return {
            "energies": self.energies.model_dump(mode="json"),
            "differences": self.differences.model_dump(mode="json"),
            **{name: found for name, found in names.items() if found},
        }

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
        told = validated(data, _Data, "an uncertainty")
        return cls(
            from_arrays(Rigidity, parts["rigidity"], "a rigidity"),
            told.energies,
            told.differences,
            Domains.of(parts["applicability"], told.domains),
            told.folds,
        )


def calibrate(
    folds: Sequence[Fold], features: ArrayLike | None = None, metals: Names = ()
) -> Uncertainty:
    """Fit the uncertainty of a model.

    Parameters
    ----------
    folds
        Networks trained like the model, or the model itself alone.  Ligands that several of them
        hold out are kept in each, and are one block all the same: every ligand counts once.
    features
        Latent features of what the model learned from, shape (n, d); default: those of the only
        fold.
    metals
        Of each row of `features`; none: the model's domain is one for all metals.

    Returns
    -------
    Uncertainty
        Its intervals have those of :data:`~rarebind.uncertainty.LEVELS` that the number of
        held-out ligands allows.

    Raises
    ------
    InputError
        Too few ligands are held out, no ligand has two metals, the features are unusable or have
        other numbers of columns, or there are several folds, but no features.
    """
    if features is None:
        if len(folds) != 1:
            raise InputError(
                f"{len(folds)} folds do not tell which network is calibrated: give the features of "
                "what it learned from"
            )
        features, metals = folds[0].features, folds[0].metals
    known = matrix(features, "features", least=1)
    if any(bool(len(fold.metals)) != bool(len(metals)) for fold in folds):
        raise InputError(
            "the metals of what was learned from are told of some networks only: distances of one "
            "kind say nothing of the other"
        )
    pooled = pool(folds)
    if (theirs := folds[0].features.shape[1]) != known.shape[1]:
        raise InputError(
            f"the model has {known.shape[1]} latent features, its folds have {theirs}: errors of "
            "other networks say nothing of its own"
        )
    return pooled.uncertainty(known, metals)


@dataclass(frozen=True, eq=False)
class Pooled:
    """What the errors of all folds say of a network that is trained like theirs.

    Intervals in standard deviations, ς², α in eV, how many complexes a fold's network learned from
    on average, and how far the held-out complexes are from what each one's network learned from.
    """

    energies: Conformal
    differences: Conformal
    regularisation: float
    scale: float
    complexes: float
    distances: Floats

    def uncertainty(self, features: Floats, metals: Names) -> Uncertainty:
        """Of the network that learned from `features`, shape (n, d), of `metals`."""
        domains = self.domains(features, metals)
        return Uncertainty(self.rigidity(features), self.energies, self.differences, domains)

    def rigidity(self, features: Floats) -> Rigidity:
        """Of the network that learned from `features`, shape (n, d).

        What a network learned from beyond a fold's does not make it surer: complexes are not
        independent, and no fold tells what more of them are worth.
        """
        factor = fit_rigidity(features, self.regularisation).factor
        return Rigidity(factor, self.scale * math.sqrt(len(features) / self.complexes))

    def domains(self, features: Floats, metals: Names) -> Domains:
        """Of the network that learned from `features`, shape (n, d), of `metals`."""
        return fit_domains(features, metals, self.distances)


def pool(folds: Sequence[Fold]) -> Pooled:
    """Bring the errors of all folds to common scores.

    The relative regularisation is the median of those that suit the folds best, of two in the
    middle the larger.  With it, each fold has an α of its own; the model's is the root of their
    mean square.
    """
    if not folds:
        raise InputError("no ligand is held out: there are no errors to calibrate with")
    widths = {fold.features.shape[1] for fold in folds}
    if len(widths) > 1:
        raise InputError(
            f"the folds have {' and '.join(map(str, sorted(widths)))} latent features: give "
            "networks that were trained alike"
        )
    held_out = [fold.held_out for fold in folds]
    # One for all: α grows with ς², and a mean of those at different ς² fits none of them.
    regularisation = median_high(
        [
            choose_regularisation(fold.features, held.features, held.residuals, blocks=held.ligands)
            for fold, held in zip(folds, held_out, strict=True)
        ]
    )
    rigidities = [
        fit_rigidity(fold.features, regularisation).calibrated(
            held.residuals, held.features, held.ligands
        )
        for fold, held in zip(folds, held_out, strict=True)
    ]
    energies = energy_errors(rigidities, held_out)
    differences = difference_errors(rigidities, held_out)
    check_pairs(differences)
    # Levels that both kinds of intervals have.
    number = min(energies["ligand"].nunique(), differences["ligand"].nunique())
    levels = [level for level in LEVELS if fewest(level) <= number] or [LEVELS[0]]
    distances = [
        metal_distances(fold.features, fold.metals, held.features, held.metals)
        for fold, held in zip(folds, held_out, strict=True)
    ]
    return Pooled(
        fit_conformal(**arguments(energies), levels=levels, least=_LEAST),
        fit_conformal(**arguments(differences), levels=levels),
        regularisation,
        float(np.sqrt(np.mean(np.square([found.scale for found in rigidities])))),
        float(np.mean([len(fold.features) for fold in folds])),
        np.concatenate(distances),
    )


def energy_errors(rigidities: Sequence[Rigidity], held_out: Sequence[HeldOut]) -> pd.DataFrame:
    """Errors of energies and the σ that each one's network gives it, eV; family and ligand."""
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "residual": part.residuals,
                    "sigma": sigmas(rigidity.spread(part.features)),
                    "group": part.families,
                    "ligand": part.ligands,
                }
            )
            for rigidity, part in zip(rigidities, held_out, strict=True)
        ]
    )


def difference_errors(rigidities: Sequence[Rigidity], held_out: Sequence[HeldOut]) -> pd.DataFrame:
    """The same of ΔΔE between every two metals with one ligand in one geometry, within a fold."""
    tables = []
    for rigidity, part in zip(rigidities, held_out, strict=True):
        first, second = part.pairs()
        spread = rigidity.spread(part.features)
        table = {
            "residual": part.residuals[first] - part.residuals[second],
            "sigma": np.linalg.norm(spread[first] - spread[second], axis=1),
            "ligand": part.ligands[first],
        }
        tables.append(pd.DataFrame(table))
    return pd.concat(tables)


def check_pairs(differences: pd.DataFrame) -> None:
    """Raise an InputError where there are none."""
    if not len(differences):
        raise InputError("no held-out ligand has two metals in one geometry: ΔΔE needs them")


def arguments(errors: pd.DataFrame) -> dict[str, Any]:
    """As :func:`fit_conformal` and :func:`~rarebind.uncertainty.coverage` take them."""
    return {
        "residuals": errors["residual"],
        "sigmas": errors["sigma"],
        "groups": errors["group"].tolist() if "group" in errors else None,
        "blocks": errors["ligand"].tolist(),
    }
