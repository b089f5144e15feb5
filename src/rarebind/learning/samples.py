"""What a model learns from: geometries of complexes, each with the value of a target."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rarebind.complexes import TEMPLATE_METAL, ComplexSpec, swap_metal
from rarebind.datasets import Dataset, Record, Row, compare, find_level, told_apart
from rarebind.datasets.statistics import complexes
from rarebind.engines import LEVELS
from rarebind.errors import InputError
from rarebind.learning.targets import Target
from rarebind.ligands import Ligand
from rarebind.structures import Structure

#: Å; coordinates are stored to 1e-5 Å, and no two atoms are this near.
_SAME_PLACE = 1e-4
#: Names that a message lists.
_NAMED = 3


@dataclass(frozen=True, eq=False)
class Sample:
    """A geometry of a complex and what is to be learned of it.

    Attributes
    ----------
    key
        Of the dataset's record.
    frame
        0: the final geometry; 1, 2, …: geometries on the way to it, as stored.
    structure
    metal, ligand, scaffold, substituent
        Names; the last two are empty for a ligand that is not of the library.
    geometry
        Ligands:waters, e.g. ``4:0``.
    inchikey, smiles
        Of the ligand as bound.
    target
        What is learned, eV.
    forces
        Minus the gradient of `target`, eV/Å, shape (N, 3), read-only; None where unknown.
    binding_offset
        Equation 1 = target + this, in eV; known without the model.
    exchange_offset
        Exchange energy = target + this, in eV; None where unknown.
    origin
        Key of the record whose geometry it is, the same at every level; by default `key`.
    reference
        For an anchored target, the complex whose energy is taken off; `structure` is then the
        same with its metal swapped, see :func:`rarebind.complexes.swap_metal`.  None otherwise.

    Raises
    ------
    InputError
        A number is not finite, or the forces do not fit the structure.
    """

    key: str
    frame: int
    structure: Structure
    metal: str
    ligand: str
    scaffold: str
    substituent: str
    geometry: str
    inchikey: str
    smiles: str
    target: float
    forces: NDArray[np.float64] | None
    binding_offset: float
    exchange_offset: float | None
    origin: str = ""
    reference: Structure | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", self.origin or self.key)
        numbers = (self.target, self.binding_offset, self.exchange_offset or 0.0)
        if not np.isfinite(numbers).all():
            raise InputError(f"sample {self.key}: its target or an offset is NaN or infinite")
        if self.frame < 0:
            raise InputError(f"sample {self.key}: frames count from 0, got {self.frame}")
        if self.forces is not None:
            forces = np.array(self.forces, dtype=np.float64)
            if forces.shape != (len(self.structure), 3) or not np.isfinite(forces).all():
                raise InputError(
                    f"sample {self.key}: forces must be finite, of shape ({len(self.structure)}, 3)"
                )
            forces.flags.writeable = False
            object.__setattr__(self, "forces", forces)

    @property
    def binding(self) -> float:
        """Equation 1 in eV."""
        return self.target + self.binding_offset

    @property
    def exchange(self) -> float | None:
        """Exchange energy with the aqua ion in eV."""
        return None if self.exchange_offset is None else self.target + self.exchange_offset


@dataclass(frozen=True, eq=False)
class _Geometry:
    """A geometry of a record with its :data:`~rarebind.learning.targets.QUANTITIES` in eV."""

    structure: Structure
    forces: NDArray[np.float64] | None
    values: dict[str, float]


def load_samples(
    dataset: Dataset, target: Target, level: str, base: str | None = None, *, frames: bool = False
) -> list[Sample]:
    """The accepted complexes of `level` that have binding energies, in the dataset's order.

    Parameters
    ----------
    level
        As printed, or one of :data:`rarebind.engines.LEVELS`.
    base
        For a target that is a difference: the level that is taken off.
    frames
        Whether geometries on the way to the final ones come too; for a difference, those that
        both levels have.

    Returns
    -------
    list
        For an anchored target without the reference metal, whose target is zero, and without
        complexes of which the one with that metal is missing.

    Raises
    ------
    InputError
        There is no such level, or no such complex; `base` is given though the target is no
        difference, is missing though it is, or is `level`; complexes lack the base level.
    """
    if target.delta != (base is not None):
        raise InputError(
            f"the target {target.name} is a difference of two levels: give the base level too"
            if target.delta
            else f"the target {target.name} is of one level: give no base level"
        )
    rows = told_apart(dataset.rows())
    level = find_level(rows, level)
    chosen = [row for row in complexes(rows, level) if row.binding_kcal_mol is not None]
    if not chosen:
        raise InputError(
            f"{dataset.folder} has no accepted complex with binding energies at {level}: label "
            f"complexes and their references with `{_command(dataset, level)}`"
        )
    partners: dict[str, Row] = {}
    if base is not None:
        partners = _partners(dataset, rows, chosen, base)
    elif target.anchored:
        partners = _anchors(chosen)
        chosen = [row for row in chosen if row.key in partners]
        if not chosen:
            raise InputError(
                f"{dataset.folder}: no complex at {level} has its like with {TEMPLATE_METAL}, from "
                f"which the target {target.name} is counted: add {TEMPLATE_METAL}, or another metal"
            )
    records = dataset.records_of([*chosen, *partners.values()], frames=frames)
    samples: list[Sample] = []
    for row in chosen:
        partner = partners.get(row.key)
        less = None if partner is None else records[partner.key]
        samples += samples_of(records[row.key], target, less, frames=frames)
    return samples


def samples_of(
    record: Record, target: Target, less: Record | None = None, *, frames: bool = False
) -> list[Sample]:
    """The samples of one complex, its final geometry first.

    Parameters
    ----------
    less
        What is taken off.  For a difference of levels: the same geometry at the base level; its
        atoms may stand in another order.  For an anchored target: the complex of the reference
        metal.
    frames
        As in :func:`load_samples`.

    Raises
    ------
    InputError
        The record is no complex with binding energies, or `less` is missing, not wanted, or not
        what it should be.
    """
    if (target.delta or target.anchored) != (less is not None):
        raise InputError(
            f"{record.label}: the target {target.name} and something to take off do not go together"
        )
    if record.ligand is None or record.spec is None:
        raise InputError(f"{record.label} is no complex, so nothing is learned from it")
    if target.anchored:
        assert less is not None
        if frames:
            raise InputError(
                f"the target {target.name} is of final geometries: ask for none on the way"
            )
        return [_of_series(record, target, less)]
    samples = []
    for number, geometry in enumerate(_geometries(record, frames=frames)):
        values, forces = geometry.values, geometry.forces
        learned = values[target.quantity]
        if less is not None:
            below = _below(geometry, less, frames=number > 0)
            if below is None and number > 0:
                continue
            if below is None:
                raise InputError(
                    f"{record.label}: records {record.key[:12]} and {less.key[:12]} have "
                    "different atoms or positions: the difference of their energies is moot"
                )
            learned -= below.values[target.quantity]
            if forces is not None:
                forces = None if below.forces is None else forces - below.forces
        samples.append(
            _sample(record, geometry.structure, values, learned, frame=number, forces=forces)
        )
    return samples


def unlabelled(spec: ComplexSpec, structure: Structure, reference: Structure | None) -> Sample:
    """A complex whose target is not known: what a model is asked about.

    Parameters
    ----------
    spec
        With a ligand.
    structure, reference
        As :class:`Sample` has them.
    """
    assert spec.ligand is not None
    return Sample(
        key=spec.name,
        frame=0,
        structure=structure,
        **_names(spec, spec.ligand),
        target=0.0,
        forces=None,
        binding_offset=0.0,
        exchange_offset=None,
        reference=reference,
    )


def digest(samples: Iterable[Sample]) -> str:
    """SHA-256 of what is learned: keys, frames and targets to 1e-9 eV, in any order."""
    # Adding zero makes −0.0 and 0.0 alike.
    lines = sorted(f"{s.key} {s.frame} {round(s.target, 9) + 0.0:.9f}\n" for s in samples)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _geometries(record: Record, *, frames: bool) -> Iterator[_Geometry]:
    """The final geometry and, if wanted, those on the way to it.

    References do not depend on the geometry, so that forces are the same for all quantities.
    """
    calculation, binding = record.calculation, record.binding
    if binding is None or calculation.structure is None or calculation.energy is None:
        raise InputError(f"{record.label} has no binding energies: label its references too")
    finals = {
        "absolute": calculation.energy,
        "binding": binding.binding,
        "exchange": binding.exchange,
    }
    yield _Geometry(calculation.structure, calculation.forces, finals)
    for frame in calculation.intermediates if frames else ():
        above = frame.energy - calculation.energy
        yield _Geometry(
            calculation.structure.with_positions(frame.positions),
            frame.forces,
            {name: value + above for name, value in finals.items()},
        )


def _names(spec: ComplexSpec, ligand: Ligand) -> dict[str, Any]:
    return {
        "metal": spec.metal,
        "ligand": ligand.name,
        "scaffold": ligand.scaffold or "",
        "substituent": ligand.substituent or "",
        "geometry": spec.geometry,
        "inchikey": ligand.inchikey,
        "smiles": ligand.smiles,
    }


def _sample(
    record: Record,
    structure: Structure,
    values: dict[str, float],
    learned: float,
    **more: Any,
) -> Sample:
    """What is learned of one geometry of `record`, its energies `values` in eV."""
    ligand, spec = record.ligand, record.spec
    assert ligand is not None
    assert spec is not None
    return Sample(
        key=record.key,
        structure=structure,
        **_names(spec, ligand),
        target=learned,
        # References, and what was taken off.
        binding_offset=values["binding"] - learned,
        exchange_offset=values["exchange"] - learned,
        origin=record.source,
        **more,
    )


def _of_series(record: Record, target: Target, anchor: Record) -> Sample:
    """The energy is that of the relaxed complex; the geometry, what is known before it is relaxed.

    A screen has the complex of the reference metal alone, and swaps the metal.
    """
    spec = record.spec
    assert spec is not None
    (own,) = _geometries(record, frames=False)
    reference = _reference(record, anchor)
    assert anchor.spec is not None
    return _sample(
        record,
        swap_metal(reference.structure, anchor.spec, spec.metal),
        own.values,
        own.values[target.quantity] - reference.values[target.quantity],
        frame=0,
        forces=None,
        reference=reference.structure,
    )


def _reference(record: Record, anchor: Record) -> _Geometry:
    """The complex of the reference metal, if it differs in nothing else."""
    spec = record.spec
    assert spec is not None
    if anchor.spec != spec.with_metal(TEMPLATE_METAL):
        raise InputError(
            f"{record.label} is compared with {anchor.label}: they differ in more than the metal, "
            f"or it is not {TEMPLATE_METAL}"
        )
    if anchor.calculation.level != record.calculation.level:
        raise InputError(f"{record.label} and {anchor.label} are of different levels of theory")
    (final,) = _geometries(anchor, frames=False)
    return final


def _anchors(chosen: Sequence[Row]) -> dict[str, Row]:
    """The complex of the reference metal of each other complex, by the other's key."""
    anchors = [row for row in chosen if row.metal == TEMPLATE_METAL]
    # Where there are several, the lowest comes last and stays.
    anchors.sort(key=lambda row: row.binding_kcal_mol or 0.0, reverse=True)
    lowest = {_place(row): row for row in anchors}
    return {
        row.key: lowest[_place(row)]
        for row in chosen
        if row.metal != TEMPLATE_METAL and _place(row) in lowest
    }


def _place(row: Row) -> tuple[str, str, int | None]:
    """What complexes of one series have in common."""
    return row.inchikey or "", row.geometry or "", row.coordination_number


def _below(geometry: _Geometry, base: Record, *, frames: bool) -> _Geometry | None:
    """The same geometry in `base`, its forces in the order of the atoms here."""
    for candidate in _geometries(base, frames=frames):
        order = _same_atoms(geometry.structure, candidate.structure)
        if order is not None:
            forces = None if candidate.forces is None else candidate.forces[order]
            return _Geometry(geometry.structure, forces, candidate.values)
    return None


def _same_atoms(here: Structure, there: Structure) -> NDArray[np.int64] | None:
    """Which atom of `there` stands in the place of each atom of `here`; None if one does not."""
    if len(here) != len(there):
        return None
    distances = np.linalg.norm(here.positions[:, None] - there.positions[None], axis=-1)
    order: NDArray[np.int64] = distances.argmin(axis=1)
    same = distances.min(axis=1).max() < _SAME_PLACE
    return order if same and here.symbols == tuple(there.symbols[i] for i in order) else None


def _partners(
    dataset: Dataset, rows: Sequence[Row], chosen: Sequence[Row], base: str
) -> dict[str, Row]:
    """Rows at the base level in the geometries of `chosen`, by the keys of these."""
    level, base = chosen[0].level, find_level(rows, base)
    if level == base:
        raise InputError(f"the level and its base are both {level}: give another base level")
    advice = f"compute what is missing with `{_command(dataset, base)}`"
    try:
        pairs = compare(dataset, base, level).pairs
    except InputError as error:
        raise InputError([*error.problems, advice]) from error
    # Several records may share a geometry; a pair is of one of them.
    found = {pair.b.source or pair.b.key: pair.a for pair in pairs}
    missing = [row.label for row in chosen if (row.source or row.key) not in found]
    if missing:
        first = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        raise InputError(
            f"{len(missing)} of {len(chosen)} complexes at {level} have no binding energies at "
            f"{base} in the same geometry ({first}): {advice}"
        )
    return {row.key: found[row.source or row.key] for row in chosen}


def _command(dataset: Dataset, level: str) -> str:
    """What computes `level` on the geometries of `dataset`."""
    name = next((name for name, known in LEVELS.items() if str(known) == level), level)
    return f"rarebind label {dataset.folder} --level {name}"
