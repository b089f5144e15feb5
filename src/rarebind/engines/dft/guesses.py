"""Densities to start from: ligands as free atoms, the metal ion with a chosen 4f occupation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import special_ortho_group

from rarebind.engines.dft.ion import F_ORBITALS, Ion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Occupations below this do not count.
_EMPTY = 1e-9


def occupations(ion: Ion, number: int, seed: int) -> list[tuple[Floats, Floats]]:
    """Different ways of filling the 4f shell: occupied orbitals of either spin in terms of the 7.

    Half-filled and full shells can be filled in one way only.  Of the others, the first fill the
    real orbitals as they are, in an order drawn by `seed`; every second one fills orbitals turned
    at random, as no axis of a complex need be an axis of these orbitals.

    Returns
    -------
    list
        Pairs of shapes (7, electrons of spin alpha) and (7, electrons of spin beta).
    """
    minority = ion.beta if ion.alpha == F_ORBITALS else ion.alpha
    full = np.eye(F_ORBITALS)
    if minority in {0, F_ORBITALS}:
        return [(full[:, : ion.alpha], full[:, : ion.beta])]
    generator = np.random.default_rng(seed)
    plain = [full[:, chosen] for chosen in combinations(range(F_ORBITALS), minority)]
    order = generator.permutation(len(plain))
    filled = []
    for count in range(number):
        if count % 2 == 0 and count // 2 < len(plain):
            filled.append(plain[order[count // 2]])
        else:
            rotation = special_ortho_group.rvs(F_ORBITALS, random_state=generator)
            filled.append(rotation[:, :minority])
    if ion.alpha == F_ORBITALS:
        return [(full, beta) for beta in filled]
    return [(alpha, full[:, :0]) for alpha in filled]


def with_orbitals(density: NDArray[np.float64]) -> NDArray[np.float64]:
    """`density` as PySCF tags those of orbitals: exchange is then computed from its few columns.

    Parameters
    ----------
    density
        Of one or both spins, shape (functions, functions) or (2, functions, functions).
    """
    from pyscf import lib

    occupations, orbitals = np.linalg.eigh(density)
    # Where atomic densities are cut apart, slightly negative ones arise.
    tagged: NDArray[np.float64] = lib.tag_array(
        density, mo_coeff=orbitals, mo_occ=np.where(occupations > _EMPTY, occupations, 0.0)
    )
    return tagged


def guess_densities(
    mol: Any, metal: int, ion: Ion, number: int, seed: int
) -> Iterator[NDArray[np.float64]]:
    """Density matrices of both spins, shape (2, functions, functions), one for each filling."""
    from pyscf.scf import hf

    atoms = np.asarray(hf.init_guess_by_minao(mol)) / 2.0
    _, _, first, last = mol.aoslice_by_atom()[metal]
    for filling in occupations(ion, number, seed):
        density = np.array([atoms, atoms])
        density[:, first:last, :] = density[:, :, first:last] = 0.0
        for spin, occupied in enumerate(filling):
            orbitals = ion.orbitals @ occupied
            density[spin, first:last, first:last] = ion.core + orbitals @ orbitals.T
        yield with_orbitals(density)
