"""One process at a time trains a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rarebind.errors import InputError
from rarebind.learning.training.folder import LOCK


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process train the run; the system frees the lock of a process that is gone.

    The folder is made when absent.

    Raises
    ------
    InputError
        Another process trains it, or the folder cannot be written to.
    """
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"{folder} is being trained by another process: wait, or end it"
        ) from error
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
