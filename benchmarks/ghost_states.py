"""The ghost s state that def2-TZVP gives some lanthanide ions, and what its removal costs.

    python benchmarks/ghost_states.py

For each ion with all orbitals of its 4f shell filled alike, with the set as published and without
its innermost s function: root mean square radius of 5s, and the lowest empty s level that is less
than twice as large.  Then LuF3, which has no ghost: how far the same removal moves the energy of
LuF3 -> Lu3+ + 3 F-.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from electronic_states import KCAL, structure_of
from rich.console import Console
from rich.table import Table

from rarebind.elements import STUDY_METALS, rare_earth
from rarebind.engines import LevelOfTheory, level_named
from rarebind.engines.dft.basis import BasisSets, basis_sets, load_set, without_innermost_s
from rarebind.engines.dft.guesses import closed_shell_guess
from rarebind.engines.dft.ion import closed_ion, functions_of_kind, spherical_field
from rarebind.engines.dft.meanfield import mean_field
from rarebind.engines.dft.molecule import build_molecule

METAL_SET = "def2-TZVP"


def published(metal: str, sets: BasisSets) -> BasisSets:
    return replace(sets, orbital={**sets.orbital, metal: load_set(METAL_SET, metal)[0]})


def pruned(metal: str, sets: BasisSets) -> BasisSets:
    functions = without_innermost_s(load_set(METAL_SET, metal)[0])
    return replace(sets, orbital={**sets.orbital, metal: functions})


def s_levels(field: Any) -> list[tuple[bool, float, float]]:
    """Of spin beta: whether it is filled, energy in Eh and root mean square radius in bohr."""
    functions = functions_of_kind(field.mol, 0)
    overlap, squares = field.get_ovlp(), field.mol.intor("int1e_r2")
    found = []
    for orbital, filled, energy in zip(
        field.mo_coeff[1].T, field.mo_occ[1], field.mo_energy[1], strict=True
    ):
        part = orbital[functions]
        if part @ overlap[np.ix_(functions, functions)] @ part > 0.5:  # noqa: PLR2004
            found.append((bool(filled), float(energy), float(np.sqrt(orbital @ squares @ orbital))))
    return found


def outermost_and_ghost(field: Any) -> tuple[float, float]:
    """Radius of 5s, and energy of the lowest empty level that is less than twice as large."""
    levels = s_levels(field)
    radius = [r for filled, _, r in levels if filled][-1]
    return radius, next(e for filled, e, r in levels if not filled and r < 2.0 * radius)


def shift_of_dissociation(metal: str, level: LevelOfTheory) -> float:
    """By how many kcal/mol MF3 -> M3+ + 3 F- changes, for an ion without open shells."""
    shifts = []
    for system in ("MF3", "ion"):
        structure = structure_of(metal, system)
        sets = basis_sets(structure.symbols, level)
        whole = mean_field(build_molecule(structure, level, sets), level, sets)
        whole.kernel(dm0=closed_shell_guess(whole.mol, 0, closed_ion(metal, level)))
        fewer = pruned(metal, sets)
        field = mean_field(build_molecule(structure, level, fewer), level, fewer)
        # The function that is left out is the first of all.
        field.kernel(dm0=whole.make_rdm1()[1:, 1:])
        assert whole.converged
        assert field.converged
        shifts.append(float(field.e_tot) - float(whole.e_tot))
    return (shifts[1] - shifts[0]) * KCAL


def main() -> None:
    level = level_named("b3lyp-d4")
    table = Table("Ion", title=f"Ghost s states of {METAL_SET}, Eh and bohr")
    for kind in ("published", "less one"):
        table.add_column(f"5s radius, {kind}", justify="right")
        table.add_column(f"compact empty level, {kind}", justify="right")
    for metal in STUDY_METALS:
        if not rare_earth(metal).f_electrons:
            continue
        row = []
        for change in (published, pruned):
            sets = change(metal, basis_sets([metal], level))
            radius, ghost = outermost_and_ghost(spherical_field(metal, level, sets))
            row += [f"{radius:.2f}", f"{ghost:.2f}"]
        table.add_row(f"{metal}3+", *row)
    console = Console()
    console.print(table)
    shift = shift_of_dissociation("Lu", level)
    console.print(f"LuF3 -> Lu3+ + 3 F-: {shift:+.3f} kcal/mol by the removal")


if __name__ == "__main__":
    main()
