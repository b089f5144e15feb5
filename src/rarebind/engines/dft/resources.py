"""What a calculation will need, asked before it starts instead of being killed for it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from rarebind.errors import InputError

if TYPE_CHECKING:
    from pyscf.gto import Mole

#: Share of the memory for three-centre integrals; larger ones go to disk.
_INTEGRAL_SHARE = 0.4
#: Matrices of functions × functions, and of surface points × surface points, held at once.
_FUNCTION_MATRICES, _SURFACE_MATRICES = 40, 14
#: MB of program, libraries and grid.
_BASE = 600.0
_MB = 1e6 / 8.0


@dataclass(frozen=True)
class Needs:
    """An estimate.

    Attributes
    ----------
    memory, disk
        MB.
    integrals
        Size of the three-centre integrals in MB, wherever they are.
    """

    memory: float
    disk: float
    integrals: float

    @property
    def integrals_on_disk(self) -> bool:
        """Whether they do not fit into memory."""
        return self.disk > 0.0


def needs(functions: int, fitting_functions: int, points: int, available: float) -> Needs:
    """Memory and disk for energy and gradient, with `available` MB of memory.

    Parameters
    ----------
    functions, fitting_functions, points
        Numbers of basis functions, fitting functions and points of the solvent's surface.
    available
        MB.
    """
    integrals = fitting_functions * functions * (functions + 1) / 2 / _MB
    on_disk = integrals > _INTEGRAL_SHARE * available
    memory = (
        _BASE
        + (_FUNCTION_MATRICES * functions**2 + _SURFACE_MATRICES * points**2) / _MB
        + (0.0 if on_disk else integrals)
    )
    return Needs(memory, integrals if on_disk else 0.0, integrals)


def available_memory() -> float:
    """MB that can be had now without swapping."""
    return float(psutil.virtual_memory().available) / 1e6


def check_needs(
    mol: Mole, fitting_functions: int, points: int, scratch: Path, kept: Path | None = None
) -> Needs:
    """What the molecule needs on this machine.

    Parameters
    ----------
    mol, fitting_functions, points
        The molecule, and what its fields are made of; see :func:`needs`.
    scratch
        Folder of the integrals.
    kept
        Where an interrupted calculation may have left integrals; these need no second place.

    Raises
    ------
    InputError
        There is not enough memory, or not enough disk under `scratch`.
    """
    available = available_memory()
    wanted = needs(mol.nao, fitting_functions, points, available)
    problems = []
    if wanted.memory > available:
        problems.append(
            f"{mol.nao} basis functions need about {wanted.memory:.0f} MB of memory, "
            f"{available:.0f} MB are free: run fewer workers, or on a larger machine"
        )
    scratch.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(scratch).free / 1e6
    there = kept is not None and kept.exists()
    if wanted.disk > free and not there:
        problems.append(
            f"{mol.nao} basis functions need about {wanted.disk:.0f} MB of disk, {free:.0f} MB "
            f"are free under {scratch}: put the store, or TMPDIR, on a larger disk"
        )
    if problems:
        raise InputError(problems)
    return wanted
