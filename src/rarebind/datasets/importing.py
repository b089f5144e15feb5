"""Import of foreign extended XYZ: what each frame is follows from its structure alone."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from pathlib import Path

from rarebind.binding import BindingEnergy, label_if_possible, lowest
from rarebind.complexes import checked
from rarebind.datasets.foreign import ForeignFrame, read_foreign
from rarebind.datasets.infer import (
    Catalogue,
    Identified,
    UnknownFragmentsError,
    identify,
    library,
)
from rarebind.datasets.lone_ions import check_is_ion, other_charges
from rarebind.datasets.magnitudes import GFN2, check_magnitude, method_family, unit_in_ev
from rarebind.datasets.proposals import Proposal, Proposals
from rarebind.datasets.record import Record
from rarebind.engines import Calculation, LevelOfTheory, has_frozen_4f
from rarebind.errors import CalculationError, InputError, located
from rarebind.io.codec import to_data
from rarebind.io.xyz import XYZFrame, read_frames
from rarebind.ligands import Ligand, common_ligands
from rarebind.structures import Structure


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
    """The outcome of :func:`import_xyz`: what was recognised and what was not, in their order.

    Attributes
    ----------
    records, unmatched
    unread
        Fields and columns that say nothing here, and in how many frames they are.
    proposals
        Ligands that nobody named, as the structures have them.
    """

    records: tuple[Record, ...]
    unmatched: tuple[Unmatched, ...]
    unread: Mapping[str, int]
    proposals: tuple[Proposal, ...] = ()


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
    may stand in any order; see :func:`~rarebind.datasets.infer.identify`.  A frame that says
    another charge or multiplicity is not imported, nor a neutral rare-earth atom: by its charge,
    or by its energy (:mod:`~rarebind.datasets.lone_ions`).  Complexes whose free
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
        Name of the energy; default is ``total_energy``, else ``energy``, ``REF_energy`` or
        ``dft_energy``; forces are read by such names too.
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
    records: list[tuple[Record, XYZFrame, ForeignFrame]] = []
    unmatched: list[Unmatched] = []
    unread: Counter[str] = Counter()
    proposals = Proposals()
    for frame in read_frames(path):
        read = read_foreign(frame, energy_key)
        unread.update(read.unread)
        try:
            records.append((_record(frame, read, catalogue, level, unit, scale), frame, read))
        except CalculationError as error:
            unmatched.append(Unmatched(frame.path, frame.line, str(error)))
            if isinstance(error, UnknownFragmentsError):
                proposals.add(error, read.charge)
    if not records and not unmatched:
        raise InputError(f"{path} is empty: expected frames of extended XYZ")
    others = _other_charges(records)
    unmatched += [Unmatched(frame.path, frame.line, others[i])
                  for i, (_, frame, _) in enumerate(records) if i in others]  # fmt: skip
    return ImportReport(
        _labelled([record for i, (record, _, _) in enumerate(records) if i not in others]),
        tuple(sorted(unmatched, key=attrgetter("line"))),
        unread,
        proposals.found(),
    )


def _record(
    frame: XYZFrame,
    read: ForeignFrame,
    catalogue: Catalogue,
    level: LevelOfTheory,
    unit: str,
    scale: float,
) -> Record:
    with located(frame.where):
        found = identify(read.symbols, read.positions, catalogue)
        _check_state(read, found, level)
        if found.kind == "ion" and read.charge is None:
            check_is_ion(
                read.symbols[0], read.energy * scale, level, said_isolated=read.is_isolated_atom
            )
        check_magnitude(read.symbols, read.energy, unit, level)
    calculation = _calculation(read, found, level, scale)
    return Record(
        found.kind,
        calculation if found.spec is None else checked(calculation, found.spec),
        found.spec,
        found.ligand,
        key=_key(calculation),
        label=found.label,
    )


def _check_state(read: ForeignFrame, found: Identified, level: LevelOfTheory) -> None:
    """Whether charge and multiplicity are those that a frame says, where it says them."""
    if read.charge is not None and read.charge != found.charge:
        raise CalculationError(
            f"the frame has the charge {read.charge:+d}, but {found.label} has {found.charge:+d}"
        )
    # With 4f electrons in the core, every M3+ is closed-shell.
    frozen = has_frozen_4f(level) or method_family(level) == GFN2
    possible = {found.multiplicity, 1} if frozen else {found.multiplicity}
    if read.spins and not possible.intersection(read.spins):
        raise CalculationError(
            f"the frame has the multiplicity {read.spins[0]}, but {found.label} has "
            f"{found.multiplicity}"
        )


def _other_charges(records: Sequence[tuple[Record, XYZFrame, ForeignFrame]]) -> dict[int, str]:
    """Frames of a metal alone that are not M3+, by their places, and why."""
    metals: dict[str, list[int]] = {}
    for place, (record, _, _) in enumerate(records):
        if record.kind == "ion":
            metals.setdefault(str(record.metal), []).append(place)
    found: dict[int, str] = {}
    for metal, places in metals.items():
        energies = [_ev(records[i][0].calculation) for i in places]
        is_said = [records[i][2].charge is not None for i in places]
        found |= {places[k]: why for k, why in other_charges(energies, is_said, metal).items()}
    return found


def _calculation(
    read: ForeignFrame, found: Identified, level: LevelOfTheory, scale: float
) -> Calculation:
    order = list(found.order)
    return Calculation(
        verb="static",
        level=level,
        structure=Structure(
            tuple(read.symbols[i] for i in order),
            read.positions[order],
            found.charge,
            found.multiplicity,
        ),
        energy=read.energy * scale,
        forces=None if read.forces is None else read.forces[order] * scale,
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
