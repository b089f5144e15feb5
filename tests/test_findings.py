"""Findings of the study: every number follows from the energies, every verdict from one rule."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from statistics import fmean

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.cli import main
from rarebind.datasets import read_table
from rarebind.errors import InputError
from rarebind.studies.gupta2026.findings import (
    ALL,
    COMPOSITION,
    FAILS,
    HOLDS,
    NOISE,
    UNKNOWN,
    Resampling,
    find,
    report_data,
    report_text,
    select,
    statements,
)
from rarebind.studies.gupta2026.findings.comparisons import combined, compared, verdict_of

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
LEVEL = "GFN2-xTB/ALPB(water)"
FEW = Resampling(resamples=200)
METALS = ("Eu", "Gd", "Tb", "Tm", "Yb", "Lu")
SUBSTITUENTS = (
    "methyl", "amino", "cyano", "methoxy", "trifluoromethyl", "phosphonate", "2-hydroxypyridine",
    "2-methylbenzoic-acid", "chloro", "fluoro",
)  # fmt: skip
GEOMETRIES = ("2:4", "1:6")


@cache
def table():
    return tuple(read_table(DATA / "table.csv"))


@cache
def part():
    """Rows of the published dataset with some metals, substituents and geometries."""
    return tuple(
        row
        for row in table()
        if row.kind == "complex"
        and row.level == LEVEL
        and row.metal in METALS
        and row.substituent in SUBSTITUENTS
        and row.geometry in GEOMETRIES
    )


@cache
def selection():
    return select(part(), "gfn2-xtb", statements().scaffolds.names)


@cache
def found(quantity="exchange"):
    return find(selection(), statements(), dataset="part", quantity=quantity, resampling=FEW)


def changed(quantity="exchange", **shifts):
    """The findings if some energies were lower by so much, by scaffold, metal or substituent."""
    energies = selection().energies
    by_name = {name.replace("_", "-"): shift for name, shift in shifts.items()}
    lower = sum(energies[part].map(by_name).fillna(0.0) for part in COMPOSITION)
    return of(
        energies.assign(**{q: energies[q] - lower for q in ("binding", "exchange")}), quantity
    )


def of(energies, quantity="exchange"):
    """The findings of such energies."""
    return find(
        replace(selection(), energies=energies), statements(), dataset="part",
        quantity=quantity, resampling=FEW,
    )  # fmt: skip


def verdicts(findings, quantity="exchange"):
    return [said[quantity][ALL] for said in findings.claims.values()]


def comparison(comparisons, *names):
    (only,) = [c for c in comparisons.itertuples() if (c.first, c.second, c.geometry) == names]
    return only


def energy(scaffold, substituent, metal, geometry, column="exchange_kcal_mol"):
    (row,) = [
        row
        for row in part()
        if (row.scaffold, row.substituent, row.metal, row.geometry)
        == (scaffold, substituent, metal, geometry)
        and row.level == LEVEL
    ]
    return getattr(row, column)


# The rule.


def test_a_difference_must_be_clear_of_the_noise():
    assert verdict_of(-3.0, -NOISE - 1e-9) == HOLDS
    assert verdict_of(-3.0, -NOISE) == UNKNOWN
    assert verdict_of(NOISE, 3.0) == UNKNOWN
    assert verdict_of(NOISE + 1e-9, 3.0) == FAILS
    assert verdict_of(np.nan, np.nan) == UNKNOWN


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([HOLDS, HOLDS], HOLDS),
        ([HOLDS, UNKNOWN], UNKNOWN),
        ([HOLDS, UNKNOWN, FAILS], FAILS),
        ([], UNKNOWN),
    ],
)
def test_a_statement_is_as_good_as_its_parts(parts, verdict):
    assert combined(parts) == verdict


def compare(pairs, *geometries):
    """Comparisons of pairs that are given as difference, group and geometry."""
    frame = pd.DataFrame(pairs, columns=["difference", "group", "geometry"])
    found = compared(frame.assign(first="x", second="y"), [("x", "y")], geometries, FEW)
    return list(found.itertuples())


def test_a_comparison_by_hand():
    pairs = [(-2.0, "a", "1:6"), (1.0, "b", "1:6"), (-8.0, "b", "2:4")]
    one, some, none = compare(pairs, ALL, "1:6", "4:0")
    assert (one.pairs, one.groups) == (3, 2)
    assert one.mean == pytest.approx((-2 + 1 - 8) / 3)
    assert one.share == pytest.approx(2 / 3)
    assert np.isnan([one.low, one.high]).all()
    assert one.verdict == UNKNOWN
    assert some.mean == pytest.approx(-0.5)
    assert none.pairs == 0


def test_without_spread_the_interval_is_the_mean():
    (one,) = compare([(-4.0, str(i), "1:6") for i in range(5)], ALL)
    assert (one.low, one.high) == pytest.approx((-4.0, -4.0))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(-200, 50), st.sampled_from("abcdefg"), st.just("1:6")),
        min_size=1,
        max_size=30,
    )
)
def test_turning_a_comparison_turns_its_verdict(pairs):
    (one,) = compare(pairs, ALL)
    (other,) = compare([(-difference, *rest) for difference, *rest in pairs], ALL)
    assert one.mean == pytest.approx(-other.mean, abs=1e-9)
    assert np.isnan(one.low) == (len({group for _, group, _ in pairs}) < 5)
    if not np.isnan(one.low):
        assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-6)
        assert one.low - 1e-9 <= one.high


# The statements.


def test_the_statements_are_those_of_the_study():
    said = statements()
    assert said.scaffolds.stronger == ("CAM", "thio-CAM")
    assert said.scaffolds.weaker == ("HOPO", "thio-HOPO")
    assert [statement.end for statement in said.substituents] == ["strongest", "weakest"]
    assert said.substituents[1].members == ("chloro", "fluoro")
    assert [pair for metal in said.metals for pair in metal.pairs] == [
        ("Gd", "Eu"), ("Gd", "Tb"), ("Yb", "Tm"), ("Yb", "Lu"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[CAM, thio-CAM]", "[CAM, COM]", "unknown scaffold 'COM'"),
        ("[CAM, thio-CAM]", "[CAM, HOPO]", "stands twice"),
        ("[CAM, thio-CAM]", "[]", r"scaffolds\.stronger"),
        ("[CAM, thio-CAM]", "CAM", "scaffolds.stronger: 'CAM' is no list"),
        ("[chloro, fluoro]", "[chloro, iodo]", "unknown substituent 'iodo'"),
        ("end: weakest", "end: last", "'strongest' or 'weakest'"),
        ("metal: Gd", "metal: La", "no lanthanides on both sides"),
        ("metal: Gd", "metal: Y", "no lanthanides on both sides"),
        ("metal: Gd", "element: Gd", r"metals\.0\.metal"),
    ],
)
def test_a_faulty_statement_is_refused(tmp_path, old, new, message):
    text = (ROOT / "src/rarebind/data/findings.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "findings.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        statements(path)


# The numbers.


def test_scaffolds_are_compared_with_all_else_equal():
    one = comparison(found().of("scaffolds"), "thio-CAM", "HOPO", "1:6")
    differences = [
        energy("thio-CAM", group, metal, "1:6") - energy("HOPO", group, metal, "1:6")
        for group in SUBSTITUENTS
        for metal in METALS
    ]
    assert (one.pairs, one.groups) == (len(differences), len(SUBSTITUENTS))
    assert one.mean == pytest.approx(fmean(differences))
    assert one.share == pytest.approx(np.mean(np.array(differences) < 0))
    assert one.low < one.mean < one.high
    by_group = np.reshape(differences, (len(SUBSTITUENTS), -1)).mean(axis=1)
    # The spread of the means of ligands is what the interval is made of.
    expected = 2 * 1.96 * by_group.std() / np.sqrt(len(by_group))
    assert one.high - one.low == pytest.approx(expected, rel=0.3)


def test_metals_are_compared_with_all_else_equal():
    one = comparison(found().of("metals"), "Gd", "Tb", ALL)
    differences = [
        energy(scaffold, group, "Gd", geometry) - energy(scaffold, group, "Tb", geometry)
        for scaffold in statements().scaffolds.names
        for group in SUBSTITUENTS
        for geometry in GEOMETRIES
    ]
    assert (one.pairs, one.groups) == (len(differences), 4 * len(SUBSTITUENTS))
    assert one.mean == pytest.approx(fmean(differences))
    middle = comparison(found().of("series"), "Gd", "mean of Eu and Tb", ALL)
    other = comparison(found().of("metals"), "Gd", "Eu", ALL)
    assert middle.mean == pytest.approx((one.mean + other.mean) / 2)


def test_places_follow_from_the_means():
    means = {
        group: fmean(
            energy(scaffold, group, metal, "1:6")
            for scaffold in statements().scaffolds.names
            for metal in METALS
        )
        for group in SUBSTITUENTS
    }
    order = list(found().standings_by().query("geometry == '1:6'").substituent)
    assert order == sorted(SUBSTITUENTS, key=means.get)
    places = found().places_of(statements().substituents[1].text)
    (chloro,) = places.query("substituent == 'chloro' and geometry == '1:6'").itertuples()
    assert chloro.place == order.index("chloro") + 1
    assert set(chloro.beyond) == {
        group for group in SUBSTITUENTS if means[group] > means["chloro"]
    } - {"fluoro"}
    others = [means[group] for group in SUBSTITUENTS if group not in {"chloro", "fluoro"}]
    assert chloro.mean == pytest.approx(fmean(others) - means["chloro"])
    assert chloro.groups == 4 * len(others)


def test_equal_charge_is_that_of_the_complexes():
    charges = {(row.scaffold, row.geometry): row.charge for row in part() if row.level == LEVEL}
    assert len(found().charges) == 4
    only, *_ = pairs = list(found().charges.itertuples())
    for pair in pairs:
        assert charges[pair.first, pair.first_geometry] == pair.charge
        assert charges[pair.second, pair.second_geometry] == pair.charge
    assert (only.first, only.second) == ("CAM", "HOPO")
    assert only.mean == pytest.approx(
        fmean(
            energy("CAM", group, metal, "1:6") - energy("HOPO", group, metal, "2:4")
            for group in SUBSTITUENTS
            for metal in METALS
        )
    )


def test_only_metals_depend_on_the_quantity():
    both = "exchange", "binding"
    exchange, binding = (found().of("scaffolds", name)["mean"].to_numpy() for name in both)
    assert exchange == pytest.approx(binding, abs=1e-3)
    exchange, binding = (found().standings_by(name).off_mean.to_numpy() for name in both)
    assert exchange == pytest.approx(binding, abs=1e-3)
    constants = found().constants
    assert constants.spread.max() < 0.0025
    exchange, binding = (found().of("metals", name) for name in both)
    shift = exchange[["first", "second"]].map(constants["value"].get)
    change = binding["mean"].to_numpy() - exchange["mean"].to_numpy()
    assert change == pytest.approx((shift["first"] - shift["second"]).to_numpy(), abs=2e-3)
    # What equation 1 has of a metal alone is far more than what the ligands make of it.
    gadolinium = [comparison(of, "Gd", "Eu", ALL).mean for of in (exchange, binding)]
    assert abs(gadolinium[0]) < 2
    assert abs(gadolinium[1]) > 20


# The verdicts.


def test_verdicts_follow_the_energies():
    assert verdicts(found()) == [HOLDS, FAILS, FAILS, FAILS, HOLDS]
    assert verdicts(changed(HOPO=100.0))[0] == FAILS
    assert verdicts(changed(Gd=5.0))[3] == HOLDS
    assert verdicts(changed(Yb=-5.0))[4] == FAILS
    members = {name.replace("-", "_"): 200.0 for name in statements().substituents[0].members}
    assert verdicts(changed(**members))[1] == HOLDS
    assert verdicts(changed(chloro=-200.0, fluoro=-300.0))[2] == HOLDS
    # One of two is not enough.
    assert verdicts(changed(fluoro=-300.0))[2] == FAILS


def test_one_that_is_beyond_on_some_scaffolds_only_leaves_it_open():
    energies, said = selection().energies, statements().substituents[0]
    methyl = energies.substituent == "methyl"
    value = (
        -1000.0 - 10 * energies.substituent.isin(said.members) - 10 * methyl
        - 25 * (methyl & (energies.scaffold == "CAM"))
    )  # fmt: skip
    places = of(energies.assign(exchange=value, binding=value)).places_of(said.text)
    assert set(places.beyond) == {("methyl",)}
    assert set(places.surely_beyond) == {()}
    assert set(places.verdict) == {UNKNOWN}


def test_too_few_ligands_tell_nothing():
    rows = [row for row in table() if row.level.startswith("B3LYP-D4")]
    level = select(rows, "b3lyp-d4", statements().scaffolds.names)
    findings = find(level, statements(), dataset="data", resampling=FEW)
    assert set(verdicts(findings)) == {UNKNOWN}
    assert not findings.frozen_4f
    text = report_text(findings, "rarebind findings")
    assert "No verdict can be given" in text
    assert "There are no complexes to compare." in text


def test_conformers_and_other_ligands_do_not_count():
    rows = [row for row in part() if row.scaffold == "CAM" and row.geometry == "1:6"]
    high = [replace(row, key=f"{row.key}-high", energy_ev=row.energy_ev + 1, exchange_kcal_mol=99.0)
            for row in rows]  # fmt: skip
    hdev = [row for row in table() if row.scaffold == "HDEV"][:7]
    bad = [replace(rows[0], key="bad", status="rejected", reason="donor O left the metal")]
    single = replace(rows[0], key="single", substituent="H", ligand="CAM")
    one = select([*high, *rows, *hdev, *bad, single], LEVEL, statements().scaffolds.names)
    assert len(one.energies) == len(rows)
    assert 99.0 not in set(one.energies.exchange)
    assert sum(one.left_out.values()) == len(high) + len(hdev) + 2
    key = "CAM", "methyl", "Gd", "1:6"
    assert one.energies.set_index(COMPOSITION).exchange[key] == energy(*key)


# The document.


def test_the_document_names_level_and_command_everywhere():
    text = report_text(found(), "rarebind findings part")
    assert "\n    rarebind findings part\n" in text
    captions = [line for line in text.splitlines() if line.startswith(("!", "GFN2"))]
    assert len(captions) == 3 + text.count("\n| ---")
    assert all(f"{LEVEL}, not the study's B3LYP-D4 · part" in line for line in captions)
    assert "No effect of the f shell can come from it" in " ".join(text.split())
    one = comparison(found().of("metals"), "Gd", "Tb", "2:4")
    low, high = (f"{value:.2f}".replace("-", "−") for value in (one.low, one.high))
    assert f"{one.mean:.2f} [{low}, {high}]".replace("-", "−") in text


def test_plain_data_holds_all_verdicts():
    data = json.loads(json.dumps(report_data(found())))
    assert [claim["verdicts"]["exchange"] for claim in data["claims"]] == verdicts(found())
    assert data["level"] == LEVEL
    assert data["frozen_4f"]
    assert len(data["orders"]["binding"]["metals"]) == len(found().of("metals"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """A folder with these rows alone."""
    folder = tmp_path_factory.mktemp("findings") / "part"
    folder.mkdir()
    (folder / "manifest.csv").write_bytes((DATA / "manifest.csv").read_bytes())
    keys = {row.key for row in part()}
    head, *lines = (DATA / "table.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split(",", maxsplit=1)[0] in keys]
    (folder / "table.csv").write_text("".join([head, *kept]), encoding="utf-8")
    return folder


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["findings", *map(str, arguments)])
    return ended.value.code


def test_the_command_gives_the_same_files_again(dataset, tmp_path, monkeypatch, capsys):
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert run(dataset, "--out", "out", "--target", "binding", "--seed", 7) == 0
        paths = sorted(path for path in Path("out").rglob("*") if path.is_file())
        files.append({path.as_posix(): path.read_bytes() for path in paths})
    names = ("metals", "scaffolds", "substituents")
    assert set(files[0]) == {"out/findings.md", *(f"out/findings/{name}.png" for name in names)}
    assert files[0] == files[1]
    text = files[0]["out/findings.md"].decode()
    assert f"    rarebind findings {dataset} --out out --level gfn2-xtb --target binding" in text
    shown = capsys.readouterr().out
    assert "does not hold" in shown
    assert "out/findings.md" in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--level", "mp2"], "has no level 'mp2'"),
        (["--target", "free-energy"], "unknown target"),
        (["--seed", "-1"], "seed must be 0 or more"),
    ],
)
def test_bad_options_write_nothing(dataset, tmp_path, capsys, options, message):
    assert run(dataset, "--out", tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_bad_folders_are_refused(dataset, tmp_path, capsys):
    assert run(tmp_path, "--out", tmp_path / "out") == 2
    assert "is no dataset" in capsys.readouterr().err
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    assert run(dataset, "--out", taken) == 2
    assert "is a file" in capsys.readouterr().err
    assert taken.read_text(encoding="utf-8") == "mine"


def test_energies_that_are_not_there_are_named():
    bare = [replace(row, exchange_kcal_mol=None) for row in part()]
    level = select(bare, LEVEL, statements().scaffolds.names)
    with pytest.raises(InputError, match="give --target binding"):
        find(level, statements(), dataset="part", resampling=FEW)
    only = find(level, statements(), dataset="part", quantity="binding", resampling=FEW)
    assert only.constants.empty
    assert "have no energies by exchange energy" in report_text(only, "rarebind findings")
    with pytest.raises(InputError, match="nothing"):
        select([replace(row, binding_kcal_mol=None) for row in bare], LEVEL, ["CAM"])
    with pytest.raises(InputError, match="nothing to test"):
        find(
            select([part()[0]], LEVEL, statements().scaffolds.names), statements(),
            dataset="one", resampling=FEW,
        )  # fmt: skip


# The committed document.


def test_the_committed_document_is_that_of_the_dataset():
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    command = "rarebind findings data --out docs --level gfn2-xtb --target exchange --seed 111111"
    assert f"\n    {command}\n" in text
    level = select(table(), "gfn2-xtb", statements().scaffolds.names)
    findings = find(level, statements(), dataset=f"data ({len(level.energies)} complexes)")
    assert report_text(findings, command) == text
    for name in re.findall(r"\]\((findings/\w+\.png)\)", text):
        assert (ROOT / "docs" / name).is_file()
