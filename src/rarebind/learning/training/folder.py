"""The folder of a run: what its files are called, whose it is, how far it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml
from filelock import FileLock, Timeout

from rarebind.errors import InputError
from rarebind.io.files import check_writable, make_folder, read_text
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import FINISHED, GRAPHS, LOGS, START
from rarebind.learning.training.history import (
    Epoch,
    draw_history,
    read_history,
    read_logs,
    write_history,
)

#: Version of run.json.
SCHEMA_VERSION: Final = 1
CONFIG: Final = "config.yaml"
SPLIT: Final = "split.json"
RUN: Final = "run.json"
NEQUIP: Final = "nequip.yaml"
LOG: Final = "nequip.log"
BEST: Final = "best.ckpt"
HISTORY: Final = "history.csv"
CURVE: Final = "history.png"
LOCK: Final = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other process train the run; the system frees the lock of a process that is gone.

    The folder is made when absent.

    Raises
    ------
    InputError
        Another process trains it, or the folder cannot be written to.
    """
    make_folder(folder)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise InputError(
            f"{folder} is being trained by another process: wait, or end it"
        ) from error
    except OSError as error:
        raise InputError(f"cannot write to {folder}: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()


def is_prepared(folder: Path) -> bool:
    """Whether everything that NequIP needs is there."""
    return (folder / RUN).exists()


def is_finished(folder: Path, epochs: int, history: Sequence[Epoch]) -> bool:
    """Whether nothing is left to train.

    Parameters
    ----------
    epochs
        The most that there can be.
    history
        All epochs so far, in order.
    """
    return (folder / FINISHED).exists() or (bool(history) and history[-1].number >= epochs)


def read_run(folder: Path | str) -> dict[str, Any]:
    """The content of ``run.json``.

    Raises
    ------
    InputError
        There is none, or it is of another version.
    """
    path = Path(folder) / RUN
    try:
        content: Any = json.loads(read_text(path))
    except (InputError, ValueError) as error:
        raise InputError(f"{folder} is no run of `rarebind train`: {error}") from error
    if not isinstance(content, dict):
        raise InputError(f"{folder} is no run of `rarebind train`: {path} holds no entries")
    if content.get("schema") != SCHEMA_VERSION:
        raise InputError(
            f"{path}: schema {content.get('schema')}, this rarebind reads {SCHEMA_VERSION}: use "
            "the version that made it, or another folder"
        )
    return content


def run_hash(content: Mapping[str, Any]) -> str:
    """SHA-256 of what tells a run from others: configuration, data and split.

    Parameters
    ----------
    content
        Of ``run.json``.
    """
    own = {name: content.get(name) for name in ("identity", "data_hash", "split_hash")}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def as_yaml(content: Mapping[str, Any]) -> str:
    """Plain data in their order."""
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True)


def check_folder(config: TrainingConfig, folder: Path) -> None:
    """Let a run begin in an empty folder alone, and go on as it was begun.

    Raises
    ------
    InputError
        The folder is a file, holds something else, or a run with another configuration.
    """
    check_writable(folder, what="the run")
    if is_prepared(folder):
        _check_same(config, folder)
    elif _names(folder) - {LOCK} and not _begun(folder):
        raise InputError(f"{folder} holds something else: give a new folder for the run")


def check_checkpoint(folder: Path | str, name: str) -> None:
    """See that a checkpoint, if it is there, is whole and was made by the run in `folder`.

    One from before checkpoints were marked is taken as it is.

    Parameters
    ----------
    folder
        Of the run.
    name
        Of the checkpoint in it, :data:`BEST` or :data:`LAST`.

    Raises
    ------
    InputError
        It is damaged, no checkpoint of a network, or another run's; or `folder` holds no run.
    """
    path = Path(folder) / name
    if not path.exists():
        return
    from rarebind.learning.nequip.callbacks import Resumption
    from rarebind.learning.nequip.checkpoint import load_checkpoint

    expected = run_hash(read_run(folder))
    if Resumption.run_of(load_checkpoint(path)) not in {None, expected}:
        raise InputError(
            f"{path} was made by another run, of another configuration, other data or another "
            "split: put back the run's own file, or train anew in another folder"
        )


def update_history(folder: Path) -> list[Epoch]:
    """Write history and curve anew; what logs no longer have is kept.

    Returns
    -------
    list
        All epochs, in order.

    Raises
    ------
    InputError
        The history that is there cannot be read, or the new one cannot be written.
    """
    found, _ = read_logs(folder / LOGS)
    epochs = {epoch.number: epoch for epoch in (*read_history(folder / HISTORY), *found)}
    history = [epoch for _, epoch in sorted(epochs.items())]
    if history:
        write_history(history, folder / HISTORY)
        draw_history(history, folder / CURVE, folder.name)
    return history


def _check_same(config: TrainingConfig, folder: Path) -> None:
    """A run goes on with the configuration that it was begun with."""
    there, here = read_run(folder)["identity"], json.loads(json.dumps(config.identity()))
    different = [
        f"{key} is {json.dumps(there.get(key))} there and {json.dumps(here.get(key))} now"
        for key in sorted(there.keys() | here.keys())
        if there.get(key) != here.get(key)
    ]
    if different:
        raise InputError(
            f"{folder} was begun with another configuration: {'; '.join(different)}. To go on with "
            "it, restore these; to train anew, give another folder"
        )


def _begun(folder: Path) -> bool:
    """Whether it holds a run whose preparation was interrupted, and nothing else."""
    if _names(folder) - {CONFIG, SPLIT, START, GRAPHS, LOCK}:
        return False
    try:
        written = (folder / CONFIG).read_text(encoding="utf-8")
        config = TrainingConfig(**yaml.safe_load(written))
    except (OSError, TypeError, ValueError, yaml.YAMLError):
        return False
    # One that a person has written has comments, or another form.
    return written == as_yaml(config.model_dump(mode="json"))


def _names(folder: Path) -> set[str]:
    """Of what it holds, but for files that were being written when a call was killed."""
    found = {path.name for path in folder.iterdir()} if folder.exists() else set()
    return {name for name in found if not (name.startswith(".") and name.endswith(".partial"))}
