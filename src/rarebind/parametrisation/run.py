"""From reference data to a level: fit, errors by class of donors, parameters and their card."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from rarebind.campaigns.reference.shards import Reference
from rarebind.engines import GFN2_WATER, static
from rarebind.engines.tblite_parameters import exported_parameters
from rarebind.errors import InputError
from rarebind.io.documents import render
from rarebind.io.files import replace_file
from rarebind.io.tables import Table, number
from rarebind.parametrisation.crossvalidation import classes, leave_out
from rarebind.parametrisation.errors import COLUMNS, errors_by_class, evaluated_at
from rarebind.parametrisation.evaluator import Evaluator
from rarebind.parametrisation.fit import Problem, fit
from rarebind.parametrisation.settings import Settings
from rarebind.parametrisation.targets import aqua_ions, targets_of
from rarebind.parametrisation.unknowns import Unknowns

METHOD = "GFN2-xTB"
#: What errors are shown of, in this order.
BEFORE, FITTED, LEFT_OUT = METHOD, "fitted", "left out"


@dataclass(frozen=True, eq=False)
class Parametrisation:
    """Fitted parameters and how good they are.

    Attributes
    ----------
    parameters
        Of all elements, in tblite's format.
    fitted, tested
        Metals.
    geometries
        Complexes that were fitted to.
    level
        Of the reference data.
    cost
        Half the sum of squares, in standard deviations, and of it the prior's part.
    errors, test_errors
        Root mean square errors, see :func:`~rarebind.parametrisation.errors.errors_by_class`:
        column ``(quantity, method)``, ``left out`` by fits that did not know the class; the latter
        of the test metals.
    """

    parameters: dict[str, Any]
    fitted: tuple[str, ...]
    tested: tuple[str, ...]
    geometries: int
    level: str
    cost: tuple[float, float]
    errors: pd.DataFrame
    test_errors: pd.DataFrame


def parametrise(
    references: Iterable[Reference],
    settings: Settings,
    *,
    start: dict[str, Any] | None = None,
    workers: int = 1,
    cross_validate: bool = True,
    on_step: Callable[[str], object] = lambda _: None,
    on_fitted: Callable[[Parametrisation], object] = lambda _: None,
) -> Parametrisation:
    """Fit GFN2's numbers of the rare earths to reference data.

    Parameters
    ----------
    references
        Complexes with free ligands and aqua ions.
    settings
    start
        Parameters to begin with, of a fit to fewer data, say; by default GFN2's.
    workers
        Processes.
    cross_validate
        Fit without each class of donors as well.
    on_step
        Told what has been done.
    on_fitted
        Given what there is before the cross-validation, which takes longer than the fit.

    Raises
    ------
    InputError
        The data mix levels, or lack what energies refer to, or all metals are test metals, or
        there is no such class of donors to leave out.
    """
    everything = list(references)
    if strange := set(settings.test_donors) - {one.donors for one in everything}:
        raise InputError(f"test_donors: the data have no {', '.join(sorted(strange))}")
    listed = [one for one in everything if one.donors not in settings.test_donors]
    fitted_to = [one for one in listed if one.metal not in settings.test_metals]
    free = {one.fragments[0]: _energy(one) for one in listed if one.metal is None}
    targets = targets_of(fitted_to, free, settings.weights)
    metals = tuple(dict.fromkeys(g.metal for g in targets.geometries))
    unknowns = Unknowns(exported_parameters(METHOD), settings, metals)
    problem = Problem(targets, unknowns, settings.weights)
    arm = settings.weights.arm
    errors = {BEFORE: errors_by_class(targets, evaluated_at(GFN2_WATER, targets.geometries, arm))}
    with Evaluator(targets.geometries, unknowns, arm, workers) as evaluator:
        first = None if start is None else unknowns.found_in(start)
        solution = fit(problem, evaluator, first, on_step=on_step)
        errors[FITTED] = errors_by_class(targets, solution.evaluated)
        x, _ = problem.split(solution.vector)
        comparable = aqua_ions(listed) & set(settings.test_metals)
        tested = [one for one in listed if one.metal is None or one.metal in comparable]
        found = Parametrisation(
            unknowns.parameters(x),
            metals,
            tuple(sorted({one.metal for one in tested if one.metal})),
            len(targets.geometries),
            listed[0].level,
            (solution.costs[-1], float(solution.vector @ solution.vector) / 2),
            _side_by_side(errors),
            _test_errors(tested, free, settings, unknowns, x),
        )
        on_fitted(found)
        if not cross_validate:
            return found
        rows = [errors[FITTED].iloc[:0]]
        for donors in classes(problem):
            without = leave_out(problem, solution, evaluator, donors)
            # Where no step descends, the class has not been left out.
            moved = len(without.costs) > 1
            if moved:
                rows.append(errors_by_class(targets, without.evaluated).loc[[donors]])
            on_step(f"without {donors}" + ("" if moved else ": no step descends"))
    errors[LEFT_OUT] = pd.concat(rows)
    return replace(found, errors=_side_by_side(errors))


def write_level(found: Parametrisation, path: Path) -> None:
    """Write the parameters as JSON, and a card in Markdown beside them.

    Raises
    ------
    InputError
        A file cannot be written.
    """
    tables = [tabulated(found.errors, "Errors by class of donors")]
    if len(found.test_errors):
        tables.append(
            tabulated(found.test_errors, f"Metals not fitted to: {', '.join(found.tested)}")
        )
    replace_file(path, json.dumps(found.parameters, indent=1) + "\n")
    replace_file(
        path.with_suffix(".md"),
        render("parametrisation.md.jinja", found=found, tables=tables, file=path.name),
    )


def tabulated(errors: pd.DataFrame, title: str) -> Table:
    """Errors as a table: before / fitted / left out of the fit in each cell."""
    methods = errors.columns.get_level_values("method").unique()
    rows = [
        [
            str(donors),
            str(int(row["geometries"].iloc[0])),
            *(
                " / ".join(number(row[name].get(m), digits) for m in methods)
                for name, (_, digits) in COLUMNS.items()
            ),
        ]
        for donors, row in errors.iterrows()
    ]
    return Table(
        title,
        ["donors", "n", *(f"{name}, {unit}" for name, (unit, _) in COLUMNS.items())],
        rows,
        caption=f"Root mean square errors of n geometries: {' / '.join(methods)}",
    )


def _energy(reference: Reference) -> float:
    energy = static(reference.structure, GFN2_WATER).energy
    assert energy is not None
    return energy


def _test_errors(
    tested: Sequence[Reference], free: dict[str, float], settings: Settings, unknowns: Unknowns,
    x: np.ndarray,
) -> pd.DataFrame:  # fmt: skip
    arm = settings.weights.arm
    metals = {one.metal for one in tested if one.metal}
    if not metals:
        return pd.DataFrame()
    targets = targets_of(tested, free, settings.weights)
    with Evaluator(targets.geometries, unknowns, arm, 0) as evaluator:
        errors = {
            BEFORE: errors_by_class(targets, evaluated_at(GFN2_WATER, targets.geometries, arm)),
            FITTED: errors_by_class(targets, evaluator(x, slopes=False)),
        }
    return _side_by_side(errors)


def _side_by_side(errors: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat(errors, axis=1, names=["method", "quantity"])
    return table.swaplevel(axis=1)[["geometries", *COLUMNS]]
