"""Computed constants of every ligand and metal of a table of measured ones, as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rarebind.binding.free_energy import TEMPERATURE
from rarebind.campaigns import Store
from rarebind.ligands import Ligand, parse_ligand
from rarebind.screening.request import Request
from rarebind.screening.screen import Screen, Watch
from rarebind.screening.stability import Stability, compute_stability
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    import pandas as pd

#: One ligand, with as many waters as there is room for.
_GEOMETRY = "1"


@dataclass(frozen=True)
class Job:
    """How constants are computed.

    Attributes
    ----------
    metals
    engine
        With its default level, unless `level` names another.
    level
    water_release
        Free energy of a water set free, kcal/mol; None: that of the level, where one is known.
    seed
    workers
        Processes; None: one a core.
    """

    metals: tuple[str, ...]
    engine: str = "tblite"
    level: str | None = None
    water_release: float | None = None
    seed: int = 111111
    workers: int | None = None


@dataclass(frozen=True)
class Computed:
    """A line of the table.

    Attributes
    ----------
    ligand, smiles, metal
        As in the table of measured constants.
    level
        Of theory.
    computed_log_k
        −ΔG/RT ln 10 at 298.15 K; None where there is none.
    energy_kcal, free_energy_kcal
        ΔE and ΔG in kcal/mol.
    waters, aqua_waters, waters_set_free
        Of the complex, of the aqua ion, and their difference.
    coordination_number
        Donor atoms found around the metal.
    reason
        Why there is no constant; else empty.
    """

    ligand: str
    smiles: str
    metal: str
    level: str
    computed_log_k: float | None = None
    energy_kcal: float | None = None
    free_energy_kcal: float | None = None
    waters: int | None = None
    aqua_waters: int | None = None
    waters_set_free: int | None = None
    coordination_number: int | None = None
    reason: str = ""


def compute_constants(
    measured: pd.DataFrame, job: Job, store: Store, watch: Watch | None = None
) -> list[Computed]:
    """Compute the constants of every ligand of a table with some metals.

    Parameters
    ----------
    measured
        As :func:`rarebind.experiment.select_series` gives it.
    job
    store
        What is there already is not computed again.
    watch
        Told how far it is.

    Returns
    -------
    list
        One a ligand and metal, in the order of the table.

    Raises
    ------
    InputError
        All that cannot be used; nothing has been computed then.
    """
    ligands = ligands_of(measured)
    request = Request(
        ligands=tuple(ligands.values()), metals=job.metals, geometries=(_GEOMETRY,),
        engine=job.engine, level=job.level, water_release=job.water_release, seed=job.seed,
        workers=job.workers,
    )  # fmt: skip
    found = request.prepared().run(store, watch)
    constants = compute_stability(
        found, store, temperature=TEMPERATURE, workers=job.workers, watch=watch
    )
    return _lines(ligands, found, constants)


def ligands_of(measured: pd.DataFrame) -> dict[str, Ligand]:
    """The ligands of a table by their SMILES there, each once, with their names."""
    named = measured.drop_duplicates("inchikey")
    return {
        smiles: parse_ligand(smiles, name)
        for smiles, name in zip(named["smiles"], named["ligand"], strict=True)
    }


def _lines(
    ligands: dict[str, Ligand], found: Screen, constants: Sequence[Stability]
) -> list[Computed]:
    level = str(found.protocol.level)
    by_pair = {(one.entry.ligand.inchikey, one.entry.spec.metal): one for one in constants}
    left_out = {one.smiles: one.reason for one in found.rejected}
    lines = []
    for smiles, ligand in ligands.items():
        for metal in found.metals:
            one = by_pair.get((ligand.inchikey, metal))
            if one is None:
                reason = left_out.get(ligand.smiles, "left out")
                lines.append(Computed(ligand.name, smiles, metal, level, reason=reason))
            else:
                lines.append(_line(smiles, level, one))
    return lines


def _line(smiles: str, level: str, one: Stability) -> Computed:
    binding = one.entry.binding
    return Computed(
        one.entry.ligand.name, smiles, one.entry.spec.metal, level,
        one.log_k, _kcal(one.energy), _kcal(one.free_energy),
        one.entry.spec.waters, one.aqua_waters, one.waters_set_free,
        None if binding is None else binding.coordination_number, one.reason,
    )  # fmt: skip


def _kcal(energy: float | None) -> float | None:
    return None if energy is None else energy * KCAL_PER_EV
