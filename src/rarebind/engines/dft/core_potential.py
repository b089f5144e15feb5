"""Forces of effective core potentials, by quadrature around the atom that has one.

PySCF's integrals of all pairs of functions with the potential's derivative take seconds for a
complex.  The potential reaches no farther than the atom's own sphere, where functions of all atoms
are smooth: a grid of radii and directions gives what a density matrix needs of them at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyscf import dft
from pyscf.symm.sph import real_sph_vec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Radii and directions.
_RADII, _DIRECTIONS = 80, 194
#: Potentials below this times a volume element are left out, Eh·bohr³.
_SMALL = 1e-11


def core_potential_gradient(mol: Any, orbitals: Floats) -> Floats:
    """Gradient of the energy in all effective core potentials, shape (atoms, 3), Eh/bohr.

    Parameters
    ----------
    mol
        The molecule.
    orbitals
        Doubly filled, shape (functions, orbitals).
    """
    total = np.zeros((mol.natm, 3))
    for atom in range(mol.natm):
        if mol.atom_nelec_core(atom):
            by_function = _of_atom(mol, atom, orbitals)
            total -= [2.0 * by_function[:, i:j].sum(axis=1) for _, _, i, j in mol.aoslice_by_atom()]
            # Nothing changes when all atoms move together.
            total[atom] += 2.0 * by_function.sum(axis=1)
    return total


def _of_atom(mol: Any, atom: int, orbitals: Floats) -> Floats:
    """Σ_ν D_μν (∇μ|U|ν) for the potential U of one atom, shape (3, functions)."""
    directions = dft.gen_grid.MakeAngularGrid(_DIRECTIONS)
    weights = 4.0 * np.pi * directions[:, 3]
    radii, steps = dft.radi.treutler_ahlrichs(_RADII, 1)
    potentials = _potentials(mol._ecp[mol.atom_symbol(atom)][1], radii)
    highest = max(potentials)
    harmonics = real_sph_vec(directions[:, :3], max(highest, 0))
    by_function = np.zeros((3, mol.nao))
    for index, (radius, step) in enumerate(zip(radii, steps, strict=True)):
        volume = radius**2 * step
        acting = {
            momentum: value
            for momentum, values in potentials.items()
            if abs(value := float(values[index] * volume)) > _SMALL
        }
        if not acting:
            continue
        points = mol.atom_coord(atom) + radius * directions[:, :3]
        functions = mol.eval_gto("GTOval_sph_deriv1", points)
        for momentum, value in acting.items():
            left, scale = functions, value * weights[:, None]
            if momentum >= 0:
                projector = (harmonics[momentum].reshape(-1, len(weights))) * weights
                left, scale = projector @ functions, value
            density = 2.0 * scale * (left[0] @ orbitals) @ orbitals.T
            by_function += np.einsum("xgm,gm->xm", left[1:], density)
    return by_function


def _potentials(terms: list[Any], radii: Floats) -> dict[int, Floats]:
    """At `radii`, by angular momentum; −1 is the local part."""
    found: dict[int, Floats] = {}
    for momentum, powers in terms:
        value = np.zeros_like(radii)
        for power, primitives in enumerate(powers):
            for exponent, coefficient, *_ in primitives:
                value += coefficient * radii ** (power - 2) * np.exp(-exponent * radii**2)
        found[momentum] = value
    return found
