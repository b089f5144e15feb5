"""What a screen is asked for, checked as a whole before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.campaigns import Protocol, Store
from rarebind.complexes import DEFAULT_COORDINATION_NUMBER
from rarebind.elements import STUDY_METALS, is_lanthanide, rare_earth
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError
from rarebind.ligands import Ligand
from rarebind.screening.computed import plan_screen, screen_by_calculation
from rarebind.screening.screen import MODEL, Screen, Watch, specs_for

if TYPE_CHECKING:
    from rarebind.complexes import ComplexSpec
    from rarebind.learning.model import Model

#: Engine that computes what a model starts from.
_ENGINE = "tblite"
_METHOD, _SOLVENT = "GFN2-xTB", "ALPB(water)"
#: The series as chemists write it, what is not of it last.
DEFAULT_METALS = tuple(
    sorted(STUDY_METALS, key=lambda m: (not is_lanthanide(m), rare_earth(m).atomic_number))
)
DEFAULT_GEOMETRIES = ("1",)


@dataclass(frozen=True)
class Request:
    """What is screened, and how.

    Attributes
    ----------
    ligands
    metals
        The first is the reference of ΔΔE.
    geometries
        Ligands:waters such as ``1:6``, or ligands alone, filled with water.
    coordination_number
        Donor atoms around the metal.
    engine
        ``model``: complexes of La, Sc and Y are computed and the other lanthanides predicted; else
        the engine that computes all.
    model
        File of the model; None: the one that comes with rarebind.
    fall_back
        Compute what the model has not seen.
    protocol
        Builder, seed and so on; its level of theory follows from `engine`.
    workers
        Processes; None: one a core.

    Raises
    ------
    InputError
        The number of workers is below 1, or there is no such engine.
    """

    ligands: tuple[Ligand, ...]
    metals: tuple[str, ...] = DEFAULT_METALS
    geometries: tuple[str, ...] = DEFAULT_GEOMETRIES
    coordination_number: int = DEFAULT_COORDINATION_NUMBER
    engine: str = MODEL
    model: Path | None = None
    fall_back: bool = False
    protocol: Protocol = field(default_factory=Protocol)
    workers: int | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise InputError(f"workers must be at least 1, got {self.workers}")
        if self.model is not None and self.engine != MODEL:
            raise InputError(f"a model file is of no use to engine {self.engine}: leave one out")
        if self.fall_back and self.engine != MODEL:
            raise InputError(
                f"engine {self.engine} computes all: there is nothing to fall back from"
            )
        engine = _ENGINE if self.engine == MODEL else self.engine
        level = LevelOfTheory(engine, _METHOD, solvent=_SOLVENT)
        object.__setattr__(self, "protocol", replace(self.protocol, level=level))

    def prepared(self) -> Prepared:
        """Check everything; nothing is computed or written.

        Raises
        ------
        InputError
            All that cannot be used.
        MissingDependencyError
            A model is asked for and NequIP is not installed.
        """
        specs = specs_for(self.ligands, self.metals, self.geometries, self.coordination_number)
        plan_screen(specs, self.protocol)
        return Prepared(self, specs, _model(self) if self.engine == MODEL else None)


@dataclass(frozen=True)
class Prepared:
    """A request that can be run.

    Attributes
    ----------
    request
    specs
        All complexes.
    model
        None where all is computed.
    """

    request: Request
    specs: Sequence[ComplexSpec]
    model: Model | None

    def run(self, store: Store, watch: Watch | None = None) -> Screen:
        """Screen; what is in the store already is not computed again."""
        protocol, workers = self.request.protocol, self.request.workers
        if self.model is None:
            return screen_by_calculation(
                self.specs, store, protocol=protocol, workers=workers, watch=watch
            )
        from rarebind.screening.predicted import screen_by_model

        return screen_by_model(
            self.specs,
            store,
            self.model,
            protocol=protocol,
            fall_back=self.request.fall_back,
            workers=workers,
            watch=watch,
        )


def _model(request: Request) -> Model:
    from rarebind.learning.bundled import bundled_model
    from rarebind.learning.model import load_model
    from rarebind.learning.nequip import need_nequip
    from rarebind.screening.predicted import check_model

    need_nequip()
    model = bundled_model() if request.model is None else load_model(request.model)
    check_model(model, request.metals, request.protocol, fall_back=request.fall_back)
    return model
