"""Level of theory: what an energy was computed with, and hence what it may be compared to."""

from __future__ import annotations

from dataclasses import dataclass

from rarebind.errors import InputError


@dataclass(frozen=True)
class LevelOfTheory:
    """A hashable, printable description of a quantum-chemical method.

    Attributes
    ----------
    engine
        Name of the engine in the registry, e.g. ``tblite``.  Two engines that evaluate the
        same method are still told apart in the record.
    method
        Hamiltonian or functional, e.g. ``GFN2-xTB``.
    basis
        Basis set(s); empty for methods that bring their own.
    solvent
        Solvation model and solvent, e.g. ``ALPB(water)``; empty for the gas phase.
    dispersion
        Correction added to the method, e.g. ``D4``; empty where the method includes its own.
    """

    engine: str
    method: str
    basis: str = ""
    solvent: str = ""
    dispersion: str = ""

    def __str__(self) -> str:
        """E.g. ``B3LYP-D4/def2-SVPD+def2-TZVP/SMD(water)``; the engine is not part of it."""
        method = f"{self.method}-{self.dispersion}" if self.dispersion else self.method
        return "/".join(part for part in (method, self.basis, self.solvent) if part)

    @property
    def solvent_name(self) -> str | None:
        """``"water"`` of ``ALPB(water)``, or None in the gas phase."""
        if not self.solvent:
            return None
        model, _, rest = self.solvent.partition("(")
        if not rest.endswith(")") or not model:
            raise InputError(f"solvent {self.solvent!r} is not of the form MODEL(name)")
        return rest[:-1]

    @property
    def solvent_model(self) -> str | None:
        """``"ALPB"`` of ``ALPB(water)``, or None in the gas phase."""
        return self.solvent.partition("(")[0] or None


#: The level of the reference study's relaxations.
GFN2_WATER = LevelOfTheory("tblite", "GFN2-xTB", solvent="ALPB(water)")
