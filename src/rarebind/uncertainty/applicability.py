"""Whether a complex is like those that a model learned from.

Uncertainties of a model speak of what resembles its training set.  The distance D to it is that of
Mahalanobis, D² = (f − μ)ᵀ Σ⁻¹ (f − μ), with latent features f of a complex and their mean μ and
covariance Σ in training.

Latent features are seldom of full rank.  Leaving out directions in which training does not vary
would make blind to exactly what is new in them, and the inverse would give rounding errors a say;
so Σ is shrunk towards a multiple of the unit matrix,

    Σ = (1 − δ) S + δ trace(S)/d I,

S being the covariance of the training set.  That does not depend on the axes of the latent space,
which mean nothing.  Of δ, what is the most likely in cross-validation is taken.  The usual formula
(Ledoit, Wolf, J. Multivar. Anal. 2004, 88, 365) has the least error of Σ, where large variances are
all that counts; the distance is about Σ⁻¹, and latent variances differ by orders of magnitude.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats, matrix, principal, vector
from rarebind.uncertainty.conformal import fewest, finite_sample_quantile

#: Share of complexes like the training set that are not flagged.
QUANTILE = 0.95
#: What δ is chosen from, falling.  Networks compute in single precision: variances far below the
#: last are rounding.
SHRINKAGES: tuple[float, ...] = tuple(10.0 ** (-exponent / 2) for exponent in range(17))
#: Of the cross-validation, and the fewest training complexes for it.
_FOLDS = 5
_FEWEST = 2 * _FOLDS


@dataclass(frozen=True, eq=False)
class Applicability:
    """The domain of a model.

    Attributes
    ----------
    mean
        μ, shape (d,).
    whitening
        W with WWᵀ = Σ⁻¹, shape (d, d), so that the distance is the length of (f − μ)W.
    threshold
        Distance above which a complex is flagged.
    quantile
        Share of complexes like the training set that are not.

    Raises
    ------
    InputError
        Shapes do not match, numbers are not finite, the threshold is not above 0 or the quantile
        not between 0 and 1.
    """

    mean: Floats
    whitening: Floats
    threshold: float
    quantile: float

    def __post_init__(self) -> None:
        mean = vector(self.mean, "the mean of an applicability domain", least=1)
        whitening = matrix(self.whitening, "the whitening of an applicability domain")
        if whitening.shape != (len(mean), len(mean)):
            raise InputError(
                f"the whitening of {len(mean)} features must be square, got {whitening.shape}"
            )
        if not (math.isfinite(self.threshold) and self.threshold > 0):
            raise InputError(f"the threshold must be a distance above 0, got {self.threshold}")
        if not 0 < self.quantile < 1:
            raise InputError(f"the quantile must lie between 0 and 1, got {self.quantile}")
        mean.setflags(write=False)
        whitening.setflags(write=False)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "whitening", whitening)
        object.__setattr__(self, "threshold", float(self.threshold))
        object.__setattr__(self, "quantile", float(self.quantile))

    def distance(self, features: ArrayLike) -> Floats:
        """Distances to the training set.

        Parameters
        ----------
        features
            Shape (n, d).

        Returns
        -------
        ndarray
            Shape (n,), without a unit.  That of training is near √d.

        Raises
        ------
        InputError
            The features have another number of columns, or not all are finite.
        """
        found = matrix(features, "features", columns=len(self.mean))
        return _lengths(found, self.mean, self.whitening)

    def flagged(self, features: ArrayLike) -> NDArray[np.bool_]:
        """Whether each lies outside the domain, shape (n,).

        Raises
        ------
        InputError
            As :meth:`distance` raises it.
        """
        return np.asarray(self.distance(features) > self.threshold)

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays for a file."""
        names = ("mean", "whitening", "threshold", "quantile")
        return {name: np.array(getattr(self, name)) for name in names}

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Applicability:
        """The inverse of :meth:`arrays`.

        Raises
        ------
        InputError
            An array is missing, unknown or of the wrong kind.
        """
        if set(arrays) != {"mean", "whitening", "threshold", "quantile"}:
            raise InputError(
                "an applicability domain is mean, whitening, threshold and quantile, got "
                f"{', '.join(sorted(arrays))}"
            )
        numbers = (arrays["threshold"], arrays["quantile"])
        try:
            threshold, quantile = map(float, numbers)
        except (TypeError, ValueError) as error:
            raise InputError(f"an applicability domain with a wrong number: {error}") from error
        return cls(arrays["mean"], arrays["whitening"], threshold, quantile)


def fit_applicability(
    features: ArrayLike,
    held_out_features: ArrayLike,
    *,
    quantile: float = QUANTILE,
    blocks: Sequence[str] | None = None,
) -> Applicability:
    """The domain of a model that learned from `features`.

    Parameters
    ----------
    features
        Of the training set, shape (n, d).
    held_out_features
        Of complexes that are like those but were not learned from, shape (m, d): the threshold is
        their :func:`~rarebind.uncertainty.finite_sample_quantile`, so that at most
        1 − `quantile` of others like them are flagged.
    quantile
        Between 0 and 1.
    blocks
        Ligand of each of the m, so that every ligand counts the same.

    Raises
    ------
    InputError
        Fewer than ten training complexes, all of them the same, too few held-out ones for the
        quantile, another number of columns, or features that are not finite.
    """
    distances = training_distances(features, held_out_features)
    return applicability_within(features, distances, quantile=quantile, blocks=blocks)


def training_distances(features: ArrayLike, held_out_features: ArrayLike) -> Floats:
    """Distances of other complexes to a training set.

    Parameters
    ----------
    features
        Of the training set, shape (n, d).
    held_out_features
        Of the others, shape (m, d).

    Returns
    -------
    ndarray
        Shape (m,), without a unit: those of several networks can be compared, if d is the same.

    Raises
    ------
    InputError
        As :func:`fit_applicability` raises it, but that m may be any.
    """
    known = matrix(features, "features", least=_FEWEST)
    other = matrix(held_out_features, "held-out features", columns=known.shape[1])
    return _lengths(other, *_metric(known))


def applicability_within(
    features: ArrayLike,
    distances: ArrayLike,
    *,
    quantile: float = QUANTILE,
    blocks: Sequence[str] | None = None,
) -> Applicability:
    """The domain of a model that learned from `features`, as wide as `distances` ask for.

    Parameters
    ----------
    distances
        Of complexes like those that were learned from, to what they were held out of:
        :func:`training_distances`, of this model or of others trained alike; shape (m,).

    Other parameters, errors: see :func:`fit_applicability`.
    """
    known = matrix(features, "features", least=_FEWEST)
    found = vector(distances, "distances")
    threshold = finite_sample_quantile(found, quantile, blocks)
    if math.isinf(threshold):
        of_ligands = "" if blocks is None else ", each of another ligand"
        raise InputError(
            f"the {len(found)} held-out complexes are too few for a threshold that {quantile:g} of "
            f"their like stay below: give {fewest(quantile)}{of_ligands}, or ask for a lower "
            "quantile"
        )
    return Applicability(*_metric(known), threshold, quantile)


def _metric(known: Floats) -> tuple[Floats, Floats]:
    """μ and W."""
    # The mean of equal numbers may be off in the last digit.
    if not np.ptp(known, axis=0).any():
        raise InputError("all training features are the same: no distance to them has a scale")
    mean = known.mean(axis=0)
    return mean, _whitening(known - mean)


def _whitening(centred: Floats) -> Floats:
    # Squares of features of 1e-200 would vanish: the unit is taken out first.
    unit = float(np.abs(centred).max())
    scaled = centred / unit
    squares, axes = principal(scaled)
    variances = squares / len(scaled)
    mean_variance = float(np.mean(variances))
    shrunk = _shrunk(variances, _shrinkage(scaled, mean_variance), mean_variance)
    return np.asarray(axes / np.sqrt(shrunk) / unit)


def _shrinkage(centred: Floats, mean_variance: float) -> float:
    """Of :data:`SHRINKAGES`, the one under which rows left out are the most likely."""
    fold = np.random.default_rng(0).permutation(len(centred)) % _FOLDS
    likelihoods = np.zeros(len(SHRINKAGES))
    for left_out in range(_FOLDS):
        rest = centred[fold != left_out]
        squares, axes = principal(rest)
        projected = np.square(centred[fold == left_out] @ axes)
        for place, shrinkage in enumerate(SHRINKAGES):
            shrunk = _shrunk(squares / len(rest), shrinkage, mean_variance)
            likelihoods[place] -= 0.5 * (projected / shrunk + np.log(shrunk)).sum()
    return SHRINKAGES[int(np.argmax(likelihoods))]


def _shrunk(variances: Floats, shrinkage: float, mean_variance: float) -> Floats:
    return (1 - shrinkage) * variances + shrinkage * mean_variance


def _lengths(features: Floats, mean: Floats, whitening: Floats) -> Floats:
    return np.asarray(np.linalg.norm((features - mean) @ whitening, axis=1))
