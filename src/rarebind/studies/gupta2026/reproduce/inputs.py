"""The dataset of a reproduction, and which strategies it allows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rarebind.datasets import Dataset, append, find_level, import_xyz
from rarebind.datasets.magnitudes import UNITS
from rarebind.datasets.shards import MANIFEST
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.files import replace_file, sha256_of_file
from rarebind.learning.data.samples import Sample, load_samples
from rarebind.learning.data.targets import target_named
from rarebind.studies.gupta2026.reproduce.settings import Settings
from rarebind.studies.gupta2026.reproduce.subset import at_both, labelled, write_subset
from rarebind.studies.gupta2026.study import STRATEGIES

#: Of the study's published energies.
STUDY_LEVEL: LevelOfTheory = LevelOfTheory(
    "orca", "B3LYP", "def2-SVPD+def2-TZVP", "SMD(water)", "D4"
)
_LEVEL, _BASE = "gfn2-xtb", "gfn2-xtb"
#: What is learned of the pairs of strategies that need the same: equation 1.
_OF_ALL = {False: "binding", True: "delta-binding"}
_IMPORT = "import.json"


@dataclass(frozen=True, eq=False)
class Inputs:
    """A dataset and what can be learned from it.

    Attributes
    ----------
    dataset
    name
        Of it, as captions show it, with the number of complexes.
    level, base
        As printed; `base` is None where there is none.
    reasons
        Why a strategy is not possible, by its name.
    notes
        What a reader must know besides.
    """

    dataset: Dataset
    name: str
    level: str
    base: str | None
    reasons: dict[str, str]
    notes: tuple[str, ...] = ()
    _samples: dict[str, list[Sample]] = field(default_factory=dict, repr=False)

    def samples(self, target: str) -> list[Sample]:
        """What is learned of each complex; read when it is first needed.

        Raises
        ------
        InputError
            As :func:`rarebind.learning.load_samples` raises it.
        """
        if target not in self._samples:
            wanted = target_named(target)
            base = self.base if wanted.delta else None
            self._samples[target] = load_samples(self.dataset, wanted, self.level, base)
        return self._samples[target]

    @property
    def caption_level(self) -> str:
        """The levels of theory as captions name them."""
        possible = [name for name in STRATEGIES if name not in self.reasons]
        if self.base is None or not any(STRATEGIES[name].delta for name in possible):
            return self.level
        return f"{self.level} (Δ: less {self.base})"


def prepare_inputs(settings: Settings, on_stage: Callable[[str], None] = lambda _: None) -> Inputs:
    """Import, draw and read what `settings` ask for.

    Raises
    ------
    InputError
        There is no such dataset or level, or no strategy that is asked for is possible.
    """
    notes: tuple[str, ...] = ()
    if settings.published is None:
        dataset, name = Dataset(settings.dataset), settings.dataset.resolve().name
    else:
        on_stage(f"importing {settings.published}")
        dataset, notes = _published(
            settings.published,
            settings.out / f"published-{sha256_of_file(settings.published)[:8]}",
            settings.unit,
        )
        name = settings.published.name
    wanted = settings.level or (str(STUDY_LEVEL) if settings.published else _LEVEL)
    rows = dataset.rows()
    level = find_level(rows, wanted)
    differences = any(STRATEGIES[name].delta for name in settings.strategies)
    base, lacking = _base(settings, dataset, level) if differences else (None, "")
    whole = len(labelled(dataset, level))
    if settings.complexes is not None:
        on_stage(f"copying {settings.complexes} of {whole} complexes")
        folder = settings.out / f"dataset-{settings.tag}"
        dataset = write_subset(dataset, level, base, settings.complexes, folder)
        name += f" ({settings.complexes} of {whole} complexes)"
    else:
        name += f" ({whole} complexes)"
    inputs = Inputs(dataset, name, level, base, {}, notes)
    for delta in (False, True):
        alike = [name for name, target in STRATEGIES.items() if target.delta == delta]
        if not set(alike) & set(settings.strategies):
            continue
        on_stage(f"reading {dataset.folder}")
        reason = lacking if delta and lacking else _reason(inputs, _OF_ALL[delta])
        if reason and delta and base and (both := len(at_both(dataset, level, base))):
            reason += f"; or train all strategies on those that have both, with --complexes {both}"
        if reason:
            inputs.reasons.update(dict.fromkeys(alike, reason))
    if set(settings.strategies) <= inputs.reasons.keys():
        raise InputError(
            f"no strategy is possible with {name} at {level}: "
            f"{'; '.join(dict.fromkeys(inputs.reasons.values()))}"
        )
    return inputs


def _base(settings: Settings, dataset: Dataset, level: str) -> tuple[str | None, str]:
    """The base level, or why there is none."""
    rows = dataset.rows()
    others = sorted({row.level for row in rows if row.kind == "complex"} - {level})
    having = f"besides {level} the dataset has complexes at {', '.join(others) or 'none'}"
    try:
        base = find_level(rows, settings.base or _BASE)
    except InputError:
        return None, f"there is no base level {settings.base or _BASE}; {having}"
    if base == level:
        return None, f"no base level but the target's own is given; {having}: choose with --base"
    return base, ""


def _reason(inputs: Inputs, target: str) -> str:
    """Why `target` cannot be learned; empty if it can."""
    try:
        inputs.samples(target)
    except InputError as error:
        return "; ".join(error.problems)
    return ""


def _published(file: Path, folder: Path, unit: str | None) -> tuple[Dataset, tuple[str, ...]]:
    """The study's file as a dataset, imported once."""
    path = folder / _IMPORT
    if (folder / MANIFEST).is_file() and path.is_file():
        return Dataset(folder), tuple(json.loads(path.read_text(encoding="utf-8")))
    problems: list[str] = []
    for candidate in UNITS if unit is None else (unit,):
        try:
            report = import_xyz(file, level=STUDY_LEVEL, unit=candidate)
        except InputError as error:
            problems += error.problems
            continue
        if not report.records:
            raise InputError(
                f"{file}: none of its {len(report.unmatched)} frames is recognised; the first: "
                f"{report.unmatched[0]}"
            )
        append(report.records, folder)
        labels = sum(record.binding is not None for record in report.records)
        note = (
            f"{file.name}: {len(report.records)} frames recognised, {labels} of them with binding "
            f"energies; {len(report.unmatched)} not recognised"
        )
        replace_file(path, json.dumps([note]).encode())
        return Dataset(folder), (note,)
    raise InputError(problems)
