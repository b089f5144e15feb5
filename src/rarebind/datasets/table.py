"""One line a record: what people open in a spreadsheet and figures are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from rarebind.binding import WATER, Species
from rarebind.complexes import coordination_number, read_geometry
from rarebind.datasets.record import Record
from rarebind.engines import SCFReport
from rarebind.engines.level import with_engine
from rarebind.io.tables import read_rows, rows_text


@dataclass(frozen=True)
class Row:
    """A record without its geometry.  Units are in the names; None where it does not apply.

    Attributes
    ----------
    binding_kcal_mol
        Equation 1; None, too, for a complex without a bare ion to compare it with.
    exchange_kcal_mol, aqua_waters
        Exchange energy, and waters of the aqua ion that it refers to; None, too, for a complex
        without an aqua ion to compare it with.
    ligand_donor_distance, water_distance
        Mean distance from the metal to the ligands' donors and to the waters' oxygens, Å.
    frames
        Geometries, with forces where the record has them; the final one included.
    engine
        Program behind `level`.
    source
        Key of the record on whose geometry it was computed.
    s_squared, f_electrons
        ⟨S²⟩, and 4f electrons of the metal, where the engine tells them.
    co_ligands
        InChIKeys of a mixed complex's ligands but the first, in the order of `geometry`.
    """

    key: str
    kind: str
    label: str
    status: str
    reason: str
    metal: str | None
    ligand: str | None
    scaffold: str | None
    substituent: str | None
    geometry: str | None
    inchikey: str | None
    smiles: str | None
    charge: int
    multiplicity: int
    atoms: int
    level: str
    engine_version: str
    energy_ev: float
    binding_kcal_mol: float | None
    exchange_kcal_mol: float | None
    aqua_waters: int | None
    coordination_number: int | None
    fmax_ev_per_angstrom: float | None
    ligand_donor_distance: float | None
    water_distance: float | None
    frames: int
    gradients: int
    wall_time_s: float
    shard: str
    # Older tables end here.
    engine: str | None = None
    source: str | None = None
    s_squared: float | None = None
    f_electrons: float | None = None
    co_ligands: str | None = None

    @property
    def species(self) -> Species:
        """What it is, whatever its geometry."""
        if self.kind == "water":
            return WATER
        has: tuple[tuple[str, int], ...] = ()
        if self.geometry is None:
            only = ((self.inchikey, 1),) if self.inchikey else ()
            return Species(self.metal or "", only, names=(self.ligand or "",) * len(only))
        recipe = read_geometry(self.geometry)
        keys = (self.inchikey or "", *(self.co_ligands or "").split())
        names = (self.ligand or "", *(item.name for item in recipe.ligands[1:]))
        has = tuple(zip(keys, (item.number for item in recipe.ligands), strict=False))
        return Species(self.metal or "", has, recipe.waters or 0, names[: len(has)])

    @property
    def labelled(self) -> bool:
        """Whether it has a binding energy: equation 1, the exchange energy, or both."""
        return self.binding_kcal_mol is not None or self.exchange_kcal_mol is not None


def row_of(record: Record, shard: str = "") -> Row:
    """The line of `record`."""
    calculation, ligand = record.calculation, record.ligand
    binding = record.binding
    structure, scf = calculation.structure, calculation.scf or SCFReport()
    assert structure is not None
    assert calculation.energy is not None
    donors, waters = record.metal_donor_distances()
    kinds = () if record.spec is None else record.spec.composition.ligands
    return Row(
        key=record.key,
        kind=record.kind,
        label=record.label,
        status=calculation.status,
        reason=calculation.reason,
        metal=record.metal,
        ligand=None if ligand is None else ligand.name,
        scaffold=None if ligand is None else ligand.scaffold,
        substituent=None if ligand is None else ligand.substituent,
        geometry=record.geometry,
        inchikey=None if ligand is None else ligand.inchikey,
        smiles=None if ligand is None else ligand.smiles,
        charge=structure.charge,
        multiplicity=structure.multiplicity,
        atoms=len(structure),
        level=str(calculation.level),
        engine_version=calculation.engine_version,
        energy_ev=round(calculation.energy, 6),
        binding_kcal_mol=_rounded(None if binding is None else binding.binding_kcal, 3),
        exchange_kcal_mol=_rounded(None if binding is None else binding.exchange_kcal, 3),
        aqua_waters=None if binding is None else binding.aqua_waters,
        coordination_number=None if record.spec is None else coordination_number(structure),
        fmax_ev_per_angstrom=None if calculation.forces is None else round(calculation.fmax, 4),
        ligand_donor_distance=round(fmean(donors), 4) if donors else None,
        water_distance=round(fmean(waters), 4) if waters else None,
        frames=1 + len(calculation.intermediates),
        gradients=calculation.gradients,
        wall_time_s=round(calculation.wall_time, 2),
        shard=shard,
        engine=calculation.level.engine,
        source=record.source or None,
        s_squared=_rounded(scf.s_squared, 4),
        f_electrons=_rounded(scf.f_electrons, 3),
        co_ligands=" ".join(one.inchikey for one, _ in kinds[1:]) or None,
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def table_text(rows: Iterable[Row]) -> str:
    """`rows` as CSV with a heading; None is an empty cell."""
    return rows_text(rows, Row)


def read_table(path: Path | str) -> list[Row]:
    """The inverse of :func:`table_text`; the last columns may be missing, in older tables.

    Raises
    ------
    InputError
        As :func:`~rarebind.io.tables.read_rows` raises it.
    """
    return [_of_today(row) for row in read_rows(path, Row)]


def _of_today(row: Row) -> Row:
    """A row of an older table as it would be written now."""
    # Engines name themselves first in their version.
    engine = row.engine or row.engine_version.split(" ")[0].lower() or None
    level = with_engine(row.level, engine)
    if (engine, level) == (row.engine, row.level):
        return row
    return replace(row, engine=engine, level=level)
