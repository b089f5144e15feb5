"""Parsl's interchange, ending itself when the process that started it is gone.

Parsl leaves its interchange running when the driver is killed, and as long as the interchange
runs, so do the workers.  Started through this module it goes with the driver; the workers miss its
heartbeat and follow.
"""

from __future__ import annotations

import os
import runpy
import threading
import time

_INTERCHANGE = "parsl.executors.high_throughput.interchange"


def end_with_parent(parent: int, interval: float = 1.0) -> None:
    """Wait until `parent` is no longer the parent process, then end this one at once."""
    while os.getppid() == parent:
        time.sleep(interval)
    os._exit(1)


def main() -> None:
    """Run the interchange; its configuration comes on standard input."""
    threading.Thread(target=end_with_parent, args=(os.getppid(),), daemon=True).start()
    runpy.run_module(_INTERCHANGE, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
