"""Ridge regression whose penalty is chosen on ligands left out of training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Penalties to choose from.
PENALTIES = tuple(np.logspace(-3, 2, 11).tolist())
#: Parts that the ligands are divided into.
FOLDS = 5


class GroupedRidge:
    """Linear regression with a penalty on the squared coefficients, not on the intercept.

    The penalty has the least squared error in cross-validation over groups (ligands): chosen on
    single samples, other complexes of the same ligand would give its answer away.
    """

    def fit(
        self, x: NDArray[np.float64], y: NDArray[np.float64], groups: Sequence[str]
    ) -> GroupedRidge:
        """Learn `y`, shape (N,), from `x`, shape (N, F)."""
        folds = grouped_folds(groups)
        if folds:
            errors = np.zeros(len(PENALTIES))
            for held in folds:
                kept = np.setdiff1d(np.arange(len(y)), held)
                lines = _solve(x[kept], y[kept], PENALTIES)
                errors += [
                    ((x[held] @ slope + intercept - y[held]) ** 2).sum()
                    for slope, intercept in lines
                ]
            self.penalty = PENALTIES[int(np.argmin(errors))]
        else:
            self.penalty = 1.0
        ((self._slope, self._intercept),) = _solve(x, y, (self.penalty,))
        return self

    def predict(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the line, shape (N,)."""
        predicted: NDArray[np.float64] = x @ self._slope + self._intercept
        return predicted


def grouped_folds(groups: Sequence[str], folds: int = FOLDS) -> list[NDArray[np.int64]]:
    """Indices to hold out in turn, no group in two of them; none where there is one group.

    Groups go in the order of their names, so that the same samples give the same folds.
    """
    names, codes = np.unique(np.array(groups), return_inverse=True)
    parts = min(folds, len(names))
    order = np.random.default_rng(0).permutation(len(names)) % max(1, parts)
    if parts < 2:  # noqa: PLR2004
        return []
    return [np.flatnonzero(order[codes] == part) for part in range(parts)]


def _solve(
    x: NDArray[np.float64], y: NDArray[np.float64], penalties: Sequence[float]
) -> list[tuple[NDArray[np.float64], float]]:
    """Slope and intercept at each penalty, from one decomposition."""
    mean = x.mean(axis=0)
    values, vectors = np.linalg.eigh((x - mean).T @ (x - mean))
    along = vectors.T @ ((x - mean).T @ (y - y.mean()))
    # Rounding leaves eigenvalues slightly below 0.
    slopes = [vectors @ (along / (np.maximum(values, 0) + penalty)) for penalty in penalties]
    return [(slope, float(y.mean() - mean @ slope)) for slope in slopes]
