"""The tasks whose energies a binding energy is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rarebind.binding import References
from rarebind.campaigns.task import Task
from rarebind.campaigns.tasks import AQUA_WATERS, TaskFactory
from rarebind.complexes import ComplexSpec
from rarebind.engines import Calculation


@dataclass(frozen=True)
class ReferenceTasks:
    """Tasks of all that the complexes of a campaign are compared with.

    Attributes
    ----------
    water
    ions
        By metal.
    aqua
        By metal and number of waters.
    ligands
        By InChIKey.
    """

    water: Task
    ions: Mapping[str, Task]
    aqua: Mapping[tuple[str, int], Task]
    ligands: Mapping[str, Task]

    @classmethod
    def of(cls, specs: Sequence[ComplexSpec], factory: TaskFactory) -> ReferenceTasks:
        """The references of `specs`."""
        metals = list(dict.fromkeys(spec.metal for spec in specs))
        ligands = {spec.ligand.inchikey: spec.ligand for spec in specs if spec.ligand is not None}
        return cls(
            water=factory.water(),
            ions={metal: factory.ion(metal) for metal in metals},
            aqua={(metal, n): factory.aqua(metal, n) for metal in metals for n in AQUA_WATERS},
            ligands={key: factory.ligand(ligand) for key, ligand in ligands.items()},
        )

    def tasks(self) -> list[Task]:
        """All of them, the long ones first."""
        return [*self.ligands.values(), self.water, *self.ions.values(), *self.aqua.values()]

    def keys_for(self, spec: ComplexSpec) -> set[str]:
        """Keys of the tasks that `spec` is compared with."""
        keys = {self.water.key, self.ions[spec.metal].key}
        keys |= {self.aqua[spec.metal, n].key for n in AQUA_WATERS}
        return keys if spec.ligand is None else keys | {self.ligands[spec.ligand.inchikey].key}

    def results(self, spec: ComplexSpec, found: Mapping[str, Calculation]) -> References:
        """What `spec` is compared with, of the calculations `found` by task key."""
        return References(
            ion=found[self.ions[spec.metal].key],
            water=found[self.water.key],
            ligand=None if spec.ligand is None else found[self.ligands[spec.ligand.inchikey].key],
            aqua={n: found[self.aqua[spec.metal, n].key] for n in AQUA_WATERS},
        )
