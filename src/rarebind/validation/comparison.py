"""Measured beside computed: rows that have both, and how good models are on ligands left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rarebind.experiment.comparison import WITH_COMPUTED, compare
from rarebind.experiment.descriptors import experiment_frame
from rarebind.experiment.judging import Score, differences, score
from rarebind.io.tables import frame_of
from rarebind.validation.computed import Computed

if TYPE_CHECKING:
    import pandas as pd

#: Constants as they were computed, and calibrated: a model that sees them beside descriptors.
AS_IT_IS, CALIBRATED = "as computed", WITH_COMPUTED
#: What a model sees of the computation.
_COLUMNS = ("computed_log_k", "waters_set_free")


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


def judged_models(frame: pd.DataFrame) -> tuple[list[Score], pd.DataFrame]:
    """How good computed constants are as they are, calibrated, and models without them.

    Parameters
    ----------
    frame
        As :func:`compared` gives it.

    Returns
    -------
    list
        A line a model; all but the first are judged on ligands left out of what is fitted.
    DataFrame
        What every model says of every row, a column each.

    Raises
    ------
    InputError
        There are too few ligands.
    """
    found = compare(frame, _COLUMNS, splits=("ligand",))
    values = frame["computed_log_k"].to_numpy(float)
    own = score(frame, values, AS_IT_IS, "none")
    return [own, *found.judged], found.predictions.assign(**{AS_IT_IS: values})


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
