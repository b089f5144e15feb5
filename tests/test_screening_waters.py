"""Screens that choose numbers of waters: what is computed, taken, counted, written and refused."""

import io
import json
import math
import re

import numpy as np
import pytest
from made_screen import STRUCTURE
from rich.console import Console

import rarebind
from rarebind.campaigns.run import Ended
from rarebind.commands import screen_table
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.errors import InputError
from rarebind.ligands import common_ligand
from rarebind.screening import Request, report, write_outputs
from rarebind.screening.api import run
from rarebind.screening.asked import fit
from rarebind.screening.shells import plan_chosen
from rarebind.screening.speciation import WATER, speciate
from rarebind.units import KCAL_PER_EV

#: By both oxygens, as if someone had chosen them.
ACETATE = common_ligand("acetate").bound_by(common_ligand("acetate").donors)
#: eV. What the water that makes a shell of so many donor atoms is worth, by metal: made up.
WORTH = {"La": {8: 1.4, 9: 1.00, 10: 0.6}, "Lu": {8: 1.2, 9: 0.90, 10: 0.4}}
FREE_WATER, FREE_LIGAND, RELEASE = -100.0, -300.0, 0.95
#: eV: of the exchange of two waters for an acetate at eight donor atoms.
EXCHANGE = {"La": -0.3, "Lu": -0.2}
ASKED = {"ligands": ACETATE, "metals": ("La", "Lu"), "engine": "tblite", "builder": "embedding"}


def shell_energy(metal, number):
    return -sum(worth for n, worth in WORTH[metal].items() if n <= number)


def made_energy(label):
    """Of a task by its label; species of the same metal and donor atoms differ by the ligand."""
    if label == "water":
        return FREE_WATER
    if label == "acetate":
        return FREE_LIGAND
    metal = label[:2]
    if label == f"{metal}3+":
        return -10.0
    ligands = int(found[1]) if (found := re.search(r"\(acetate\)(\d)", label)) else 0
    waters = int(found[1]) if (found := re.search(r"\(H2O\)(\d+)", label)) else 0
    own = shell_energy(metal, 2 * ligands + waters)
    return own + waters * FREE_WATER + ligands * (FREE_LIGAND + EXCHANGE[metal])


class MadeRunner:
    """Takes the place of ``run_tasks``; some labels are without a result."""

    def __init__(self, **without):
        self.without = without
        self.labels = []

    def __call__(self, tasks, store, *, workers=None, on_done=None):
        found = {}
        for task in tasks:
            status = self.without.get(task.label, "ok")
            there = status != "failed"
            found[task.key] = Calculation(
                "relax", GFN2_WATER, STRUCTURE if there else None,
                made_energy(task.label) if there else None, status=status,
                reason="" if status == "ok" else "told so", converged=there,
            )  # fmt: skip
            if task.label not in self.labels:
                self.labels.append(task.label)
            on_done(Ended(task, status))
        return found


@pytest.fixture
def runner(monkeypatch):
    made = MadeRunner()
    monkeypatch.setattr("rarebind.screening.shells.run_tasks", made)
    return made


def screened(**options):
    asked = ASKED | {"geometries": "1", "water_release": RELEASE * KCAL_PER_EV} | options
    return run(**asked)


# --- what is taken --------------------------------------------------------------------------------


def test_each_metal_has_its_own_waters_and_its_own_aqua_ion(runner):
    found = screened()
    assert found.geometries == ("1",)
    assert found.water_release == pytest.approx(RELEASE)
    taken = {entry.spec.metal: entry for entry in found.entries}
    assert {metal: entry.spec.geometry for metal, entry in taken.items()} == {
        "La": "1:7", "Lu": "1:6",
    }  # fmt: skip
    assert {m: entry.binding.aqua_waters for m, entry in taken.items()} == {"La": 9, "Lu": 8}
    # Numbers of sites do not change, so that only the ligand is left of the energy.
    for metal, entry in taken.items():
        assert entry.exchange == pytest.approx(EXCHANGE[metal])
    # Two neighbours, then one beyond the lower: nothing else.
    for metal, numbers in {"La": (8, 9, 10), "Lu": (7, 8, 9)}.items():
        assert {name for name in runner.labels if name.startswith(f"{metal}(H")} >= {
            f"{metal}(H2O){n}" for n in numbers
        }
        assert {name for name in runner.labels if name.startswith(f"{metal}(acetate)")} >= {
            f"{metal}(acetate)1(H2O){n - 2}" for n in numbers
        }
    assert "Lu(acetate)1(H2O)8" not in runner.labels
    assert "Lu(H2O)10" not in runner.labels


def test_a_site_given_up_counts_the_water_set_free(runner, monkeypatch):
    """With sites as they are no water would leave; a complex too crowded for nine gives one up."""
    monkeypatch.setattr(runner, "without", {"La(acetate)1(H2O)7": "rejected"})
    entry = screened(metals="La").entries[0]
    assert (entry.spec.geometry, entry.binding.aqua_waters) == ("1:6", 9)
    assert entry.exchange == pytest.approx(EXCHANGE["La"] + WORTH["La"][9] - RELEASE)
    assert entry.reason == ""


def test_what_failed_is_told_and_what_has_nothing_has_a_reason(runner, monkeypatch):
    monkeypatch.setattr(runner, "without", {"La(acetate)1(H2O)7": "failed"})
    assert "without La(acetate)1(H2O)7, which failed: told so" in screened().entries[0].reason
    numbers = dict.fromkeys((f"Lu(acetate)1(H2O){n}" for n in (5, 6, 7, 8)), "rejected")
    monkeypatch.setattr(runner, "without", numbers | {"La(H2O)8": "failed"})
    first, second = screened().entries
    assert (first.binding.aqua_waters, first.spec.geometry) == (9, "1:7")
    assert second.binding is None
    assert "Lu(acetate)1(H2O)6 rejected: told so" in second.reason
    ions = dict.fromkeys((f"Lu(H2O){n}" for n in (7, 8, 9, 10)), "failed")
    monkeypatch.setattr(runner, "without", ions)
    assert "no aqua ion of Lu: Lu(H2O)" in screened().entries[1].reason
    monkeypatch.setattr(runner, "without", {"water": "failed"})
    assert all("water failed" in entry.reason for entry in screened().entries)


def test_compositions_that_are_given_stay_and_refer_to_the_same_aqua_ion(runner):
    found = screened(geometries=("1", "1:6"))
    assert found.geometries == ("1", "1:6")
    fixed = [entry for entry in found.entries if entry.geometry == "1:6"]
    assert {(e.spec.metal, e.spec.waters, e.binding.aqua_waters) for e in fixed} == {
        ("La", 6, 9), ("Lu", 6, 8),
    }  # fmt: skip
    assert fixed[0].exchange == pytest.approx(EXCHANGE["La"] + WORTH["La"][9] - RELEASE)
    assert fixed[1].exchange == pytest.approx(EXCHANGE["Lu"])


def test_a_coordination_number_fixes_the_waters():
    asked = Request(**ASKED, geometries="1", coordination_number=9)
    assert asked.open_geometries == ()
    assert asked.release() is None
    assert {spec.geometry for spec in asked.fitting().specs} == {"1:7"}


def test_ligands_of_more_than_eight_donors_are_no_misfits():
    asked = fit([ACETATE], ["La"], ["5", "6", "7"], choose_waters=True)
    assert [one.spec.geometry for one in asked.asked] == ["5:0", "6:0"]
    assert "needs 14 sites" in asked.misfits[0].reason


def test_a_short_list_computes_what_was_taken(runner):
    found = screened()
    plan = plan_chosen(found.entries, found.protocol)
    names = {task.label: task.step for _, task in plan.complexes}
    assert names == {"La(acetate)1(H2O)7": "hydrated", "Lu(acetate)1(H2O)6": "series"}
    aqua = {task.label: task.step for s, task in plan.references.items() if s.kind == "aqua"}
    assert aqua == {"La(H2O)9": "polyhedra", "Lu(H2O)8": "polyhedra"}


# --- what is written ------------------------------------------------------------------------------


def test_what_was_taken_is_in_every_file(runner, tmp_path, monkeypatch):
    found = screened(metals=("La", "Lu"), geometries=("1", "2"))
    paths = write_outputs(found, tmp_path)
    data = json.loads(paths["json"].read_text(encoding="utf-8"))
    assert data["water_release"] == pytest.approx(RELEASE * KCAL_PER_EV)
    rows = {(row["metal"], row["geometry"]): row for row in data["rows"]}
    assert [rows[m, "1"]["waters"] for m in ("La", "Lu")] == [7, 6]
    assert [rows[m, "2"]["waters"] for m in ("La", "Lu")] == [5, 4]
    assert [rows[m, "1"]["aqua_waters"] for m in ("La", "Lu")] == [9, 8]
    selectivity = (EXCHANGE["Lu"] - EXCHANGE["La"]) * KCAL_PER_EV
    assert rows["Lu", "1"]["selectivity"] == pytest.approx(selectivity)
    assert ",waters,aqua_waters," in paths["csv"].read_text(encoding="utf-8").splitlines()[0]
    assert set(data["structures"]) == {
        f"{ACETATE.inchikey}|{metal}|{g}" for metal in ("La", "Lu") for g in ("1", "2")
    }
    # Of a level that gives a sign of selectivity there are species as well.
    monkeypatch.setattr("rarebind.screening.reporting.gives_sign", lambda _: True)
    assert set(report(found)["speciation"][0]["fractions"]) == {"aqua", "1", "2"}
    again = Request(**dict(found.asked))
    assert again.release() == pytest.approx(RELEASE)
    assert again.geometries == ("1", "2")


def test_the_terminal_shows_them_within_eighty_columns(runner, monkeypatch):
    found = screened()
    written = io.StringIO()
    console = Console(file=written, width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(screen_table, "_console", lambda: console)
    screen_table.show_ranking(found, "kcal/mol")
    lines = written.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    shown = [line.split() for line in lines if "acetate" in line]
    assert [line[-2:] for line in shown] == [["7", "9"], ["6", "8"]]
    assert "every site given up counts 21.9" in " ".join(written.getvalue().split())


def test_python_gets_the_columns(runner):
    asked = ASKED | {"geometries": "1", "water_release": RELEASE * KCAL_PER_EV}
    table = rarebind.screen(**asked, unit="kJ/mol")
    assert list(table["waters"]) == [7, 6]
    assert table.attrs["water_release"] == pytest.approx(RELEASE * KCAL_PER_EV * 4.184)


def test_species_count_water_once():
    """Sites that change in number carry the concentration of water in their constant already."""
    asked = {"metal_total": 1e-3, "ligand_total": 2e-3, "aqua_waters": 9}
    chosen = speciate({"1": -0.3}, **asked, released={"1": 2})
    fixed = speciate({"1:7": -0.3}, **asked)
    np.testing.assert_allclose(chosen.fractions["1"], fixed.fractions["1:7"])
    thermal = math.log(WATER)
    fewer = speciate({"1": -0.3}, **asked, released={"1": 3}, temperature=298.15)
    assert thermal > 0
    assert fewer.fractions["1"] < chosen.fractions["1"]


# --- what is refused ------------------------------------------------------------------------------


def test_where_a_model_predicts_waters_fill_up_eight_donor_atoms():
    asked = {"ligands": ACETATE, "metals": "La"}
    for change in ({"level": "gfn2-xtb"}, {"engine": "model"}):
        request = Request(**asked, **change)
        assert request.predicts
        assert request.release() is None
        assert request.note == ""
        assert [one.geometry for one in request.fitting().specs] == ["1:6"]
    given = Request(**asked, level="gfn2-xtb", water_release=20)
    assert not given.predicts
    assert "everything is computed: numbers of waters are chosen" in given.note
    for change in ({"engine": "model"}, {"model": "some.model"}):
        with pytest.raises(InputError, match="the model predicts complexes of a given number only"):
            Request(**asked, **change, water_release=20).prepared()
    for change in ({"geometries": "1:6"}, {"coordination_number": 8}):
        assert Request(**ASKED | change).release() is None
    assert Request(**ASKED).release() is not None


def test_the_default_level_has_its_constant():
    """Right value: that of `rarebind hydration --level gfn2-re`; new parameters need a new one."""
    request = Request(ligands=ACETATE, metals="La")
    assert request.release() == pytest.approx(19.8 / KCAL_PER_EV)
    assert request.note == ""


def test_a_level_without_a_constant_fills_up_eight_and_says_how_to_get_one():
    level = "gfn1-xtb"
    request = Request(**ASKED | {"metals": "La", "level": level})
    assert request.release() is None
    assert "eight donor atoms" in request.note
    assert "`rarebind hydration`" in request.note
    (asked,) = request.fitting().asked
    assert (asked.spec.geometry, asked.open_as) == ("1:6", "")
    assert Request(**ASKED | {"geometries": "1:6", "level": level}).note == ""
    given = Request(**ASKED | {"level": level, "water_release": 20})
    assert given.release() == pytest.approx(20 / KCAL_PER_EV)


@pytest.mark.parametrize("release", [-1, 101, math.nan, "much"])
def test_a_constant_that_is_none_is_refused(release):
    with pytest.raises(InputError, match="water_release"):
        Request(**ASKED, water_release=release)


# --- for real -------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("ligand", "donors"), [("acetate", 2), ("hydroxide", 1)])
def test_lanthanum_keeps_a_water_that_lutetium_loses(ligand, donors, tmp_path):
    asked = {
        "ligands": common_ligand(ligand), "metals": ("La", "Lu"), "engine": "tblite",
        "builder": "embedding", "hops": 4, "relaxed_candidates": 2,
    }  # fmt: skip
    store = tmp_path / "store.sqlite"
    table = rarebind.screen(**asked, store=store)
    assert list(table["status"]) == ["ok", "ok"]
    assert list(table["aqua_waters"]) == [9, 8]
    lanthanum, lutetium = table["waters"] + donors
    assert lanthanum in {8, 9, 10}
    assert lutetium <= lanthanum
    done = []
    watch = rarebind.screening.Watch(on_done=done.append)
    again = rarebind.screen(**asked, store=store, watch=watch)
    assert all(ended.stored for ended in done)
    assert again["exchange"].tolist() == table["exchange"].tolist()
