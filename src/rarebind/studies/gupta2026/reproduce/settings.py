"""What is asked of a reproduction, and whether a folder holds the same one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from rarebind.errors import InputError
from rarebind.io.files import check_writable, make_folder, replace_file, sha256_of_file
from rarebind.io.models import Section
from rarebind.learning.data.split import SPLITS
from rarebind.learning.settings.presets import presets
from rarebind.studies.gupta2026.study import STRATEGIES

_FILE = "settings.json"
#: Folder of the runs.
TRAININGS = "trainings"
#: Fewest complexes of a subset: a tenth of them is tested.
_FEWEST = 20


def _known(what: str, known: Iterable[str]) -> AfterValidator:
    """That names are known ones, and some."""

    def check(names: tuple[str, ...]) -> tuple[str, ...]:
        if not names:
            raise ValueError(f"there is nothing to train: give at least one {what}")
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"unknown {what} {unknown[0]!r}: known are {', '.join(known)}")
        return names

    return AfterValidator(check)


_Presets = Annotated[tuple[str, ...], _known("preset", presets())]
_Strategies = Annotated[tuple[str, ...], _known("strategy", STRATEGIES)]
_Counted = Annotated[int, Field(ge=1)]


class Settings(Section):
    """Which networks are trained on what.

    Attributes
    ----------
    out
        Folder of everything that is made.
    dataset
        Folder of the dataset; of no account where `published` is given.
    published
        The study's extended XYZ file, which is imported.
    unit
        Of its energies; None: whichever fits.
    level
        Of theory that is learned; None: GFN2-xTB, or that of the study for its own file.
    base
        That Δ strategies take off; None: GFN2-xTB, where that is not `level`.
    split, held_out, seed
        See :func:`rarebind.learning.make_split`; the seed is that of the networks, too.
    presets
        Names of networks.
    strategies
        As the study calls them.
    baselines
        Names of what stands beside the networks.
    complexes
        So many, of all kinds in proportion; None: all.
    max_epochs
        Instead of the presets' own.
    seconds
        For each training and call; None: as long as it needs.
    threads, accelerator
        See :class:`rarebind.learning.settings.config.TrainingConfig`.
    """

    out: Path
    dataset: Path = Path("data")
    published: Path | None = None
    unit: str | None = None
    level: str | None = None
    base: str | None = None
    split: Literal[*SPLITS] = "random"  # type: ignore[valid-type]
    held_out: tuple[str, ...] = ()
    seed: int = 111111
    presets: _Presets = ("study-2", "study-4")
    strategies: _Strategies = tuple(STRATEGIES)
    baselines: tuple[str, ...] = ()
    complexes: Annotated[int, Field(ge=_FEWEST)] | None = None
    max_epochs: _Counted | None = None
    seconds: float | None = None
    threads: _Counted = 1
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"

    def identity(self) -> dict[str, Any]:
        """What all rows of one table have in common, as plain data."""
        return {
            "dataset": None if self.published else str(self.dataset.resolve()),
            "published": None if self.published is None else sha256_of_file(self.published),
            "level": self.level,
            "base": self.base,
            "split": self.split,
            "held_out": list(self.held_out),
            "seed": self.seed,
            "complexes": self.complexes,
            "max_epochs": self.max_epochs,
        }

    @property
    def tag(self) -> str:
        """A short name of :meth:`identity`."""
        return hashlib.sha256(json.dumps(self.identity()).encode()).hexdigest()[:8]


def claim(settings: Settings) -> None:
    """Make the folder, or see that it holds the same reproduction, if one was begun.

    Raises
    ------
    InputError
        It cannot be made, or holds another one or something else.
    """
    folder, identity = settings.out, settings.identity()
    path = folder / _FILE
    check_writable(folder)
    if path.exists() and (folder / TRAININGS).exists():
        _check_same(path, identity)
        return
    if folder.exists() and any(folder.iterdir()) and not path.exists():
        raise InputError(f"{folder} holds something else: give a new folder with --out")
    make_folder(folder)
    replace_file(path, json.dumps(identity, indent=1) + "\n")


def _check_same(path: Path, identity: dict[str, Any]) -> None:
    try:
        there: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    different = [
        f"{name} is {json.dumps(there.get(name))} there and {json.dumps(value)} now"
        for name, value in identity.items()
        if there.get(name) != value
    ]
    if different:
        raise InputError(
            f"{path.parent} was begun with other settings: {'; '.join(different)}. To go on with "
            "it, restore these; to begin anew, give another folder with --out"
        )
