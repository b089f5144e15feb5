"""Screen by calculation: every complex built, relaxed, checked and compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import BindingEnergy, Species, failures, label_complex
from rarebind.campaigns import (
    Protocol,
    Store,
    Task,
    TaskFactory,
    reference_results,
    reference_tasks,
    run_tasks,
    with_ancestors,
)
from rarebind.campaigns.run import Ended
from rarebind.complexes import ComplexSpec
from rarebind.engines import Calculation
from rarebind.errors import CalculationError
from rarebind.screening.screen import Entry, Screen, Watch


@dataclass(frozen=True)
class Plan:
    """The tasks of a screen.

    Attributes
    ----------
    complexes
        Every complex with its task.
    references
        What they are compared with.
    protocol
        Of all tasks.
    """

    complexes: Sequence[tuple[ComplexSpec, Task]]
    references: Mapping[Species, Task]
    protocol: Protocol

    def tasks(self) -> list[Task]:
        """Longest chains first, so that no core waits for them at the end."""
        return [task for _, task in self.complexes] + [*self.references.values()]


def plan_screen(specs: Sequence[ComplexSpec], protocol: Protocol) -> Plan:
    """The tasks behind `specs`, references included; nothing is computed.

    Raises
    ------
    InputError
        A builder or engine cannot do what is asked for.
    """
    factory = TaskFactory(protocol)
    complexes = [(spec, factory.complex(spec)) for spec in specs]
    return Plan(complexes, reference_tasks(specs, factory), protocol)


def compute(
    plan: Plan,
    store: Store,
    *,
    workers: int | None = None,
    watch: Watch | None = None,
    told: Collection[str] = (),
) -> list[Entry]:
    """Run the tasks of a plan; what is in the store already is not computed again.

    Parameters
    ----------
    store
        Finished calculations are taken from it, new ones added at once.
    workers
        Worker processes; by default one a core.
    watch
        Told how far it is.
    told
        Keys of tasks that the watch has been told of before.
    """
    watch = watch or Watch()
    tasks = with_ancestors(plan.tasks())
    watch.on_total(len({task.key for task in tasks}.union(told)))

    def done(ended: Ended) -> None:
        if ended.task.key not in told:
            watch.on_done(ended)

    results = run_tasks(tasks, store, workers=workers, on_done=done)
    return [_entry(spec, task, plan, results) for spec, task in plan.complexes]


def screen_by_calculation(
    plan: Plan, store: Store, *, workers: int | None = None, watch: Watch | None = None
) -> Screen:
    """Binding energies of every complex of a plan by the engine of its protocol.

    Parameters
    ----------
    store, workers, watch
        As for :func:`compute`.
    """
    entries = compute(plan, store, workers=workers, watch=watch)
    return Screen.of(entries, plan.protocol)


def label(
    spec: ComplexSpec, calculation: Calculation, plan: Plan, results: Mapping[str, Calculation]
) -> tuple[BindingEnergy | None, str]:
    """Binding energies of a complex of `plan`, and why there are none or what they do without.

    Parameters
    ----------
    results
        Of the references, by the keys of their tasks.
    """
    references = reference_results(spec, plan.references, results)
    try:
        binding = label_complex(spec, calculation, references, need_exchange=True)
    except CalculationError as error:
        return None, str(error)
    return binding, "; ".join(failures(references))


def _entry(spec: ComplexSpec, task: Task, plan: Plan, results: Mapping[str, Calculation]) -> Entry:
    calculation = results[task.key]
    binding, reason = label(spec, calculation, plan, results)
    return Entry(spec, binding, calculation, reason)
