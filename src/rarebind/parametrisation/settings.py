"""What a fit varies and how it weights, declared in a YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rarebind.errors import InputError
from rarebind.io.files import bundled_path
from rarebind.io.models import Section, read_model

_Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
_NotNegative = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]

#: Numbers of an element that may be varied; those of the first are one a shell.
OF_SHELLS = ("levels", "slater", "shpoly", "kcn", "lgam")
OF_ELEMENTS = ("gam", "gam3", "zeff", "arep", "en", "dkernel", "qkernel")
_Name = Literal[
    "levels", "slater", "shpoly", "kcn", "lgam",
    "gam", "gam3", "zeff", "arep", "en", "dkernel", "qkernel",
]  # fmt: skip


class Width(Section):
    """Prior standard deviation of a shift.

    Attributes
    ----------
    absolute, relative
        In the unit of the number; in parts of it.  One of them is given.
    but
        Shells whose number stays, by angular momentum.
    """

    absolute: _Positive | None = None
    relative: _Positive | None = None
    but: tuple[Literal["s", "p", "d"], ...] = ()

    def of(self, value: float) -> float:
        """The width of a number that is `value` in GFN2."""
        return self.absolute if self.absolute is not None else abs(value) * (self.relative or 0.0)


class Donors(Section):
    """Terms of donors beside the Hamiltonian (:mod:`rarebind.engines.donor_terms`).

    Attributes
    ----------
    centres, width
        Of the Gaussians, Å.
    terms
        Prior standard deviations of their coefficients, eV, by name of the term: ``O``, ``O-C``.
    """

    centres: Annotated[tuple[float, ...], Field(min_length=1)]
    width: _Positive
    terms: dict[str, _Positive]


class Tolerance(Section):
    """Standard deviation of errors: a number, and a part of the reference's value."""

    absolute: _Positive
    relative: _NotNegative = 0.0

    def of(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """One for every reference value."""
        return self.absolute + self.relative * np.abs(values)


class Weights(Section):
    """How errors are weighted.

    Attributes
    ----------
    force, torque, arm
        Of the force on a whole ligand, eV/Å, and of the torque over `arm`, Å.
    displacement
        Of the energy between two geometries of one complex, eV.
    exchange
        Of the energy of taking the ligands up from water, eV, apart from what all metals share.
    hydration
        The same of waters beyond eight on the aqua ion: by how few kcal/mol metals differ in it
        decides where the series goes from nine to eight.
    ligand
        Prior standard deviation of the latter, eV a ligand.
    """

    force: Tolerance
    torque: Tolerance
    arm: _Positive
    displacement: Tolerance
    exchange: Tolerance
    hydration: Tolerance
    ligand: _Positive


class Settings(Section):
    """Settings of a fit.

    Attributes
    ----------
    widths
        Of the numbers of an element that are varied.
    pairs
        Of the scaling of Hamiltonian elements between the metal and another element.
    donors
        Terms that are fitted beside the Hamiltonian; None: none.
    orders
        Of polynomials in the number of 4f electrons, in parts of these widths.
    test_metals
        Never fitted to.
    test_donors
        Classes of donors that are never fitted to; nor are they compared with.
    weights
    """

    widths: Annotated[dict[_Name, Width], Field(min_length=1)]
    pairs: dict[str, _Positive] = Field(default_factory=dict)
    donors: Donors | None = None
    orders: Annotated[tuple[_Positive, ...], Field(min_length=1, max_length=5)]
    test_metals: tuple[str, ...] = ()
    test_donors: tuple[str, ...] = ()
    weights: Weights


def read_settings(path: Path | str | None = None) -> Settings:
    """Read and check a YAML file; by default the bundled one.

    Raises
    ------
    InputError
        The file cannot be read, a key is unknown or missing, a value is no positive number, a
        width is neither or both absolute and relative: every fault.
    """
    return read_model(path or bundled_path("parametrisation.yaml"), Settings, _check)


def _check(settings: Settings) -> None:
    from rarebind.elements import rare_earth

    for metal in settings.test_metals:
        rare_earth(metal)
    problems = [
        f"widths.{name}: give either absolute or relative"
        for name, width in settings.widths.items()
        if (width.absolute is None) == (width.relative is None)
    ]
    if problems:
        raise InputError(problems)
