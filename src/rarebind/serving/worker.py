"""The process that runs one screen and tells the server how far it is.

``python -m rarebind.serving.worker FOLDER STORE [WORKERS]`` reads the run of a folder, screens and
writes the results beside it.  Standard output carries one JSON object a line; whatever else is
printed goes to standard error.  When standard input ends, the server is gone, and this process
ends too.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from rarebind.errors import RarebindError
from rarebind.serving.runs import LOG, read_run

if TYPE_CHECKING:
    from rarebind.campaigns.run import Ended
    from rarebind.screening.screen import Watch

Tell = Callable[[dict[str, Any]], None]


def main(arguments: list[str]) -> int:
    """Run a screen; the exit status."""
    tell = _teller()
    signal.signal(signal.SIGTERM, _end)
    threading.Thread(target=_end_with_server, daemon=True).start()
    folder, store = Path(arguments[0]), Path(arguments[1])
    workers = int(arguments[2]) if len(arguments) > 2 else None  # noqa: PLR2004
    try:
        _screen(folder, store, workers, tell)
    except RarebindError as error:
        tell({"problems": list(getattr(error, "problems", (str(error),)))})
        return error.exit_status
    except Exception as error:  # noqa: BLE001  # whatever it is, the reader has to know
        traceback.print_exc()
        what = f"unexpected error, {type(error).__name__}: {error}"
        tell({"problems": [f"{what} (more in {folder / LOG})"]})
        return 1
    return 0


def _screen(folder: Path, store: Path, workers: int | None, tell: Tell) -> None:
    from rarebind.campaigns import Store
    from rarebind.screening.outputs import write_outputs
    from rarebind.screening.short_list import compute_short_list
    from rarebind.serving.screens import request_of

    request = request_of(read_run(folder).asked, workers)
    wanted = request.short_list_request()
    tell({"stage": "loading"})
    prepared = request.prepared()
    watch = _watch(tell)
    with Store(store) as results:
        found = prepared.run(results, watch)
    tell({"stage": "writing the report"})
    write_outputs(found, folder, request.unit)
    if wanted is None:
        return
    tell({"part": "short list"})
    with Store(store) as results:
        listed = compute_short_list(found, wanted, results, watch)
    tell({"stage": "writing the report"})
    write_outputs(found, folder, request.unit, short_list=listed)


def _watch(tell: Tell) -> Watch:
    """Passes on how far it is; what both parts of a screen need ends twice, `again` then."""
    from rarebind.screening.screen import Watch

    seen: set[str] = set()

    def done(ended: Ended) -> None:
        again = ended.task.key in seen
        seen.add(ended.task.key)
        tell(
            {"done": ended.task.label, "status": ended.status, "again": again,
             "stored": ended.stored}
        )  # fmt: skip

    return Watch(
        on_total=lambda total: tell({"total": total}),
        on_done=done,
        on_stage=lambda stage: tell({"stage": stage}),
    )


def _teller() -> Tell:
    """Takes standard output for itself: what programs print is not for the server."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def tell(message: dict[str, Any]) -> None:
        stream.write(json.dumps(message) + "\n")
        stream.flush()

    return tell


def _end(number: int, _: FrameType | None) -> None:
    """Stop the calculations and remove scratch folders, once."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _end_with_server() -> None:
    while os.read(0, 4096):
        pass
    if hasattr(signal, "pthread_kill"):
        # The main thread may be waiting: the signal has to wake that one.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        os._exit(1)


def _end_process(status: int) -> NoReturn:
    """End at once: all is written, and threads of Parsl must not hold the process."""
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    try:
        ended = main(sys.argv[1:])
    except SystemExit as signalled:
        ended = int(signalled.code or 0)
    _end_process(ended)
