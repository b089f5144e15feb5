r"""Records as extended XYZ, which ASE, NequIP, OVITO and others read.

A record is one frame with ``role=end`` followed by its intermediate geometries with
``role=intermediate``.  Energies are in eV (``energy``; ``binding_energy``: equation 1, absent
without a bare ion; ``exchange_energy``, absent without an aqua ion), forces in eV/Å, positions in
Å; positions and forces are rounded to 1e-5.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.binding import BindingEnergy
from rarebind.complexes import ComplexSpec, Composition
from rarebind.datasets.record import Record
from rarebind.datasets.scf_fields import scf_from_info, scf_info
from rarebind.engines import Calculation, Frame, LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.io.xyz import XYZFrame
from rarebind.ligands import Ligand
from rarebind.structures import Structure

if TYPE_CHECKING:
    from ase import Atoms
    from numpy.typing import NDArray

#: Version of the fields; the second added `source` and those of the electronic state.
SCHEMA_VERSION = 2
#: Digits of positions (Å) and forces (eV/Å).  The rounding changes an energy by at most 5e-6 Å
#: times the sum of the force components: next to nothing at a minimum.
_DECIMALS = 5
_ENERGY_DECIMALS = 8
#: Fields of a level that may be missing.
_OF_LEVEL = ("basis", "solvent", "dispersion", "parameters", "environment")
_ENERGIES = {"binding_energy", "exchange_energy"}


def write_records(records: Iterable[Record], *, intermediates: bool = True) -> str:
    """The frames of `records` as extended XYZ text, with or without intermediate ones."""
    from ase.io import write

    text = io.StringIO()
    for record in records:
        frames = to_atoms(record)
        write(text, frames if intermediates else frames[:1], format="extxyz")
    return text.getvalue()


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
    of_end = shared | scf_info(end.scf) | {"role": "end"}
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
        info |= _fields(ligand) | {"donors": np.array(ligand.donors)}
    if (spec := record.spec) is not None:
        kinds = spec.composition.ligands
        info |= {"n_ligands": kinds[0][1] if kinds else 0, "waters": spec.waters}
        if spec.composition.is_mixed:
            info["co_ligands"] = [_fields(one) | {"n_ligands": n} for one, n in kinds[1:]]
    if (binding := record.binding) is not None:
        energies = {"binding_energy": binding.binding, "exchange_energy": binding.exchange}
        info |= {
            name: None if energy is None else round(energy, _ENERGY_DECIMALS)
            for name, energy in energies.items()
        }
        info["aqua_waters"] = binding.aqua_waters
        info["coordination_number"] = binding.coordination_number
    return {name: value for name, value in info.items() if value is not None and str(value)}


def _from_atoms(frames: list[Atoms], where: str) -> Record:
    info = frames[0].info
    if int(info.get("schema", 0)) > SCHEMA_VERSION:
        raise InputError(
            f"{where}: record of schema {info['schema']}, this rarebind reads up to "
            f"{SCHEMA_VERSION}: upgrade rarebind"
        )
    try:
        return _record(frames)
    except KeyError as error:
        raise InputError(f"{where}: the field {error.args[0]!r} is missing") from error
    except InputError as error:
        raise InputError([f"{where}: {problem}" for problem in error.problems]) from error
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{where}: a field is malformed ({error})") from error


def _record(frames: list[Atoms]) -> Record:
    end, *rest = frames
    info = end.info
    kind = str(info["kind"])
    ligand = None
    if "smiles" in info:
        ligand = _ligand_of(info)
    spec = None
    if kind in {"complex", "aqua"}:
        kinds = [] if ligand is None else [info, *info.get("co_ligands", ())]
        ligands = tuple((_ligand_of(kind), int(kind["n_ligands"])) for kind in kinds)
        spec = ComplexSpec(str(info["metal"]), Composition(ligands, int(info["waters"])))
    level = LevelOfTheory(
        str(info["engine"]),
        str(info["method"]),
        **{name: _text(info, name) or "" for name in _OF_LEVEL},
        options=info.get("options", {}),
    )
    calculation = Calculation(
        verb=str(info["verb"]),
        level=level,
        structure=Structure.from_ase(end),
        energy=float(end.calc.results["energy"]),
        forces=end.calc.results.get("forces"),
        status=str(info["status"]),
        reason=_text(info, "reason") or "",
        gradients=int(info["gradients"]),
        engine_version=_text(info, "engine_version") or "",
        wall_time=float(info["wall_time"]),
        intermediates=tuple(
            Frame(a.positions, float(a.calc.results["energy"]), a.calc.results["forces"])
            for a in rest
        ),
        scf=scf_from_info(info),
    )
    if spec is None and _ENERGIES & info.keys():
        raise InputError(f"a {kind} cannot have a binding energy")
    return Record(
        kind,
        calculation,
        spec,
        ligand,
        None if spec is None else _binding(info, spec, level),
        key=str(info["key"]),
        label=str(info["label"]),
        source=_text(info, "source") or "",
    )


def _binding(info: dict[str, Any], spec: ComplexSpec, level: LevelOfTheory) -> BindingEnergy | None:
    if not _ENERGIES & info.keys():
        return None
    binding, exchange = (
        float(info[name]) if name in info else None
        for name in ("binding_energy", "exchange_energy")
    )
    aqua_waters = int(info["aqua_waters"]) if "aqua_waters" in info else None
    return BindingEnergy(
        spec, level, binding, int(info["coordination_number"]), exchange, aqua_waters
    )


def _fields(ligand: Ligand) -> dict[str, Any]:
    fields = {
        "ligand": ligand.name,
        "scaffold": ligand.scaffold,
        "substituent": ligand.substituent,
        "smiles": _escaped(ligand.smiles),
        "inchikey": ligand.inchikey,
        "donors": list(ligand.donors),
    }
    return {name: value for name, value in fields.items() if value is not None}


def _ligand_of(info: Mapping[str, Any]) -> Ligand:
    return _ligand(
        _unescaped(str(info["smiles"])),
        tuple(int(i) for i in np.atleast_1d(info["donors"])),
        str(info["ligand"]),
        str(info["inchikey"]),
        _text(info, "scaffold"),
        _text(info, "substituent"),
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
    ligand = Ligand(smiles, donors, charge=_charge(smiles), name=name, inchikey=inchikey)
    if scaffold is None:
        return ligand
    return replace(ligand, scaffold=scaffold, substituent=substituent)


def _charge(smiles: str) -> int:
    from rdkit import Chem

    return int(Chem.GetFormalCharge(Chem.MolFromSmiles(smiles)))


def _text(info: Mapping[str, Any], name: str) -> str | None:
    return None if name not in info else str(info[name])


def _escaped(smiles: str) -> str:
    """Extended XYZ takes a backslash for an escape."""
    return smiles.replace("\\", "\\\\")


def _unescaped(smiles: str) -> str:
    return smiles.replace("\\\\", "\\")
