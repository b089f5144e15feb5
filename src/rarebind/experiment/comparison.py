"""Models of log K side by side, with and without computed columns, on what each has not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from rarebind.experiment.baselines import BASELINES
from rarebind.experiment.calibration import with_coverage
from rarebind.experiment.judging import (
    SPLITS,
    Score,
    leaves_enough,
    left_out,
    predict_left_out,
    score,
)
from rarebind.experiment.ridge import Design, fit_model

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


#: Names of models that are no baselines.
DESCRIPTORS, WITH_COMPUTED, COMPUTED = "descriptors", "with computed", "computed alone"
#: Of the bootstrap over ligands.
_RESAMPLES, _LOW, _HIGH = 2000, 2.5, 97.5


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` finds.

    Attributes
    ----------
    judged
        A line a model and split.
    predictions
        ``ligand``, ``metal``, ``log_k`` and a column a model, each row without its ligand.
    gain
        By split: how much lower the mean error of a ligand is with computed columns than without,
        and the 95 % interval of that from resampled ligands; none without computed columns.
    """

    judged: tuple[Score, ...]
    predictions: pd.DataFrame
    gain: dict[str, tuple[float, float, float]]


def designs(computed: Sequence[str]) -> dict[str, Design]:
    """Models by name: descriptors, with computed columns and these with the charge alone."""
    found = {DESCRIPTORS: Design()}
    if computed:
        found[WITH_COMPUTED] = Design(computed=tuple(computed))
        found[COMPUTED] = Design(ligand=("charge",), slopes=(), computed=tuple(computed))
    return found


def compare(
    frame: pd.DataFrame,
    computed: Sequence[str] = (),
    *,
    splits: Sequence[str] = SPLITS,
    pair: tuple[str, str] = ("Lu", "La"),
    seed: int = 0,
    on_done: Callable[[str], object] = lambda _: None,
) -> Comparison:
    """Judge models with and without computed columns, and baselines.

    Parameters
    ----------
    frame
        As :func:`~rarebind.experiment.experiment_frame` gives it, with the computed columns.
    computed
        Their names.
    splits
        What is left out; classes are passed over where no three ligands are of others.
    pair
        Metals whose difference of log K is compared.
    seed
        Of single constants that are left out, and of the bootstrap.
    on_done
        Told the name of each model and split when it is judged.

    Raises
    ------
    InputError
        There are too few ligands, or a column is missing or not finite.
    """
    own = {name: partial(_fitted, design) for name, design in designs(computed).items()}
    found: list[Score] = []
    predictions = frame[["ligand", "metal", "log_k"]].copy()
    gain = {}
    for split in splits:
        if split == "class" and not leaves_enough(frame, split):
            continue
        parts = left_out(frame, split, seed)
        errors = {}
        for name, predictor in (own | BASELINES).items():
            predicted = predict_left_out(frame, predictor, parts)
            told = score(frame, predicted, name, split, pair)
            covered = name in own and split != "row"
            found.append(with_coverage(told, frame, predicted) if covered else told)
            errors[name] = frame["log_k"].sub(predicted).abs()
            if split == "ligand":
                predictions[name] = predicted
            on_done(f"{name}, {split} left out")
        if computed:
            gain[split] = _gain(frame, errors[DESCRIPTORS] - errors[WITH_COMPUTED], seed)
    return Comparison(tuple(found), predictions, gain)


def best_design(comparison: Comparison, computed: Sequence[str]) -> str:
    """The model with the least mean error for ligands that were left out."""
    own = designs(computed)
    lines = [one for one in comparison.judged if one.split == "ligand" and one.model in own]
    return min(lines, key=lambda one: one.mae).model


def _fitted(design: Design, known: pd.DataFrame, asked: pd.DataFrame) -> NDArray[np.float64]:
    return fit_model(known, design).predict(asked)


def _gain(frame: pd.DataFrame, less: pd.Series, seed: int) -> tuple[float, float, float]:
    by_ligand = less.groupby(frame["group"]).mean().to_numpy()
    draws = np.random.default_rng(seed).integers(len(by_ligand), size=(_RESAMPLES, len(by_ligand)))
    low, high = np.percentile(by_ligand[draws].mean(axis=1), [_LOW, _HIGH])
    return float(by_ligand.mean()), float(low), float(high)
