"""The ligands' density around an M3+ ion, from the same complex with the 4f shell in the core.

That calculation is closed-shell and converges as any organic molecule's does; what it knows of
the ligands in the field of the ion spares each guess of a 4f occupation finding it again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.guesses import beside, closed_shell_guess, free_atoms
from rarebind.engines.dft.ion import closed_ion
from rarebind.engines.dft.meanfield import mean_field
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.dft.search import search
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.levels import LEVELS
from rarebind.errors import CalculationError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def surrounding_density(structure: Structure, level: LevelOfTheory, mol: Any, metal: int) -> Floats:
    """Density of both spins in the functions of `mol`, shape (functions, functions).

    It is zero where the metal's functions are: these differ between the two levels.  Where the
    4f-in-core calculation does not converge, the ligands are as free atoms.
    """
    if mol.natm == 1:
        return free_atoms(mol, metal)
    ligands, _, _ = level.basis.partition("+")
    _, _, core = LEVELS["b3lyp-d4-4f-in-core"].basis.partition("+")
    frozen = replace(level, basis=f"{ligands}+{core}")
    sets = basis_sets(structure.symbols, frozen)
    easier = build_molecule(structure, frozen, sets)
    field = mean_field(easier, frozen, sets)
    try:
        guess = closed_shell_guess(easier, metal, closed_ion(structure.symbols[metal], frozen))
        found = search(field, [guess], lambda _: [], stability=False)
    except CalculationError:
        return free_atoms(mol, metal)
    density = np.asarray(field.make_rdm1(found.best.coefficients, found.best.occupations))
    # The functions of all other atoms are the same, in the same order.
    here, there = beside(mol, metal), beside(easier, metal)
    around = np.zeros((mol.nao, mol.nao))
    around[np.ix_(here, here)] = density[np.ix_(there, there)]
    return around
