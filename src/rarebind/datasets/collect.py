"""The records of a campaign, from the calculations that it left in the store."""

from __future__ import annotations

from collections.abc import Iterator

from rarebind.binding import IonBinding, References, best_label
from rarebind.campaigns import Curation, Store, Task
from rarebind.complexes import ComplexSpec, aqua_ion
from rarebind.datasets.record import Record
from rarebind.engines import Calculation
from rarebind.errors import CalculationError


def collect(curation: Curation, store: Store) -> Iterator[Record]:
    """What `store` has of a campaign: its references first, then complexes with their labels.

    Rejected complexes come too, with their reason and without binding energies; failed
    calculations have no structure and are left to ``rarebind curate --status``.  A complex whose
    references are not finished yet waits for the next time.
    """
    references = curation.references
    found: dict[str, Calculation] = {}

    def get(task: Task) -> Calculation | None:
        if task.key not in found:
            calculation = store.get(task.key)
            if calculation is not None:
                found[task.key] = calculation
        return found.get(task.key)

    specs = {spec.ligand.inchikey: spec.ligand for spec, _ in curation.complexes if spec.ligand}
    parts: list[tuple[str, Task, ComplexSpec | None]] = [
        ("water", references.water, None),
        *(("ion", task, None) for task in references.ions.values()),
        *(("ligand", task, None) for task in references.ligands.values()),
        *(("aqua", task, aqua_ion(*of)) for of, task in references.aqua.items()),
    ]
    by_task = {task.key: specs[key] for key, task in references.ligands.items()}
    for kind, task, spec in parts:
        calculation = get(task)
        if calculation is None or calculation.structure is None:
            continue
        label = spec.name if spec else task.label
        yield Record(kind, calculation, spec, by_task.get(task.key), None, task.key, label)
    missing = {task.key for _, task, _ in parts if get(task) is None}
    for spec, task in curation.complexes:
        calculation = store.get(task.key)
        if calculation is None or calculation.structure is None:
            continue
        if missing & references.keys_for(spec):
            continue
        binding = _binding(spec, calculation, references.results(spec, found))
        yield Record("complex", calculation, spec, spec.ligand, binding, task.key, spec.name)


def _binding(
    spec: ComplexSpec, calculation: Calculation, references: References
) -> IonBinding | None:
    try:
        return best_label(spec, calculation, references)
    except CalculationError:
        # Rejected, or what equation 1 needs is: the record keeps its own reason.
        return None
