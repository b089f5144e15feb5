"""Whether a complex is like those of its metal that a model learned from.

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

Latent features change along the series, for all ligands alike.  Where one Gaussian describes all
metals, that change is most of the variance, and an environment that is new with every metal looks
new only with those at its ends.  So every metal with enough complexes has its own mean and
covariance (the quadratic rather than the linear discriminant; Hastie, Tibshirani and Friedman, The
Elements of Statistical Learning, 2nd ed., section 4.3); the others share one of all metals.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import (
    Floats,
    Names,
    from_arrays,
    matrix,
    names,
    positive,
    principal,
    square,
    vector,
)
from rarebind.uncertainty.conformal import fewest, finite_sample_quantile

#: Share of complexes like the training set that are not flagged.
QUANTILE = 0.95
#: Fewest training complexes of a metal with a domain of its own.
LEAST = 30
#: What δ is chosen from, falling.  Networks compute in single precision: variances far below the
#: last are rounding.
SHRINKAGES: tuple[float, ...] = tuple(10.0 ** (-exponent / 2) for exponent in range(17))
#: Of the cross-validation, and the fewest training complexes for it.
_FOLDS = 5
_FEWEST = 2 * _FOLDS


@dataclass(frozen=True, eq=False)
class Domains:
    """The domains of a model: of all metals together, and of those with one of their own.

    Attributes
    ----------
    mean
        μ of all, shape (d,).
    whitening
        W of all with WWᵀ = Σ⁻¹, shape (d, d), so that the distance is the length of (f − μ)W.
    threshold
        Distance above which a complex is flagged, whatever its metal.
    quantile
        Share of complexes like the training set that are not.
    metals
        Those that have a domain of their own.
    metal_means, metal_whitenings
        μ and W of each, shapes (m, d) and (m, d, d).

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
    metals: tuple[str, ...] = ()
    metal_means: Floats | Sequence[Floats] = ()
    metal_whitenings: Floats | Sequence[Floats] = ()

    def __post_init__(self) -> None:
        mean = vector(self.mean, "means of a domain", least=1)
        mean.setflags(write=False)
        quantile = positive(self.quantile, "the quantile of a domain")
        if quantile >= 1:
            raise InputError(f"the quantile must lie between 0 and 1, got {quantile}")
        if not len(self.metals) == len(self.metal_means) == len(self.metal_whitenings):
            raise InputError("the domains of metals: give a name, a mean and a whitening each")
        means = [vector(one, "means of a domain", length=len(mean)) for one in self.metal_means]
        whitenings = [
            square(one, "the whitening of a domain")
            for one in (self.whitening, *self.metal_whitenings)
        ]
        if any(one.shape[0] != len(mean) for one in whitenings):
            raise InputError(f"the whitenings of {len(mean)} features must be as wide")
        for name, value in {
            "mean": mean,
            "whitening": whitenings[0],
            "threshold": positive(self.threshold, "the threshold of a domain"),
            "quantile": quantile,
            "metals": tuple(self.metals),
            "metal_means": means,
            "metal_whitenings": whitenings[1:],
        }.items():
            object.__setattr__(self, name, value)

    def distance(self, features: ArrayLike, metals: Names = ()) -> Floats:
        """Distances to the training complexes of the same metal.

        Parameters
        ----------
        features
            Shape (n, d).
        metals
            Of each; without, those to the complexes of all metals.

        Returns
        -------
        ndarray
            Shape (n,), without a unit.  That of training is near √d.

        Raises
        ------
        InputError
            The numbers differ, the features have another number of columns, or not all are finite.
        """
        found = matrix(features, "features", columns=len(self.mean))
        distances = _lengths(found, self.mean, self.whitening)
        if len(metals):
            given = names(metals, len(found), "metals")
            for metal, *metric in zip(
                self.metals, self.metal_means, self.metal_whitenings, strict=True
            ):
                there = given == metal
                distances[there] = _lengths(found[there], *metric)
        return distances

    def flagged(self, features: ArrayLike, metals: Names = ()) -> NDArray[np.bool_]:
        """Whether each lies outside the domain of its metal, shape (n,).

        Parameters, errors: see :meth:`distance`.
        """
        return np.asarray(self.distance(features, metals) > self.threshold)

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays for a file, without the names of :attr:`metals`."""
        left_out = {"metals"} if self.metals else {"metals", "metal_means", "metal_whitenings"}
        return {
            item.name: np.asarray(getattr(self, item.name))
            for item in fields(self)
            if item.name not in left_out
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Any], metals: Names) -> Domains:
        """The inverse of :meth:`arrays`; `metals` are the names.

        Raises
        ------
        InputError
            An array is missing, unknown or of the wrong kind.
        """
        none: dict[str, Any] = {"metal_means": (), "metal_whitenings": ()}
        return from_arrays(cls, none | dict(arrays), "a domain", metals=tuple(metals))


def metal_distances(
    features: ArrayLike,
    metals: Names,
    held_out_features: ArrayLike,
    held_out_metals: Names,
) -> Floats:
    """Distances of other complexes to those of the same metal in a training set.

    Those of several networks can be compared, if these have as many features.

    Parameters
    ----------
    features, metals
        Of the training set, shape (n, d), and of each; no metals: all are taken for one.
    held_out_features, held_out_metals
        Of the others, shape (m, d), and of each.

    Returns
    -------
    ndarray
        Shape (m,), without a unit.

    Raises
    ------
    InputError
        Fewer than ten training complexes, all of them the same, another number of columns, or
        features that are not finite.
    """
    groups = _groups(features, metals)
    other = matrix(held_out_features, "held-out features", columns=groups[None].shape[1])
    given = names(held_out_metals, len(other), "metals")
    distances = np.empty(len(other))
    for metal, own in groups.items():
        there = np.full(len(other), fill_value=True) if metal is None else given == metal
        if there.any():
            distances[there] = _lengths(other[there], *_metric(own))
    return distances


def fit_domains(
    features: ArrayLike,
    metals: Names,
    distances: ArrayLike,
    *,
    quantile: float = QUANTILE,
) -> Domains:
    """The domains of a model that learned from `features`, as wide as `distances` ask for.

    Parameters
    ----------
    features, metals
        As for :func:`metal_distances`.
    distances
        Of complexes like those that were learned from, to what they were held out of:
        :func:`metal_distances`, of this model or of others trained alike; shape (m,).  The
        threshold is their :func:`~rarebind.uncertainty.finite_sample_quantile`, so that at most
        1 − `quantile` of others like them are flagged.
    quantile
        Between 0 and 1.

    Raises
    ------
    InputError
        As :func:`metal_distances` raises it, or there are too few distances for the quantile.
    """
    found = vector(distances, "distances")
    threshold = finite_sample_quantile(found, quantile)
    if math.isinf(threshold):
        raise InputError(
            f"the {len(found)} held-out complexes are too few for a threshold that {quantile:g} of "
            f"their like stay below: give {fewest(quantile)}, or ask for a lower quantile"
        )
    metrics = {metal: _metric(rows) for metal, rows in _groups(features, metals).items()}
    mean, whitening = metrics.pop(None)
    return Domains(
        mean,
        whitening,
        threshold,
        quantile,
        tuple(str(metal) for metal in metrics),
        [own for own, _ in metrics.values()],
        [own for _, own in metrics.values()],
    )


def _groups(features: ArrayLike, metals: Names) -> dict[str | None, Floats]:
    """All features, by None, and those of metals that have domains of their own."""
    found = matrix(features, "features", least=_FEWEST)
    groups: dict[str | None, Floats] = {None: found}
    if not len(metals):
        return groups
    given = names(metals, len(found), "metals")
    for metal in sorted(set(metals)):
        rows = found[given == metal]
        # Where all are the same, no distance has a scale.
        if len(rows) >= LEAST and np.ptp(rows, axis=0).any():
            groups[metal] = rows
    return groups


def _metric(known: Floats) -> tuple[Floats, Floats]:
    """μ and W."""
    # The mean of equal numbers may be off in the last digit.
    if not np.ptp(known, axis=0).any():
        raise InputError("all training features are the same: no distance to them has a scale")
    mean = known.mean(axis=0)
    # Squares of features of 1e-200 would vanish: the unit is taken out first.
    unit = float(np.abs(known - mean).max())
    scaled = (known - mean) / unit
    squares, axes = principal(scaled)
    variances = squares / len(scaled)
    mean_variance = float(np.mean(variances))
    shrunk = _shrunk(variances, _shrinkage(scaled, mean_variance), mean_variance)
    return mean, np.asarray(axes / np.sqrt(shrunk) / unit)


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
