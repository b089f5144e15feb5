"""Species and the reactions between them: thermodynamic cycles from total energies.

A reaction gives each species its stoichiometric number, products positive.  Its energy is the sum
of number times total energy, all at one and the same level of theory.  Equation 1 and the exchange
energy are the energies of two such reactions:

- :func:`formation`, M3+ + ligands + waters → complex: equation 1 of Gupta, Hetherington and
  de Jong, Digital Discovery 2026, 5, 363.  The error of E(M3+) shifts the whole series of a metal.
- :func:`aqua_exchange`, aqua ion + ligands → complex + waters: the formation of the complex less
  that of the aqua ion.  The bare ion does not occur, so neither does its error.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from rarebind.complexes import ComplexSpec
from rarebind.errors import InputError
from rarebind.ligands import Ligand


@dataclass(frozen=True)
class Species:
    """A molecule by its composition: one of the same composition is the same species.

    Attributes
    ----------
    metal
        Symbol of M3+; empty where there is none.
    ligands
        InChIKey and number of each kind of ligand, in any order.
    waters
        Number of water molecules.
    names
        Of the ligands, for people; by default their InChIKeys.
    """

    metal: str = ""
    ligands: tuple[tuple[str, int], ...] = field(default=(), compare=False)
    waters: int = 0
    names: tuple[str, ...] = field(default=(), compare=False)
    _kinds: frozenset[tuple[str, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_kinds", frozenset(self.ligands))
        if not self.names:
            object.__setattr__(self, "names", tuple(key for key, _ in self.ligands))

    @classmethod
    def of(cls, spec: ComplexSpec) -> Species:
        """A complex or an aqua ion."""
        ligands = spec.composition.ligands
        keys = tuple((ligand.inchikey, number) for ligand, number in ligands)
        return cls(spec.metal, keys, spec.waters, tuple(ligand.name for ligand, _ in ligands))

    @classmethod
    def free(cls, ligand: Ligand) -> Species:
        """A free ligand."""
        return cls(ligands=((ligand.inchikey, 1),), names=(ligand.name,))

    @property
    def kind(self) -> str:
        """``complex``, ``aqua`` (aqua ion), ``ion``, ``ligand`` or ``water``."""
        if self.metal:
            return "complex" if self.ligands else "aqua" if self.waters else "ion"
        return "ligand" if self.ligands else "water"

    def __str__(self) -> str:
        if not self.metal:
            return f"free {self.names[0]}" if self.ligands else "water"
        if self.kind == "ion":
            return f"{self.metal}3+"
        counts = (number for _, number in self.ligands)
        ligands = (f"({name}){n}" for name, n in zip(self.names, counts, strict=True))
        return f"{self.metal}{''.join(ligands)}" + (f"(H2O){self.waters}" if self.waters else "")


#: Stoichiometric numbers, those of products positive.
Reaction = Mapping[Species, int]

WATER = Species(waters=1)


def formation(product: Species) -> Reaction:
    """M3+ + ligands + waters → `product`: the reaction of equation 1."""
    parts = Counter({product: 1})
    if product.metal:
        parts[Species(product.metal)] -= 1
    for (inchikey, number), name in zip(product.ligands, product.names, strict=True):
        parts[Species(ligands=((inchikey, 1),), names=(name,))] -= number
    parts[WATER] -= product.waters
    return _without_zeros(parts)


def aqua_exchange(product: Species, waters: int) -> Reaction:
    """[M(H2O)m]3+ + ligands → `product` + water, where m is `waters`."""
    return difference(formation(product), formation(Species(product.metal, waters=waters)))


def difference(first: Reaction, second: Reaction) -> Reaction:
    """`first` less `second`; what occurs in both alike cancels.

    That of one ligand's exchange with two metals has the energy ΔΔE, the selectivity.
    """
    parts = Counter(first)
    parts.subtract(second)
    return _without_zeros(parts)


def reaction_energy(reaction: Reaction, energies: Mapping[Species, float]) -> float:
    """Energy of a reaction, negative where products are favoured.

    Parameters
    ----------
    energies
        Total energies of at least its species, in the unit of the result.

    Raises
    ------
    InputError
        Species have no energy; the message names them.
    """
    if lacking := [str(species) for species in reaction if species not in energies]:
        raise InputError(f"no energy of {', '.join(lacking)}: compute it at the same level")
    return math.fsum(number * energies[species] for species, number in reaction.items())


def _without_zeros(numbers: Mapping[Species, int]) -> Reaction:
    return {species: number for species, number in numbers.items() if number}
