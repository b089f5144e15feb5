"""Parsl's interchange and pool of workers, ending themselves when their driver is gone.

Parsl leaves its interchange running when the driver is killed, and as long as the interchange
runs, so do the workers; a pool that has reached the interchange, but not yet been registered, waits
for it for ever.  Started through this module they go with the driver::

    python -m rarebind.campaigns.interchange                 # the interchange, of its parent
    python -m rarebind.campaigns.interchange DRIVER MODULE … # a module of Parsl, of that process
"""

from __future__ import annotations

import os
import runpy
import sys
import threading
import time
from contextlib import suppress

import psutil

INTERCHANGE = "parsl.executors.high_throughput.interchange"


def is_running(driver: psutil.Process) -> bool:
    """Whether a process is there, and no zombie that nobody has asked after."""
    with suppress(psutil.NoSuchProcess):
        return bool(driver.is_running() and driver.status() != psutil.STATUS_ZOMBIE)
    return False


def end_with(driver: int, interval: float = 1.0) -> None:
    """Wait until the process `driver` is gone, then end this one and its children at once."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(driver)
        while is_running(process):
            time.sleep(interval)
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()
    os._exit(1)


def main() -> None:
    """Run a part of Parsl; the interchange has its configuration from standard input."""
    driver, module = os.getppid(), INTERCHANGE
    if len(sys.argv) > 1:
        driver, module = int(sys.argv[1]), sys.argv[2]
        del sys.argv[1:3]
    threading.Thread(target=end_with, args=(driver,), daemon=True).start()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
