"""The D4 dispersion correction, by the dftd4 library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rarebind.engines.level import LevelOfTheory
from rarebind.errors import CalculationError, InputError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def dispersion(
    structure: Structure, level: LevelOfTheory, positions: NDArray[np.float64]
) -> tuple[float, NDArray[np.float64]] | None:
    """D4 energy (eV) and forces (eV/Å, shape (N, 3)); None when the level has no correction.

    D4 with three-body terms and charges by electronegativity equilibration: Caldeweyher et al.,
    J. Chem. Phys. 2019, 150, 154122.

    Raises
    ------
    InputError
        The correction is not D4, or has no parameters for the functional.
    CalculationError
        The geometry is impossible.
    """
    if not level.dispersion:
        return None
    if level.dispersion != "D4":
        raise InputError(f"unknown dispersion correction {level.dispersion!r}: known is D4")
    from dftd4.interface import DampingParam, DispersionModel

    try:
        damping = DampingParam(method=level.method.lower())
    except RuntimeError as error:
        raise InputError(f"D4 has no parameters for {level.method}: {error}") from error
    try:
        model = DispersionModel(
            structure.atomic_numbers, positions / ANGSTROM_PER_BOHR, charge=float(structure.charge)
        )
    except RuntimeError as error:
        # Atoms on top of each other.
        raise CalculationError(f"D4: {error}") from error
    result = model.get_dispersion(damping, grad=True)
    gradient = result["gradient"] * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)
    return float(result["energy"]) * EV_PER_HARTREE, -gradient
