"""The result store: one SQLite file, written by one process, each record once and whole."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from rarebind.campaigns.task import Task
from rarebind.engines import Calculation
from rarebind.errors import InputError, StoreError

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
    record BLOB NOT NULL
)
""",
)


class Summary(NamedTuple):
    """A record in short; wall time in seconds."""

    status: str
    reason: str
    wall_time: float


class Store:
    """Finished calculations by task key.

    Each record is one SQLite transaction: killing the process at any instant leaves the records
    committed so far and nothing in between.

    Parameters
    ----------
    path
        Created when absent, its folder too.

    Raises
    ------
    InputError
        The file is no rarebind store, or a newer rarebind wrote it.
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
        try:
            self._refuse_newer()
            self._database = sqlite3.connect(self.path, timeout=60.0)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._make_tables()
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.path} is not a rarebind store ({error}): give another --store"
            ) from error

    def _make_tables(self) -> None:
        """Whole or not at all: a process can be killed between any two statements."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                self._database.execute(table)
            self._database.execute(
                "INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),)
            )

    def _refuse_newer(self) -> None:
        """Look at an existing file without changing a byte of it."""
        if not self.path.exists():
            return
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=60.0)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                return
            found = database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        # Older versions could be killed before they had written it.
        if found is not None and int(found[0]) > SCHEMA_VERSION:
            raise InputError(
                f"{self.path} was written by a newer rarebind (store schema {found[0]}, this one "
                f"reads up to {SCHEMA_VERSION}): upgrade rarebind or give another --store"
            )

    def get(self, key: str) -> Calculation | None:
        """The calculation of `key`, or None."""
        row = self._database.execute(
            "SELECT record FROM calculations WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else Calculation.from_json(zlib.decompress(row[0]).decode())

    def summaries(self) -> dict[str, Summary]:
        """Status, reason and wall time of every record by key; records are not read."""
        rows = self._database.execute("SELECT key, status, reason, wall_time FROM calculations")
        return {key: Summary(*rest) for key, *rest in rows}

    def rate(self, recent: int) -> float | None:
        """Records an hour, from when the last `recent` were written; None if that was at once."""
        (count, seconds) = self._database.execute(
            "SELECT COUNT(*), 86400 * (MAX(julianday(finished)) - MIN(julianday(finished))) FROM "
            "(SELECT finished FROM calculations ORDER BY rowid DESC LIMIT ?)",
            (recent + 1,),
        ).fetchone()
        return 3600.0 * (count - 1) / seconds if seconds else None

    def put(self, task: Task, calculation: Calculation) -> None:
        """Write the result of `task`; a key that is there already keeps its first record.

        Raises
        ------
        StoreError
            It cannot be written: the disk is full, say.  What was written before stays.
        """
        record = zlib.compress(calculation.to_json().encode())
        self._write(
            "INSERT OR IGNORE INTO calculations "
            "(key, step, label, task, status, reason, wall_time, record) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                task.key, task.step, task.label, task.description,
                calculation.status, calculation.reason, calculation.wall_time, record,
            ),
        )  # fmt: skip

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
        row = self._database.execute("SELECT value FROM meta WHERE name = 'run'").fetchone()
        return None if row is None else json.loads(row[0])

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            with self._database:
                self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"cannot write {self.path}: {error}. What is finished is kept: make room (or end "
                "the other process that uses it) and run the same command again"
            ) from error

    def forget_failures(self) -> int:
        """Delete the failed records, so that the next run tries them again; how many."""
        with self._database:
            cursor = self._database.execute("DELETE FROM calculations WHERE status = 'failed'")
        return cursor.rowcount

    def counts(self) -> dict[tuple[str, str], int]:
        """Number of records by (step, status)."""
        rows = self._database.execute(
            "SELECT step, status, COUNT(*) FROM calculations GROUP BY step, status"
        )
        return {(step, status): number for step, status, number in rows}

    def __len__(self) -> int:
        (number,) = self._database.execute("SELECT COUNT(*) FROM calculations").fetchone()
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
