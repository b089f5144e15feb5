"""A calculation that does not end must not hold its worker for ever."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from rarebind.campaigns.steps import execute, failure
from rarebind.engines import Calculation
from rarebind.engines.checkpoints import checkpoints_in

#: Seconds; far more than any complex of the ligand library takes.
DEFAULT_TIME_LIMIT = 3600.0
#: Code that never comes back to Python cannot be interrupted: its process is ended, after this
#: many seconds and this share of the limit more.
_GRACE, _GRACE_SHARE = 5.0, 0.25


class TimeLimitReached(BaseException):
    """Raised within the calculation; no ``except Exception`` on the way can swallow it."""


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the block after `seconds`; if that does not help, end the process.

    Raises
    ------
    TimeLimitReached
        In the block.

    Notes
    -----
    Signals reach the main thread only; in another thread, and where there are none (Windows), the
    block runs without limit.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "setitimer"
    ):
        yield
        return

    def interrupt(_: int, __: FrameType | None) -> None:
        raise TimeLimitReached

    before = signal.signal(signal.SIGALRM, interrupt)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # its descriptor is all that is used
        faulthandler.dump_traceback_later(
            seconds * (1.0 + _GRACE_SHARE) + _GRACE, exit=True, file=nowhere
        )
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0.0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, before)


def run_limited(
    seconds: float,
    step: str,
    arguments: dict[str, Any],
    parents: Sequence[Calculation],
    checkpoints: Path | None = None,
) -> Calculation:
    """Run a step in a worker, for at most so many seconds, with checkpoints in a folder."""
    try:
        with checkpoints_in(checkpoints), time_limit(seconds):
            return execute(step, arguments, parents)
    except TimeLimitReached:
        reason = f"not finished within the time limit of {seconds:g} s"
        return failure(step, arguments, reason, seconds)
