"""How good predictions of log K are for ligands, or classes of ligands, that were left out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from rarebind.errors import InputError
from rarebind.experiment.ridge import FEWEST_LIGANDS, sklearn
from rarebind.io.models import Section

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    #: Predicts log K of the second frame from what the first has of it.
    Predictor = Callable[[pd.DataFrame, pd.DataFrame], Floats]

#: What is left out: whole ligands, whole classes of donors, or single constants, of whose ligands
#: the model then knows others.  The last is no test of new ligands, but a usual one.
SPLITS = ("ligand", "class", "row")
#: Parts that ligands are divided into; with no more ligands, each is left out alone.
PARTS = 10
#: Difference of log K from which its sign says something.
TELLING = 0.3
#: Fewest values that an order is told of.
_FEWEST = 4


class Score(Section):
    """How good predictions are.

    Attributes
    ----------
    model
    split
        What was left out.
    n, ligands
        Constants and ligands judged.
    mae, r2
        Mean absolute error of log K; 1 − Σ(measured − predicted)²/Σ(measured − mean)².
    order
        Spearman's correlation over ligands with one metal, the mean over metals.
    pairs
        Ligands with both metals of the pair whose difference is told below.
    difference_mae
        Mean absolute error of the difference.
    difference_order
        Spearman's correlation of the difference over ligands.
    telling, sign
        Ligands whose difference is measured to be more than 0.3, and the share of them whose sign
        is predicted.

    None stands for what is not defined: too few values, or all the same.
    """

    model: str
    split: str
    n: int
    ligands: int
    mae: float
    r2: float | None
    order: float | None
    pairs: int
    difference_mae: float | None
    difference_order: float | None
    telling: int
    sign: float | None
    coverage: float | None = None
    difference_coverage: float | None = None


def left_out(frame: pd.DataFrame, split: str, seed: int = 0) -> list[NDArray[np.int64]]:
    """Rows that are left out together.

    Parameters
    ----------
    frame
        As :func:`~rarebind.experiment.experiment_frame` gives it.
    split
        One of :data:`SPLITS`.
    seed
        Of the parts that single constants are divided into.

    Raises
    ------
    InputError
        There is no such split, or only one ligand or class.
    """
    selection = sklearn("model_selection")
    if split not in SPLITS:
        raise InputError(f"unknown split {split!r}: choose {', '.join(SPLITS)}")
    groups = frame["donor_class" if split == "class" else "group"]
    number = groups.nunique()
    if number < 2:  # noqa: PLR2004
        raise InputError(f"one {split} alone cannot be left out: give constants of more")
    if split == "row":
        parts = selection.KFold(min(PARTS, len(frame)), shuffle=True, random_state=seed).split(
            frame
        )
    else:
        number = number if split == "class" else min(PARTS, number)
        parts = selection.GroupKFold(number).split(frame, groups=groups)
    return [test for _, test in parts]


def leaves_enough(frame: pd.DataFrame, split: str) -> bool:
    """Whether ligands to learn from are left, :data:`FEWEST_LIGANDS`, whatever is left out."""
    column = "donor_class" if split == "class" else "group"
    known = [frame.loc[frame[column] != one, "group"].nunique() for one in frame[column].unique()]
    return bool(min(known) >= FEWEST_LIGANDS)


def predict_left_out(
    frame: pd.DataFrame, predictor: Predictor, parts: list[NDArray[np.int64]]
) -> Floats:
    """What a predictor says of each row, fitted to the parts that the row is not in; shape (n,)."""
    found = np.full(len(frame), math.nan)
    for part in parts:
        known = np.setdiff1d(np.arange(len(frame)), part)
        found[part] = predictor(frame.iloc[known], frame.iloc[part])
    return found


def differences(frame: pd.DataFrame, first: str, second: str, column: str) -> pd.Series:
    """`column` of the first metal less that of the second, by ligand, where both are there."""
    wide = frame.pivot_table(index="ligand", columns="metal", values=column)
    if not {first, second} <= set(wide):
        return wide.iloc[:0].sum(axis=1)
    apart: pd.Series = wide[first] - wide[second]
    return apart.dropna()


def score(
    frame: pd.DataFrame,
    predicted: Floats,
    model: str,
    split: str,
    pair: tuple[str, str] = ("Lu", "La"),
) -> Score:
    """Compare predictions with what was measured.

    Parameters
    ----------
    frame
        ``ligand``, ``metal``, ``log_k``.
    predicted
        Shape (n,).
    model, split
        Their names.
    pair
        Metals whose difference of log K, the first less the second, is compared.
    """
    both = frame[["ligand", "metal", "log_k"]].assign(predicted=predicted)
    errors = both["predicted"] - both["log_k"]
    spread = float(((both["log_k"] - both["log_k"].mean()) ** 2).sum())
    orders = [_spearman(own["log_k"], own["predicted"]) for _, own in both.groupby("metal")]
    told = [order for order in orders if order is not None]
    measured = differences(both, *pair, "log_k")
    guessed = differences(both, *pair, "predicted").reindex(measured.index)
    telling = measured.abs() > TELLING
    same = np.sign(measured[telling]) == np.sign(guessed[telling])
    return Score(
        model=model, split=split, n=len(both), ligands=both["ligand"].nunique(),
        mae=float(errors.abs().mean()),
        r2=None if spread == 0 else 1 - float((errors**2).sum()) / spread,
        order=float(np.mean(told)) if told else None,
        pairs=len(measured),
        difference_mae=float((guessed - measured).abs().mean()) if len(measured) else None,
        difference_order=_spearman(measured, guessed),
        telling=int(telling.sum()),
        sign=float(same.mean()) if len(same) else None,
    )  # fmt: skip


def _spearman(first: pd.Series, second: pd.Series) -> float | None:
    """None where there is no order; rounding makes none."""
    from scipy.stats import spearmanr

    one, other = first.to_numpy().round(9), second.to_numpy().round(9)
    if len(one) < _FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
        return None
    return float(spearmanr(one, other).statistic)
