"""A fast BLAS for libraries whose wheels bring a slow one."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from functools import cache
from pathlib import Path


@cache
def prefer_openblas() -> str | None:
    """Let libraries that are loaded later find the system's OpenBLAS first, if there is one.

    tblite's wheels link the reference BLAS, with which a gradient of 80 atoms takes more than
    twice as long; PySCF's link OpenBLAS 0.3.3, which takes processors made after it for far older
    ones (``python benchmarks/blas.py``).  Symbols of a library loaded globally take precedence over
    those of a library's own dependencies.  Without a system's OpenBLAS, the old one is told at
    least that the processor has AVX2.

    Returns
    -------
    str or None
        Name of the library loaded; None where the system has no OpenBLAS.
    """
    name = ctypes.util.find_library("openblas")
    if name is None:
        if "avx2" in (flags := _cpu_flags()) and "avx512f" not in flags:
            os.environ.setdefault("OPENBLAS_CORETYPE", "Haswell")
        return None
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return None
    return name


def _cpu_flags() -> set[str]:
    """What the processor can do, as Linux says it; empty elsewhere."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    lines = (line for line in text.splitlines() if line.startswith("flags"))
    return set(next(lines, "").split())
