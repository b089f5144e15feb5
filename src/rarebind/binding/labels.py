"""From total energies to the binding energies of one complex."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rarebind.binding.cycles import binding_energy, exchange_energy, stablest_aqua
from rarebind.binding.record import BindingEnergy
from rarebind.complexes import ComplexSpec, coordination_number
from rarebind.engines import Calculation
from rarebind.errors import CalculationError, InputError


@dataclass(frozen=True)
class References:
    """The calculations that a complex is compared with, all at its level.

    Attributes
    ----------
    ion, water
        The bare M3+ ion; a free water.
    ligand
        The free ligand; None for an aqua ion.
    aqua
        Aqua ions of the metal by number of waters.  The most stable usable one is the reference
        of the exchange energy.
    """

    ion: Calculation
    water: Calculation
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
        The levels of theory differ.
    """
    total = _energy(calculation, spec.name, calculation)
    ion = _energy(references.ion, f"{spec.metal}3+", calculation)
    water = _energy(references.water, "water", calculation)
    ligand = 0.0
    if spec.ligand is not None:
        if references.ligand is None:
            raise InputError(f"{spec.name} needs the energy of its free ligand")
        ligand = _energy(references.ligand, spec.ligand.name, calculation)
    aqua = {
        n: _energy(found, f"[{spec.metal}(H2O){n}]3+", calculation)
        for n, found in references.aqua.items()
        if found.ok
    }
    if not aqua:
        raise CalculationError(f"no aqua ion of {spec.metal} passed its checks")
    aqua_waters, aqua_energy = stablest_aqua(aqua, water)
    assert calculation.structure is not None
    return BindingEnergy(
        spec=spec,
        level=calculation.level,
        binding=binding_energy(total, ion, ligand, spec.n_ligands, water, spec.waters),
        exchange=exchange_energy(
            total, aqua_energy, aqua_waters, ligand, spec.n_ligands, water, spec.waters
        ),
        aqua_waters=aqua_waters,
        coordination_number=coordination_number(calculation.structure),
    )


def _energy(calculation: Calculation, name: str, of: Calculation) -> float:
    if not calculation.ok or calculation.energy is None:
        raise CalculationError(f"{name} {calculation.status}: {calculation.reason}")
    if calculation.level != of.level:
        raise InputError(
            f"{name} was computed with {calculation.level.engine} {calculation.level}, the complex "
            f"with {of.level.engine} {of.level}: energies of different levels cannot be combined"
        )
    return calculation.energy
