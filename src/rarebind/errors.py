"""The errors that rarebind raises on purpose, each with what the reader should do."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator


class RarebindError(Exception):
    """Base class; the command line prints the message and exits with ``exit_status``."""

    exit_status = 1


class InputError(RarebindError):
    """What the user gave cannot be used.

    Parameters
    ----------
    problems
        One message, or one a fault: a file with twenty bad lines reports all twenty.
    """

    exit_status = 2

    def __init__(self, problems: str | Iterable[str]) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[tuple[str, ...]]]:
        """Handed to another process, every problem stays one of its own."""
        return type(self), (self.problems,)


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: ``1 donor``, ``2 donors``.

    Parameters
    ----------
    one, many
        Singular and plural; by default with an s.
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"


@contextlib.contextmanager
def located(where: str) -> Iterator[None]:
    """Begin every problem of an :class:`InputError` raised within with `where` and a colon."""
    try:
        yield
    except InputError as error:
        raise InputError([f"{where}: {problem}" for problem in error.problems]) from error


@contextlib.contextmanager
def collecting(problems: list[str]) -> Iterator[None]:
    """Add the problems of an :class:`InputError` raised within to `problems`, and go on."""
    try:
        yield
    except InputError as error:
        problems += error.problems


class MissingDependencyError(RarebindError):
    """A package or program that the chosen road needs is not installed."""

    exit_status = 2


class CalculationError(RarebindError):
    """One calculation failed.  Campaigns turn this into a failure record and go on."""


class WorkersLostError(RarebindError):
    """All worker processes ended while calculations were running."""


class OutputError(RarebindError):
    """Results cannot be written, as the disk is full; what is computed stays in its store."""


class DamagedRecordWarning(UserWarning):
    """A record of a store is not what was written; it is set aside and computed again."""


class StoreError(RarebindError):
    """A finished calculation cannot be written down; those before it are kept."""
