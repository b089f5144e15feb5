"""Baselines of tabulated effects: no chemistry, only which parts a complex has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rarebind.learning.baselines.frame import Baseline
from rarebind.learning.baselines.ridge import GroupedRidge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample


class Categories:
    """One-hot columns of `factors` of samples, or of their combination.

    A category that training lacks stands as the training frequencies of its factor, so that a
    linear model answers with the mean over those it knows; in a combination, with the mean at the
    values of the other factors.

    Parameters
    ----------
    factors
        Attributes of samples, or ``yttrium`` for whether that is the metal.
    """

    def __init__(self, *factors: str) -> None:
        self.factors = factors

    def fit(self, samples: Sequence[Sample]) -> Categories:
        """Learn the categories of `samples` and how frequent they are."""
        self._known: list[dict[str, int]] = []
        self._frequencies: list[NDArray[np.float64]] = []
        for factor in self.factors:
            names, numbers = np.unique(
                [_value(sample, factor) for sample in samples], return_counts=True
            )
            self._known.append({str(name): i for i, name in enumerate(names)})
            self._frequencies.append(numbers / numbers.sum())
        return self

    def transform(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Columns of `samples`, shape (N, product of the numbers of categories)."""
        columns = np.ones((len(samples), 1))
        for factor, known, frequencies in zip(
            self.factors, self._known, self._frequencies, strict=True
        ):
            one_hot = np.eye(len(known))
            found = np.array(
                [
                    one_hot[known[name]] if name in known else frequencies
                    for name in (_value(sample, factor) for sample in samples)
                ]
            )
            columns = (columns[:, :, None] * found[:, None, :]).reshape(len(samples), -1)
        return columns


def _value(sample: Sample, factor: str) -> str:
    """The category of `sample` in `factor`."""
    if factor == "yttrium":
        return str(sample.metal == "Y")
    return str(getattr(sample, factor))


class MeanPerMetal(Baseline):
    """The mean of each metal's training samples; of all, for a metal not among them."""

    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None:
        metals = np.array([sample.metal for sample in samples])
        self._means = {str(name): float(y[metals == name].mean()) for name in np.unique(metals)}
        # Each metal counts once: a held-out one is one more metal, not one more complex.
        self._mean = float(np.mean(list(self._means.values())))

    def _predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        return np.array([self._means.get(sample.metal, self._mean) for sample in samples])


class Tabulated(Baseline):
    """Ridge regression on combinations of categories.

    Parameters
    ----------
    combinations
        Factors of each; see :class:`Categories`.
    """

    def __init__(self, *combinations: tuple[str, ...]) -> None:
        super().__init__()
        self._categories = [Categories(*factors) for factors in combinations]

    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None:
        for categories in self._categories:
            categories.fit(samples)
        self._ridge = GroupedRidge().fit(
            self._columns(samples), y, [sample.inchikey for sample in samples]
        )

    def _predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        return self._ridge.predict(self._columns(samples))

    def _columns(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        return np.hstack([categories.transform(samples) for categories in self._categories])


def additive() -> Tabulated:
    """Metal + scaffold + substituent + numbers of ligands and waters."""
    return Tabulated(("metal",), ("scaffold",), ("substituent",), ("geometry",))


def additive_interactions() -> Tabulated:
    """The same effects, each in every geometry, and those of ligands on yttrium apart."""
    return Tabulated(
        ("metal",),
        ("scaffold",),
        ("substituent",),
        ("geometry",),
        ("metal", "geometry"),
        ("scaffold", "geometry"),
        ("substituent", "geometry"),
        ("yttrium", "scaffold", "geometry"),
        ("yttrium", "substituent", "geometry"),
        ("metal", "scaffold", "geometry"),
    )
