"""Running, failing, being killed and going on."""

import operator
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from stored import records

from rarebind.campaigns import Protocol, Store, Task, TaskFactory, parsl_config, run_tasks
from rarebind.campaigns.parsl_config import HEARTBEAT_THRESHOLD, POOL
from rarebind.campaigns.steps import execute, spec_from_data, spec_to_data
from rarebind.complexes import aqua_ion, complex_spec
from rarebind.engines import DEFAULT_LEVEL, LEVELS, LevelOfTheory
from rarebind.errors import DamagedRecordWarning, InputError, MissingDependencyError
from rarebind.ligands import library_ligand, parse_ligand

FACTORY = TaskFactory(Protocol())


@pytest.mark.parametrize(
    "spec",
    [
        aqua_ion("Lu", 8),
        complex_spec("Gd", library_ligand("CAM", "methyl"), "2:4"),
        complex_spec("Y", parse_ligand("CC(=O)CC(C)=O", "acac"), "1"),
    ],
    ids=lambda spec: spec.name,
)
def test_specs_survive_as_data(spec):
    again = spec_from_data(spec_to_data(spec))
    assert spec_to_data(again) == spec_to_data(spec)
    assert (again.charge, again.multiplicity) == (spec.charge, spec.multiplicity)


def test_names_do_not_decide_a_key():
    one, other = (parse_ligand("CC(=O)CC(C)=O", name) for name in ("acac", "Hacac"))
    tasks = [FACTORY.complex(complex_spec("Eu", ligand, "1:6")) for ligand in (one, other)]
    assert tasks[0].key == tasks[1].key


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2},
        {"conformers": 5},
        {"level": LevelOfTheory("tblite", "GFN2-xTB")},
        {"relaxed_candidates": 1},
    ],
)
def test_every_choice_of_the_protocol_decides_a_key(change):
    other = TaskFactory(replace(Protocol(), **change))
    spec = complex_spec("La", library_ligand("HOPO", "methyl"), "1:6")

    def keys(factory):
        return {factory.complex(spec).key, factory.ligand(spec.ligand).key}

    assert keys(other) != keys(FACTORY)


def test_results_come_back_and_are_kept(store):
    tasks = [FACTORY.water(), FACTORY.ion("La"), FACTORY.ion("Gd"), FACTORY.aqua("Lu", 8)]
    seen = []
    results = run_tasks(tasks, store, on_done=lambda ended: seen.append(ended.stored))
    assert all(results[task.key].ok for task in tasks)
    # The aqua ion of Lu needs that of La.
    assert len(results) == 5
    assert seen == [False] * 5
    seen.clear()
    again = run_tasks(tasks, store, on_done=lambda ended: seen.append(ended.stored))
    assert seen == [True] * 5
    assert {k: c.energy for k, c in again.items()} == {k: c.energy for k, c in results.items()}


def test_a_failure_is_a_record_and_the_rest_goes_on(store):
    bad = Task("ion", {"metal": "Fe"}, label="Fe3+")
    child = Task("series", {"metal": "Lu"}, parents=(bad,), label="child of Fe3+")
    good = FACTORY.water()
    results = run_tasks([child, good], store, workers=1)
    assert results[good.key].ok
    assert results[bad.key].status == "failed"
    assert "unknown metal 'Fe'" in results[bad.key].reason
    assert results[child.key].reason.startswith("needs Fe3+, which failed: unknown metal")
    # What was not run is not recorded: it may be once its parent is mended.
    assert set(store.summaries()) == {bad.key, good.key}


def test_an_optional_parent_may_fail(store):
    bad = Task("ion", {"metal": "Fe"}, label="Fe3+")
    child = Task("water", {}, parents=(bad,), optional=1, label="water")
    results = run_tasks([child], store, workers=1)
    assert results[bad.key].status == "failed"
    assert results[child.key].ok


def test_what_is_wanted_first_ends_first(store):
    """The queue keeps the order of the campaign, however long it is."""
    tasks = [FACTORY.ion(metal) for metal in ("Yb", "La", "Y", "Gd", "Eu", "Ce", "Lu", "Sm")]
    ended = []
    run_tasks(tasks, store, workers=1, on_done=lambda end: ended.append(end.task.key))
    assert ended == [task.key for task in tasks]


def test_an_unforeseen_error_names_its_place():
    calculation = execute("series", {"metal": "Lu"}, [])
    assert calculation.status == "failed"
    assert calculation.reason.startswith("KeyError: 'parent'")


def test_sessions_at_once_leave_the_environment_as_it_was(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    before = dict(os.environ)
    begun, ended = threading.Barrier(2), threading.Event()

    def first():
        with parsl_config._ENVIRONMENT.of_session(1):
            begun.wait(30)
            assert ended.wait(30)

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(30)
    # Begins within the first and ends after it, as two threads that screen do.
    with parsl_config._ENVIRONMENT.of_session(2):
        ended.set()
        thread.join(30)
        assert os.environ["OMP_NUM_THREADS"] == "2"
        assert os.environ["PATH"].count(before["PATH"]) == 1
    assert dict(os.environ) == before


def test_a_damaged_record_is_computed_again(tmp_path):
    path, task = tmp_path / "store.sqlite", FACTORY.ion("La")
    with Store(path) as store:
        energy = run_tasks([task], store, workers=1)[task.key].energy
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE calculations SET record = x'00'")
    with Store(path) as store:
        with pytest.warns(DamagedRecordWarning, match="is damaged"):
            again = run_tasks([task], store, workers=1)
        assert again[task.key].energy == energy
        assert store.get(task.key).energy == energy


def test_a_killed_interchange_does_not_hang_the_end(monkeypatch):
    monkeypatch.setattr(parsl_config, "_PATIENCE", 3.0)
    before = set(psutil.Process().children(recursive=True))
    with parsl_config.parsl_session(1) as session:
        assert session.submit(operator.neg, 2).result() == -2
        ours = set(psutil.Process().children(recursive=True)) - before
        (interchange,) = (p for p in ours if "interchange" in " ".join([p.name(), *p.cmdline()]))
        interchange.kill()
        begun = time.monotonic()
    assert time.monotonic() - begun < 30
    _, alive = psutil.wait_procs([p for p in ours if p != interchange], timeout=60)
    assert not alive


def test_threads_of_a_worker():
    with parsl_config.parsl_session(threads=3) as session:
        assert session.capacity == max(parsl_config.default_workers() // 3, 1)
        assert session.submit(os.getenv, "OMP_NUM_THREADS").result() == "3"


def test_nothing_is_left_in_the_working_folder(store, tmp_path, monkeypatch):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    path = os.environ["PATH"]
    run_tasks([FACTORY.ion("Y")], store, workers=1)
    assert not list(folder.iterdir())
    assert os.environ["PATH"] == path


def test_protocols_are_checked_at_once():
    known = "known are auto, grafting, embedding, architector"
    with pytest.raises(InputError, match=f"unknown builder 'magic': {known}"):
        Protocol(builder="magic")
    with pytest.raises(InputError, match="conformers must be at least 1"):
        Protocol(conformers=0)
    with pytest.raises(InputError, match="unknown conformer search 'x': known are rdkit, crest"):
        Protocol(conformer_search="x")


def test_crest_is_asked_for_before_anything_runs(monkeypatch):
    monkeypatch.setenv("PATH", "")
    factory = TaskFactory(Protocol(conformer_search="crest"))
    with pytest.raises(MissingDependencyError, match="crest"):
        factory.complex(complex_spec("La", library_ligand("HOPO"), "1:6"))


LIGANDS = "name,smiles\nHOPO-methyl,CNC(=O)c1cc(C)cc(=O)n1O\nCAM-fluoro,CNC(=O)c1cc(F)cc(O)c1O\n"


@pytest.mark.parametrize("records_before_the_kill", [1, pytest.param(6, marks=pytest.mark.slow)])
def test_kill_and_resume(tmp_path, records_before_the_kill):
    """``kill -9`` of driver and workers; the re-run finishes the rest and recomputes nothing."""
    (tmp_path / "ligands.csv").write_text(LIGANDS)
    store = tmp_path / "store.sqlite"
    command = [
        sys.executable, "-m", "rarebind", "screen", "ligands.csv", "--metals", "La", "Lu",
        "--geometry", "1:6", "--out", "out", "--store", str(store),
    ]  # fmt: skip
    driver = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while len(records(store)) < records_before_the_kill:
        assert driver.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    kept = records(store)
    assert len(kept) >= records_before_the_kill
    assert not (tmp_path / "out" / "ranking.csv").exists()

    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    after = records(store)
    assert len(after) > len(kept)
    assert all(after[key] == record for key, record in kept.items())
    with Store(store) as opened:
        assert {status for _, status in opened.counts()} == {"ok"}
    assert (tmp_path / "out" / "ranking.csv").exists()


def test_level_is_part_of_the_record(store):
    results = run_tasks([FACTORY.ion("La")], store, workers=1)
    (calculation,) = results.values()
    assert calculation.level == LEVELS[DEFAULT_LEVEL]
    assert calculation.engine_version.startswith("tblite")


def screen_in(folder, ligands):
    """Start a screen as a process of its own: the process, its store, a mark on its offspring."""
    (folder / "ligands.csv").write_text(ligands)
    mark = f"RAREBIND_TEST={uuid.uuid4()}"
    driver = subprocess.Popen(
        [sys.executable, "-m", "rarebind", "screen", "ligands.csv", "--metals", "La", "Lu"],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        env=os.environ | dict([mark.split("=")]),
    )  # fmt: skip
    return driver, folder / "rarebind-screen" / "calculations.sqlite", mark


def marked(mark, program=""):
    """Process ids of all that inherited `mark`, detached ones included, and run `program`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if mark.encode() in environment and program.encode() in command:
            found.append(int(folder.name))
    return found


linux = pytest.mark.skipif(not Path("/proc").exists(), reason="looks up processes in /proc")


@linux
@pytest.mark.slow
def test_a_killed_driver_leaves_no_process_behind(tmp_path):
    driver, store, mark = screen_in(tmp_path, "smiles\nCC(=O)CC(C)=O\n")
    while not records(store):
        assert driver.poll() is None
        time.sleep(0.1)
    assert marked(mark, "process_worker_pool")
    driver.kill()
    driver.wait()
    deadline = time.monotonic() + 3 * HEARTBEAT_THRESHOLD
    while marked(mark):
        assert time.monotonic() < deadline, "workers outlive the driver"
        time.sleep(1)


@linux
@pytest.mark.parametrize("reaped", [True, False])
def test_a_pool_that_waits_for_its_interchange_goes_with_the_driver(tmp_path, reaped):
    """As one whose driver is killed while it registers, which Parsl lets wait for ever."""
    mark = f"RAREBIND_TEST={uuid.uuid4()}"
    environment = os.environ | dict([mark.split("=")])
    driver = subprocess.Popen(["sleep", "300"])
    # Nobody answers at this address.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        pool = subprocess.Popen(
            [sys.executable, "-m", "rarebind.campaigns.interchange", str(driver.pid), POOL,
             "-a", "127.0.0.1", f"--port={port}", "-c", "1", "--max_workers_per_node=1", "--poll",
             "10", "--block_id=0", "--hb_period=5", "--hb_threshold=30", "--uid=x", "-p", "0",
             "-m", "None", "--cert_dir", "None", "--drain_period=None", "--cpu-affinity", "none",
             "--mpi-launcher=mpiexec", "--address_probe_timeout=300"],
            env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        )  # fmt: skip
        time.sleep(4)
        assert pool.poll() is None, pool.stderr.read()
        driver.kill()
        if reaped:
            driver.wait()
        try:
            assert pool.wait(timeout=60) == 1
            assert not marked(mark)
        finally:
            pool.kill()
            pool.stderr.close()
            driver.wait()


@linux
def test_lost_workers_are_no_failed_calculations(tmp_path):
    """Killing the pool of workers ends the run with a message, and stores no false failure."""
    driver, store, mark = screen_in(tmp_path, LIGANDS)
    while not records(store):
        assert driver.poll() is None
        time.sleep(0.02)
    for pid in marked(mark, "process_worker_pool"):
        os.kill(pid, signal.SIGKILL)
    _, error = driver.communicate(timeout=120)
    assert driver.returncode == 1
    assert "run the same command again" in error
    with Store(store) as opened:
        assert {status for _, status in opened.counts()} == {"ok"}
