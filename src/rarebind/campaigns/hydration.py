"""The free energy of a water set free at a level, from the aqua ions of the lanthanides."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rarebind.binding import ReleaseFit, fit_release
from rarebind.binding.hydration import EIGHT, NINE
from rarebind.campaigns.run import Ended, run_tasks
from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task, with_ancestors
from rarebind.campaigns.tasks import Protocol, TaskFactory
from rarebind.elements import is_lanthanide, rare_earths
from rarebind.errors import CalculationError


def ninth_water_tasks(factory: TaskFactory, metals: Sequence[str]) -> dict[str, tuple[Task, Task]]:
    """The aqua ions of eight and of nine waters, by metal: those that screens refer to as well."""
    return {m: (factory.aqua_in_shell(m, EIGHT), factory.aqua_in_shell(m, NINE)) for m in metals}


def fit_water_release(
    protocol: Protocol,
    store: Store,
    *,
    metals: Sequence[str] | None = None,
    workers: int | None = None,
    on_total: Callable[[int], None] | None = None,
    on_done: Callable[[Ended], None] | None = None,
) -> ReleaseFit:
    """Relax [M(H2O)8]3+ and [M(H2O)9]3+ and find the constant of the level.

    Parameters
    ----------
    protocol
        Level, and how minima are sought: by default as in a screen, which then finds these
        calculations in its store.
    store
        What is in it already is not computed again.
    metals
        By default Sc, Y and all lanthanides; the constant is fitted to lanthanides alone.
    workers
        Processes; by default one a core.
    on_total
        Told at the start how many calculations there are.
    on_done
        Told of every calculation that ends.

    Raises
    ------
    CalculationError
        Water or an aqua ion of a lanthanide gave nothing of use; the message says which, and why.
    """
    factory = TaskFactory(protocol)
    ions = ninth_water_tasks(factory, tuple(rare_earths()) if metals is None else metals)
    water = factory.water()
    tasks = [water, *(task for pair in ions.values() for task in pair)]
    if on_total is not None:
        on_total(len(with_ancestors(tasks)))
    results = run_tasks(tasks, store, workers=workers, on_done=on_done)
    ninth = {}
    for metal, (eight, nine) in ions.items():
        needed = {task.label: results[task.key] for task in (nine, eight, water)}
        usable = [one.energy for one in needed.values() if one.ok and one.energy is not None]
        if len(usable) == len(needed):
            of_nine, *others = usable
            ninth[metal] = of_nine - sum(others)
        elif is_lanthanide(metal):
            bad = {label: one for label, one in needed.items() if not one.ok}
            why = (f"{label} {one.status}: {one.reason}" for label, one in bad.items())
            raise CalculationError("; ".join(why))
    return fit_release(ninth)
