"""Numbers of waters: the constant of a level, the search for the lowest, one water more or less."""

import json
import math
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rarebind.binding import fit_release, for_sites, in_shell, release_of, to_try
from rarebind.campaigns import Protocol, TaskFactory
from rarebind.campaigns.plain import spec_to_data
from rarebind.campaigns.steps import execute
from rarebind.cli import main
from rarebind.complexes import (
    Layout,
    aqua_ion,
    aqua_starts,
    changed_by_one,
    check_complex,
    complex_spec,
    coordination_number,
    first_number,
    parent_templates,
    shell_numbers,
    with_waters,
)
from rarebind.complexes.polyhedra import POLYHEDRA, vertices
from rarebind.elements import rare_earths
from rarebind.engines import GFN2_WATER, level_named, relax
from rarebind.errors import InputError
from rarebind.ligands import common_ligand, library_ligand
from rarebind.units import KCAL_PER_EV

#: kcal/mol, GFN2-xTB/ALPB(water), as relaxed from one start.
NINTH = {
    "Y": -17.27, "La": -23.05, "Ce": -23.47, "Pr": -23.51, "Nd": -23.35, "Pm": -23.20,
    "Sm": -23.00, "Eu": -22.85, "Gd": -22.18, "Tb": -22.23, "Dy": -21.98, "Ho": -22.07,
    "Er": -21.90, "Tm": -21.71, "Yb": -21.67, "Lu": -21.07,
}  # fmt: skip
LANTHANIDES = [metal for metal in rare_earths() if metal not in {"Sc", "Y"}]
ACETATE = complex_spec("La", common_ligand("acetate"), "1", 8)


def in_ev(series):
    return {metal: energy / KCAL_PER_EV for metal, energy in series.items()}


# --- the constant ---------------------------------------------------------------------------------


def test_the_constant_is_the_middle_of_where_the_change_is_as_measured():
    found = fit_release(in_ev(NINTH))
    assert found.release * KCAL_PER_EV == pytest.approx((22.23 + 23.00) / 2)
    assert [found.waters(metal) for metal in ("La", "Sm", "Tb", "Lu", "Y")] == [9, 9, 8, 8, 8]


@given(st.floats(-50, 50), st.floats(1, 10))
def test_what_is_the_same_for_every_metal_only_shifts_the_constant(shift, slope):
    series = {m: (n - 14) * slope / 14 for n, m in enumerate(LANTHANIDES)}
    found = fit_release(in_ev({m: e - shift for m, e in series.items()}))
    assert found.release * KCAL_PER_EV == pytest.approx(shift + 7.5 * slope / 14, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (dict.fromkeys(NINTH, -20.0), "too flat: all lanthanides hold a ninth water alike"),
        ({"Sm": -22.25}, "too flat between Sm and Tb: .* 22.2 kcal/mol on Sm, 22.2 on Tb"),
        (
            {"Dy": -23.6},
            "23.0 kcal/mol on Sm, which has nine, but 23.6 on Dy, which has eight",
        ),
    ],
)
def test_where_no_constant_serves_that_is_said(change, said):
    found = fit_release(in_ev(NINTH | change))
    assert found.release is None
    assert found.waters("La") is None
    assert re.search(said, found.reason)


@pytest.mark.parametrize("energy", [None, math.nan, math.inf])
def test_energies_that_are_missing_are_named(energy):
    series = {m: e for m, e in in_ev(NINTH).items() if m != "Ho"}
    if energy is not None:
        series["Ho"] = energy
    with pytest.raises(InputError, match="ninth water of Ho"):
        fit_release(series)


def test_a_level_has_its_own_constant_or_is_told_how_to_get_one():
    known = release_of(GFN2_WATER)
    assert 22 < known * KCAL_PER_EV < 23.1
    assert release_of(level_named("gfn2-xtb", "xtb")) == known
    with pytest.raises(
        InputError, match=r"GFN1-xTB.*`rarebind hydration`.*--water-release.*--cn 8"
    ):
        release_of(level_named("gfn1-xtb"))


# --- the choice -----------------------------------------------------------------------------------


@given(st.floats(-30, 30), st.floats(1, 10), st.floats(6, 11), st.sampled_from([7, 8, 9, 10]))
def test_the_search_ends_at_the_lowest_and_looks_at_no_more_than_it_must(base, steep, at, start):
    numbers = range(start, 11)
    first = max(8, start)

    def energy(number):
        return base + steep * (number - at) ** 2

    known = {}
    while more := to_try(known, numbers, first):
        assert set(more) <= set(numbers)
        assert not set(more) & set(known)
        known |= {number: energy(number) for number in more}
    assert min(known.values()) == min(energy(number) for number in numbers)
    if 7.5 < at < 9.5:
        assert len(known) <= 3


def test_where_none_is_possible_all_are_tried():
    known = {}
    while more := to_try(known, range(7, 11), 8):
        known |= dict.fromkeys(more, math.inf)
    assert set(known) == {7, 8, 9, 10}


def test_an_exchange_has_no_step_where_the_number_changes():
    """At the crossing both complexes, and both aqua ions, give the same energy."""
    water, release = -5.0, 0.9
    eight = -100.0
    nine = eight + water - release
    assert in_shell(eight, 6, water, release) == pytest.approx(in_shell(nine, 7, water, release))
    # E_ex with an aqua ion of m waters, less what is common: E(complex) + (m - w) E(H2O).
    six, seven = eight + (8 - 6) * water, nine + (8 - 7) * water
    assert for_sites(six, 8, 8, release) == pytest.approx(for_sites(seven, 8, 9, release))
    aqua = {8: -90.0, 9: -90.0 + water - release}
    by_aqua = [for_sites(eight + (m - 6) * water - aqua[m], m, 8, release) for m in (8, 9)]
    assert by_aqua[0] == pytest.approx(by_aqua[1])


def test_shells_leave_ligands_their_sites():
    edta = complex_spec("La", common_ligand("acetate"), "4", 8)
    assert (shell_numbers(ACETATE), first_number(ACETATE)) == (range(7, 11), 8)
    assert (shell_numbers(edta), first_number(edta)) == (range(8, 11), 8)
    five = complex_spec("La", common_ligand("acetate"), "5", 10)
    six = complex_spec("La", common_ligand("acetate"), "6", 12)
    assert (shell_numbers(five), first_number(five)) == (range(10, 11), 10)
    assert (shell_numbers(six), first_number(six)) == (range(12, 13), 12)


# --- structures -----------------------------------------------------------------------------------


def test_a_water_more_is_bound_and_a_water_less_leaves_the_rest():
    spec = complex_spec("La", library_ligand("HOPO"), "1:6")
    start = parent_templates(spec)[0]
    more = with_waters(spec, 7)
    for found in changed_by_one(start, spec, more)[:4]:
        assert found.symbols == Layout(more).symbols
        assert coordination_number(found) == 9
        np.testing.assert_array_equal(found.positions[: len(start)], start.positions)
        back = changed_by_one(found, more, spec)
        assert len(back) == 7
        assert any(np.array_equal(one.positions, start.positions) for one in back)
        assert {one.symbols for one in back} == {start.symbols}


@pytest.mark.parametrize("waters", POLYHEDRA)
def test_polyhedra_have_their_vertices_apart_and_waters_that_are_waters(waters):
    for rings in POLYHEDRA[waters].values():
        points = vertices(rings)
        np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1)
        assert len(points) == waters
        gaps = np.linalg.norm(points[:, None] - points, axis=2) + 9 * np.eye(waters)
        assert gaps.min() > 0.95
    for metal in ("La", "Lu", "Sc"):
        spec = aqua_ion(metal, waters)
        starts = aqua_starts(spec, 2, 1)
        assert len(starts) == 2 * len(POLYHEDRA[waters])
        assert all(coordination_number(one) == waters for one in starts)
        again = aqua_starts(spec, 2, 1)
        for one, same in zip(starts, again, strict=True):
            np.testing.assert_array_equal(one.positions, same.positions)


def test_an_aqua_ion_relaxes_from_a_polyhedron():
    spec = aqua_ion("Lu", 8)
    report = check_complex(relax(aqua_starts(spec, 1, 1)[0], GFN2_WATER), spec)
    assert (report.reasons, report.coordination_number) == ((), 8)
    assert np.mean(report.donor_distances) == pytest.approx(2.34, abs=0.03)


# --- tasks ----------------------------------------------------------------------------------------


def test_what_has_eight_donors_is_the_calculation_of_a_fixed_composition():
    factory = TaskFactory(Protocol(builder="embedding"))
    lutetium = ACETATE.with_metal("Lu")
    assert factory.hydrated(lutetium).key == factory.complex(lutetium).key
    nine = factory.hydrated(with_waters(lutetium, 7))
    assert nine.step == "series"
    assert nine.key != factory.complex(with_waters(lutetium, 7)).key
    (template,) = nine.parents
    assert template.step == "hydrated"
    assert [parent.key for parent in template.parents] == [factory.complex(ACETATE).key]
    ten = factory.hydrated(with_waters(ACETATE, 8))
    assert [parent.key for parent in ten.parents] == [template.key]
    for waters in (8, 9):
        assert factory.hydrated(aqua_ion("Lu", waters)).key == factory.aqua("Lu", waters).key
        [parent] = factory.aqua_in_shell("Lu", waters).parents
        assert parent.key == factory.aqua("Lu", waters).key


@pytest.mark.slow
def test_a_ninth_water_put_into_the_shell_finds_the_known_minimum():
    """The template of nine waters, built by Architector, and that made of eight."""
    eight, nine = aqua_ion("La", 8), aqua_ion("La", 9)
    known = relax(parent_templates(nine)[0], GFN2_WATER)
    arguments = {
        "spec": spec_to_data(nine), "parent": spec_to_data(eight), "relaxed_candidates": 4,
        "hops": 8, "conformer_search": "rdkit", "seed": 111111,
    }  # fmt: skip
    found = execute("hydrated", arguments, [relax(parent_templates(eight)[0], GFN2_WATER)])
    assert found.ok
    assert (found.energy - known.energy) * KCAL_PER_EV < 0.15


@pytest.mark.slow
def test_the_command_prints_what_a_ninth_water_is_worth(tmp_path, capsys):
    store = tmp_path / "aqua.sqlite"
    with pytest.raises(SystemExit, match="0"):
        main(["hydration", "--store", str(store), "--json"])
    told = json.loads(capsys.readouterr().out)
    constant = told["water_release"]
    assert release_of(GFN2_WATER) * KCAL_PER_EV == pytest.approx(constant, abs=0.06)
    assert told["range"][0] < constant < told["range"][1]
    assert (told["waters"]["Sm"], told["waters"]["Tb"]) == (9, 8)
    began = time.monotonic()
    with pytest.raises(SystemExit, match="0"):
        main(["hydration", "--store", str(store)])
    assert time.monotonic() - began < 60
    shown = capsys.readouterr().out
    assert f"--water-release {constant:.1f}" in shown
    assert max(map(len, shown.splitlines()[:20])) <= 80


def test_an_unknown_level_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["hydration", "--store", str(tmp_path / "aqua.sqlite"), "--level", "gfn3"])
    assert "unknown level 'gfn3'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
