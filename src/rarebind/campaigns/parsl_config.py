"""How tasks reach processors: Parsl, by default one thread a calculation, one worker a core."""

from __future__ import annotations

import contextlib
import os
import runpy
import shlex
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.errors import InputError

if TYPE_CHECKING:
    from parsl.config import Config

#: Seconds without a sign of life after which workers of a killed driver end themselves.
HEARTBEAT_THRESHOLD = 30
#: Parsl's pool of workers; run as a module with our interchange, which hence is imported nowhere.
POOL = "parsl.executors.high_throughput.process_worker_pool"
_SEE = "An example: configs/parsl/slurm.py"
#: Characters of an error that are told.
_SAID = 300
#: Seconds that Parsl has to end its processes.
_PATIENCE = 30.0
#: From a scratch folder to a Parsl configuration.
MakeConfig = Callable[[str], "Config"]
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def default_workers() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def local_config(workers: int, run_dir: str) -> Config:
    """A configuration for this machine: `workers` processes, no log files."""
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.executors.high_throughput.executor import DEFAULT_LAUNCH_CMD
    from parsl.providers import LocalProvider

    with_driver = [sys.executable, "-m", "rarebind.campaigns.interchange"]
    pool = shlex.join([*with_driver, str(os.getpid()), POOL])
    _, _, arguments = DEFAULT_LAUNCH_CMD.partition(" ")
    return Config(
        executors=[
            HighThroughputExecutor(
                label="local",
                interchange_launch_cmd=with_driver,
                # Braces are Parsl's own.
                launch_cmd=f"{pool.replace('{', '{{{{').replace('}', '}}}}')} {arguments}",
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


def load_config(path: Path | str) -> MakeConfig:
    """Read the function ``make_config`` from a Python file, for clusters.

    Raises
    ------
    InputError
        The file cannot be run or has no such function; so does what is returned where that
        function fails, with the line of the file.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    with _faults_of(path):
        compile(content, str(path), "exec")
        make_config: MakeConfig | None = runpy.run_path(str(path)).get("make_config")
    if not callable(make_config):
        raise InputError(f"{path} has no function make_config(run_dir). {_SEE}")

    def checked(run_dir: str) -> Config:
        from parsl.config import Config

        with _faults_of(path):
            config = make_config(run_dir)
        if not isinstance(config, Config):
            raise InputError(
                f"{path}: make_config returns a {type(config).__name__}, no parsl.Config. {_SEE}"
            )
        return config

    return checked


@contextlib.contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Name the line of a person's file that fails, whatever it raises."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if isinstance(error, SyntaxError) and error.filename == str(path):
            line, said = error.lineno, error.msg
        else:
            places = traceback.extract_tb(error.__traceback__)
            line = next((one.lineno for one in reversed(places) if one.filename == str(path)), None)
            said = " ".join(str(error).split())[:_SAID]
        where = f"{path}, line {line}" if line else str(path)
        renamed = isinstance(error, (TypeError, AttributeError, ImportError))
        names = f"; this is Parsl {version('parsl')}: names may be others there" if renamed else ""
        raise InputError(f"{where}: {type(error).__name__}: {said}{names}. {_SEE}") from error


def capacity(config: Config) -> int:
    """Tasks that run at once when all blocks of a configuration are there."""
    total = 0
    for executor in config.executors:
        provider = getattr(executor, "provider", None)
        nodes = 1 if provider is None else provider.max_blocks * provider.nodes_per_block
        threads = getattr(executor, "max_threads", 1)
        total += nodes * int(getattr(executor, "max_workers_per_node", threads))
    return max(total, 1)


@dataclass(frozen=True)
class Session:
    """Parsl at work.

    Attributes
    ----------
    submit
        Takes a function and its arguments, returns a future.
    capacity
        Calls that run at once.
    """

    submit: Callable[..., Any]
    capacity: int


@contextlib.contextmanager
def parsl_session(
    workers: int | None = None, make_config: MakeConfig | None = None, threads: int = 1
) -> Iterator[Session]:
    """Start Parsl.

    Parameters
    ----------
    workers
        Processes of the local configuration; by default as many as the cores suffice for.
    make_config
        A function from a scratch folder to another Parsl configuration (Slurm, say).
    threads
        Of each process.

    Yields
    ------
    Session
        What takes calls.

    Raises
    ------
    InputError
        The configuration that is given cannot be used.

    Notes
    -----
    Nothing is left in the working folder, and the environment is restored at the end: of several
    sessions at once, by the last of them.
    """
    import parsl

    run_dir = tempfile.TemporaryDirectory(prefix="rarebind-parsl-", ignore_cleanup_errors=True)
    with _ENVIRONMENT.of_session(threads), run_dir as run:
        workers = workers or max(default_workers() // threads, 1)
        config = make_config(run) if make_config else local_config(workers, run)
        try:
            kernel = parsl.DataFlowKernel(config)
        except Exception as error:
            if make_config is None:
                raise
            raise InputError(
                f"Parsl cannot start with the configuration given ({type(error).__name__}: "
                f"{' '.join(str(error).split())[:_SAID]}). {_SEE}"
            ) from error
        try:

            def submit(function: Callable[..., Any], *arguments: Any) -> Any:
                return parsl.python_app(function, data_flow_kernel=kernel)(*arguments)

            yield Session(submit, capacity(config))
        finally:
            _clean_up(kernel)


class _Environment:
    """What Parsl and its workers inherit: threads, and where Parsl's programs are.

    The process has one for all its threads: the last session puts back what the first found.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions = 0
        self._found: dict[str, str | None] = {}

    @contextlib.contextmanager
    def of_session(self, threads: int) -> Iterator[None]:
        with self._lock:
            if not self._sessions:
                self._found = {name: os.environ.get(name) for name in (*_THREADS, "PATH")}
                scripts = str(Path(sys.executable).parent)
                os.environ["PATH"] = scripts + os.pathsep + os.environ.get("PATH", "")
            self._sessions += 1
            os.environ.update(dict.fromkeys(_THREADS, str(threads)))
        try:
            yield
        finally:
            with self._lock:
                self._sessions -= 1
                if not self._sessions:
                    for name, value in self._found.items():
                        os.environ.pop(name, None)
                        os.environ.update({} if value is None else {name: value})


_ENVIRONMENT = _Environment()


def _clean_up(kernel: Any) -> None:
    """Let Parsl end its processes; where it waits for one that is dead, do not wait with it.

    If the interchange has been killed (by the system for want of memory, say), Parsl's cleanup
    waits for its answer for ever, though all results are there.
    """
    ending = threading.Thread(target=kernel.cleanup, daemon=True)
    ending.start()
    ending.join(_PATIENCE)
    if not ending.is_alive():
        return
    for executor in kernel.executors.values():
        provider = getattr(executor, "provider", None)
        blocks = list(getattr(executor, "blocks_to_job_id", {}).values())
        if provider is not None and blocks:
            provider.cancel(blocks)
