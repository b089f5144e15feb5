"""What the arrays of this package must be, and what each of their rows counts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError

Floats = NDArray[np.float64]


def matrix(values: ArrayLike, what: str, *, columns: int | None = None, least: int = 0) -> Floats:
    """`values` in double precision, after a check.

    Parameters
    ----------
    values
        Shape (n, d), d at least 1.
    what
        Their name in messages.
    columns
        The d that they must have; default: any.
    least
        Rows that they must have.

    Raises
    ------
    InputError
        The shape is another, or not all numbers are finite.
    """
    found = _numbers(values, what)
    if found.ndim != 2 or not found.shape[1]:  # noqa: PLR2004
        raise InputError(f"{what} must have shape (n, d), one row each, got {found.shape}")
    if columns is not None and found.shape[1] != columns:
        raise InputError(
            f"{what} have {found.shape[1]} columns where {columns} are needed: give features of "
            "the same layer of the same model"
        )
    _check_number(len(found), least, what)
    _check_finite(np.asarray(np.isfinite(found).all(axis=1)), what)
    return found


def vector(values: ArrayLike, what: str, *, length: int | None = None, least: int = 0) -> Floats:
    """As :func:`matrix`, of shape (n,); `length` is the n that they must have."""
    found = _numbers(values, what)
    if found.ndim != 1:
        raise InputError(f"{what} must have shape (n,), got {found.shape}")
    if length is not None and len(found) != length:
        raise InputError(f"{len(found)} {what} where {length} are needed: give one for each row")
    _check_number(len(found), least, what)
    _check_finite(np.isfinite(found), what)
    return found


def positive(values: ArrayLike, what: str, *, length: int | None = None) -> Floats:
    """As :func:`vector`, and above 0.

    Raises
    ------
    InputError
        Besides what :func:`vector` raises: a number is 0 or below.
    """
    found = vector(values, what, length=length)
    if wrong := int(np.count_nonzero(found <= 0)):
        raise InputError(
            f"{wrong} of {len(found)} {what} are not above 0: an error cannot be measured by a "
            "standard deviation of 0; leave these out"
        )
    return found


def weights(number: int, blocks: Sequence[str] | None) -> Floats:
    """What each of `number` rows counts, so that every block counts 1.

    Parameters
    ----------
    blocks
        Name of each row's block; None: each row is a block of its own.

    Returns
    -------
    ndarray
        Shape (number,): 1/(rows of its block).  The sum is the number of blocks.

    Raises
    ------
    InputError
        There are not as many names as rows.
    """
    if blocks is None:
        return np.ones(number)
    if len(blocks) != number:
        raise InputError(f"{len(blocks)} blocks where {number} are needed: name one for each row")
    if not number:
        return np.ones(0)
    _, members, counts = np.unique(
        np.asarray(blocks, dtype=str), return_inverse=True, return_counts=True
    )
    return np.asarray(1 / counts[members])


def principal(rows: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues of RᵀR, and its eigenvectors as columns.

    They come from the singular values of R: RᵀR itself would keep but half of the digits of what is
    small.

    Parameters
    ----------
    rows
        R, shape (n, d); n may be less than d.

    Returns
    -------
    squares, axes
        Shapes (d,), falling, and (d, d).
    """
    triangle = np.linalg.qr(rows, mode="r")
    _, singular, right = np.linalg.svd(triangle, full_matrices=True)
    squares = np.zeros(rows.shape[1])
    squares[: len(singular)] = singular**2
    return squares, right.T


def _numbers(values: ArrayLike, what: str) -> Floats:
    try:
        # A copy: what is kept must not change with what was given.
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be numbers in rows of equal length: {error}") from error


def _check_number(number: int, least: int, what: str) -> None:
    if number < least:
        raise InputError(f"{number} rows of {what} where at least {least} are needed: give more")


def _check_finite(finite: NDArray[np.bool_], what: str) -> None:
    if wrong := int(np.count_nonzero(~finite)):
        raise InputError(
            f"{what}: {wrong} of {len(finite)} rows are not finite; leave out what has no "
            "prediction"
        )
