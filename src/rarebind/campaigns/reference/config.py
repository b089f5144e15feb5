"""What a dataset of reference energies and forces holds, declared in a YAML file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field

from rarebind.elements import rare_earth
from rarebind.engines import level_named
from rarebind.errors import InputError, collecting
from rarebind.io.models import Section, read_model

_Names = Annotated[tuple[str, ...], Field(min_length=1)]


class System(Section):
    """The ligands around a metal ion.

    Attributes
    ----------
    donors
        What kind of donor it stands for.
    ligands
        Number of each, by SMILES whose donors have atom-map numbers; waters apart.
    waters
        Their number.
    """

    donors: str
    ligands: dict[str, Annotated[int, Field(ge=1, le=9)]] = Field(default_factory=dict)
    waters: Annotated[int, Field(ge=0, le=10)] = 0


class Displacement(Section):
    """A geometry made from a minimum of the starting level.

    Attributes
    ----------
    after
        The geometry that this one follows instead: nearer to the minimum of the reference, by
        :mod:`~rarebind.campaigns.reference.refinement` with the starting level.
    stretch
        In parts of the metal's: ligands move outwards along their donors' direction.
    sample
        Which one of random motions is added; None: none.
    """

    stretch: float = 0.0
    sample: int | None = None
    after: str = ""


class Stretch(Section):
    """How far ligands move outwards at stretch 1, Å: about to the minimum of the reference."""

    ligands: float
    waters: float


class Motion(Section):
    """Standard deviations of random motions: ligands rigidly, Å and degrees; atoms, Å."""

    shift: Annotated[float, Field(ge=0.0)] = 0.08
    turn: Annotated[float, Field(ge=0.0)] = 5.0
    shake: Annotated[float, Field(ge=0.0)] = 0.01


class Stage(Section):
    """Every system with every metal in every geometry; systems first, then geometries.

    Attributes
    ----------
    start
        File of parameters, as ``rarebind parametrise`` writes it, beside the configuration: the
        geometries are about minima with these instead of GFN2's own.
    """

    systems: _Names
    metals: _Names
    geometries: _Names
    start: str = ""


class ReferenceConfig(Section):
    """A dataset of reference data.

    Attributes
    ----------
    level
        Name of the level of theory.
    seed
        Of starting geometries and random motions.
    candidates
        Starting geometries that are relaxed for each system.
    stretch
        By metal.
    stages
        In the order in which they are computed.
    """

    level: str
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    candidates: Annotated[int, Field(ge=1)] = 4
    motion: Motion = Motion()
    stretch: dict[str, Stretch]
    systems: dict[str, System]
    geometries: dict[str, Displacement]
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]


def read_config(path: Path | str) -> ReferenceConfig:
    """Read and check a YAML file.

    Raises
    ------
    InputError
        The file cannot be read, a key or a name in it is unknown or missing, a system has no
        ligands or one that is no molecule with numbered donors: every fault.
    """
    path = Path(path)
    config = read_model(path, ReferenceConfig, partial(_check, folder=path.parent))
    stages = [
        stage.model_copy(update={"start": str(path.parent / stage.start)}) if stage.start else stage
        for stage in config.stages
    ]
    return config.model_copy(update={"stages": tuple(stages)})


def _check(config: ReferenceConfig, folder: Path) -> None:
    from rarebind.campaigns.reference.building import read_ligand

    problems: list[str] = []
    checks: list[Callable[[], object]] = [partial(level_named, config.level)]
    checks += [partial(rare_earth, metal) for metal in config.stretch]
    checks += [
        partial(read_ligand, smiles)
        for system in config.systems.values()
        for smiles in system.ligands
    ]
    for check in checks:
        with collecting(problems):
            check()
    problems += [
        f"systems.{name}: neither ligands nor waters"
        for name, system in config.systems.items()
        if not system.ligands and not system.waters
    ]
    for name, displacement in config.geometries.items():
        earlier = list(config.geometries)[: list(config.geometries).index(name)]
        if displacement.after and displacement.after not in earlier:
            problems.append(
                f"geometries.{name}.after: no geometry {displacement.after!r} is given before it"
            )
    for number, stage in enumerate(config.stages):
        if stage.start and not (folder / stage.start).is_file():
            problems.append(f"stages.{number}.start: there is no file {folder / stage.start}")
        for kind, names, known in (
            ("systems", stage.systems, config.systems),
            ("metals", stage.metals, config.stretch),
            ("geometries", stage.geometries, config.geometries),
        ):
            problems += [
                f"stages.{number}.{kind}: unknown {name!r}; known are {', '.join(known)}"
                for name in names
                if name not in known
            ]
    if problems:
        raise InputError(problems)
