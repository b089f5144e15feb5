"""How strongly ligands bind a metal in one complex: from total energies to binding energies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rarebind.binding.cycles import Reaction, Species, aqua_exchange, formation, reaction_energy
from rarebind.binding.references import references_of
from rarebind.complexes import ComplexSpec, coordination_number
from rarebind.engines import Calculation, LevelOfTheory
from rarebind.errors import CalculationError, InputError
from rarebind.units import KCAL_PER_EV


@dataclass(frozen=True)
class BindingEnergy:
    """The binding energies of one complex at one level.

    Attributes
    ----------
    spec, level
    binding
        Equation 1, in eV; None where there is no energy of the bare ion.
    coordination_number
        Donor atoms found around the metal after relaxation.
    exchange
        Exchange with the aqua ion, in eV; None where there is no aqua ion.
    aqua_waters
        Waters of the aqua ion that was the reference; None without one.

    Raises
    ------
    InputError
        There is neither energy, or an exchange energy without an aqua ion or the reverse.
    """

    spec: ComplexSpec
    level: LevelOfTheory
    binding: float | None
    coordination_number: int
    exchange: float | None = None
    aqua_waters: int | None = None

    def __post_init__(self) -> None:
        if (self.exchange is None) != (self.aqua_waters is None):
            raise InputError(f"{self.spec.name}: an exchange energy goes with its aqua ion")
        if self.binding is None and self.exchange is None:
            raise InputError(f"{self.spec.name}: neither equation 1 nor an exchange energy")

    @property
    def binding_kcal(self) -> float | None:
        """Equation 1 in kcal/mol."""
        return None if self.binding is None else self.binding * KCAL_PER_EV

    @property
    def exchange_kcal(self) -> float | None:
        """Exchange energy in kcal/mol."""
        return None if self.exchange is None else self.exchange * KCAL_PER_EV


def label_complex(
    spec: ComplexSpec,
    calculation: Calculation,
    references: Mapping[Species, Calculation],
    *,
    need_exchange: bool = False,
) -> BindingEnergy:
    """The binding energies that the references of a complex allow.

    Parameters
    ----------
    references
        All that there are; those that are not of this complex are ignored.
    need_exchange
        Whether equation 1 alone is not enough.

    Raises
    ------
    CalculationError
        The complex has no usable result, or neither energy can be had; the message names what is
        missing or of no use, with its reason.
    InputError
        The levels of theory differ.
    """
    product = Species.of(spec)
    if not calculation.ok or calculation.energy is None:
        raise CalculationError(f"{spec.name} {calculation.status}: {calculation.reason}")
    ions = [s for s in references if s.kind == "aqua" and s.metal == spec.metal]
    usable = {product: calculation.energy}
    for species in references_of(product, [ion.waters for ion in ions]):
        one = references.get(species)
        if one is not None and one.ok and one.energy is not None:
            _check_level(species, one, calculation)
            usable[species] = one.energy

    def energy(cycle: Reaction) -> float | None:
        return reaction_energy(cycle, usable) if cycle.keys() <= usable.keys() else None

    binding = energy(formation(product))
    against = {ion.waters: energy(aqua_exchange(product, ion.waters)) for ion in ions}
    energies = {waters: found for waters, found in against.items() if found is not None}
    if not energies and (need_exchange or binding is None):
        raise CalculationError("; ".join(_faults(product, references, ion=not need_exchange)))
    # The most stable aqua ion is the one that is hardest to exchange.
    waters = max(energies, key=energies.__getitem__, default=None)
    assert calculation.structure is not None
    return BindingEnergy(
        spec,
        calculation.level,
        binding,
        coordination_number(calculation.structure),
        None if waters is None else energies[waters],
        waters,
    )


def label_if_possible(
    spec: ComplexSpec, calculation: Calculation, references: Mapping[Species, Calculation]
) -> BindingEnergy | None:
    """As :func:`label_complex`; None where it finds no binding energy.

    Raises
    ------
    InputError
        The levels of theory differ.
    """
    try:
        return label_complex(spec, calculation, references)
    except CalculationError:
        return None


def failures(references: Mapping[Species, Calculation]) -> list[str]:
    """What binding energies had to do without because it failed, in words.

    An aqua ion that the checks turned down is no loss: it is none.
    """
    return [
        f"without {species}, which failed: {calculation.reason}"
        for species, calculation in references.items()
        if calculation.status == "failed"
    ]


def _faults(product: Species, references: Mapping[Species, Calculation], *, ion: bool) -> list[str]:
    """What stands in the way of the exchange energy and, with `ion`, of equation 1."""
    ions = {s: c for s, c in references.items() if s.kind == "aqua" and s.metal == product.metal}
    wanted = [s for s in references_of(product, ion=ion) if s.kind != "aqua"]
    faults = [_fault(species, references.get(species)) for species in wanted]
    if not any(calculation.ok for calculation in ions.values()):
        told = ", ".join(_fault(species, found) for species, found in ions.items())
        faults.append(f"no aqua ion of {product.metal}" + (f": {told}" if told else ""))
    return [fault for fault in faults if fault]


def _fault(species: Species, found: Calculation | None) -> str:
    """What is wrong with a reference; empty where nothing is."""
    if found is None:
        return f"no energy of {species}"
    return "" if found.ok else f"{species} {found.status}: {found.reason}"


def _check_level(species: Species, found: Calculation, calculation: Calculation) -> None:
    if found.level != calculation.level:
        raise InputError(
            f"{species} was computed with {found.level}, the complex with {calculation.level}: "
            "energies of different levels cannot be combined"
        )
