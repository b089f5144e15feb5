"""A Gaussian process whose kernel is a sum of products over blocks of features.

Energies of complexes are sums of effects (the metal, the ligand) and of their interactions (this
ligand with this metal).  A kernel of the same form says so, and learns from the data how much each
effect counts; one length over all features together would not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from rarebind.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Blocks = Mapping[str, NDArray[np.float64]]

#: Samples on which the parameters of the kernel are chosen; all are used afterwards.
CHOICE_SIZE = 800
#: Of the optimiser; it has flattened out by then.
_ITERATIONS = 60
#: Rows predicted at once, to bound memory.
_CHUNK = 500
#: Bounds of the logarithms of amplitudes, lengths and noise.
_BOUNDS = {"amplitude": (-12.0, 5.0), "length": (-2.0, 4.0), "noise": (-14.0, 1.0)}


@dataclass(frozen=True)
class Term:
    """One summand of the kernel: an amplitude times a product over blocks.

    Attributes
    ----------
    near
        Blocks compared by a Gaussian of their distance.
    linear
        Blocks compared by their scalar product: effects that add up.
    """

    near: tuple[str, ...] = ()
    linear: tuple[str, ...] = ()


class GaussianProcess:
    """Regression with a kernel of `terms`; deterministic.

    Amplitudes, lengths and noise maximise the marginal likelihood of a random part of the training
    samples; the process is then fitted to all of them.

    Parameters
    ----------
    terms
        Summands of the kernel.
    alike
        Blocks whose columns have one scale in common, such as principal components.
    seed
        Of the choice of that part.
    """

    def __init__(
        self, terms: Sequence[Term], *, alike: Sequence[str] = (), seed: int = 111111
    ) -> None:
        self.terms = tuple(terms)
        self.alike = tuple(alike)
        self.seed = seed
        self._near = sorted({name for term in terms for name in term.near})

    def fit(self, blocks: Blocks, y: NDArray[np.float64]) -> GaussianProcess:
        """Learn `y`, shape (N,), from blocks of shape (N, any)."""
        if len(y) < 2:  # noqa: PLR2004
            raise InputError(f"a Gaussian process needs at least two samples, got {len(y)}")
        self._scalers = {
            name: _Scaler(block, alike=name in self.alike) for name, block in blocks.items()
        }
        scaled = self._scale(blocks)
        self._mean, self._spread = float(y.mean()), float(y.std()) or 1.0
        z = (y - self._mean) / self._spread
        random = np.random.default_rng(self.seed)
        part = np.sort(random.permutation(len(z))[:CHOICE_SIZE])
        self.parameters = self._choose({k: v[part] for k, v in scaled.items()}, z[part])
        kernel = self._kernel(scaled, scaled)
        # On top of the noise, enough for a Cholesky factor of many nearly equal rows.
        kernel[np.diag_indices_from(kernel)] += np.exp(self.parameters[-1]) + 1e-8
        self._weights = cho_solve(cho_factor(kernel, lower=True, overwrite_a=True), z)
        self._train = scaled
        return self

    def predict(self, blocks: Blocks) -> NDArray[np.float64]:
        """Means of the process, shape (N,)."""
        scaled = self._scale(blocks)
        number = len(next(iter(scaled.values())))
        found = np.empty(number)
        for first in range(0, number, _CHUNK):
            rows = slice(first, first + _CHUNK)
            chunk = {name: block[rows] for name, block in scaled.items()}
            found[rows] = self._kernel(chunk, self._train) @ self._weights
        return found * self._spread + self._mean

    def _scale(self, blocks: Blocks) -> dict[str, NDArray[np.float64]]:
        return {name: self._scalers[name](block) for name, block in blocks.items()}

    def _split(
        self, parameters: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], dict[str, float]]:
        """Amplitudes of the terms, and lengths of the blocks."""
        values = np.exp(parameters)
        count = len(self.terms)
        return values[:count], dict(zip(self._near, values[count:-1].tolist(), strict=True))

    def _kernel(self, a: Blocks, b: Blocks) -> NDArray[np.float64]:
        amplitudes, lengths = self._split(self.parameters)
        gaussians = {
            name: np.exp(-_squared_distances(a[name], b[name]) / (2 * lengths[name] ** 2))
            for name in self._near
        }
        total = np.zeros((len(next(iter(a.values()))), len(next(iter(b.values())))))
        for term, amplitude in zip(self.terms, amplitudes, strict=True):
            total += amplitude * _product(term, gaussians, a, b)
        return total

    def _choose(self, blocks: Blocks, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Parameters of greatest marginal likelihood for `z`, by its gradient."""
        distances = {name: _squared_distances(blocks[name], blocks[name]) for name in self._near}
        eye = np.eye(len(z))

        def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            amplitudes, lengths = self._split(parameters)
            gaussians = {
                name: np.exp(-d / (2 * lengths[name] ** 2)) for name, d in distances.items()
            }
            parts = [
                amplitude * _product(term, gaussians, blocks, blocks)
                for term, amplitude in zip(self.terms, amplitudes, strict=True)
            ]
            noise = float(np.exp(parameters[-1]))
            factor = cho_factor(sum(parts) + (noise + 1e-8) * eye, lower=True)
            weights = cho_solve(factor, z)
            value = 0.5 * z @ weights + np.log(np.diag(factor[0])).sum()
            # d(value) = ½ tr[(K⁻¹ − w wᵀ) dK]
            slope = 0.5 * (cho_solve(factor, eye) - np.outer(weights, weights))
            weighted = [slope * part for part in parts]
            gradient = [part.sum() for part in weighted]
            for name in self._near:
                involved = [
                    part
                    for term, part in zip(self.terms, weighted, strict=True)
                    if name in term.near
                ]
                gradient.append((sum(involved) * distances[name]).sum() / lengths[name] ** 2)
            gradient.append(noise * np.trace(slope))
            return float(value), np.array(gradient)

        count = len(self.terms)
        start = np.array([-1.0] * count + [1.0] * len(self._near) + [-6.0])
        bounds = [_BOUNDS["amplitude"]] * count + [_BOUNDS["length"]] * len(self._near)
        found = minimize(
            loss,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[*bounds, _BOUNDS["noise"]],
            options={"maxiter": _ITERATIONS},
        )
        return np.asarray(found.x)


class _Scaler:
    """Standardises columns, then divides by the root of their number.

    Squared distances between samples are thus about two for a block of any width.  Columns that do
    not vary in training are left out: nothing was learned about them.
    """

    def __init__(self, block: NDArray[np.float64], *, alike: bool) -> None:
        self.mean = block.mean(axis=0)
        spread = block.std(axis=0)
        self.kept = spread > 1e-9 * (1 + np.abs(self.mean))
        self.spread = spread[self.kept] * np.sqrt(max(1, self.kept.sum()))
        if alike:
            self.spread = np.full_like(self.spread, np.sqrt((spread[self.kept] ** 2).sum()))

    def __call__(self, block: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled: NDArray[np.float64] = (block - self.mean)[:, self.kept] / self.spread
        return scaled


def _product(term: Term, gaussians: Blocks, a: Blocks, b: Blocks) -> NDArray[np.float64]:
    product: NDArray[np.float64] | float = 1.0
    for name in term.near:
        product = product * gaussians[name]
    for name in term.linear:
        product = product * (a[name] @ b[name].T)
    return np.asarray(product)


def _squared_distances(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = (
        (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
    )
    return np.maximum(squares, 0, out=squares)
