"""The best ligands of a screen once more, by density functional theory on their xTB geometries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Store, Task, run_tasks, single_point_task, with_ancestors
from rarebind.campaigns.labelling import LABEL_TIME_LIMIT, check_engine_serves, version_for_keys
from rarebind.engines import LEVELS, Calculation, LevelOfTheory, engine_spec, level_named
from rarebind.errors import InputError
from rarebind.screening.computed import Plan, label, plan_screen
from rarebind.screening.screen import Entry, Screen, Watch
from rarebind.screening.shells import plan_chosen
from rarebind.screening.stoichiometry import stoichiometry

#: Level of a short list unless asked otherwise.
DEFAULT_LEVEL = "b3lyp-d4"
#: Of a complex whose sites are more or fewer than the waters of the aqua ion.
_NOT_COUNTED = (
    "sites change in number: the free energy of the water set free by that is not in this energy"
)


@dataclass(frozen=True)
class ShortListRequest:
    """What is put on a short list, and how it is computed.

    Attributes
    ----------
    number
        Ligands of every metal and geometry.
    level
        Of the single points.
    metals
    workers
        Processes; None: one a core.
    """

    number: int
    level: LevelOfTheory
    metals: tuple[str, ...]
    workers: int | None = None


@dataclass(frozen=True)
class ShortListed:
    """What became of one ligand.

    Attributes
    ----------
    entry
        Of the screen, with a binding energy.
    place
        In the screen, for this metal and geometry, 1 = strongest.
    calculation
        The single point of the complex; the relaxation, where that has no usable result.
    binding
        At the level of the single points; None where anything that it needs has no result.
    reason
        Why there is no binding energy, or without which failed reference it is; else empty.
    """

    entry: Entry
    place: int
    calculation: Calculation
    binding: BindingEnergy | None
    reason: str = ""


@dataclass(frozen=True)
class ShortList:
    """The answer: candidates metal by metal and geometry by geometry, in the screen's order.

    Attributes
    ----------
    request
    entries
    geometry_level
        Of the relaxations.
    engine_version
        Of the single points.
    """

    request: ShortListRequest
    entries: tuple[ShortListed, ...]
    geometry_level: LevelOfTheory
    engine_version: str


def short_list_request(
    number: int,
    screened: Sequence[str],
    *,
    level: str = DEFAULT_LEVEL,
    metals: Sequence[str] | None = None,
    workers: int | None = None,
) -> ShortListRequest:
    """Check what is asked for; nothing is computed.

    Parameters
    ----------
    number
        Ligands of every metal and geometry.
    screened
        Metals of the screen.
    level
        Name in :data:`rarebind.engines.LEVELS`, of density functional theory.
    metals
        Of the short list; default: the first of the screen.
    workers
        Processes; None: one a core.

    Raises
    ------
    InputError
        All that cannot be used.
    MissingDependencyError
        The engine of the level is not installed.
    """
    chosen = tuple(screened[:1] if metals is None else metals)
    problems = _metal_problems(chosen, screened)
    if number < 1:
        problems.append(f"a short list needs at least 1 ligand, got {number}")
    if workers is not None and workers < 1:
        problems.append(f"workers must be at least 1, got {workers}")
    if problems := [*problems, *_level_problems(level)]:
        raise InputError(problems)
    request = ShortListRequest(number, level_named(level), chosen, workers)
    check_engine_serves(request.level, request.metals)
    return request


def short_list_levels() -> tuple[str, ...]:
    """Names of the levels that a short list can be computed at."""
    return tuple(name for name, level in LEVELS.items() if is_single_point(level))


def is_single_point(level: LevelOfTheory) -> bool:
    """Whether complexes are computed at `level` at geometries from elsewhere, not relaxed."""
    return not engine_spec(level).quick


def choose(found: Screen, number: int, metals: Sequence[str]) -> list[tuple[Entry, int]]:
    """The `number` ligands of lowest exchange energy for every metal and number of ligands on it.

    Each has its place among them; they are fewer, where fewer have a binding energy.
    """
    chosen: list[tuple[Entry, int]] = []
    for metal in metals:
        for kind in dict.fromkeys(map(stoichiometry, found.geometries)):
            usable = [
                (entry.exchange, place)
                for place, entry in enumerate(found.entries)
                if (entry.spec.metal, stoichiometry(entry.geometry)) == (metal, kind)
                and entry.exchange is not None
            ]
            best = [found.entries[place] for _, place in sorted(usable)[:number]]
            chosen += zip(best, range(1, number + 1), strict=False)
    return chosen


def plan_single_points(
    geometries: Plan, relaxed: Mapping[str, Calculation], level: LevelOfTheory
) -> dict[str, Task]:
    """Single points at `level` on all relaxed geometries that passed their checks.

    Parameters
    ----------
    geometries
        The relaxations.
    relaxed
        What came of them, by task key.

    Returns
    -------
    dict
        Tasks by the key of the relaxation.
    """
    version = version_for_keys(level)
    tasks = {}
    for task in geometries.tasks():
        calculation = relaxed[task.key]
        if calculation.ok and calculation.structure is not None:
            structure = calculation.structure
            tasks[task.key] = single_point_task(structure, level, task.label, version)
    return tasks


def compute_short_list(
    found: Screen, request: ShortListRequest, store: Store, watch: Watch | None = None
) -> ShortList:
    """Relax what the screen has only predicted, then compute single points.

    Parameters
    ----------
    found
        A screen that has ended.
    store
        Of the screen, so that no geometry is relaxed twice; single points go there too, and what
        an interrupted one needs to go on into a folder beside it.
    watch
        Told how far it is.
    """
    watch = watch or Watch()
    candidates = choose(found, request.number, request.metals)
    version = version_for_keys(request.level)
    if not candidates:
        return ShortList(request, (), found.protocol.level, version)
    chosen = [entry for entry, _ in candidates]
    if found.water_release is None:
        geometries = plan_screen([entry.spec for entry in chosen], found.protocol)
    else:
        geometries = plan_chosen(chosen, found.protocol)
    relaxations = with_ancestors(geometries.tasks())
    watch.on_stage("geometries of the short list")
    watch.on_total(len(relaxations) + len(geometries.tasks()))
    relaxed = run_tasks(relaxations, store, workers=request.workers, on_done=watch.on_done)
    tasks = plan_single_points(geometries, relaxed, request.level)
    watch.on_total(len(relaxations) + len(tasks))
    computed = run_tasks(
        tasks.values(),
        store,
        workers=request.workers,
        time_limit=LABEL_TIME_LIMIT,
        checkpoints=store.path.with_suffix(".checkpoints"),
        on_done=watch.on_done,
    )
    at_level = {
        task.key: computed[tasks[task.key].key] if task.key in tasks else relaxed[task.key]
        for task in geometries.tasks()
    }
    entries = short_listed(candidates, geometries, at_level)
    return ShortList(request, entries, found.protocol.level, version)


def short_listed(
    candidates: Sequence[tuple[Entry, int]], geometries: Plan, at_level: Mapping[str, Calculation]
) -> tuple[ShortListed, ...]:
    """Binding energies of the candidates.

    Parameters
    ----------
    candidates, geometries
        In the same order.
    at_level
        Single points by the key of their relaxation; where that has no usable result, itself.
    """
    found = []
    for (entry, place), (spec, task) in zip(candidates, geometries.complexes, strict=True):
        calculation = at_level[task.key]
        binding, reason = label(spec, calculation, geometries, at_level)
        if entry.asked and binding and binding.aqua_waters != spec.coordination_number:
            reason = "; ".join(filter(None, (reason, _NOT_COUNTED)))
        found.append(ShortListed(entry, place, calculation, binding, reason))
    return tuple(found)


def _metal_problems(metals: Sequence[str], screened: Sequence[str]) -> list[str]:
    if not metals:
        return ["no metals given for the short list"]
    problems = []
    if strange := [metal for metal in dict.fromkeys(metals) if metal not in screened]:
        problems.append(
            f"short list of {', '.join(strange)}: not among the metals screened, "
            f"{', '.join(screened)}"
        )
    if repeated := sorted({metal for metal in metals if list(metals).count(metal) > 1}):
        problems.append(f"metals of the short list given more than once: {', '.join(repeated)}")
    return problems


def _level_problems(name: str) -> list[str]:
    try:
        level = level_named(name)
    except InputError as error:
        return list(error.problems)
    if is_single_point(level):
        return []
    others = ", ".join(short_list_levels())
    return [f"level {name} is for screens themselves: give the short list one of {others}"]
