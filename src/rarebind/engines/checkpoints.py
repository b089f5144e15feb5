"""Where a long calculation leaves what it needs to go on after an interruption.

Whoever runs calculations names a folder; an engine that can resume asks for its file in there::

    with checkpoints_in(folder):                        # the worker
        static(structure, level)

    path = checkpoint_for(structure, level)             # the engine, within it
    if path is not None and path.exists(): ...          # go on from it
    discard(path)                                       # ended well: it has served its purpose
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

from rarebind.engines.level import LevelOfTheory
from rarebind.io.codec import to_data
from rarebind.structures import Structure

_FOLDER: ContextVar[Path | None] = ContextVar("checkpoint_folder", default=None)
#: Hexadecimal digits of a file's name: enough that no two calculations share one.
_DIGITS = 32


@contextlib.contextmanager
def checkpoints_in(folder: Path | str | None) -> Iterator[None]:
    """Let calculations within the block keep checkpoints in `folder`; None: let them keep none."""
    token = _FOLDER.set(None if folder is None else Path(folder))
    try:
        yield
    finally:
        _FOLDER.reset(token)


def checkpoint_folder() -> Path | None:
    """The folder of the innermost :func:`checkpoints_in`; None outside of any."""
    return _FOLDER.get()


def checkpoint_for(structure: Structure, level: LevelOfTheory) -> Path | None:
    """The checkpoint file of a calculation, there or not; None when none are kept.

    The same structure and level have the same file in every process, and no others have it.  The
    folder is made when absent.  An engine that needs several files may give each its own suffix.
    """
    folder = checkpoint_folder()
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps([structure.digest, to_data(level)], sort_keys=True)
    return folder / f"{hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]}.chk"


def discard(path: Path | None) -> None:
    """Remove a checkpoint, with its files of other suffixes; an absent one is no error."""
    if path is None:
        return
    for file in path.parent.glob(f"{path.stem}.*"):
        file.unlink(missing_ok=True)
