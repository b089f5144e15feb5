"""How tasks reach processors: Parsl, one thread a calculation, one worker a core by default."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parsl.config import Config

#: Seconds without a sign of life after which workers of a killed driver end themselves.
HEARTBEAT_THRESHOLD = 30
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def default_workers() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_config(workers: int, run_dir: str) -> Config:
    """A configuration for this machine: `workers` processes, no log files."""
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    return Config(
        executors=[
            HighThroughputExecutor(
                label="local",
                interchange_launch_cmd=[sys.executable, "-m", "rarebind.campaigns.interchange"],
                address="127.0.0.1",
                max_workers_per_node=workers,
                # The number of workers alone decides, also when it exceeds that of cores.
                cores_per_worker=1e-6,
                heartbeat_period=5,
                heartbeat_threshold=HEARTBEAT_THRESHOLD,
                encrypted=False,
                provider=LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1),
            )
        ],
        strategy="none",
        run_dir=run_dir,
        initialize_logging=False,
        usage_tracking=0,
    )


@contextlib.contextmanager
def parsl_session(
    workers: int | None = None, make_config: Callable[[str], Config] | None = None
) -> Iterator[Callable[..., Any]]:
    """Start Parsl and yield a function that submits calls and returns futures.

    Parameters
    ----------
    workers
        Processes of the local configuration; by default one a core.
    make_config
        A function from a scratch folder to another Parsl configuration (Slurm, say).

    Notes
    -----
    Nothing is left in the working folder, and the environment is restored at the end.
    """
    import parsl

    scripts = str(Path(sys.executable).parent)
    wanted = _ONE_THREAD | {"PATH": scripts + os.pathsep + os.environ.get("PATH", "")}
    saved = {name: os.environ.get(name) for name in wanted}
    with tempfile.TemporaryDirectory(prefix="rarebind-parsl-", ignore_cleanup_errors=True) as run:
        os.environ.update(wanted)
        config = (
            make_config(run) if make_config else local_config(workers or default_workers(), run)
        )
        kernel = parsl.DataFlowKernel(config)
        try:

            def submit(function: Callable[..., Any], *arguments: Any) -> Any:
                return parsl.python_app(function, data_flow_kernel=kernel)(*arguments)

            yield submit
        finally:
            kernel.cleanup()
            for name, value in saved.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
