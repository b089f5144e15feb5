"""The uncertainty of a trained model, from the dataset that it was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

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
    HeldOut,
    Uncertainty,
    calibrate,
    check_coverage,
    check_flag,
)


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
        How many were held out.
    """

    content: ModelFile
    checks: tuple[Check, ...]
    flag: FlagCheck
    ligands: int
    complexes: int


def assess(
    content: ModelFile,
    config: TrainingConfig,
    on_done: Callable[[int, int], None] = lambda *_: None,
) -> Assessed:
    """Calibrate a model on the ligands that its training left out.

    The validation part counts among them: it chose the checkpoint, by its mean error, but no weight
    was fitted to it.

    Parameters
    ----------
    content
        A model made by `config`.
    config
        Of its training.
    on_done
        Told how many predictions are made, and of how many.

    Raises
    ------
    InputError
        The dataset has changed since, ligands were not held out as a whole, or there are too few
        of elements that the model has seen.
    """
    material = load_material(config)
    if digest(material.samples) != content.card.data_hash:
        raise InputError(
            f"{config.data} has changed since model {content.card.name} was trained: its errors "
            "cannot be told apart from what is new; train it again"
        )
    train = [sample for sample in material.train if sample.frame == 0]
    held = [s for part in ("val", "test") for s in material.split.of(material.samples, part)]
    seen = {name for name, count in content.card.elements.items() if count}
    # Of an element that it has not seen the model says nothing, so there is no error either.
    held = [s for s in held if s.frame == 0 and seen.issuperset(s.structure.symbols)]
    both = {sample.inchikey for sample in train} & {sample.inchikey for sample in held}
    if not held:
        raise InputError(f"model {content.card.name}: no ligand that it can predict is held out")
    if both:
        raise InputError(
            f"the split of model {content.card.name} has {len(both)} ligands both in training and "
            "outside: errors of new ligands are not to be had from it; train with a split that "
            "leaves ligands out, or package without uncertainty"
        )
    model = Model(content)
    ligands = _ligands(model, config, [*train, *held])
    total, made = len(train) + len(held), 0

    def count(more: int) -> None:
        nonlocal made
        made += more
        on_done(made, total)

    features = model.evaluate(train, ligands=ligands, on_done=count).features
    found = model.evaluate(held, ligands=ligands, on_done=count)
    out = HeldOut(
        found.energies - [sample.target for sample in held],
        found.features,
        tuple(sample.metal for sample in held),
        tuple(sample.inchikey for sample in held),
        tuple(sample.geometry for sample in held),
    )
    uncertainty: Uncertainty = calibrate(features, out)
    return Assessed(
        replace(content, uncertainty=uncertainty),
        tuple(check_coverage(features, out)),
        check_flag(features, out),
        len(set(out.ligands)),
        len(held),
    )


def _ligands(
    model: Model, config: TrainingConfig, samples: Sequence[Sample]
) -> dict[str, FreeLigand] | None:
    if not model.needs_ligands:
        return None
    wanted = {sample.inchikey for sample in samples}
    return free_ligands(Dataset(config.data), model.card.level, wanted, model.atom_descriptor)
