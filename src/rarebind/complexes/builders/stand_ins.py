"""Stand-ins for two packages that Architector 0.0.10 imports and pip alone cannot install.

- xtb-python: Architector takes one class from it, ``xtb.ase.calculator.XTB``.  Ours is backed by
  tblite, which evaluates the same GFN2-xTB Hamiltonian.
- pynauty, which has no wheels and needs a C compiler: Architector imports it for a canonical
  labelling that it uses when reading mol2 files, never on the road from SMILES.  Ours raises if
  it is called after all.

:func:`install` registers each only where the genuine package is absent.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType
from typing import Any, NoReturn

from ase import Atoms
from ase.calculators.calculator import all_changes

from rarebind.elements import xtb_unpaired_electrons
from rarebind.engines.blas import prefer_openblas
from rarebind.errors import MissingDependencyError

prefer_openblas()
# Only now: tblite binds its BLAS when it is loaded.
from tblite.ase import TBLite  # noqa: E402

_MODULE = "xtb.ase.calculator"


class XTB(TBLite):
    """The constructor signature of ``xtb.ase.calculator.XTB``, evaluated by tblite.

    Parameters
    ----------
    method
        GFN2-xTB or GFN1-xTB.  GFN-FF has no tblite implementation and is refused.
    solvent
        Name of an ALPB solvent, or ``"none"``.
    max_iterations, electronic_temperature, accuracy
        Passed on unchanged (temperature in K).
    """

    def __init__(
        self,
        method: str = "GFN2-xTB",
        solvent: str | None = "none",
        max_iterations: int = 250,
        electronic_temperature: float = 300.0,
        accuracy: float = 1.0,
    ) -> None:
        if method not in {"GFN2-xTB", "GFN1-xTB"}:
            raise ValueError(f"tblite has no {method!r}; use GFN2-xTB or GFN1-xTB")
        super().__init__(
            method=method,
            solvation=None if solvent in (None, "none") else ("alpb", solvent),
            max_iterations=max_iterations,
            electronic_temperature=electronic_temperature,
            accuracy=accuracy,
            verbosity=0,
        )

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        """Energy and forces, whatever spin Architector has put on the metal."""
        if atoms is not None:
            atoms = atoms.copy()
            charge = round(float(atoms.get_initial_charges().sum()))
            magnetic_moments = [0.0] * len(atoms)
            magnetic_moments[0] = xtb_unpaired_electrons(atoms.numbers, charge)
            atoms.set_initial_magnetic_moments(magnetic_moments)
        super().calculate(atoms, properties, system_changes)


def install() -> list[str]:
    """Make what Architector imports importable; names of the packages that needed a stand-in."""
    needed = []
    if "xtb" not in sys.modules and importlib.util.find_spec("xtb") is None:
        _register("xtb")
        _register("xtb.ase")
        _register(_MODULE, XTB=XTB)
        needed.append("xtb")
    if "pynauty" not in sys.modules and importlib.util.find_spec("pynauty") is None:
        _register("pynauty", Graph=_no_pynauty, canon_label=_no_pynauty)
        needed.append("pynauty")
    return needed


def _register(name: str, **attributes: Any) -> None:
    module = ModuleType(name, "Registered by rarebind in place of an absent package.")
    module.__path__ = []
    for key, value in attributes.items():
        setattr(module, key, value)
    sys.modules[name] = module


def _no_pynauty(*_: object, **__: object) -> NoReturn:
    raise MissingDependencyError(
        "this use of Architector needs the package pynauty: pip install pynauty (a C compiler "
        "is needed)"
    )
