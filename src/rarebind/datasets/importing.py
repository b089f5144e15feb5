"""Import of foreign extended XYZ: what each frame is follows from its structure alone."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.binding import BindingEnergy, label_if_possible, lowest
from rarebind.complexes import checked
from rarebind.datasets.infer import Catalogue, Identified, identify, library
from rarebind.datasets.magnitudes import check_magnitude, method_family, unit_in_ev
from rarebind.datasets.record import Record
from rarebind.engines import Calculation, LevelOfTheory
from rarebind.errors import CalculationError, InputError, located
from rarebind.io.codec import to_data
from rarebind.io.xyz import XYZFrame, read_frames
from rarebind.ligands import Ligand, common_ligands
from rarebind.structures import Structure

if TYPE_CHECKING:
    from ase import Atoms

#: Names of the energy that are looked for, the study's first.
ENERGY_KEYS = ("total_energy", "energy")
#: Relative difference up to which two energies of a frame are the same number, rounded.
_SAME = 1e-8


@dataclass(frozen=True)
class Unmatched:
    """A frame that was not imported.

    Attributes
    ----------
    path, line
        File, and the line of the frame's atom count (the first line is 1).
    reason
        What was not recognised.
    """

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}: {self.reason}"


@dataclass(frozen=True)
class ImportReport:
    """The outcome of :func:`import_xyz`: what was recognised and what was not, in their order."""

    records: tuple[Record, ...]
    unmatched: tuple[Unmatched, ...]


def import_xyz(
    path: Path | str,
    *,
    level: LevelOfTheory,
    unit: str,
    energy_key: str | None = None,
    ligands: Iterable[Ligand] | None = None,
) -> ImportReport:
    """Read frames that carry elements, positions and an energy, and maybe forces.

    Metal, ligands, waters, charge and multiplicity are inferred from each structure, whose atoms
    may stand in any order; see :func:`~rarebind.datasets.infer.identify`.  Complexes whose free
    ligand, and water if they hold some, the file has too get equation 1 where it has their bare
    ion, and the exchange energy where it has water and an aqua ion of their metal.  Of several
    frames of a reference, the lowest in energy counts.

    Parameters
    ----------
    path
        Extended XYZ, maybe packed; cell and periodicity play no role.
    level
        What the energies were computed with.
    unit
        ``eV`` or ``Hartree``, checked against the magnitude of every energy; forces are in the
        same unit per Å.
    energy_key
        Name of the energy; default is ``total_energy``, else ``energy``.
    ligands
        Ligands that may occur beside the common ones; default is the library.

    Raises
    ------
    InputError
        The unit is unknown, energies of the level cannot be checked, the file is malformed or
        empty, or an energy is missing, ambiguous, no number, or of a magnitude that does not fit
        unit and level; faults of the file are named with its line.
    """
    scale = unit_in_ev(unit)
    method_family(level)
    catalogue = library() if ligands is None else Catalogue([*ligands, *common_ligands()])
    records, unmatched = [], []
    for frame in read_frames(path):
        try:
            records.append(_record(frame, catalogue, level, unit, scale, energy_key))
        except CalculationError as error:
            unmatched.append(Unmatched(frame.path, frame.line, str(error)))
    if not records and not unmatched:
        raise InputError(f"{path} is empty: expected frames of extended XYZ")
    return ImportReport(_labelled(records), tuple(unmatched))


def _record(
    frame: XYZFrame,
    catalogue: Catalogue,
    level: LevelOfTheory,
    unit: str,
    scale: float,
    energy_key: str | None,
) -> Record:
    atoms = frame.atoms()
    results = {} if atoms.calc is None else atoms.calc.results
    with located(frame.where):
        value = _energy(atoms.info | results, energy_key)
        found = identify(atoms.get_chemical_symbols(), atoms.positions, catalogue)
        _check_charge(atoms.info.get("charge"), found)
        check_magnitude(atoms.get_chemical_symbols(), value, unit, level)
    calculation = _calculation(atoms, results, found, level, value * scale, scale)
    return Record(
        found.kind,
        calculation if found.spec is None else checked(calculation, found.spec),
        found.spec,
        found.ligand,
        key=_key(calculation),
        label=found.label,
    )


def _energy(fields: Mapping[str, Any], key: str | None) -> float:
    """The energy among the fields of a frame, in the unit of the file."""
    names = ENERGY_KEYS if key is None else (key,)
    values = {name: _number(name, fields[name]) for name in names if name in fields}
    if not values:
        raise InputError(
            f"the frame has no {' or '.join(names)}, only {', '.join(fields) or 'its atoms'}: "
            "name the field of the energy with --energy-key"
        )
    first, *others = values.values()
    if not all(math.isclose(first, other, rel_tol=_SAME) for other in others):
        named = " and ".join(f"{name}={value}" for name, value in values.items())
        raise InputError(f"{named} differ: choose one with --energy-key")
    return first


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.number):
        raise InputError(f"{name}={value} is no number")
    if not math.isfinite(value):
        raise InputError(f"{name} is NaN or infinite")
    return float(value)


def _check_charge(declared: Any, found: Identified) -> None:
    if declared is not None and _number("charge", declared) != found.charge:
        raise CalculationError(
            f"the frame has the charge {declared:+g}, but {found.label} has {found.charge:+d}"
        )


def _calculation(
    atoms: Atoms,
    results: Mapping[str, Any],
    found: Identified,
    level: LevelOfTheory,
    energy: float,
    scale: float,
) -> Calculation:
    order = list(found.order)
    symbols = atoms.get_chemical_symbols()
    forces = results.get("forces")
    return Calculation(
        verb="static",
        level=level,
        structure=Structure(
            tuple(symbols[i] for i in order),
            atoms.positions[order],
            found.charge,
            found.multiplicity,
        ),
        energy=energy,
        forces=None if forces is None else forces[order] * scale,
    )


def _key(calculation: Calculation) -> str:
    assert calculation.structure is not None
    level = "|".join(map(str, to_data(calculation.level).values()))
    content = f"{calculation.structure.digest}|{level}|{calculation.energy:.8f}"
    return hashlib.sha256(content.encode()).hexdigest()


# --- binding energies -------------------------------------------------------------------------


def _labelled(records: list[Record]) -> tuple[Record, ...]:
    """`records`, complexes with the binding energies that the references among them allow."""
    references = lowest(
        ((r.species, r.calculation) for r in records if r.kind != "complex" and r.calculation.ok),
        _ev,
    )

    def binding(record: Record) -> BindingEnergy | None:
        if record.kind != "complex" or record.spec is None:
            return None
        return label_if_possible(record.spec, record.calculation, references)

    return tuple(replace(record, binding=binding(record)) for record in records)


def _ev(calculation: Calculation) -> float:
    assert calculation.energy is not None
    return calculation.energy
