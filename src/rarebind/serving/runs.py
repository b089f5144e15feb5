"""Screens that wait, run or have ended; each has a folder with a random name."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from rarebind.errors import InputError
from rarebind.io.files import replace_file

#: In its folder: what was asked for, and how it ended.
RECORD = "run.json"
#: In its folder: what the programs said.
LOG = "log.txt"
#: Results that may be fetched, with their types.
FILES = {
    "report.html": "text/html; charset=utf-8",
    "ranking.csv": "text/csv; charset=utf-8",
    "short-list.csv": "text/csv; charset=utf-8",
    "ranking.json": "application/json",
    "screen.yaml": "application/yaml",
    "structures.xyz": "chemical/x-xyz",
    "heatmap.png": "image/png",
}
WAITING, RUNNING, CANCELLING = "waiting", "running", "cancelling"
DONE, FAILED, CANCELLED, INTERRUPTED = "done", "failed", "cancelled", "interrupted"
#: States that last.
ENDED = frozenset({DONE, FAILED, CANCELLED, INTERRUPTED})
_SCHEMA = 1
_ID = re.compile(r"[0-9a-f]{32}")


class Progress(BaseModel):
    """How far a screen is.

    Attributes
    ----------
    total, done
        Calculations of this part: in all (None: not known yet), ended.
    failed
        Of all parts.
    stage
        What it does.
    part
        Empty for the screen itself.
    """

    model_config = ConfigDict(frozen=True)

    total: int | None = None
    done: int = 0
    failed: int = 0
    stage: str = ""
    part: str = ""


class Run(BaseModel):
    """A screen, from the moment it is asked for.

    Attributes
    ----------
    key
        32 random hexadecimal digits: name of the folder.
    asked
        Options of the screen; ``ligands`` is a text.
    complexes
        How many are screened.
    created, ended
        ISO 8601; `ended` None as long as it has not.
    state
        One of the constants of this module.
    problems
        Why it failed.
    progress
    """

    model_config = ConfigDict(frozen=True)

    key: str
    asked: dict[str, Any]
    complexes: int
    created: str
    state: str = WAITING
    ended: str | None = None
    problems: tuple[str, ...] = ()
    progress: Progress = Progress()

    @property
    def finished(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ENDED

    def with_(self, **changes: Any) -> Run:
        """The same with other values."""
        return self.model_copy(update=changes)

    def ending(self, state: str, problems: tuple[str, ...] = ()) -> Run:
        """The same, ended now."""
        return self.with_(state=state, ended=_now(), problems=problems)


def new_run(asked: Mapping[str, Any], complexes: int) -> Run:
    """A screen that waits."""
    return Run(key=secrets.token_hex(16), asked=dict(asked), complexes=complexes, created=_now())


def _now() -> str:
    """The time, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_run(run: Run, folder: Path) -> None:
    """Keep a run in its folder under `folder`, which is made when absent.

    Raises
    ------
    InputError
        It cannot be written.
    """
    place = folder / run.key
    try:
        place.mkdir(parents=True, exist_ok=True)
        content = {**run.model_dump(mode="json"), "schema": _SCHEMA}
        replace_file(place / RECORD, json.dumps(content, indent=1).encode())
    except OSError as error:
        raise InputError(f"cannot write {place / RECORD}: {error.strerror or error}") from error


def read_run(place: Path) -> Run:
    """The run of a folder.

    Raises
    ------
    InputError
        It holds none, or one of another form.
    """
    try:
        data = json.loads((place / RECORD).read_text(encoding="utf-8"))
        if data.pop("schema") != _SCHEMA or data["key"] != place.name:
            raise InputError(f"{place / RECORD} has another form than this rarebind writes")
        data["asked"] = _in_todays_words(data["asked"])
        return Run(**data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        said = "its form is another" if isinstance(error, ValidationError) else error
        raise InputError(f"{place} holds no screen of the server: {said}") from error


def _in_todays_words(asked: dict[str, Any]) -> dict[str, Any]:
    """Options as they were called once, and those that said nothing."""
    words = {name: value for name, value in asked.items() if value is not None}
    if "leave_out" in words:
        words["strict"] = not words.pop("leave_out")
    return words


def earlier_runs(folder: Path) -> dict[str, Run]:
    """Runs of earlier servers, the oldest first; those that had not ended were interrupted."""
    found = []
    for place in folder.iterdir() if folder.is_dir() else ():
        if not _ID.fullmatch(place.name) or place.is_symlink():
            continue
        try:
            run = read_run(place)
        except InputError:
            # Not ours to repair: it is left as it is and not shown.
            continue
        found.append(run if run.finished else run.with_(state=INTERRUPTED))
    return {run.key: run for run in sorted(found, key=lambda run: (run.created, run.key))}
