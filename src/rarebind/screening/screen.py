"""Screen ligands against metals: every complex built, relaxed, checked and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import BindingEnergy, binding_energy, exchange_energy, stablest_aqua
from rarebind.campaigns import (
    AQUA_WATERS,
    Protocol,
    Store,
    Task,
    TaskFactory,
    run_tasks,
    with_ancestors,
)
from rarebind.campaigns.run import Listener
from rarebind.complexes import (
    DEFAULT_COORDINATION_NUMBER,
    ComplexSpec,
    complex_spec,
    coordination_number,
)
from rarebind.elements import rare_earth
from rarebind.engines import Calculation
from rarebind.errors import InputError
from rarebind.ligands import Ligand


@dataclass(frozen=True)
class Entry:
    """One ligand with one metal.

    Attributes
    ----------
    spec
    binding
        None when a calculation failed or the complex was rejected.
    calculation
        The relaxed complex, also when it was rejected.
    reason
        Why there is no binding energy; empty otherwise.
    """

    spec: ComplexSpec
    binding: BindingEnergy | None
    calculation: Calculation
    reason: str = ""

    @property
    def ligand(self) -> Ligand:
        """The ligand screened."""
        assert self.spec.ligand is not None
        return self.spec.ligand


@dataclass(frozen=True)
class Screen:
    """The answer of :func:`screen`: entries ligand by ligand, metal by metal."""

    entries: tuple[Entry, ...]
    metals: tuple[str, ...]
    geometry: str
    protocol: Protocol

    @property
    def failures(self) -> tuple[Entry, ...]:
        """Entries without a binding energy."""
        return tuple(entry for entry in self.entries if entry.binding is None)


@dataclass(frozen=True)
class _Plan:
    water: Task
    ions: Mapping[str, Task]
    aqua: Mapping[tuple[str, int], Task]
    ligands: Mapping[str, Task]
    complexes: Sequence[tuple[ComplexSpec, Task]]

    def tasks(self) -> list[Task]:
        """Longest chains first, so that no core waits for them at the end."""
        references = [self.water, *self.ions.values(), *self.aqua.values()]
        return [task for _, task in self.complexes] + [*self.ligands.values(), *references]


def specs_for(
    ligands: Sequence[Ligand],
    metals: Sequence[str],
    geometry: str,
    coordination_number: int = DEFAULT_COORDINATION_NUMBER,
) -> list[ComplexSpec]:
    """Every ligand with every metal, validated before anything is computed.

    Raises
    ------
    InputError
        All unknown or repeated metals, and all ligands that the geometry does not fit.
    """
    problems = _metal_problems(metals) if metals else ["no metals given: name some, as La Eu Lu"]
    if not ligands:
        problems.append("no ligands given")
    specs = []
    for ligand in ligands if not problems else ():
        try:
            first = complex_spec(metals[0], ligand, geometry, coordination_number)
        except InputError as error:
            problems += error.problems
        else:
            specs += [first.with_metal(metal) for metal in metals]
    if problems:
        raise InputError(dict.fromkeys(problems))
    return specs


def _metal_problems(metals: Sequence[str]) -> list[str]:
    problems = []
    if repeated := sorted({m for m in metals if list(metals).count(m) > 1}):
        problems.append(f"metals given more than once: {', '.join(repeated)}")
    for metal in dict.fromkeys(metals):
        try:
            rare_earth(metal)
        except InputError as error:
            problems += error.problems
    return problems


def screen(
    ligands: Sequence[Ligand],
    metals: Sequence[str],
    geometry: str,
    store: Store,
    *,
    coordination_number: int = DEFAULT_COORDINATION_NUMBER,
    protocol: Protocol | None = None,
    workers: int | None = None,
    on_done: Listener | None = None,
    on_total: Callable[[int], None] | None = None,
) -> Screen:
    """Binding energies of every ligand with every metal.

    Parameters
    ----------
    ligands, metals
        What to combine.
    geometry
        Ligands:waters, e.g. ``1:6``, or ligands alone (see
        :func:`~rarebind.complexes.complex_spec`).
    store
        Finished calculations are taken from it, new ones added at once.
    coordination_number
        Donor atoms around the metal.
    protocol
        Level of theory, builder, seed and so on.
    workers
        Worker processes; by default one a core.
    on_done
        Told of every calculation that ends.
    on_total
        Told at the start how many there are.

    Raises
    ------
    InputError
        Before anything is computed, when the input cannot be used.
    """
    specs = specs_for(ligands, metals, geometry, coordination_number)
    protocol = protocol or Protocol()
    plan = plan_screen(specs, protocol)
    tasks = with_ancestors(plan.tasks())
    if on_total is not None:
        on_total(len(tasks))
    results = run_tasks(tasks, store, workers=workers, on_done=on_done)
    entries = tuple(_entry(spec, task, plan, results, protocol) for spec, task in plan.complexes)
    return Screen(entries, tuple(metals), geometry, protocol)


def plan_screen(specs: Sequence[ComplexSpec], protocol: Protocol) -> _Plan:
    """The tasks behind `specs`, references included."""
    factory = TaskFactory(protocol)
    metals = list(dict.fromkeys(spec.metal for spec in specs))
    ligands = {spec.ligand.inchikey: spec.ligand for spec in specs if spec.ligand is not None}
    return _Plan(
        water=factory.water(),
        ions={metal: factory.ion(metal) for metal in metals},
        aqua={(metal, n): factory.aqua(metal, n) for metal in metals for n in AQUA_WATERS},
        ligands={key: factory.ligand(ligand) for key, ligand in ligands.items()},
        complexes=[(spec, factory.complex(spec)) for spec in specs],
    )


def _entry(
    spec: ComplexSpec,
    task: Task,
    plan: _Plan,
    results: Mapping[str, Calculation],
    protocol: Protocol,
) -> Entry:
    assert spec.ligand is not None
    needed = [task, plan.ligands[spec.ligand.inchikey], plan.water, plan.ions[spec.metal]]
    for part in needed:
        calculation = results[part.key]
        if not calculation.ok:
            reason = f"{part.label} {calculation.status}: {calculation.reason}"
            return Entry(spec, None, results[task.key], reason)
    energies = [results[part.key].energy for part in needed]
    complex_energy, ligand_energy, water_energy, ion_energy = (e for e in energies if e is not None)
    aqua = {
        n: energy
        for n in AQUA_WATERS
        if results[plan.aqua[spec.metal, n].key].ok
        and (energy := results[plan.aqua[spec.metal, n].key].energy) is not None
    }
    if not aqua:
        reason = f"no aqua ion of {spec.metal} passed its checks"
        return Entry(spec, None, results[task.key], reason)
    aqua_waters, aqua_energy = stablest_aqua(aqua, water_energy)
    structure = results[task.key].structure
    assert structure is not None
    binding = BindingEnergy(
        spec=spec,
        level=protocol.level,
        binding=binding_energy(
            complex_energy, ion_energy, ligand_energy, spec.n_ligands, water_energy, spec.waters
        ),
        exchange=exchange_energy(
            complex_energy, aqua_energy, aqua_waters, ligand_energy, spec.n_ligands,
            water_energy, spec.waters,
        ),
        aqua_waters=aqua_waters,
        coordination_number=coordination_number(structure),
    )  # fmt: skip
    return Entry(spec, binding, results[task.key])
