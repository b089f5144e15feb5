"""A campaign that is killed, that hangs, that crashes, that fills the disk."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from stored import records

from rarebind.campaigns import Curation, Store, campaign_status, load_config, read_config, run_tasks
from rarebind.campaigns.limits import TimeLimitReached, run_limited, time_limit
from rarebind.campaigns.parsl_config import parsl_session
from rarebind.campaigns.run import _outcome

ROOT = Path(__file__).parents[1]
CAMPAIGN = """\
name: tiny
scaffolds: [HOPO]
substituents: [fluoro]
geometries: ["1:6"]
metals: [La, Lu, Eu]
search: {conformers: 1, relaxed_candidates: 1, hops: 0}
time_limit: 600
"""
linux = pytest.mark.skipif(not Path("/proc").exists(), reason="looks up processes in /proc")


@pytest.fixture
def config(tmp_path):
    """A campaign of three complexes."""
    path = tmp_path / "tiny.yaml"
    path.write_text(CAMPAIGN)
    return path


def curate(config, *options):
    return [
        sys.executable, "-m", "rarebind", "curate", str(config),
        "--store", str(config.with_name("store.sqlite")), "--workers", "2", *options,
    ]  # fmt: skip


def complete(config):
    """Whether every task has one usable record."""
    stages = Curation.of(read_config(config)).stages
    with Store(config.with_name("store.sqlite")) as store:
        status = campaign_status(stages, store)
    return all(stage.ok == stage.total for stage in status.stages)


@pytest.mark.parametrize("kept_at_least", [0, 3, pytest.param(9, marks=pytest.mark.slow)])
def test_killed_at_any_instant_it_goes_on(config, kept_at_least):
    """``kill -9`` of driver and workers together, as a machine that goes down does."""
    store = config.with_name("store.sqlite")
    driver = subprocess.Popen(
        curate(config), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not store.exists() or len(records(store)) < kept_at_least:
        assert driver.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.wait()
    kept = records(store)
    subprocess.run(curate(config), check=True, capture_output=True)
    after = records(store)
    assert kept.items() <= after.items()
    assert complete(config)


@linux
def test_a_killed_worker_costs_its_calculation_only(config):
    """One process of the pool dies, as for want of memory: a record says so, the rest goes on."""
    mark = f"RAREBIND_TEST={uuid.uuid4()}"
    store = config.with_name("store.sqlite")
    driver = subprocess.Popen(
        curate(config), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | dict([mark.split("=")]),
    )  # fmt: skip
    while not records(store):
        assert driver.poll() is None
        time.sleep(0.02)
    os.kill(busiest(mark), signal.SIGKILL)
    output, error = driver.communicate(timeout=300)
    assert driver.returncode == 0, error
    with Store(store) as opened:
        lost = [s for s in opened.summaries().values() if s.status == "failed"]
    assert len(lost) <= 1
    if lost:
        assert lost[0].reason.startswith("its worker process ended")
        assert "its worker process ended" in output
    subprocess.run(curate(config, "--retry-failed"), check=True, capture_output=True)
    assert complete(config)


def busiest(mark):
    """The worker process that computes now: one that waits may hold a lock of the pool."""
    for _ in range(100):
        before = processor_times(mark)
        time.sleep(0.2)
        gained = {pid: used - before.get(pid, used) for pid, used in processor_times(mark).items()}
        if gained and max(gained.values()) >= 3:
            return max(gained, key=gained.get)
    pytest.fail("no worker computes")


def processor_times(mark):
    """Clock ticks that each worker process has used."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and (
                b"spawn_main" in (folder / "cmdline").read_bytes()
            ):
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                found[int(folder.name)] = int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return found


def test_a_full_disk_ends_it_with_a_message_and_nothing_is_lost(config):
    store = config.with_name("store.sqlite")
    # The system refuses to let any file grow further, as a full disk or a quota does.
    room = 100_000

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    ended = subprocess.run(
        curate(config), preexec_fn=limit, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1, ended.stderr
    assert "cannot write" in ended.stderr
    assert "run the same command again" in ended.stderr
    kept = records(store)
    subprocess.run(curate(config), check=True, capture_output=True)
    after = records(store)
    assert kept
    assert kept.items() <= after.items()
    assert complete(config)


def test_a_calculation_past_its_time_is_a_failure_with_a_reason(config):
    config.write_text(CAMPAIGN.replace("time_limit: 600", "time_limit: 0.02"))
    # Nothing has a result, which is told by the exit status.
    assert subprocess.run(curate(config), check=False, capture_output=True).returncode == 1
    with Store(config.with_name("store.sqlite")) as store:
        failed = [s for s in store.summaries().values() if s.status == "failed"]
    assert failed
    assert {s.reason for s in failed} == {"not finished within the time limit of 0.02 s"}
    config.write_text(CAMPAIGN)
    subprocess.run(curate(config, "--retry-failed"), check=True, capture_output=True)
    assert complete(config)


def test_no_except_clause_swallows_the_limit():
    def stubborn():
        while True:
            try:
                time.sleep(10)
            except Exception:  # noqa: BLE001
                continue

    start = time.monotonic()
    with pytest.raises(TimeLimitReached), time_limit(0.1):
        stubborn()
    assert time.monotonic() - start < 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_run_limited_makes_a_record():
    calculation = run_limited(1e-4, "water", {}, [])
    assert calculation.status == "failed"
    assert "time limit of 0.0001 s" in calculation.reason


def hang(seconds):
    """Within the limit, hold the interpreter's lock in C code."""
    with time_limit(seconds):
        ctypes.PyDLL(None).sleep(600)


def crash():
    """End the process as a segmentation fault does."""
    os.abort()


def test_workers_outlive_what_hangs_or_crashes(monkeypatch):
    """Code that cannot be interrupted is ended with its process; the next task finds another."""
    # The workers must find the two functions above.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    with parsl_session(1) as session:
        for future in (session.submit(crash), session.submit(hang, 0.2)):
            calculation = _outcome(future, 0.2)
            assert calculation.status == "failed"
            assert calculation.reason.startswith("its worker process ended")
        assert session.submit(abs, -1).result() == 1


@pytest.mark.slow
def test_another_parsl_configuration_gives_the_same_records(config, tmp_path):
    tasks = [task for stage in Curation.of(read_config(config)).stages.values() for task in stage]
    energies = []
    for name, make_config in {
        "default": None,
        "file": load_config(ROOT / "configs" / "parsl" / "two_workers.py"),
        "slurm": without_scheduler(load_config(ROOT / "configs" / "parsl" / "slurm.py")),
    }.items():
        with Store(tmp_path / f"{name}.sqlite") as store:
            results = run_tasks(tasks, store, workers=2, make_config=make_config)
            energies.append({key: results[key].energy for key in results})
    assert len(energies[0]) == len(tasks)
    assert energies[0] == energies[1] == energies[2]


def without_scheduler(make_config):
    """The same executor, its blocks started on this machine instead of by Slurm."""

    def make(run_dir):
        from parsl.providers import LocalProvider

        config = make_config(run_dir)
        (executor,) = config.executors
        slurm = executor.provider
        executor._provider = LocalProvider(
            init_blocks=1, max_blocks=1, worker_init=slurm.worker_init
        )
        executor.max_workers_per_node = 2
        config.run_dir = run_dir
        return config

    return make
