"""Ridge regressions of log K: of a ligand's strength, and of what changes along the metals.

log K of a ligand L and a metal M is taken to be level(L) + series(L, M).  The series is fitted to
differences within ligands, in which all cancels that a ligand has in common with itself; the level
to what these leave, one number a ligand.  Both are linear in standardised columns, so that every
coefficient can be read; the penalty is chosen by leaving whole ligands out.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import model_validator

from rarebind.errors import InputError, MissingDependencyError
from rarebind.experiment.descriptors import DONORS, LIGAND, SCREENING, sizes
from rarebind.io.models import Section

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: That a model can be fitted to, stereoisomers counting as one.
FEWEST_LIGANDS = 3
#: Penalties that are tried, and parts that ligands are divided into for it.
_PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
_PARTS = 5
#: Spread below which a column counts as constant.
_CONSTANT = 1e-9


class Design(Section):
    """Which columns a model sees.

    Attributes
    ----------
    ligand
        Of the level: the same for all metals of a ligand.
    slopes
        Of the ligand, each multiplied with the size of the metal: what a series depends on.
    computed
        Different for every metal, such as a computed log K: their mean over a ligand's metals goes
        into the level, their difference from it into the series.
    """

    ligand: tuple[str, ...] = (*LIGAND, SCREENING)
    slopes: tuple[str, ...] = ("charge", "denticity", *DONORS)
    computed: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, each once."""
        return tuple(dict.fromkeys((*self.ligand, *self.slopes, *self.computed)))


class Linear(Section):
    """A linear function of columns, standardised first.

    Attributes
    ----------
    columns, centres, scales, coefficients
        One a column; coefficients are log units for each scale.
    intercept
    penalty
        Of the ridge regression.
    """

    columns: tuple[str, ...]
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    penalty: float

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        lengths = {len(self.centres), len(self.scales), len(self.coefficients)}
        if lengths != {len(self.columns)} or not all(scale > 0 for scale in self.scales):
            raise ValueError("a linear function needs a centre, a scale and a coefficient a column")
        return self

    def __call__(self, frame: pd.DataFrame) -> Floats:
        """Values, shape (n,), of a frame with :attr:`columns`."""
        scaled = (frame[list(self.columns)].to_numpy(float) - self.centres) / self.scales
        return np.asarray(scaled @ np.array(self.coefficients) + self.intercept)


class LogKModel(Section):
    """A model of log K.

    Attributes
    ----------
    design
    level
        Of a ligand, at the size of Gd3+.
    series
        What a metal adds.
    metals
        That it was fitted with.
    """

    design: Design
    level: Linear
    series: Linear
    metals: tuple[str, ...]

    def predict(self, frame: pd.DataFrame) -> Floats:
        """Values of log K, shape (n,).

        Parameters
        ----------
        frame
            Columns ``ligand``, ``metal`` and those of :attr:`design`.

        Raises
        ------
        InputError
            A column is missing or not finite.
        """
        check_columns(frame, self.design.columns)
        levels = _level_matrix(frame, self.design)
        level = dict(zip(levels.index, self.level(levels), strict=True))
        of_ligand = frame["ligand"].map(level).to_numpy(float)
        return np.asarray(of_ligand + self.series(_series_matrix(frame, self.design)))


def fit_model(frame: pd.DataFrame, design: Design) -> LogKModel:
    """Fit a model.

    Parameters
    ----------
    frame
        A row a ligand and metal: ``ligand``, ``metal``, ``log_k``, ``group`` (ligands that are left
        out together) and the columns of `design`.

    Raises
    ------
    InputError
        A column is missing or not finite, or there are fewer than three groups of ligands.
    MissingDependencyError
        scikit-learn is not installed.
    """
    check_columns(frame, (*design.columns, "log_k"))
    if (number := frame["group"].nunique()) < FEWEST_LIGANDS:
        raise InputError(f"{number} ligands are too few to learn log K from: give at least three")
    ligands = frame.groupby("ligand")
    matrix = _series_matrix(frame, design)
    centred = matrix - matrix.groupby(frame["ligand"]).transform("mean")
    values = frame["log_k"] - ligands["log_k"].transform("mean")
    series = _fit(
        centred, values, frame["group"], 1 / ligands["log_k"].transform("size"), centre=False
    )
    left = (frame["log_k"] - series(matrix)).groupby(frame["ligand"]).mean()
    level = _fit(
        _level_matrix(frame, design).loc[left.index], left, ligands["group"].first()[left.index]
    )
    metals = tuple(dict.fromkeys(frame["metal"]))
    return LogKModel(design=design, level=level, series=series, metals=metals)


def check_columns(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    """See that columns are there and finite.

    Raises
    ------
    InputError
        One is not; it is named.
    """
    if missing := [name for name in columns if name not in frame]:
        raise InputError(f"no column {', '.join(missing)} in what log K is to be told from")
    numbers = frame[list(columns)].to_numpy(float)
    wrong = [n for n, bad in zip(columns, ~np.isfinite(numbers).all(axis=0), strict=True) if bad]
    if wrong:
        raise InputError(f"not all numbers of the column {', '.join(wrong)} are finite")


def need_experiment() -> None:
    """See that what models of log K are made with is installed, before anything is computed.

    Raises
    ------
    MissingDependencyError
        It is not.
    """
    sklearn("linear_model")


def sklearn(module: str) -> Any:
    """A module of scikit-learn, which is not annotated.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        return importlib.import_module(f"sklearn.{module}")
    except ImportError as error:
        raise MissingDependencyError(
            "learning from measurements needs scikit-learn: pip install 'rarebind[experiment]'"
        ) from error


# --- columns ----------------------------------------------------------------------------------


def _level_matrix(frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    """One row a ligand."""
    return frame.groupby("ligand", sort=False)[[*design.ligand, *design.computed]].mean()


def _series_matrix(frame: pd.DataFrame, design: Design) -> pd.DataFrame:
    """One row a ligand and metal; ions lighter and heavier than Gd3+ have slopes of their own."""
    import pandas as pd

    size = sizes(frame["metal"])
    parts = {}
    for name, part in (("light", np.minimum(size, 0)), ("heavy", np.maximum(size, 0))):
        parts[name] = part
        parts |= {f"{name} × {column}": part * frame[column] for column in design.slopes}
    found = pd.DataFrame(parts, index=frame.index)
    computed = list(design.computed)
    if computed:
        own = frame[computed]
        found[computed] = own - own.groupby(frame["ligand"]).transform("mean")
    return found


# --- ridge ------------------------------------------------------------------------------------


def _fit(
    matrix: pd.DataFrame,
    values: pd.Series,
    groups: pd.Series,
    weights: pd.Series | None = None,
    *,
    centre: bool = True,
) -> Linear:
    """A ridge regression; without `centre` it is 0 where all columns are."""
    numbers, target = matrix.to_numpy(float), values.to_numpy(float)
    centres = numbers.mean(axis=0) if centre else np.zeros(numbers.shape[1])
    scales = np.sqrt(np.mean((numbers - centres) ** 2, axis=0))
    varies = scales > _CONSTANT
    scales = np.where(varies, scales, 1.0)
    intercept = float(target.mean()) if centre else 0.0
    coefficients = np.zeros(numbers.shape[1])
    penalty = 0.0
    if varies.any():
        root = np.ones(len(target)) if weights is None else np.sqrt(weights.to_numpy(float))
        scaled = ((numbers - centres) / scales)[:, varies] * root[:, None]
        selection = sklearn("model_selection")
        splits = list(
            selection.GroupKFold(min(_PARTS, groups.nunique())).split(scaled, groups=groups)
        )
        # Errors, as R² is none of a part with one ligand.
        model = sklearn("linear_model").RidgeCV(
            _PENALTIES, fit_intercept=centre, cv=splits, scoring="neg_mean_squared_error"
        )
        model.fit(scaled, target * root)
        coefficients[varies], penalty = model.coef_, float(model.alpha_)
        intercept = float(model.intercept_) if centre else 0.0
    return Linear(
        columns=tuple(matrix.columns),
        centres=tuple(centres.tolist()),
        scales=tuple(scales.tolist()),
        coefficients=tuple(coefficients.tolist()),
        intercept=intercept,
        penalty=penalty,
    )
