"""A calibrated log K: a model fitted to measurements with intervals, domain and card, as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

import rarebind
from rarebind.errors import InputError
from rarebind.experiment.descriptors import DONORS, sizes
from rarebind.experiment.intervals import Intervals, cross_coverage, fit_intervals
from rarebind.experiment.judging import (
    Score,
    differences,
    left_out,
    predict_left_out,
    score,
)
from rarebind.experiment.ridge import Design, LogKModel, fit_model
from rarebind.io.files import read_text, replace_file
from rarebind.io.models import Section, validated

if TYPE_CHECKING:
    import pandas as pd

#: Of the file.
FORMAT = 1
#: What intervals are judged at.
LEVEL = 0.9


class Domain(Section):
    """What a calibration has seen.

    Attributes
    ----------
    donors
        Kinds of donors, names of :data:`~rarebind.experiment.descriptors.DONORS`.
    classes
        Motifs of :mod:`rarebind.ligands` that give most donors of a ligand.
    charge, denticity
        Lowest and highest.
    metals
    """

    donors: tuple[str, ...]
    classes: tuple[str, ...]
    charge: tuple[float, float]
    denticity: tuple[float, float]
    metals: tuple[str, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """That of the ligands and metals in a frame."""
        return cls(
            donors=tuple(name for name in DONORS if (frame[name] > 0).any()),
            classes=tuple(sorted(frame["donor_class"].unique())),
            charge=(frame["charge"].min(), frame["charge"].max()),
            denticity=(frame["denticity"].min(), frame["denticity"].max()),
            metals=tuple(dict.fromkeys(frame["metal"])),
        )

    def outside(self, frame: pd.DataFrame) -> list[str]:
        """Why each row lies outside; empty text where it does not."""
        return ["; ".join(self._reasons(row)) for row in frame.to_dict("records")]

    def _reasons(self, row: dict[str, Any]) -> list[str]:
        reasons = [
            f"no ligand with {name.removesuffix('_donors')} donors was measured"
            for name in DONORS
            if row[name] and name not in self.donors
        ]
        if row["donor_class"] not in self.classes:
            reasons.append(f"no ligand of the class {row['donor_class']} was measured")
        for name in ("charge", "denticity"):
            low, high = getattr(self, name)
            if not low <= row[name] <= high:
                reasons.append(f"{name} {row[name]:g} lies outside {low:g} to {high:g}")
        if row["metal"] not in self.metals:
            reasons.append(f"{row['metal']} was not measured")
        return reasons


class Card(Section):
    """What a calibration rests on.

    Attributes
    ----------
    level
        Level of theory of the computed columns; empty: there are none.
    table
        Name of the table of measured constants.
    n, ligands
        Constants, and the names of their ligands.
    judged
        Errors for what was left out, of the model first, then of baselines.
    made_by
        Version of rarebind.
    """

    level: str
    table: str
    n: int
    ligands: tuple[str, ...]
    judged: tuple[Score, ...]
    made_by: str


class Calibration(Section):
    """A model of log K with all that its use needs.

    Attributes
    ----------
    kind, format
        Of the file.
    model, intervals, domain, card
    """

    kind: Literal["rarebind log K calibration"] = "rarebind log K calibration"
    format: Literal[1] = 1
    model: LogKModel
    intervals: Intervals
    domain: Domain
    card: Card

    def predict(self, frame: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
        """Values of log K.

        Parameters
        ----------
        frame
            A row a ligand and metal: ``ligand``, ``metal``, what
            :func:`~rarebind.experiment.ligand_descriptors` gives and the model's further columns.
        level
            Of the intervals.

        Returns
        -------
        DataFrame
            ``ligand``, ``metal``, ``log_k``, ``half_width`` of the interval, and ``outside``: why
            the calibration does not speak for this ligand, or empty text.

        Raises
        ------
        InputError
            A column is missing or not finite, or there are no intervals of this level.
        """
        return frame[["ligand", "metal"]].assign(
            log_k=self.model.predict(frame),
            half_width=self.intervals.half_width(level),
            outside=self.domain.outside(frame),
        )

    def differences(
        self, frame: pd.DataFrame, first: str, second: str, level: float = LEVEL
    ) -> pd.DataFrame:
        """Differences of log K between two metals, with their own intervals.

        Parameters
        ----------
        frame, level
            As for :meth:`predict`.
        first, second
            Metals; the second is subtracted.

        Returns
        -------
        DataFrame
            A row a ligand that has both: ``ligand``, ``difference``, ``half_width``.

        Raises
        ------
        InputError
            As :meth:`predict` raises it.
        """
        apart = differences(self.predict(frame, level), first, second, "log_k")
        one, other = sizes((first, second))
        width = float(self.intervals.half_widths(abs(one - other), level))
        return apart.rename("difference").reset_index().assign(half_width=width)


def calibrate_log_k(
    frame: pd.DataFrame,
    design: Design,
    *,
    table: str,
    level: str = "",
    beside: tuple[Score, ...] = (),
) -> Calibration:
    """Fit a calibration and judge it by leaving whole ligands out.

    Parameters
    ----------
    frame
        A row a ligand and metal, as :func:`~rarebind.experiment.experiment_frame` gives it, with
        the columns of `design`.
    design
        What the model sees.
    table, level, beside
        For the card: where constants are from, the level of computed columns, and how good other
        models are.

    Raises
    ------
    InputError
        A column is missing or not finite, or there are too few ligands.
    MissingDependencyError
        scikit-learn is not installed.
    """
    predicted = predict_left_out(
        frame, lambda known, asked: fit_model(known, design).predict(asked),
        left_out(frame, "ligand"),
    )  # fmt: skip
    own = with_coverage(score(frame, predicted, "calibration", "ligand"), frame, predicted)
    return Calibration(
        model=fit_model(frame, design),
        intervals=fit_intervals(frame, predicted),
        domain=Domain.of(frame),
        card=Card(
            level=level,
            table=table,
            n=len(frame),
            ligands=tuple(dict.fromkeys(frame["ligand"])),
            judged=(own, *beside),
            made_by=rarebind.__version__,
        ),
    )


def with_coverage(found: Score, frame: pd.DataFrame, predicted: np.ndarray) -> Score:
    """A score with how often intervals hold; without where ligands are too few for them."""
    try:
        values, apart = cross_coverage(frame, predicted, LEVEL)
    except InputError:
        return found
    return found.model_copy(update={"coverage": values, "difference_coverage": apart})


def save_calibration(calibration: Calibration, path: Path | str) -> None:
    """Write a calibration as JSON.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    replace_file(path, calibration.model_dump_json(indent=1) + "\n")


def load_calibration(path: Path | str) -> Calibration:
    """Read a calibration.

    Raises
    ------
    InputError
        The file cannot be read, is none or of another format; every fault is named.
    """
    text = read_text(path)
    try:
        content = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: not readable as JSON ({error})") from error
    if not isinstance(content, dict) or content.get("kind") != "rarebind log K calibration":
        raise InputError(
            f"{path} is no calibration of log K: make one with rarebind experiment train"
        )
    if content.get("format") != FORMAT:
        raise InputError(
            f"{path} has the format {content.get('format')!r}, read here is {FORMAT}: make it anew "
            "with rarebind experiment train"
        )
    return validated(content, Calibration, str(path))
