"""A domain for every metal: whether a complex is like those of the same metal.

Latent features change along the series, for all ligands alike.  Where one Gaussian describes all
metals, that change is most of the variance, and an environment that is new with every metal looks
new only with those at its ends.  So every metal with enough complexes has its own mean and
covariance (the quadratic rather than the linear discriminant; Hastie, Tibshirani and Friedman, The
Elements of Statistical Learning, 2nd ed., section 4.3); the others share one of all metals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.applicability import (
    Applicability,
    applicability_within,
    training_distances,
)
from rarebind.uncertainty.arrays import Floats, matrix

#: Fewest training complexes of a metal with a domain of its own.
LEAST = 30


@dataclass(frozen=True, eq=False)
class Domains:
    """The domains of a model.

    Attributes
    ----------
    overall
        Of all metals: for those that have none of their own.
    metals
        By metal.

    Raises
    ------
    InputError
        They differ in the number of features, in threshold or in quantile.
    """

    overall: Applicability
    metals: Mapping[str, Applicability] = field(default_factory=dict)

    def __post_init__(self) -> None:
        def kind(domain: Applicability) -> tuple[int, float, float]:
            return len(domain.mean), domain.threshold, domain.quantile

        if any(kind(domain) != kind(self.overall) for domain in self.metals.values()):
            raise InputError(
                "the domains of a model have the same number of features, threshold and quantile"
            )
        object.__setattr__(self, "metals", MappingProxyType(dict(self.metals)))

    @property
    def threshold(self) -> float:
        """Distance above which a complex is flagged, whatever its metal."""
        return self.overall.threshold

    def distance(self, features: ArrayLike, metals: Sequence[str]) -> Floats:
        """Distances to the training complexes of the same metal.

        Parameters
        ----------
        features
            Shape (n, d).
        metals
            Of each.

        Returns
        -------
        ndarray
            Shape (n,), without a unit.

        Raises
        ------
        InputError
            The numbers differ, or as :meth:`Applicability.distance` raises it.
        """
        found = matrix(features, "features", columns=len(self.overall.mean))
        names = _metals(metals, len(found))
        distances = self.overall.distance(found)
        for metal, domain in self.metals.items():
            distances[names == metal] = domain.distance(found[names == metal])
        return distances

    def flagged(self, features: ArrayLike, metals: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each lies outside the domain of its metal, shape (n,).

        Parameters, errors: see :meth:`distance`.
        """
        return np.asarray(self.distance(features, metals) > self.threshold)

    def arrays(self) -> dict[str, Floats]:
        """Plain arrays for a file, without the names of :attr:`metals`."""
        own = list(self.metals.values())
        if not own:
            return self.overall.arrays()
        return self.overall.arrays() | {
            "metal_means": np.stack([domain.mean for domain in own]),
            "metal_whitenings": np.stack([domain.whitening for domain in own]),
        }

    @classmethod
    def of(cls, arrays: Mapping[str, Floats], metals: Sequence[str]) -> Domains:
        """The inverse of :meth:`arrays`; `metals` are the names.

        Raises
        ------
        InputError
            An array is missing, unknown or of the wrong kind.
        """
        rest = dict(arrays)
        means, whitenings = (rest.pop(f"metal_{name}", ()) for name in ("means", "whitenings"))
        overall = Applicability.of(rest)
        if not len(means) == len(whitenings) == len(metals):
            raise InputError("the domains of metals: give a name, a mean and a whitening each")
        own = {
            metal: Applicability(mean, whitening, overall.threshold, overall.quantile)
            for metal, mean, whitening in zip(metals, means, whitenings, strict=True)
        }
        return cls(overall, own)


def metal_distances(
    features: ArrayLike,
    metals: Sequence[str],
    held_out_features: ArrayLike,
    held_out_metals: Sequence[str],
) -> Floats:
    """Distances of other complexes to those of the same metal in a training set.

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
        As :func:`~rarebind.uncertainty.fit_applicability` raises it, but that m may be
        any.
    """
    other = matrix(held_out_features, "held-out features")
    names = _metals(held_out_metals, len(other))
    distances = training_distances(features, other)
    for metal, own in _by_metal(features, metals).items():
        there = names == metal
        if there.any():
            distances[there] = training_distances(own, other[there])
    return distances


def domains_within(features: ArrayLike, metals: Sequence[str], distances: ArrayLike) -> Domains:
    """The domains of a model that learned from `features`, as wide as `distances` ask for.

    Parameters
    ----------
    features, metals
        As for :func:`metal_distances`.
    distances
        Of complexes like those that were learned from: :func:`metal_distances`, of this model or of
        others trained alike; shape (m,).

    Raises
    ------
    InputError
        As :func:`~rarebind.uncertainty.fit_applicability` raises it.
    """
    own = _by_metal(features, metals)
    return Domains(
        applicability_within(features, distances),
        {metal: applicability_within(rows, distances) for metal, rows in own.items()},
    )


def _by_metal(features: ArrayLike, metals: Sequence[str]) -> dict[str, Floats]:
    """Features of those metals that have domains of their own."""
    if not metals:
        return {}
    found = matrix(features, "features")
    names = _metals(metals, len(found))
    own = {metal: found[names == metal] for metal in sorted(set(metals))}
    return {
        metal: rows
        for metal, rows in own.items()
        # Where all are the same, no distance has a scale.
        if len(rows) >= LEAST and np.ptp(rows, axis=0).any()
    }


def _metals(metals: Sequence[str], number: int) -> NDArray[np.str_]:
    if len(metals) != number:
        raise InputError(f"{number} rows of features, but {len(metals)} metals")
    return np.array(metals, dtype=np.str_)
