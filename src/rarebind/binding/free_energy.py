"""Free energies of species and reactions in solution, and what they say of stability constants.

    G = E + G(thermal),    log K = −ΔG / (RT ln 10)

The thermal part is that of a rigid rotor whose soft modes pass into free rotors, S. Grimme, Chem.
Eur. J. 2012, 18, 9955, by ASE.  Solutes have 1 mol/L, water its own 55.34 mol/L, as constants are
measured.  No symmetry numbers: a water on a metal can be turned to the same complex in as many ways
as a free one can be turned to itself, so that both cancel when neither is counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from ase.thermochemistry import IdealGasThermo, RRHOMode
from ase.units import invcm, kB
from numpy.typing import NDArray

from rarebind.binding.cycles import WATER, Reaction, Species, reaction_energy
from rarebind.engines.curvature import rigid_motions
from rarebind.errors import InputError
from rarebind.structures import Structure

#: K and mol/L.
TEMPERATURE, WATER_CONCENTRATION = 298.15, 55.34
#: cm-1 where a mode is half vibration, half rotor; and what softer ones are taken to be.
_ROTOR, _SOFTEST = 100.0, 10.0
#: ASE's names of shapes by the number of rigid motions.
_SHAPES: dict[int, Literal["monatomic", "linear", "nonlinear"]] = {
    3: "monatomic", 5: "linear", 6: "nonlinear",
}  # fmt: skip
#: Pa of an ideal gas of 1 mol/L and 1 K.
_PASCAL_PER_KELVIN = 8.31446261815324e3


def thermal_free_energy(
    structure: Structure, wavenumbers: NDArray[np.float64], temperature: float = TEMPERATURE
) -> float:
    """G − E at 1 mol/L in eV, zero-point energy included.

    Parameters
    ----------
    structure
        A minimum.
    wavenumbers
        Of all its modes in cm-1; what is imaginary still counts as a rotor.
    temperature
        K.

    Raises
    ------
    InputError
        Their number is not that of the modes, or the temperature is not positive.
    """
    if not temperature > 0:
        raise InputError(f"temperature must be positive, got {temperature} K")
    rigid = rigid_motions(structure.positions).shape[1] if len(structure) > 1 else 3
    if len(wavenumbers) != (expected := 3 * len(structure) - rigid):
        raise InputError(f"{len(wavenumbers)} wavenumbers for {expected} vibrations")
    atoms = structure.to_ase()
    energies: NDArray[np.float64] = np.maximum(np.abs(wavenumbers), _SOFTEST) * invcm
    inertia = float(np.mean(atoms.get_moments_of_inertia()))
    thermo = IdealGasThermo(
        energies.tolist(),
        _SHAPES[rigid],
        atoms=atoms,
        symmetrynumber=1,
        spin=0,
        vib_selection="exact",
        modes=[RRHOMode(energy, inertia, tau=_ROTOR) for energy in energies],
    )
    pressure = _PASCAL_PER_KELVIN * temperature
    return float(thermo.get_gibbs_energy(temperature, pressure, verbose=False))


def reaction_free_energy(
    reaction: Reaction, free_energies: Mapping[Species, float], temperature: float = TEMPERATURE
) -> float:
    """ΔG in eV: solutes at 1 mol/L, water pure.

    Parameters
    ----------
    free_energies
        Of at least its species at 1 mol/L, eV.
    temperature
        K.

    Raises
    ------
    InputError
        Species have none; the message names them.
    """
    water = reaction.get(WATER, 0) * kB * temperature * math.log(WATER_CONCENTRATION)
    return reaction_energy(reaction, free_energies) + water


def log_k(free_energy: float, temperature: float = TEMPERATURE) -> float:
    """Decadic logarithm of the constant of a reaction with ΔG in eV."""
    return -free_energy / (kB * temperature * math.log(10))
