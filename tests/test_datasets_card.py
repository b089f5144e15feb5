"""The card says what is in the dataset, and the same whenever it is written."""

import re
from dataclasses import replace

import pytest
from small_dataset import GFN1_WATER, METALS, labelled_records, small_records

from rarebind.datasets import Dataset, append
from rarebind.datasets.card import words, write_card
from rarebind.datasets.extxyz import SCF_FIELDS
from rarebind.datasets.statistics import (
    asked_coordination_numbers,
    common_to,
    complexes,
    contraction,
    counts,
    levels,
    reason_class,
    reason_classes,
    relative_exchange,
    series_metals,
    spreads,
    table_of,
    values,
)
from rarebind.engines import LevelOfTheory, SCFReport
from rarebind.io.xyz import read_frames

LEVEL = "GFN2-xTB/ALPB(water)"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("card")
    append(small_records(), folder)
    return Dataset(folder)


@pytest.fixture(scope="module")
def written(dataset):
    """Paths of the card and its figures."""
    return write_card(dataset)


@pytest.fixture(scope="module")
def card(written):
    return written[0].read_text(encoding="utf-8")


def cells(card, *first):
    """Numbers of the line of a table that begins with `first`."""
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {' | '.join(first)} |")]
    return [cell.strip() for cell in line.strip("|").split("|")][len(first) :]


def test_every_count_is_that_of_the_dataset(card, dataset):
    rows = dataset.rows()
    for kind in ("complex", "aqua", "ligand", "water", "ion"):
        members = [row for row in rows if row.kind == kind]
        accepted = sum(row.status == "ok" for row in members)
        frames = sum(row.frames for row in members)
        expected = [len(members), accepted, len(members) - accepted, frames, frames]
        assert cells(card, LEVEL, kind) == [str(number) for number in expected]
    assert "3 accepted, 1 rejected, of 1 ligands." in card
    assert "| forces not converged | 1 |" in card
    assert "0 of 3 accepted complexes have another coordination number" in card
    for metal in METALS:
        assert f"| {metal} | 1 | 0 |" in card
    assert "| Yb | 0 | 1 |" in card
    for shard in dataset.shards:
        size = f"{dataset.path(shard).stat().st_size / 1000:.1f}"
        expected = [shard.kind, shard.level, str(shard.records), str(shard.frames), size]
        assert cells(card, f"`{shard.name}`") == expected


def test_energies_are_those_of_the_records(card):
    found = [record.binding for record in small_records() if record.binding]
    for name in ("binding_kcal", "exchange_kcal"):
        values = [getattr(binding, name) for binding in found]
        mean = sum(values) / len(values)
        low, high = min(values), max(values)
        line = rf"\| HOPO \| 1:6 \| 3 \| {mean:.1f} \| [\d.]+ \| {low:.1f} \| {high:.1f} \|"
        assert re.search(line, card)


def test_writing_again_gives_the_same_files(dataset, written):
    before = {path: path.read_bytes() for path in written}
    assert write_card(dataset) == written
    assert {path: path.read_bytes() for path in written} == before
    assert {path.name for path in written[1:]} == {
        "counts.png", "distances.png", "energies.png", "series.png",
    }  # fmt: skip
    assert all(len(content) < 150_000 for content in before.values())
    text = before[written[0]].decode()
    linked = re.findall(r"\]\((figures/[^)]+)\)", text)
    assert [str(path.relative_to(dataset.folder)) for path in written[1:]] == linked


def test_its_examples_run(card, dataset, monkeypatch, capsys):
    monkeypatch.chdir(dataset.folder)
    examples = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert len(examples) == 2
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
        assert "La(HOPO)1(H2O)6" in capsys.readouterr().out


def test_every_field_is_explained(dataset):
    explained = {part for name, _, _ in words()["fields"] for part in name.split(", ")}
    for shard in dataset.shards:
        for frame in read_frames(dataset.path(shard)):
            comment = frame.text.splitlines()[1]
            used = set(re.findall(r"(?:^|\s)([a-z_]+)=", re.sub(r'"[^"]*"', "", comment)))
            assert used - explained <= {"pbc"}


def test_without_complexes_it_says_so(tmp_path):
    append([record for record in small_records() if record.kind != "complex"], tmp_path)
    (path,) = write_card(Dataset(tmp_path))
    assert "There is no complex in this dataset yet." in path.read_text(encoding="utf-8")


def test_levels_are_kept_apart(tmp_path):
    gas = LevelOfTheory("tblite", "GFN2-xTB")
    others = [
        replace(record, calculation=replace(record.calculation, level=gas), binding=None, key="gas")
        for record in small_records()
        if record.label == "Eu(HOPO)1(H2O)6"
    ]
    append([*small_records(), *others], tmp_path)
    paths = write_card(Dataset(tmp_path))
    text = paths[0].read_text(encoding="utf-8")
    one, other = text.split("## Complexes at ")[1:]
    assert one.startswith(f"{LEVEL}\n\n3 accepted, 1 rejected")
    assert other.startswith("GFN2-xTB\n\n1 accepted, 0 rejected")
    assert "Equation 1 by" not in other
    assert tmp_path / "figures" / "GFN2-xTB" / "counts.png" in paths


def test_single_points_show_energies_and_no_distances(tmp_path):
    state = SCFReport(s_squared=0.01, f_electrons=6.02, cavity=0.5, attempts=3)
    labelled = [
        replace(record, calculation=replace(record.calculation, scf=state))
        if record.metal == "Eu"
        else record
        for record in labelled_records()
    ]
    append([*small_records(), *labelled], tmp_path)
    paths = write_card(Dataset(tmp_path))
    text = paths[0].read_text(encoding="utf-8")
    one, other = text.split("## Complexes at ")[1:]
    other = other.split("## How to read it")[0]
    assert "### Metal–donor distances" in one
    assert "single points" not in one
    assert "Electronic states" not in one
    assert other.startswith(str(GFN1_WATER))
    assert "3 of 3 are single points on the geometry of the record that `source` names" in other
    assert f", at {LEVEL}:" in other
    assert "### Metal–donor distances" not in other
    assert "Equation 1 by" in other
    assert "| Eu | 6.020 (1) | 0.010 (1) |" in other
    folder = tmp_path / "figures" / "GFN1-xTB_ALPB_water"
    assert {path.name for path in folder.iterdir()} == {"counts.png", "energies.png", "series.png"}
    assert "There are several levels of theory in it." in text
    for name, *_ in words()["state_fields"]:
        assert name.split(", ")[0] in text


def test_fields_of_labels_are_explained_where_there_are_any(card):
    assert "s_squared" not in card
    names = {part for name, *_ in words()["state_fields"] for part in name.split(", ")}
    assert names == {"source", *(field.name for field in SCF_FIELDS)}


def test_metals_are_compared_over_the_same_complexes(dataset):
    table = table_of(dataset.rows())
    assert levels(table) == [LEVEL]
    accepted = complexes(table, LEVEL)
    assert series_metals(accepted) == list(METALS)
    fit = contraction(accepted)
    assert list(fit.radii.index) == list(METALS)
    assert fit.complexes == 1
    assert fit.slope > 0
    by_metal = accepted.astype({"metal": str}).set_index("metal")
    assert fit.distances.equals(by_metal["ligand_donor_distance"].rename("mean")[list(METALS)])
    assert fit.residuals.sum() == pytest.approx(0, abs=1e-9)
    relative = relative_exchange(accepted).loc["HOPO"]
    exchange = by_metal["exchange_kcal_mol"]
    assert relative["Lu"] == pytest.approx(exchange["Lu"] - exchange["La"])
    assert relative_exchange(accepted, "Y").empty

    # A complex that Eu lacks does not count for the others, nor does a metal just begun.
    rows = [row for row in dataset.rows() if row.kind == "complex" and row.status == "ok"]
    lutetium = next(row for row in rows if row.metal == "Lu")
    extra = [
        replace(row, inchikey=f"other {i}") for row in rows for i in range(2) if row.metal != "Eu"
    ]
    uneven = table_of([*rows, *extra, replace(lutetium, metal="Tm")])
    assert series_metals(uneven) == ["La", "Lu"]
    assert len(common_to(uneven, METALS)) == len(METALS)
    assert set(common_to(uneven, METALS)["inchikey"]) == {lutetium.inchikey}
    # Of several rows of a complex, the lowest.
    lower = table_of([*rows, replace(lutetium, energy_ev=lutetium.energy_ev - 1, key="lower")])
    assert "lower" in set(common_to(lower, METALS)["key"])


def test_groups_stand_in_chemical_order(dataset):
    row = next(row for row in dataset.rows() if row.kind == "complex")
    changes = [
        {"metal": "Y", "geometry": "1:6"}, {"metal": "Ce", "geometry": "4:0"},
        {"metal": "La", "geometry": "1:6"}, {"metal": "Ce", "geometry": None},
        {"metal": "Ce", "geometry": "10:0"},
    ]  # fmt: skip
    table = table_of(replace(row, **change) for change in changes)
    assert values(table, "metal") == ["Y", "La", "Ce"]
    assert values(table, "geometry") == ["10:0", "4:0", "1:6", "–"]
    assert counts(table, "metal").to_dict() == {"Y": 1, "La": 1, "Ce": 3}


def test_a_row_without_a_value_does_not_count(dataset):
    accepted = complexes(table_of(dataset.rows()), LEVEL)
    without = accepted.copy()
    without.loc[without.index[0], "exchange_kcal_mol"] = None
    assert spreads(without, "exchange_kcal_mol", "scaffold")["n"].item() == len(accepted) - 1
    assert set(asked_coordination_numbers(accepted)) == {8}
    foreign = table_of(replace(row, scaffold=None) for row in dataset.rows())
    assert asked_coordination_numbers(foreign).isna().all()


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("forces not converged: 0.076 eV/Å after 500 gradients", "forces not converged"),
        ("donor S12 left the metal (3.52 Å)", "donor S left the metal"),
        ("water 3 is no longer H2O", "water is no longer H2O"),
        ("ligand 2 is no longer CAM-thiol: broken: O1-H9 (1.72 Å)", "ligand is no longer itself"),
        (
            "ligand 1 is no longer HOPO: same bonds, but another stereochemistry than the ligand",
            "ligand of another stereochemistry",
        ),
        (
            "ligand 4 broke apart, merged or exchanged protons",
            "ligand broke apart, merged or exchanged protons",
        ),
    ],
)
def test_reasons_without_their_numbers(reason, expected):
    assert reason_class(reason) == expected


def test_a_complex_counts_once_in_each_class(dataset):
    (rejected,) = (row for row in dataset.rows() if row.status == "rejected")
    rows = [
        replace(rejected, reason="water 1 is no longer H2O; water 2 is no longer H2O"),
        replace(
            rejected,
            reason="ligand 2 is no longer CAM-thiol: broken: O1-H9 (1.72 Å); "
            "formed: O3-H9 (1.01 Å); water 5 is no longer H2O",
        ),
    ]
    assert reason_classes(table_of(rows)) == {
        "water is no longer H2O": 2,
        "ligand is no longer itself": 1,
    }
