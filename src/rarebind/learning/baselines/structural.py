"""Baselines that see the structure of the complex, as a neural network does."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.elements import is_rare_earth
from rarebind.errors import InputError
from rarebind.learning.baselines.descriptors import TERMS, DescriptorsGP, blocks
from rarebind.learning.baselines.gaussian_process import Term

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from rarebind.learning.data.samples import Sample
    from rarebind.structures import Structure

#: Neighbours that are told apart; all others share one column.
ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl")
#: Distances of the first shell, finely, and beyond it, in Å.  Farther out stand the substituents:
#: there, histograms only name the ligand, and mislead about one never seen.
_INNER = np.arange(2.1, 3.2, 0.1)
_OUTER = np.arange(3.4, 5.1, 0.4)
#: Elements that bind to the metal.
_DONORS = ("O", "N", "S")
_SHELL = 8
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
        # DScribe needs scikit-learn, which is not annotated.
        decomposition: Any = importlib.import_module("sklearn.decomposition")
        found = _soap(samples)
        number = min(_COMPONENTS, len(found) - 1, found.shape[1])
        self._components = decomposition.PCA(number, svd_solver="full").fit(found)
        super()._fit(samples, y)

    def _blocks(self, samples: Sequence[Sample]) -> dict[str, NDArray[np.float64]]:
        return blocks(samples) | {"surroundings": self._components.transform(_soap(samples))}


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


def surroundings(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Radial histograms and donors around the metal, shape (N, F); see :func:`around_metal`."""
    return np.array([around_metal(sample.structure) for sample in samples])


def around_metal(structure: Structure) -> NDArray[np.float64]:
    """Numbers that describe the atoms around the rare earth of `structure`.

    For each element: its distances from the metal counted in Gaussians, finely in the first shell
    and coarsely beyond, up to 5 Å.  Then the sorted distances (Å) of the eight nearest donors, and
    sums of 1/r (Å⁻¹) and 1/r⁶ (Å⁻⁶) between them, which tell how crowded they are.

    Raises
    ------
    InputError
        There is not exactly one rare earth.
    """
    centre = metal_index(structure)
    symbols = np.array(structure.symbols)
    distances = np.linalg.norm(structure.positions - structure.positions[centre], axis=1)
    others = np.arange(len(symbols)) != centre
    found = []
    for element in ELEMENTS:
        r = distances[others & (symbols == element)]
        for grid in (_INNER, _OUTER):
            width = grid[1] - grid[0]
            found.append(np.exp(-((r[:, None] - grid) ** 2) / (2 * width**2)).sum(axis=0))
    donors = np.flatnonzero(others & np.isin(symbols, _DONORS))
    nearest = donors[np.argsort(distances[donors])[:_SHELL]]
    shell = np.full(_SHELL, distances[nearest].max(initial=0.0))
    shell[: len(nearest)] = distances[nearest]
    between = structure.positions[nearest][:, None] - structure.positions[nearest][None]
    upper = np.linalg.norm(between, axis=-1)[np.triu_indices(len(nearest), 1)]
    crowd = np.array([(1 / upper).sum(), (upper**-6.0).sum()])
    return np.concatenate([*found, shell, crowd])


def metal_index(structure: Structure) -> int:
    """Index of the only rare earth.

    Raises
    ------
    InputError
        There is none, or more than one.
    """
    found = [i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol)]
    if len(found) != 1:
        raise InputError(f"expected one rare earth in the structure, found {len(found)}")
    return found[0]
