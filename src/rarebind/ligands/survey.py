"""Ligands of which some are bad: one record, and one loop, wherever they come from."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Self

from rarebind.errors import InputError
from rarebind.ligands.ligand import Ligand

#: Ligands from which on several processes read them, and how many each takes at a time.
_MANY, _CHUNK = 2_000, 100


@dataclass(frozen=True)
class Rejected:
    """What was asked for as a ligand and cannot be used.

    Attributes
    ----------
    name, smiles
        As given; empty where they are missing.
    reason
        What is wrong, and what to do.
    number
        Of its line, or its place among the ligands given; None where it has none.
    """

    name: str
    smiles: str
    reason: str
    number: int | None = None

    def data(self) -> dict[str, str]:
        """Plain data for reports."""
        return {"name": self.name, "smiles": self.smiles, "reason": self.reason}


@dataclass(frozen=True)
class Item:
    """Something that should be a ligand.

    Attributes
    ----------
    number, name, smiles
        As in :class:`Rejected`.
    read
        Makes the ligand of it, or raises InputError; another process may be asked to.
    """

    number: int
    name: str
    smiles: str
    read: Callable[[], Ligand]


@dataclass(frozen=True)
class Survey:
    """Ligands, and what is wrong with those that are none.

    Attributes
    ----------
    ligands, rejected
        In the order given.
    place
        What the numbers of the rejected count, for messages: ``ligands.csv, line``, say.
    """

    ligands: tuple[Ligand, ...]
    rejected: tuple[Rejected, ...]
    place: str = field(default="line", compare=False)

    def problems(self) -> list[str]:
        """Why ligands were rejected, one sentence each, with place and number before it."""
        return [f"{self.place} {found.number}: {found.reason}" for found in self.rejected]

    def checked(self, *, strict: bool) -> Self:
        """The same, if it can be used.

        Parameters
        ----------
        strict
            Whether a single bad ligand is one too many; else one good ligand suffices.

        Raises
        ------
        InputError
            It cannot; ``problems`` has one message for each bad ligand.
        """
        if self.rejected and (strict or not self.ligands):
            raise InputError(self.problems())
        return self


def survey_items(
    items: Iterable[Item],
    place: str = "line",
    on_read: Callable[[int, int], object] = lambda _done, _total: None,
) -> Survey:
    """Read ligands; the bad ones, and those that are there already, are rejected.

    Very many are read by as many processes as there are cores, where that can be done.

    Parameters
    ----------
    items
    place
        What their numbers count, for messages.
    on_read
        Told how many have been read, and of how many.
    """
    items = list(items)
    ligands: list[Ligand] = []
    rejected: list[Rejected] = []
    seen: dict[str, tuple[int, str]] = {}
    for done, (item, found) in enumerate(zip(items, _read(items), strict=True), start=1):
        try:
            if isinstance(found, InputError):
                raise found
            ligand = found
            _check_new(ligand, seen, place)
        except InputError as error:
            reason = "; ".join(error.problems)
            rejected.append(Rejected(item.name, item.smiles, reason, item.number))
        else:
            seen[ligand.name] = seen[ligand.inchikey] = (item.number, ligand.name)
            ligands.append(ligand)
        on_read(done, len(items))
    return Survey(tuple(ligands), tuple(rejected), place)


def _read(items: Sequence[Item]) -> Iterator[Ligand | InputError]:
    """What each item is, in their order."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    # A process is only copied as it is while nothing else goes on in it.
    if len(items) < _MANY or cores == 1 or threading.active_count() > 1:
        yield from map(_read_one, items)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("fork")) as pool:
        yield from pool.map(_read_one, items, chunksize=_CHUNK)


def _read_one(item: Item) -> Ligand | InputError:
    try:
        return item.read()
    except InputError as error:
        # Without its traceback and causes, which processes cannot hand on.
        return InputError(list(error.problems))


def _check_new(ligand: Ligand, seen: dict[str, tuple[int, str]], place: str) -> None:
    """Whether no ligand of `seen`, by names and InChIKeys, has its name or is the same molecule."""
    clashes = []
    if ligand.name in seen:
        earlier, _ = seen[ligand.name]
        clashes.append(f"the name {ligand.name!r} is that of {place} {earlier} too")
    if ligand.inchikey in seen:
        earlier, other = seen[ligand.inchikey]
        clashes.append(
            f"{ligand.name!r} is the same molecule as {other!r} in {place} {earlier} "
            f"({ligand.inchikey})"
        )
    if clashes:
        raise InputError(f"{'; '.join(clashes)}; remove one of them")
