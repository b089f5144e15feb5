"""The ranked table and all that is made of it: intervals, probabilities, gaps, files."""

import csv
import gc
import io
import json
import math
import weakref
from dataclasses import fields, replace

import numpy as np
import pytest
from ase.io import read
from made_screen import INTERVAL, MULTIPLIER, SIGMA, made_ligands, made_screen
from scipy.stats import norm

from rarebind.errors import OutputError
from rarebind.io.tables import plain_cell
from rarebind.screening import Row, estimates_of, ranked_rows, report, write_outputs
from rarebind.screening.estimates import Estimates
from rarebind.screening.heatmap import draw_heatmap
from rarebind.screening.outputs import NAMES
from rarebind.screening.page.content import page_content
from rarebind.screening.screen import Entry
from rarebind.screening.selectivity import compare_pair
from rarebind.screening.table import COLUMNS

LIGANDS = made_ligands(3)
Z = norm.ppf(0.95)


@pytest.fixture(scope="module")
def screen():
    """Computed La and Y, predicted Eu and Lu; one ligand was not screened in one geometry."""
    return made_screen(
        LIGANDS, ("La", "Eu", "Lu", "Y"), ("1:6", "2:4"), without={(LIGANDS[1].name, "2:4")}
    )


def test_the_calibrated_gaussian_has_the_stated_intervals():
    spread = np.array([[0.3, 0.4], [0.0, 0.0], [0.1, 0.0], [math.nan, 0.0]])
    estimates = Estimates(
        ("A", "A", "B", "C"), ("Eu", "La", "Eu", "Eu"), ("1:6",) * 4,
        [-1.0, -1.0, -0.5, math.nan], [-50.0] * 4, spread, [1.2, 0.0, 0.2, math.nan], [False] * 4,
        level=0.9, difference_multiplier=2.0,
    )  # fmt: skip
    assert estimates.unsure.tolist() == [True, False, True, False]
    widths = norm.interval(0.9, scale=np.linalg.norm(estimates.calibrated_spread[[0, 2]], axis=1))
    assert widths[1] == pytest.approx([1.2, 0.2])
    assert estimates.calibrated_spread[0] == pytest.approx(np.array([0.3, 0.4]) * 2.4 / Z)
    assert not estimates.calibrated_spread[1].any()
    difference = estimates.calibrated_differences([0, 0], [2, 1])
    stated = estimates.difference_half_widths([0, 0], [2, 1])
    assert Z * np.linalg.norm(difference, axis=1) == pytest.approx(stated)
    assert stated == pytest.approx([2 * math.hypot(0.2, 0.4), 2 * 0.5])
    assert np.isnan(estimates.difference_half_widths([1, 0], [1, 3])).all()
    assert estimates.rows_of["A", "Eu"] == (0,)


def test_computed_energies_alone_have_no_calibrated_spread():
    estimates = Estimates(("A",), ("Eu",), ("1:6",), [0.0], [0.0], None, None, [False])
    assert estimates.calibrated_spread is None
    assert estimates.calibrated_differences([0], [0]) is None
    assert np.isnan(estimates.difference_half_widths([0], [0])).all()
    assert not estimates.unsure.any()


def test_the_probability_of_being_first_agrees_with_the_intervals():
    screened = made_screen(LIGANDS[:2], ("La", "Eu"), causes=2)
    estimates = estimates_of(screened)
    rows = [i for i, metal in enumerate(estimates.metals) if metal == "Eu"]
    # What the shown intervals say as Gaussians: here, MULTIPLIER/Z times the bare spread.
    one, other = estimates.spread[rows] * MULTIPLIER / Z
    gap = np.diff(estimates.exchange[rows]).item()
    chance = norm.cdf(abs(gap) / np.linalg.norm(one - other))
    first = next(row for row in ranked_rows(screened) if (row.metal, row.rank) == ("Eu", 1))
    assert first.probability_first == pytest.approx(chance, abs=0.02)
    assert first.half_width == pytest.approx(
        23.0605 * MULTIPLIER * np.linalg.norm(estimates.spread[rows], axis=1)[int(gap < 0)],
        rel=1e-4,
    )


def test_what_is_computed_is_ranked_without_probabilities(screen):
    for row in ranked_rows(screen):
        computed = row.metal in {"La", "Y"}
        assert (row.source == "computed") == computed
        assert (row.probability_first is None) == computed
        assert (row.half_width is None) == (row.selectivity_half_width is None) == computed


def test_a_computed_ligand_among_predicted_ones_keeps_the_probabilities():
    screened = made_screen(LIGANDS, ("La", "Eu"))
    eu = [i for i, e in enumerate(screened.entries) if e.spec.metal == "Eu"]
    computed = screened.entries[0].binding
    entries = list(screened.entries)
    spec = entries[eu[0]].spec
    entries[eu[0]] = Entry(spec, replace(computed, spec=spec), entries[0].calculation)
    rows = [row for row in ranked_rows(replace(screened, entries=tuple(entries)))
            if row.metal == "Eu"]  # fmt: skip
    assert {row.source for row in rows} == {"computed", "predicted"}
    assert sum(row.probability_first for row in rows) == pytest.approx(1)


def test_pairs_of_computed_metals_have_neither_intervals_nor_probabilities():
    screened = made_screen(LIGANDS, ("La", "Y", "Eu", "Gd", "Ho"))
    content = report(screened, structures=False)
    for pair, front in zip(content["pairs"], content["pareto"], strict=True):
        computed = {pair["metal"], pair["other"]} <= {"La", "Y"}
        for row in pair["rows"]:
            assert (row["half_width"] is None) == (row["probability_best"] is None) == computed
        for point in front["points"]:
            assert (point["probability_front"] is None) == computed
            assert (point["strength_half_width"] is None) == (front["metal"] in {"La", "Y"})
            assert (point["selectivity_half_width"] is None) == computed
    found = compare_pair(estimates_of(screened), "La", "Y")
    nothing = ["probability_best", "half_width", "probability_front", "strength_half_width"]
    assert found[nothing].isna().all(axis=None)


def test_a_pair_that_was_not_screened_has_no_row(screen):
    rows = ranked_rows(screen)
    assert len(rows) == (3 + 2) * 4
    absent = {row.ligand for row in rows} - {r.ligand for r in rows if r.geometry == "2:4"}
    assert absent == {LIGANDS[1].name}
    ranks = [row.rank for row in rows if (row.metal, row.geometry) == ("Eu", "2:4")]
    assert ranks == [1, 2]
    curves = report(screen, structures=False)["speciation"]
    assert len(curves) == 3 * 4
    for curve in curves:
        lacks = curve["ligand"] == LIGANDS[1].name
        assert list(curve["fractions"]) == ["aqua", "1:6"] + ["2:4"] * (not lacks)
        assert (curve["bands"] is None) == (curve["metal"] in {"La", "Y"})


def test_files_of_a_screen_with_gaps(screen, tmp_path):
    paths = write_outputs(screen, tmp_path)
    assert set(paths) >= {"page", "csv", "json", "heatmap"}
    with paths["csv"].open(encoding="utf-8", newline="") as stream:
        table = list(csv.reader(stream))
    assert len(table) == 1 + (3 + 2) * 4
    # The page hands out the same columns.
    content = page_content(json.loads(paths["json"].read_text(encoding="utf-8")))
    assert table[0] == [*content["columns"], "unit"]
    assert content["columns"] == list(COLUMNS) == [field.name for field in fields(Row)]
    assert {name: len(column.get("values") or column["at"])
            for name, column in content["rows"].items()} == dict.fromkeys(COLUMNS, 20)  # fmt: skip


@pytest.mark.parametrize("file", NAMES.values())
def test_a_disk_that_fills_while_files_are_written(screen, tmp_path, file):
    listed = [name for name in NAMES.values() if name not in {"screen.yaml", "short-list.csv"}]
    if file not in listed:
        pytest.skip("this screen has no such file")
    (tmp_path / f".{file}.partial").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=rf"{file}: No space left"):
        write_outputs(screen, tmp_path)
    there = sorted(path.name for path in tmp_path.iterdir())
    assert there == sorted(listed[: listed.index(file)])


@pytest.mark.parametrize(
    "name",
    [
        "=HYPERLINK(1)",
        "@SUM(1+1)",
        "-2+3",
        "a\\",
        "T",
        "1.5",
        "1,2",
        '"',
        "$x^$",
        "$$",
        "_JSON [",
        "[/]",
    ],
)
def test_a_name_is_text_in_every_file(name, tmp_path):
    ligand = replace(LIGANDS[0], name=name)
    paths = write_outputs(made_screen([ligand, LIGANDS[1]], ("La", "Eu")), tmp_path)
    with paths["csv"].open(encoding="utf-8", newline="") as stream:
        written = {row["ligand"] for row in csv.DictReader(stream)}
    assert not any(cell.startswith(tuple("=+-@")) for cell in written)
    assert {plain_cell(cell) for cell in written} == {name, LIGANDS[1].name}
    frames = read(paths["structures"], index=":")
    assert {frame.info["ligand"] for frame in frames} == {name, LIGANDS[1].name}
    assert {frame.info["metal"] for frame in frames} == {"La"}


def test_a_geometry_in_which_all_failed_has_no_panel(screen):
    entries = tuple(
        replace(entry, binding=None, reason="no") if entry.spec.geometry == "2:4" else entry
        for entry in screen.entries
    )
    failed = replace(screen, entries=entries)
    rows = ranked_rows(failed)
    assert {row.rank for row in rows if row.geometry == "2:4"} == {None}
    assert {row.probability_first for row in rows if row.geometry == "2:4"} == {None}
    assert len(draw_heatmap(rows, failed, "kcal/mol")) > 1000


def test_many_ligands_make_a_picture_that_opens():
    from PIL import Image

    screened = made_screen(made_ligands(120), ("La", "Eu"))
    drawn = draw_heatmap(ranked_rows(screened), screened, "kcal/mol")
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.height < 2000


def test_a_screen_is_worked_out_once_and_then_forgotten():
    screened = made_screen(LIGANDS[:1], ("La", "Eu"))
    assert estimates_of(screened) is estimates_of(screened)
    equal = replace(screened)
    assert estimates_of(equal) is not estimates_of(screened)
    kilocalories, kilojoules = ranked_rows(screened), ranked_rows(screened, "kJ/mol")
    for one, other in zip(kilocalories, kilojoules, strict=True):
        assert other.exchange == pytest.approx(4.184 * one.exchange)
    gone = weakref.ref(estimates_of(screened))
    del screened
    gc.collect()
    assert gone() is None


def test_made_up_screens_are_as_told(screen):
    assert screen.interval is INTERVAL
    sigmas = np.linalg.norm(estimates_of(screen).spread, axis=1)
    assert 0 < sigmas.mean() < 2 * SIGMA
