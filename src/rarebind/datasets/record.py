"""One molecule of a dataset: what it is, what was computed, what follows for binding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rarebind.binding import WATER, BindingEnergy, Species
from rarebind.complexes import ComplexSpec, Layout
from rarebind.engines import Calculation
from rarebind.errors import InputError
from rarebind.ligands import Ligand

#: What a record can be; all but complexes are references of their binding energies.
KINDS = ("complex", "aqua", "ligand", "water", "ion")


@dataclass(frozen=True, eq=False)
class Record:
    """A labelled molecule.

    Attributes
    ----------
    kind
        ``complex``, or a reference: ``aqua`` (aqua ion), ``ligand``, ``water``, ``ion``.
    calculation
        Structure, level, energy (eV), forces (eV/Å), and geometries on the way to it.  The atoms
        of a complex stand in the order of :class:`~rarebind.complexes.Layout`.
    spec
        Metal, ligands and waters of a complex or aqua ion; None otherwise.
    ligand
        The ligand of a complex, or the free ligand itself.
    binding
        Equation 1 and the exchange energy, as far as there are references; None for references
        themselves and where neither can be had.
    key
        Key of the task that made it; for imported records, a hash of their content.
    label
        Name for people.
    source
        Key of the record on whose geometry it was computed; empty for a geometry of its own.

    Raises
    ------
    InputError
        The parts contradict each other.
    """

    kind: str
    calculation: Calculation
    spec: ComplexSpec | None = None
    ligand: Ligand | None = None
    binding: BindingEnergy | None = None
    key: str = ""
    label: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"a record is one of {', '.join(KINDS)}, not {self.kind!r}")
        if (self.spec is not None) != (self.kind in {"complex", "aqua"}):
            raise InputError(f"{self.label}: complexes and aqua ions have a spec, others none")
        if (self.ligand is not None) != (self.kind in {"complex", "ligand"}):
            raise InputError(f"{self.label}: complexes and free ligands have a ligand")
        structure = self.calculation.structure
        if structure is None:
            raise InputError(f"{self.label}: a record needs a structure")
        if self.source and (self.source == self.key or self.calculation.verb == "relax"):
            raise InputError(f"{self.label}: its geometry is its own, so it has no source")
        if self.spec is None:
            return
        expected = (Layout(self.spec).symbols, self.spec.charge, self.spec.multiplicity)
        if expected != (structure.symbols, structure.charge, structure.multiplicity):
            raise InputError(
                f"{self.label}: atoms, charge {structure.charge:+d} or multiplicity "
                f"{structure.multiplicity} are not those of {self.spec.name} "
                f"({self.spec.charge:+d}, {self.spec.multiplicity})"
            )

    @property
    def metal(self) -> str | None:
        """Symbol of the rare earth, if there is one."""
        if self.spec is not None:
            return self.spec.metal
        structure = self.calculation.structure
        assert structure is not None
        return structure.symbols[0] if self.kind == "ion" else None

    @property
    def geometry(self) -> str | None:
        """Ligands:waters of a complex or aqua ion."""
        return None if self.spec is None else self.spec.geometry

    @property
    def species(self) -> Species:
        """What it is, whatever its geometry."""
        if self.spec is not None:
            return Species.of(self.spec)
        if self.ligand is not None:
            return Species.free(self.ligand)
        return WATER if self.metal is None else Species(self.metal)

    def metal_donor_distances(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Distances in Å from the metal to the ligands' donors, and to the waters' oxygens."""
        if self.spec is None:
            return (), ()
        assert self.calculation.structure is not None
        positions = self.calculation.structure.positions
        layout = Layout(self.spec)
        distances = np.linalg.norm(positions[layout.donors] - positions[0], axis=1).tolist()
        waters = len(layout.waters)
        split = len(distances) - waters
        return tuple(distances[:split]), tuple(distances[split:])
