"""What to build: one rare-earth ion and what surrounds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rarebind.complexes.composition import Composition, Recipe, compose
from rarebind.elements import rare_earth
from rarebind.errors import InputError
from rarebind.ligands import Ligand

#: Atoms of a complex, hydrogens included: larger ones are not relaxed in bearable time.
MAX_ATOMS = 400


@dataclass(frozen=True)
class ComplexSpec:
    """A metal and its ligands, from which charge and multiplicity of the complex follow.

    Attributes
    ----------
    metal
        Symbol of a rare earth, as M3+.
    composition
        Its ligands and waters.

    Raises
    ------
    InputError
        The metal is no rare earth.
    """

    metal: str
    composition: Composition

    def __post_init__(self) -> None:
        rare_earth(self.metal)

    @property
    def ligand(self) -> Ligand | None:
        """The main ligand; None for an aqua ion."""
        return self.composition.main

    @property
    def waters(self) -> int:
        """Number of waters."""
        return self.composition.waters

    @property
    def geometry(self) -> str:
        """Numbers of ligands and waters, e.g. ``1:6``, or ``L:3,phen:1`` of a mixed complex."""
        return self.composition.geometry

    @property
    def coordination_number(self) -> int:
        """Number of donor atoms."""
        return self.composition.coordination_number

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return 1 + self.composition.n_atoms

    @property
    def charge(self) -> int:
        """Total charge in e: M3+ and its ligands."""
        return 3 + self.composition.charge

    @property
    def multiplicity(self) -> int:
        """2S + 1 of the M3+ ion; its ligands are closed-shell."""
        return rare_earth(self.metal).multiplicity

    @property
    def name(self) -> str:
        """E.g. ``La(HOPO)1(H2O)6``."""
        ligands = "".join(f"({ligand.name}){n}" for ligand, n in self.composition.ligands)
        return f"{self.metal}{ligands}" + (f"(H2O){self.waters}" if self.waters else "")

    def with_metal(self, metal: str) -> ComplexSpec:
        """The same complex of another metal."""
        return replace(self, metal=metal)


def aqua_ion(metal: str, waters: int) -> ComplexSpec:
    """The spec of [M(H2O)n]3+."""
    return ComplexSpec(metal, Composition((), waters))


def complex_spec(
    metal: str,
    ligand: Ligand | None,
    geometry: str | Recipe,
    coordination_number: int | None = None,
    others: Iterable[Ligand] = (),
) -> ComplexSpec:
    """Read a composition and complete it with water.

    Parameters
    ----------
    ligand
        The main one; None to take what the composition names first.
    geometry, coordination_number, others
        As for :func:`~rarebind.complexes.compose`: ligands and waters such as ``1:6``, ligands
        alone such as ``1``, or names with numbers such as ``L:3,phen:1``.

    Raises
    ------
    InputError
        The text is no composition, its donors do not match the coordination number, or the complex
        is too large.
    """
    composition = compose(geometry, ligand, coordination_number, others)
    spec = ComplexSpec(metal, composition)
    if (atoms := spec.n_atoms) > MAX_ATOMS:
        names = ", ".join(ligand.name for ligand, _ in composition.ligands)
        raise InputError(
            f"geometry {composition.geometry!r} with {names} has {atoms} atoms, more than "
            f"{MAX_ATOMS}: use fewer ligands or a smaller one, such as with short "
            "alkyl groups (`rarebind screen --truncate-alkyls 1`)"
        )
    return spec
