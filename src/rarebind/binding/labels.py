"""From total energies to the binding energies of one complex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rarebind.binding.cycles import binding_energy, exchange_energy, stablest_aqua
from rarebind.binding.record import BindingEnergy, IonBinding
from rarebind.complexes import ComplexSpec, coordination_number
from rarebind.engines import Calculation
from rarebind.errors import CalculationError, InputError


@dataclass(frozen=True)
class References:
    """The calculations that a complex is compared with, all at its level.

    Attributes
    ----------
    ion
        The bare M3+ ion.
    water
        A free water; equation 1 of a complex without water does without it.
    ligand
        The free ligand; None for an aqua ion.
    aqua
        Aqua ions of the metal by number of waters.  The most stable usable one is the reference
        of the exchange energy; equation 1 needs none.
    """

    ion: Calculation
    water: Calculation | None
    ligand: Calculation | None
    aqua: Mapping[int, Calculation]


def label_complex(
    spec: ComplexSpec, calculation: Calculation, references: References
) -> BindingEnergy:
    """Equation 1 and exchange energy of a complex.

    Raises
    ------
    CalculationError
        A calculation that is needed has no usable result; the message names it and its reason.
    InputError
        The levels of theory differ, or there is no water or no free ligand.
    """
    found = ion_binding(spec, calculation, references)
    total = _energy(calculation, spec.name, calculation)
    ligand = _ligand(spec, calculation, references)
    water = _water(spec, calculation, references)
    aqua = {
        n: _energy(ion, f"[{spec.metal}(H2O){n}]3+", calculation)
        for n, ion in references.aqua.items()
        if ion.ok
    }
    if not aqua:
        raise CalculationError(f"no aqua ion of {spec.metal} passed its checks")
    aqua_waters, aqua_energy = stablest_aqua(aqua, water)
    return BindingEnergy(
        spec=found.spec,
        level=found.level,
        binding=found.binding,
        coordination_number=found.coordination_number,
        exchange=exchange_energy(
            total, aqua_energy, aqua_waters, ligand, spec.n_ligands, water, spec.waters
        ),
        aqua_waters=aqua_waters,
    )


def ion_binding(spec: ComplexSpec, calculation: Calculation, references: References) -> IonBinding:
    """Equation 1 of a complex.

    Raises
    ------
    CalculationError, InputError
        As for :func:`label_complex`, but for aqua ions, and for water where the complex has none.
    """
    total = _energy(calculation, spec.name, calculation)
    ion = _energy(references.ion, f"{spec.metal}3+", calculation)
    water = _water(spec, calculation, references) if spec.waters else 0.0
    ligand = _ligand(spec, calculation, references)
    assert calculation.structure is not None
    return IonBinding(
        spec=spec,
        level=calculation.level,
        binding=binding_energy(total, ion, ligand, spec.n_ligands, water, spec.waters),
        coordination_number=coordination_number(calculation.structure),
    )


def best_label(spec: ComplexSpec, calculation: Calculation, references: References) -> IonBinding:
    """What the references allow: both energies, or equation 1 without a usable aqua ion or water.

    Raises
    ------
    CalculationError, InputError
        As for :func:`ion_binding`.
    """
    water = references.water
    complete = water is not None and water.ok and any(ion.ok for ion in references.aqua.values())
    return (label_complex if complete else ion_binding)(spec, calculation, references)


def _water(spec: ComplexSpec, calculation: Calculation, references: References) -> float:
    if references.water is None:
        raise InputError(f"{spec.name} needs the energy of water")
    return _energy(references.water, "water", calculation)


def _ligand(spec: ComplexSpec, calculation: Calculation, references: References) -> float:
    if spec.ligand is None:
        return 0.0
    if references.ligand is None:
        raise InputError(f"{spec.name} needs the energy of its free ligand")
    return _energy(references.ligand, spec.ligand.name, calculation)


def _energy(calculation: Calculation, name: str, of: Calculation) -> float:
    if not calculation.ok or calculation.energy is None:
        raise CalculationError(f"{name} {calculation.status}: {calculation.reason}")
    if calculation.level != of.level:
        raise InputError(
            f"{name} was computed with {calculation.level}, the complex "
            f"with {of.level}: energies of different levels cannot be combined"
        )
    return calculation.energy
