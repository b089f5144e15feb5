"""A structure as PySCF's molecule, its electrons counted before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rarebind.engines.dft.basis import BasisSets
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.levels import has_frozen_4f
from rarebind.errors import InputError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from pyscf.gto import Mole


def unpaired_electrons(structure: Structure, level: LevelOfTheory) -> int:
    """Unpaired electrons that the calculation sees: none where the 4f shell is in the core."""
    return 0 if has_frozen_4f(level) else structure.multiplicity - 1


def build_molecule(structure: Structure, level: LevelOfTheory, sets: BasisSets) -> Mole:
    """The molecule of `structure` at `level`.

    Raises
    ------
    InputError
        The number of electrons does not fit the multiplicity.
    """
    from pyscf import gto

    unpaired = unpaired_electrons(structure, level)
    core = {symbol: potential[0] for symbol, potential in sets.core.items()}
    electrons = (
        int(structure.atomic_numbers.sum())
        - sum(core.get(symbol, 0) for symbol in structure.symbols)
        - structure.charge
    )
    if electrons < unpaired or (electrons - unpaired) % 2:
        raise InputError(
            f"{electrons} electrons (charge {structure.charge:+d}) cannot have multiplicity "
            f"{unpaired + 1}: check charge and multiplicity"
        )
    return gto.M(
        atom=list(zip(structure.symbols, structure.positions.tolist(), strict=True)),
        unit="Angstrom",
        charge=structure.charge,
        spin=unpaired,
        basis=sets.orbital,
        ecp=sets.core,
        verbose=0,
    )
