"""The queue of screens: one runs, in a process of its own; some wait."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from rarebind.errors import InputError, RarebindError
from rarebind.serving.limits import MAX_WAITING
from rarebind.serving.runs import (
    CANCELLED,
    CANCELLING,
    DONE,
    FAILED,
    INTERRUPTED,
    LOG,
    RUNNING,
    WAITING,
    Progress,
    Run,
    earlier_runs,
    new_run,
    write_run,
)
from rarebind.serving.screens import check

#: Seconds for a screen to end its calculations before it is killed.
_PATIENCE = 20.0
#: Seconds to which the time left is rounded up.
_STEP = 15


class QueueFullError(RarebindError):
    """As many screens wait as may."""


class ScreenQueue:
    """Runs screens one after the other, in a thread of its own.

    Parameters
    ----------
    folder
        Where each screen gets a folder; made when absent.
    store
        File of finished calculations, shared by all screens.
    workers
        Processes of a screen; by default one a core.

    Raises
    ------
    InputError
        The folder cannot be made.
    """

    def __init__(self, folder: Path, store: Path, workers: int | None = None) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot make the folder {folder} ({error.strerror}): give another with --folder"
            ) from error
        self._folder, self._store, self._workers = folder.resolve(), store.resolve(), workers
        self._runs = earlier_runs(self._folder)
        self._waiting: deque[str] = deque()
        self._child: subprocess.Popen[str] | None = None
        self._stopping = False
        self._pace = Pace()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._work, name="screens", daemon=True)

    def start(self) -> None:
        """Begin to run what waits."""
        self._thread.start()

    def stop(self) -> None:
        """End the screen that runs; what it has computed is in the store."""
        with self._changed:
            self._stopping = True
            child = self._child
            self._changed.notify_all()
        if child is not None:
            end_process(child)
        if self._thread.is_alive():
            self._thread.join()
        for key in list(self._waiting):
            self._set(self._runs[key].ending(INTERRUPTED))
        self._waiting.clear()

    def submit(self, asked: Mapping[str, Any]) -> Run:
        """Put a screen into the queue.

        Raises
        ------
        InputError
            All that cannot be used.
        MissingDependencyError
            See :func:`~rarebind.serving.screens.check`.
        QueueFullError
            Too many wait.
        """
        run = new_run(*check(asked))
        with self._changed:
            if len(self._waiting) >= MAX_WAITING:
                raise QueueFullError(
                    f"{MAX_WAITING} screens wait already: wait for one to end, or cancel one"
                )
            self._set(run)
            self._waiting.append(run.key)
            self._changed.notify_all()
        return run

    def cancel(self, key: str) -> Run:
        """Take a screen out of the queue, or end it if it runs; ended ones stay as they are.

        Raises
        ------
        KeyError
            There is none with this key.
        """
        with self._changed:
            run = self._runs[key]
            if run.state == WAITING:
                self._waiting.remove(key)
                self._set(run.ending(CANCELLED))
            elif run.state == RUNNING:
                self._set(run.with_(state=CANCELLING))
                if self._child is not None:
                    threading.Thread(target=end_process, args=(self._child,), daemon=True).start()
            return self._runs[key]

    def runs(self) -> list[Run]:
        """All, the newest first."""
        with self._changed:
            return list(reversed(self._runs.values()))

    def run(self, key: str) -> Run:
        """One of them.

        Raises
        ------
        KeyError
            There is none with this key.
        """
        with self._changed:
            return self._runs[key]

    def place(self, run: Run) -> Path:
        """The folder of a run."""
        return self._folder / run.key

    def ahead(self, run: Run) -> int:
        """How many wait before it."""
        with self._changed, suppress(ValueError):
            return self._waiting.index(run.key)
        return 0

    def seconds_left(self, run: Run) -> float | None:
        """About how long a running screen still takes; None where nobody can say."""
        if run.state != RUNNING:
            return None
        with self._changed:
            left = self._pace.left(run.progress, time.monotonic())
        return None if left is None else _STEP * math.ceil(left / _STEP)

    def _set(self, run: Run) -> None:
        """Keep the state of a run, also on the disk if it has changed there."""
        before = self._runs.get(run.key)
        if before is None or before.state != run.state:
            write_run(run, self._folder)
        self._runs[run.key] = run

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._stopping)
                if self._stopping:
                    return
                key = self._waiting.popleft()
                self._runs[key] = self._runs[key].with_(state=RUNNING)
            try:
                self._screen(key)
            except (RarebindError, OSError) as error:
                # A full disk, say: told where it still can be.
                with self._changed:
                    self._child = None
                    self._runs[key] = self._runs[key].ending(FAILED, (str(error),))

    def _screen(self, key: str) -> None:
        place = self._folder / key
        command = [sys.executable, "-m", "rarebind.serving.worker", str(place), str(self._store)]
        if self._workers is not None:
            command.append(str(self._workers))
        with (place / LOG).open("w", encoding="utf-8") as log:
            with self._changed:
                run, self._pace = self._runs[key], Pace()
                if self._stopping or run.state != RUNNING:
                    self._set(self._ended(run, 1, ()))
                    return
                # In a group of its own, so that Ctrl-C reaches the server, which then ends it.
                self._child = child = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                    encoding="utf-8", start_new_session=True,
                )  # fmt: skip
            try:
                problems = self._listen(key, child.stdout or ())
                # It has said all; what is left to it is to stop its workers.
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_PATIENCE)
            finally:
                end_process(child)
                for stream in (child.stdin, child.stdout):
                    if stream is not None:
                        stream.close()
        with self._changed:
            self._child = None
            self._set(self._ended(self._runs[key], child.returncode, problems))

    def _listen(self, key: str, messages: Iterable[str]) -> tuple[str, ...]:
        """Follow a screen to its end; its problems."""
        problems: tuple[str, ...] = ()
        for line in messages:
            message = json.loads(line)
            with self._changed:
                run = self._runs[key]
                self._runs[key] = run.with_(progress=advanced(run.progress, message))
                self._pace = paced(self._pace, message, time.monotonic())
            problems += tuple(message.get("problems", ()))
        return problems

    def _ended(self, run: Run, status: int, problems: tuple[str, ...]) -> Run:
        if status == 0:
            return run.ending(DONE)
        if run.state == CANCELLING:
            return run.ending(CANCELLED)
        if self._stopping:
            return run.ending(INTERRUPTED)
        log = self._folder / run.key / LOG
        return run.ending(FAILED, problems or (f"it ended unexpectedly: see {log}",))


@dataclass(frozen=True)
class Pace:
    """How fast calculations end, for the time that is left.

    Attributes
    ----------
    began
        Clock (s) when they did; None before.
    ended
        How many have been computed since, and were not in the store.
    """

    began: float | None = None
    ended: int = 0

    def left(self, progress: Progress, now: float) -> float | None:
        """Seconds to go at the mean pace so far; None where that says nothing yet."""
        if self.began is None or progress.total is None or not self.ended:
            return None
        return (progress.total - progress.done) * (now - self.began) / self.ended


def paced(pace: Pace, message: dict[str, Any], now: float) -> Pace:
    """Pace after a message of the process that runs a screen."""
    if "part" in message or "total" in message:
        return Pace(began=now if "total" in message else None)
    if "done" in message and not message.get("stored") and pace.began is not None:
        return replace(pace, ended=pace.ended + 1)
    return pace


def advanced(progress: Progress, message: dict[str, Any]) -> Progress:
    """Progress after a message of the process that runs a screen."""
    changes: dict[str, Any] = {}
    if "part" in message:
        return Progress(failed=progress.failed, part=message["part"])
    if "total" in message:
        changes = {"total": message["total"], "stage": "computing"}
    elif "stage" in message:
        changes = {"stage": message["stage"]}
    elif "done" in message:
        new = not message.get("again")
        changes = {
            "done": progress.done + 1,
            "failed": progress.failed + (new and message["status"] != "ok"),
            "stage": f"{message['done']}: {message['status']}",
        }
    return progress.model_copy(update=changes)


def end_process(child: subprocess.Popen[str]) -> None:
    """End a screen with its workers: asked first, killed if that is of no use."""
    if child.poll() is not None:
        child.wait()
        return
    try:
        offspring = psutil.Process(child.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        offspring = []
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        for process in offspring:
            with suppress(psutil.NoSuchProcess):
                process.kill()
