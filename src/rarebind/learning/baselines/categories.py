"""Categories of samples as columns, with a defined meaning for those never seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

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
                [value(sample, factor) for sample in samples], return_counts=True
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
                    for name in (value(sample, factor) for sample in samples)
                ]
            )
            columns = (columns[:, :, None] * found[:, None, :]).reshape(len(samples), -1)
        return columns


def value(sample: Sample, factor: str) -> str:
    """The category of `sample` in `factor`."""
    if factor == "yttrium":
        return str(sample.metal == "Y")
    return str(getattr(sample, factor))
