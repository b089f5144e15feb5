"""A model Hessian for molecules of any elements, made for f-element complexes and their water.

The form is that of Swart and Bickelhaupt [1]_: a force constant for every internal coordinate,
scaled by a screening function of each distance it spans,
``rho = exp(1 - R / (r_A + r_B))`` with covalent radii ``r``.  Their three constants (0.35, 0.15
and 0.005 a.u.) are ten to fifty times too stiff for the coordinates of a lanthanide and too soft
for torsions of conjugated rings, so the constants here are resolved by kind of coordinate.  They
were fitted (``benchmarks/fit_model_hessian.py``) to numerical GFN2-xTB/ALPB(water) Hessians at
minima of lanthanum complexes with one bidentate ligand and six waters and with four ligands,
minimising ``tr(M⁻¹H) - ln det(M⁻¹H)``, the
measure that the BFGS update itself decreases [2]_.  The condition number of the preconditioned
Hessian falls from about 600 with the published constants to about 30.

References
----------
.. [1] M. Swart, F. M. Bickelhaupt, Int. J. Quantum Chem. 2006, 106, 2536,
   doi:10.1002/qua.21049.
.. [2] R. H. Byrd, J. Nocedal, SIAM J. Numer. Anal. 1989, 26, 727, doi:10.1137/0726042.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from ase.units import Bohr, Hartree
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Force constants at rho = 1: Hartree/Bohr² for distances, Hartree for angles and torsions.
#: X is any non-metal other than hydrogen, M a metal.
STRETCH = {"X-X": 0.299, "X-H": 0.378, "M-X": 0.0097}
CONTACT = {
    "M": 0.0086, "H..H": 1.71, "X..X": 0.127, "X..H": 0.0587,
    "hydrogen bond": 0.111, "long hydrogen bond": 0.0425,
}  # fmt: skip
BEND = {
    "X-X-X": 0.162, "X-X-H": 0.145, "H-X-H": 0.117,
    "M-X-X": 0.0133, "M-X-H": 0.0109, "X-M-X": 0.00368, "linear": 0.06,
}  # fmt: skip
TORSION = {
    "double bond": 0.0265, "conjugated": 0.0313, "single bond": 0.00737,
    "M at the end": 0.00313, "M in the middle": 0.0003, "M in the middle, H": 0.00041,
}  # fmt: skip

#: Atoms closer than this multiple of the sum of their covalent radii count as bonded.
BONDED = 1.35
#: Contacts with rho³ below this are left out.
_NEGLIGIBLE = 1e-4
#: Angles with a smaller sine are linear: they bend in two planes, and torsions with such an angle
#: in them are left out.
_SMALLEST_SINE = 0.2
#: Weight of an angle that is linear (Swart and Bickelhaupt's f).
_LINEAR = 0.12
_ACCEPTORS = (7, 8, 9, 16)
#: d and f elements.
_METALS = (*range(21, 31), *range(39, 49), *range(57, 81), *range(89, 113))
#: Shorter conjugated bonds count as double, Å.
_DOUBLE_BOND = 1.43
#: Carbon and nitrogen with at most so many neighbours are planar.
_PLANAR = 3


def model_hessian(symbols: Sequence[str], positions: Floats) -> Floats:
    """Model Hessian in Cartesian coordinates.

    Parameters
    ----------
    symbols
        Element symbols, length N.
    positions
        Cartesian coordinates in Å, shape (N, 3).

    Returns
    -------
    ndarray
        Shape (3N, 3N), eV/Å², symmetric and positive semidefinite.  Its terms are changes of
        internal coordinates, so translations and rotations are exactly without curvature at
        any geometry.
    """
    numbers = np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.int64)
    x = np.asarray(positions, dtype=np.float64)
    n = len(numbers)
    difference = x[:, None] - x[None]
    distance = np.linalg.norm(difference, axis=-1) + np.eye(n)
    radii = covalent_radii[numbers]
    rho = np.exp(1.0 - distance / (radii[:, None] + radii[None]))
    np.fill_diagonal(rho, 0.0)
    bonded = rho > np.exp(1.0 - BONDED)

    hessian = np.zeros(9 * n * n)
    _add(hessian, n, *_stretches(numbers, difference, distance, rho, bonded))
    _add(hessian, n, *_bends(numbers, difference, distance, rho, bonded))
    _add(hessian, n, *_linear_bends(numbers, difference, distance, rho, bonded))
    _add(hessian, n, *_torsions(numbers, difference, distance, rho, bonded))
    return hessian.reshape(3 * n, 3 * n)


def _add(hessian: Floats, n: int, atoms: Ints, rows: Floats, constants: Floats) -> None:
    """Add the sum of ``k b bᵀ`` over coordinates, `rows` (M, A, 3) being b on `atoms` (M, A)."""
    count, span = atoms.shape
    index = (3 * atoms[:, :, None] + np.arange(3)).reshape(count, 3 * span)
    b = rows.reshape(count, 3 * span)
    terms = (constants[:, None] * b)[:, :, None] * b[:, None, :]
    flat = index[:, :, None] * (3 * n) + index[:, None, :]
    hessian += np.bincount(flat.ravel(), weights=terms.ravel(), minlength=hessian.size)


def _is_metal(numbers: Ints) -> Bools:
    return np.isin(numbers, _METALS)


def _stretches(
    numbers: Ints, difference: Floats, distance: Floats, rho: Floats, bonded: Bools
) -> tuple[Ints, Floats, Floats]:
    i, j = np.nonzero(np.triu((rho**3 > _NEGLIGIBLE) | bonded))
    metal = _is_metal(numbers)[i] | _is_metal(numbers)[j]
    hydrogens = (numbers[i] == 1).astype(int) + (numbers[j] == 1)
    acceptor = np.isin(numbers[i], _ACCEPTORS) | np.isin(numbers[j], _ACCEPTORS)
    short = rho[i, j] > np.exp(-1.6)
    constants = np.select(
        [
            bonded[i, j] & metal,
            bonded[i, j] & (hydrogens == 0),
            bonded[i, j],
            metal,
            (numbers[i] == 1) & (numbers[j] == 1),
            hydrogens == 0,
            acceptor & short,
            acceptor,
        ],
        [
            STRETCH["M-X"],
            STRETCH["X-X"],
            STRETCH["X-H"],
            CONTACT["M"],
            CONTACT["H..H"],
            CONTACT["X..X"],
            CONTACT["hydrogen bond"],
            CONTACT["long hydrogen bond"],
        ],
        CONTACT["X..H"],
    )
    unit = difference[i, j] / distance[i, j][:, None]
    constants = constants * rho[i, j] ** 3 * (Hartree / Bohr**2)
    return np.stack([i, j], axis=1), np.stack([unit, -unit], axis=1), constants


def _angles(bonded: Bools) -> tuple[Ints, Ints, Ints]:
    """All bonded triples, the centre in the middle."""
    triples = [np.zeros((0, 3), dtype=np.int64)]
    for centre, row in enumerate(bonded):
        neighbours = np.flatnonzero(row)
        a, b = np.triu_indices(len(neighbours), 1)
        middle = np.full(len(a), centre)
        triples.append(np.stack([neighbours[a], middle, neighbours[b]], axis=1))
    i, j, k = np.concatenate(triples).T
    return i, j, k


def _bends(
    numbers: Ints, difference: Floats, distance: Floats, rho: Floats, bonded: Bools
) -> tuple[Ints, Floats, Floats]:
    i, j, k = _angles(bonded)
    u = difference[i, j] / distance[i, j][:, None]
    v = difference[k, j] / distance[k, j][:, None]
    cosine = np.einsum("ma,ma->m", u, v)
    sine = np.sqrt(np.clip(1.0 - cosine**2, 0.0, 1.0))
    keep = sine > _SMALLEST_SINE
    i, j, k, u, v, cosine, sine = (q[keep] for q in (i, j, k, u, v, cosine, sine))

    metal = _is_metal(numbers)
    hydrogens = (numbers[i] == 1).astype(int) + (numbers[k] == 1)
    end = metal[i] | metal[k]
    constants = np.select(
        [metal[j], end & (hydrogens > 0), end, hydrogens == 0, hydrogens == 1],
        [BEND["X-M-X"], BEND["M-X-H"], BEND["M-X-X"], BEND["X-X-X"], BEND["X-X-H"]],
        BEND["H-X-H"],
    )
    weight = rho[i, j] * rho[j, k] * (_LINEAR + (1.0 - _LINEAR) * sine) ** 2
    at_i = (cosine[:, None] * u - v) / (sine * distance[i, j])[:, None]
    at_k = (cosine[:, None] * v - u) / (sine * distance[k, j])[:, None]
    rows = np.stack([at_i, -at_i - at_k, at_k], axis=1)
    return np.stack([i, j, k], axis=1), rows, constants * weight * Hartree


def _linear_bends(
    numbers: Ints, difference: Floats, distance: Floats, rho: Floats, bonded: Bools
) -> tuple[Ints, Floats, Floats]:
    """Bends of linear groups, C-C#N say: as stiff in one plane through the axis as in another.

    Angles at or next to a metal are left out: straight ones come and go with every step, and
    they are soft.
    """
    i, j, k = _angles(bonded)
    u = difference[i, j] / distance[i, j][:, None]
    v = difference[k, j] / distance[k, j][:, None]
    sine = np.linalg.norm(np.cross(u, v), axis=1)
    metal = _is_metal(numbers)
    keep = (sine <= _SMALLEST_SINE) & ~(metal[i] | metal[j] | metal[k])
    i, j, k, u = i[keep], j[keep], k[keep], u[keep]
    # Two directions across the axis: the first from the Cartesian axis most unlike it.
    helper = np.eye(3)[np.argmin(np.abs(u), axis=1)]
    first = np.cross(u, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    across = np.concatenate([first, np.cross(u, first)])
    i, j, k = (np.tile(index, 2) for index in (i, j, k))
    at_i = across / distance[i, j][:, None]
    at_k = across / distance[k, j][:, None]
    constants = BEND["linear"] * rho[i, j] * rho[j, k] * Hartree
    return np.stack([i, j, k], axis=1), np.stack([at_i, -at_i - at_k, at_k], axis=1), constants


def _torsions(
    numbers: Ints, difference: Floats, distance: Floats, rho: Floats, bonded: Bools
) -> tuple[Ints, Floats, Floats]:
    quadruples = [np.zeros((0, 4), dtype=np.int64)]
    for left, right in zip(*np.nonzero(np.triu(bonded)), strict=True):
        a, b = np.meshgrid(np.flatnonzero(bonded[left]), np.flatnonzero(bonded[right]))
        middle = np.broadcast_to([left, right], (a.size, 2))
        chain = np.column_stack([a.ravel(), middle, b.ravel()])
        distinct = (chain[:, 0] != right) & (chain[:, 3] != left) & (chain[:, 0] != chain[:, 3])
        quadruples.append(chain[distinct])
    atoms = np.concatenate(quadruples)
    i, j, k, m = atoms.T
    f, g, h = difference[i, j], difference[j, k], difference[m, k]
    length = distance[j, k]
    a, b = np.cross(f, g), np.cross(h, g)
    sine_a = np.linalg.norm(a, axis=1) / (distance[i, j] * length)
    sine_b = np.linalg.norm(b, axis=1) / (distance[m, k] * length)
    keep = (sine_a > _SMALLEST_SINE) & (sine_b > _SMALLEST_SINE)
    atoms, f, g, h, a, b = (q[keep] for q in (atoms, f, g, h, a, b))
    length, sine_a, sine_b = length[keep], sine_a[keep], sine_b[keep]
    i, j, k, m = atoms.T

    metal = _is_metal(numbers)
    neighbours = bonded[:, ~metal].sum(axis=1)
    flat = (neighbours <= _PLANAR) & np.isin(numbers, (6, 7))
    hydrogens = (numbers[i] == 1) | (numbers[m] == 1)
    centre = metal[j] | metal[k]
    conjugated = flat[j] & flat[k]
    constants = np.select(
        [
            centre & hydrogens,
            centre,
            metal[i] | metal[m],
            conjugated & (length < _DOUBLE_BOND),
            conjugated,
        ],
        [
            TORSION["M in the middle, H"],
            TORSION["M in the middle"],
            TORSION["M at the end"],
            TORSION["double bond"],
            TORSION["conjugated"],
        ],
        TORSION["single bond"],
    )
    bent = (_LINEAR + (1.0 - _LINEAR) * sine_a) * (_LINEAR + (1.0 - _LINEAR) * sine_b)
    weight = rho[i, j] * rho[j, k] * rho[k, m] * bent**2
    a2 = np.einsum("ma,ma->m", a, a)[:, None]
    b2 = np.einsum("ma,ma->m", b, b)[:, None]
    at_i = -length[:, None] / a2 * a
    at_m = length[:, None] / b2 * b
    along = np.einsum("ma,ma->m", f, g)[:, None] / (a2 * length[:, None]) * a
    along = along - np.einsum("ma,ma->m", h, g)[:, None] / (b2 * length[:, None]) * b
    rows = np.stack([at_i, along - at_i, -along - at_m, at_m], axis=1)
    return atoms, rows, constants * weight * Hartree
