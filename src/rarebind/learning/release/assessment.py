"""What a trained model is given after its training: heads of the metals, and its uncertainty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rarebind.datasets import Dataset
from rarebind.elements import is_lanthanide
from rarebind.errors import InputError
from rarebind.learning.data.fragments import FreeLigand, free_ligands
from rarebind.learning.data.samples import Sample, digest
from rarebind.learning.data.targets import target_named
from rarebind.learning.release.heads import Part, fit_heads
from rarebind.learning.release.model import Model
from rarebind.learning.release.model_file import ModelFile
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.training import load_material
from rarebind.uncertainty import (
    Check,
    FlagCheck,
    Fold,
    HeldOut,
    Uncertainty,
    calibrate,
    check_coverage,
    check_external,
    check_flag,
)
from rarebind.uncertainty.arrays import Floats

#: What a model's own training left out, and what that of a fold did.  No fold takes its validation
#: part, which is tested in another.
_OWN, _OF_FOLD = ("val", "test"), ("test",)
#: Parts whose errors go on the card.
_ON_CARD = ("test", "external")


@dataclass(frozen=True)
class Assessed:
    """A model that knows its errors.

    Attributes
    ----------
    content
        The model, with :attr:`~rarebind.learning.release.model_file.ModelFile.uncertainty`.
    checks
        How often intervals hold for ligands that took no part in their calibration.
    flag
        What its flag is worth, seen in the same way.
    ligands, complexes
        How many were held out; a complex that several folds hold out counts in each.
    folds
        Names of the trainings that held them out; none: the model's own did.
    external, external_flag
        The same of the model itself for the external part of its split, whose scaffold it has not
        seen; nothing where there is none, or no ligand of it has two metals.
    """

    content: ModelFile
    checks: tuple[Check, ...]
    flag: FlagCheck
    ligands: int
    complexes: int
    folds: tuple[str, ...] = ()
    external: tuple[Check, ...] = ()
    external_flag: FlagCheck | None = None


def assess(
    content: ModelFile,
    config: TrainingConfig,
    on_done: Callable[[int, int], None] = lambda *_: None,
    *,
    folds: Sequence[ModelFile] = (),
) -> Assessed:
    """Fit the heads of a model, and calibrate it on ligands that no training of it learned from.

    Without folds, these are the ligands that its training left out.  The validation part counts
    among them: it chose the checkpoint and the strength of the heads, by its mean error, but no
    weight was fitted to it.

    A model of a series predicts lanthanides: of other metals a screen computes the complexes, and
    their errors, far larger, would only make the intervals of the lanthanides too wide.

    Parameters
    ----------
    content
        A model made by `config`, without heads.
    config
        Of its training.
    on_done
        Told how many predictions are made, and of how many.
    folds
        Models of the same training on other parts of the data, as
        :func:`~rarebind.learning.release.package.folds_of` gives them; their test parts are what is
        held out, and nothing that this model left out.

    Raises
    ------
    InputError
        The dataset has changed since, ligands were not held out as a whole, or there are too few
        of elements that the model has seen.
    """
    samples = content.split.known(load_material(config).samples)
    if digest(samples) != content.card.data_hash:
        raise InputError(
            f"{config.data} has changed since model {content.card.name} was trained: its errors "
            "cannot be told apart from what is new; train it again"
        )
    samples = [sample for sample in samples if sample.frame == 0]
    models = [content, *folds]
    own = _parts(content, samples, () if folds else _OWN)
    parts = [own, *(_parts(fold, samples, _OF_FOLD) for fold in folds)]
    told = {name: _usable(content, samples, name) for name in _ON_CARD}
    ligands = _ligands(Model(content), config, samples)
    total = sum(len(p.train) + len(p.validation) + len(p.held_out) for p in parts)
    total += sum(len(part) for part in told.values())
    made = 0

    def count(more: int) -> None:
        nonlocal made
        made += more
        on_done(made, total)

    fitted = [
        _with_heads(model, part, ligands, count) for model, part in zip(models, parts, strict=True)
    ]
    tested = [
        Fold(features, _held_out(model, part.held_out, ligands, count), _metals(part.train))
        for (model, features), part in zip(fitted, parts, strict=True)
        if part.held_out
    ]
    (headed, features), *_ = fitted
    known = {name: _held_out(headed, part, ligands, count) for name, part in told.items() if part}
    errors = {name: _errors(held) for name, held in known.items()}
    names = tuple(fold.card.name for fold in folds)
    learned = (features, _metals(own.train)) if folds else ()
    uncertainty = replace(calibrate(tested, *learned), folds=names)
    external, flag = _external(uncertainty, known.get("external"))
    return Assessed(
        replace(headed, uncertainty=uncertainty, card=replace(headed.card, errors=errors)),
        tuple(check_coverage(tested)),
        check_flag(tested),
        len({ligand for fold in tested for ligand in fold.held_out.ligands}),
        sum(len(fold.held_out.ligands) for fold in tested),
        names,
        external,
        flag,
    )


def _external(
    uncertainty: Uncertainty, held_out: HeldOut | None
) -> tuple[tuple[Check, ...], FlagCheck | None]:
    """What :func:`check_external` finds, where there are metals to compare."""
    if held_out is None or not len(held_out.pairs()[0]):
        return (), None
    checks, flag = check_external(uncertainty, held_out)
    return tuple(checks), flag


@dataclass(frozen=True, eq=False)
class _Parts:
    """What a model learned from, what its heads are chosen with, and what it is tested on."""

    train: list[Sample]
    validation: list[Sample]
    held_out: list[Sample]


def _parts(content: ModelFile, samples: Sequence[Sample], tested: Sequence[str]) -> _Parts:
    """Those of one model; `tested` names the parts that are held out for the test."""
    train = content.split.of(samples, "train")
    held = [sample for name in tested for sample in _usable(content, samples, name)]
    both = {sample.inchikey for sample in train} & {sample.inchikey for sample in held}
    if tested and not held:
        raise InputError(f"model {content.card.name}: no ligand that it can predict is held out")
    if both:
        raise InputError(
            f"the split of model {content.card.name} has {len(both)} ligands both in training and "
            "outside: errors of new ligands are not to be had from it; train with a split that "
            "leaves ligands out, or package without uncertainty"
        )
    return _Parts(train, _usable(content, samples, "val"), held)


def _usable(content: ModelFile, samples: Sequence[Sample], part: str) -> list[Sample]:
    """Those of a part that the model is there to predict."""
    anchored = target_named(content.card.target).anchored
    # Of an element that it has not seen the model says nothing, so there is no error either.
    seen = {name for name, count in content.card.elements.items() if count}
    return [
        sample
        for sample in content.split.of(samples, part)
        if seen.issuperset(sample.structure.symbols)
        and (is_lanthanide(sample.metal) or not anchored)
    ]


def _with_heads(
    content: ModelFile,
    parts: _Parts,
    ligands: Mapping[str, FreeLigand] | None,
    count: Callable[[int], None],
) -> tuple[ModelFile, Floats]:
    """A model with heads, and the latent features of what it learned from."""
    model = Model(content)

    def left(samples: Sequence[Sample]) -> Part:
        found = model.evaluate(samples, ligands=ligands, on_done=count)
        return Part(
            found.features,
            np.array([sample.target for sample in samples]) - found.energies,
            [sample.metal for sample in samples],
            [sample.inchikey for sample in samples],
        )

    train = left(parts.train)
    heads = fit_heads(train, left(parts.validation)) if parts.validation else None
    return replace(content, heads=heads), train.features


def _held_out(
    content: ModelFile,
    held: Sequence[Sample],
    ligands: Mapping[str, FreeLigand] | None,
    count: Callable[[int], None],
) -> HeldOut:
    """What a model makes of samples of other ligands."""
    found = Model(content).evaluate(held, ligands=ligands, on_done=count)
    return HeldOut(
        found.energies - [sample.target for sample in held],
        found.features,
        np.array([sample.metal for sample in held]),
        np.array([sample.inchikey for sample in held]),
        np.array([sample.geometry for sample in held]),
    )


def _metals(samples: Sequence[Sample]) -> tuple[str, ...]:
    return tuple(sample.metal for sample in samples)


def _errors(held: HeldOut) -> dict[str, float]:
    """For the card."""
    return {
        "mae_ev": float(np.abs(held.residuals).mean()),
        "rmse_ev": float(np.sqrt(np.mean(held.residuals**2))),
        "complexes": len(held.residuals),
        "ligands": len(set(held.ligands)),
    }


def _ligands(
    model: Model, config: TrainingConfig, samples: Sequence[Sample]
) -> dict[str, FreeLigand] | None:
    if not model.needs_ligands:
        return None
    wanted = {sample.inchikey for sample in samples}
    return free_ligands(Dataset(config.data), model.card.level, wanted, model.atom_descriptor)
