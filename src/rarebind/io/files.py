"""Files written whole or not at all, packed as their name says."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable
from pathlib import Path

from rarebind.errors import InputError

_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".xz": lambda content: lzma.compress(content, preset=9 | lzma.PRESET_EXTREME),
    # Without a time stamp the same content gives the same file.
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".bz2": bz2.compress,
}


def write_packed(path: Path, text: str) -> None:
    """Write text, packed where the name ends in ``.xz``, ``.gz`` or ``.bz2``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    content = text.encode()
    try:
        replace_file(path, _PACKERS.get(path.suffix, bytes)(content))
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from error


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises
    ------
    InputError
        It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error
