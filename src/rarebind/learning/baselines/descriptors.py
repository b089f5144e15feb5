"""Baselines of descriptors: chemistry, but no structure of the complex."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.learning.baselines import features
from rarebind.learning.baselines.frame import Baseline
from rarebind.learning.baselines.gaussian_process import GaussianProcess, Term
from rarebind.learning.baselines.ridge import GroupedRidge

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample

#: Effects of composition, metal and ligand, and their interactions.  Linear in the ligand's
#: fragments, effects of scaffold and substituent add up, also in a ligand never seen.
TERMS = (
    Term(near=("counts",)),
    Term(near=("metal",)),
    Term(near=("counts", "name")),
    Term(near=("counts",), linear=("ligand",)),
    Term(near=("counts", "ligand")),
    Term(near=("counts", "metal", "ligand")),
    Term(near=("counts", "metal"), linear=("ligand",)),
)
#: Of the boosted trees.
_TREES, _RATE, _LEAVES, _LEAF_SAMPLES = 400, 0.1, 31, 10


def blocks(samples: Sequence[Sample]) -> dict[str, NDArray[np.float64]]:
    """Features of the blocks in :data:`TERMS`, each of shape (N, any)."""
    return {
        "metal": features.metals(samples),
        "name": features.metal_names(samples),
        "counts": features.counts(samples),
        "ligand": features.ligands(samples),
    }


class DescriptorsGP(Baseline):
    """A Gaussian process on descriptors of metal, composition and ligand."""

    #: Of the process.
    terms: tuple[Term, ...] = TERMS
    alike: tuple[str, ...] = ()

    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None:
        self._process = GaussianProcess(self.terms, alike=self.alike).fit(self._blocks(samples), y)

    def _predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        return self._process.predict(self._blocks(samples))

    def _blocks(self, samples: Sequence[Sample]) -> dict[str, NDArray[np.float64]]:
        return blocks(samples)


class DescriptorsGBT(Baseline):
    """Boosted trees on what a ridge regression on the same descriptors leaves.

    Trees alone answer with values they have seen; the line below them goes on.
    """

    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None:
        # scikit-learn is not annotated.
        ensemble: Any = importlib.import_module("sklearn.ensemble")
        self._compositions = sorted({sample.geometry for sample in samples})
        numbers = _smooth(samples)
        self._mean, spread = numbers.mean(axis=0), numbers.std(axis=0)
        # Most bits of a fingerprint are never set; the time goes with the number of columns.
        self._kept = spread > 1e-9 * (1 + np.abs(self._mean))
        self._spread = spread[self._kept]
        groups = [sample.inchikey for sample in samples]
        self._line = GroupedRidge().fit(self._columns(samples), y, groups)
        left = y - self._line.predict(self._columns(samples))
        self._trees = ensemble.HistGradientBoostingRegressor(
            max_iter=_TREES,
            learning_rate=_RATE,
            max_leaf_nodes=_LEAVES,
            min_samples_leaf=_LEAF_SAMPLES,
            early_stopping=False,
            random_state=0,
        ).fit(self._inputs(samples), left)

    def _predict(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        line = self._line.predict(self._columns(samples))
        return np.asarray(line + self._trees.predict(self._inputs(samples)))

    def _inputs(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """What the trees see."""
        return np.hstack([_smooth(samples)[:, self._kept], features.counts(samples)])

    def _columns(self, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Descriptors and metals, each with its own slope in every composition."""
        scaled = np.hstack(
            [
                (_smooth(samples) - self._mean)[:, self._kept] / self._spread,
                features.metal_names(samples),
                np.ones((len(samples), 1)),
            ]
        )
        compositions = np.array(
            [
                [float(sample.geometry == known) for known in self._compositions]
                for sample in samples
            ]
        )
        # A composition never seen stands between those that were.
        unseen = compositions.sum(axis=1) == 0
        compositions[unseen] = 1 / len(self._compositions)
        columns = np.einsum("nf,nc->nfc", scaled, compositions)
        return np.asarray(columns.reshape(len(samples), -1))


def _smooth(samples: Sequence[Sample]) -> NDArray[np.float64]:
    metals = features.metals(samples)
    return np.hstack([metals, metals**2, features.ligands(samples)])
