"""Which of several predictions is the lowest, given how unsure they are together.

All follows from energies and their spread (see :mod:`rarebind.uncertainty.rigidity`):
jointly, they are E + S z with z ~ N(0, I).  What is common to all candidates cancels, so an order
may be certain although no energy is.
"""

from __future__ import annotations

import math
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
    return probability_among(energies, spread, 1, draws, seed)


def probability_among(
    energies: ArrayLike, spread: ArrayLike, best: int, draws: int = DRAWS, seed: int = SEED
) -> Floats:
    """Probability of each candidate to be among the `best` lowest.

    Parameters
    ----------
    energies, spread, draws, seed
        As :func:`probability_first` takes them.
    best
        At least 1.

    Returns
    -------
    ndarray
        Shape (n,): `best` in sum, or as many as there are energies.

    Raises
    ------
    InputError
        As :func:`probability_first` raises it, or `best` is below 1.
    """
    values, rows = _joint(energies, spread)
    if draws < 1 or best < 1:
        raise InputError(f"draws and best must be 1 or more, got {draws} and {best}")
    found = np.zeros(len(values))
    known = np.flatnonzero(np.isfinite(values))
    if best >= len(known):
        found[known] = 1.0
        return found
    known = known[_contenders(values[known], rows[known], best)]
    counts = np.zeros(len(known))
    for sample in drawn(values[known], rows[known], draws, seed):
        last = np.partition(sample, best - 1, axis=1)[:, best - 1 : best]
        below = sample < last - _SAME
        same = np.abs(sample - last) <= _SAME
        # Candidates that share the last places share their probability.
        share = (best - below.sum(axis=1)) / same.sum(axis=1)
        counts += below.sum(axis=0) + share @ same
    found[known] = counts / draws
    return found


def difference(
    energies: ArrayLike, spread: ArrayLike, first: int, second: int
) -> tuple[float, float]:
    """Energy of `first` less that of `second`, and its standard deviation, in eV.

    Parameters
    ----------
    energies, spread
        As :func:`probability_first` takes them.
    first, second
        Numbers of rows.

    Returns
    -------
    value, sigma
        E_i − E_j and ‖s_i − s_j‖; NaN where an energy is.

    Raises
    ------
    InputError
        Shapes do not match, an energy is infinite, or there is no such row.
    """
    values, deviations = differences(energies, spread, [first], [second])
    return float(values[0]), float(deviations[0])


def differences(
    energies: ArrayLike, spread: ArrayLike, first: ArrayLike, second: ArrayLike
) -> tuple[Floats, Floats]:
    """As :func:`difference`, of many pairs at once: numbers of rows of shape (m,).

    Returns
    -------
    values, sigmas
        Shape (m,), eV.

    Raises
    ------
    InputError
        As :func:`difference` raises it, or there are not as many first as second rows.
    """
    values, rows = _joint(energies, spread)
    one, other = _places(first, len(values)), _places(second, len(values))
    if len(one) != len(other):
        raise InputError(f"differences of {len(one)} rows to {len(other)}: give pairs")
    found = values[one] - values[other]
    deviations = np.linalg.norm(rows[one] - rows[other], axis=1)
    return found, np.where(np.isnan(found), math.nan, deviations)


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
    known = np.isfinite(values)
    if not np.isfinite(rows[known]).all():
        raise InputError("the spread of a candidate that has an energy is not finite")
    # What the rows of candidates without an energy hold does not matter.
    rows[~known] = math.nan
    return values, rows


def _places(rows: ArrayLike, number: int) -> NDArray[np.intp]:
    found = np.atleast_1d(np.asarray(rows))
    if not found.size:
        return np.zeros(0, dtype=np.intp)
    whole = found.ndim == 1 and np.issubdtype(found.dtype, np.integer)
    if not whole or found.min() < 0 or found.max() >= number:
        raise InputError(f"rows must be numbers from 0 to {number - 1}, got {rows!r}")
    return found.astype(np.intp)


def _contenders(values: Floats, rows: Floats, best: int) -> NDArray[np.bool_]:
    """Whether each may be among the best: for that, it must fall below one of the leaders."""
    found = np.zeros(len(values), dtype=bool)
    for leader in np.argsort(values, kind="stable")[:best]:
        reach = _CERTAIN * np.linalg.norm(rows - rows[leader], axis=1)
        found |= values - values[leader] <= reach + _SAME
    return found


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
