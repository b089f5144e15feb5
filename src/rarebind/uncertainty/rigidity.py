"""How far predictions may be off, and together: rigidity of the last layer.

A network whose last layer is linear predicts E_i = w · f_i with features f_i.  Seen as Bayesian
linear regression on features that are taken as given, its predictions have the covariance

    cov(E_i, E_j) = α² f_iᵀ C f_j,    C = (FᵀF + ς²I)⁻¹,

where the rows of F are the features of the training set (Bigi, Chong, Ceriotti, Grasselli, Mach.
Learn.: Sci. Technol. 2024, 5, 045018, "last-layer prediction rigidity").  With C = LLᵀ, the rows

    s_i = α f_i L

carry all of it: cov(E_i, E_j) = s_i · s_j, and a linear combination Σ c_i E_i, such as a difference
between two metals, has the standard deviation ‖Σ c_i s_i‖.  What two predictions are both unsure
of cancels in their difference, before it is squared and not after.  An array of such rows is called
a *spread* throughout; it stands next to the energies that it belongs to.

The mean of an ensemble is a linear layer as well, on the features of its members side by side.

Regularisations ς² are in units of trace(FᵀF)/d, n times the mean square of a feature, so that they
mean the same for networks whose features differ in size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import (
    Floats,
    Names,
    matrix,
    positive,
    principal,
    square,
    vector,
    weights,
)

#: What a regularisation is chosen from.
REGULARISATIONS = tuple(10.0 ** (exponent / 2) for exponent in range(4, -25, -1))
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Rigidity:
    """Covariances of the predictions of one model.

    Attributes
    ----------
    factor
        L of C = LLᵀ, shape (d, d), in units of 1/feature.
    scale
        α in eV: errors of the training set that the features cannot explain.

    Raises
    ------
    InputError
        The factor is not square or not finite, or the scale is not above 0.
    """

    factor: Floats
    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "factor", square(self.factor, "the factor of a rigidity"))
        object.__setattr__(self, "scale", positive(self.scale, "the scale of a rigidity"))

    def spread(self, features: ArrayLike) -> Floats:
        """Rows s_i = α f_i L.

        Parameters
        ----------
        features
            Shape (n, d): the input of the last layer, summed over each structure.

        Returns
        -------
        ndarray
            Shape (n, d), eV.

        Raises
        ------
        InputError
            The features have another number of columns, or not all are finite.
        """
        found = matrix(features, "features", columns=len(self.factor))
        return self.scale * (found @ self.factor)

    def calibrated(
        self, residuals: ArrayLike, features: ArrayLike, blocks: Names | None = None
    ) -> Rigidity:
        """The same with the α under which `residuals` are the most likely.

        If each residual is Gaussian with the variance σ_i² that the spread gives it, the maximum
        of the likelihood is at α² = mean(residual²/σ_i²), σ_i being that for α = 1 eV (Bigi et
        al. 2024).  The α that there is before does not matter.

        Parameters
        ----------
        residuals
            Predicted less computed energy in eV of complexes that the model has not learned from,
            shape (n,).
        features
            Of these, shape (n, d).
        blocks
            Ligand of each, so that every ligand counts the same; default: every complex does.

        Raises
        ------
        InputError
            There are no residuals, all are 0, the shapes do not match, not all numbers are finite,
            or the features of a complex are all 0.
        """
        found = matrix(features, "features", columns=len(self.factor))
        errors = _residuals(residuals, len(found))
        shares = weights(len(errors), blocks)
        variances = np.square(found @ self.factor).sum(axis=1)
        _check_variances(variances)
        squared = float(np.average(errors**2 / variances, weights=shares))
        return replace(self, scale=math.sqrt(squared))


def fit_rigidity(features: ArrayLike, regularisation: float) -> Rigidity:
    """L of (FᵀF + ς²I)⁻¹ = LLᵀ, with α = 1 eV.

    Directions that no training structure has features in, such as a column of zeros, keep the
    variance 1/ς²: a prediction that uses them is unsure, not wrong by infinity.

    Parameters
    ----------
    features
        F: of the training set, shape (n, d); n may be less than d.
    regularisation
        ς², in units of trace(FᵀF)/d; see :func:`choose_regularisation`.

    Raises
    ------
    InputError
        There are no features but zeros, not all are finite, or ς² is not above 0, or so small that
        rounding would decide.
    """
    squares, axes = principal(matrix(features, "features", least=1))
    unit = _unit(squares)
    absolute = regularisation * unit
    if not (math.isfinite(absolute) and absolute > _EPSILON * squares.max()):
        raise InputError(
            "the regularisation of these features must be above "
            f"{_EPSILON * squares.max() / unit:.1e}, where rounding errors begin, got "
            f"{regularisation}: take what choose_regularisation gives"
        )
    return Rigidity(axes / np.sqrt(squares + absolute), 1.0)


def choose_regularisation(
    features: ArrayLike,
    held_out_features: ArrayLike,
    held_out_residuals: ArrayLike,
    *,
    blocks: Names | None = None,
    grid: Sequence[float] = REGULARISATIONS,
) -> float:
    """The ς² under which the errors of held-out complexes are the most likely.

    The mean log-likelihood of Gaussian residuals r_i with variances α²v_i, v_i = f_iᵀ C f_i, at its
    best α² = mean(r²/v) is

        −½ [log α² + mean(log v) + 1 + log 2π];

    of equal ones, the largest ς² is taken.  If that is the end of the grid, σ does not tell good
    predictions from bad ones but by the length of their features.

    Parameters
    ----------
    features
        Of the training set, shape (n, d).
    held_out_features, held_out_residuals
        Of complexes that the model has not learned from: shape (m, d), and (m,) in eV.
    blocks
        Ligand of each of the m, so that every ligand counts the same.
    grid
        Candidates, in units of trace(FᵀF)/d.

    Raises
    ------
    InputError
        There are no training features but zeros, no candidate is above rounding errors, or as
        :meth:`Rigidity.calibrated` raises it.
    """
    known = matrix(features, "features", least=1)
    found = matrix(held_out_features, "held-out features", columns=known.shape[1])
    errors = _residuals(held_out_residuals, len(found))
    shares = weights(len(errors), blocks)
    squares, axes = principal(known)
    unit = _unit(squares)
    lowest = _EPSILON * squares.max()
    candidates = [
        c for c in sorted(grid, reverse=True) if math.isfinite(c * unit) and c * unit > lowest
    ]
    if not candidates:
        raise InputError("no regularisation on the grid is above 0 and rounding: give larger ones")
    projected = np.square(found @ axes)
    _check_variances(projected.sum(axis=1))
    likelihoods = []
    for candidate in candidates:
        variances = projected @ (1 / (squares + candidate * unit))
        scale = np.average(errors**2 / variances, weights=shares)
        logarithms = np.average(np.log(variances), weights=shares)
        likelihoods.append(-0.5 * (np.log(scale) + logarithms + 1 + math.log(2 * math.pi)))
    return candidates[int(np.argmax(likelihoods))]


def sigmas(spread: ArrayLike) -> Floats:
    """Standard deviation of each prediction, shape (n,), in eV: the lengths of the rows.

    Raises
    ------
    InputError
        The spread has no rows of numbers, or not all are finite.
    """
    return np.asarray(np.linalg.norm(matrix(spread, "a spread"), axis=1))


def _unit(squares: Floats) -> float:
    unit = float(squares.mean())
    if not unit > 0:
        raise InputError("all training features are 0: they say nothing of a prediction")
    return unit


def _residuals(values: ArrayLike, length: int) -> Floats:
    errors = vector(values, "residuals", length=length, least=1)
    if not errors.any():
        raise InputError(
            "all residuals are 0: give those of complexes that the model has not learned from"
        )
    return errors


def _check_variances(variances: Floats) -> None:
    if wrong := int(np.count_nonzero(variances <= 0)):
        raise InputError(
            f"the features of {wrong} of {len(variances)} complexes are all 0: they cannot belong "
            "to a prediction; check where they come from"
        )
