r"""Records as extended XYZ, which ASE, NequIP, OVITO and others read.

A record is one frame with ``role=end`` followed by its intermediate geometries with
``role=intermediate``.  Energies are in eV (``energy``; ``binding_energy``: equation 1, absent
without a bare ion; ``exchange_energy``, absent without an aqua ion), forces in eV/Å, positions in
Å; positions and forces are rounded to 1e-5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
from rdkit import Chem

from rarebind.binding import BindingEnergy
from rarebind.complexes import ComplexSpec, Composition
from rarebind.datasets.record import Record
from rarebind.engines import Calculation, SCFReport
from rarebind.errors import InputError, located
from rarebind.io.codec import check_schema, from_data, to_data
from rarebind.io.xyz import XYZFrame, extxyz_text
from rarebind.ligands import Ligand
from rarebind.structures import Structure

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

_T = TypeVar("_T")

#: Version of the fields; the second added `source` and those of the electronic state.
SCHEMA_VERSION = 2
#: Digits of positions (Å) and forces (eV/Å).  The rounding changes an energy by at most 5e-6 Å
#: times the sum of the force components: next to nothing at a minimum.
_DECIMALS = 5
_ENERGY_DECIMALS = 8
_ENERGIES = ("binding_energy", "exchange_energy")
#: Fields of a calculation that stand in its frame as they are.
_OF_CALCULATION = ("verb", "status", "reason", "gradients", "engine_version", "wall_time")
_OF_LEVEL = (
    "engine", "method", "basis", "solvent", "dispersion", "options", "parameters", "environment",
)  # fmt: skip
#: Text, whatever it looks like: ASE reads ``1.0`` as a number.
_TEXT = {
    "kind", "label", "metal", "key", "source", "verb", "status", "reason", "engine_version",
    "ligand", "scaffold", "substituent", "inchikey", *_OF_LEVEL,
} - {"options"}  # fmt: skip
#: Fields that every frame has.
_NEEDED = {"kind", "label", "key", "verb", "status", "gradients", "wall_time"}


class SCFField(NamedTuple):
    """How an attribute of :class:`~rarebind.engines.SCFReport` stands in a frame.

    Attributes
    ----------
    attribute
        Its name in the report.
    name
        In the frame, where a bare ``spread`` or ``dispersion`` would be read as something else.
    digits
        That it is rounded to; None for whole numbers.
    """

    attribute: str
    name: str
    digits: int | None = None


SCF_FIELDS = (
    SCFField("basis_functions", "basis_functions"),
    SCFField("s_squared", "s_squared", 6),
    SCFField("f_electrons", "f_electrons", 4),
    SCFField("metal_spin", "metal_spin", 4),
    SCFField("attempts", "scf_attempts"),
    SCFField("converged_attempts", "scf_converged_attempts"),
    SCFField("spread", "scf_spread", 8),
    SCFField("cycles", "scf_cycles"),
    SCFField("dispersion", "energy_dispersion", 8),
    SCFField("cavity", "energy_cavity", 8),
    SCFField("memory", "scf_memory", 1),
)


def write_records(records: Iterable[Record]) -> str:
    """The frames of `records` as extended XYZ text."""
    return extxyz_text(atoms for record in records for atoms in to_atoms(record))


def read_records(frames: Iterable[XYZFrame]) -> Iterator[Record]:
    """The records in `frames`, each from its frame ``role=end`` and the intermediates after it.

    Raises
    ------
    InputError
        A frame was not written by :func:`write_records`, or by a newer version of it; the
        message names file and line.
    """
    group: list[Atoms] = []
    where = ""
    for frame in frames:
        atoms = frame.atoms()
        role = atoms.info.get("role")
        if role == "end":
            if group:
                yield _from_atoms(group, where)
            group, where = [atoms], frame.where
        elif role == "intermediate" and group and atoms.info.get("key") == group[0].info["key"]:
            group.append(atoms)
        else:
            raise InputError(
                f"{frame.where}: this frame belongs to no record (role {role!r}): the file is no "
                "rarebind dataset, or frames were removed; `rarebind dataset import` reads others"
            )
    if group:
        yield _from_atoms(group, where)


def to_atoms(record: Record) -> list[Atoms]:
    """The frames of a record: its end first."""
    end = record.calculation
    assert end.structure is not None
    assert end.energy is not None
    shared = _info(record)
    # The electronic state is that of the end alone.
    of_end = shared | _scf_info(end.scf) | {"role": "end"}
    frames = [_atoms(end.structure.to_ase(), end.energy, end.forces, of_end)]
    for frame in end.intermediates:
        info = shared | {"role": "intermediate"}
        # The same references: both energies differ by what the geometry differs in energy.
        for name in _ENERGIES:
            if name in info:
                info[name] = round(info[name] + frame.energy - end.energy, _ENERGY_DECIMALS)
        atoms = end.structure.with_positions(frame.positions).to_ase()
        frames.append(_atoms(atoms, frame.energy, frame.forces, info))
    return frames


def _atoms(
    atoms: Atoms, energy: float, forces: NDArray[np.float64] | None, info: dict[str, Any]
) -> Atoms:
    from ase.calculators.singlepoint import SinglePointCalculator

    atoms.positions = np.round(atoms.positions, _DECIMALS)
    atoms.info |= info
    results = {} if forces is None else {"forces": np.round(forces, _DECIMALS)}
    atoms.calc = SinglePointCalculator(atoms, energy=round(energy, _ENERGY_DECIMALS), **results)
    return atoms


def _info(record: Record) -> dict[str, Any]:
    calculation = record.calculation
    level = calculation.level
    info: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        "kind": record.kind,
        "label": record.label,
        "metal": record.metal,
        "geometry": record.geometry,
        "level": str(level),
        **to_data(level),
        "engine_version": calculation.engine_version,
        "verb": calculation.verb,
        "status": calculation.status,
        "reason": calculation.reason,
        "gradients": calculation.gradients,
        "wall_time": round(calculation.wall_time, 2),
        "key": record.key,
        "source": record.source,
    }
    if (ligand := record.ligand) is not None:
        info |= _ligand_info(ligand) | {"donors": np.array(ligand.donors)}
    if (spec := record.spec) is not None:
        kinds = spec.composition.ligands
        info |= {"n_ligands": kinds[0][1] if kinds else 0, "waters": spec.waters}
        if spec.composition.is_mixed:
            info["co_ligands"] = [_ligand_info(one) | {"n_ligands": n} for one, n in kinds[1:]]
    if (binding := record.binding) is not None:
        energies = {"binding_energy": binding.binding, "exchange_energy": binding.exchange}
        info |= {
            name: None if energy is None else round(energy, _ENERGY_DECIMALS)
            for name, energy in energies.items()
        }
        info["aqua_waters"] = binding.aqua_waters
        info["coordination_number"] = binding.coordination_number
    return {name: value for name, value in info.items() if value is not None and str(value)}


def _scf_info(report: SCFReport | None) -> dict[str, int | float]:
    return {
        field.name: value if field.digits is None else round(float(value), field.digits)
        for field in SCF_FIELDS
        if (value := getattr(report, field.attribute, None)) is not None
    }


def _ligand_info(ligand: Ligand) -> dict[str, Any]:
    fields = {
        "ligand": ligand.name,
        "scaffold": ligand.scaffold,
        "substituent": ligand.substituent,
        "smiles": ligand.smiles,
        "inchikey": ligand.inchikey,
        "donors": list(ligand.donors),
    }
    return {name: value for name, value in fields.items() if value is not None}


# --- from frames -------------------------------------------------------------------------------


def _from_atoms(frames: list[Atoms], where: str) -> Record:
    try:
        with located(where):
            check_schema(frames[0].info, SCHEMA_VERSION, "record")
            return _record(frames)
    except KeyError as error:
        raise InputError(f"{where}: the field {error.args[0]!r} is missing") from error
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{where}: a field is malformed ({error})") from error


def _record(frames: list[Atoms]) -> Record:
    info = {name: str(value) if name in _TEXT else value for name, value in frames[0].info.items()}
    if missing := sorted(_NEEDED - info.keys()):
        raise KeyError(missing[0])
    kind, calculation = info["kind"], _calculation(frames, info)
    ligand = _ligand_of(info) if "smiles" in info else None
    spec = binding = None
    if kind in {"complex", "aqua"}:
        kinds = [] if ligand is None else [info, *info.get("co_ligands", ())]
        ligands = tuple((_ligand_of(one), int(one["n_ligands"])) for one in kinds)
        spec = ComplexSpec(info["metal"], Composition(ligands, int(info["waters"])))
    if info.keys() & set(_ENERGIES):
        if spec is None:
            raise InputError(f"a {kind} cannot have a binding energy")
        binding = BindingEnergy(
            spec,
            calculation.level,
            coordination_number=int(info["coordination_number"]),
            binding=_optional(info, "binding_energy", float),
            exchange=_optional(info, "exchange_energy", float),
            aqua_waters=_optional(info, "aqua_waters", int),
        )
    return Record(
        kind,
        calculation,
        spec,
        ligand,
        binding,
        key=info["key"],
        label=info["label"],
        source=info.get("source", ""),
    )


def _calculation(frames: list[Atoms], info: Mapping[str, Any]) -> Calculation:
    end, *rest = frames
    scf = {field.attribute: info[field.name] for field in SCF_FIELDS if field.name in info}
    data = {name: info[name] for name in _OF_CALCULATION if name in info}
    data |= {
        "level": {name: info[name] for name in _OF_LEVEL if name in info},
        "structure": Structure.from_ase(end),
        "energy": end.calc.results["energy"],
        "forces": end.calc.results.get("forces"),
        "intermediates": [{"positions": atoms.positions, **atoms.calc.results} for atoms in rest],
        "scf": scf or None,
    }
    return from_data(Calculation, data)


def _ligand_of(info: Mapping[str, Any]) -> Ligand:
    return _ligand(
        # Of before: a second pair of backslashes.
        str(info["smiles"]).replace("\\\\", "\\"),
        tuple(int(i) for i in np.atleast_1d(info["donors"])),
        str(info["ligand"]),
        str(info["inchikey"]),
        info.get("scaffold"),
        info.get("substituent"),
    )


@lru_cache(maxsize=4096)
def _ligand(
    smiles: str,
    donors: tuple[int, ...],
    name: str,
    inchikey: str,
    scaffold: str | None,
    substituent: str | None,
) -> Ligand:
    charge = Chem.GetFormalCharge(Chem.MolFromSmiles(smiles))
    return Ligand(smiles, donors, charge, name, inchikey, scaffold, substituent)


def _optional(info: Mapping[str, Any], name: str, kind: Callable[[Any], _T]) -> _T | None:
    return kind(info[name]) if name in info else None
