"""Reference data on disk: packed extended XYZ that any program reads, and a card.

::

    FOLDER/
      README.md                          level, counts
      reference-0001.extxyz.xz …         shards, never rewritten

A frame has energy (eV) and forces (eV/Å) and, in its comment line: ``charge``; ``system``,
``donors``, ``metal`` (absent for free ligands) and ``geometry``, names of the configuration;
``fragments``, the SMILES of every ligand in the order of the atoms; ``level``; ``key``.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rarebind.campaigns.reference.plan import Point
from rarebind.campaigns.store import Store
from rarebind.engines import Calculation, LevelOfTheory
from rarebind.errors import InputError
from rarebind.io.files import make_folder, replace_file, write_packed
from rarebind.io.xyz import read_frames
from rarebind.structures import Structure

_PATTERN = "reference-*.extxyz.xz"
_TEXTS = ("system", "donors", "geometry", "level", "key")


@dataclass(frozen=True, eq=False)
class Reference:
    """One geometry with its energy and forces.

    Attributes
    ----------
    structure
    energy, forces
        eV; eV/Å, shape (N, 3).
    metal
        None for a free ligand.
    fragments
        SMILES of every ligand in the order of the atoms, which come after the metal.
    system, donors, geometry, level, key
        See :class:`~rarebind.campaigns.reference.plan.Point`.
    """

    structure: Structure
    energy: float
    forces: NDArray[np.float64]
    metal: str | None
    fragments: tuple[str, ...]
    system: str
    donors: str
    geometry: str
    level: str
    key: str


def publish(points: Sequence[Point], results: Store, folder: Path) -> list[tuple[Path, int]]:
    """Write finished points that no shard has yet into a new shard, and the card anew.

    Returns
    -------
    list
        Files made and their numbers of geometries; empty if there is nothing new.

    Raises
    ------
    InputError
        The folder cannot be written, or what is there was computed at another level.
    """
    make_folder(folder)
    there = list(read_references(folder))
    new = [
        (point, calculation)
        for point in not_among(points, there)
        if (calculation := results.get(point.task.key)) is not None and calculation.ok
    ]
    if not new:
        return []
    levels = {one.level for one in there} | {str(calculation.level) for _, calculation in new}
    if len(levels) > 1:
        raise InputError(f"{folder}: levels would mix: {'; '.join(sorted(levels))}")
    number = len(list(folder.glob(_PATTERN))) + 1
    path = folder / _PATTERN.replace("*", f"{number:04d}")
    write_packed(path, "".join(_frame(*one) for one in new))
    replace_file(folder / "README.md", card(list(read_references(folder))))
    return [(path, len(new))]


def not_among(points: Sequence[Point], published: Iterable[Reference]) -> list[Point]:
    """Those points that are not published yet."""
    known = {reference.key for reference in published}
    return [point for point in points if point.task.key not in known]


def restore(points: Sequence[Point], published: Iterable[Reference], results: Store) -> None:
    """Put published points into a store that lacks them, for those that follow them."""
    by_key = {reference.key: reference for reference in published}
    for point in points:
        reference = by_key.get(point.task.key)
        if reference is not None and results.get(point.task.key) is None:
            arguments = point.task.arguments
            level = LevelOfTheory(**arguments.get("reference", arguments["level"]))
            results.put(
                point.task,
                Calculation(
                    "static", level, reference.structure, reference.energy, reference.forces,
                    engine_version=point.task.versions[0],
                ),
            )  # fmt: skip


def read_references(folder: Path | str) -> Iterator[Reference]:
    """All geometries of a dataset, shard by shard.

    Raises
    ------
    InputError
        A shard is damaged, or a frame has no forces or lacks a field; file and line are named.
    """
    for path in sorted(Path(folder).glob(_PATTERN)):
        for frame in read_frames(path):
            atoms = frame.atoms()
            results = {} if atoms.calc is None else atoms.calc.results
            absent = [name for name in (*_TEXTS, "fragments", "charge") if name not in atoms.info]
            absent += [name for name in ("energy", "forces") if name not in results]
            if absent:
                raise InputError(f"{frame.where}: the frame has no {', '.join(absent)}")
            yield Reference(
                Structure.from_ase(atoms),
                float(results["energy"]),
                np.asarray(results["forces"]),
                atoms.info.get("metal"),
                tuple(str(atoms.info["fragments"]).split()),
                **{name: str(atoms.info[name]) for name in _TEXTS},
            )


def _frame(point: Point, calculation: Calculation) -> str:
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write

    assert calculation.structure is not None
    atoms = calculation.structure.to_ase()
    atoms.info = {
        "charge": calculation.structure.charge,
        "system": point.system,
        "donors": point.donors,
        "geometry": point.geometry,
        "fragments": " ".join(point.smiles),
        "level": str(calculation.level),
        "key": point.task.key,
    }
    if point.metal is not None:
        atoms.info["metal"] = point.metal
    atoms.calc = SinglePointCalculator(atoms, energy=calculation.energy, forces=calculation.forces)
    text = io.StringIO()
    write(text, atoms, format="extxyz")
    return text.getvalue()


def card(references: Sequence[Reference]) -> str:
    """What a dataset holds, in Markdown."""
    metals = Counter(one.metal or "free ligands" for one in references)
    systems = Counter((one.system, one.donors) for one in references if one.metal)
    geometries = Counter(one.geometry for one in references if one.metal)
    lines = [
        "# Reference energies and forces",
        "",
        f"{len(references)} geometries at {references[0].level}, 4f in the core.",
        "Made by `rarebind reference run` and `rarebind reference publish`;",
        "`rarebind.campaigns.reference.shards` says what the fields of a frame are.",
        "Energies in eV, forces in eV/Å, positions in Å.",
        "",
    ]
    for heading, counts in (
        (("metal",), {(name,): number for name, number in metals.items()}),
        (("system", "donors"), dict(sorted(systems.items()))),
        (("geometry",), {(name,): number for name, number in sorted(geometries.items())}),
    ):
        lines += [f"| {' | '.join(heading)} | geometries |", "|---" * (len(heading) + 1) + "|"]
        lines += [f"| {' | '.join(names)} | {number} |" for names, number in counts.items()]
        lines.append("")
    return "\n".join(lines)
