"""Memory that networks free stays with the process."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from rarebind.learning.nequip.memory import keep_freed_memory, kept_memory

GNU = platform.libc_ver()[0] == "glibc"
#: Makes and frees arrays of 64 MB ten times; prints how many pages were asked for meanwhile.
_FAULTS = """
import resource, numpy as np
{before}
np.ones(8_000_000)
begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(8_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun)
"""
_CALL = "from rarebind.learning.nequip.memory import keep_freed_memory; keep_freed_memory()"


def _faults(before: str = "", environment: dict[str, str] | None = None) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _FAULTS.format(before=before)],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    return int(done.stdout)


def test_a_users_own_settings_are_left_as_they_are() -> None:
    given = {"MALLOC_MMAP_MAX_": "7", "HOME": "somewhere"}
    assert kept_memory(given).items() >= given.items()
    assert kept_memory({}).keys() == {"MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_"}


def test_it_is_possible_with_the_gnu_c_library_alone() -> None:
    assert keep_freed_memory() == GNU


@pytest.mark.skipif(not GNU, reason="the C library is not GNU's")
def test_freed_memory_is_used_again() -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    without = _faults(environment=plain)
    assert _faults(environment=kept_memory(plain)) < without / 10
    assert _faults(_CALL, plain) < without / 10
