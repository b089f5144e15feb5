"""A fast BLAS for libraries whose wheels bring a slow one."""

from __future__ import annotations

import ctypes
import ctypes.util
from functools import cache


@cache
def prefer_openblas() -> str | None:
    """Let libraries that are loaded later find the system's OpenBLAS first, if there is one.

    tblite's wheels link the reference BLAS, with which a gradient of 80 atoms takes more than
    twice as long (``python benchmarks/blas.py``).  Symbols of a library loaded globally take
    precedence over those of a library's own dependencies.

    Returns
    -------
    str or None
        Name of the library loaded; None where the system has no OpenBLAS.
    """
    name = ctypes.util.find_library("openblas")
    if name is None:
        return None
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return None
    return name
