"""Records in the bare form of the reference study: elements, positions and an energy."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from rarebind.datasets.magnitudes import unit_in_ev
from rarebind.datasets.record import Record
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.files import write_packed


def write_bare(
    records: Iterable[Record],
    path: Path | str,
    unit: str = "Hartree",
    key: str = "total_energy",
    forces: bool = False,
) -> None:
    """Write the final geometry of each record, whole or not at all.

    Charge, metal, ligand, level and status are left out: they follow from the structure or are
    declared anew on import.  So leave out rejected records that should not come back as good ones.

    Parameters
    ----------
    records
        One frame each, in their order.
    path
        Extended XYZ; packed where the name ends in ``.xz``, ``.gz`` or ``.bz2``.
    unit
        ``eV`` or ``Hartree``, of energies; forces are in the same unit per Å.
    key
        Name of the energy.
    forces
        Whether to write them.

    Raises
    ------
    InputError
        The unit is unknown, there are no records, they are of several levels of theory, which the
        file would not tell apart, a record has no forces though they are asked for, or the file
        cannot be written.
    """
    path = Path(path)
    scale = unit_in_ev(unit)
    levels: set[LevelOfTheory] = set()
    frames = []
    for record in records:
        levels.add(record.calculation.level)
        frames.append(_frame(record, scale, key, forces))
    if len(levels) > 1:
        named = ", ".join(sorted(map(str, levels)))
        raise InputError(f"bare records of several levels of theory cannot be told apart: {named}")
    text = "".join(frames)
    if not text:
        raise InputError(f"no records to write to {path}")
    write_packed(path, text)


def _frame(record: Record, scale: float, key: str, forces: bool) -> str:
    calculation = record.calculation
    structure = calculation.structure
    assert structure is not None
    assert calculation.energy is not None
    columns, properties = structure.positions, "species:S:1:pos:R:3"
    if forces:
        if calculation.forces is None:
            raise InputError(f"{record.label} has no forces: write the file without them")
        columns = np.hstack([columns, calculation.forces / scale])
        properties += ":forces:R:3"
    lines = [
        str(len(structure)),
        f"Properties={properties} {key}={calculation.energy / scale:.10f}",
    ]
    lines += [
        f"{symbol:<2}" + "".join(f" {value:15.8f}" for value in row)
        for symbol, row in zip(structure.symbols, columns.tolist(), strict=True)
    ]
    return "\n".join(lines) + "\n"
