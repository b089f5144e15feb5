"""Compute ``src/rarebind/data/atomic_energies.csv``: magnitudes of energies, atom by atom.

    python benchmarks/atomic_energies.py GFN2-xTB > gfn2.csv
    python benchmarks/atomic_energies.py DFT-def2 > dft.csv      # needs pyscf, basis-set-exchange

GFN2-xTB: free neutral atoms in the gas phase, the rare earths as M3+ ions in ALPB water.  DFT-def2:
free neutral atoms with UKS B3LYP/def2-SVPD, M3+ ions with def2-TZVP, both with the def2 effective
core potentials where those exist.  Coarse grids and few cycles leave 4f shells in whatever state
the SCF reached: the figures tell eV from Hartree, nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

os.environ.setdefault("OMP_NUM_THREADS", "1")

#: Unpaired electrons of the neutral atoms.
LIGHT = {
    "H": 1, "B": 1, "C": 2, "N": 3, "O": 2, "F": 1, "Si": 2, "P": 3, "S": 2, "Cl": 1,
    "As": 3, "Se": 2, "Br": 1, "I": 1,
}  # fmt: skip
#: Unpaired electrons of M3+.
METALS = {
    "Sc": 0, "Y": 0, "La": 0, "Ce": 1, "Pr": 2, "Nd": 3, "Pm": 4, "Sm": 5, "Eu": 6, "Gd": 7,
    "Tb": 6, "Dy": 5, "Ho": 4, "Er": 3, "Tm": 2, "Yb": 1, "Lu": 0,
}  # fmt: skip
CORE_ELECTRONS = {"Sc": 0, "Y": 28, "La": 46}
LANTHANIDE_CORE = 28


def gfn2_energies() -> Iterator[tuple[str, float]]:
    """Symbol and energy in Hartree."""
    import numpy as np
    from ase.data import atomic_numbers
    from tblite.interface import Calculator

    for symbol, unpaired in (LIGHT | dict.fromkeys(METALS, 0)).items():
        charge = 3 if symbol in METALS else 0
        numbers = np.array([atomic_numbers[symbol]])
        calculator = Calculator("GFN2-xTB", numbers, np.zeros((1, 3)), charge=charge, uhf=unpaired)
        calculator.set("verbosity", 0)
        if charge:
            calculator.add("alpb-solvation", "water")
        yield symbol, float(calculator.singlepoint().get("energy"))


def dft_energies() -> Iterator[tuple[str, float]]:
    """Symbol and energy in Hartree."""
    for symbol, unpaired in LIGHT.items():
        yield symbol, _dft(symbol, 0, unpaired, "def2-svpd")
    for symbol, unpaired in METALS.items():
        yield symbol, _dft(symbol, 3, unpaired, "def2-tzvp")


def _dft(symbol: str, charge: int, unpaired: int, basis: str) -> float:
    from pyscf import dft, gto

    heavy = symbol in METALS or symbol == "I"
    mol = gto.M(
        atom=f"{symbol} 0 0 0",
        basis=basis,
        ecp="def2-ecp" if heavy and symbol != "Sc" else {},
        charge=charge,
        spin=unpaired,
        verbose=0,
    )
    if symbol in METALS:
        core = mol.atom_nelec_core(0)
        assert core == CORE_ELECTRONS.get(symbol, LANTHANIDE_CORE), (symbol, core)
    energies = []
    for guess in ("minao", "huckel"):
        field = dft.UKS(mol, xc="b3lyp5")
        field.init_guess = guess
        field.level_shift = 0.5
        field.grids.level = 0
        field.conv_tol = 1e-3
        field.max_cycle = 40
        energies.append(float(field.kernel()))
        print(f"{symbol}: {energies[-1]:.4f} Hartree, converged {field.converged}", file=sys.stderr)
        if field.converged:
            break
    return min(energies)


FAMILIES = {"GFN2-xTB": gfn2_energies, "DFT-def2": dft_energies}


def main() -> None:
    """Print the rows of one family."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", choices=FAMILIES)
    family = parser.parse_args().family
    for symbol, energy in FAMILIES[family]():
        print(f"{symbol},{family},{energy:.4f}", flush=True)


if __name__ == "__main__":
    main()
