"""Which of several predictions is the lowest, given how unsure they are together.

All follows from energies and their spread (see :mod:`rarebind.uncertainty.rigidity`):
jointly, they are E + S z with z ~ N(0, I).  What is common to all candidates cancels, so an order
may be certain although no energy is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats

#: Defaults of draws and their seed.
DRAWS = 10_000
SEED = 111111
#: eV: closer than this, two energies are the same.
_SAME = 1e-9
#: Standard deviations of a difference that no draw exceeds: its probability is 6e-16.
_CERTAIN = 8.0
#: Energies drawn at once, to bound the memory.
_AT_ONCE = 1_000_000


def probability_first(
    energies: ArrayLike, spread: ArrayLike, draws: int = DRAWS, seed: int = SEED
) -> Floats:
    """Probability of each candidate to be the lowest, that is to bind the most strongly.

    Parameters
    ----------
    energies
        Shape (n,), eV; NaN where there is none: such a candidate is never first.
    spread
        Shape (n, d), eV; with d = 0, energies are certain.
    draws
        From the joint distribution: a probability p is then known to √(p(1 − p)/draws).
    seed
        Of the draws; the same one gives the same probabilities.

    Returns
    -------
    ndarray
        Shape (n,): 1 in sum, or 0 where no candidate has an energy.  Candidates that are the same
        have the same share.

    Raises
    ------
    InputError
        Shapes do not match, an energy is infinite, the spread of a candidate with an energy is not
        finite, or there are no draws.
    """
    values, rows = _joint(energies, spread)
    if draws < 1:
        raise InputError(f"draws must be 1 or more, got {draws}")
    found = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return found
    known = known[_contenders(values[known], rows[known])]
    counts = np.zeros(len(known))
    for sample in drawn(values[known], rows[known], draws, seed):
        lowest = sample <= sample.min(axis=1, keepdims=True) + _SAME
        # Candidates that share the first place share its probability.
        counts += (lowest / lowest.sum(axis=1, keepdims=True)).sum(axis=0)
    found[known] = counts / draws
    return found


def _joint(energies: ArrayLike, spread: ArrayLike) -> tuple[Floats, Floats]:
    try:
        values = np.array(energies, dtype=np.float64)
        rows = np.array(spread, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"energies and spread must be numbers: {error}") from error
    if values.ndim != 1 or rows.ndim != 2 or len(rows) != len(values):  # noqa: PLR2004
        raise InputError(
            f"energies of shape (n,) need a spread of shape (n, d), got {values.shape} and "
            f"{rows.shape}"
        )
    if np.isinf(values).any():
        raise InputError("an energy is infinite: give NaN where there is none")
    if not np.isfinite(rows[np.isfinite(values)]).all():
        raise InputError("the spread of a candidate that has an energy is not finite")
    return values, rows


def _contenders(values: Floats, rows: Floats) -> NDArray[np.bool_]:
    """Whether each may be the lowest: for that, it must fall below the leader."""
    leader = int(np.argmin(values))
    reach = _CERTAIN * np.linalg.norm(rows - rows[leader], axis=1)
    return np.asarray(values - values[leader] <= reach + _SAME)


def drawn(values: Floats, rows: Floats, draws: int, seed: int) -> Iterator[Floats]:
    """Samples of all values together, some at a time.

    Parameters
    ----------
    values
        (n,).
    rows
        Their spread, (n, d).
    draws
        In all.
    seed

    Yields
    ------
    ndarray
        (some, n).
    """
    number, columns = rows.shape
    if columns > number:
        # SSᵀ is all that matters: n columns can carry it.
        triangle: Floats = np.asarray(np.linalg.qr(rows.T, mode="r"))
        rows = triangle.T
    rng = np.random.default_rng(seed)
    at_once = max(1, _AT_ONCE // max(rows.shape))
    for start in range(0, draws, at_once):
        z = rng.standard_normal((min(at_once, draws - start), rows.shape[1]))
        yield values + z @ rows.T
