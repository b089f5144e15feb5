"""The mean field of a level: functional, fitting, solvent, grid."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rarebind.engines.dft.basis import BasisSets
from rarebind.engines.level import LevelOfTheory
from rarebind.errors import InputError

if TYPE_CHECKING:
    from pyscf.gto import Mole

#: PySCF's names.  Its ``b3lyp`` takes another local correlation (VWN3) than the B3LYP of ORCA and
#: Turbomole (VWN5): 100 kcal/mol apart in the total energy of Lu3+.
FUNCTIONALS = {"B3LYP": "b3lyp5", "PBE0": "pbe0", "PBE": "pbe", "r2SCAN": "r2scan"}
#: Integration grids: one to find the state on, and one to compute its energy on.
SEARCH_GRID, FINAL_GRID = 1, 3
#: Energy threshold in Eh.
TIGHT = 1e-8
#: Points of the solvent's surface an atom.  PySCF's default, 590, makes the matrices of an
#: 81-atom complex four times as large.
SURFACE_POINTS = 302


def mean_field(
    mol: Mole, level: LevelOfTheory, sets: BasisSets, *, integrals: Path | None = None
) -> Any:
    """Kohn–Sham object of `level` (restricted for closed shells), nothing computed yet.

    Parameters
    ----------
    mol
        The molecule.
    level
        Functional and solvent.
    sets
        Their auxiliary functions fit Coulomb and exchange.
    integrals
        Finished three-centre integrals of the same molecule on disk.

    Raises
    ------
    InputError
        The functional, solvation model or solvent is not known here.
    """
    from pyscf import df, dft
    from pyscf.solvent import smd

    from rarebind.engines.dft.solvation import FittedSMD

    if level.method not in FUNCTIONALS:
        raise InputError(
            f"PySCF: unknown functional {level.method!r}: known here are {', '.join(FUNCTIONALS)}"
        )
    if level.solvent_model not in {None, "SMD"}:
        raise InputError(f"PySCF: unknown solvation model {level.solvent_model!r}: known is SMD")
    method = dft.UKS if mol.spin else dft.RKS
    field = method(mol, xc=FUNCTIONALS[level.method]).density_fit(auxbasis=sets.auxiliary)
    field.max_memory = mol.max_memory
    if integrals is not None:
        field.with_df.auxmol = df.addons.make_auxmol(mol, sets.auxiliary)
        field.with_df._cderi = str(integrals)
    if level.solvent_name is not None:
        solvent = FittedSMD(mol, level.solvent_name, field.with_df)
        solvent.lebedev_order = surface_order()
        field = smd.smd_for_scf(field, solvent)
    return with_thresholds(field)


def with_thresholds(field: Any) -> Any:
    """`field` itself, on the final grid and tight; it keeps no file unless it is given one."""
    field.conv_tol = TIGHT
    field.chkfile = None
    field.grids.level = FINAL_GRID
    return field


def surface_order() -> int:
    """Order of the Lebedev grid with that number of points."""
    from pyscf.dft.gen_grid import LEBEDEV_ORDER

    return int(next(order for order, n in LEBEDEV_ORDER.items() if n == SURFACE_POINTS))


def set_grid(field: Any, grid: int) -> None:
    """Integrate on another grid from now on."""
    if field.grids.level != grid:
        field.grids.level = grid
        field.grids.reset()
