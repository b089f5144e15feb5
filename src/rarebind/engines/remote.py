"""Engines in Python environments of their own, each in a process that answers over pipes.

Potentials ask for packages that cannot be installed together.  An environment is the path of a
Python interpreter or of a virtual environment, or a name: that of a folder in
``$RAREBIND_ENVIRONMENTS`` (default: ``~/.local/share/rarebind/envs``).  It needs NumPy, ASE and
the calculator, not rarebind.  :mod:`rarebind.engines.remote_child` is what runs there.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rarebind.engines import remote_child
from rarebind.engines.ase_calculator import given_to
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.remote_child import frame, read_frame
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Where environments are looked for by name.
FOLDER_VARIABLE = "RAREBIND_ENVIRONMENTS"
_FOLDER = Path("~/.local/share/rarebind/envs")
#: Where an interpreter may lie in an environment's folder.
_INTERPRETERS = ("bin/python", ".venv/bin/python", "Scripts/python.exe")
#: Seconds after which an answer is given up: a campaign's own limit is shorter.
TIME_LIMIT = 3600.0
#: Characters of what a process printed before it died.
_LAST_WORDS = 1000
_SECONDS_TO_END = 5.0


def find_python(environment: str) -> Path:
    """The interpreter of an environment, given by its path or name.

    Raises
    ------
    InputError
        There is none.
    """
    named = Path(os.environ.get(FOLDER_VARIABLE, "") or _FOLDER).expanduser() / environment
    places = [Path(environment).expanduser().absolute(), named.absolute()]
    for place in places:
        if place.is_file() and os.access(place, os.X_OK):
            return place
        for interpreter in _INTERPRETERS:
            if (place / interpreter).is_file():
                return place / interpreter
    raise InputError(
        f"no Python environment {environment!r}: neither {places[0]} nor {places[1]} is a Python "
        f"interpreter or an environment with {_INTERPRETERS[0]}; {FOLDER_VARIABLE} names the "
        "folder of those given by name"
    )


class _DiedError(Exception):
    """The process has ended."""


class Worker:
    """A process of another environment that answers one request after the other.

    It is started by the first request, and anew when it has died; a process that was forked has
    one of its own.

    Parameters
    ----------
    python
        Interpreter.
    time_limit
        Seconds after which an answer is given up and the process ended.
    """

    def __init__(self, python: Path, time_limit: float = TIME_LIMIT) -> None:
        self._python, self._time_limit = python, time_limit
        self._lock = threading.Lock()
        self._running: tuple[int, subprocess.Popen[bytes], IO[bytes]] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process; None where none runs."""
        return None if self._running is None else self._running[1].pid

    def ask(
        self, head: dict[str, Any], arrays: list[tuple[str, Any]] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Head and arrays of the answer.

        Raises
        ------
        InputError
            The calculator cannot be made there.
        CalculationError
            It failed; the process died twice, or did not answer in time.
        """
        request = frame(head, arrays or [])
        with self._lock:
            try:
                answer, found = self._exchange(request)
            except _DiedError:
                # It may have run out of memory because of what came before.
                try:
                    answer, found = self._exchange(request)
                except _DiedError as error:
                    raise CalculationError(
                        f"the process of {self._python} died twice: {error}"
                    ) from error
        if "fault" in answer:
            fault = InputError if answer["fault"] == "input" else CalculationError
            raise fault(f"in {self._python}: {answer['message']}")
        return answer, found

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            _end(*self._running[:2])
            self._running = None

    def _exchange(self, request: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
        process, errors = self._process()
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = time.monotonic() + self._time_limit
        try:
            process.stdin.write(request)
            process.stdin.flush()
            return read_frame(_reader(process.stdout.fileno(), deadline))
        except (BrokenPipeError, EOFError) as error:
            status = _status(process)
            self.close()
            raise _DiedError(f"status {status}. {_last_words(errors)}".strip()) from error
        except TimeoutError as error:
            self.close()
            raise CalculationError(
                f"the process of {self._python} did not answer within {self._time_limit:g} s"
            ) from error
        except BaseException:
            # Whatever interrupts us: its answer must not be taken for that to another request.
            self.close()
            raise

    def _process(self) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        if self._running is None or self._running[0] != os.getpid():
            errors = tempfile.TemporaryFile()  # noqa: SIM115
            command = [str(self._python), "-u", remote_child.__file__]
            try:
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
                )
            except OSError as error:
                raise InputError(f"cannot run {self._python}: {error}") from error
            self._running = (os.getpid(), process, errors)
            weakref.finalize(self, _end, os.getpid(), process)
        return self._running[1:]


def _reader(descriptor: int, deadline: float) -> Callable[[int], bytes]:
    """Reads so many bytes from a pipe, or raises ``EOFError`` or ``TimeoutError``."""

    def read(size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                raise TimeoutError
            part = os.read(descriptor, size - len(content))
            if not part:
                raise EOFError
            content += part
        return bytes(content)

    return read


def _status(process: subprocess.Popen[bytes]) -> int:
    """Exit status of a process that has closed its pipes."""
    try:
        return process.wait(timeout=_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    return errors.read().decode(errors="replace").strip()[-_LAST_WORDS:]


def _end(owner: int, process: subprocess.Popen[bytes]) -> None:
    """End a process, unless it is that of another process of ours."""
    if owner == os.getpid():
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            # What was not sent to a dead process cannot be.
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()


class RemotePotential:
    """Energy and forces of one molecule by an ASE calculator of another environment."""

    #: What state a calculator finds is its own affair.
    scf = None

    def __init__(self, worker: Worker, request: dict[str, Any], structure: Structure) -> None:
        self._worker, self._request = worker, request
        self._arrays: list[tuple[str, Any]] = [("numbers", structure.atomic_numbers)]
        if structure.cell is not None:
            self._arrays.append(("cell", structure.cell))

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        answer, arrays = self._worker.ask(
            self._request | {"do": "evaluate"}, [*self._arrays, ("positions", positions)]
        )
        # What comes over the pipe cannot be written to.
        return answer["energy"], arrays["forces"].copy()


@cache
def remote_engine(name: str, calculator: str, environment: str) -> RemoteEngine:
    """The one engine of a factory and an environment, whatever the level: it is a process."""
    return RemoteEngine(name, calculator, environment)


class RemoteEngine:
    """An engine of a factory of ASE calculators in another environment.

    Parameters
    ----------
    name, calculator
        As for :class:`~rarebind.engines.ase_calculator.ASEEngine`.
    environment
        See :func:`find_python`.
    time_limit
        Seconds after which a calculation is given up.

    Raises
    ------
    InputError
        There is no such environment.
    """

    def __init__(
        self, name: str, calculator: str, environment: str, time_limit: float = TIME_LIMIT
    ) -> None:
        self._name, self._path = name, calculator
        self.worker = Worker(find_python(environment), time_limit)

    @cached_property
    def description(self) -> dict[str, Any]:
        """What the factory can be given (``keywords``), and its ``version``.

        Raises
        ------
        InputError
            It cannot be imported there.
        """
        try:
            return self.worker.ask({"do": "describe", "calculator": self._path})[0]
        except CalculationError as error:
            raise InputError(f"{self._name} cannot be used: {error}") from error

    @property
    def version(self) -> str:
        """Name, and version of the package that the factory is in."""
        return f"{self._name} {self.description['version']}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> RemotePotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions.

        Raises
        ------
        InputError
            The calculator cannot be made there, or has no forces.
        """
        request = {
            "calculator": self._path,
            "given": given_to(structure, level),
            "options": dict(level.options),
        }
        self.worker.ask(request | {"do": "make"})
        return RemotePotential(self.worker, request, structure)
