"""What foreign frames of extended XYZ carry, under the names that programs and potentials use."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError, located
from rarebind.io.xyz import XYZFrame

#: Names, in small letters, that are looked for; the study's come first.
ENERGIES = ("total_energy", "energy", "ref_energy", "dft_energy")
FORCES = ("forces", "force", "ref_forces", "dft_forces")
CHARGES = ("charge", "total_charge", "tot_charge", "net_charge", "molecular_charge")
SPINS = ("multiplicity", "spin_multiplicity", "total_spin", "spin")
#: Of potentials' training sets: an atom alone, neutral unless its charge is said.
KIND, ISOLATED = "config_type", "isolatedatom"
#: Relative difference up to which two numbers are the same, rounded.
_SAME = 1e-8


@dataclass(frozen=True)
class ForeignFrame:
    """A frame as the file has it, in the file's units.

    Attributes
    ----------
    symbols, positions
        Element symbols, and Å, shape (N, 3).
    energy, forces
        Forces have the shape (N, 3); None where there are none.
    charge
        In e; None where it is not said.
    spins
        What may be meant by the spin that is said, as multiplicities 2S + 1; none where none is.
    is_isolated_atom
        Whether it is said to be an atom alone.
    unread
        Names of what else it carries.
    """

    symbols: tuple[str, ...]
    positions: NDArray[np.float64]
    energy: float
    forces: NDArray[np.float64] | None
    charge: int | None
    spins: tuple[int, ...]
    is_isolated_atom: bool
    unread: tuple[str, ...]


def read_foreign(frame: XYZFrame, energy_key: str | None = None) -> ForeignFrame:
    """What is known about a frame.

    Parameters
    ----------
    energy_key
        Name of the energy; default is the first of :data:`ENERGIES` that there is.

    Raises
    ------
    InputError
        The energy is missing, or a field is ambiguous or no number; named with file and line.
    """
    atoms = frame.atoms()
    results = {} if atoms.calc is None else atoms.calc.results
    fields = atoms.info | {name: value for name, value in results.items() if np.ndim(value) == 0}
    columns = {
        name: value
        for name, value in (atoms.arrays | results).items()
        if np.ndim(value) and name not in {"numbers", "positions"}
    }
    with located(frame.where):
        energy, energy_name = _energy(fields, energy_key)
        forces, forces_names = _forces(columns, energy_name, len(atoms))
        charge = _agreed(fields, CHARGES)
        if charge is not None and charge != round(charge):
            raise InputError(f"the charge {charge} is no whole number")
        spin = _agreed(fields, SPINS)
        kind = next((fields[name] for name in fields if name.casefold() == KIND), "")
    read = {energy_name.casefold(), *ENERGIES, *CHARGES, *SPINS, KIND}
    read |= {name.casefold() for name in forces_names}
    return ForeignFrame(
        tuple(atoms.get_chemical_symbols()),
        atoms.positions,
        energy,
        forces,
        None if charge is None else round(charge),
        # Some write 2S + 1 under these names, others 2S.
        () if spin is None else (round(spin), round(spin) + 1),
        str(kind).casefold() == ISOLATED,
        tuple(name for name in (*fields, *columns) if name.casefold() not in read),
    )


def _energy(fields: Mapping[str, Any], key: str | None) -> tuple[float, str]:
    """The energy, and its name."""
    own = {name: fields[name] for name in fields if name == key}
    found = _named(fields, ENERGIES) if key is None else own
    if not found:
        looked_for = " or ".join(ENERGIES[:2]) if key is None else key
        raise InputError(
            f"the frame has no {looked_for}, only {', '.join(fields) or 'its atoms'}: "
            "name the field of the energy with --energy-key"
        )
    values = {name: _number(name, value) for name, value in found.items()}
    name, first = next(iter(values.items()))
    if not all(math.isclose(first, other, rel_tol=_SAME) for other in values.values()):
        named = " and ".join(f"{name}={value}" for name, value in values.items())
        raise InputError(f"{named} differ: choose one with --energy-key")
    return first, name


def _forces(
    columns: Mapping[str, Any], energy_name: str, number: int
) -> tuple[NDArray[np.float64] | None, tuple[str, ...]]:
    """The forces that go with an energy, and the names of all forces that are the same."""
    paired = energy_name.casefold().removesuffix("energy") + "forces"
    found = _named(columns, (paired,)) or _named(columns, FORCES)
    if not found:
        return None, ()
    values = {}
    for name, value in found.items():
        if np.shape(value) != (number, 3) or not np.issubdtype(np.asarray(value).dtype, np.number):
            raise InputError(f"{name} are not three numbers an atom")
        values[name] = np.asarray(value, dtype=float)
        if not np.isfinite(values[name]).all():
            raise InputError(f"{name} contain NaN or infinity")
    first = next(iter(values.values()))
    if not all(np.allclose(first, other, rtol=_SAME) for other in values.values()):
        raise InputError(
            f"{' and '.join(values)} differ: name their energy with --energy-key, as REF_energy "
            "for REF_forces"
        )
    return first, tuple(values)


def _agreed(fields: Mapping[str, Any], names: Iterable[str]) -> float | None:
    """The number that stands under one or several of the names."""
    values = {name: _number(name, value) for name, value in _named(fields, names).items()}
    if len(set(values.values())) > 1:
        raise InputError(f"{' and '.join(f'{n}={v:g}' for n, v in values.items())} differ")
    return next(iter(values.values()), None)


def _named(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Fields by these names, in their order, whatever the case."""
    return {own: fields[own] for name in names for own in fields if own.casefold() == name}


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise InputError(f"{name}={value} is no number")
    if not math.isfinite(value):
        raise InputError(f"{name} is NaN or infinite")
    return float(value)
