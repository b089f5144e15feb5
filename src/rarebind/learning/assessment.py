"""The uncertainty of a trained model, from the dataset that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from rarebind.datasets import Dataset
from rarebind.errors import InputError
from rarebind.learning.config import TrainingConfig
from rarebind.learning.fragments import FreeLigand, free_ligands
from rarebind.learning.model import Model
from rarebind.learning.model_file import ModelFile
from rarebind.learning.samples import Sample, digest
from rarebind.learning.training import load_material
from rarebind.learning.uncertainty import (
    Check,
    FlagCheck,
    Fold,
    HeldOut,
    calibrate,
    check_coverage,
    check_flag,
)

#: What a model's own training left out, and what that of a fold did.  No fold takes its validation
#: part, which is tested in another.
_OWN, _OF_FOLD = ("val", "test"), ("test",)


@dataclass(frozen=True)
class Assessed:
    """A model that knows its errors.

    Attributes
    ----------
    content
        The model, with :attr:`~rarebind.learning.model_file.ModelFile.uncertainty`.
    checks
        How often intervals hold for ligands that took no part in their calibration.
    flag
        What its flag is worth, seen in the same way.
    ligands, complexes
        How many were held out; a complex that several folds hold out counts in each.
    folds
        Names of the trainings that held them out; none: the model's own did.
    """

    content: ModelFile
    checks: tuple[Check, ...]
    flag: FlagCheck
    ligands: int
    complexes: int
    folds: tuple[str, ...] = ()


def assess(
    content: ModelFile,
    config: TrainingConfig,
    on_done: Callable[[int, int], None] = lambda *_: None,
    *,
    folds: Sequence[ModelFile] = (),
) -> Assessed:
    """Calibrate a model on ligands that it, or models like it, were not trained on.

    Without folds, these are the ligands that its training left out.  The validation part counts
    among them: it chose the checkpoint, by its mean error, but no weight was fitted to it.

    Parameters
    ----------
    content
        A model made by `config`.
    config
        Of its training.
    on_done
        Told how many predictions are made, and of how many.
    folds
        Models of the same training on other parts of the data, as
        :func:`~rarebind.learning.package.folds_of` gives them; their test parts are what is held
        out, and nothing that this model left out.

    Raises
    ------
    InputError
        The dataset has changed since, ligands were not held out as a whole, or there are too few
        of elements that the model has seen.
    """
    samples = load_material(config).samples
    if digest(samples) != content.card.data_hash:
        raise InputError(
            f"{config.data} has changed since model {content.card.name} was trained: its errors "
            "cannot be told apart from what is new; train it again"
        )
    samples = [sample for sample in samples if sample.frame == 0]
    if folds:
        own = content.split.of(samples, "train")
        parts = [_parts(fold, samples, _OF_FOLD) for fold in folds]
    else:
        own, parts = [], [_parts(content, samples, _OWN)]
    wanted = [sample for part in (own, *chain.from_iterable(parts)) for sample in part]
    ligands = _ligands(Model(content), config, wanted)
    total = len(wanted)
    made = 0

    def count(more: int) -> None:
        nonlocal made
        made += more
        on_done(made, total)

    found = [
        _fold(fold, train, held, ligands, count)
        for fold, (train, held) in zip(folds or [content], parts, strict=True)
    ]
    features = Model(content).evaluate(own, ligands=ligands, on_done=count).features
    names = tuple(fold.card.name for fold in folds)
    uncertainty = replace(calibrate(found, features if folds else None), folds=names)
    return Assessed(
        replace(content, uncertainty=uncertainty),
        tuple(check_coverage(found)),
        check_flag(found),
        len({sample.inchikey for _, held in parts for sample in held}),
        sum(len(held) for _, held in parts),
        names,
    )


def _parts(
    content: ModelFile, samples: Sequence[Sample], names: Sequence[str]
) -> tuple[list[Sample], list[Sample]]:
    """What a model learned from, and what it can be tested on."""
    train = content.split.of(samples, "train")
    held = [s for name in names for s in content.split.of(samples, name)]
    seen = {name for name, count in content.card.elements.items() if count}
    # Of an element that it has not seen the model says nothing, so there is no error either.
    held = [s for s in held if seen.issuperset(s.structure.symbols)]
    both = {sample.inchikey for sample in train} & {sample.inchikey for sample in held}
    if not held:
        raise InputError(f"model {content.card.name}: no ligand that it can predict is held out")
    if both:
        raise InputError(
            f"the split of model {content.card.name} has {len(both)} ligands both in training and "
            "outside: errors of new ligands are not to be had from it; train with a split that "
            "leaves ligands out, or package without uncertainty"
        )
    return train, held


def _fold(
    content: ModelFile,
    train: Sequence[Sample],
    held: Sequence[Sample],
    ligands: Mapping[str, FreeLigand] | None,
    count: Callable[[int], None],
) -> Fold:
    """What the network of one training makes of both."""
    model = Model(content)
    features = model.evaluate(train, ligands=ligands, on_done=count).features
    found = model.evaluate(held, ligands=ligands, on_done=count)
    out = HeldOut(
        found.energies - [sample.target for sample in held],
        found.features,
        tuple(sample.metal for sample in held),
        tuple(sample.inchikey for sample in held),
        tuple(sample.geometry for sample in held),
    )
    return Fold(features, out)


def _ligands(
    model: Model, config: TrainingConfig, samples: Sequence[Sample]
) -> dict[str, FreeLigand] | None:
    if not model.needs_ligands:
        return None
    wanted = {sample.inchikey for sample in samples}
    return free_ligands(Dataset(config.data), model.card.level, wanted, model.atom_descriptor)
