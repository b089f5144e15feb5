"""``rarebind label``."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from label_level import GFN1_WATER, NAME
from small_dataset import SPECS, small_records
from stored import records as stored_records

from rarebind.campaigns import Store
from rarebind.cli import main
from rarebind.datasets import Dataset, append
from rarebind.engines import LEVELS, Calculation


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """The small campaign as a dataset folder, and the test's level among the named ones."""
    monkeypatch.setitem(LEVELS, NAME, GFN1_WATER)
    append(small_records(), tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def label(dataset, tmp_path):
    """Runs the command on the dataset."""

    def run(*options, level=NAME):
        store = tmp_path / "store.sqlite"
        main(["label", str(dataset), "--level", level, "--store", str(store), *map(str, options)])

    return run


def ends_well(call, *arguments, **options):
    with pytest.raises(SystemExit) as ended:
        call(*arguments, **options)
    assert ended.value.code in (0, None)


def files(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--level", "b3lip"], "unknown level 'b3lip': known are gfn2-xtb, gfn2-re, gfn1-xtb"),
        (["--level", "gfn2-xtb"], "energies already"),
        (["--from", "gfn2"], "unknown level 'gfn2'"),
        (["--from", "b3lyp-d4"], "no accepted complex"),
        (["--engine", "pyscff"], "unknown engine 'pyscff': known are"),
        (["--level", "b3lyp-d4", "--engine", "tblite"], "B3LYP"),
        (["--n", "0"], "Invalid value for '--n'"),
        (["--order", "random"], "unknown order 'random': known are balanced, size"),
        (["--metals", "La", "Fe"], "no metal 'Fe' among the accepted complexes: there are Eu, La"),
        (["--metals", "Yb"], "no metal 'Yb'"),
        (["--scaffolds", "HOPE"], "no scaffold 'HOPE'"),
        (["--substituents", "none"], "no substituent 'none'"),
        (["--geometries", "4:0"], "no geometry '4:0' among the accepted complexes: there are 1:6"),
        (["--workers", "0"], "Invalid value for '--workers'"),
        (["--time-limit", "0"], "Invalid value for '--time-limit'"),
        (["--status"], "nothing has been computed yet"),
        (["--publish"], "nothing has been computed yet"),
        (["--status", "--dry-run"], "--status and --dry-run exclude each other"),
        (["--write-inputs", "inputs"], "go with --engine orca, not tblite"),
        (["--collect", "."], "go with --engine orca, not tblite"),
        (
            ["--level", "b3lyp-d4", "--engine", "orca", "--orca-version", "4", "--dry-run"],
            "known are 5, 6",
        ),
        (["--level", "b3lyp-d4", "--engine", "orca", "--collect", "none"], "'none' does not exist"),
        (["--parsl", "none.py"], "cannot read none.py"),
        (["--known", "nowhere"], "nowhere is no dataset"),
    ],
)
def test_bad_input_leaves_nothing_behind(label, dataset, tmp_path, capsys, options, message):
    before = files(tmp_path)
    with pytest.raises(SystemExit) as ended:
        label(*options)
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert files(tmp_path) == before


def test_a_missing_engine_says_what_to_install(label, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SystemExit) as ended:
        label("--engine", "orca", level="b3lyp-d4")
    assert ended.value.code == 2
    assert "--write-inputs" in capsys.readouterr().err


def test_what_is_no_dataset(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["label", str(tmp_path), "--level", "b3lyp-d4"])
    assert ended.value.code == 2
    assert "is no dataset" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_publishing_without_aqua_ions_is_refused(label, tmp_path, capsys):
    with Store(tmp_path / "store.sqlite"):
        pass
    with pytest.raises(SystemExit) as ended:
        label("--publish", "--no-aqua")
    assert ended.value.code == 2
    assert "never get binding energies" in capsys.readouterr().err


def test_a_dry_run_lists_and_computes_nothing(label, tmp_path, capsys):
    before = files(tmp_path)
    ends_well(label, "--dry-run", "--n", "1", "--metals", "Eu")
    output = capsys.readouterr().out
    assert SPECS[1].name in output
    assert SPECS[0].name not in output
    # Complex, ion, water, ligand, two aqua ions.
    assert "6 calculations at GFN1-xTB/ALPB(water), 0 done" in output
    ends_well(label, "--dry-run", "--references-only", "--no-aqua")
    assert "5 calculations" in capsys.readouterr().out
    # Without ORCA, its tasks are known all the same.
    ends_well(label, "--dry-run", "--engine", "orca", level="b3lyp-d4")
    assert "14 calculations at B3LYP-D4" in capsys.readouterr().out
    assert files(tmp_path) == before


def test_from_the_first_run_to_the_published_dataset(label, dataset, tmp_path, capsys):
    ends_well(label, "--metals", "La", "--workers", "1")
    output = capsys.readouterr().out
    assert str(tmp_path / "store.sqlite") in output
    assert "--publish" in output
    assert "--retry-failed" not in output
    ends_well(label, "--status")
    output = capsys.readouterr().out
    assert "references" in output
    assert "Not running" in output
    ends_well(label, "--publish")
    output = capsys.readouterr().out
    assert "complex-0003" not in output
    rows = [row for row in Dataset(dataset).rows() if row.level == str(GFN1_WATER)]
    assert len(rows) == 6
    (row,) = (row for row in rows if row.kind == "complex")
    assert row.source in {record.key for record in small_records()}
    assert row.binding_kcal_mol is not None
    assert (dataset / "README.md").exists()
    ends_well(label, "--publish")
    assert "nothing new" in capsys.readouterr().out
    (tmp_path / "store.sqlite").unlink()
    ends_well(label, "--metals", "La", "--workers", "1")
    ends_well(label, "--dry-run", "--metals", "La", "Lu")
    # Lu has ion, complex and two aqua ions of its own.
    assert "4 calculations at GFN1-xTB/ALPB(water), 6 done" in capsys.readouterr().out


def test_failures_are_shown(label, capsys):
    with pytest.raises(SystemExit) as ended:
        label("--metals", "La", "--workers", "1", "--time-limit", "0.001")
    assert ended.value.code == 1
    output = capsys.readouterr().out
    assert "not finished within the time limit" in output
    assert "--retry-failed" in output
    # For ORCA inputs, what failed is still to be done; here it is only with --retry-failed.
    ends_well(label, "--dry-run", "--metals", "La")
    assert "0 calculations at GFN1-xTB/ALPB(water), 6 done" in capsys.readouterr().out


ORCA = ("--engine", "orca", "--metals", "La")


def test_orca_inputs_go_out_and_outputs_come_in(label, dataset, tmp_path, capsys, monkeypatch):
    """Without an ORCA here; reading its outputs is tested with the engine."""
    inputs = tmp_path / "inputs"
    before = files(tmp_path)
    ends_well(label, *ORCA, "--write-inputs", inputs, level="b3lyp-d4")
    output = capsys.readouterr().out
    assert "6 calculations" in output
    assert f"--collect {inputs}" in output
    assert before.items() <= files(tmp_path).items()
    assert not (tmp_path / "store.sqlite").exists()
    assert len([p for p in inputs.glob("*.inp") if "_guess" not in p.name]) == 6
    ends_well(label, *ORCA, "--collect", inputs, level="b3lyp-d4")
    assert "0 of 6 outputs" in capsys.readouterr().out

    version = "orca 6.0.1"

    def collect(items, folder):
        assert Path(folder) == inputs
        return {
            key: None if label == "water" else Calculation(
                "static", level, structure, -1.0, np.zeros((len(structure), 3)),
                engine_version=version,
            )
            for key, label, structure, level in items
        }  # fmt: skip

    monkeypatch.setattr("rarebind.engines.orca.exchange.collect", collect)
    with pytest.raises(SystemExit) as ended:
        label(*ORCA, "--collect", inputs, "--orca-version", "5", level="b3lyp-d4")
    assert ended.value.code == 2
    assert "found orca 6.0.1, not orca 5" in capsys.readouterr().err
    ends_well(label, *ORCA, "--collect", inputs, level="b3lyp-d4")
    assert "5 of 6 outputs" in capsys.readouterr().out
    with Store(tmp_path / "store.sqlite") as store:
        assert len(store) == 5
    ends_well(label, *ORCA, "--publish", level="b3lyp-d4")
    rows = [row for row in Dataset(dataset).rows() if row.level.startswith("B3LYP")]
    # The complex waits for water.
    assert sorted(row.kind for row in rows) == ["aqua", "aqua", "ion", "ligand"]
    assert {row.engine_version for row in rows} == {version}


def test_a_folder_in_the_way_of_inputs(label, tmp_path, capsys):
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "thesis.tex").write_text("mine")
    before = files(tmp_path)
    with pytest.raises(SystemExit) as ended:
        label(*ORCA, "--write-inputs", inputs, level="b3lyp-d4")
    assert ended.value.code == 2
    assert "choose another folder" in capsys.readouterr().err
    assert files(tmp_path) == before


def command(dataset, *options):
    return [
        sys.executable, str(Path(__file__).with_name("label_level.py")),
        "label", str(dataset), "--level", NAME, "--workers", "1",
        "--store", str(dataset.with_name("store.sqlite")), *options,
    ]  # fmt: skip


def test_killed_at_any_instant_it_goes_on(dataset):
    """``kill -9`` of driver and workers together, as a machine that goes down does."""
    store = dataset.with_name("store.sqlite")
    driver = subprocess.Popen(
        command(dataset), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not store.exists() or len(stored_records(store)) < 2:
        assert driver.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    kept = stored_records(store)
    subprocess.run(command(dataset), check=True, capture_output=True)
    after = stored_records(store)
    assert kept.items() <= after.items()
    assert len(after) == 14
    with sqlite3.connect(store) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
