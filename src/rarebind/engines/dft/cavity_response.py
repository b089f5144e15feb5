"""How the charges that a fixed potential induces on the solvent's surface change with the surface.

This is `pyscf.solvent.grad.smd.grad_solver`, which forms the derivatives of all pairs of surface
points at once: some thirty matrices of points × points.  Here a few rows exist at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pyscf.solvent.grad import pcm as pcm_gradient
from scipy.linalg import lu_solve
from scipy.special import erf

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Pairs of points whose derivatives are held at a time.
_PAIRS = 2e6


def response_gradient(solvent: Any) -> Floats:
    """Gradient of ½ vᵀ K⁻¹ R v with the potential v kept, shape (N, 3), Eh/bohr.

    K = S − f/2π · D A S and R = −f (1 − D A/2π) are the matrices of IEF-PCM in SWIG
    discretisation (Lange and Herbert, J. Chem. Phys. 2010, 133, 244111).

    Parameters
    ----------
    solvent
        A :class:`~rarebind.engines.dft.solvation.FittedSMD` that has responded to a density.
    """
    surface, kept = solvent.surface, solvent._intermediates
    areas, potential, charges = kept["A"], kept["v_grids"], kept["q"]
    factor = kept["f_epsilon"] / (2.0 * np.pi)
    adjoint = lu_solve(solvent._factors, potential, trans=1)
    adjoint_d = adjoint @ kept["D"]
    towards = potential + kept["S"] @ charges
    of_s = adjoint - factor * adjoint_d * areas

    d_switch, d_areas = pcm_gradient.get_dF_dA(surface)
    d_self = -surface["charge_exp"] * np.sqrt(2.0 / np.pi) / surface["switch_fun"] ** 2
    gradient: Floats = np.einsum("i,inx->nx", factor * adjoint_d * towards, d_areas)
    gradient -= np.einsum("i,inx->nx", of_s * charges * d_self, d_switch)

    of_points = np.zeros_like(surface["grid_coords"])
    length = max(int(_PAIRS / len(charges)), 1)
    for start in range(0, len(charges), length):
        rows = slice(start, start + length)
        d_s, d_d = _pair_derivatives(surface, rows)
        # Moving one point moves the other the opposite way.
        for weights, right, derivatives in (
            (-of_s[rows], charges, d_s),
            (factor * adjoint[rows], areas * towards, d_d),
        ):
            of_points[rows] += np.einsum("i,ijx,j->ix", weights, derivatives, right, optimize=True)
            of_points -= np.einsum("i,ijx,j->jx", weights, derivatives, right, optimize=True)
    gradient += [of_points[first:last].sum(axis=0) for first, last in surface["gslice_by_atom"]]
    return 0.5 * gradient


def _pair_derivatives(surface: dict[str, Any], rows: slice) -> tuple[Floats, Floats]:
    """Derivatives of S and D by the positions of the points in `rows`, (rows, points, 3) each."""
    points, widths, normals = surface["grid_coords"], surface["charge_exp"], surface["norm_vec"]
    apart = points[rows, None] - points
    distance = np.linalg.norm(apart, axis=-1)
    width = widths[rows, None] * widths / np.hypot(widths[rows, None], widths)
    scaled = width * distance
    itself = np.arange(len(points))[rows, None] == np.arange(len(points))
    distance[itself] = 1.0
    direction = apart / distance[..., None]
    gaussian = np.exp(-(scaled**2)) / np.sqrt(np.pi)
    of_s = (2.0 * scaled * gaussian - erf(scaled)) / distance**2
    along = (apart * normals).sum(axis=-1)
    of_d = 4.0 * scaled**2 * width * gaussian * along / distance**3
    of_s[itself] = of_d[itself] = 0.0
    d_s = of_s[..., None] * direction
    d_d = (of_d + 3.0 * of_s * along / distance**2)[..., None] * direction
    d_d -= (of_s / distance)[..., None] * normals
    return d_s, d_d
