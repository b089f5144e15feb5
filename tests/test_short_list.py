"""The short list of a screen: chosen, planned, computed, written."""

import csv
import json
from dataclasses import replace
from functools import partial

import pytest

from rarebind.binding import WATER, Species, references_of
from rarebind.campaigns import Protocol, Store
from rarebind.campaigns.steps import execute
from rarebind.cli import main
from rarebind.complexes import complex_spec, parent_templates
from rarebind.engines import (
    GFN2_WATER,
    LEVELS,
    Calculation,
    LevelOfTheory,
    SCFReport,
    level_named,
    static,
)
from rarebind.errors import InputError
from rarebind.ligands import library_ligand
from rarebind.screening import (
    Entry,
    Prediction,
    Screen,
    ShortListRequest,
    Watch,
    compute_short_list,
    plan_screen,
    screen_by_calculation,
    short_list_request,
    short_list_rows,
    write_outputs,
)
from rarebind.screening.api import short_list
from rarebind.screening.page.content import page_content
from rarebind.screening.short_list import (
    ShortList,
    choose,
    plan_single_points,
    short_listed,
)
from rarebind.units import KCAL_PER_EV

#: A second level that is fast; no short list is ever asked for at it.
GFN1_WATER = LevelOfTheory("tblite", "GFN1-xTB", solvent="ALPB(water)")
DFT = level_named("b3lyp-d4")
PROTOCOL = Protocol(level=GFN2_WATER, conformers=1, relaxed_candidates=1, hops=0)
HOPO = complex_spec("La", library_ligand("HOPO"), "1:6")
EIGHT, NINE = (Species("La", waters=n) for n in (8, 9))
STRUCTURE = parent_templates(HOPO)[0]


def calculation(energy=-1.0, level=DFT, **more):
    return Calculation("static", level, STRUCTURE, energy, **more)


def failure(reason):
    return Calculation("none", GFN2_WATER, None, status="failed", reason=reason, converged=False)


def prediction(spec, exchange, **more):
    return Prediction(spec, str(GFN2_WATER), exchange - 50.0, exchange, 8, 8, **more)


def made_up(exchanges, metals=("La", "Lu"), geometries=("1:6",)):
    """A screen with the same exchange energies for every metal and geometry; None: failed."""
    entries = []
    for substituent, exchange in exchanges.items():
        for geometry in geometries:
            for metal in metals:
                spec = complex_spec(metal, library_ligand("HOPO", substituent), geometry)
                if exchange is None:
                    entries.append(Entry(spec, None, failure("no"), "no"))
                else:
                    entries.append(Entry(spec, prediction(spec, exchange), calculation()))
    return Screen(tuple(entries), metals, geometries, Protocol(level=GFN2_WATER), {"name": "none"})


FOUND = made_up({"H": -0.5, "methyl": -0.7, "chloro": None, "amino": -0.6})


# --- asked for what cannot be --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        ({"number": 0}, ["at least 1 ligand, got 0"]),
        (
            {"level": "b3lip"},
            ["unknown level 'b3lip': known are gfn2-xtb, gfn2-re, gfn1-xtb, b3lyp-d4"],
        ),
        (
            {"level": "gfn2-xtb"},
            ["is for screens themselves", "one of b3lyp-d4, b3lyp-d4-4f-in-core"],
        ),
        ({"metals": ["Eu", "Lu", "Xx"]}, ["Eu, Xx: not among the metals screened, La, Lu"]),
        ({"metals": ["Lu", "Lu"]}, ["more than once: Lu"]),
        ({"metals": []}, ["no metals"]),
        ({"workers": 0}, ["workers must be at least 1"]),
        (
            {"number": -1, "level": "x", "metals": ["Y"], "workers": -1},
            ["got -1", "unknown level 'x'", "Y: not among", "workers"],
        ),
    ],
)
def test_all_faults_are_told_at_once(options, messages):
    with pytest.raises(InputError) as caught:
        short_list_request(options.pop("number", 2), ("La", "Lu"), **options)
    assert len(caught.value.problems) == len([m for m in messages if "one of" not in m])
    for message in messages:
        assert message in str(caught.value)


@pytest.mark.parametrize(
    ("options", "messages"),
    [
        (["--short-list", "-1"], ["short_list: -1 is below 0"]),
        (
            ["--short-list", "1", "--short-list-level", "b3lip", "--short-list-metals", "Y", "Lu"],
            ["unknown level 'b3lip'", "short list of Y: not among"],
        ),
        (["--short-list", "1", "--short-list-level", "gfn2-xtb"], ["is for screens themselves"]),
        (["--short-list-level", "b3lyp-d4-4f-in-core"], ["give short_list as well"]),
        (["--short-list-metals", "La"], ["give short_list as well"]),
        (["--short-list", "1", "--short-list-level", "by-orca"], ["Get ORCA 5 or 6"]),
    ],
)
def test_bad_options_exit_with_2_and_leave_nothing_behind(
    tmp_path, monkeypatch, capsys, options, messages
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setitem(LEVELS, "by-orca", replace(DFT, engine="orca"))
    (tmp_path / "l.csv").write_text(f"name,smiles\nHOPO,{HOPO.ligand.smiles}\n")
    arguments = ["screen", "l.csv", "--engine", "tblite", "--metals", "La", "Lu", *options]
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for message in messages:
        assert message in said
    assert [path.name for path in tmp_path.iterdir()] == ["l.csv"]


def test_the_default_is_the_first_metal_at_the_level_of_the_labels():
    pytest.importorskip("pyscf")
    assert short_list_request(3, ("Lu", "La")) == ShortListRequest(3, DFT, ("Lu",))


# --- chosen and planned --------------------------------------------------------------------------


def test_the_best_of_every_metal_and_geometry_are_chosen():
    found = made_up({"H": -0.5, "methyl": -0.7, "chloro": None}, geometries=("1:6", "2:4"))
    chosen = choose(found, 1, ("Lu", "La"))
    assert [(e.spec.metal, e.spec.geometry, place) for e, place in chosen] == [
        ("Lu", "1:6", 1), ("Lu", "2:4", 1), ("La", "1:6", 1), ("La", "2:4", 1),
    ]  # fmt: skip
    assert {e.ligand.substituent for e, _ in chosen} == {"methyl"}
    # Those without a result are no candidates, however many are asked for.
    assert [(e.ligand.substituent, place) for e, place in choose(found, 9, ("La",))][:2] == [
        ("methyl", 1), ("H", 2),
    ]  # fmt: skip
    assert len(choose(found, 9, ("La",))) == 4


def test_an_empty_short_list_computes_nothing(store, tmp_path):
    found = made_up({"H": None})
    listed = compute_short_list(found, ShortListRequest(3, GFN1_WATER, ("La",)), store)
    assert listed.entries == ()
    assert len(store) == 0
    paths = write_outputs(found, tmp_path, short_list=listed)
    assert paths["short_list"].read_text().startswith("rank,ligand,metal")


def test_only_geometries_that_passed_get_single_points():
    pytest.importorskip("pyscf")
    plan = plan_screen([HOPO], PROTOCOL)
    relaxed = {task.key: calculation(level=GFN2_WATER) for task in plan.tasks()}
    nine = plan.references[NINE]
    relaxed[nine.key] = replace(relaxed[nine.key], status="rejected", reason="another shell")
    relaxed[plan.references[WATER].key] = failure("no memory")
    tasks = plan_single_points(plan, relaxed, DFT)
    assert set(tasks) == set(relaxed) - {nine.key, plan.references[WATER].key}
    one = tasks[plan.complexes[0][1].key]
    assert one.step == "single_point"
    assert one.label == HOPO.name
    assert one.arguments["level"]["method"] == "B3LYP"
    assert one.arguments["structure"]["charge"] == HOPO.charge


def test_too_little_memory_is_a_record(monkeypatch):
    pytest.importorskip("pyscf")
    plan = plan_screen([HOPO], PROTOCOL)
    task = plan.complexes[0][1]
    relaxed = {one.key: calculation(level=GFN2_WATER) for one in plan.tasks()}
    single = plan_single_points(plan, relaxed, DFT)[task.key]
    monkeypatch.setattr("rarebind.engines.dft.resources.available_memory", lambda: 700.0)
    refused = execute(single.step, single.arguments, [])
    assert refused.status == "failed"
    assert "700 MB are free" in refused.reason


# --- what came of it -----------------------------------------------------------------------------


def outcomes(change, specs=(HOPO,)):
    """Candidates of `specs`, their single points changed by task key."""
    plan = plan_screen(specs, PROTOCOL)
    at_level = {task.key: calculation() for task in plan.tasks()}
    at_level |= change(plan)
    candidates = [
        (Entry(spec, prediction(spec, -0.5), calculation()), place)
        for place, spec in enumerate(specs, start=1)
    ]
    return short_listed(candidates, plan, at_level)


def test_a_failed_complex_is_a_record_and_the_others_have_energies():
    other = complex_spec("La", library_ligand("HOPO", "methyl"), "1:6")

    def change(plan):
        return {
            plan.complexes[0][1].key: failure("not enough memory"),
            plan.complexes[1][1].key: calculation(-2.0, scf=SCFReport(s_squared=0.0, attempts=1)),
        }

    found = outcomes(change, (HOPO, other))
    rows = short_list_rows(ShortList(ShortListRequest(2, DFT, ("La",)), found, GFN2_WATER, ""))
    assert [(r.rank, r.ligand, r.status) for r in rows] == [
        (1, other.ligand.name, "ok"), (None, HOPO.ligand.name, "failed"),
    ]  # fmt: skip
    assert "not enough memory" in rows[1].reason
    assert rows[1].exchange is None
    # −2 + 1 (ion) + 1 (ligand) + 6 (waters)
    assert rows[0].binding == pytest.approx(6 * KCAL_PER_EV)
    assert (rows[0].attempts, rows[0].spin_contamination, rows[0].screen_rank) == (1, 0.0, 2)


def test_a_failed_reference_is_named():
    (found,) = outcomes(lambda plan: {plan.references[WATER].key: failure("killed")})
    assert found.binding is None
    assert found.reason == "water failed: killed"
    assert found.calculation.ok


def test_an_aqua_ion_that_failed_is_told_and_the_other_one_serves():
    (found,) = outcomes(lambda plan: {plan.references[NINE].key: failure("killed")})
    assert found.binding.aqua_waters == 8
    assert found.reason == "without La(H2O)9, which failed: killed"
    # What the checks turned down is no aqua ion.
    rejected = calculation(status="rejected", reason="another shell")
    (found,) = outcomes(lambda plan: {plan.references[NINE].key: rejected})
    assert (found.binding.aqua_waters, found.reason) == (8, "")
    lost = failure("killed")
    (found,) = outcomes(lambda plan: {plan.references[s].key: lost for s in (EIGHT, NINE)})
    assert found.binding is None
    assert found.reason.startswith("no aqua ion of La")
    assert "La(H2O)8 failed: killed" in found.reason


@pytest.mark.parametrize(
    ("level", "metal", "s_squared"), [("b3lyp-d4", "Gd", 15.75), ("b3lyp-d4-4f-in-core", "Gd", 0)]
)
def test_spin_contamination_is_that_of_the_electrons_treated(level, metal, s_squared):
    spec = HOPO.with_metal(metal)
    plan = plan_screen([spec], PROTOCOL)
    at_level = {task.key: calculation() for task in plan.tasks()}
    at_level[plan.complexes[0][1].key] = calculation(scf=SCFReport(s_squared=s_squared + 0.01))
    found = short_listed([(Entry(spec, prediction(spec, 0.0), calculation()), 1)], plan, at_level)
    request = ShortListRequest(1, level_named(level), (metal,))
    (row,) = short_list_rows(ShortList(request, found, GFN2_WATER, ""))
    assert row.spin_contamination == pytest.approx(0.01)


def test_files_tell_of_the_short_list(tmp_path):
    found = outcomes(lambda _: {})
    listed = ShortList(ShortListRequest(1, DFT, ("La",)), found, GFN2_WATER, "pyscf 2")
    paths = write_outputs(FOUND, tmp_path, "kJ/mol", short_list=listed)
    assert paths["short_list"] == tmp_path / "short-list.csv"
    (row,) = csv.DictReader(paths["short_list"].open())
    assert row["level"] == str(DFT)
    assert row["unit"] == "kJ/mol"
    assert float(row["screen_exchange"]) == pytest.approx(-0.5 * 4.184 * KCAL_PER_EV, abs=1e-3)
    data = json.loads(paths["json"].read_text())
    assert data["schema"] == 2
    entry = data["short_list"]
    assert (entry["level"], entry["engine"], entry["number"]) == (str(DFT), "pyscf", 1)
    assert entry["rows"][0]["screen_source"] == "predicted"
    assert page_content(data)["short_list"]["rows"][0]["ligand"] == HOPO.ligand.name
    assert "drawShortList" in paths["page"].read_text(encoding="utf-8")
    write_outputs(FOUND, tmp_path)
    assert json.loads(paths["json"].read_text())["short_list"] is None


def test_files_that_a_later_screen_does_not_have_are_removed(tmp_path):
    listed = ShortList(ShortListRequest(1, DFT, ("La",)), outcomes(lambda _: {}), GFN2_WATER, "")
    own = tmp_path / "calculations.sqlite"
    own.write_text("kept")
    common = {"report.html", "ranking.csv", "ranking.json", own.name}
    pictures = {"structures.xyz", "heatmap.png"}
    failed = made_up({"H": None})
    for found, more, files in (
        (FOUND, {"short_list": listed}, common | pictures | {"short-list.csv"}),
        (FOUND, {}, common | pictures),
        (failed, {}, common),
        (failed, {"short_list": listed}, common | {"short-list.csv"}),
    ):
        paths = write_outputs(found, tmp_path, **more)
        assert {path.name for path in tmp_path.iterdir()} == files
        assert {path.name for path in paths.values()} == files - {own.name}


# --- computed, at a level that is fast -----------------------------------------------------------


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """HOPO with La, and with Lu as if a model had predicted it: the screen and its store."""
    path = tmp_path_factory.mktemp("short") / "store.sqlite"
    with Store(path) as store:
        found = screen_by_calculation(plan_screen([HOPO], PROTOCOL), store, workers=1)
    (anchor,) = found.entries
    lutetium = HOPO.with_metal("Lu")
    predicted = Entry(lutetium, prediction(lutetium, -0.1), anchor.calculation)
    return replace(found, entries=(anchor, predicted), metals=("La", "Lu")), path


def test_what_was_predicted_is_relaxed_and_nothing_is_computed_twice(computed):
    found, path = computed
    request = ShortListRequest(2, GFN1_WATER, ("La", "Lu"), workers=1)
    totals, ended = [], []
    watch = Watch(on_total=totals.append, on_done=ended.append)
    with Store(path) as store:
        before = set(store.summaries())
        listed = compute_short_list(found, request, store, watch)
    new = [one.task for one in ended if not one.stored]
    # The complex, the ion and two aqua ions of Lu; ligand and water, and the same of La and Lu.
    assert sorted(task.step for task in new) == ["ion", "series", "series", "series"] + 10 * [
        "single_point"
    ]
    assert before.isdisjoint(task.key for task in new)
    assert len(ended) == totals[-1]
    lanthanum, lutetium = listed.entries
    assert lutetium.calculation.structure.symbols[0] == "Lu"
    for one in listed.entries:
        assert one.reason == ""
        assert one.binding.level == one.calculation.level == GFN1_WATER
        again = static(one.calculation.structure, GFN1_WATER)
        assert one.calculation.energy == pytest.approx(again.energy, abs=1e-6)
    relaxed = found.entries[0].calculation.structure
    assert (lanthanum.calculation.structure.positions == relaxed.positions).all()
    ended.clear()
    with Store(path) as store:
        assert short_list_rows(compute_short_list(found, request, store, watch)) == (
            short_list_rows(listed)
        )
    assert all(one.stored for one in ended)


def test_a_table_from_python(computed, monkeypatch):
    found, path = computed
    monkeypatch.setattr("rarebind.screening.short_list.is_single_point", lambda level: True)
    monkeypatch.setitem(LEVELS, "gfn1-xtb", GFN1_WATER)
    table = short_list(found, 1, level="gfn1-xtb", unit="kJ/mol", store=path, workers=1)
    assert table.attrs["level"] == str(GFN1_WATER)
    assert table.attrs["geometry_level"] == str(GFN2_WATER)
    assert list(table["metal"]) == ["La"]
    assert table["exchange"].notna().all()
    with pytest.raises(InputError, match="Eu: not among"):
        short_list(found, 1, metals="Eu")


# --- by density functional theory ----------------------------------------------------------------

#: Formohydroxamic acid, hardly more than its two donors.
SMALL = "O=CNO"


@pytest.mark.slow
def test_a_short_list_from_the_command_line_to_the_files(tmp_path, monkeypatch, capsys):
    pytest.importorskip("pyscf")
    pytest.importorskip("openbabel")
    # As small as a complex can be, and aqua ions alike.
    three = partial(references_of, aqua=(3,))
    monkeypatch.setattr("rarebind.campaigns.references.references_of", three)
    level = LevelOfTheory("pyscf", "B3LYP", "def2-SVP+lcecp-1-TZVP", dispersion="D4")
    monkeypatch.setitem(LEVELS, "small", level)
    (tmp_path / "l.csv").write_text(f"name,smiles\nsmall,{SMALL}\n")
    out = tmp_path / "out"
    arguments = [
        "screen", str(tmp_path / "l.csv"), "--engine", "tblite", "--metals", "La", "--cn", "3",
        "--geometry", "1:1", "--symmetries", "1", "--hops", "0", "--workers", "1",
        "--out", str(out), "--short-list", "2", "--short-list-level", "small",
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    printed = capsys.readouterr().out
    assert "Short list at B3LYP-D4" in printed
    assert str(out / "short-list.csv") in printed
    (row,) = csv.DictReader((out / "short-list.csv").open())
    assert (row["status"], row["rank"], row["screen_source"]) == ("ok", "1", "computed")
    assert row["level"] == str(level)
    # Without a solvent, or with hardly any, an anion is drawn to three charges.
    assert float(row["exchange"]) < float(row["screen_exchange"]) < -20
    assert row["attempts"] == "1"
    assert float(row["spin_contamination"]) == 0.0
    entry = json.loads((out / "ranking.json").read_text())["short_list"]
    assert entry["rows"][0]["exchange"] == pytest.approx(float(row["exchange"]), abs=1e-3)
    # Nothing is left of the checkpoints of what ended well, and all is there the second time.
    kept = out / "calculations.checkpoints"
    assert not kept.exists() or not [p for p in kept.rglob("*") if p.is_file()]
    with Store(out / "calculations.sqlite") as store:
        number = len(store)
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    with Store(out / "calculations.sqlite") as store:
        assert len(store) == number
