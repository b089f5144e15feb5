"""What a curation campaign computes, declared in a YAML file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from rarebind.binding import Species
from rarebind.campaigns.references import reference_tasks
from rarebind.campaigns.task import Task
from rarebind.campaigns.tasks import Protocol, TaskFactory
from rarebind.complexes import (
    TEMPLATE_METAL,
    ComplexSpec,
    complex_spec,
)
from rarebind.elements import rare_earths
from rarebind.engines import LevelOfTheory, level_of_engine
from rarebind.engines.level import Option
from rarebind.errors import InputError, collecting
from rarebind.io.models import Section, read_model
from rarebind.ligands import library_ligand, scaffolds, substituents

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class _Level(Section):
    """An engine, and what is to differ from what it computes unasked.

    Attributes
    ----------
    engine
        See :func:`rarebind.engines.level_of_engine`.
    parameters
        Their file.
    """

    engine: str = "tblite"
    method: str | None = None
    solvent: str | None = None
    options: dict[str, Option] = Field(default_factory=dict)
    parameters: Path | None = None

    def level(self) -> LevelOfTheory:
        """The level meant; what is named is imported."""
        level = level_of_engine(self.engine)
        if self.method is not None:
            # Parameters of what is computed unasked are none of another method.
            level = replace(level, method=self.method, parameters="", parameters_file="")
        if self.solvent is not None:
            level = replace(level, solvent=self.solvent)
        level = replace(level, options=tuple(self.options.items()))
        return level if self.parameters is None else level.with_parameters(self.parameters)


class _Search(Section):
    """How hard minima are looked for; see :class:`~rarebind.campaigns.tasks.Protocol`."""

    builder: str = "auto"
    conformers: int = 4
    relaxed_candidates: int = 4
    hops: int = 8
    conformer_search: str = "rdkit"
    series: str = "swap"
    symmetries: int = 10
    cores: str = "common"


class CurationConfig(Section):
    """A campaign: every scaffold × substituent × composition × metal.

    Attributes
    ----------
    name
        For people, and for files.
    scaffolds, substituents
        Names in the ligand library; ``all`` stands for all that the library has, for
        substituents without the parent, H.
    geometries, compositions
        Ligands:waters, e.g. ``4:0``; with other ligands, e.g. ``L:3,phen:1``.  At least one.
    metals
        In the order in which they are computed: what matters most first.
    level, search, seed
        See :class:`~rarebind.campaigns.tasks.Protocol`.
    coordination_number
        Donor atoms around the metal; None: as for :func:`~rarebind.complexes.compose`.
    time_limit
        Seconds after which a calculation is given up and counted as failed.
    """

    ALL: ClassVar[str] = "all"

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    scaffolds: Names
    substituents: Names
    geometries: tuple[str, ...] = ()
    compositions: tuple[str, ...] = ()
    metals: Names
    level: _Level = _Level()
    search: _Search = _Search()
    seed: int = 111111
    coordination_number: int | None = None
    time_limit: Annotated[float, Field(gt=0)] = 1800.0

    @property
    def protocol(self) -> Protocol:
        """The choices that decide the numbers."""
        return Protocol(
            level=self.level.level(),
            seed=self.seed,
            **self.search.model_dump(),
        )

    def specs(self) -> list[ComplexSpec]:
        """All complexes, metal by metal in the order given.

        Raises
        ------
        InputError
            An unknown or repeated name, all at once.
        """
        geometries = self.geometries + self.compositions
        cores = _expanded(self.scaffolds, list(scaffolds()))
        groups = _expanded(self.substituents, [s for s in substituents() if s != "H"])
        problems = [
            *_name_problems("scaffold", cores, scaffolds()),
            *_name_problems("substituent", groups, substituents()),
            *_name_problems("metal", self.metals, rare_earths()),
            *_name_problems("geometry", geometries),
        ]
        if not geometries:
            problems.append("no geometries and no compositions: give at least one")
        found: list[ComplexSpec] = []
        for core in cores if not problems else ():
            for geometry in geometries:
                with collecting(problems):
                    found += [
                        complex_spec(
                            TEMPLATE_METAL,
                            library_ligand(core, group),
                            geometry,
                            self.coordination_number,
                        )
                        for group in groups
                    ]
        if problems:
            raise InputError(dict.fromkeys(problems))
        return [spec.with_metal(metal) for metal in self.metals for spec in found]


@dataclass(frozen=True)
class Curation:
    """The tasks of a campaign, stage by stage.

    Attributes
    ----------
    config
    complexes
        Every complex with its task.
    references
        What their binding energies refer to.
    """

    config: CurationConfig
    complexes: tuple[tuple[ComplexSpec, Task], ...]
    references: Mapping[Species, Task]

    @classmethod
    def of(cls, config: CurationConfig) -> Curation:
        """Plan `config`; nothing is computed.

        Raises
        ------
        InputError
            The configuration names what does not exist.
        """
        factory = TaskFactory(config.protocol)
        specs = config.specs()
        complexes = tuple((spec, factory.complex(spec)) for spec in specs)
        return cls(config, complexes, reference_tasks(specs, factory))

    @cached_property
    def stages(self) -> Mapping[str, tuple[Task, ...]]:
        """Tasks by stage, each after those it needs: references, La templates, metal series."""
        templates = {
            (task.parents[0] if task.parents else task).key: task.parents[0]
            if task.parents
            else task
            for _, task in self.complexes
        }
        return {
            "references": tuple(self.references.values()),
            "templates": tuple(templates.values()),
            "series": tuple(task for _, task in self.complexes if task.parents),
        }


def read_config(path: Path | str) -> CurationConfig:
    """Read a campaign's YAML file and check all names in it.

    Raises
    ------
    InputError
        The file cannot be read, a key is unknown or missing, a value has the wrong type, or a
        name does not exist: every fault, each with the file's name.
    """
    return read_model(path, CurationConfig, lambda config: (config.specs(), config.protocol))


def _name_problems(
    kind: str, names: Sequence[str], known: Iterable[str] | None = None
) -> list[str]:
    problems = [
        f"{kind} {name} given more than once"
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    if known is not None:
        listed = list(known)
        problems += [
            f"unknown {kind} {name!r}: known are {', '.join(listed)}"
            for name in dict.fromkeys(names)
            if name not in listed
        ]
    return problems


def _expanded(names: tuple[str, ...], everything: list[str]) -> list[str]:
    return everything if names == (CurationConfig.ALL,) else list(names)
