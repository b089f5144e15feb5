"""Baselines that see the structure of the complex, as a neural network does."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.learning.baselines.descriptors import TERMS, DescriptorsGP, blocks
from rarebind.learning.baselines.gaussian_process import Term
from rarebind.learning.baselines.surroundings import ELEMENTS, metal_index, surroundings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample

#: Those of the descriptors, and the surroundings of the metal, alone and by metal.
STRUCTURE_TERMS = (
    *TERMS,
    Term(linear=("surroundings",)),
    Term(near=("surroundings",)),
    Term(near=("metal", "surroundings")),
    Term(near=("metal",), linear=("surroundings",)),
)
#: Of SOAP: cutoff in Å, radial functions, angular momentum, width in Å.
_CUTOFF, _RADIAL, _ANGULAR, _WIDTH = 6.0, 6, 4, 0.3
#: Components of SOAP that are kept.
_COMPONENTS = 100


class DescriptorsGP3D(DescriptorsGP):
    """The Gaussian process on descriptors, with radial histograms around the metal."""

    terms = STRUCTURE_TERMS

    def _blocks(self, samples: Sequence[Sample]) -> dict[str, NDArray[np.float64]]:
        return blocks(samples) | {"surroundings": surroundings(samples)}


class SoapGP(DescriptorsGP3D):
    """The same with the smooth overlap of atomic positions around the metal, by DScribe.

    All rare earths count as one element there: which one it is, the other features tell.
    """

    alike = ("surroundings",)

    def _fit(self, samples: Sequence[Sample], y: NDArray[np.float64]) -> None:
        found = _soap(samples)
        self._mean = found.mean(axis=0)
        centred = found - self._mean
        # Through the smaller of the two products: there may be more columns than samples.
        values, vectors = np.linalg.eigh(centred @ centred.T)
        kept = np.argsort(-values)[: min(_COMPONENTS, len(samples) - 1)]
        kept = kept[values[kept] > 1e-10 * values.max()]
        self._axes = centred.T @ vectors[:, kept] / np.sqrt(values[kept])
        super()._fit(samples, y)

    def _blocks(self, samples: Sequence[Sample]) -> dict[str, NDArray[np.float64]]:
        components = (_soap(samples) - self._mean) @ self._axes
        return blocks(samples) | {"surroundings": components}


def _soap(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """SOAP vectors at the metals, shape (N, F)."""
    from ase import Atoms

    stand_in = "La"
    soap: Any = importlib.import_module("dscribe.descriptors").SOAP(
        species=[*ELEMENTS, stand_in],
        r_cut=_CUTOFF,
        n_max=_RADIAL,
        l_max=_ANGULAR,
        sigma=_WIDTH,
        periodic=False,
    )
    rows = []
    for sample in samples:
        centre = metal_index(sample.structure)
        symbols = list(sample.structure.symbols)
        symbols[centre] = stand_in
        # What SOAP was not set up for, it refuses; the histograms too leave such elements out.
        kept = [i for i, symbol in enumerate(symbols) if symbol in {*ELEMENTS, stand_in}]
        atoms = Atoms([symbols[i] for i in kept], sample.structure.positions[kept])
        rows.append(soap.create(atoms, centers=[kept.index(centre)])[0])
    return np.array(rows)
