"""Gradient of a mean field whose Coulomb field and solvent belong to one fitted density.

With b_P = (P|n) of the density n and V the metric, the fitted density has the coefficients
c = V⁻¹ b.  The Coulomb energy is ½ cᵀV c; the solvent's charges q see the electrons through −qᵀAᵀc,
A being the potentials of the fitting functions at the surface, so w = V⁻¹A q is a fit of the
charges.  The derivative of both,

    (c − w)ᵀ db − ½ cᵀ dV c + wᵀ dV c − qᵀ dAᵀ c,

contracts the derivatives of the three-centre integrals with one vector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyscf import df, gto, lib
from pyscf.ao2mo.outcore import balance_partition
from pyscf.gto.moleintor import getints, make_cintopt
from scipy.linalg import cholesky, solve_triangular

from rarebind.engines.dft.core_potential import core_potential_gradient
from rarebind.engines.dft.grid import exchange_correlation_gradient

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Matrix elements of derivatives that are held at a time.
_BLOCK = 3e7


def gradient(field: Any) -> Floats:
    """Gradient of the total energy less dispersion, shape (N, 3), Eh/bohr.

    Parameters
    ----------
    field
        Converged, restricted, density-fitted; its solvent, if any, is fitted all through.
    """
    if field.mol.natm == 1:
        # The force on a single atom vanishes.
        return np.zeros((1, 3))
    solvent = getattr(field, "with_solvent", None)
    hybrid = field._numint.libxc.is_hybrid_xc(field.xc)
    density = np.asarray(field.make_rdm1())
    if hybrid:
        solute = field if solvent is None else field.undo_solvent()
        found = np.asarray(solute.nuc_grad_method().kernel())
    else:
        found = _one_electron(field, density) + exchange_correlation_gradient(field)
    found = found + _fitted(field, density, coulomb=not hybrid)
    if solvent is not None:
        found = found + solvent._cavity_gradient(density)
    return np.asarray(found)


def _one_electron(field: Any, density: Floats) -> Floats:
    """Nuclei, kinetic energy, core potentials and the orbitals' overlap, shape (atoms, 3)."""
    from pyscf.grad import rhf

    mol = field.mol
    occupied = field.mo_occ > 0.0
    orbitals = field.mo_coeff[:, occupied]
    weighted = (orbitals * (field.mo_occ * field.mo_energy)[occupied]) @ orbitals.T
    by_function = np.einsum("xij,ij->xi", mol.intor("int1e_ipkin"), density)
    by_function -= np.einsum("xij,ij->xi", mol.intor("int1e_ipovlp"), weighted)
    total = np.asarray(rhf.grad_nuc(mol))
    total += core_potential_gradient(mol, orbitals)
    attraction = mol.intor("int1e_grids_ip", grids=mol.atom_coords())
    contracted = np.einsum("xgij,ij->xgi", attraction, density, optimize=True)
    charges = mol.atom_charges()
    by_function -= np.einsum("xgi,g->xi", contracted, charges)
    total -= 2.0 * (contracted.sum(axis=2) * charges).T
    total -= [2.0 * by_function[:, i:j].sum(axis=1) for _, _, i, j in mol.aoslice_by_atom()]
    return total


def _fitted(field: Any, density: Floats, *, coulomb: bool) -> Floats:
    """Coulomb energy of the electrons, if asked for, and their attraction to surface charges."""
    mol = field.mol
    auxiliary = field.with_df.auxmol
    if auxiliary is None:
        auxiliary = df.addons.make_auxmol(mol, field.with_df.auxbasis)
    lower = cholesky(auxiliary.intor("int2c2e"), lower=True)
    coefficients = _solved(lower, _projections(field.with_df, density))
    of_atoms = [slice(*found[2:]) for found in auxiliary.aoslice_by_atom()]
    weights = coefficients if coulomb else np.zeros_like(coefficients)
    metric = coefficients / 2.0 if coulomb else np.zeros_like(coefficients)
    total = np.zeros((mol.natm, 3))
    solvent = getattr(field, "with_solvent", None)
    if solvent is not None:
        solvent.respond_to(density)
        charges = solvent._intermediates["q_sym"]
        fitted = _solved(lower, solvent._acting @ charges)
        weights, metric = weights - fitted, metric - fitted
        total += _at_surface(solvent, auxiliary, coefficients, charges, of_atoms)
    inner = auxiliary.intor("int2c2e_ip1")
    by_function = np.einsum("p,xpq,q->px", coefficients, inner, metric, optimize=True)
    by_function += np.einsum("p,xpq,q->px", metric, inner, coefficients, optimize=True)
    total += [by_function[part].sum(axis=0) for part in of_atoms]
    return total + _three_centre(mol, auxiliary, density, weights)


def _projections(fitting: Any, density: Floats) -> Floats:
    """(P|n) in an orthonormal combination of the fitting functions, shape (functions,)."""
    packed = lib.pack_tril(density + density.T - np.diag(np.diag(density)))
    return np.concatenate([block @ packed for block in fitting.loop()])


def _solved(lower: Floats, right: Floats) -> Floats:
    """Back from the orthonormal combination to coefficients of the fitting functions."""
    return np.asarray(solve_triangular(lower, right, lower=True, trans="T"))


def _at_surface(
    solvent: Any, auxiliary: Any, coefficients: Floats, charges: Floats, of_atoms: list[slice]
) -> Floats:
    """−qᵀ dAᵀ c, shape (atoms, 3)."""
    surface = solvent.surface
    points = gto.fakemol_for_charges(surface["grid_coords"], expnt=surface["charge_exp"] ** 2)
    crossed = gto.mole.intor_cross("int2c2e_ip1", auxiliary, points)
    by_function = np.einsum("p,xps,s->px", coefficients, crossed, charges, optimize=True)
    by_point = np.einsum("p,xps,s->sx", coefficients, crossed, charges, optimize=True)
    return np.array(
        [
            by_function[part].sum(axis=0) - by_point[begin:end].sum(axis=0)
            for part, (begin, end) in zip(of_atoms, surface["gslice_by_atom"], strict=True)
        ]
    )


def _three_centre(mol: Any, auxiliary: Any, density: Floats, weights: Floats) -> Floats:
    """Derivative of Σ_P weights_P (P|n) at fixed density matrix, shape (atoms, 3).

    That by a fitting function's position follows from those by the basis functions', as nothing
    changes when all move together.
    """
    both = mol + auxiliary
    name = mol._add_suffix("int3c2e_ip1")
    optimiser = make_cintopt(both._atm, both._bas, both._env, name)
    first = auxiliary.ao_loc
    by_function = np.zeros((3, mol.nao))
    by_fit = np.zeros((3, auxiliary.nao))
    length = max(int(_BLOCK / (3 * mol.nao**2)), 1)
    for start, end, _ in balance_partition(first, length):
        shells = (0, mol.nbas, 0, mol.nbas, mol.nbas + start, mol.nbas + end)
        # (∇μ ν|P)
        integrals = getints(
            name, both._atm, both._bas, both._env, shells, comp=3, aosym="s1", cintopt=optimiser
        )
        chosen = slice(first[start], first[end])
        for x in range(3):
            # In memory, μ runs fastest.
            table = integrals[x].transpose(2, 1, 0)
            contracted = np.einsum("pnm,mn->pm", table, density, optimize=True)
            by_function[x] += weights[chosen] @ contracted
            by_fit[x, chosen] = weights[chosen] * contracted.sum(axis=1)
    return np.array(
        [
            2.0 * (by_fit[:, p:q].sum(axis=1) - by_function[:, i:j].sum(axis=1))
            for (_, _, i, j), (_, _, p, q) in zip(
                mol.aoslice_by_atom(), auxiliary.aoslice_by_atom(), strict=True
            )
        ]
    )
