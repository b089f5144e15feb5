"""What a model said of each complex beside what was computed: all that evaluation reads."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.errors import InputError
from rarebind.io.files import write_packed
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    from rarebind.learning.data.samples import Sample

#: Which energies: equation 1, or exchange with the aqua ion.
QUANTITIES = ("binding", "exchange")
#: Faulty complexes or lines that a message names.
_NAMED = 3
_NUMBERS = ("truth", "predicted", "exchange_shift")


@dataclass(frozen=True)
class Outcome:
    """One complex, computed and predicted.

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
        references alone, hence known without a model.  None where there is no aqua ion, 0 where
        `quantity` is ``exchange``.
    quantity
        ``binding``, or ``exchange`` where there is no bare ion to compare with.

    Raises
    ------
    InputError
        An energy is not finite.
    """

    key: str
    metal: str
    ligand: str
    scaffold: str
    substituent: str
    geometry: str
    part: str
    truth: float
    predicted: float
    exchange_shift: float | None
    quantity: str = "binding"

    def __post_init__(self) -> None:
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(
                    f"{self.metal} {self.ligand} {self.geometry}: {name} is {value}, not a number"
                )

    @property
    def error(self) -> float:
        """Predicted less computed, kcal/mol; the same for both kinds of energy."""
        return self.predicted - self.truth


def outcomes(samples: Sequence[Sample], predictions: ArrayLike, part: str) -> list[Outcome]:
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
    wrong = [
        sample for sample, value in zip(samples, values, strict=True) if not np.isfinite(value)
    ]
    if wrong:
        names = ", ".join(f"{s.metal} {s.ligand} {s.geometry}" for s in wrong[:_NAMED])
        raise InputError(
            f"{len(wrong)} of {len(samples)} predictions are not finite, such as of {names}: "
            "the model has diverged"
        )
    return [
        _outcome_of(sample, float(value), part)
        for sample, value in zip(samples, values, strict=True)
        if sample.frame == 0
    ]


def _outcome_of(sample: Sample, value: float, part: str) -> Outcome:
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


def energies(
    found: Sequence[Outcome], quantity: str | None = None
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
    if quantity not in {None, *QUANTITIES}:
        raise InputError(f"unknown quantity {quantity!r}: give {' or '.join(QUANTITIES)}")
    truth = np.array([outcome.truth for outcome in found], dtype=float)
    predicted = np.array([outcome.predicted for outcome in found], dtype=float)
    quantity = quantity or quantity_of(found)
    if quantity == "binding":
        if missing := sorted({o.metal for o in found if o.quantity != "binding"}):
            raise InputError(
                f"no energies by equation 1 of {', '.join(missing)}: their bare ions are not in "
                "the dataset, so that only exchange energies can be compared"
            )
        return truth, predicted
    missing = sorted({outcome.metal for outcome in found if outcome.exchange_shift is None})
    if missing:
        raise InputError(
            f"no exchange energies of {', '.join(missing)}: their aqua ions are not in the "
            "dataset, so that only binding energies by equation 1 can be compared"
        )
    shift = np.array([outcome.exchange_shift for outcome in found], dtype=float)
    return truth + shift, predicted + shift


def quantity_of(found: Iterable[Outcome]) -> str:
    """What errors are told of: equation 1, or the exchange energy where some have no equation 1."""
    return "binding" if all(outcome.quantity == "binding" for outcome in found) else "exchange"


def outcomes_text(found: Iterable[Outcome]) -> str:
    """`found` as CSV with a heading; every digit is kept, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(field.name for field in fields(Outcome))
    writer.writerows(astuple(outcome) for outcome in found)
    return text.getvalue()


def write_outcomes(found: Iterable[Outcome], path: Path | str) -> None:
    """Write :func:`outcomes_text`, whole or not at all; packed where the name says so.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    write_packed(Path(path), outcomes_text(found))


def read_outcomes(path: Path | str) -> list[Outcome]:
    """The inverse of :func:`write_outcomes`, of a file that is not packed.

    Raises
    ------
    InputError
        The file is missing or has other columns, or a cell is no number where one belongs; all
        faulty lines are counted, the first ones named.
    """
    path = Path(path)
    names = [field.name for field in fields(Outcome)]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            lines = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    # Older files do not tell the quantity: it is equation 1.
    head = lines[0] if lines else []
    if head not in (names, names[:-1]):
        raise InputError(f"{path}: expected the columns {', '.join(names)}")
    found, problems = [], []
    for number, cells in enumerate(lines[1:], start=2):
        try:
            found.append(_outcome(dict(zip(head, cells, strict=True))))
        except (ValueError, InputError) as error:
            problems.append(f"{path}, line {number}: {error}")
    if len(problems) > _NAMED:
        problems[_NAMED:] = [f"{path}: {len(problems) - _NAMED} more lines are wrong"]
    if problems:
        raise InputError(problems)
    return found


def _outcome(cells: dict[str, str]) -> Outcome:
    shift = cells["exchange_shift"]
    return Outcome(
        **{name: cell for name, cell in cells.items() if name not in _NUMBERS},
        truth=float(cells["truth"]),
        predicted=float(cells["predicted"]),
        exchange_shift=float(shift) if shift else None,
    )
