"""Thermodynamic cycles: binding energies from total energies.

All functions take total energies in eV at one and the same level of theory and return eV.
"""

from __future__ import annotations


def binding_energy(
    complex_energy: float,
    ion_energy: float,
    ligand_energy: float,
    n_ligands: int,
    water_energy: float,
    waters: int,
) -> float:
    """Binding energy of a complex from the bare ion, in eV; negative means bound.

    E_bind = E(complex) − E(M3+) − n E(ligand) − w E(H2O): equation 1 of Gupta, Hetherington and
    de Jong, Digital Discovery 2026, 5, 363.

    The error of E(M3+) shifts the whole series of a metal.  Values from different levels, and
    from gas-phase and solvated models in particular, must never be compared.
    """
    return complex_energy - ion_energy - n_ligands * ligand_energy - waters * water_energy


def exchange_energy(
    complex_energy: float,
    aqua_energy: float,
    aqua_waters: int,
    ligand_energy: float,
    n_ligands: int,
    water_energy: float,
    waters: int,
) -> float:
    """Energy of replacing water on the aqua ion by ligands, in eV; negative favours the complex.

    [M(H2O)m]3+ + n L → [M L_n (H2O)_w] + (m − w) H2O.

    The bare ion does not occur, so neither does its error.
    """
    released = aqua_waters - waters
    return complex_energy + released * water_energy - aqua_energy - n_ligands * ligand_energy


def selectivity(exchange: float, exchange_reference: float) -> float:
    """ΔΔE of one ligand for a metal over a reference metal, in eV.

    Negative: the ligand prefers the metal to the reference metal, both starting from water.
    """
    return exchange - exchange_reference


def stablest_aqua(energies: dict[int, float], water_energy: float) -> tuple[int, float]:
    """The most stable aqua ion of a metal at equal numbers of water molecules.

    Parameters
    ----------
    energies
        Total energies in eV by number of waters.
    water_energy
        Energy of one free water in eV.

    Returns
    -------
    waters, energy
        Number of waters and total energy of the ion with the lowest E − n E(H2O).
    """
    waters = min(energies, key=lambda n: energies[n] - n * water_energy)
    return waters, energies[waters]
