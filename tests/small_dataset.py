"""A small campaign, really computed: 1:6 complexes of HOPO with three metals, and references."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

from rarebind.binding import label_complex
from rarebind.campaigns import Protocol, TaskFactory, reference_tasks, with_ancestors
from rarebind.campaigns.steps import execute
from rarebind.complexes import check_complex, complex_spec, parent_templates, swap_metal
from rarebind.datasets import Record
from rarebind.datasets.collect import collect
from rarebind.engines import GFN2_WATER, Convergence, LevelOfTheory, relax, static
from rarebind.ligands import library_ligand

METALS = ("La", "Eu", "Lu")
SPECS = [complex_spec(metal, library_ligand("HOPO"), "1:6") for metal in METALS]
GFN1_WATER = LevelOfTheory("tblite", "GFN1-xTB", solvent="ALPB(water)")


@cache
def small_records():
    """Records of the campaign, and a complex of Yb that was stopped early and so rejected."""
    factory = TaskFactory(Protocol(level=GFN2_WATER, conformers=1, relaxed_candidates=1, hops=0))
    references = reference_tasks(SPECS, factory)
    tasks = [(spec, factory.complex(spec)) for spec in SPECS]
    store = {}
    for task in with_ancestors([*references.values(), *(task for _, task in tasks)]):
        parents = [store[parent.key] for parent in task.parents]
        store[task.key] = execute(task.step, task.arguments, parents)
    curation = SimpleNamespace(complexes=tasks, references=references)
    return (*collect(curation, store), _rejected())


@cache
def labelled_records(level=GFN1_WATER):
    """Single points at a second level on the geometries of the accepted records."""
    accepted = [record for record in small_records() if record.calculation.ok]
    found = {
        record: static(record.calculation.structure, level)
        for record in sorted(accepted, key=lambda record: record.kind == "complex")
    }

    def label(record, calculation):
        if record.kind != "complex":
            return None
        references = {other.species: calculation for other, calculation in found.items()}
        return label_complex(record.spec, calculation, references)

    return tuple(
        replace(
            record,
            calculation=calculation,
            binding=label(record, calculation),
            key=f"{level.method}-{record.key}",
            source=record.key,
        )
        for record, calculation in found.items()
    )


def _rejected():
    spec = SPECS[0].with_metal("Yb")
    start = swap_metal(parent_templates(SPECS[0])[0], SPECS[0], "Yb")
    stopped = relax(start, GFN2_WATER, Convergence(max_gradients=2))
    reason = "; ".join(check_complex(stopped, spec).reasons)
    calculation = replace(stopped, status="rejected", reason=reason)
    return Record("complex", calculation, spec, spec.ligand, None, "rejected", spec.name)
