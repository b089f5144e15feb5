"""What the arrays of this package must be, what each of their rows counts, and their files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError

Floats = NDArray[np.float64]
#: One for each row.
Names = Sequence[str] | NDArray[np.str_]
_R = TypeVar("_R")


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
    _check_rows(found, np.asarray(np.isfinite(found).all(axis=1)), least, what)
    return found


def square(values: ArrayLike, what: str) -> Floats:
    """As :func:`matrix`, square and read-only."""
    found = matrix(values, what)
    if found.shape[0] != found.shape[1]:
        raise InputError(f"{what} must be square, got {found.shape}")
    found.setflags(write=False)
    return found


def vector(values: ArrayLike, what: str, *, length: int | None = None, least: int = 0) -> Floats:
    """As :func:`matrix`, of shape (n,); `length` is the n that they must have."""
    found = _numbers(values, what)
    if found.ndim != 1:
        raise InputError(f"{what} must have shape (n,), got {found.shape}")
    if length is not None and len(found) != length:
        raise InputError(f"{len(found)} {what} where {length} are needed: give one for each row")
    _check_rows(found, np.isfinite(found), least, what)
    return found


def positive(value: Any, what: str) -> float:
    """A finite number above 0.

    Raises
    ------
    InputError
        It is none.
    """
    try:
        found = float(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is no number: {error}") from error
    if not (np.isfinite(found) and found > 0):
        raise InputError(f"{what} must be above 0, got {found}")
    return found


def names(values: Names, number: int, what: str) -> NDArray[np.str_]:
    """One name for each of `number` rows.

    Raises
    ------
    InputError
        There are not as many names as rows.
    """
    if len(values) != number:
        raise InputError(f"{len(values)} {what} where {number} are needed: name one for each row")
    return np.asarray(values, dtype=np.str_)


def weights(number: int, blocks: Names | None) -> Floats:
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
    _, members, counts = np.unique(
        names(blocks, number, "blocks"), return_inverse=True, return_counts=True
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


def from_arrays(kind: type[_R], arrays: Mapping[str, Any], what: str, **more: Any) -> _R:
    """A dataclass from arrays named like its fields.

    Parameters
    ----------
    what
        Its name in messages.
    more
        Fields that are no arrays.

    Raises
    ------
    InputError
        An array is missing or unknown, or the dataclass does not take one.
    """
    needed = [item.name for item in fields(kind) if item.name not in more]  # type: ignore[arg-type]
    if set(arrays) != set(needed):
        raise InputError(
            f"{what} is {', '.join(needed)}, got {', '.join(sorted(arrays)) or 'nothing'}"
        )
    return kind(**arrays, **more)


def _numbers(values: ArrayLike, what: str) -> Floats:
    try:
        # A copy: what is kept must not change with what was given.
        return np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} must be numbers in rows of equal length: {error}") from error


def _check_rows(rows: Floats, finite: NDArray[np.bool_], least: int, what: str) -> None:
    if len(rows) < least:
        raise InputError(f"{len(rows)} rows of {what} where at least {least} are needed: give more")
    if wrong := int(np.count_nonzero(~finite)):
        raise InputError(
            f"{what}: {wrong} of {len(rows)} rows are not finite; leave out what has no prediction"
        )
