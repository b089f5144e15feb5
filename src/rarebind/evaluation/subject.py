"""A model or baseline with the complexes that it is asked about, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from rarebind.datasets import Dataset, find_level
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import outcomes
from rarebind.io.codec import to_data
from rarebind.learning import (
    PARTS,
    SPLITS,
    Sample,
    Split,
    digest,
    load_samples,
    load_split,
    make_split,
    target_named,
)
from rarebind.learning.baselines import BASELINES
from rarebind.learning.data.fragments import free_ligands
from rarebind.learning.release.package import open_model

if TYPE_CHECKING:
    from rarebind.learning.release.model import Model

#: How a baseline is asked for instead of a trained model.
BASELINE = "baseline:"
#: Split of a baseline without a word about it: it has none of its own.
BASELINE_SPLIT = "leave-ligand-out"
#: A folder to look for when neither the question nor the model names a dataset.
_DATASET = "data"
#: Complexes that a message names.
_NAMED = 3


@dataclass(frozen=True)
class Question:
    """What is to be evaluated.

    Attributes
    ----------
    name
        A model file, the folder of a training, or ``baseline:NAME``.
    dataset
        Folder; None: that of the model's training.
    target, level, base
        For a baseline; a trained model has its own.
    split
        File or kind; None: the model's own.
    seed, held_out
        Of a split that is made.
    unseen
        Whether the model is asked about elements that it has not seen, too.
    """

    name: str
    dataset: Path | None
    target: str | None = None
    level: str | None = None
    base: str | None = None
    split: str | None = None
    seed: int = 111111
    held_out: tuple[str, ...] = ()
    unseen: bool = False


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, and the samples and the split that it is asked about.

    Attributes
    ----------
    name, target, level, dataset, split_name
        As captions show them.
    samples
        Of the dataset.
    split
        None where nothing of the dataset was in the training: all is external.
    model, baseline
        One of the two.
    unseen
        As of :class:`Question`.
    notes
        What a reader must know besides.
    """

    name: str
    target: str
    level: str
    dataset: Dataset
    samples: list[Sample]
    split: Split | None
    split_name: str
    model: Model | None
    baseline: str | None
    unseen: bool
    notes: tuple[str, ...]

    def of(self, part: str) -> list[Sample]:
        """The samples of a part; where there is no split, all are external.

        Raises
        ------
        InputError
            The model was trained on some of them, though `part` is not ``train``.
        """
        if self.split is None:
            return list(self.samples) if part == "external" else []
        found = self.split.of(self.samples, part)
        if self.model is None or part == "train" or self.split.digest == self.model.split.digest:
            return found
        known = self.model.split.parts
        if seen := [sample for sample in found if known.get(sample.origin) in {"train", "val"}]:
            names = ", ".join(f"{s.metal} {s.ligand} {s.geometry}" for s in seen[:_NAMED])
            raise InputError(
                f"{self.name} was trained on {len(seen)} of the {len(found)} complexes of the "
                f"{part} part ({names}{', …' if len(seen) > _NAMED else ''}), so that their errors "
                "say nothing of new ones: leave out --split to test it on what its own training "
                "left out, or ask for --part train"
            )
        return found

    @property
    def counts(self) -> dict[str, int]:
        """Complexes of each part."""
        if self.split is None:
            return {"external": len(self.samples)}
        return {part: len(self.split.of(self.samples, part)) for part in PARTS}

    @property
    def dataset_name(self) -> str:
        """The dataset by the name of its folder, and how much of it counts."""
        return f"{self.dataset.folder.resolve().name} ({len(self.samples)} complexes)"

    def familiar(self, parts: Sequence[str]) -> list[str]:
        """How many ligands of each part the training has seen, with whatever metal."""
        if self.split is None:
            return []
        split = self.split if self.model is None else self.model.split
        known = {s.inchikey for s in self.samples if split.parts.get(s.origin) == "train"}
        asked = {part: {s.inchikey for s in self.of(part)} for part in parts if part != "train"}
        return [
            f"{part}: {len(ligands & known)} of {len(ligands)} ligands are in the training part too"
            for part, ligands in asked.items()
        ]

    def about(self) -> dict[str, Any]:
        """More about the model, as plain data."""
        found: dict[str, Any] = {"split_hash": None if self.split is None else self.split.digest}
        if self.model is None:
            return found
        card = self.model.card
        return found | {
            "members": len(card.seeds),
            "data_hash": card.data_hash,
            "trained_on": ", ".join(f"{name} {n}" for name, n in card.elements.items() if n),
            "versions": ", ".join(f"{name} {v}" for name, v in card.versions.items()),
            "card": to_data(card),
        }


def subject_of(question: Question) -> Subject:
    """Open the model, the dataset and the split.

    Raises
    ------
    InputError
        One of them is missing or does not go with the others.
    """
    opened = _baseline if question.name.startswith(BASELINE) else _trained
    return opened(question)


def parts_with(subject: Subject, parts: Sequence[str], metal: str, scaffold: str) -> list[str]:
    """Those of `parts` that have a complex of a metal with a scaffold.

    Raises
    ------
    InputError
        None has; the message lists what they have.
    """
    there = {part: {(s.metal, s.scaffold) for s in subject.of(part)} for part in parts}
    if chosen := [part for part, pairs in there.items() if (metal, scaffold) in pairs]:
        return chosen
    known = sorted(" ".join(pair) for pair in set().union(*there.values()))
    raise InputError(
        f"no complex of {metal} with {scaffold} in {' and '.join(parts)}: there are "
        f"{', '.join(known) or 'none'}; ask for more with --part train val test"
    )


def outcomes_of(
    subject: Subject,
    parts: Sequence[str],
    baselines: Sequence[str] = (),
    *,
    keep: Callable[[Sample], bool] = lambda _: True,
    on_total: Callable[[int], None] = lambda _: None,
    on_done: Callable[[str, int], None] = lambda *_: None,
) -> dict[str, dict[str, pd.DataFrame]]:
    """What the model and the baselines say of each part.

    Parameters
    ----------
    keep
        Which samples are asked about.
    on_total
        Called with the number of predictions.
    on_done
        Called with the name of a model and the number of predictions it has just finished.

    Raises
    ------
    InputError
        A part is empty, or the model was trained on it.
    """
    asked = {part: [s for s in subject.of(part) if keep(s)] for part in parts}
    if empty := [part for part, samples in asked.items() if not samples]:
        counts = ", ".join(f"{part} {n}" for part, n in subject.counts.items())
        raise InputError(
            f"the {' and the '.join(empty)} part of this split is empty ({counts}): choose another "
            "with --part, or another split with --split"
        )
    # One call for all parts: a baseline is fitted once.
    samples = [sample for members in asked.values() for sample in members]
    on_total(len(samples) * (1 + len(baselines)))
    found = {}
    if subject.model is not None:
        found[subject.name] = predictions(
            subject.model, subject.dataset, samples, unseen=subject.unseen,
            on_done=lambda number: on_done(subject.name, number),
        )  # fmt: skip
    for name in [subject.baseline, *baselines] if subject.baseline else baselines:
        assert subject.split is not None
        learned = subject.split.of(subject.samples, "train")
        found[name] = BASELINES.create(name).fit(learned).predict(samples)
        on_done(name, len(samples))
    split = {name: by_part(asked, values) for name, values in found.items()}
    return {part: {name: of[part] for name, of in split.items()} for part in parts}


def predictions(
    model: Model,
    dataset: Dataset,
    samples: Sequence[Sample],
    *,
    unseen: bool = True,
    on_done: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float64]:
    """Targets of samples in eV, the mean over an ensemble.

    Parameters
    ----------
    dataset
        Where the free ligands are that the model is told of.
    unseen
        Whether it is asked about elements that it has not seen, too.
    on_done
        Called with the number of predictions just finished.
    """
    ligands = None
    if model.needs_ligands:
        wanted = {sample.inchikey for sample in samples}
        ligands = free_ligands(dataset, model.card.level, wanted, model.atom_descriptor)
    found = model.predict(samples, ligands=ligands, unseen=unseen, on_done=on_done)
    mean: NDArray[np.float64] = found.mean(axis=0)
    return mean


def by_part(
    parts: Mapping[str, Sequence[Sample]], values: NDArray[np.float64]
) -> dict[str, pd.DataFrame]:
    """Predictions (eV) of the samples of all parts, one after the other, as outcomes of each."""
    ends = np.cumsum([len(members) for members in parts.values()])
    pieces = np.split(values, ends[:-1])
    return {
        part: outcomes(members, piece, part)
        for (part, members), piece in zip(parts.items(), pieces, strict=True)
    }


def _baseline(question: Question) -> Subject:
    name = question.name.removeprefix(BASELINE)
    BASELINES.spec(name)
    target, level = question.target or "binding", question.level or "gfn2-xtb"
    dataset, samples, level = _samples(question.dataset, target, level, question.base)
    split = _split(replace(question, split=question.split or BASELINE_SPLIT), samples)
    samples, notes = _of_split(split, samples, dataset)
    return Subject(
        name, target, level, dataset, samples, split, split.kind, None, name, unseen=True,
        notes=notes,
    )  # fmt: skip


def _trained(question: Question) -> Subject:
    given = {"--target": question.target, "--level": question.level, "--base": question.base}
    if wrong := [option for option, value in given.items() if value is not None]:
        raise InputError(
            f"{' and '.join(wrong)}: only for baselines; a trained model has its own target and "
            "level"
        )
    model = open_model(question.name)
    card = model.card
    folder = question.dataset or _dataset_of(card.configuration)
    dataset, samples, level = _samples(folder, card.target, card.level, card.base)
    known = sum(sample.origin in model.split.parts for sample in samples)
    notes: list[str] = []
    split: Split | None = model.split
    if question.held_out and question.split is None:
        raise InputError("--held-out goes with --split leave-scaffold-out or leave-metal-out")
    if question.split is not None:
        split = _split(question, samples)
    elif not known:
        split = None
        notes.append(
            f"no complex of {dataset.folder} was in the model's training, validation or test: all "
            "are external, and there is nothing for baselines to learn from"
        )
    # Of a training with frames, the hash is of these too.
    if known == len(model.split.parts) and not card.configuration.get("frames"):
        same = digest(model.split.known(samples)) == card.data_hash
        notes += [] if same else ["energies of the dataset have changed since the training"]
    if split is not None:
        samples, later = _of_split(split, samples, dataset)
        notes += later
    own = split is not None and split.digest == model.split.digest
    # To predict what was held out is what such a split is for.
    new_metals = own and model.split.kind == "leave-metal-out"
    kind = "none" if split is None else split.kind
    return Subject(
        card.name, card.target, level, dataset, samples, split, kind, model, None,
        unseen=question.unseen or new_metals, notes=tuple(notes),
    )  # fmt: skip


def _of_split(
    split: Split, samples: list[Sample], dataset: Dataset
) -> tuple[list[Sample], tuple[str, ...]]:
    """The samples that have a part, and what to know of the others."""
    found = split.known(samples)
    later = len(samples) - len(found)
    note = (
        f"{later} of {len(samples)} complexes of {dataset.folder} are not in the split, which was "
        "made before they came: they are left out"
    )
    return found, (note,) if later else ()


def _samples(
    folder: Path | None, target: str, level: str, base: str | None
) -> tuple[Dataset, list[Sample], str]:
    """The dataset, its samples, and the level as printed."""
    dataset = Dataset(folder or Path(_DATASET))
    samples = load_samples(dataset, target_named(target), level, base)
    return dataset, samples, find_level(dataset.rows(), level)


def _dataset_of(configuration: Mapping[str, Any]) -> Path:
    """The dataset of a training, if it is here."""
    named = configuration.get("data")
    return Path(named) if isinstance(named, str) and Path(named).is_dir() else Path(_DATASET)


def _split(question: Question, samples: Sequence[Sample]) -> Split:
    assert question.split is not None
    if question.split in SPLITS:
        return make_split(samples, question.split, seed=question.seed, held_out=question.held_out)
    if question.held_out:
        raise InputError("--held-out goes with --split leave-scaffold-out or leave-metal-out")
    if not Path(question.split).exists():
        raise InputError(
            f"--split {question.split}: neither a file nor a kind of split; kinds are "
            f"{', '.join(SPLITS)}"
        )
    return load_split(question.split)
