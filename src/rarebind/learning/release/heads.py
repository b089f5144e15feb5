"""A linear head of each metal: what one network for all metals smooths over.

A network that knows metals by smooth descriptors makes its last layer w serve all of them.  Their
labels are less smooth: a semiempirical method has parameters of its own for each element, so that
energies of neighbours differ by small steps that are the same for every ligand.  With latent
features f (see :mod:`rarebind.uncertainty.rigidity`), metal M gets

    E = w · f + v_M · f/s + c_M,

where s is the root mean square of the training features, and v_M and c_M are the ridge regression
on what the network leaves of the training complexes of M:

    min Σ_i (E_i − w · f_i − v_M · f_i/s − c_M)² + λ (|v_M|² + c_M²).

A metal with few complexes, or none, is left to the network.  λ is chosen on the validation part:
the largest whose error, ligand by ligand, is within one standard error of the best (Hastie,
Tibshirani and Friedman, The Elements of Statistical Learning, 2nd ed., section 7.10), an infinite
one, which leaves all to the network, among them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats, matrix, names, positive, vector, weights

#: What λ is chosen from.
STRENGTHS = tuple(10.0 ** (exponent / 2) for exponent in range(-4, 9))


@dataclass(frozen=True, eq=False)
class Part:
    """What the network makes of a part of the data.

    Attributes
    ----------
    features
        Latent, shape (n, d).
    residuals
        Computed less predicted, eV, shape (n,).
    metals, ligands
        Of each.

    Raises
    ------
    InputError
        The lengths differ, or a number is not finite.
    """

    features: Floats
    residuals: Floats
    metals: Sequence[str]
    ligands: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", matrix(self.features, "features"))
        number = len(self.features)
        object.__setattr__(self, "residuals", vector(self.residuals, "residuals", length=number))
        for what in ("metals", "ligands"):
            names(getattr(self, what), number, what)


@dataclass(frozen=True, eq=False)
class Heads:
    """Corrections of a network, linear in its features.

    Attributes
    ----------
    weights
        By metal: v_M and, last, c_M, shape (d + 1,), eV.
    scale
        s, in units of the features.
    strength
        λ.

    Raises
    ------
    InputError
        There are none, their lengths differ, or a number is out of its range.
    """

    weights: Mapping[str, Floats]
    scale: float
    strength: float

    def __post_init__(self) -> None:
        found = {metal: vector(row, "weights of a head") for metal, row in self.weights.items()}
        if len({len(row) for row in found.values()}) != 1:
            raise InputError("heads need weights of the same number for at least one metal")
        object.__setattr__(self, "weights", found)
        for what in ("scale", "strength"):
            object.__setattr__(self, what, positive(getattr(self, what), f"the {what} of heads"))

    def corrections(self, features: ArrayLike, metals: Sequence[str]) -> Floats:
        """What is added to the network's energies, eV, shape (n,); 0 for metals without a head.

        Parameters
        ----------
        features
            Shape (n, d).
        metals
            Of each.

        Raises
        ------
        InputError
            The features have another number of columns, or not all are finite.
        """
        width = len(next(iter(self.weights.values()))) - 1
        found = _with_constant(matrix(features, "features", columns=width) / self.scale)
        rows = np.array([self.weights.get(metal, np.zeros(width + 1)) for metal in metals])
        return np.asarray((found * rows.reshape(found.shape)).sum(axis=1))


def fit_heads(
    train: Part, validation: Part, strengths: Sequence[float] = STRENGTHS
) -> Heads | None:
    """Heads of the metals in `train`, as strong as `validation` allows.

    Parameters
    ----------
    train
        What the network learned from.
    validation
        Of other ligands.
    strengths
        Candidates for λ.

    Returns
    -------
    Heads or None
        None where the network does no worse without them.

    Raises
    ------
    InputError
        A part is empty, or the features have other numbers of columns.
    """
    matrix(validation.features, "features", columns=train.features.shape[1], least=1)
    if not len(train.features):
        raise InputError("there are no training features to fit heads to")
    scale = float(np.sqrt(np.mean(train.features**2)))
    if not scale:
        return None
    candidates = [_ridge(train, scale, strength) for strength in sorted(strengths)]
    errors = [
        _by_ligand(validation, found.corrections(validation.features, validation.metals))
        for found in candidates
    ]
    errors.append(_by_ligand(validation, np.zeros(len(validation.residuals))))
    best = min(errors, key=lambda found: float(found.mean()))
    allowed = [i for i, found in enumerate(errors) if _no_worse(found, best)]
    return candidates[allowed[-1]] if allowed[-1] < len(candidates) else None


def _ridge(train: Part, scale: float, strength: float) -> Heads:
    rows = _with_constant(train.features / scale)
    metals = np.array(train.metals)
    found = {}
    for metal in sorted(set(train.metals)):
        of_metal = metals == metal
        known = rows[of_metal]
        squares = known.T @ known + strength * np.eye(known.shape[1])
        found[metal] = np.linalg.solve(squares, known.T @ train.residuals[of_metal])
    return Heads(found, scale, strength)


def _with_constant(features: Floats) -> Floats:
    return np.hstack([features, np.ones((len(features), 1))])


def _by_ligand(part: Part, corrections: Floats) -> Floats:
    """Mean absolute error of each ligand, eV."""
    _, places = np.unique(np.asarray(part.ligands, dtype=str), return_inverse=True)
    errors = np.abs(part.residuals - corrections) * weights(len(corrections), part.ligands)
    return np.asarray(np.bincount(places, errors), dtype=np.float64)


def _no_worse(errors: Floats, best: Floats) -> bool:
    """Whether errors by ligand exceed the best ones by one standard error at most."""
    more = errors - best
    if len(more) == 1:
        return bool(more[0] <= 0)
    return bool(more.mean() <= more.std(ddof=1) / math.sqrt(len(more)))
