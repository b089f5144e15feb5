"""Screen ligands against metals: every complex built, relaxed, checked and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import BindingEnergy, label_complex
from rarebind.campaigns import (
    Protocol,
    ReferenceTasks,
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
)
from rarebind.elements import rare_earth
from rarebind.engines import Calculation
from rarebind.errors import CalculationError, InputError
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
    references: ReferenceTasks
    complexes: Sequence[tuple[ComplexSpec, Task]]

    def tasks(self) -> list[Task]:
        """Longest chains first, so that no core waits for them at the end."""
        return [task for _, task in self.complexes] + self.references.tasks()


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
    entries = tuple(_entry(spec, task, plan, results) for spec, task in plan.complexes)
    return Screen(entries, tuple(metals), geometry, protocol)


def plan_screen(specs: Sequence[ComplexSpec], protocol: Protocol) -> _Plan:
    """The tasks behind `specs`, references included."""
    factory = TaskFactory(protocol)
    return _Plan(
        references=ReferenceTasks.of(specs, factory),
        complexes=[(spec, factory.complex(spec)) for spec in specs],
    )


def _entry(spec: ComplexSpec, task: Task, plan: _Plan, results: Mapping[str, Calculation]) -> Entry:
    calculation = results[task.key]
    try:
        binding = label_complex(spec, calculation, plan.references.results(spec, results))
    except CalculationError as error:
        return Entry(spec, None, calculation, str(error))
    return Entry(spec, binding, calculation)
