"""SMD solvation whose surface potentials come from the fitted density.

PySCF's own SMD computes the integrals of every pair of basis functions with every surface charge
twice a cycle: for a complex, minutes, where the rest of the cycle takes seconds.  Density fitting
has all that is needed: the potential of the fitted density is a sum over fitting functions, and
the surface charges act back through the same functions.  Once the density has all but converged,
:attr:`FittedSMD.fitted` is turned off for the last iterations: energy and forces are those of
PySCF's SMD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from pyscf import df, gto, lib
from pyscf.dft.gen_grid import LEBEDEV_ORDER
from pyscf.solvent import pcm, smd
from pyscf.solvent.grad import pcm as pcm_gradient
from pyscf.solvent.grad import smd as smd_gradient
from scipy.linalg import LinAlgError, cholesky, lu_factor, lu_solve, solve_triangular

from rarebind.engines.dft.cavity_response import response_gradient
from rarebind.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Surface points whose integrals are held at a time, in numbers of matrix elements.
_BLOCK = 4e7
#: Norm of the difference between densities that have the same surface charges.
_SAME_DENSITY = 1e-10


class FittedSMD(smd.SMD):  # type: ignore[misc]  # PySCF has no types
    """SMD (Marenich, Cramer and Truhlar, J. Phys. Chem. B 2009, 113, 6378) on a fitted density.

    Parameters
    ----------
    mol
        The solute.
    solvent
        As PySCF names it.
    with_df
        The density fitting of the mean field.

    Attributes
    ----------
    fitted
        Whether the potential on the surface is that of the fitted density.

    Raises
    ------
    InputError
        The solvent is not known.
    """

    def __init__(self, mol: gto.Mole, solvent: str, with_df: df.DF) -> None:
        if solvent not in smd.solvent_db:
            raise InputError(
                f"SMD has no solvent {solvent!r}: known are {', '.join(sorted(smd.solvent_db))}"
            )
        super().__init__(mol, solvent)
        self.with_df = with_df
        self.fitted = True
        self._factors: tuple[Any, Any] | None = None
        self._acting: Any = None

    def reset(self, mol: gto.Mole | None = None) -> Any:
        """Forget the geometry."""
        self._factors = self._acting = None
        return super().reset(mol)

    def build(self, ng: int | None = None) -> None:
        """Prepare surface, response matrix and the fitting functions' potentials on it."""
        super().build(ng)
        self._factors = lu_factor(self._intermediates["K"])
        if self.with_df._cderi is None:
            self.with_df.build()
        auxiliary = self.with_df.auxmol
        if auxiliary is None:
            auxiliary = df.addons.make_auxmol(self.mol, self.with_df.auxbasis)
        charges = gto.fakemol_for_charges(
            self.surface["grid_coords"], expnt=self.surface["charge_exp"] ** 2
        )
        metric = auxiliary.intor("int2c2e")
        try:
            lower = cholesky(metric, lower=True)
        except LinAlgError as error:
            raise InputError("the fitting functions are linearly dependent here") from error
        crossed = gto.mole.intor_cross("int2c2e", auxiliary, charges)
        self._acting = solve_triangular(lower, crossed, lower=True)

    def _get_vind(self, dms: Floats) -> tuple[float, Floats]:
        """Energy and potential of the solvent, as in PySCF but with the matrix factorised once."""
        if not self._intermediates:
            self.build()
        total = _total(dms)
        energy = self._respond(total, self._potential(total))
        charges = self._intermediates["q_sym"]
        if self.fitted:
            return energy, self._get_vmat(charges[None])[0]
        return energy, exact_operator(self, charges)

    def _respond(self, total: Floats, of_electrons: Floats) -> float:
        """Charges and energy (Eh) that the solvent answers with."""
        response = self._intermediates["R"]
        potential = self.v_grids_n - of_electrons
        charges = lu_solve(self._factors, response @ potential)
        adjoint = response.T @ lu_solve(self._factors, potential, trans=1)
        symmetric = (charges + adjoint) / 2.0
        self._intermediates |= {
            "q": charges,
            "q_sym": symmetric,
            "v_grids": potential,
            "dm": total[None],
        }
        return 0.5 * float(symmetric @ potential)

    def _get_v(self, dms: Floats) -> Floats:
        """Potential of the fitted electrons at the surface points, shape (n, points)."""
        packed = [lib.pack_tril(dm + dm.T - np.diag(np.diag(dm))) for dm in dms]
        fitted = np.concatenate([block @ np.transpose(packed) for block in self.with_df.loop()])
        return np.asarray(fitted.T @ self._acting)

    def _get_vmat(self, q: Floats) -> Floats:
        """Operator of the surface charges in the basis, shape (n, functions, functions)."""
        acting = self._acting @ np.transpose(q)
        packed: Any = 0.0
        start = 0
        for block in self.with_df.loop():
            end = start + len(block)
            packed = packed - acting[start:end].T @ block
            start = end
        return np.asarray(lib.unpack_tril(packed))

    def grad(self, dm: Floats) -> Floats:
        """Gradient of the solvation energy, shape (N, 3), Eh/bohr."""
        return np.asarray(sum(part() for part in self.gradient_parts(dm).values()))

    def gradient_parts(self, dm: Floats) -> dict[str, Callable[[], Floats]]:
        """What the gradient is the sum of, to be computed one by one."""
        total = _total(dm)
        return {
            "surface": lambda: surface_gradient(self, total),
            "cavity": lambda: self._cavity_gradient(total),
        }

    def _cavity_gradient(self, total: Floats) -> Floats:
        """What is left where the electrons' potential on the surface stays as it is."""
        self.respond_to(total)
        return np.asarray(
            pcm_gradient.grad_nuc(self, total)
            + response_gradient(self)
            + smd_gradient.get_cds(self)
        )

    def respond_to(self, total: Floats) -> None:
        """Find the surface charges that a density of both spins induces, unless they are known."""
        known = (self._intermediates or {}).get("dm")
        if known is not None and np.linalg.norm(known - total) < _SAME_DENSITY:
            return
        if not self._intermediates:
            self.build()
        self._respond(total, self._potential(total))

    def _potential(self, total: Floats) -> Floats:
        """Potential of the electrons at the surface points, shape (points,)."""
        return self._get_v(total[None])[0] if self.fitted else exact_potential(self, total)


def _total(dms: Floats) -> Floats:
    """Density of both spins."""
    total: Floats = np.reshape(dms, (-1, *dms.shape[-2:])).sum(axis=0)
    return total


def exact_potential(solvent: pcm.PCM, dm: Floats) -> Floats:
    """Potential of the electrons at the surface points, without fitting, shape (points,).

    The surface charges are Gaussians.  A Gaussian's potential is that of a point seen through the
    long-range part of the Coulomb operator, so points of one width share one integral call.
    """
    mol, points, widths = solvent.mol, solvent.surface["grid_coords"], solvent.surface["charge_exp"]
    potential = np.zeros(len(points))
    for chosen, width in _blocks(widths, mol.nao):
        with mol.with_range_coulomb(width):
            integrals = mol.intor("int1e_grids", grids=points[chosen], hermi=1)
        potential[chosen] = np.einsum("gij,ij->g", integrals, dm, optimize=True)
    return potential


def exact_operator(solvent: pcm.PCM, charges: Floats) -> Floats:
    """Operator of surface charges without fitting, shape (functions, functions)."""
    mol, points, widths = solvent.mol, solvent.surface["grid_coords"], solvent.surface["charge_exp"]
    operator = np.zeros((mol.nao, mol.nao))
    for chosen, width in _blocks(widths, mol.nao):
        with mol.with_range_coulomb(width):
            integrals = mol.intor("int1e_grids", grids=points[chosen], hermi=1)
        operator -= np.tensordot(charges[chosen], integrals, axes=1)
    return operator


def surface_points(solvent: FittedSMD) -> int:
    """Number of points on the surface of the solvent's cavity; nothing else is computed."""
    radii = smd.smd_radii(smd.solvent_db[solvent.solvent][2])
    number = LEBEDEV_ORDER[solvent.lebedev_order]
    return len(pcm.gen_surface(solvent.mol, rad=radii, ng=number)["grid_coords"])


def _blocks(widths: Floats, size: int) -> Iterator[tuple[NDArray[np.int64], float]]:
    """Surface points of one width, at most so many that their integrals fit into memory."""
    length = max(int(_BLOCK / size**2), 1)
    for width in np.unique(widths):
        (same,) = np.nonzero(widths == width)
        for start in range(0, len(same), length):
            yield same[start : start + length], float(width)


def surface_gradient(solvent: FittedSMD, dm: Floats) -> Floats:
    """Gradient of the attraction between electrons and fixed surface charges, shape (N, 3).

    The derivative by a point's position follows from those by the functions' centres, as nothing
    changes when all move together.
    """
    solvent.respond_to(dm)
    mol = solvent.mol
    charges, points = solvent._intermediates["q_sym"], solvent.surface["grid_coords"]
    widths = solvent.surface["charge_exp"]
    by_function = np.zeros((3, mol.nao))
    by_point = np.zeros((3, len(points)))
    for chosen, width in _blocks(widths, 3 * mol.nao):
        with mol.with_range_coulomb(width):
            # (∇μ| erf(width r)/r |ν)
            integrals = mol.intor("int1e_grids_ip", grids=points[chosen])
        contracted = np.einsum("xgij,ij->xgi", integrals, dm, optimize=True)
        by_point[:, chosen] = 2.0 * contracted.sum(axis=2) * charges[chosen]
        by_function += np.einsum("xgi,g->xi", contracted, charges[chosen])
    slices = mol.aoslice_by_atom()
    return np.array(
        [
            2.0 * by_function[:, first:last].sum(axis=1) - by_point[:, begin:end].sum(axis=1)
            for (_, _, first, last), (begin, end) in zip(
                slices, solvent.surface["gslice_by_atom"], strict=True
            )
        ]
    )
