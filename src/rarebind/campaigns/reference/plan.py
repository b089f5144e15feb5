"""The calculations of a dataset of reference data, in the order of their use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from rarebind.campaigns.reference.building import WATER, charge_of, fragments
from rarebind.campaigns.reference.config import ReferenceConfig
from rarebind.campaigns.steps import STEP_VERSIONS
from rarebind.campaigns.task import Task
from rarebind.engines import GFN2_WATER, LevelOfTheory, level_named
from rarebind.engines.verbs import engine_for
from rarebind.io.codec import to_data

#: The metal that starting geometries are built with.
FIRST_METAL = "La"
#: Name of the geometry of free ligands.
FREE = "minimum"


@dataclass(frozen=True)
class Point:
    """One energy with forces.

    Attributes
    ----------
    system, donors, geometry
        Names, as in the configuration; of a free ligand its SMILES, ``free`` and ``minimum``.
    metal
        None for a free ligand.
    smiles
        Of every ligand, in the order of the atoms.
    task
        Its only parent is the start, or the point that it follows.
    """

    system: str
    donors: str
    geometry: str
    metal: str | None
    smiles: tuple[str, ...]
    task: Task

    @property
    def charge(self) -> int:
        """Total charge in e."""
        return (3 if self.metal else 0) + sum(map(charge_of, self.smiles))


class Planner:
    """Makes the points of one configuration, each once."""

    def __init__(self, config: ReferenceConfig) -> None:
        self._config = config
        self._level = level_named(config.level)
        self._version = engine_for(self._level).version
        self._of_starts = (
            engine_for(GFN2_WATER).version,
            f"rdkit {version('rdkit')}",
            f"reference_start {STEP_VERSIONS['reference_start']}",
        )

    def points(self) -> list[Point]:
        """All, each ligand's own before the first complex with it."""
        found: dict[str, Point] = {}
        for point in self._in_stages():
            found.setdefault(point.task.key, point)
        return list(found.values())

    def _in_stages(self) -> Iterator[Point]:
        config = self._config
        for stage in config.stages:
            level = GFN2_WATER.with_parameters(stage.start) if stage.start else GFN2_WATER
            for system in stage.systems:
                listed = fragments(config.systems[system].ligands, config.systems[system].waters)
                for smiles in dict.fromkeys([WATER, *listed]):
                    yield self._free(smiles)
            for geometry in stage.geometries:
                for system in stage.systems:
                    for metal in stage.metals:
                        yield self._complex(system, metal, geometry, level)

    def _free(self, smiles: str) -> Point:
        start = self._start((smiles,), None, GFN2_WATER)
        return Point(
            smiles, "free", FREE, None, (smiles,), self._point((smiles,), None, start, {}, smiles)
        )

    def _complex(self, system: str, metal: str, geometry: str, level: LevelOfTheory) -> Point:
        config = self._config
        about = config.systems[system]
        smiles = tuple(fragments(about.ligands, about.waters))
        displacement, stretch = config.geometries[geometry], config.stretch[metal]
        motion = None
        if displacement.sample is not None:
            motion = config.motion.model_dump() | {"seed": [config.seed, displacement.sample]}
        moves = {
            "ligands": round(displacement.stretch * stretch.ligands, 4),
            "waters": round(displacement.stretch * stretch.waters, 4),
            "motion": motion,
        }
        label = f"{metal} {system} {geometry}"
        if displacement.after:
            parent = self._complex(system, metal, displacement.after, level).task
            task = self._refined(smiles, metal, parent, level, moves, label)
        else:
            start = self._start(smiles, metal, level)
            task = self._point(smiles, metal, start, moves, label)
        return Point(system, about.donors, geometry, metal, smiles, task)

    def _start(self, smiles: tuple[str, ...], metal: str | None, level: LevelOfTheory) -> Task:
        parents: tuple[Task, ...] = ()
        if metal not in {None, FIRST_METAL}:
            parents = (self._start(smiles, FIRST_METAL, level),)
        # Keys of what starts from GFN2's minima stay as they were before there was a choice.
        own = {} if level == GFN2_WATER else {"level": level.to_task()}
        return Task(
            step="reference_start",
            arguments={
                "fragments": list(smiles),
                "metal": metal,
                "seed": self._config.seed,
                "candidates": self._config.candidates,
            }
            | own,
            versions=self._of_starts,
            parents=parents,
            label=f"start of {metal or 'free'} {' '.join(dict.fromkeys(smiles))}",
        )

    def _refined(
        self, smiles: tuple[str, ...], metal: str, parent: Task, level: LevelOfTheory,
        moves: dict[str, Any], label: str,
    ) -> Task:  # fmt: skip
        """After a point of the reference, towards its minimum."""
        step = "reference_refined"
        return Task(
            step=step,
            arguments={
                "fragments": list(smiles), "metal": metal, "level": level.to_task(),
                "reference": to_data(self._level),
            }
            | moves,
            versions=(self._version, *self._of_starts[:1], f"{step} {STEP_VERSIONS[step]}"),
            parents=(parent,),
            label=label,
        )  # fmt: skip

    def _point(
        self, smiles: tuple[str, ...], metal: str | None, start: Task, moves: dict[str, Any],
        label: str,
    ) -> Task:  # fmt: skip
        arguments = {
            "fragments": list(smiles), "metal": metal, "ligands": 0.0, "waters": 0.0,
            "motion": None, "level": to_data(self._level),
        }  # fmt: skip
        return Task(
            step="reference_point",
            arguments=arguments | moves,
            versions=(self._version, f"reference_point {STEP_VERSIONS['reference_point']}"),
            parents=(start,),
            label=label,
        )
