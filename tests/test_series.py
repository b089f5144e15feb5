"""Metal series: swapping and interpolating."""

import numpy as np
import pytest

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.campaigns.steps import execute, failure
from rarebind.complexes import (
    aqua_ion,
    complex_spec,
    interpolate_metal,
    is_between,
    parent_templates,
    swap_metal,
)
from rarebind.elements import rare_earths
from rarebind.engines import GFN2_WATER, relax
from rarebind.errors import InputError
from rarebind.ligands import library_ligand

SPEC = complex_spec("La", library_ligand("HOPO"), "1:6")
INTERPOLATE = TaskFactory(Protocol(series="interpolate"))


@pytest.fixture(scope="module")
def relaxed():
    """La, Ce and Lu complexes."""
    template = parent_templates(SPEC)[0]
    found = {"La": relax(template, GFN2_WATER)}
    for metal in ("Ce", "Lu"):
        found[metal] = relax(swap_metal(found["La"].structure, SPEC, metal), GFN2_WATER)
    return found


def test_what_lies_between():
    metals = [m for m in rare_earths() if is_between(m)]
    assert metals == ["Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb"]


def test_an_interpolated_start_is_nearer_and_ends_no_higher(relaxed):
    start = interpolate_metal(relaxed["Ce"].structure, relaxed["Lu"].structure, "Gd")
    assert (start.symbols[0], start.charge, start.multiplicity) == ("Gd", 2, 8)
    swapped = relax(swap_metal(relaxed["La"].structure, SPEC, "Gd"), GFN2_WATER)
    interpolated = relax(start, GFN2_WATER)
    assert interpolated.gradients < swapped.gradients
    # 0.1 kcal/mol
    assert interpolated.energy < swapped.energy + 0.0044


def test_other_basins_are_not_interpolated(relaxed):
    moved = np.array(relaxed["Lu"].structure.positions)
    moved[-1] += 2.0
    other = relaxed["Lu"].structure.with_positions(moved)
    assert interpolate_metal(relaxed["Ce"].structure, other, "Gd") is None


def test_the_step_uses_both_ends_and_keeps_the_swapped_start(relaxed):
    task = INTERPOLATE.complex(SPEC.with_metal("Gd"))
    assert task.step == "interpolated"
    assert [parent.label for parent in task.parents] == [
        "La(HOPO)1(H2O)6", "Ce(HOPO)1(H2O)6", "Lu(HOPO)1(H2O)6",
    ]  # fmt: skip
    found = execute(task.step, task.arguments, [relaxed[m] for m in ("La", "Ce", "Lu")])
    assert found.ok
    assert found.structure.symbols[0] == "Gd"
    swapped = swap_metal(relaxed["La"].structure, SPEC, "Gd")
    np.testing.assert_allclose(found.intermediates[0].positions, swapped.positions)
    assert found.intermediates[0].energy > found.energy


def test_without_an_end_it_swaps(relaxed):
    task = INTERPOLATE.complex(SPEC.with_metal("Gd"))
    assert task.required == task.parents[:1]
    lost = failure("series", task.arguments, "lost a donor", 0.0)
    found = execute(task.step, task.arguments, [relaxed["La"], relaxed["Ce"], lost])
    assert found.ok
    assert found.structure.symbols[0] == "Gd"


def test_only_lanthanides_in_between_have_three_parents():
    steps = {m: INTERPOLATE.complex(SPEC.with_metal(m)).step for m in ("La", "Ce", "Y", "Yb", "Lu")}
    assert steps == {
        "La": "template", "Ce": "series", "Y": "series", "Yb": "interpolated", "Lu": "series",
    }  # fmt: skip
    assert TaskFactory(Protocol()).complex(aqua_ion("Gd", 8)).step == "series"
    with pytest.raises(InputError, match="unknown series 'guess': known are swap, interpolate"):
        Protocol(series="guess")
