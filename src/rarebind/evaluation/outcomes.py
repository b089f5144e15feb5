"""What a model said of each complex beside what was computed: all that evaluation reads.

Outcomes are a frame, one complex a row, with the columns of :class:`Outcome`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pydantic import FiniteFloat

from rarebind.errors import InputError
from rarebind.io.files import write_packed
from rarebind.io.tables import frame_of, frame_text, read_rows
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    from rarebind.learning.data.samples import Sample

#: What outcomes can be grouped by.
COLUMNS = ("part", "metal", "ligand", "scaffold", "substituent", "geometry")
#: Which energies: equation 1, or exchange with the aqua ion.
QUANTITIES = ("binding", "exchange")
#: Faulty complexes that a message names.
_NAMED = 3


@dataclass(frozen=True)
class Outcome:
    """One complex, computed and predicted: the columns of outcomes.

    Attributes
    ----------
    key
        Of the dataset's record.
    metal, ligand, scaffold, substituent
        Names; scaffold and substituent are empty for a ligand that is not of the library.
    geometry
        Ligands to waters, such as ``4:0``.
    part
        Of the split: ``train``, ``val``, ``test`` or ``external``.
    truth, predicted
        Equation 1, kcal/mol; the exchange energy where `quantity` is.
    exchange_shift
        Exchange energy less equation 1, kcal/mol: a constant of the metal that follows from
        references alone, hence known without a model.  Missing where there is no aqua ion, 0 where
        `quantity` is ``exchange``.
    quantity
        ``binding``, or ``exchange`` where there is no bare ion to compare with.
    """

    key: str
    metal: str
    ligand: str
    scaffold: str
    substituent: str
    geometry: str
    part: str
    truth: FiniteFloat
    predicted: FiniteFloat
    exchange_shift: FiniteFloat | None
    # Older files do not tell it.
    quantity: str = "binding"


def outcomes(samples: Sequence[Sample], predictions: ArrayLike, part: str) -> pd.DataFrame:
    """Join predictions with what they are of.

    Parameters
    ----------
    samples
        Geometries on the way are left out: only final ones count.
    predictions
        Predicted targets of `samples` in eV, one each.
    part
        Of the split that `samples` are.

    Raises
    ------
    InputError
        Their numbers differ, or predictions are not finite.
    """
    values = np.asarray(predictions, dtype=float)
    if values.shape != (len(samples),):
        raise InputError(
            f"predictions of shape {values.shape} for {len(samples)} samples: give one energy each"
        )
    if wrong := [s for s, value in zip(samples, values, strict=True) if not np.isfinite(value)]:
        names = ", ".join(f"{s.metal} {s.ligand} {s.geometry}" for s in wrong[:_NAMED])
        raise InputError(
            f"{len(wrong)} of {len(samples)} predictions are not finite, such as of {names}: "
            "the model has diverged"
        )
    return frame_of(
        (
            _outcome(sample, float(value), part)
            for sample, value in zip(samples, values, strict=True)
            if sample.frame == 0
        ),
        Outcome,
    )


def _outcome(sample: Sample, value: float, part: str) -> Outcome:
    exchange = sample.exchange_offset
    return Outcome(
        key=sample.key,
        metal=sample.metal,
        ligand=sample.ligand,
        scaffold=sample.scaffold,
        substituent=sample.substituent,
        geometry=sample.geometry,
        part=part,
        truth=(sample.target + sample.offset) * KCAL_PER_EV,
        predicted=(value + sample.offset) * KCAL_PER_EV,
        exchange_shift=None if exchange is None else (exchange - sample.offset) * KCAL_PER_EV,
        quantity="exchange" if sample.binding_offset is None else "binding",
    )


def check_column(column: str, purpose: str) -> None:
    """Raise an InputError where outcomes have no such column to group by."""
    if column not in COLUMNS:
        raise InputError(f"outcomes have no {column!r} to {purpose}: give {', '.join(COLUMNS)}")


def energies(
    found: pd.DataFrame, quantity: str | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Computed and predicted energies, kcal/mol.

    Parameters
    ----------
    quantity
        One of :data:`QUANTITIES`; by default that of :func:`quantity_of`.

    Raises
    ------
    InputError
        No such quantity, or some complexes do not have it.
    """
    quantity = quantity or quantity_of(found)
    if quantity not in QUANTITIES:
        raise InputError(f"unknown quantity {quantity!r}: give {' or '.join(QUANTITIES)}")
    columns = found[["truth", "predicted"]]
    if quantity == "binding":
        _need(found, found.quantity == "binding", "energies by equation 1", "bare ions")
    else:
        _need(found, found.exchange_shift.notna(), "exchange energies", "aqua ions")
        columns = columns.add(found.exchange_shift, axis=0)
    truth, predicted = columns.to_numpy(dtype=float).T
    return truth, predicted


def quantity_of(found: pd.DataFrame) -> str:
    """What errors are told of: equation 1, or the exchange energy where some have no equation 1."""
    return "binding" if (found.quantity == "binding").all() else "exchange"


def one_a_complex(found: pd.DataFrame) -> pd.DataFrame:
    """One outcome for each metal, ligand and geometry, where several conformers were computed.

    It is the one of lowest computed energy, which is the complex that there is; a model that finds
    a high conformer more stable does not choose which one it is asked about.
    """
    # The key decides between equals, whatever order they come in.
    ordered = found.sort_values(["truth", "key"])
    return ordered.drop_duplicates(["metal", "ligand", "geometry"]).sort_index()


def write_outcomes(found: pd.DataFrame, path: Path | str) -> None:
    """Write outcomes as CSV with every digit, whole or not at all; packed where the name says so.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_packed(Path(path), frame_text(found))


def read_outcomes(path: Path | str) -> pd.DataFrame:
    """The inverse of :func:`write_outcomes`, of a file that is not packed.

    Raises
    ------
    InputError
        As :func:`~rarebind.io.tables.read_rows` raises it.
    """
    return frame_of(read_rows(path, Outcome), Outcome)


def _need(found: pd.DataFrame, there: pd.Series, what: str, ions: str) -> None:
    if not there.all():
        raise InputError(
            f"no {what} of {', '.join(sorted(set(found.metal[~there])))}: their {ions} are not in "
            "the dataset, so that only the other kind of energy can be compared"
        )
