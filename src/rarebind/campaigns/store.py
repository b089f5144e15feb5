"""The result store: one SQLite file, written by one process, each record once and whole."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from rarebind.campaigns.task import Task
from rarebind.engines import Calculation
from rarebind.errors import InputError

#: Version of the tables.
SCHEMA_VERSION = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
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
);
"""


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
            self._database = sqlite3.connect(self.path, timeout=60.0)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._check_schema()
        except sqlite3.DatabaseError as error:
            raise InputError(
                f"{self.path} is not a rarebind store ({error}): give another --store"
            ) from error

    def _check_schema(self) -> None:
        with self._database:
            self._database.executescript(_TABLES)
            self._database.execute(
                "INSERT OR IGNORE INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),)
            )
        (found,) = self._database.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        if int(found) > SCHEMA_VERSION:
            raise InputError(
                f"{self.path} was written by a newer rarebind (store schema {found}, this one "
                f"reads up to {SCHEMA_VERSION}): upgrade rarebind or give another --store"
            )

    def get(self, key: str) -> Calculation | None:
        """The calculation of `key`, or None."""
        row = self._database.execute(
            "SELECT record FROM calculations WHERE key = ?", (key,)
        ).fetchone()
        return None if row is None else Calculation.from_json(zlib.decompress(row[0]).decode())

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of `keys` that have a record, without reading the records."""
        found: set[str] = set()
        with closing(self._database.cursor()) as cursor:
            for key in keys:
                if cursor.execute("SELECT 1 FROM calculations WHERE key = ?", (key,)).fetchone():
                    found.add(key)
        return found

    def put(self, task: Task, calculation: Calculation) -> None:
        """Write the result of `task`; a key that is there already keeps its first record."""
        record = zlib.compress(calculation.to_json().encode())
        with self._database:
            self._database.execute(
                "INSERT OR IGNORE INTO calculations "
                "(key, step, label, task, status, reason, wall_time, record) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    task.key, task.step, task.label, task.description,
                    calculation.status, calculation.reason, calculation.wall_time, record,
                ),
            )  # fmt: skip

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
