"""Several levels of theory in one dataset: kept, told apart, chosen, compared."""

import bz2
import csv
import json
import shutil
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from small_dataset import GFN1_WATER, METALS, labelled_records, small_records

from rarebind.cli import main
from rarebind.datasets import (
    Dataset,
    append,
    compare,
    find_level,
    read_table,
    row_of,
    select_rows,
    write_bare,
    write_card,
)
from rarebind.datasets.compare import Comparison, Pair
from rarebind.datasets.extxyz import SCF_FIELDS, read_records, write_records
from rarebind.datasets.selection import complexes_at
from rarebind.datasets.statistics import levels, table_of
from rarebind.datasets.table import Row
from rarebind.engines import GFN2_WATER, LEVELS, SCFReport
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.io.xyz import read_frames

GFN1, GFN2 = str(GFN1_WATER), str(GFN2_WATER)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both levels, added one after the other."""
    folder = tmp_path_factory.mktemp("levels")
    append(small_records(), folder)
    append(labelled_records(), folder)
    return folder


@pytest.fixture(scope="module")
def dataset(folder):
    return Dataset(folder)


@pytest.fixture(scope="module")
def two_programs(tmp_path_factory):
    """GFN2-xTB by two programs, where the second is here."""
    if shutil.which("xtb") is None:
        pytest.skip("the xtb program is not here")
    folder = tmp_path_factory.mktemp("programs")
    append([*small_records(), *labelled_records(replace(GFN2_WATER, engine="xtb"))], folder)
    return Dataset(folder)


def run(capsys, *arguments, status=0):
    with pytest.raises(SystemExit) as ended:
        main(["dataset", *(str(argument) for argument in arguments)])
    printed = capsys.readouterr()
    assert ended.value.code == status, printed.err
    return printed.err if status else printed.out


def round_trip(record, tmp_path, edit=str):
    path = tmp_path / "record.xyz"
    path.write_text(edit(write_records([record])))
    (again,) = read_records(read_frames(path))
    return again


# --- what is kept ------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    st.builds(
        SCFReport,
        **{
            field.attribute: st.none()
            | (st.integers(0, 10**9) if field.digits is None else st.floats(-1e6, 1e6))
            for field in SCF_FIELDS
        },
    )
)
def test_electronic_states_come_back(tmp_path_factory, report):
    water = next(record for record in labelled_records() if record.kind == "water")
    record = replace(water, calculation=replace(water.calculation, scf=report))
    again = round_trip(record, tmp_path_factory.getbasetemp()).calculation.scf
    known = to_data(report)
    assert to_data(again or SCFReport()).keys() == known.keys()
    for field in SCF_FIELDS:
        if field.attribute in known:
            found = getattr(again, field.attribute)
            tolerance = 0 if field.digits is None else 0.51 * 10.0**-field.digits
            assert abs(found - known[field.attribute]) <= tolerance + 1e-15 * abs(found)
            assert type(found) is (int if field.digits is None else float)


def test_every_field_of_the_report_is_written():
    assert [field.attribute for field in SCF_FIELDS] == [f.name for f in fields(SCFReport)]


def test_sources_come_back(tmp_path):
    for record in labelled_records():
        again = round_trip(record, tmp_path)
        assert (again.source, again.key) == (record.source, record.key)
        assert again.calculation.scf is None


def test_a_level_with_everything_comes_back(tmp_path):
    record = labelled_records()[0]
    level = replace(
        GFN2_WATER,
        engine="xtb",
        options={"accuracy": 0.5, "name": "a b", "on": True, "steps": 3},
        parameters="ab" * 32,
        environment="other",
    )
    record = replace(record, calculation=replace(record.calculation, level=level), binding=None)
    again = round_trip(record, tmp_path).calculation.level
    assert again == level
    assert [type(value) for _, value in again.options] == [float, str, bool, int]


def test_intermediates_have_no_electronic_state_of_the_end(tmp_path):
    record = next(record for record in small_records() if record.calculation.intermediates)
    record = replace(record, calculation=replace(record.calculation, scf=SCFReport(spread=0.25)))
    assert write_records([record]).count("scf_spread=0.25") == 1
    assert round_trip(record, tmp_path).calculation.scf == SCFReport(spread=0.25)


def test_the_first_schema_is_still_read(tmp_path):
    record = small_records()[0]
    again = round_trip(record, tmp_path, lambda text: text.replace("schema=2", "schema=1"))
    assert again.key == record.key
    assert again.source == ""


def test_a_relaxed_record_has_no_source():
    record = next(record for record in small_records() if record.calculation.verb == "relax")
    with pytest.raises(InputError, match="no source"):
        replace(record, source="another")
    single = labelled_records()[0]
    with pytest.raises(InputError, match="no source"):
        replace(single, source=single.key)


def test_tables_without_the_last_columns(tmp_path):
    append(small_records(), tmp_path)
    path = tmp_path / "table.csv"
    before = read_table(path)
    lines = list(csv.reader(path.read_text().splitlines()))
    place = lines[0].index("shard") + 1
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(line[:place] for line in lines)
    assert {row.engine for row in read_table(path)} == {"tblite"}
    assert {row.source for row in read_table(path)} == {None}
    append(small_records(), tmp_path)
    assert len(csv.DictReader(path.read_text().splitlines()).fieldnames) == place
    append(labelled_records(), tmp_path)
    rows = read_table(path)
    assert rows[: len(before)] == before
    assert {row.source for row in rows if row.level == GFN1} <= {row.key for row in rows}
    path.write_text(path.read_text().replace(",source\n", ",sauce\n", 1))
    with pytest.raises(InputError, match="expected the columns"):
        read_table(path)


def test_the_table_tells_the_state():
    record = labelled_records()[0]
    state = SCFReport(s_squared=12.0049, f_electrons=6.01)
    row = row_of(replace(record, calculation=replace(record.calculation, scf=state)))
    assert (row.s_squared, row.f_electrons, row.source) == (12.0049, 6.01, record.source)
    assert [field.name for field in fields(Row)][-4:] == [
        "source", "s_squared", "f_electrons", "co_ligands",
    ]  # fmt: skip


# --- what is told apart ------------------------------------------------------------------------


def test_two_programs_are_two_levels(two_programs, tmp_path, capsys):
    rows = two_programs.rows()
    both = [GFN2, f"{GFN2} by xtb"]
    assert levels(table_of(rows)) == both
    assert [len(complexes_at(rows, level)) for level in both] == [len(METALS)] * 2
    with pytest.raises(InputError, match="several programs computed gfn2-xtb: choose from"):
        find_level(rows, "gfn2-xtb")
    with pytest.raises(InputError, match="of 2 levels of theory"):
        select_rows(rows)
    assert {row.engine for row in select_rows(rows, level=both[1], references=True)} == {"xtb"}
    text = write_card(two_programs)[0].read_text(encoding="utf-8")
    assert all(f"## Complexes at {level}\n\n3 accepted" in text for level in both)
    assert list(json.loads(run(capsys, "info", two_programs.folder, "--json"))["levels"]) == both
    # Both programs evaluate the same method.
    found = compare(two_programs, *both)
    assert found.table["delta_exchange"].abs().max() < 0.5
    assert list(found.by_metal()["number"]) == [1, 1, 1, 3]


def test_a_table_of_before_names_no_engine_in_the_level(tmp_path):
    append([*small_records(), *labelled_records()], tmp_path)
    path = tmp_path / "table.csv"
    text = path.read_text()
    here, there = Dataset(tmp_path).rows(), [GFN1, f"{GFN1} by xtb"]
    assert {row.level for row in here} == {GFN1, GFN2}
    path.write_text(
        "\n".join(
            line.replace("extxyz.bz2,tblite", "extxyz.bz2,xtb") if GFN1 in line and i % 2 else line
            for i, line in enumerate(text.split("\n"))
        )
    )
    rows = read_table(path)
    assert {row.level for row in rows} == {GFN2, *there}
    assert [find_level(rows, name) for name in (GFN1, f"{GFN1} by tblite", there[1])] == [
        GFN1,
        GFN1,
        there[1],
    ]
    with pytest.raises(InputError, match="several programs computed gfn1-xtb: choose from"):
        find_level(rows, "gfn1-xtb")
    # What a model of before learned from.
    others = [row for row in rows if row.level != GFN1]
    assert find_level(others, GFN1) == there[1]


def test_a_level_by_its_name(dataset):
    rows = dataset.rows()
    assert find_level(rows, "gfn2-xtb") == find_level(rows, GFN2) == GFN2
    dft = [replace(row, level=str(LEVELS["b3lyp-d4"])) for row in rows]
    assert find_level(dft, "b3lyp-d4") == str(LEVELS["b3lyp-d4"])
    with pytest.raises(InputError, match="no level 'b3lyp-d4': it has GFN1-xTB"):
        find_level(rows, "b3lyp-d4")


def test_info_of_one_level(folder, capsys):
    everything = json.loads(run(capsys, "info", folder, "--json"))
    assert list(everything["levels"]) == [GFN2, GFN1]
    one = json.loads(run(capsys, "info", folder, "--json", "--level", GFN1))
    assert list(one["levels"]) == [GFN1]
    assert one["levels"][GFN1]["metal"] == dict.fromkeys(METALS, 1)
    assert one["records"] == len(labelled_records())
    assert 0 < one["bytes"] < everything["bytes"]
    assert GFN2 not in run(capsys, "info", folder, "--level", GFN1)


def test_levels_are_not_exported_together(folder, tmp_path, capsys):
    out = tmp_path / "out.xyz"
    error = run(capsys, "export", folder, out, status=2)
    assert "these records are of 2 levels of theory" in error
    assert f"one of {GFN1}, {GFN2}" in error
    assert not out.exists()

    def exported(*options):
        run(capsys, "export", folder, out, *options)
        return {str(record.calculation.level) for record in read_records(read_frames(out))}

    assert exported("--level", GFN1, "--references") == {GFN1}
    assert exported("--level", "gfn2-xtb") == {GFN2}
    assert exported("--all-levels") == {GFN1, GFN2}
    error = run(capsys, "export", folder, out, "--all-levels", "--bare", status=2)
    assert "several levels of theory cannot be told apart" in error
    with pytest.raises(InputError, match=r"told apart: GFN1-xTB.*, GFN2-xTB"):
        write_bare([small_records()[0], labelled_records()[0]], tmp_path / "bare.xyz")


# --- what is compared --------------------------------------------------------------------------


def test_differences_are_those_of_the_records(dataset):
    found = compare(dataset, "gfn2-xtb", GFN1)
    assert (found.level_a, found.level_b) == (GFN2, GFN1)
    assert (found.alone_a, found.alone_b) == (0, 0)
    by_key = {record.key: record for record in [*small_records(), *labelled_records()]}
    assert [pair.a.metal for pair in found.pairs] == list(METALS)
    for pair, line in zip(found.pairs, found.table.itertuples(), strict=True):
        a, b = by_key[pair.a.key].binding, by_key[pair.b.key].binding
        assert (line.key_a, line.key_b) == (pair.a.key, pair.b.key)
        assert by_key[pair.b.key].source == pair.a.key
        assert line.delta_binding == pytest.approx(b.binding_kcal - a.binding_kcal, abs=2e-3)
        assert line.delta_exchange == pytest.approx(b.exchange_kcal - a.exchange_kcal, abs=2e-3)
    summary = found.by_metal()
    assert list(summary.index) == [*METALS, "all"]
    metals = summary.loc[list(METALS)]
    assert list(metals["exchange_mean"]) == pytest.approx(list(found.table["delta_exchange"]))
    assert metals[["exchange_sd", "spearman"]].isna().all(axis=None)
    assert (metals["exchange_mae"] == 0).all()
    deltas, total = found.table["delta_binding"], summary.loc["all"]
    assert total["number"] == len(METALS)
    assert total["binding_mean"] == pytest.approx(np.mean(deltas))
    assert total["binding_sd"] == pytest.approx(np.std(deltas, ddof=1))
    backwards = compare(dataset, GFN1, GFN2)
    assert list(backwards.table["delta_exchange"]) == list(-found.table["delta_exchange"])


def test_statistics_within_a_metal(dataset):
    """Against numpy and scipy, over many complexes of two metals."""
    rng = np.random.default_rng(7)
    (row, *_) = complexes_at(dataset.rows(), GFN2)

    def pair(metal, i):
        binding, exchange = rng.normal(size=(2, 2)) * 10
        a, b = (
            replace(row, key=f"{metal}{i}{x}", metal=metal, binding_kcal_mol=round(binding[x], 3),
                    exchange_kcal_mol=round(exchange[x], 3))
            for x in (0, 1)
        )  # fmt: skip
        return Pair(a, b)

    pairs = {metal: [pair(metal, i) for i in range(9)] for metal in ("La", "Lu")}
    found = Comparison("A", "B", (*pairs["La"], *pairs["Lu"]), 0, 0)
    off = []
    for metal, members in pairs.items():
        summary = found.by_metal().loc[metal]
        exchange = np.array([[row.exchange_kcal_mol for row in pair] for pair in members])
        deltas = exchange[:, 1] - exchange[:, 0]
        off += list(deltas - deltas.mean())
        assert summary["number"] == len(members)
        assert summary["exchange_sd"] == pytest.approx(deltas.std(ddof=1))
        assert summary["exchange_mae"] == pytest.approx(np.abs(deltas - deltas.mean()).mean())
        assert summary["spearman"] == pytest.approx(spearmanr(*exchange.T).statistic)
    total = found.by_metal().loc["all"]
    assert total["exchange_mae"] == pytest.approx(np.abs(off).mean())
    assert np.isnan(total["spearman"])
    shown = found.off_the_mean()["off"]
    assert abs(shown.iloc[0]) == pytest.approx(np.abs(off).max())
    assert shown.abs().is_monotonic_decreasing
    same = [pair._replace(a=replace(pair.a, exchange_kcal_mol=1.0)) for pair in pairs["La"]]
    assert np.isnan(Comparison("A", "B", tuple(same), 0, 0).by_metal().loc["La", "spearman"])


def test_a_pair_without_an_energy_stands_aside(dataset):
    pairs = compare(dataset, GFN2, GFN1).pairs
    without = pairs[0]._replace(b=replace(pairs[0].b, exchange_kcal_mol=None))
    found = Comparison("A", "B", (without, *pairs[1:]), 0, 0)
    assert [pair.has("exchange") for pair in found.pairs] == [False, True, True]
    assert found.off_the_mean()["label"].iloc[-1] == without.a.label
    summary = found.by_metal()
    assert np.isnan(summary["exchange_mean"].iloc[0])
    assert summary.loc["all", "exchange_mean"] == pytest.approx(
        found.table["delta_exchange"][1:].mean()
    )


def test_imported_records_are_joined_by_their_structure(tmp_path):
    """They have no source, and their atoms may stand in another order."""
    imported = [replace(record, source="") for record in labelled_records()]
    append([*small_records(), *imported], tmp_path)
    assert {row.source for row in Dataset(tmp_path).rows()} == {None}
    found = compare(Dataset(tmp_path), GFN2, GFN1)
    assert [pair.a.metal for pair in found.pairs] == list(METALS)
    assert all(pair.a.key in pair.b.key for pair in found.pairs)


def test_what_cannot_be_compared(dataset, tmp_path):
    with pytest.raises(InputError, match="both levels are"):
        compare(dataset, GFN2, "gfn2-xtb")
    with pytest.raises(InputError, match="no level 'PBE'"):
        compare(dataset, GFN2, "PBE")
    unlabelled = [replace(record, binding=None) for record in labelled_records()]
    append([*small_records(), *unlabelled], tmp_path)
    with pytest.raises(InputError, match="nothing to compare"):
        compare(Dataset(tmp_path), GFN2, GFN1)


def test_the_command_compares(folder, tmp_path, capsys):
    table = tmp_path / "delta.csv"
    printed = run(capsys, "compare", folder, GFN2, GFN1, "--csv", table)
    assert "over 3 complexes in the same geometry" in printed
    assert all(f"{metal}(HOPO)1(H2O)6" in printed for metal in METALS)
    lines = list(csv.DictReader(table.read_text().splitlines()))
    assert [line["metal"] for line in lines] == list(METALS)
    found = json.loads(run(capsys, "compare", folder, GFN2, GFN1, "--json"))
    assert found["metals"][0]["exchange"]["sd"] is None
    for line, pair in zip(lines, found["complexes"], strict=True):
        assert float(line["delta_exchange"]) == pair["delta_exchange"]
        delta = float(line["exchange_b"]) - float(line["exchange_a"])
        assert pair["delta_exchange"] == pytest.approx(delta, abs=1e-9)
    assert "both levels are" in run(capsys, "compare", folder, GFN2, GFN2, status=2)
    assert not bz2.decompress((folder / "shards" / "ion-0001.extxyz.bz2").read_bytes()).count(
        b"source="
    )
