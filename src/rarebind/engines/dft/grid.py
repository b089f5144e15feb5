"""Exchange and correlation of closed shells on a grid, for functionals without exact exchange.

What PySCF's own routines give, in less time: basis functions that vanish on a block of points are
left out there, those that do not are kept from one iteration to the next, and densities are made
from the occupied orbitals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    #: Values of functions, their indices, weights of the points.
    Block = tuple[Floats, NDArray[np.int64], Floats]

#: Grid points at a time; a multiple of PySCF's blocks of 56.
_POINTS = 1120
#: Functions that are nowhere larger on a block are left out there.
_SMALL = 1e-8
#: Bytes of function values that are kept.
_KEPT = 2e9
#: Where PySCF puts the second derivatives of functions.
_SECOND = ((4, 5, 6), (5, 7, 8), (6, 8, 9))


def speed_up(field: Any) -> Callable[[], None]:
    """Let `field`, restricted and without exact exchange, integrate its functional by this.

    Returns
    -------
    callable
        Gives up the values of functions that are kept, gigabytes for a complex: `field` refers to
        itself, so they would wait for the next round of the garbage collector.
    """
    integrator = field._numint
    kind = integrator._xc_type(field.xc)
    kept: dict[str, Any] = {"grids": None, "blocks": []}

    def nr_rks(
        mol: Any, grids: Any, functional: str, density: Any, *_: Any, **__: Any
    ) -> tuple[float, float, Floats]:
        orbitals, occupations = _orbitals(density)
        electrons = energy = 0.0
        half = np.zeros((mol.nao, mol.nao))
        for values, chosen, weight in _kept_blocks(integrator, mol, grids, kept):
            scaled = (orbitals * np.sqrt(occupations / 2.0))[chosen]
            rho = density_on(values @ scaled, tau=kind == "MGGA")
            exc, v = integrator.eval_xc_eff(functional, rho, deriv=1, xctype=kind)[:2]
            electrons += float(rho[0] @ weight)
            energy += float((rho[0] * weight) @ exc)
            v *= weight
            weighted = 0.5 * v[0, :, None] * values[0]
            for x in (1, 2, 3):
                weighted += v[x, :, None] * values[x]
            matrix = values[0].T @ weighted
            if kind == "MGGA":
                for x in (1, 2, 3):
                    matrix += values[x].T @ (0.25 * v[4, :, None] * values[x])
            half[np.ix_(chosen, chosen)] += matrix
        return electrons, energy, half + half.T

    def release() -> None:
        kept.update(grids=None, blocks=[])

    integrator.nr_rks = nr_rks
    return release


def exchange_correlation_gradient(field: Any) -> Floats:
    """Gradient on a grid that is held still, shape (atoms, 3), Eh/bohr.

    With t = Dχ and its three derivatives, what function μ adds is
    −2 ∇χ (v t + Σ v_x t_x) − 2 Σ ∇∂_xχ (v_x t + ½ v_τ t_x).
    """
    mol, integrator = field.mol, field._numint
    kind = integrator._xc_type(field.xc)
    orbitals = field.mo_coeff[:, field.mo_occ > 0.0]
    by_function = np.zeros((3, mol.nao))
    for values, chosen, weight in _blocks(integrator, mol, field.grids, derivatives=2):
        occupied = orbitals[chosen]
        on_orbitals = values[:4] @ occupied
        rho = density_on(on_orbitals, tau=kind == "MGGA")
        v = integrator.eval_xc_eff(field.xc, rho, deriv=1, xctype=kind)[1] * weight
        t = 2.0 * on_orbitals @ occupied.T
        first = v[0, :, None] * t[0]
        for x in range(3):
            first += v[1 + x, :, None] * t[1 + x]
            second = v[1 + x, :, None] * t[0]
            if kind == "MGGA":
                second += 0.5 * v[4, :, None] * t[1 + x]
            for y in range(3):
                by_function[y, chosen] += np.einsum("gm,gm->m", values[_SECOND[x][y]], second)
        for y in range(3):
            by_function[y, chosen] += np.einsum("gm,gm->m", values[1 + y], first)
    return np.array(
        [-2.0 * by_function[:, i:j].sum(axis=1) for _, _, i, j in mol.aoslice_by_atom()]
    )


def density_on(values: Floats, *, tau: bool) -> Floats:
    """Density, gradient and, if asked for, kinetic energy density of doubly filled orbitals.

    Parameters
    ----------
    values
        Of the orbitals and their three derivatives, shape (4, points, orbitals).
    """
    found = [2.0 * np.einsum("gi,gi->g", values[0], values[0])]
    found += [4.0 * np.einsum("gi,gi->g", values[0], value) for value in values[1:]]
    if tau:
        found.append(np.einsum("xgi,xgi->g", values[1:], values[1:]))
    return np.array(found)


def _orbitals(density: Any) -> tuple[Floats, Floats]:
    """Orbitals and occupations that a density matrix is made of."""
    if hasattr(density, "mo_coeff"):
        filled = density.mo_occ > 0.0
        return density.mo_coeff[:, filled], density.mo_occ[filled]
    occupations, orbitals = np.linalg.eigh(density)
    filled = occupations > _SMALL
    return orbitals[:, filled], occupations[filled]


def _kept_blocks(integrator: Any, mol: Any, grids: Any, kept: dict[str, Any]) -> Iterator[Block]:
    """Blocks of `grids`, from memory where they were kept."""
    if kept["grids"] is not grids.coords:
        kept.update(grids=grids.coords, blocks=[])
        size = 0.0
        for block in _blocks(integrator, mol, grids, derivatives=1):
            size += block[0].nbytes
            if size < _KEPT:
                kept["blocks"].append(block)
            else:
                kept.update(grids=None, blocks=[])
            yield block
        return
    yield from kept["blocks"]


def _blocks(integrator: Any, mol: Any, grids: Any, *, derivatives: int) -> Iterator[Block]:
    for values, _, weight, _ in integrator.block_loop(
        mol, grids, mol.nao, derivatives, blksize=_POINTS
    ):
        (chosen,) = np.nonzero(np.abs(values[:4]).max(axis=(0, 1)) > _SMALL)
        yield values[:, :, chosen], chosen, weight
