"""Run many tasks: what the store has is taken from it, the rest goes to the workers."""

from __future__ import annotations

import heapq
import queue
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from rarebind.campaigns.limits import DEFAULT_TIME_LIMIT, run_limited
from rarebind.campaigns.parsl_config import MakeConfig, parsl_session
from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task, with_ancestors
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.errors import WorkersLostError

#: Seconds between two notes of what is running.
_NOTE_INTERVAL = 2.0
#: Tasks handed over for each worker, so that none waits for the next.
_TASKS_PER_WORKER = 2


@dataclass(frozen=True)
class Ended:
    """A task that has come to its end.

    Attributes
    ----------
    task
    status, reason
        As in :class:`~rarebind.engines.Calculation`.
    stored
        Whether its result was in the store already.
    """

    task: Task
    status: str
    reason: str = ""
    stored: bool = False


#: Told of each task as it ends.
Listener = Callable[[Ended], None]


class Results(Mapping[str, Calculation]):
    """Calculations by task key, read from the store when asked for."""

    def __init__(self, store: Store, statuses: Mapping[str, str]) -> None:
        self._store = store
        self._statuses = statuses
        #: Outcomes that are not recorded: tasks whose parent has no usable result.
        self.unrecorded: dict[str, Calculation] = {}

    def __getitem__(self, key: str) -> Calculation:
        if key in self.unrecorded:
            return self.unrecorded[key]
        calculation = self._store.get(key) if key in self._statuses else None
        if calculation is None:
            raise KeyError(key)
        return calculation

    def __iter__(self) -> Iterator[str]:
        return iter(self._statuses)

    def __len__(self) -> int:
        return len(self._statuses)


def run_tasks(
    tasks: Iterable[Task],
    store: Store,
    *,
    workers: int | None = None,
    threads: int = 1,
    make_config: MakeConfig | None = None,
    time_limit: float = DEFAULT_TIME_LIMIT,
    checkpoints: Path | None = None,
    on_done: Listener | None = None,
) -> Results:
    """Bring `tasks` and all they depend on to an end.

    Each result is written to `store` the moment it arrives, by this process alone.  A task whose
    parent has no usable result is not run; it ends as a failure that names the parent.

    Parameters
    ----------
    tasks
        In order of preference; independent ones run side by side.
    store
        Where results are looked up and kept.
    workers
        Processes of the local configuration; by default as many as the cores suffice for.
    threads
        Of each process.
    make_config
        Another Parsl configuration; see :func:`~rarebind.campaigns.parsl_config.parsl_session`.
    time_limit
        Seconds after which a calculation is given up and recorded as failed.
    checkpoints
        Folder, seen by all workers, where calculations that can go on after an interruption leave
        what they need; see :mod:`rarebind.engines.checkpoints`.
    on_done
        Told of every task that ends.

    Returns
    -------
    Results
        Calculation by task key, ancestors included.

    Raises
    ------
    WorkersLostError
        All worker processes died; what had finished is in the store.
    StoreError
        A result could not be written (disk full, say); what was written before is kept.
    """
    # Workers have another working folder.
    folder = None if checkpoints is None else checkpoints.absolute()
    driver = _Driver(with_ancestors(tasks), store, on_done, time_limit, folder)
    driver.run(workers, make_config, threads)
    return driver.results


class _Driver:
    """Starts each task when its parents have ended, and keeps what comes back.

    Only as many tasks are handed over as keep the workers busy: the earliest of those that are
    ready always goes first, and the queue does not grow with the campaign.
    """

    def __init__(
        self,
        ordered: list[Task],
        store: Store,
        on_done: Listener | None,
        time_limit: float,
        checkpoints: Path | None,
    ) -> None:
        self._store = store
        self._on_done = on_done
        self._time_limit = time_limit
        self._checkpoints = checkpoints
        self._ordered = ordered
        self._rank = {task.key: rank for rank, task in enumerate(ordered)}
        self._statuses: dict[str, str] = {}
        self.results = Results(store, self._statuses)
        self._waiting: TopologicalSorter[str] = TopologicalSorter()
        self._ready: list[int] = []
        self._running: dict[str, Task] = {}
        self._arrived: queue.SimpleQueue[tuple[Task, Future[Calculation]]] = queue.SimpleQueue()
        self._noted = 0.0

    def run(self, workers: int | None, make_config: MakeConfig | None, threads: int) -> None:
        """End all tasks."""
        self._store.check(task.key for task in self._ordered)
        known = self._store.summaries()
        for task in self._ordered:
            if task.key in known:
                found = known[task.key]
                self._tell(Ended(task, found.status, found.reason, stored=True))
            else:
                parents = (parent.key for parent in task.parents if parent.key not in known)
                self._waiting.add(task.key, *parents)
        self._waiting.prepare()
        self._queue()
        if not self._ready:
            return
        with parsl_session(workers, make_config, threads) as session:
            window = _TASKS_PER_WORKER * session.capacity
            try:
                while self._ready or self._running:
                    while self._ready and len(self._running) < window:
                        self._start(self._ordered[heapq.heappop(self._ready)], session.submit)
                    self._note(session.capacity)
                    if self._running:
                        self._receive()
            finally:
                self._store.note_run(None)

    def _receive(self) -> None:
        task, future = self._arrived.get()
        del self._running[task.key]
        calculation = _outcome(future, self._time_limit)
        self._store.put(task, calculation)
        self._end(Ended(task, calculation.status, calculation.reason))

    def _start(self, task: Task, submit: Callable[..., Future[Calculation]]) -> None:
        """Submit `task`, or end it when a parent has no usable result."""
        parents = []
        for parent in task.parents:
            result = self.results[parent.key]
            if not result.ok and parent in task.required:
                reason = f"needs {parent.label}, which {result.status}: {result.reason}"
                self.results.unrecorded[task.key] = _failure(reason)
                self._end(Ended(task, "failed", reason))
                return
            # Steps look at where a parent ended, not at its way there.
            parents.append(replace(result, intermediates=()))
        self._running[task.key] = task
        future = submit(
            run_limited,
            self._time_limit,
            task.step,
            task.arguments,
            parents,
            self._checkpoints,
        )
        future.add_done_callback(lambda done: self._arrived.put((task, done)))

    def _end(self, ended: Ended) -> None:
        self._tell(ended)
        self._waiting.done(ended.task.key)
        self._queue()

    def _tell(self, ended: Ended) -> None:
        self._statuses[ended.task.key] = ended.status
        if self._on_done is not None:
            self._on_done(ended)

    def _queue(self) -> None:
        """Put those tasks on the queue whose parents have all ended by now."""
        for key in self._waiting.get_ready():
            heapq.heappush(self._ready, self._rank[key])

    def _note(self, capacity: int) -> None:
        """Leave word of what is running, for ``--status`` in another terminal."""
        if time.monotonic() - self._noted > _NOTE_INTERVAL:
            oldest = list(self._running.values())[:capacity]
            self._store.note_run([(task.key, task.label) for task in oldest])
            self._noted = time.monotonic()


def _outcome(future: Future[Any], time_limit: float) -> Calculation:
    """What a future holds: a record also when the task took its own worker process down.

    Raises
    ------
    WorkersLostError
        The worker processes as a whole are gone, which says nothing about the task.
    """
    from parsl.executors.errors import BadStateException
    from parsl.executors.high_throughput.errors import ManagerLost, WorkerLost

    error = future.exception()
    if isinstance(error, BadStateException | ManagerLost):
        said = " ".join(str(error).split())
        raise WorkersLostError(
            "the worker processes ended unexpectedly (killed, or out of memory?). What is "
            f"finished is kept: run the same command again. Parsl says: {said}"
        ) from error
    if error is None:
        calculation: Calculation = future.result()
        return calculation
    if isinstance(error, WorkerLost):
        return _failure(
            "its worker process ended: the calculation crashed, was killed or ran out of memory, "
            f"or it hung past its time limit of {time_limit:g} s"
        )
    return _failure(f"the worker failed: {type(error).__name__}: {error}")


def _failure(reason: str) -> Calculation:
    return Calculation(
        verb="none", level=GFN2_WATER, structure=None, status="failed", reason=reason,
        converged=False,
    )  # fmt: skip
