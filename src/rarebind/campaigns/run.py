"""Run many tasks: what the store has is taken from it, the rest goes to the workers."""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import Any

from rarebind.campaigns.parsl_config import parsl_session
from rarebind.campaigns.steps import execute
from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task, with_ancestors
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.errors import WorkersLostError

#: Called with each task as it ends, its calculation, and whether it was in the store already.
Listener = Callable[[Task, Calculation, bool], None]


def run_tasks(
    tasks: Iterable[Task],
    store: Store,
    *,
    workers: int | None = None,
    on_done: Listener | None = None,
) -> Mapping[str, Calculation]:
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
        Processes; by default one a core.
    on_done
        Told of every task that ends.

    Returns
    -------
    mapping
        Calculation by task key, ancestors included.

    Raises
    ------
    WorkersLostError
        All worker processes died; what had finished is in the store.
    """
    driver = _Driver(store, on_done)
    driver.run(with_ancestors(tasks), workers)
    return driver.results


class _Driver:
    """Starts each task when its parents have ended, and keeps what comes back."""

    def __init__(self, store: Store, on_done: Listener | None) -> None:
        self.results: dict[str, Calculation] = {}
        self._store = store
        self._on_done = on_done
        self._open_parents: dict[str, set[str]] = {}
        self._children: dict[str, list[Task]] = defaultdict(list)
        self._ended: queue.SimpleQueue[tuple[Task, Future[Calculation]]] = queue.SimpleQueue()
        self._running = 0

    def run(self, ordered: list[Task], workers: int | None) -> None:
        """End all tasks; parents must stand before their children."""
        pending = []
        for task in ordered:
            known = self._store.get(task.key)
            if known is None:
                pending.append(task)
            else:
                self._end(task, known, stored=True)
        if not pending:
            return
        for task in pending:
            self._open_parents[task.key] = {
                parent.key for parent in task.parents if parent.key not in self.results
            }
            for key in self._open_parents[task.key]:
                self._children[key].append(task)
        with parsl_session(workers) as submit:
            for task in [task for task in pending if not self._open_parents[task.key]]:
                self._start(task, submit)
            while self._running:
                task, future = self._ended.get()
                self._running -= 1
                calculation = _outcome(future)
                self._store.put(task, calculation)
                self._end(task, calculation)
                self._start_children(task, submit)

    def _start(self, task: Task, submit: Callable[..., Future[Calculation]]) -> None:
        """Submit `task`, or end it and what depends on it when a parent has no usable result."""
        for parent in task.parents:
            result = self.results[parent.key]
            if not result.ok:
                reason = f"needs {parent.label}, which {result.status}: {result.reason}"
                self._end(task, _failure(reason))
                self._start_children(task, submit)
                return
        parents = [self.results[parent.key] for parent in task.parents]
        future = submit(execute, task.step, task.arguments, parents)
        self._running += 1
        future.add_done_callback(lambda done: self._ended.put((task, done)))

    def _start_children(self, task: Task, submit: Callable[..., Future[Calculation]]) -> None:
        for child in self._children[task.key]:
            self._open_parents[child.key].discard(task.key)
            if not self._open_parents[child.key]:
                self._start(child, submit)

    def _end(self, task: Task, calculation: Calculation, *, stored: bool = False) -> None:
        self.results[task.key] = calculation
        if self._on_done is not None:
            self._on_done(task, calculation, stored)


def _outcome(future: Future[Any]) -> Calculation:
    """What a future holds: a record also when the task took its own worker process down.

    Raises
    ------
    WorkersLostError
        The worker processes as a whole are gone, which says nothing about the task.
    """
    from parsl.executors.errors import BadStateException
    from parsl.executors.high_throughput.errors import ManagerLost

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
    return _failure(f"the worker failed: {type(error).__name__}: {error}")


def _failure(reason: str) -> Calculation:
    return Calculation(
        verb="none", level=GFN2_WATER, structure=None, status="failed", reason=reason,
        converged=False,
    )  # fmt: skip
