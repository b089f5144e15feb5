"""The dataset that is published in data/."""

import shutil
from pathlib import Path

import pytest

from rarebind.campaigns import Curation, read_config
from rarebind.datasets import Dataset, verify, write_card
from rarebind.datasets.shards import Shard
from rarebind.datasets.statistics import complexes, contraction, levels, table_of
from rarebind.datasets.table import table_text
from rarebind.io.files import sha256_of_file
from rarebind.io.tables import rows_text

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"
GFN2 = "GFN2-xTB/ALPB(water)"


@pytest.fixture(scope="module")
def dataset():
    return Dataset(DATA)


@pytest.fixture(scope="module")
def rows(dataset):
    return dataset.rows()


@pytest.fixture(scope="module")
def table(rows):
    return table_of(rows)


def test_files_are_those_of_the_manifest(dataset):
    assert {path.name for path in (DATA / "shards").iterdir()} == {s.name for s in dataset.shards}
    for shard in dataset.shards:
        assert sha256_of_file(dataset.path(shard)) == shard.sha256, shard.name
    assert sum(dataset.path(shard).stat().st_size for shard in dataset.shards) < 40e6


def test_the_table_is_that_of_the_shards(dataset, rows):
    counted = {shard.name: 0 for shard in dataset.shards}
    for row in rows:
        counted[row.shard] += 1
    assert counted == {shard.name: shard.records for shard in dataset.shards}
    assert len({row.key for row in rows}) == len(rows)


@pytest.mark.parametrize(("name", "wanted"), [("full", 5300), ("hdev", 320)])
def test_it_is_what_the_campaigns_declare(rows, name, wanted):
    """Task keys tell whether today's configuration would compute the very same thing."""
    curation = Curation.of(read_config(ROOT / "configs" / f"{name}.yaml"))
    accepted = {row.key for row in rows if row.status == "ok"}
    assert sum(task.key in accepted for _, task in curation.complexes) >= wanted
    assert all(task.key in accepted for task in curation.stages["references"])


def test_every_accepted_complex_is_labelled(table):
    assert levels(table)[0] == GFN2
    accepted = complexes(table, GFN2)
    assert accepted[["binding_kcal_mol", "exchange_kcal_mol"]].notna().all(axis=None)


@pytest.mark.parametrize("geometry", ["4:0", "3:2", "2:4", "1:6"])
def test_the_lanthanide_contraction_shows(table, geometry):
    accepted = complexes(table, GFN2)
    found = contraction(accepted[accepted["geometry"] == geometry])
    assert len(found.radii) == 16
    assert found.slope > 0.2
    assert found.r_squared > 0.8


def test_the_tables_are_written_as_they_were(dataset, rows):
    assert table_text(rows) == (DATA / "table.csv").read_text()
    assert rows_text(dataset.shards, Shard) == (DATA / "manifest.csv").read_text()


def test_the_card_is_up_to_date(dataset, tmp_path):
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    (card, *_) = write_card(Dataset(copy))
    assert card.read_text() == (DATA / "README.md").read_text()


@pytest.mark.slow
def test_the_whole_of_it_is_sound(dataset):
    report = verify(dataset, sample=40)
    assert report.ok, report.problems[:10]
    # Density functional calculations are too dear to repeat, or their program is not here.
    assert not [remark for remark in report.not_checked if "B3LYP" not in remark]
