"""The tasks whose energies a binding energy is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rarebind.binding import Species, references_of
from rarebind.campaigns.task import Task
from rarebind.campaigns.tasks import TaskFactory
from rarebind.complexes import ComplexSpec
from rarebind.engines import Calculation, engine_spec

#: Kinds of reference, those with long tasks first.
_ORDER = ("ligand", "water", "ion", "aqua")


def reference_tasks(specs: Sequence[ComplexSpec], factory: TaskFactory) -> dict[Species, Task]:
    """What makes the references of `specs`, the long tasks first.

    Bare ions only where the level has a meaningful energy of them.
    """
    ligands = {Species.free(one): one for spec in specs for one, _ in spec.composition.ligands}

    def task(species: Species) -> Task:
        if species.kind == "ligand":
            return factory.ligand(ligands[species])
        if species.kind == "aqua":
            return factory.aqua(species.metal, species.waters)
        return factory.water() if species.kind == "water" else factory.ion(species.metal)

    ion = engine_spec(factory.protocol.level).bare_ion
    wanted = dict.fromkeys(s for spec in specs for s in references_of(Species.of(spec), ion=ion))
    return {s: task(s) for s in sorted(wanted, key=lambda s: _ORDER.index(s.kind))}


def reference_results(
    spec: ComplexSpec, tasks: Mapping[Species, Task], found: Mapping[str, Calculation]
) -> dict[Species, Calculation]:
    """What `spec` is compared with, of the calculations `found` by task key."""
    aqua = [s.waters for s in tasks if s.kind == "aqua" and s.metal == spec.metal]
    wanted = references_of(Species.of(spec), aqua=aqua)
    return {species: found[tasks[species].key] for species in wanted if species in tasks}
