"""What a screen is asked for, checked as a whole before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    InstanceOf,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from rarebind.binding import release_of
from rarebind.campaigns import Protocol, Store, with_ancestors
from rarebind.campaigns.labelling import check_engine_serves
from rarebind.complexes import read_geometry
from rarebind.engines import (
    DEFAULT_LEVEL,
    ENGINES,
    GFN2_WATER,
    LEVELS,
    LevelOfTheory,
    level_named,
    level_of_engine,
)
from rarebind.errors import InputError, MissingDependencyError, located
from rarebind.io.models import problems_of
from rarebind.io.yaml import shortened
from rarebind.ligands import Item, Rejected, Survey, survey_items, truncate_alkyls
from rarebind.screening.asked import Fitting, fit
from rarebind.screening.bound import with_strain
from rarebind.screening.computed import Plan, plan_screen, screen_by_calculation
from rarebind.screening.donor_sets import with_best_donors
from rarebind.screening.given import plain_ligands, survey_ligands
from rarebind.screening.options import AUTO, MODEL, Options, Pair
from rarebind.screening.screen import Counting, Screen, Watch
from rarebind.screening.shells import ShellPlan, plan_shells, screen_shells
from rarebind.screening.short_list import (
    ShortListRequest,
    is_single_point,
    short_list_request,
)
from rarebind.units import KCAL_PER_EV

#: Why nothing is predicted where a free energy of water is given.
_FIXED_ONLY = (
    "numbers of waters are chosen by computed energies, and the model predicts complexes of a "
    "given number only"
)

#: The same where stability constants are asked for.
_FREE_ENERGIES = "stability constants rest on free energies, which no model predicts"

if TYPE_CHECKING:
    from rarebind.complexes import ComplexSpec
    from rarebind.experiment import Calibration
    from rarebind.learning.release.model import Model
    from rarebind.screening.stability import Stability


class Request(Options):
    """What is screened, and how: :class:`~rarebind.screening.options.Options`, and ligands.

    Raises
    ------
    InputError
        Options that cannot be used; ligands that are none, where a single one is one too many or
        none is left.
    """

    ligands: Annotated[
        InstanceOf[Survey], BeforeValidator(survey_ligands), PlainSerializer(plain_ligands)
    ] = Field(description="SMILES, RDKit molecules or ligands, or mappings of smiles and name.")

    def __init__(self, **options: Any) -> None:
        try:
            super().__init__(**options)
        except ValidationError as error:
            raise InputError(problems_of(error.errors(), Request)) from error

    @model_validator(mode="after")
    def _consistent(self) -> Request:
        self.ligands.checked(strict=self.strict)
        problems = []
        if self.engine not in {AUTO, MODEL} and self.model is not None:
            problems.append(f"a model file is of no use to engine {self.engine}: leave one out")
        if is_single_point(self.theory):
            usable = " or ".join(name for name, one in LEVELS.items() if not is_single_point(one))
            problems.append(
                f"engine {self.theory.engine_name} takes hours a complex at {self.theory}: screen "
                f"at {usable}, and compute the best with it as a short list"
            )
        fields = type(self).model_fields
        how = ("short_list_level", "short_list_metals")
        if not self.short_list and any(getattr(self, n) != fields[n].default for n in how):
            problems.append(f"{' and '.join(how)} say how: give short_list as well")
        if self.log_k and (self.engine == MODEL or self.model is not None):
            problems.append(f"log_k: {_FREE_ENERGIES}: leave the model out")
        if not self.log_k and self.calibration is not None:
            problems.append("calibration is of stability constants: give log_k as well")
        if not self.log_k and self.ph is not None:
            problems.append("ph is of stability constants: give log_k as well")
        if problems:
            raise InputError(problems)
        _ = self.protocol
        return self

    @cached_property
    def screened(self) -> Survey:
        """The ligands, long alkyl groups cut where that is asked for."""
        if not self.truncate_alkyls:
            return self.ligands
        items = [
            Item(n, one.name, one.smiles, partial(truncate_alkyls, one, self.truncate_alkyls))
            for n, one in enumerate(self.ligands.ligands, start=1)
        ]
        short = survey_items(items, "ligand")
        both = replace(short, rejected=(*self.ligands.rejected, *short.rejected))
        return both.checked(strict=self.strict)

    @property
    def theory(self) -> LevelOfTheory:
        """Level of theory of what is computed."""
        if self.engine in {AUTO, MODEL}:
            # A model starts from complexes at the level that it learned from.
            by_model = self.engine == MODEL or self.model is not None
            usual = "gfn2-xtb" if by_model else DEFAULT_LEVEL
            return level_named(self.level or usual)
        if ":" not in self.engine and self.engine.partition("@")[0] not in ENGINES:
            known = ", ".join([AUTO, MODEL, *(spec.name for spec in ENGINES)])
            raise InputError(f"unknown engine {shortened(self.engine)}: known are {known}")
        if self.level is None:
            return level_of_engine(self.engine)
        return level_named(self.level, self.engine)

    @cached_property
    def protocol(self) -> Protocol:
        """Level of theory, builder, seed and so on."""
        return Protocol(
            level=self.theory,
            builder=self.builder,
            seed=self.seed,
            conformers=self.ligand_conformers,
            relaxed_candidates=self.relaxed_candidates,
            hops=self.hops,
            conformer_search=self.conformers,
            series=self.series,
            symmetries=self.symmetries,
            cores=self.cores,
        )

    @property
    def open_geometries(self) -> tuple[str, ...]:
        """Those that leave the number of waters open."""
        if self.coordination_number is not None:
            return ()
        return tuple(text for text in self.geometries if _leaves_waters_open(text))

    @property
    def _release(self) -> tuple[float | None, str]:
        """That of :meth:`release`, and why there is none where numbers of waters are open."""
        if self.water_release is not None:
            return self.water_release / KCAL_PER_EV, ""
        if not self.open_geometries or self.predicts:
            return None, ""
        try:
            return release_of(self.theory), ""
        except InputError as error:
            return None, f"waters are as many as eight donor atoms leave room for: {error}"

    def release(self) -> float | None:
        """The free energy of a water set free, eV; None where no number of waters is chosen.

        None is chosen where a model predicts, which learned from given numbers, nor at levels that
        no such energy is known of: complexes are filled up to eight donor atoms then.
        """
        return self._release[0]

    @property
    def note(self) -> str:
        """What is done otherwise than one might think, and why; else empty."""
        return "; ".join(said for said in (self.without_model, self._release[1]) if said)

    @property
    def without_model(self) -> str:
        """Why all is computed although nobody said so; empty where a model predicts."""
        if self.engine != AUTO or self.model is not None:
            return ""
        if self.theory != GFN2_WATER:
            # No model comes along for others: that all is computed surprises nobody.
            return ""
        if self.log_k:
            return f"everything is computed: {_FREE_ENERGIES}"
        if self.water_release is not None:
            return f"everything is computed: {_FIXED_ONLY}"
        from rarebind.learning.nequip import need_nequip

        try:
            need_nequip()
        except MissingDependencyError as error:
            return f"everything is computed, nothing predicted: {error}"
        return ""

    @property
    def predicts(self) -> bool:
        """Whether a model predicts the series."""
        if self.engine == MODEL or self.model is not None:
            return True
        return self.engine == AUTO and self.theory == GFN2_WATER and not self.without_model

    def plain(self) -> dict[str, Any]:
        """What makes the same request again as plain data: the ligands, then all options."""
        data = self.model_dump(mode="json")
        return {"ligands": data.pop("ligands"), **data}

    def short_list_request(self) -> ShortListRequest | None:
        """The short list that is wanted; None where none is.

        Raises
        ------
        InputError
            All that cannot be used.
        MissingDependencyError
            The engine of the level is not installed.
        """
        if not self.short_list:
            return None
        return short_list_request(
            self.short_list,
            self.metals,
            level=self.short_list_level,
            metals=self.short_list_metals or None,
            workers=self.workers,
        )

    def fitting(self) -> Fitting:
        """The complexes; nothing is planned, and no model read.

        Raises
        ------
        InputError
            All that cannot be used; unless `strict`, ligands that a geometry does not fit are no
            fault as long as one is left.
        """
        problems = _pair_problems(self.pairs, self.metals)
        if self.predicts and self.water_release is not None:
            problems.append(f"water_release: {_FIXED_ONLY}")
        try:
            fitting = fit(
                self.screened.ligands, self.metals, self.geometries, self.coordination_number,
                choose_waters=self.release() is not None,
            )  # fmt: skip
        except InputError as error:
            raise InputError([*error.problems, *problems]) from error
        if problems or (fitting.misfits and self.strict):
            raise InputError([*(found.reason for found in fitting.misfits), *problems])
        self._check_left(fitting)
        with located(f"engine {self.theory.engine}"):
            check_engine_serves(self.theory, self.metals)
        return fitting

    def prepared(self) -> Prepared:
        """Check everything and plan it; nothing is computed or written.

        Raises
        ------
        InputError
            All that cannot be used.
        MissingDependencyError
            A model is asked for and NequIP is not installed.
        """
        fitting, model = self.fitting(), None
        if self.predicts:
            model = _model(self)
            fitting = self._known(fitting, model)
        return Prepared(
            self, fitting, self.plan(fitting, model), model, self.calibration_of_level()
        )

    def calibration_of_level(self) -> Calibration | None:
        """The calibration of stability constants, where these are asked for and one is known.

        Raises
        ------
        InputError
            A file that is given cannot be read, or is of another level, or of other columns.
        """
        if not self.log_k:
            return None
        from rarebind.screening.constants import bundled_calibration, usable_calibration

        level = str(self.theory)
        if self.calibration is None:
            return bundled_calibration(level)
        return usable_calibration(self.calibration, level)

    def plan(self, fitting: Fitting, model: Model | None) -> Plan | ShellPlan:
        """What is computed for certain; nothing is computed yet.

        Parameters
        ----------
        model
            None where all is computed.
        """
        if model is not None:
            from rarebind.screening.predicted import plan_by_model

            return plan_by_model(fitting.specs, model, self.protocol, fall_back=self.fall_back)
        release = self.release()
        if release is None:
            return plan_screen(fitting.specs, self.protocol)
        return plan_shells(fitting.asked, self.protocol, release)

    def _known(self, fitting: Fitting, model: Model) -> Fitting:
        """Without the ligands that the model cannot predict."""
        from rarebind.screening.predicted import unpredictable

        if self.fall_back:
            return fitting
        unknown = unpredictable(fitting.specs, model)
        if unknown and self.strict:
            raise InputError(found.reason for found in unknown.values())
        asked = tuple(one for one in fitting.asked if one.spec.ligand not in unknown)
        known = Fitting(asked, (*fitting.misfits, *unknown.values()))
        self._check_left(known)
        return known

    def _check_left(self, fitting: Fitting) -> None:
        if not fitting.asked:
            raise InputError(found.reason for found in (*self.screened.rejected, *fitting.misfits))


@dataclass(frozen=True)
class Prepared:
    """A request that can be run.

    Attributes
    ----------
    request
    fitting
        All complexes, the ligands by their usual donors.
    plan
        Of what is computed for certain, with these donors.
    model
        None where all is computed.
    calibration
        Of stability constants; None where there is none, or none are asked for.
    """

    request: Request
    fitting: Fitting
    plan: Plan | ShellPlan
    model: Model | None
    calibration: Calibration | None = None

    @property
    def specs(self) -> tuple[ComplexSpec, ...]:
        """All complexes, the ligands by their usual donors."""
        return self.fitting.specs

    @property
    def left_out(self) -> tuple[Rejected, ...]:
        """Ligands that a geometry does not fit, or that the model cannot predict."""
        return self.fitting.misfits

    def run(self, store: Store, watch: Watch | None = None) -> Screen:
        """Screen; what is in the store already is not computed again."""
        request, counting = self.request, Counting(watch or Watch())
        watch = counting.watch
        if request.retry_failed:
            store.forget_failures()
        found = self.screened(store, watch)
        watch.on_stage("strain of the ligands")
        found = with_strain(found, store, workers=request.workers)
        if request.log_k:
            found = self._with_constants(found, store, counting)
        rejected = (*request.screened.rejected, *self.left_out)
        return replace(
            found, rejected=rejected, pairs=request.pairs, note=request.note,
            asked=request.plain(),
        )  # fmt: skip

    def screened(self, store: Store, watch: Watch) -> Screen:
        """Energies alone, as :meth:`run` begins with them."""
        request, workers, plan = self.request, self.request.workers, self.plan
        fitting, ended = with_best_donors(
            self.fitting, request.protocol, store, workers=workers, watch=watch
        )
        if ended:
            plan = request.plan(fitting, self.model)
            watch = watch.after(ended, [task.key for task in with_ancestors(plan.tasks())])
        if isinstance(plan, ShellPlan):
            return screen_shells(plan, store, workers=workers, watch=watch)
        if self.model is None:
            return screen_by_calculation(plan, store, workers=workers, watch=watch)
        from rarebind.screening.predicted import screen_by_model

        return screen_by_model(
            fitting.specs, plan, store, self.model,
            fall_back=request.fall_back, workers=workers, watch=watch,
        )  # fmt: skip

    def _with_constants(self, found: Screen, store: Store, counting: Counting) -> Screen:
        """A screen with its stability constants."""
        from rarebind.screening.constants import ANCHORS, constants_of, has_constant
        from rarebind.screening.stability import compute_stability

        stability: Sequence[Stability] = ()
        if any(map(has_constant, found.entries)):
            counting.watch.on_stage(f"complexes of {', '.join(ANCHORS)}")
            texts = tuple(dict.fromkeys(e.geometry for e in found.entries if has_constant(e)))
            how = {"metals": ANCHORS, "geometries": texts, "pairs": ()}
            of_anchors = self.request.model_copy(update=how).prepared()
            anchors = of_anchors.screened(store, counting.further())
            stability = compute_stability(
                anchors, store, workers=self.request.workers, watch=counting.further()
            )
        constants = constants_of(
            found, stability, self.calibration,
            ionic_strength=self.request.ionic_strength, ph=self.request.ph,
        )  # fmt: skip
        return replace(found, constants=constants, calibration=self.calibration)


def _leaves_waters_open(text: str) -> bool:
    try:
        return read_geometry(text).leaves_waters_open
    except InputError:
        # What is no geometry is told of where complexes are made of it.
        return False


def _model(request: Request) -> Model:
    from rarebind.learning.nequip import need_nequip
    from rarebind.learning.release.model import bundled_model, load_model
    from rarebind.screening.predicted import check_model

    need_nequip()
    model = bundled_model() if request.model is None else load_model(request.model)
    check_model(model, request.metals, request.protocol, fall_back=request.fall_back)
    return model


def _pair_problems(pairs: Sequence[Pair], metals: Sequence[str]) -> list[str]:
    """What is wrong with `pairs` in a screen of `metals`."""
    problems = []
    for number, pair in enumerate(pairs):
        shown = "/".join(pair)
        if strange := [metal for metal in dict.fromkeys(pair) if metal not in metals]:
            problems.append(
                f"pair {shown}: {' and '.join(strange)} not among the metals screened, "
                f"{', '.join(metals) or 'none'}"
            )
        if len(set(pair)) == 1:
            problems.append(f"pair {shown}: a pair needs two different metals")
        if pair in pairs[:number]:
            problems.append(f"pair {shown} given more than once: keep one")
    return list(dict.fromkeys(problems))
