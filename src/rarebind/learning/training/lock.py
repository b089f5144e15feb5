"""One process at a time trains a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from rarebind.datasets.files import replace_file
from rarebind.errors import InputError
from rarebind.learning.training.folder import PID


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process train the run; the lock of a process that is gone counts for nothing.

    Raises
    ------
    InputError
        Another process trains it.
    OSError
        The folder cannot be written to.
    """
    path = folder / PID
    try:
        number, born = path.read_text().split()
        other = psutil.Process(int(number))
        if int(number) != os.getpid() and abs(other.create_time() - float(born)) < 1.0:
            raise InputError(f"{folder} is being trained by process {number}: wait, or end it")
    except (OSError, ValueError, psutil.Error):
        pass
    replace_file(path, f"{os.getpid()} {psutil.Process().create_time()}\n".encode())
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
