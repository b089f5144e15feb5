"""From the store of a campaign to records, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rarebind.binding import Species, label_if_possible, references_of
from rarebind.campaigns import Curation, Store, Task, reference_results
from rarebind.complexes import aqua_ion
from rarebind.datasets.record import Record
from rarebind.datasets.shards import Dataset
from rarebind.engines import Calculation


def collect(curation: Curation, store: Store) -> Iterator[Record]:
    """What `store` has of a campaign: its references first, then complexes with their labels.

    Rejected complexes come too, with their reason and without binding energies; failed
    calculations have no structure and are left to ``rarebind curate --status``.  A complex whose
    references are not finished yet waits for the next time.
    """
    tasks = curation.references
    ligands = {Species.free(s.ligand): s.ligand for s, _ in curation.complexes if s.ligand}
    found: dict[str, Calculation] = {}
    for species, task in tasks.items():
        calculation = store.get(task.key)
        if calculation is None:
            continue
        found[task.key] = calculation
        if calculation.structure is not None:
            spec = aqua_ion(species.metal, species.waters) if species.kind == "aqua" else None
            label = spec.name if spec else task.label
            yield Record(
                species.kind, calculation, spec, ligands.get(species), None, task.key, label
            )
    for spec, task in curation.complexes:
        calculation = store.get(task.key)
        if calculation is None or calculation.structure is None:
            continue
        if any(tasks[s].key not in found for s in references_of(Species.of(spec)) if s in tasks):
            continue
        # None where it was rejected, or what it needs was: the record keeps its own reason.
        binding = label_if_possible(spec, calculation, reference_results(spec, tasks, found))
        yield Record("complex", calculation, spec, spec.ligand, binding, task.key, spec.name)


def adopt(dataset: Dataset, tasks: Iterable[Task], store: Store) -> int:
    """Put those records into `store` that are results of `tasks`; how many.

    A record belongs to a task when it carries the task's key: the same step, arguments and
    program versions made it.  Positions and forces come back rounded as they were published.
    """
    wanted = {task.key: task for task in tasks}
    missing = wanted.keys() - store.summaries().keys()
    rows = [row for row in dataset.rows() if row.key in missing]
    for key, record in dataset.records_of(rows, frames=True).items():
        store.put(wanted[key], record.calculation)
    return len(rows)
