"""The result store: one SQLite file, written by one process, each record once and whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import sqlite3
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rarebind.campaigns.task import Task
from rarebind.engines import Calculation
from rarebind.engines.calculation import STATUSES
from rarebind.errors import DamagedRecordWarning, InputError, RarebindError, StoreError

#: Version of the tables.
SCHEMA_VERSION = 1

_TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    """
CREATE TABLE IF NOT EXISTS calculations (
    key TEXT PRIMARY KEY,
    step TEXT NOT NULL,
    label TEXT NOT NULL,
    task TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    wall_time REAL NOT NULL,
    finished TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    record BLOB NOT NULL,
    checksum TEXT
)
""",
    """
CREATE TABLE IF NOT EXISTS damaged (
    key TEXT NOT NULL,
    label TEXT,
    why TEXT NOT NULL,
    found TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
    record BLOB
)
""",
)
#: What a checksum is of, in this order.
_CHECKED = "key, step, label, task, status, reason, wall_time, record"
#: Reads these and the checksum.
_READ = f"SELECT {_CHECKED}, checksum FROM calculations WHERE key = ?"  # noqa: S608  # constants
_INSERT = (
    f"INSERT OR IGNORE INTO calculations ({_CHECKED}, checksum) "  # noqa: S608  # constants
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
#: Seconds to wait for another process that is writing.
_PATIENCE = 60.0
#: What is wrong with a file, by the code of SQLite, and what to do.
_FAULTS = {
    sqlite3.SQLITE_BUSY: "it is locked by another process: end that, or wait for it",
    sqlite3.SQLITE_LOCKED: "it is locked by another process: end that, or wait for it",
    sqlite3.SQLITE_FULL: "the disk is full: make room",
    sqlite3.SQLITE_READONLY: "it can only be read: allow writing, or give another --store",
    sqlite3.SQLITE_PERM: "it can only be read: allow writing, or give another --store",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened or made: give another --store",
    sqlite3.SQLITE_IOERR: "the disk does not work as it should, or is full",
    sqlite3.SQLITE_NOTADB: "it is not a rarebind store: give another --store",
    sqlite3.SQLITE_CORRUPT: "it is damaged: save what can be read with sqlite3's .recover, or give "
    "another --store",
}
#: Faults of what was given, not of what happened to it.
_OF_INPUT = {
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
}  # fmt: skip


class Summary(NamedTuple):
    """A record in short; wall time in seconds."""

    status: str
    reason: str
    wall_time: float


class Store:
    """Finished calculations by task key.

    Each record is one SQLite transaction: killing the process at any instant leaves the records
    committed so far and nothing in between.  A record that is not what was written is set aside
    (table ``damaged``) with a :class:`~rarebind.errors.DamagedRecordWarning`, as if it had never
    been computed; those of before checksums were written are read without.

    Parameters
    ----------
    path
        Created when absent, its folder too.

    Raises
    ------
    InputError
        The file is no rarebind store, cannot be written, or a newer rarebind wrote it.
    StoreError
        It is locked or damaged, or the disk is full.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the folder {self.path.parent} ({error.strerror}): give another"
            ) from error
        if self.path.is_dir():
            raise InputError(f"{self.path} is a folder: give a file for the store")
        with self._named("open"):
            self._refuse_newer()
            self._database = sqlite3.connect(self.path, timeout=_PATIENCE)
            # What is damaged is told by its checksum.
            self._database.text_factory = lambda text: text.decode("utf-8", "replace")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._make_tables()

    @contextlib.contextmanager
    def _named(self, what: str) -> Iterator[None]:
        """Errors of SQLite in words, with the name of the file."""
        try:
            yield
        except UnicodeDecodeError as error:
            # Of a message that quotes the file.
            raise StoreError(
                f"cannot {what} {self.path}: {_FAULTS[sqlite3.SQLITE_CORRUPT]}"
            ) from error
        except sqlite3.Error as error:
            # The lower byte of the code is the kind.
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            said = f"cannot {what} {self.path}: {_FAULTS.get(code, str(error))} ({error})"
            kind: type[RarebindError] = InputError if code in _OF_INPUT else StoreError
            raise kind(said) from error

    def _make_tables(self) -> None:
        """Whole or not at all: a process can be killed between any two statements."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                self._database.execute(table)
            columns = self._database.execute("PRAGMA table_info(calculations)")
            if "checksum" not in {name for _, name, *_ in columns}:
                self._database.execute("ALTER TABLE calculations ADD COLUMN checksum TEXT")
            self._database.execute(
                "INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),)
            )

    def _refuse_newer(self) -> None:
        """Look at an existing file without changing a byte of it."""
        if not self.path.exists():
            return
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=_PATIENCE)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                return
            found = database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        # Older versions could be killed before they had written it.
        if found is not None and not str(found[0]).isdecimal():
            raise StoreError(f"cannot open {self.path}: it is damaged (schema {found[0]!r})")
        if found is not None and int(found[0]) > SCHEMA_VERSION:
            raise InputError(
                f"{self.path} was written by a newer rarebind (store schema {found[0]}, this one "
                f"reads up to {SCHEMA_VERSION}): upgrade rarebind or give another --store"
            )

    def get(self, key: str) -> Calculation | None:
        """The calculation of `key`; None where there is none, or it is damaged and set aside."""
        if not self.check([key]):
            return None
        [row] = self._rows("SELECT record, label FROM calculations WHERE key = ?", (key,))
        try:
            return Calculation.from_json(zlib.decompress(row[0]).decode())
        except (AttributeError, TypeError, ValueError) as error:
            self._set_aside(key, row[1], f"it is no record ({error})")
            return None
        except InputError as error:
            raise InputError(f"{self.path}, record of {row[1]}: {error}") from error

    def check(self, keys: Iterable[str]) -> set[str]:
        """See that the records of `keys` are what was written, and set aside those that are not.

        Returns
        -------
        set
            Keys with a sound record.
        """
        sound = set()
        for key in keys:
            for *values, checksum in self._rows(_READ, (key,)):
                if fault := _fault(values, checksum):
                    self._set_aside(key, str(values[2]), fault)
                else:
                    sound.add(key)
        return sound

    def _set_aside(self, key: str, label: str, why: str) -> None:
        with self._named("write"), self._database:
            self._database.execute(
                "INSERT INTO damaged (key, label, why, record) "
                "SELECT key, label, ?, record FROM calculations WHERE key = ?",
                (why, key),
            )
            self._database.execute("DELETE FROM calculations WHERE key = ?", (key,))
        warnings.warn(
            f"{self.path}: the record of {label} (key {key[:12]}) is damaged, {why}: it is set "
            "aside in the table damaged, and computed again by the next run",
            DamagedRecordWarning,
            stacklevel=3,
        )

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._named("read"):
            return self._database.execute(query, values).fetchall()

    def summaries(self) -> dict[str, Summary]:
        """Status, reason and wall time of every record by key; records are not read."""
        rows = self._rows("SELECT key, status, reason, wall_time FROM calculations")
        return {key: Summary(*rest) for key, *rest in rows}

    def rate(self, recent: int) -> float | None:
        """Records an hour, from when the last `recent` were written; None if that was at once."""
        [(count, seconds)] = self._rows(
            "SELECT COUNT(*), 86400 * (MAX(julianday(finished)) - MIN(julianday(finished))) FROM "
            "(SELECT finished FROM calculations ORDER BY rowid DESC LIMIT ?)",
            (recent + 1,),
        )
        return 3600.0 * (count - 1) / seconds if seconds else None

    def put(self, task: Task, calculation: Calculation) -> None:
        """Write the result of `task`; a key that is there already keeps its first record.

        Raises
        ------
        StoreError
            It cannot be written: the disk is full, say.  What was written before stays.
        """
        values = (
            task.key, task.step, task.label, task.description, calculation.status,
            calculation.reason, float(calculation.wall_time),
            zlib.compress(calculation.to_json().encode()),
        )  # fmt: skip
        self._write(_INSERT, (*values, _checksum(values)))

    def note_run(self, running: Sequence[tuple[str, str]] | None) -> None:
        """Leave word of what this process is running (key and label), or that it has ended."""
        if running is None:
            # Whatever ends a run, its last word must not hide the reason.
            with contextlib.suppress(StoreError):
                self._write("DELETE FROM meta WHERE name = 'run'", ())
            return
        note = {"pid": os.getpid(), "host": platform.node(), "running": running}
        self._write("INSERT OR REPLACE INTO meta VALUES ('run', ?)", (json.dumps(note),))

    def run(self) -> dict[str, Any] | None:
        """The note of :meth:`note_run`: ``pid``, ``host`` and ``running``; None without one."""
        for (note,) in self._rows("SELECT value FROM meta WHERE name = 'run'"):
            # A damaged note says nothing of the records.
            with contextlib.suppress(ValueError):
                found: dict[str, Any] = json.loads(note)
                return found
        return None

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            with self._named("write"), self._database:
                self._database.execute(statement, values)
        except RarebindError as error:
            raise StoreError(
                f"{error}. What is finished is kept: run the same command again then"
            ) from error

    def forget_failures(self) -> int:
        """Delete the failed records, so that the next run tries them again; how many."""
        with self._named("write"), self._database:
            cursor = self._database.execute("DELETE FROM calculations WHERE status = 'failed'")
        return cursor.rowcount

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of records by (step, status)."""
        rows = self._rows("SELECT step, status, COUNT(*) FROM calculations GROUP BY step, status")
        return {(step, status): number for step, status, number in rows}

    def __len__(self) -> int:
        [(number,)] = self._rows("SELECT COUNT(*) FROM calculations")
        return int(number)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _checksum(values: Sequence[Any]) -> str:
    """SHA-256 of the columns of :data:`_CHECKED`, each with its length."""
    found = hashlib.sha256()
    for value in values:
        part = value if isinstance(value, bytes) else str(value).encode()
        found.update(f"{len(part)}:".encode() + part)
    return found.hexdigest()


def _fault(values: Sequence[Any], checksum: object) -> str:
    """What is wrong with a record, as the columns of :data:`_CHECKED`; empty where nothing is."""
    if checksum is not None:
        return "" if _checksum(values) == checksum else "its checksum is another"
    # Of before: the packed record has a short checksum of its own.
    try:
        zlib.decompress(values[-1])
    except (TypeError, zlib.error) as error:
        return f"it cannot be unpacked ({error})"
    return "" if values[4] in STATUSES else f"its status is {values[4]!r}"
