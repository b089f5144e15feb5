"""What all baselines share: the quantity that is learned, and from which geometries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np

from rarebind.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample

#: A target that varies this many times more than the binding energy holds total energies.
_TOTAL = 10.0


class Baseline(ABC):
    """Learns the target of samples; deterministic.

    Final geometries alone are learned from, if there are any: most baselines do not look at the
    geometry, and those on the way there only lie higher in energy.

    A target that varies far more than the binding energy is a total energy.  What it contains of
    the free ligands, waters and ion is known (``offset``), so the rest is learned instead.
    """

    def __init__(self) -> None:
        self._of_binding = False

    def fit(self, samples: Sequence[Sample]) -> Self:
        """Learn from `samples`.

        Raises
        ------
        InputError
            There is none.
        """
        chosen = [sample for sample in samples if sample.frame == 0] or list(samples)
        if not chosen:
            raise InputError("a baseline needs samples to learn from, got none")
        target = np.array([sample.target for sample in chosen])
        binding = target + np.array([sample.offset for sample in chosen])
        self._of_binding = bool(target.std() > _TOTAL * binding.std())
        self._fit(chosen, binding if self._of_binding else target)
        return self

    def predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Targets of `samples` in eV, shape (N,)."""
        if not samples:
            return np.empty(0)
        found = self._predict(samples)
        if self._of_binding:
            found = found - np.array([sample.offset for sample in samples])
        return found

    @abstractmethod
    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None: ...

    @abstractmethod
    def _predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]: ...
