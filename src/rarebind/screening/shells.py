"""Screen with numbers of waters chosen for each metal, of complexes and of aqua ions.

Two neighbouring numbers of donor atoms are relaxed, 8 and 9 where ligands leave room, then on
beyond the lower: that of lowest G(n), of 7 to 10, is taken; see :mod:`rarebind.binding.hydration`.
A complex that the checks turn down (a water that leaves, say) is none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rarebind.binding import (
    WATER,
    BindingEnergy,
    Species,
    failures,
    for_sites,
    in_shell,
    label_complex,
    to_try,
)
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
from rarebind.complexes import (
    SHELL,
    ComplexSpec,
    aqua_ion,
    first_number,
    further_donors,
    shell_numbers,
    with_waters,
)
from rarebind.engines import Calculation
from rarebind.errors import CalculationError
from rarebind.screening.asked import Asked
from rarebind.screening.computed import Plan
from rarebind.screening.screen import Entry, Screen, Watch

Results = Mapping[str, Calculation]


@dataclass
class Shell:
    """A complex or aqua ion, and the numbers of donor atoms that are tried.

    Attributes
    ----------
    spec
        With one number of waters.
    numbers
        Donor atoms that it may have.
    make
        The task of one of its numbers.
    open_as
        The geometry that leaves the number open; else empty.
    tasks
        Of the numbers tried so far.
    """

    spec: ComplexSpec
    numbers: range
    make: Callable[[ComplexSpec], Task]
    open_as: str = ""
    tasks: dict[int, Task] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._try(to_try({}, self.numbers, first_number(self.spec)) or self.numbers)

    def at(self, number: int) -> ComplexSpec:
        """With so many donor atoms."""
        return with_waters(self.spec, self.spec.waters + number - self.spec.coordination_number)

    def grow(self, results: Results, water: float, release: float) -> bool:
        """Add the numbers that are to be tried next; whether there are any."""
        energies = self._energies(results, water, release)
        return self._try(to_try(energies, self.numbers, first_number(self.spec)))

    def best(self, results: Results, water: float, release: float) -> int | None:
        """Donor atoms of that of lowest free energy; None where there is none at all."""
        energies = self._energies(results, water, release)
        lowest = min(energies, key=energies.__getitem__)
        return None if math.isinf(energies[lowest]) else lowest

    def _try(self, numbers: Sequence[int]) -> bool:
        self.tasks |= {number: self.make(self.at(number)) for number in numbers}
        return bool(numbers)

    def _energies(self, results: Results, water: float, release: float) -> dict[int, float]:
        found = {}
        for number, task in self.tasks.items():
            one = results[task.key]
            usable = one.ok and one.energy is not None
            energy = one.energy if usable and one.energy is not None else math.inf
            found[number] = in_shell(energy, self.at(number).waters, water, release)
        return found


@dataclass(frozen=True)
class ShellPlan:
    """The tasks of a screen with chosen numbers of waters.

    Attributes
    ----------
    complexes
        In the order asked for.
    aqua
        Aqua ions by metal.
    references
        Free ligands, water, ions.
    protocol
    release
        Free energy of a water set free, eV.
    """

    complexes: Sequence[Shell]
    aqua: Mapping[str, Shell]
    references: Mapping[Species, Task]
    protocol: Protocol
    release: float

    def tasks(self) -> list[Task]:
        """As far as they are known: longest chains first, further numbers follow from results."""
        shells = (*self.complexes, *self.aqua.values())
        return [t for shell in shells for t in shell.tasks.values()] + [*self.references.values()]

    def grow(self, results: Results) -> bool:
        """Add the numbers that are to be tried next; whether there are any."""
        water = results[self.references[WATER].key]
        if not water.ok or water.energy is None:
            return False
        shells = (*self.complexes, *self.aqua.values())
        grown = [shell.grow(results, water.energy, self.release) for shell in shells]
        return any(grown)


def plan_shells(asked: Sequence[Asked], protocol: Protocol, release: float) -> ShellPlan:
    """The first tasks behind what is asked for; nothing is computed.

    Raises
    ------
    InputError
        A builder or engine cannot do what is asked for.
    """
    factory = TaskFactory(protocol)
    complexes = [_shell(one, factory) for one in asked]
    metals = dict.fromkeys(one.spec.metal for one in asked)
    aqua = {metal: _aqua_shell(metal, factory) for metal in metals}
    references = reference_tasks([one.spec for one in asked], factory)
    kept = {species: task for species, task in references.items() if species.kind != "aqua"}
    return ShellPlan(complexes, aqua, kept, protocol, release)


def _shell(asked: Asked, factory: TaskFactory) -> Shell:
    if asked.open_as:
        return Shell(asked.spec, shell_numbers(asked.spec), factory.hydrated, asked.open_as)
    number = asked.spec.coordination_number
    return Shell(asked.spec, range(number, number + 1), factory.complex)


def _aqua_shell(metal: str, factory: TaskFactory) -> Shell:
    def make(spec: ComplexSpec) -> Task:
        return factory.aqua_in_shell(spec.metal, spec.waters)

    return Shell(aqua_ion(metal, SHELL.start), SHELL, make)


def screen_shells(
    plan: ShellPlan, store: Store, *, workers: int | None = None, watch: Watch | None = None
) -> Screen:
    """Choose numbers of waters and compare.

    Parameters
    ----------
    plan
        Further numbers are added to it.
    store, workers, watch
        As for :func:`~rarebind.screening.computed.compute`.
    """
    watch = watch or Watch()
    told: set[str] = set()

    def done(ended: Ended) -> None:
        if ended.task.key not in told:
            told.add(ended.task.key)
            watch.on_done(ended)

    while True:
        tasks = with_ancestors(plan.tasks())
        watch.on_total(len(tasks))
        results = run_tasks(tasks, store, workers=workers, on_done=done)
        if not plan.grow(results):
            break
        watch.on_stage("further numbers of waters")
    entries = list(_entries(plan, results))
    return replace(Screen.of(entries, plan.protocol), water_release=plan.release)


def plan_chosen(entries: Sequence[Entry], protocol: Protocol) -> Plan:
    """The tasks of complexes with the waters that a screen chose, and of what they refer to.

    Parameters
    ----------
    entries
        With binding energies.
    protocol
        Of the screen.
    """
    factory = TaskFactory(protocol)
    complexes = [
        (one.spec, (factory.hydrated if one.asked else factory.complex)(one.spec))
        for one in entries
    ]
    references = reference_tasks([one.spec for one in entries], factory)
    kept = {species: task for species, task in references.items() if species.kind != "aqua"}
    for one in entries:
        assert one.binding is not None
        waters, metal = one.binding.aqua_waters, one.spec.metal
        assert waters is not None
        kept[Species(metal, waters=waters)] = factory.aqua_in_shell(metal, waters)
    return Plan(complexes, kept, protocol)


def _entries(plan: ShellPlan, results: Results) -> Iterator[Entry]:
    water = results[plan.references[WATER].key].energy
    for shell in plan.complexes:
        aqua = plan.aqua[shell.spec.metal]
        number = None if water is None else shell.best(results, water, plan.release)
        waters = None if water is None else aqua.best(results, water, plan.release)
        taken = next(iter(shell.tasks)) if number is None else number
        ions = {
            Species(shell.spec.metal, waters=n): task
            for n, task in aqua.tasks.items()
            if waters in {None, n}
        }
        spec, calculation = shell.at(taken), results[shell.tasks[taken].key]
        references = reference_results(spec, {**plan.references, **ions}, results)
        reason = [*failures(references), *_without(shell, number, results)]
        binding: BindingEnergy | None = None
        try:
            found = label_complex(spec, calculation, references, need_exchange=True)
        except CalculationError as error:
            reason = [str(error)]
        else:
            assert found.exchange is not None
            assert found.aqua_waters is not None
            # As many sites as are taken: an atom that binds unasked takes one, too.
            assert calculation.structure is not None
            unasked = further_donors(calculation.structure, spec)
            donors = spec.coordination_number + len(unasked)
            counted = for_sites(found.exchange, found.aqua_waters, donors, plan.release)
            binding = replace(found, exchange=counted)
        yield Entry(spec, binding, calculation, "; ".join(reason), shell.open_as)


def _without(shell: Shell, number: int | None, results: Results) -> list[str]:
    """Complexes that failed and so could not be chosen; one that the checks turned down is none."""
    if number is None:
        return []
    failed = {n: results[task.key] for n, task in shell.tasks.items()}
    return [
        f"without {shell.at(n).name}, which failed: {one.reason}"
        for n, one in sorted(failed.items())
        if one.status == "failed"
    ]
