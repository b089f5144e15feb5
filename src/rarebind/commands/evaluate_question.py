"""What is evaluated, as the command line asks for it: model, dataset and split are opened here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.commands.evaluate_subject import Subject
from rarebind.errors import InputError

if TYPE_CHECKING:
    from rarebind.datasets import Dataset
    from rarebind.learning import Sample, Split

#: How a baseline is asked for instead of a trained model.
BASELINE = "baseline:"
#: Split of a baseline without a word about it: it has none of its own.
BASELINE_SPLIT = "leave-ligand-out"
#: A folder to look for when neither the command nor the model names a dataset.
_DATASET = "data"


@dataclass(frozen=True)
class Question:
    """What the command line asks for.

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


def subject_of(question: Question) -> Subject:
    """Open the model, the dataset and the split.

    Raises
    ------
    InputError
        One of them is missing or does not go with the others.
    """
    if question.name.startswith(BASELINE):
        return _baseline(question)
    return _trained(question)


def _baseline(question: Question) -> Subject:
    from rarebind.learning.baselines import BASELINES

    name = question.name.removeprefix(BASELINE)
    BASELINES.spec(name)
    target, level = question.target or "binding", question.level or "gfn2-xtb"
    dataset, samples, level = _samples(question.dataset, target, level, question.base)
    question = replace(question, split=question.split or BASELINE_SPLIT)
    split = _split(question, samples)
    samples, notes = _of_split(split, samples, dataset)
    return Subject(
        name, target, level, dataset, samples, split, split.kind, None, name, unseen=True,
        notes=notes,
    )  # fmt: skip


def _trained(question: Question) -> Subject:
    from rarebind.learning import digest
    from rarebind.learning.release.package import open_model

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
    notes = []
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
    from rarebind.datasets import Dataset, find_level
    from rarebind.learning import load_samples, target_named

    dataset = Dataset(folder or Path(_DATASET))
    samples = load_samples(dataset, target_named(target), level, base)
    return dataset, samples, find_level(dataset.rows(), level)


def _dataset_of(configuration: Any) -> Path:
    """The dataset of a training, if it is here."""
    named = configuration.get("data")
    return Path(named) if isinstance(named, str) and Path(named).is_dir() else Path(_DATASET)


def _split(question: Question, samples: Sequence[Sample]) -> Split:
    from rarebind.learning import SPLITS, load_split, make_split

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
