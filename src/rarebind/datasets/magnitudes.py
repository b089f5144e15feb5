"""Whether an energy can be what it is declared to be, judged by its magnitude.

A total energy is close to the sum over its atoms.  The ratio of both tells eV from Hartree, a
factor of 27, and GFN2-xTB, which leaves out core electrons, from DFT, a factor of 10 to 80.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from rarebind.elements import is_rare_earth
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.files import bundled_rows
from rarebind.units import EV_PER_HARTREE

#: eV in one of each unit that a file may be in.
UNITS = {"eV": 1.0, "Hartree": EV_PER_HARTREE}

GFN2, DFT = "GFN2-xTB", "DFT-def2"
_DATA = "atomic_energies.csv"
#: Lowest and highest ratio of the energy of a molecule or complex to the sum over its atoms.
#: GFN2-xTB: 1.03 (CCl4) to 1.24 (CH4), complexes of the library 1.13 to 1.18.  B3LYP: 1.001 (H2S)
#: to 1.017 (CH4); another functional or solvation changes it by less than 0.01.
MOLECULES = {GFN2: (1.0, 1.3), DFT: (0.95, 1.05)}
#: The same for a bare ion: hydration is up to 4 % of its energy with DFT and as large as the energy
#: itself with GFN2-xTB, where the ratio is 1.0 in ALPB water and 1.5 to 1.8 in the gas phase.
IONS = {GFN2: (0.9, 1.9), DFT: (0.9, 1.1)}


def unit_in_ev(unit: str) -> float:
    """Size of one `unit` in eV.

    Raises
    ------
    InputError
        The unit is unknown.
    """
    if unit not in UNITS:
        raise InputError(f"unknown unit {unit!r}: give {' or '.join(UNITS)}")
    return UNITS[unit]


def method_family(level: LevelOfTheory) -> str:
    """The family of methods whose atomic energies a level compares with.

    Raises
    ------
    InputError
        There are none for the level.
    """
    if level.method == GFN2:
        return GFN2
    if "def2" in level.basis.lower():
        return DFT
    raise InputError(
        f"energies of {level} cannot be checked: atomic energies are there for GFN2-xTB and for "
        "methods with def2 basis sets, such as B3LYP with the basis def2-SVPD+def2-TZVP"
    )


def check_magnitude(symbols: Sequence[str], energy: float, unit: str, level: LevelOfTheory) -> None:
    """Compare a total energy with the sum over its atoms.

    Parameters
    ----------
    symbols
        All atoms; a rare earth counts as M3+.
    energy
        In `unit`.
    unit
        ``eV`` or ``Hartree``, as declared.
    level
        As declared.

    Raises
    ------
    InputError
        The energy does not fit; the message says which unit or method would.  Or there is
        nothing to compare with: for an element or for the level.
    """
    family = method_family(level)
    if _fits(symbols, energy, unit, family):
        return
    start = f"the energy {energy:.6g} {unit} is no total energy at {level}"
    (other,) = UNITS.keys() - {unit}
    if _fits(symbols, energy, other, family):
        raise InputError(f"{start}: it looks like {other}: pass --unit {other}")
    expected = sum_of_atoms(symbols, family) / UNITS[unit]
    for name in (unit, other):
        for method in MOLECULES.keys() - {family}:
            if _fits(symbols, energy, name, method):
                raise InputError(f"{start}: it looks like {method} in {name}: declare that level")
    raise InputError(
        f"{start}, about {expected:.4g} {unit}: neither eV nor Hartree fits, nor another level "
        "known here; is it a difference of energies?"
    )


def sum_of_atoms(symbols: Sequence[str], family: str) -> float:
    """Energies of free atoms, and of M3+ for the rare earth, in eV.

    Raises
    ------
    InputError
        There is no energy of an element.
    """
    table = _atomic_energies()[family]
    if unknown := sorted(set(symbols) - table.keys()):
        raise InputError(
            f"no {family} energy of {', '.join(unknown)} to check the unit with: add it to "
            f"rarebind/data/{_DATA} with benchmarks/atomic_energies.py"
        )
    return sum(table[symbol] for symbol in symbols)


def _fits(symbols: Sequence[str], energy: float, unit: str, family: str) -> bool:
    bands = IONS if len(symbols) == 1 and is_rare_earth(symbols[0]) else MOLECULES
    lowest, highest = bands[family]
    return lowest <= energy * UNITS[unit] / sum_of_atoms(symbols, family) <= highest


@cache
def _atomic_energies() -> dict[str, dict[str, float]]:
    """Energies in eV by family and symbol."""
    table: dict[str, dict[str, float]] = {GFN2: {}, DFT: {}}
    for row in bundled_rows(_DATA):
        table[row["method"]][row["symbol"]] = float(row["energy_hartree"]) * EV_PER_HARTREE
    return table
