"""Levels and molecules that the tests of the PySCF engine share."""

import contextlib
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from ase.build import molecule

from rarebind.elements import rare_earth
from rarebind.engines.dft.basis import basis_sets
from rarebind.engines.dft.meanfield import mean_field
from rarebind.engines.dft.molecule import build_molecule
from rarebind.engines.levels import level_named
from rarebind.structures import Structure

for _module in ("pyscf", "basis_set_exchange", "dftd4"):
    pytest.importorskip(_module)

#: The level of the labels, without its solvent, and with the 4f shell in the core.
LABELS = level_named("b3lyp-d4")
GAS = replace(LABELS, solvent="")
FROZEN = level_named("b3lyp-d4-4f-in-core")
#: A level for what does not depend on the level.
QUICK = replace(GAS, method="PBE", basis="def2-SVP")

LANTHANIDES = (
    "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
)  # fmt: skip
WATER = Structure.from_ase(molecule("H2O"))
#: A radical whose hole may lie in an orbital across the bond, or, 3.4 eV higher, along it.
HYDROGEN_FLUORIDE = Structure(("F", "H"), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]]), 1, 2)


def ion(symbol):
    """The bare M3+ ion in its high-spin state."""
    return Structure((symbol,), np.zeros((1, 3)), 3, rare_earth(symbol).multiplicity)


def hydrated(symbol, waters, distance=2.4):
    """M3+ with up to four waters on the corners of a tetrahedron, oxygens inwards."""
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
    symbols, positions = [symbol], [np.zeros(3)]
    for corner in corners[:waters]:
        across = np.cross(corner, [0.0, 0.0, 1.0])
        across /= np.linalg.norm(across)
        oxygen = distance * corner
        symbols += ["O", "H", "H"]
        positions += [oxygen, *(oxygen + 0.59 * corner + s * 0.77 * across for s in (1, -1))]
    return Structure(tuple(symbols), np.array(positions), 3, rare_earth(symbol).multiplicity)


def field_of(structure, level):
    """The mean field of `structure` with nothing computed."""
    sets = basis_sets(structure.symbols, level)
    return mean_field(build_molecule(structure, level, sets), level, sets)


class InterruptedCalculationError(Exception):
    """Stands for whatever ends a process."""


@contextlib.contextmanager
def interrupted(monkeypatch, after):
    """Let every self-consistent field end after so many iterations."""
    from pyscf.scf import hf

    whole, written = hf.SCF.dump_chk, count(1)

    def dump_chk(self, envs):
        whole(self, envs)
        if next(written) == after:
            raise InterruptedCalculationError

    with monkeypatch.context() as patch:
        patch.setattr(hf.SCF, "dump_chk", dump_chk)
        yield
