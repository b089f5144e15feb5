"""Mass balance of a metal, its complexes and their ligand: many equilibria at once.

Throughout, `counts` are the ligands of each species, (s,), that of the aqua ion 0, and `logs`
ln([species]/([aqua] [L]^n)) with concentrations in mol/L, (s, m): one column an equilibrium.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_Floats = NDArray[np.float64]

#: Precision of ln [L]: shares and concentrations are right to so many parts.
_FINE = 1e-11
#: Steps that even halving the widest bracket does not need.
_STEPS = 200


def shares_of(counts: _Floats, logs: _Floats, log_free: _Floats) -> _Floats:
    """Share of the metal in each species at given ln [L], (s, m)."""
    weights = logs + counts[:, None] * log_free
    shares = np.exp(weights - weights.max(axis=0))
    return np.asarray(shares / shares.sum(axis=0))


def log_free_ligands(
    counts: _Floats,
    logs: _Floats,
    metal_total: float,
    ligand_totals: _Floats,
    start: _Floats | None = None,
    precision: float = _FINE,
) -> _Floats:
    """Logarithm of the free ligand from its mass balance, l + M Σ n f(l) = L.

    With r = L/M and Σ f = 1 the balance reads

        l + M Σ_{n>r} (n − r) f = M Σ_{n<r} (r − n) f.

    All terms are positive, so both sides keep their digits as logarithms, where l + M Σ n f − L
    would lose them whenever the ligand is all but used up.  Their difference has the sign of that
    sum, which only rises with l: there is one root, which Newton's steps find, and halving of the
    bracket where they leave it.

    Parameters
    ----------
    metal_total
        mol/L.
    ligand_totals
        (m,) mol/L, above 0.
    start
        Where the search begins, (m,); default: amid the bracket.
    precision
        Of the result, absolute.

    Returns
    -------
    ndarray
        ln [L], (m,).
    """
    log_metal, ratios = math.log(metal_total), ligand_totals / metal_total
    low, high = _bracket(counts, logs, ligand_totals, ratios)
    excess = counts[:, None] - ratios
    # Of the shares' numerators: the sum that they are divided by is common to both sides.
    with np.errstate(divide="ignore"):
        above = logs + log_metal + np.log(np.maximum(excess, 0))
        below = logs + log_metal + np.log(np.maximum(-excess, 0))
    # Free ligand is a term of its own with every species.
    more, slopes = np.concatenate([above, logs]), np.concatenate([counts, counts + 1])
    at = (low + high) / 2 if start is None else np.clip(start, low, high)
    found = at.copy()
    left = np.arange(len(at))
    for _ in range(_STEPS):
        rise, rise_slope = _log_sum(more, slopes, at)
        fall, fall_slope = _log_sum(below, counts, at)
        beyond = rise > fall
        high, low = np.where(beyond, at, high), np.where(beyond, low, at)
        with np.errstate(divide="ignore", invalid="ignore"):
            step = at - (rise - fall) / (rise_slope - fall_slope)
        step = np.where((step > low) & (step < high), step, (low + high) / 2)
        moving = (np.abs(step - at) > precision) & (high - low > precision)
        at = found[left] = step
        if not moving.any():
            break
        if not moving.all():
            left, at, low, high = left[moving], at[moving], low[moving], high[moving]
            more, below = more[:, moving], below[:, moving]
    return found


def _bracket(
    counts: _Floats, logs: _Floats, ligand_totals: _Floats, ratios: _Floats
) -> tuple[_Floats, _Floats]:
    """Where too little, and where too much ligand is free."""
    complexes = counts > 0
    # Here at most a quarter of the ligand is free, and at most a quarter bound.
    share = np.log(ratios) - math.log(4 * counts.max() * complexes.sum())
    bound_little = (share - logs[complexes]) / counts[complexes, None]
    log_ligand = np.log(ligand_totals)
    low = np.minimum(log_ligand - math.log(4), bound_little.min(axis=0))
    # Here more is free than there is.
    return low, log_ligand + 1


def _log_sum(terms: _Floats, slopes: _Floats, at: _Floats) -> tuple[_Floats, _Floats]:
    """Logarithm of Σ exp(term + slope · at) and its derivative, (m,) each."""
    powers = terms + slopes[:, None] * at
    largest = powers.max(axis=0)
    np.exp(powers - largest, out=powers)
    total = powers.sum(axis=0)
    return largest + np.log(total), (slopes @ powers) / total
