"""What to build: one rare-earth ion, identical ligands and water."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rarebind.elements import rare_earth
from rarebind.errors import InputError
from rarebind.ligands import Ligand

#: Donor atoms around the metal unless asked otherwise.
DEFAULT_COORDINATION_NUMBER = 8
#: Coordination numbers that rare earths are known with and that can be asked for.
COORDINATION_NUMBERS = range(3, 13)
#: Ligand:water counts of the reference study, for bidentate ligands.
STUDY_GEOMETRIES = ("4:0", "3:2", "2:4", "1:6")
#: Atoms of a complex, hydrogens included: larger ones are not relaxed in bearable time.
MAX_ATOMS = 300


@dataclass(frozen=True)
class ComplexSpec:
    """The composition of a complex, from which its charge and multiplicity follow.

    Attributes
    ----------
    metal
        Symbol of a rare earth, as M3+.
    ligand
        The one kind of ligand; None for an aqua ion.
    n_ligands, waters
        How many of each.

    Raises
    ------
    InputError
        The metal is no rare earth, a count is negative, or ligands are asked for without one.
    """

    metal: str
    ligand: Ligand | None
    n_ligands: int
    waters: int

    def __post_init__(self) -> None:
        rare_earth(self.metal)
        if self.n_ligands < 0 or self.waters < 0 or self.n_ligands + self.waters == 0:
            raise InputError(
                f"a complex needs ligands or waters, got {self.n_ligands} and {self.waters}"
            )
        if (self.ligand is None) != (self.n_ligands == 0):
            raise InputError("a ligand and a ligand count above zero go together")

    @property
    def geometry(self) -> str:
        """Ligand:water counts, e.g. ``1:6``."""
        return f"{self.n_ligands}:{self.waters}"

    @property
    def coordination_number(self) -> int:
        """Number of donor atoms."""
        denticity = self.ligand.denticity if self.ligand else 0
        return self.n_ligands * denticity + self.waters

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return 1 + self.n_ligands * (self.ligand.n_atoms if self.ligand else 0) + 3 * self.waters

    @property
    def charge(self) -> int:
        """Total charge in e: M3+ and its ligands."""
        return 3 + self.n_ligands * (self.ligand.charge if self.ligand else 0)

    @property
    def multiplicity(self) -> int:
        """2S + 1 of the M3+ ion; its ligands are closed-shell."""
        return rare_earth(self.metal).multiplicity

    @property
    def name(self) -> str:
        """E.g. ``La(HOPO)1(H2O)6``."""
        ligands = f"({self.ligand.name}){self.n_ligands}" if self.ligand else ""
        return f"{self.metal}{ligands}" + (f"(H2O){self.waters}" if self.waters else "")

    def with_metal(self, metal: str) -> ComplexSpec:
        """The same complex of another metal."""
        return replace(self, metal=metal)


def aqua_ion(metal: str, waters: int) -> ComplexSpec:
    """The spec of [M(H2O)n]3+."""
    return ComplexSpec(metal, None, 0, waters)


def read_geometry(geometry: str) -> tuple[int, int | None]:
    """Ligands and waters of a geometry type; waters None where they are not said.

    Raises
    ------
    InputError
        The text is no geometry.
    """
    match = re.fullmatch(r"([1-9]\d?)(?::(\d\d?))?", geometry)
    if match is None:
        raise InputError(
            f"unknown geometry {geometry!r}: give ligands:waters, such as "
            f"{', '.join(STUDY_GEOMETRIES)}, or the number of ligands alone, such as 1"
        )
    return int(match[1]), None if match[2] is None else int(match[2])


def check_coordination_number(number: int) -> None:
    """Whether rare earths have so many donor atoms.

    Raises
    ------
    InputError
        They have not.
    """
    if number not in COORDINATION_NUMBERS:
        raise InputError(
            f"coordination number {number!r}: rare earths have "
            f"{COORDINATION_NUMBERS[0]} to {COORDINATION_NUMBERS[-1]} donor atoms"
        )


def complex_spec(
    metal: str,
    ligand: Ligand,
    geometry: str,
    coordination_number: int = DEFAULT_COORDINATION_NUMBER,
) -> ComplexSpec:
    """Read a geometry type and complete it with water.

    Parameters
    ----------
    geometry
        ``"L:W"``, ligands and waters, which must add up to the coordination number;
        or ``"L"``, ligands only: water fills the remaining sites, for any denticity.
    coordination_number
        Number of donor atoms around the metal.

    Raises
    ------
    InputError
        The text is no geometry, its donors do not match the coordination number, or the complex
        is too large.
    """
    check_coordination_number(coordination_number)
    n_ligands, given = read_geometry(geometry)
    donors = n_ligands * ligand.denticity
    free_sites = coordination_number - donors
    if free_sites < 0:
        raise InputError(
            f"geometry {geometry!r} with {ligand.name} ({ligand.denticity} donors) needs {donors} "
            f"sites, more than the coordination number {coordination_number}: use fewer ligands "
            "or a higher coordination number"
        )
    waters = free_sites if given is None else given
    if waters != free_sites:
        raise InputError(
            f"geometry {geometry!r} with {ligand.name} ({ligand.denticity} donors) has "
            f"{donors + waters} donor atoms, not the coordination number {coordination_number}: "
            f"use {n_ligands}:{free_sites}, or {n_ligands} alone to fill up with water"
        )
    spec = ComplexSpec(metal, ligand, n_ligands, waters)
    if (atoms := spec.n_atoms) > MAX_ATOMS:
        raise InputError(
            f"geometry {geometry!r} with {ligand.name} has {atoms} atoms, more than {MAX_ATOMS}: "
            "use fewer ligands or a smaller one"
        )
    return spec
