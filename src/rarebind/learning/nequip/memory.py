"""Freed memory that stays with the process.

A network makes and frees arrays of megabytes at every operation.  The GNU C library gives each such
one back to the system and asks for it again at the next, zeroed page by page; in training, that can
take longer than the arithmetic.  Told not to, it hands out again what it has.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

#: Parameters of mallopt(3) with their numbers in <malloc.h>: large blocks come from the heap too
#: (M_MMAP_MAX), and it does not shrink until so many bytes are free at its end (M_TRIM_THRESHOLD).
_PARAMETERS = {"MALLOC_MMAP_MAX_": (-4, 0), "MALLOC_TRIM_THRESHOLD_": (-1, 2**31 - 1)}


def kept_memory(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` for a process that is to keep what it frees, unless it says otherwise.

    Other C libraries than GNU's take no notice of it.
    """
    return {name: str(value) for name, (_, value) in _PARAMETERS.items()} | dict(environment)


def keep_freed_memory() -> bool:
    """Let this process keep what it frees from now on.

    Returns
    -------
    bool
        Whether that is possible: only with the GNU C library.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return all(mallopt(number, value) == 1 for number, value in _PARAMETERS.values())
