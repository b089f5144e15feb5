"""ASE calculators such as a user may bring: real ones, by a factory each."""

from pathlib import Path

from ase.calculators.calculator import Calculator
from ase.calculators.lj import LennardJones
from tblite.ase import TBLite

from rarebind.engines import ase_engine


def gfn2(charge=0, accuracy=1.0):
    """GFN2-xTB in the gas phase, by tblite's own calculator: it knows the total charge."""
    return TBLite(method="GFN2-xTB", charge=charge, accuracy=accuracy, verbosity=0)


def spheres(epsilon=0.2, sigma=0.85):
    """Atoms without elements or charges."""
    return LennardJones(epsilon=epsilon, sigma=sigma, rc=12.0, smooth=True)


def unusual():
    raise FileNotFoundError("no weights")


def nothing():
    return 1


def with_spin(charge=0, multiplicity=1):
    return TBLite(method="GFN2-xTB", charge=charge, multiplicity=multiplicity, verbosity=0)


def from_file(parameters, sigma=0.85):
    return spheres(float(Path(parameters).read_text(encoding="utf-8")), sigma)


class Failing(Calculator):
    implemented_properties = ("energy", "forces")

    def calculate(self, *_, **__):
        raise RuntimeError("out of luck")


class EnergyAlone(Calculator):
    implemented_properties = ("energy",)


NUMBER = 1
ENGINE = ase_engine(
    "gfn2-of-tblite",
    "calculators:gfn2",
    summary="GFN2-xTB by tblite's own ASE calculator",
    modules=("tblite",),
    install="Install it with: pip install tblite",
    elements=frozenset(range(1, 87)),
    options=("accuracy",),
    knows_charge=True,
    bare_ion=True,
)
