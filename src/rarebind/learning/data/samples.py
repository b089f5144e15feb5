"""What a model learns from: geometries of complexes, each with the value of a target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rarebind.complexes import TEMPLATE_METAL, swap_metal
from rarebind.datasets import Dataset, Record, Row, find_level
from rarebind.datasets.selection import complexes_at
from rarebind.errors import InputError
from rarebind.learning.data.lacking import lacking_references
from rarebind.learning.data.partners import anchors, at_base, label_command
from rarebind.learning.data.sample import Sample, digest, names_of, unlabelled
from rarebind.learning.data.targets import Target
from rarebind.structures import Structure

#: Å; coordinates are stored to 1e-5 Å, and no two atoms are this near.
_SAME_PLACE = 1e-4


def load_samples(
    dataset: Dataset, target: Target, level: str, base: str | None = None, *, frames: bool = False
) -> list[Sample]:
    """The accepted complexes of `level` that have the energies asked for, in the dataset's order.

    Equation 1 needs the bare ion, the exchange energy an aqua ion of the metal.  Of complexes whose
    total energies are learned, those with equation 1 count, by which models are judged; if there
    are none, those with exchange energies.

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
    rows = dataset.rows()
    level = find_level(rows, level)
    chosen = _chosen(dataset, rows, target, level)
    partners: dict[str, Row] = {}
    if base is not None:
        partners = at_base(dataset, rows, chosen, target, base)
    elif target.anchored:
        partners = anchors(chosen)
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
        The record is no complex with the energies asked for, or `less` is missing, not wanted, or
        not what it should be.
    """
    _check(record, target, less, frames=frames)
    if less is not None and target.anchored:
        return [_of_series(record, target, less)]
    samples = []
    for number, geometry in enumerate(geometries_of(record, frames=frames)):
        forces = geometry.forces
        learned = geometry.values[target.quantity]
        if less is not None:
            below = same_geometry(geometry, less, frames=number > 0)
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
            _sample(record, geometry.structure, geometry, learned, frame=number, forces=forces)
        )
    return samples


#: What the complexes to learn from must have, what else can be learned, and what that needs not.
_NEEDS = {
    "absolute": ("binding energies", ""),
    "binding": ("energies by equation 1", "exchange, which needs no bare ion"),
    "exchange": ("exchange energies", "binding, which needs no aqua ion"),
}


def _chosen(dataset: Dataset, rows: Sequence[Row], target: Target, level: str) -> list[Row]:
    """The complexes to learn from."""
    accepted = complexes_at(rows, level)
    quantity = target.quantity
    labelled = [row for row in accepted if row.labelled]
    for column in ("binding", "exchange") if quantity == "absolute" else (quantity,):
        if chosen := [r for r in labelled if getattr(r, f"{column}_kcal_mol") is not None]:
            return chosen
    energies, otherwise = _NEEDS[quantity]
    advice = f"add what is missing, or learn {otherwise}"
    if not labelled or not otherwise:
        energies = "binding energies"
        advice = (
            f"label complexes and their references with `{label_command(dataset, level)}`, or "
            "import them together"
        )
    lacking = lacking_references(
        rows, accepted, exchange=quantity == "exchange", ion=quantity != "exchange"
    )
    needed = "" if quantity == "absolute" else f", which the target {target.name} needs,"
    raise InputError(
        f"{dataset.folder} has no accepted complex with {energies}{needed} at {level}"
        f"{f' ({lacking})' if lacking else ''}: {advice}"
    )


def _check(record: Record, target: Target, less: Record | None, *, frames: bool) -> None:
    """Whether the target can be learned of these."""
    if (target.delta or target.anchored) != (less is not None):
        raise InputError(
            f"{record.label}: the target {target.name} and something to take off do not go together"
        )
    if record.ligand is None or record.spec is None:
        raise InputError(f"{record.label} is no complex, so nothing is learned from it")
    if target.anchored and frames:
        raise InputError(
            f"the target {target.name} is of final geometries: ask for none on the way"
        )
    reference = {"binding": "bare ion", "exchange": "aqua ion"}.get(target.quantity)
    for one in (record, less) if reference else ():
        if one and one.binding and getattr(one.binding, target.quantity) is None:
            raise InputError(
                f"{one.label} has no {_NEEDS[target.quantity][0]}, which the target {target.name} "
                f"needs: there is no {reference} of {one.metal} at {one.calculation.level}"
            )


def _sample(
    record: Record,
    structure: Structure,
    known: Geometry,
    learned: float,
    **more: Any,
) -> Sample:
    """What is learned of one geometry of `record`, whose energies are `known`."""
    ligand, spec = record.ligand, record.spec
    assert ligand is not None
    assert spec is not None
    return Sample(
        structure,
        record.key,
        **names_of(spec, ligand),
        target=learned,
        # References, and what was taken off.
        binding_offset=_offset(known, "binding", learned),
        exchange_offset=_offset(known, "exchange", learned),
        origin=record.source,
        **more,
    )


def _offset(known: Geometry, quantity: str, learned: float) -> float | None:
    value = known.values.get(quantity)
    return None if value is None else value - learned


def _of_series(record: Record, target: Target, anchor: Record) -> Sample:
    """The energy is that of the relaxed complex; the geometry, what is known before it is relaxed.

    A screen has the complex of the reference metal alone, and swaps the metal.
    """
    spec = record.spec
    assert spec is not None
    (own,) = geometries_of(record, frames=False)
    reference = _reference(record, anchor)
    assert anchor.spec is not None
    return _sample(
        record,
        swap_metal(reference.structure, anchor.spec, spec.metal),
        own,
        own.values[target.quantity] - reference.values[target.quantity],
        reference=reference.structure,
    )


def _reference(record: Record, anchor: Record) -> Geometry:
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
    (final,) = geometries_of(anchor, frames=False)
    return final


@dataclass(frozen=True, eq=False)
class Geometry:
    """A geometry of a complex.

    Attributes
    ----------
    structure
    forces
        eV/Å, shape (N, 3); None where unknown.  References do not depend on the geometry, so that
        they are the same for all quantities.
    values
        In eV by :data:`~rarebind.learning.data.targets.QUANTITIES`; no equation 1 where there is
        no bare ion, no exchange energy where there is no aqua ion.
    """

    structure: Structure
    forces: NDArray[np.float64] | None
    values: Mapping[str, float]


def geometries_of(record: Record, *, frames: bool) -> Iterator[Geometry]:
    """The final geometry of a complex and, if wanted, those on the way to it.

    Raises
    ------
    InputError
        It has no binding energies.
    """
    calculation, binding = record.calculation, record.binding
    if binding is None or calculation.structure is None or calculation.energy is None:
        raise InputError(f"{record.label} has no binding energies: label its references too")
    found = {"binding": binding.binding, "exchange": binding.exchange}
    finals = {"absolute": calculation.energy}
    finals |= {name: value for name, value in found.items() if value is not None}
    yield Geometry(calculation.structure, calculation.forces, finals)
    for frame in calculation.intermediates if frames else ():
        above = frame.energy - calculation.energy
        yield Geometry(
            calculation.structure.with_positions(frame.positions),
            frame.forces,
            {name: value + above for name, value in finals.items()},
        )


def same_geometry(geometry: Geometry, base: Record, *, frames: bool) -> Geometry | None:
    """The same geometry in `base`, its forces in the order of the atoms here.

    Parameters
    ----------
    frames
        Whether to look among those on the way to the final one too.
    """
    for candidate in geometries_of(base, frames=frames):
        order = _same_atoms(geometry.structure, candidate.structure)
        if order is not None:
            forces = None if candidate.forces is None else candidate.forces[order]
            return Geometry(geometry.structure, forces, candidate.values)
    return None


def _same_atoms(here: Structure, there: Structure) -> NDArray[np.int64] | None:
    """Which atom of `there` stands in the place of each atom of `here`; None if one does not."""
    if len(here) != len(there):
        return None
    distances = np.linalg.norm(here.positions[:, None] - there.positions[None], axis=-1)
    order: NDArray[np.int64] = distances.argmin(axis=1)
    same = distances.min(axis=1).max() < _SAME_PLACE
    return order if same and here.symbols == tuple(there.symbols[i] for i in order) else None


__all__ = ["Sample", "digest", "load_samples", "samples_of", "unlabelled"]
