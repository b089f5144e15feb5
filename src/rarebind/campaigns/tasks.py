"""The tasks of a campaign and how they hang together.

free ligand      water      bare ion      La template ── series ── complex of M
                                          aqua template ─ series ── aqua ion of M

With ``series="interpolate"``: La template ── series ── Ce, Lu, Y ── interpolated ── the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

from rarebind.campaigns.plain import spec_to_data
from rarebind.campaigns.steps import STEP_VERSIONS
from rarebind.campaigns.task import Task
from rarebind.complexes import (
    BUILDERS,
    SERIES_ENDS,
    TEMPLATE_METAL,
    ComplexSpec,
    Composition,
    aqua_ion,
    first_number,
    has_template,
    is_between,
    template_set,
    with_waters,
)
from rarebind.complexes.builders.architector_options import CORES
from rarebind.complexes.crest import crest_version
from rarebind.engines import DEFAULT_LEVEL, ENGINES, LEVELS, LevelOfTheory
from rarebind.engines.verbs import check_level, engine_for
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.ligands import Ligand

#: What RDKit and NumPy both accept.
_LARGEST_SEED = 2**31 - 1
CONFORMER_SEARCHES = ("rdkit", "crest")
SERIES = ("swap", "interpolate")
#: Aqua ions on each polyhedron, waters turned at random.
_ORIENTATIONS = 4


@dataclass(frozen=True)
class Protocol:
    """Every choice that decides a campaign's numbers.

    Attributes
    ----------
    level
        Level of theory of all relaxations and energies.
    builder
        ``auto`` (grafting where a template ships and the ligand fits, else Architector where it is
        installed, else embedding) or a builder's name.
    seed
        Seeds conformers and builders.
    conformers
        RDKit conformers of each free ligand that are relaxed.
    relaxed_candidates
        Candidates of a builder that are relaxed, the lowest single points first.
    hops
        Relaxations of each La complex spent on turning its waters.
    conformer_search
        ``rdkit``, or ``crest`` to search each La complex with CREST as well.
    series
        ``swap``: every metal from the La complex; ``interpolate``: lanthanides between Ce and Lu
        from the complexes of these two: fewer gradients, and one basin for the series.
    symmetries, cores
        Options of Architector.
    """

    level: LevelOfTheory = LEVELS[DEFAULT_LEVEL]
    builder: str = "auto"
    seed: int = 111111
    conformers: int = 4
    relaxed_candidates: int = 4
    hops: int = 8
    conformer_search: str = "rdkit"
    series: str = "swap"
    symmetries: int = 10
    cores: str = "common"

    def __post_init__(self) -> None:
        if self.builder != "auto" and self.builder not in BUILDERS:
            known = ", ".join(["auto", *(spec.name for spec in BUILDERS)])
            raise InputError(f"unknown builder {self.builder!r}: known are {known}")
        ENGINES.spec(self.level.engine_name)
        check_level(self.level)
        if self.conformer_search not in CONFORMER_SEARCHES:
            raise InputError(
                f"unknown conformer search {self.conformer_search!r}: "
                f"known are {', '.join(CONFORMER_SEARCHES)}"
            )
        if self.series not in SERIES:
            raise InputError(f"unknown series {self.series!r}: known are {', '.join(SERIES)}")
        for name in ("conformers", "relaxed_candidates", "symmetries"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.cores not in CORES:
            raise InputError(f"unknown cores {self.cores!r}: known are {', '.join(CORES)}")
        if not 0 <= self.seed <= _LARGEST_SEED:
            raise InputError(f"seed must be 0 to {_LARGEST_SEED}, got {self.seed}")
        if self.hops < 0:
            raise InputError(f"hops must be at least 0, got {self.hops}")

    def builder_for(self, spec: ComplexSpec) -> str:
        """The builder that serves `spec`."""
        if self.builder != "auto":
            return self.builder
        return "grafting" if has_template(spec) else _for_any_ligand()

    def data(self) -> dict[str, Any]:
        """All choices as plain data, for reports."""
        return to_data(self)


def _for_any_ligand() -> str:
    """The builder of ligands that carry no scaffold of the library."""
    return "embedding" if BUILDERS.spec("architector").missing() else "architector"


@dataclass
class TaskFactory:
    """Makes the tasks of one protocol, each once."""

    protocol: Protocol
    _engine_version: str = field(init=False)

    def __post_init__(self) -> None:
        self._engine_version = engine_for(self.protocol.level).version

    def water(self) -> Task:
        """A free water molecule."""
        return self._task("water", {}, label="water")

    def ion(self, metal: str) -> Task:
        """A bare M3+ ion."""
        return self._task("ion", {"metal": metal}, label=f"{metal}3+")

    def ligand(self, ligand: Ligand) -> Task:
        """A free ligand."""
        arguments = {
            "spec": spec_to_data(ComplexSpec(TEMPLATE_METAL, Composition.of(ligand, 1))),
            "conformers": self.protocol.conformers,
            "seed": self.protocol.seed,
        }
        return self._task(
            "ligand", arguments, versions=(f"rdkit {version('rdkit')}",), label=ligand.name
        )

    def complex(self, spec: ComplexSpec) -> Task:
        """A complex: the template with La, any other metal from it."""
        return self._in_series(spec, self._template)

    def hydrated(self, spec: ComplexSpec) -> Task:
        """A complex as one of several that differ in their waters.

        That with eight donor atoms, or with a template, is that of :meth:`complex`; the La complex
        of each other number is made from that of the number next to it.
        """
        return self._in_series(spec, self._hydrated_template)

    def aqua_in_shell(self, metal: str, waters: int) -> Task:
        """An aqua ion as one of several numbers of waters, from several starts with every metal."""
        spec = aqua_ion(metal, waters)
        arguments = {
            "spec": spec_to_data(spec),
            "orientations": _ORIENTATIONS,
            "seed": self.protocol.seed,
        }
        parents = (self.hydrated(spec),)
        return self._task("polyhedra", arguments, parents=parents, optional=1, label=spec.name)

    def _in_series(self, spec: ComplexSpec, template_of: Callable[[ComplexSpec], Task]) -> Task:
        template = template_of(spec.with_metal(TEMPLATE_METAL))
        if spec.metal == TEMPLATE_METAL:
            return template
        arguments = {
            "parent": spec_to_data(spec.with_metal(TEMPLATE_METAL)),
            "metal": spec.metal,
        }
        if self.protocol.series == "interpolate" and is_between(spec.metal):
            ends = tuple(self._in_series(spec.with_metal(end), template_of) for end in SERIES_ENDS)
            return self._task(
                "interpolated", arguments, parents=(template, *ends), optional=2, label=spec.name
            )
        return self._task("series", arguments, parents=(template,), label=spec.name)

    def vibrations(self, of: Task, spec: ComplexSpec | None = None) -> Task:
        """The modes of what a task relaxes, relaxed more closely.

        Parameters
        ----------
        of
        spec
            Of a complex or aqua ion, which must still be one then.
        """
        arguments = {"spec": None if spec is None else spec_to_data(spec)}
        return self._task("vibrations", arguments, parents=(of,), label=f"modes of {of.label}")

    def aqua(self, metal: str, waters: int) -> Task:
        """An aqua ion."""
        return self.complex(aqua_ion(metal, waters))

    def _template(self, spec: ComplexSpec) -> Task:
        name = self.protocol.builder_for(spec)
        options = self._options(name)
        versions = [BUILDERS.create(name, **options).version, f"rdkit {version('rdkit')}"]
        arguments: dict[str, Any] = {
            "spec": spec_to_data(spec),
            "builder": name,
            "options": options,
            "relaxed_candidates": self.protocol.relaxed_candidates,
            "hops": self.protocol.hops,
            "conformer_search": self.protocol.conformer_search,
        }
        if self._may_not_fit(spec, name):
            other = _for_any_ligand()
            otherwise = self._options(other)
            arguments["otherwise"] = {"builder": other, "options": otherwise}
            versions.append(BUILDERS.create(other, **otherwise).version)
        if self.protocol.conformer_search == "crest":
            versions.append(crest_version())
        return self._task("template", arguments, versions=tuple(versions), label=spec.name)

    def _hydrated_template(self, spec: ComplexSpec) -> Task:
        first = first_number(spec)
        number = spec.coordination_number
        if number == first or (not spec.composition.ligands and has_template(spec)):
            return self._template(spec)
        parent = with_waters(spec, spec.waters + (1 if number < first else -1))
        arguments = {
            "spec": spec_to_data(spec),
            "parent": spec_to_data(parent),
            "relaxed_candidates": self.protocol.relaxed_candidates,
            "hops": self.protocol.hops,
            "conformer_search": self.protocol.conformer_search,
            "seed": self.protocol.seed,
        }
        versions = (crest_version(),) if self.protocol.conformer_search == "crest" else ()
        parents = (self._hydrated_template(parent),)
        return self._task(
            "hydrated", arguments, versions=versions, parents=parents, label=spec.name
        )

    def _options(self, builder: str) -> dict[str, Any]:
        options: dict[str, Any] = {"seed": self.protocol.seed}
        if builder == "architector":
            options |= {"symmetries": self.protocol.symmetries, "cores": self.protocol.cores}
        if builder == "grafting" and (own := template_set(self.protocol.level)):
            options["templates"] = own
        return options

    def _may_not_fit(self, spec: ComplexSpec, builder: str) -> bool:
        """Whether another builder is to be tried: the library's own ligands can all be grafted."""
        return (
            self.protocol.builder == "auto"
            and builder == "grafting"
            and spec.ligand is not None
            and spec.ligand.scaffold is None
        )

    def _task(
        self,
        step: str,
        arguments: dict[str, Any],
        *,
        versions: tuple[str, ...] = (),
        parents: tuple[Task, ...] = (),
        optional: int = 0,
        label: str,
    ) -> Task:
        return Task(
            step=step,
            arguments=arguments | {"level": self.protocol.level.to_task()},
            versions=(*versions, self._engine_version, f"{step} {STEP_VERSIONS[step]}"),
            parents=parents,
            optional=optional,
            label=label,
        )
