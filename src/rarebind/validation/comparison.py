"""Measured beside computed: rows that have both, and how good models are on ligands left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rarebind.errors import InputError
from rarebind.experiment.baselines import BASELINES
from rarebind.experiment.calibration import Judged, judged
from rarebind.experiment.descriptors import LIGAND, SCREENING, experiment_frame
from rarebind.experiment.judging import differences, left_out, predict_left_out, score
from rarebind.experiment.ridge import Design, fit_model
from rarebind.io.tables import frame_of
from rarebind.validation.computed import Computed

if TYPE_CHECKING:
    import pandas as pd

#: Of the report: what was computed, as it is, and calibrated for ligands not seen.
AS_IT_IS, CALIBRATED, WITHOUT = "computed", "calibrated", "calibrated without computing"
#: Fewest ligands that are calibrated on.
_FEWEST = 6
#: What the calibration sees: the same columns with and without what was computed.
_LIGAND = ("charge", "denticity", SCREENING)
DESIGNS = {
    CALIBRATED: Design(
        ligand=(*_LIGAND, "waters_set_free"), slopes=("charge", "denticity"),
        computed=("computed_log_k",),
    ),
    WITHOUT: Design(ligand=(*LIGAND, SCREENING), slopes=("charge", "denticity")),
}  # fmt: skip


def compared(measured: pd.DataFrame, computed: Sequence[Computed]) -> pd.DataFrame:
    """Rows of ligands and metals that were measured and computed.

    Parameters
    ----------
    measured
        As :func:`rarebind.experiment.select_series` gives it.
    computed

    Returns
    -------
    DataFrame
        That of :func:`~rarebind.experiment.experiment_frame` with the numbers of
        :class:`~rarebind.validation.computed.Computed`.
    """
    own = frame_of([line for line in computed if line.computed_log_k is not None], Computed)
    frame = experiment_frame(measured).merge(
        own.drop(columns=["ligand", "reason"]), on=["smiles", "metal"]
    )
    return frame.astype({"waters_set_free": float, "computed_log_k": float})


def predictions(frame: pd.DataFrame) -> pd.DataFrame:
    """What every model says of every row, a column each: ligands are left out of what is fitted.

    Parameters
    ----------
    frame
        As :func:`compared` gives it.

    Raises
    ------
    InputError
        There are too few ligands.
    """
    import pandas as pd

    if (number := frame["group"].nunique()) < _FEWEST:
        raise InputError(f"{number} ligands are too few to calibrate on: give {_FEWEST} or more")
    parts = left_out(frame, "ligand")
    models = {
        name: (lambda known, asked, design=design: fit_model(known, design).predict(asked))
        for name, design in DESIGNS.items()
    } | BASELINES
    found = {AS_IT_IS: frame["computed_log_k"].to_numpy(float)}
    found |= {name: predict_left_out(frame, model, parts) for name, model in models.items()}
    return pd.DataFrame(found, index=frame.index)


def scores(frame: pd.DataFrame, predicted: pd.DataFrame) -> list[Judged]:
    """How good each column of `predicted` is."""
    found = []
    for name in predicted:
        values = predicted[name].to_numpy(float)
        one = score(frame, values, str(name), "none" if name == AS_IT_IS else "ligand")
        found.append(Judged(**vars(one)) if name == AS_IT_IS else judged(one, frame, values))
    return found


def errors_by(frame: pd.DataFrame, predicted: pd.DataFrame, column: str) -> pd.DataFrame:
    """Mean errors by a column of ligands: of log K, and of log K(Lu) − log K(La).

    Returns
    -------
    DataFrame
        By the column: ``ligands``, and for what is computed and calibrated ``log_k …`` and
        ``difference …``, mean absolute errors.
    """
    import pandas as pd

    rows = {}
    for value, own in frame.groupby(column):
        cells: dict[str, float] = {"ligands": own["ligand"].nunique()}
        for name in (AS_IT_IS, CALIBRATED):
            said = own.assign(said=predicted.loc[own.index, name])
            cells[f"log_k {name}"] = float((said["said"] - said["log_k"]).abs().mean())
            error = differences(said, "Lu", "La", "said") - differences(said, "Lu", "La", "log_k")
            cells[f"difference {name}"] = float(error.abs().mean()) if len(error) else np.nan
        rows[value] = cells
    return pd.DataFrame.from_dict(rows, orient="index")


def order_within_charges(frame: pd.DataFrame) -> pd.DataFrame:
    """Spearman's correlation over ligands of one charge, computed as it is with measured.

    Returns
    -------
    DataFrame
        A row a charge and metal with at least four ligands: ``charge``, ``metal``, ``ligands``,
        ``order``.
    """
    import pandas as pd
    from scipy.stats import spearmanr

    rows = []
    for (charge, metal), own in frame.groupby(["charge", "metal"], sort=False):
        if len(own) >= 4:  # noqa: PLR2004  # no order of fewer
            order = spearmanr(own["log_k"], own["computed_log_k"]).statistic
            rows.append((charge, metal, len(own), float(order)))
    return pd.DataFrame(rows, columns=["charge", "metal", "ligands", "order"])


def strongest(frame: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Which of the metals a ligand binds most: measured, computed, calibrated."""
    import pandas as pd

    both = frame.assign(**{name: predicted[name] for name in (AS_IT_IS, CALIBRATED)})
    rows = {
        ligand: {
            name: own.loc[own[column].idxmax(), "metal"]
            for name, column in (
                ("measured", "log_k"), (AS_IT_IS, AS_IT_IS), (CALIBRATED, CALIBRATED),
            )
        }
        for ligand, own in both.groupby("ligand", sort=False)
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index")
