"""What is trained on what, declared in a YAML file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from rarebind.errors import InputError, collecting, located
from rarebind.io.codec import UnlessEmpty, UnlessNone
from rarebind.io.models import Section, read_model
from rarebind.learning.data.samples import Sample
from rarebind.learning.data.split import SPLITS, Split, load_split
from rarebind.learning.data.splitting import make_split
from rarebind.learning.data.targets import target_named
from rarebind.learning.settings.presets import Preset, preset_named


class SplitChoice(Section):
    """Which complexes are learned from, and which test what was learned.

    Attributes
    ----------
    kind, seed, held_out, fractions, fold, external
        See :func:`rarebind.learning.make_split`.
    file
        A split made before (``split.json`` of a run) instead of these.
    """

    kind: str = "random"
    seed: int = 111111
    held_out: tuple[str, ...] = ()
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
    file: Path | None = None
    # Runs from before there were these are told from others by what is written.
    fold: UnlessEmpty[Annotated[int, Field(ge=0)]] = 0
    external: UnlessNone[tuple[str, ...]] = None

    def of(self, samples: Iterable[Sample]) -> Split:
        """The split of `samples`; raises what making or reading it raises."""
        if self.file is not None:
            return load_split(self.file)
        return make_split(
            samples,
            self.kind,
            seed=self.seed,
            fractions=self.fractions,
            held_out=self.held_out,
            external=self.external,
            fold=self.fold,
        )


class TrainingConfig(Section):
    """A training run.

    Attributes
    ----------
    data
        Folder of the dataset.
    target
        One of :data:`rarebind.learning.TARGETS`.
    level
        Level of theory that is learned, by name or as printed.
    base
        For a target that is a difference: the level that is taken off.
    split
        Which complexes are learned from.
    preset
        One of :func:`rarebind.learning.settings.presets.presets`.
    overrides
        Keys of the preset with other values, such as ``max_epochs``.
    seed
        Of the weights and the order of batches.
    frames
        Whether geometries on the way to the final ones are learned from too; validation is on
        final ones.
    start_from
        A finished or interrupted run whose weights training starts from, of the same network.
    max_time
        How long one call may take, such as ``2h`` or ``30m``; empty: as long as it needs.  Whole
        epochs are trained, at least one; the next call goes on.
    threads
        Of one process on CPUs.
    accelerator
        ``cpu``, ``gpu``, or ``auto``: a GPU where there is one.
    devices
        Processes: GPUs that share the batches.
    """

    data: Path
    target: str
    level: str
    base: str | None = None
    split: SplitChoice = SplitChoice()
    preset: str = "best"
    overrides: dict[str, Any] = Field(default_factory=dict)
    seed: int = 111111
    frames: bool = False
    start_from: Path | None = None
    max_time: str = ""
    threads: Annotated[int, Field(ge=1)] = 1
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    devices: Annotated[int, Field(ge=1)] = 1

    @property
    def resolved(self) -> Preset:
        """The preset with its overrides."""
        return preset_named(self.preset, self.overrides)

    def check(self) -> None:
        """Look at what can be told without the dataset.

        Raises
        ------
        InputError
            Every fault.
        """
        problems: list[str] = []
        target = preset = None
        with collecting(problems):
            target = target_named(self.target)
        with collecting(problems):
            preset = self.resolved
        with collecting(problems), located("max_time"):
            parse_duration(self.max_time)
        if target is not None and target.delta != (self.base is not None):
            problems.append(
                f"base: the target {target.name} is a difference of two levels, give the base"
                if target.delta
                else f"base: the target {target.name} is of one level, leave the base out"
            )
        signs = preset is not None and preset.signs
        if target is not None and target.quantity == "absolute" and signs:
            problems.append(
                "preset: signs go with energies of reactions, from which those of the free "
                f"ligands are taken off already, not with {target.name}: choose binding or "
                "exchange, or `overrides: {signs: false}`"
            )
        if target is not None and preset is not None and preset.centres and not signs:
            problems.append(
                f"preset: centres leave out atoms whose energies are part of {target.name}, but "
                "where those of the free ligands are taken off: add `overrides: {signs: true}`, or "
                "`{centres: null}`"
            )
        if self.split.file is None and self.split.kind not in SPLITS:
            problems.append(
                f"split.kind: unknown split {self.split.kind!r}: known are {', '.join(SPLITS)}"
            )
        if self.split.file is not None and self.split.fold:
            problems.append(
                f"split.fold: the split of {self.split.file} is made, so fold {self.split.fold} "
                "cannot be had of it: leave one of the two out"
            )
        if problems:
            raise InputError(problems)

    def with_fold(self, fold: int) -> TrainingConfig:
        """The same on another fold of the split.

        Raises
        ------
        InputError
            The number is below 0, or as :meth:`check` raises it.
        """
        if fold < 0:
            raise InputError(f"folds are counted from 0, got {fold}")
        split = self.split.model_copy(update={"fold": fold})
        config = self.model_copy(update={"split": split})
        config.check()
        return config

    def identity(self) -> dict[str, Any]:
        """What decides the trained model, flat and plain; not how long and on what it is made."""
        content = self.model_dump(mode="json", exclude=_MACHINE | {"preset", "overrides"})
        return _flat(content | {"preset": self.resolved.model_dump(mode="json")})


#: Fields that may differ from call to call.
_MACHINE = {"max_time", "threads", "accelerator"}


def load_training_config(path: Path | str) -> TrainingConfig:
    """Read the YAML file of a training.

    Raises
    ------
    InputError
        The file cannot be read, a key is unknown or missing, or a value is none: every fault,
        each with the file's name.
    """
    return read_model(path, TrainingConfig, TrainingConfig.check)


def parse_duration(text: str) -> float | None:
    """Seconds of ``2h``, ``1h30m``, ``45m`` or ``90s``; None for an empty text.

    Raises
    ------
    InputError
        It is nothing of the kind, or not above zero.
    """
    from pandas import Timedelta

    if not text:
        return None
    try:
        plain = text.strip().replace(".", "").isdigit()
        seconds = float(text) if plain else float(Timedelta(text).total_seconds())
    except ValueError as error:
        raise InputError(f"{text!r} is no time: write 2h, 1h30m, 45m or 90s") from error
    if not seconds > 0:
        raise InputError(f"{text!r} is no time above zero: write 2h, 1h30m, 45m or 90s")
    return seconds


def _flat(content: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """``{"a": {"b": 1}}`` becomes ``{"a.b": 1}``."""
    flat: dict[str, Any] = {}
    for key, value in content.items():
        flat |= (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return flat
