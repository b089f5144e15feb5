"""What a screen is asked for, checked as a whole before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rarebind.campaigns import Protocol, Store
from rarebind.complexes import DEFAULT_COORDINATION_NUMBER
from rarebind.elements import STUDY_METALS, is_lanthanide, rare_earth
from rarebind.engines import GFN2_WATER, engine_spec, level_of_engine
from rarebind.errors import InputError
from rarebind.ligands import Ligand, Rejected
from rarebind.screening.computed import plan_screen, screen_by_calculation
from rarebind.screening.pairs import Pair, pair_problems
from rarebind.screening.screen import MODEL, Fitting, Screen, Watch, fit

if TYPE_CHECKING:
    from rarebind.complexes import ComplexSpec
    from rarebind.learning.release.model import Model

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
        Compute what the model has not seen, and what is unlike what it learned from.
    protocol
        Builder, seed and so on; its level of theory follows from `engine`.
    workers
        Processes; None: one a core.
    strict
        Whether a ligand that a geometry does not fit, or with an element that the model has not
        seen, stops the screen; else it is left out, and the others are screened.
    rejected
        What reading the ligands left out already: it goes along into the result.
    pairs
        (A, B): selectivity for A over B is reported, beside that of the usual pairs.

    Raises
    ------
    InputError
        The number of workers is below 1, there is no such engine, or it is too slow.
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
    strict: bool = True
    rejected: tuple[Rejected, ...] = ()
    pairs: tuple[Pair, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.protocol, Protocol):
            raise InputError(
                f"the protocol is {self.protocol!r}: give a rarebind.campaigns.Protocol"
            )
        if self.workers is not None and (not isinstance(self.workers, int) or self.workers < 1):
            raise InputError(f"workers must be at least 1, got {self.workers!r}")
        if self.model is not None and self.engine != MODEL:
            raise InputError(f"a model file is of no use to engine {self.engine}: leave one out")
        if self.fall_back and self.engine != MODEL:
            raise InputError(
                f"engine {self.engine} computes all: there is nothing to fall back from"
            )
        level = GFN2_WATER if self.engine == MODEL else level_of_engine(self.engine)
        if not engine_spec(level).quick:
            raise InputError(
                f"engine {self.engine} takes hours a complex: screen with another, and compute the "
                "best with it as a short list"
            )
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
        fitting = self.fitting()
        if self.engine != MODEL:
            return Prepared(self, fitting.specs, None, fitting.misfits)
        model = _model(self)
        known = self._known(fitting, model)
        return Prepared(self, known.specs, model, known.misfits)

    def fitting(self) -> Fitting:
        """Check all but the model, which takes seconds to read.

        Raises
        ------
        InputError
            All that cannot be used; without `strict`, ligands that a geometry does not fit are no
            fault as long as one is left.
        """
        problems = pair_problems(self.pairs, self.metals)
        try:
            fitting = fit(self.ligands, self.metals, self.geometries, self.coordination_number)
        except InputError as error:
            raise InputError([*error.problems, *problems]) from error
        if problems or (fitting.misfits and self.strict):
            raise InputError([*(found.reason for found in fitting.misfits), *problems])
        self._check_left(fitting)
        plan_screen(fitting.specs, self.protocol)
        return fitting

    def _known(self, fitting: Fitting, model: Model) -> Fitting:
        """Without the ligands that the model cannot predict."""
        from rarebind.screening.predicted import unpredictable

        if self.fall_back:
            return fitting
        unknown = unpredictable(fitting.specs, model)
        if unknown and self.strict:
            raise InputError(found.reason for found in unknown.values())
        specs = tuple(spec for spec in fitting.specs if spec.ligand not in unknown)
        known = Fitting(specs, (*fitting.misfits, *unknown.values()))
        self._check_left(known)
        return known

    def _check_left(self, fitting: Fitting) -> None:
        if not fitting.specs:
            raise InputError(found.reason for found in (*self.rejected, *fitting.misfits))


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
    left_out
        Ligands that a geometry does not fit, or that the model cannot predict.
    """

    request: Request
    specs: Sequence[ComplexSpec]
    model: Model | None
    left_out: tuple[Rejected, ...] = ()

    def run(self, store: Store, watch: Watch | None = None) -> Screen:
        """Screen; what is in the store already is not computed again."""
        rejected = (*self.request.rejected, *self.left_out)
        found = self._found(store, watch)
        return replace(found, rejected=rejected, pairs=self.request.pairs)

    def _found(self, store: Store, watch: Watch | None) -> Screen:
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
    from rarebind.learning.nequip import need_nequip
    from rarebind.learning.release.bundled import bundled_model
    from rarebind.learning.release.model import load_model
    from rarebind.screening.predicted import check_model

    need_nequip()
    model = bundled_model() if request.model is None else load_model(request.model)
    check_model(model, request.metals, request.protocol, fall_back=request.fall_back)
    return model
