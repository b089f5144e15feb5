"""Densities to start from: the metal as a free ion with a chosen 4f occupation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import expm
from scipy.stats import special_ortho_group

from rarebind.engines.dft.ion import F_ORBITALS, Ion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Occupations below this do not count.
_EMPTY = 1e-9


@dataclass(frozen=True)
class ShellLevels:
    """How a 4f shell is split by what surrounds the ion.

    Attributes
    ----------
    energies
        Of the seven orbitals of the spin that fills a part of the shell, shape (7,), Eh.
    axes
        These orbitals in terms of the free ion's, as columns, shape (7, 7), orthonormal.
    """

    energies: Floats
    axes: Floats


def occupations(
    ion: Ion, number: int, seed: int, levels: ShellLevels | None = None
) -> list[tuple[Floats, Floats]]:
    """Different ways of filling the 4f shell: occupied orbitals of either spin in terms of the 7.

    Half-filled and full shells can be filled in one way only.  Of the others, every second one
    fills orbitals turned at random.  Those between fill the orbitals of `levels`, the lowest sum of
    energies first; without levels the real orbitals as they are, in an order drawn by `seed`.

    Returns
    -------
    list
        Pairs of shapes (7, electrons of spin alpha) and (7, electrons of spin beta).
    """
    full = np.eye(F_ORBITALS)
    if ion.one_filling:
        return [(full[:, : ion.alpha], full[:, : ion.beta])]
    generator = np.random.default_rng(seed)
    ways = [list(chosen) for chosen in combinations(range(F_ORBITALS), ion.minority)]
    order = generator.permutation(len(ways))
    axes = full
    if levels is not None:
        energies, axes = levels.energies, levels.axes
        order = np.argsort([energies[chosen].sum() for chosen in ways], kind="stable")
    filled = []
    for count in range(number):
        if count % 2 == 0 and count // 2 < len(ways):
            filled.append(axes[:, ways[order[count // 2]]])
        else:
            rotation = special_ortho_group.rvs(F_ORBITALS, random_state=generator)
            filled.append(rotation[:, : ion.minority])
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


def free_atoms(mol: Any, metal: int | None) -> Floats:
    """Density of all atoms but the metal as if they were free, shape (functions, functions)."""
    from pyscf import gto
    from pyscf.scf import hf

    if metal is None:
        return np.asarray(hf.init_guess_by_minao(mol))
    density = np.zeros((mol.nao, mol.nao))
    others = [atom for atom in range(mol.natm) if atom != metal]
    if others:
        alone = gto.M(
            atom=[(mol.atom_symbol(atom), mol.atom_coord(atom)) for atom in others],
            unit="Bohr",
            basis=mol.basis,
            spin=None,
            verbose=0,
        )
        where = beside(mol, metal)
        density[np.ix_(where, where)] = hf.init_guess_by_minao(alone)
    return density


def beside(mol: Any, metal: int) -> NDArray[np.int64]:
    """Indices of the functions of all atoms but the metal."""
    _, _, first, last = mol.aoslice_by_atom()[metal]
    indices: NDArray[np.int64] = np.r_[0:first, last : mol.nao]
    return indices


def closed_shell_guess(mol: Any, metal: int | None, ion: Floats | None) -> Floats:
    """Free atoms around a closed-shell ion, shape (functions, functions)."""
    density = free_atoms(mol, metal)
    if metal is not None:
        _, _, first, last = mol.aoslice_by_atom()[metal]
        density[first:last, first:last] = ion
    return with_orbitals(density)


def shell_levels(mean_field: Any, metal: int, ion: Ion, surroundings: Floats) -> ShellLevels:
    """The 4f orbitals in the field of `surroundings` and of an evenly filled shell.

    They are the seven eigenvectors of one Fock matrix that are most like 4f orbitals.

    Parameters
    ----------
    mean_field
        Of the molecule, with the grid to be used.
    metal, ion, surroundings
        See :func:`guess_densities`.
    """
    _, _, first, last = mean_field.mol.aoslice_by_atom()[metal]
    shell = ion.orbitals @ ion.orbitals.T / F_ORBITALS
    density = np.array([surroundings, surroundings]) / 2.0
    for spin, electrons in enumerate((ion.alpha, ion.beta)):
        density[spin, first:last, first:last] = ion.core + electrons * shell
    overlap = mean_field.get_ovlp()
    energies, orbitals = mean_field.eig(mean_field.get_fock(dm=with_orbitals(density)), overlap)
    # The spin that fills a part of the shell only.
    part = int(ion.alpha == F_ORBITALS)
    likeness = ion.orbitals.T @ overlap[first:last] @ orbitals[part]
    most = np.sort(np.argsort(-(likeness**2).sum(axis=0))[:F_ORBITALS])
    left, _, right = np.linalg.svd(likeness[:, most])
    return ShellLevels(np.asarray(energies[part][most]), left @ right)


def guess_densities(
    mol: Any,
    metal: int,
    ion: Ion,
    surroundings: Floats,
    number: int,
    seed: int,
    levels: ShellLevels | None = None,
) -> Iterator[Floats]:
    """Density matrices of both spins, shape (2, functions, functions), one for each filling.

    Parameters
    ----------
    mol
        The molecule.
    metal
        Index of the rare-earth atom.
    ion
        That atom as a free ion.
    surroundings
        Density of all other atoms, both spins together, shape (functions, functions).
    number, seed, levels
        See :func:`occupations`.
    """
    _, _, first, last = mol.aoslice_by_atom()[metal]
    for filling in occupations(ion, number, seed, levels):
        density = np.array([surroundings, surroundings]) / 2.0
        for spin, occupied in enumerate(filling):
            orbitals = ion.orbitals @ occupied
            density[spin, first:last, first:last] = ion.core + orbitals @ orbitals.T
        yield with_orbitals(density)


def shell_guesses(
    mean_field: Any, metal: int, ion: Ion, surroundings: Floats, number: int, seed: int
) -> Iterator[Floats]:
    """As :func:`guess_densities`, with the levels of the shell where they are of use.

    Parameters
    ----------
    mean_field
        As :func:`shell_levels` takes it; asked when the first guess is.
    metal, ion, surroundings, number, seed
        See :func:`guess_densities`.
    """
    mol = mean_field.mol
    split = mol.natm > 1 and not ion.one_filling
    levels = shell_levels(mean_field, metal, ion, surroundings) if split else None
    yield from guess_densities(mol, metal, ion, surroundings, number, seed, levels)


def turned_shell(
    mean_field: Any, metal: int, ion: Ion, seed: int
) -> Callable[[Floats, float], Floats]:
    """What turns the seven orbitals of either spin that are most like 4f ones into each other.

    Parameters
    ----------
    mean_field
        Its molecule and overlap are those of the orbitals to be turned.
    metal, ion
        See :func:`guess_densities`.
    seed
        Draws the angles, new ones at every call.

    Returns
    -------
    callable
        From coefficients, shape (2, functions, orbitals), and the size of the angles in radians,
        to coefficients.
    """
    generator = np.random.default_rng(seed)
    _, _, first, last = mean_field.mol.aoslice_by_atom()[metal]
    acting = mean_field.get_ovlp()[:, first:last] @ ion.orbitals

    def turn(coefficients: Floats, size: float) -> Floats:
        turned = np.array(coefficients)
        for orbitals in turned:
            likeness = ((acting.T @ orbitals) ** 2).sum(axis=0)
            shell = np.argsort(-likeness)[:F_ORBITALS]
            angles = generator.normal(scale=size, size=(F_ORBITALS, F_ORBITALS))
            orbitals[:, shell] = orbitals[:, shell] @ expm(angles - angles.T)
        return turned

    return turn
