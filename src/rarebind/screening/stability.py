"""Free energies behind a screen that was computed, and the stability constants these give.

Every complex with a binding energy, its ligands, the water and the aqua ion that it is compared
with are relaxed closely, and their vibrations are computed: 6N gradients of N atoms each.  What a
screen has only predicted is relaxed first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import Species, aqua_exchange, reaction_energy
from rarebind.binding.free_energy import (
    TEMPERATURE,
    log_k,
    reaction_free_energy,
    thermal_free_energy,
)
from rarebind.campaigns import Store, Task, TaskFactory, run_tasks, with_ancestors
from rarebind.complexes import ComplexSpec, aqua_ion
from rarebind.engines import Calculation
from rarebind.errors import InputError
from rarebind.screening.computed import Plan, plan_screen
from rarebind.screening.screen import Entry, Screen, Watch
from rarebind.screening.shells import plan_chosen


@dataclass(frozen=True)
class Stability:
    """Free energy of [M(H2O)m]3+ + ligands → complex + waters, as computed and nothing else.

    Attributes
    ----------
    entry
        Of the screen.
    temperature
        K.
    aqua_waters
        Waters of the aqua ion; None without one.
    energy, free_energy
        ΔE without, ΔG with the thermal part, solutes at 1 mol/L and water pure, eV; None where a
        species has no usable result.
    reason
        Why there are none; else empty.
    """

    entry: Entry
    temperature: float
    aqua_waters: int | None = None
    energy: float | None = None
    free_energy: float | None = None
    reason: str = ""

    @property
    def waters_set_free(self) -> int | None:
        """By the complex as it is formed."""
        return None if self.aqua_waters is None else self.aqua_waters - self.entry.spec.waters

    @property
    def log_k(self) -> float | None:
        """−ΔG/RT ln 10: log K of one ligand, log β of several."""
        return None if self.free_energy is None else log_k(self.free_energy, self.temperature)


def compute_stability(
    found: Screen,
    store: Store,
    *,
    temperature: float = TEMPERATURE,
    workers: int | None = None,
    watch: Watch | None = None,
) -> tuple[Stability, ...]:
    """Free energies of every entry of a screen, in its order.

    Parameters
    ----------
    found
        A screen that has ended.
    store
        Of the screen, so that no geometry is relaxed twice.
    temperature
        K.
    workers
        Processes; default: one a core.
    watch
        Told how far it is.

    Raises
    ------
    InputError
        The temperature is not positive.
    """
    if not temperature > 0:
        raise InputError(f"temperature must be positive, got {temperature} K")
    watch = watch or Watch()
    usable = [entry for entry in found.entries if entry.binding is not None]
    plan = _geometries(usable, found)
    factory = TaskFactory(found.protocol)
    modes = {
        species: factory.vibrations(task, spec) for species, task, spec in _species(usable, plan)
    }
    tasks = with_ancestors(modes.values())
    watch.on_stage("vibrations")
    watch.on_total(len(tasks))
    results = run_tasks(tasks, store, workers=workers, on_done=watch.on_done)
    computed = {species: results[task.key] for species, task in modes.items()}
    return tuple(_stability(entry, computed, temperature) for entry in found.entries)


def _geometries(entries: Sequence[Entry], found: Screen) -> Plan:
    if found.water_release is None:
        return plan_screen([entry.spec for entry in entries], found.protocol)
    return plan_chosen(entries, found.protocol)


def _species(
    entries: Sequence[Entry], plan: Plan
) -> list[tuple[Species, Task, ComplexSpec | None]]:
    """What has vibrations that are needed, with the tasks of its geometry."""
    wanted = {
        Species(entry.spec.metal, waters=waters)
        for entry in entries
        if (waters := _aqua_waters(entry)) is not None
    }
    rows: list[tuple[Species, Task, ComplexSpec | None]] = [
        (Species.of(spec), task, spec) for spec, task in plan.complexes
    ]
    for species, task in plan.references.items():
        if species.kind == "aqua" and species in wanted:
            rows.append((species, task, aqua_ion(species.metal, species.waters)))
        elif species.kind in {"ligand", "water"}:
            rows.append((species, task, None))
    return rows


def _aqua_waters(entry: Entry) -> int | None:
    return None if entry.binding is None else entry.binding.aqua_waters


def _stability(
    entry: Entry, computed: Mapping[Species, Calculation], temperature: float
) -> Stability:
    waters = _aqua_waters(entry)
    if waters is None:
        return Stability(entry, temperature, reason=entry.reason or "no exchange energy")
    reaction = aqua_exchange(Species.of(entry.spec), waters)
    energies, free = {}, {}
    reasons = []
    for species in reaction:
        one = computed[species]
        if not one.ok or one.energy is None or one.structure is None or one.wavenumbers is None:
            reasons.append(f"vibrations of {species} {one.status}: {one.reason}")
            continue
        energies[species] = one.energy
        thermal = thermal_free_energy(one.structure, one.wavenumbers, temperature)
        free[species] = one.energy + thermal
    if reasons:
        return Stability(entry, temperature, waters, reason="; ".join(reasons))
    return Stability(
        entry,
        temperature,
        waters,
        reaction_energy(reaction, energies),
        reaction_free_energy(reaction, free, temperature),
    )
