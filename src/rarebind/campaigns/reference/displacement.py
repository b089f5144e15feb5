"""Geometries beside a minimum: ligands moved as rigid bodies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

Floats = NDArray[np.float64]


def stretched(
    positions: Floats,
    fragments: Sequence[range],
    donors: Sequence[Sequence[int]],
    by: Sequence[float],
) -> Floats:
    """Every fragment moved along the line from atom 0, the metal, to the middle of its donors.

    Parameters
    ----------
    positions
        Å, shape (N, 3).
    fragments, donors
        Atoms of each fragment, and those of them that bind the metal.
    by
        Outwards, Å.

    Returns
    -------
    ndarray
        Shape (N, 3).
    """
    moved = positions.copy()
    for atoms, binding, distance in zip(fragments, donors, by, strict=True):
        outwards = positions[list(binding)].mean(axis=0) - positions[0]
        moved[list(atoms)] += distance * outwards / np.linalg.norm(outwards)
    return moved


def agitated(
    positions: Floats,
    fragments: Sequence[range],
    *,
    shift: float,
    turn: float,
    shake: float,
    seed: Sequence[int],
) -> Floats:
    """Every fragment shifted and turned about its centre at random, every atom shaken a little.

    Parameters
    ----------
    shift, turn, shake
        Standard deviations of each component: Å, degrees, Å.
    seed
        The same numbers give the same geometry.
    """
    generator = np.random.default_rng(list(seed))
    moved = positions.copy()
    for atoms in fragments:
        chosen = list(atoms)
        centre = moved[chosen].mean(axis=0)
        rotation = Rotation.from_rotvec(np.radians(generator.normal(0.0, turn, 3)))
        moved[chosen] = centre + rotation.apply(moved[chosen] - centre)
        moved[chosen] += generator.normal(0.0, shift, 3)
    return np.asarray(moved + generator.normal(0.0, shake, moved.shape))
