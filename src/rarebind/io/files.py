"""Files read and written whole or not at all, packed as their name says."""

from __future__ import annotations

import bz2
import csv
import errno
import gzip
import hashlib
import lzma
import tempfile
import zlib
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import IO

from rarebind.errors import InputError, OutputError

#: Faults of a disk, which no other input helps against.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
#: What reading a packed file raises that is damaged.
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)
_PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".xz": lambda content: lzma.compress(content, preset=9 | lzma.PRESET_EXTREME),
    # Without a time stamp the same content gives the same file.
    ".gz": lambda content: gzip.compress(content, mtime=0),
    ".bz2": bz2.compress,
}
_OPENERS: dict[str, Callable[..., IO[str]]] = {
    ".xz": lzma.open,
    ".gz": gzip.open,
    ".bz2": bz2.open,
}


def bundled_path(name: str) -> Path:
    """Where a file lies that comes with the package, by its name in ``rarebind/data``."""
    return Path(str(files("rarebind").joinpath(f"data/{name}")))


def bundled_text(name: str) -> str:
    """The text of a file that comes with the package, by its name in ``rarebind/data``."""
    return files("rarebind").joinpath(f"data/{name}").read_text(encoding="utf-8")


def bundled_rows(name: str) -> list[dict[str, str]]:
    """The lines of a CSV file that comes with the package, by heading; ``#`` begins a comment."""
    lines = bundled_text(name).splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def read_text(path: Path | str, limit: int | None = None) -> str:
    """The text of a file; a byte-order mark, as spreadsheets write it, is left out.

    Parameters
    ----------
    limit
        Bytes that it may have; None: any number.

    Raises
    ------
    InputError
        The file is missing or cannot be read, is no UTF-8 text, or too large.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read() if limit is None else file.read(limit + 1)
    except FileNotFoundError as error:
        raise InputError(f"cannot read {path}: it does not exist, check the name") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    if limit is not None and len(content) > limit:
        raise InputError(f"{path} is larger than {limit} bytes: is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path} is not UTF-8 text (line {line}): save it as UTF-8") from error


def open_packed(path: Path | str) -> IO[str]:
    """Open a UTF-8 text for reading, unpacked where the name ends in ``.xz``, ``.gz`` or ``.bz2``.

    What is wrong with it shows only while it is read: one of :data:`UNREADABLE`.
    """
    path = Path(path)
    opener: Callable[..., IO[str]] = _OPENERS.get(path.suffix, open)
    return opener(path, "rt", encoding="utf-8")


def write_packed(path: Path | str, text: str) -> None:
    """Write text, packed where the name ends in ``.xz``, ``.gz`` or ``.bz2``.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    path = Path(path)
    replace_file(path, _PACKERS.get(path.suffix, bytes)(text.encode()))


def replace_file(path: Path | str, content: bytes | str) -> None:
    """Write a file whole or not at all, whatever interrupts.

    Raises
    ------
    InputError
        The file cannot be written.
    OutputError
        The disk is full.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        try:
            partial.write_bytes(content.encode() if isinstance(content, str) else content)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        said = f"cannot write {path}: {error.strerror or error}"
        if error.errno in FULL:
            raise OutputError(f"{said}. Make room and run the same command again") from error
        raise InputError(said) from error


def check_writable(
    folder: Path, names: Iterable[str] = (), what: str = "the results with --out"
) -> None:
    """See before anything is computed that files can be written; nothing is left behind.

    Parameters
    ----------
    folder
        Need not be there.
    names
        Of files that will be replaced or made in it.
    what
        Is to be written, for messages.

    Raises
    ------
    InputError
        A file stands where a folder is to be or the other way round, or nothing can be written
        there.
    """
    place = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not place.is_dir():
        raise InputError(f"{place} is a file: give a folder for {what}")
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise InputError(
            f"cannot write into {place} ({error.strerror or error}): give another folder for {what}"
        ) from error
    if taken := [str(folder / name) for name in names if (folder / name).is_dir()]:
        raise InputError(f"{', '.join(taken)} is a folder: a file of that name is to be written")


def make_folder(path: Path | str) -> Path:
    """Make a folder, and those above it, where it is not there.

    Raises
    ------
    InputError
        It cannot be made.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {path}: {error.strerror or error}") from error
    return path


def sha256_of_file(path: Path | str) -> str:
    """SHA-256 of a file's content, in hexadecimal.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
