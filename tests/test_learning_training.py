"""Training for real: from a dataset to a network, in several calls."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from shutil import copy

import pytest
import yaml
from learning_data import TINY, config_of, write_dataset
from typer.testing import CliRunner

pytest.importorskip("nequip")

from rarebind.cli import app
from rarebind.errors import CalculationError, InputError
from rarebind.learning import load_split
from rarebind.learning.nequip.callbacks import Resumption
from rarebind.learning.nequip.checkpoint import read_checkpoint
from rarebind.learning.settings.config import load_training_config
from rarebind.learning.settings.emit import accelerator_of
from rarebind.learning.training import (
    check_checkpoint,
    load_material,
    prepare,
    process,
    read_run,
    train,
)
from rarebind.learning.training.folder import check_folder, run_hash
from rarebind.learning.training.history import read_history


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("training"), 16)


@pytest.fixture(scope="module")
def run(dataset, tmp_path_factory):
    """A run of two epochs, one a call."""
    folder = tmp_path_factory.mktemp("run") / "run"
    stages, seen = [], []
    first = train(
        config_of(dataset), folder, seconds=1e-3, on_stage=stages.append, on_progress=seen.append
    )
    second = train(config_of(dataset), folder, on_stage=stages.append)
    return first, second, stages, seen


def test_two_calls_train_two_epochs(run, dataset):
    first, second, stages, _ = run
    assert not first.finished
    assert second.finished
    assert [epoch.number for epoch in first.history] == [1]
    assert [epoch.number for epoch in second.history] == [1, 2]
    assert second.history[0] == first.history[0]
    assert stages.count("starting NequIP") == 2
    # Prepared once.
    assert sum(stage.startswith("reading") for stage in stages) == 1
    # Nothing is left to do.
    assert train(config_of(dataset), second.folder, on_stage=stages.append).finished
    assert stages.count("starting NequIP") == 2


def test_a_run_has_all_its_files(run, dataset):
    folder = run[1].folder
    files = {path.name for path in folder.iterdir()}
    assert files >= {
        "config.yaml", "split.json", "run.json", "nequip.yaml", "nequip.log", "best.ckpt",
        "last.ckpt", "history.csv", "history.png", "graphs", "logs",
    }  # fmt: skip
    assert load_training_config(folder / "config.yaml").identity() == config_of(dataset).identity()
    assert read_history(folder / "history.csv") == run[1].history
    content = read_run(folder)
    material = load_material(config_of(dataset))
    assert (
        load_split(folder / "split.json").digest == content["split_hash"] == material.split.digest
    )
    assert content["graphs"] == {"train": len(material.train), "val": len(material.val)}
    # The learning rate fell.
    assert run[1].history[1].learning_rate < run[1].history[0].learning_rate


def test_checkpoints_hold_averaged_weights(run):
    import torch

    for name in ("best.ckpt", "last.ckpt"):
        content = torch.load(run[1].folder / name, weights_only=False)
        assert content["state_dict"]["ema._extra_state"]["is_holding_ema_weights"]


def test_each_epoch_is_told_once(run):
    _, second, _, seen = run
    assert [epoch.number for progress in seen for epoch in progress.ended] == [1]
    assert seen[-1].ended[-1] == second.history[0]


def test_checkpoints_say_whose_they_are(run, tmp_path):
    import torch

    folder = run[1].folder
    own = run_hash(read_run(folder))
    for name in ("best.ckpt", "last.ckpt"):
        content = torch.load(folder / name, weights_only=False)
        assert Resumption.run_of(content) == own
        check_checkpoint(folder, name)
    copy(folder / "run.json", tmp_path / "run.json")
    # None is there yet; one from before checkpoints were marked; another run's.
    check_checkpoint(tmp_path, "best.ckpt")
    marked = content["callbacks"].pop("RunIdentity")
    torch.save(content, tmp_path / "best.ckpt")
    check_checkpoint(tmp_path, "best.ckpt")
    content["callbacks"]["RunIdentity"] = {"run": marked["run"][::-1]}
    torch.save(content, tmp_path / "best.ckpt")
    with pytest.raises(InputError, match=r"best\.ckpt was made by another run, .*put back the run"):
        check_checkpoint(tmp_path, "best.ckpt")


@pytest.mark.parametrize("cut", [0, 100, -1000])
def test_a_damaged_checkpoint_is_told(run, tmp_path, cut):
    folder = run[1].folder
    copy(folder / "run.json", tmp_path / "run.json")
    (tmp_path / "last.ckpt").write_bytes((folder / "last.ckpt").read_bytes()[:cut])
    with pytest.raises(InputError, match=r"last\.ckpt is no checkpoint .*damaged .*put back"):
        check_checkpoint(tmp_path, "last.ckpt")


def test_a_file_of_something_else_is_no_checkpoint(run, tmp_path):
    import torch

    copy(run[1].folder / "run.json", tmp_path / "run.json")
    torch.save([1, 2], tmp_path / "last.ckpt")
    with pytest.raises(InputError, match="is no checkpoint of a network"):
        check_checkpoint(tmp_path, "last.ckpt")


def test_another_configuration_is_refused(run, dataset):
    folder = run[1].folder
    other = config_of(dataset, seed=2, overrides={"max_epochs": 9})
    with pytest.raises(InputError) as caught:
        train(other, folder)
    assert "preset.max_epochs is 2 there and 9 now" in str(caught.value)
    assert "seed is 111111 there and 2 now" in str(caught.value)


def test_a_folder_of_something_else_is_refused(dataset, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match="holds something else"):
        train(config_of(dataset), tmp_path)
    with pytest.raises(InputError, match="is a file"):
        train(config_of(dataset), tmp_path / "letter.txt")


def test_a_configuration_that_a_person_wrote_is_not_replaced(dataset, tmp_path):
    path = tmp_path / "config.yaml"
    written = yaml.safe_dump(config_of(dataset).model_dump(mode="json"))
    path.write_text(f"# my own words\n{written}", encoding="utf-8")
    before = path.read_bytes()
    for name in ("config.yaml", "thesis.txt"):
        with pytest.raises(InputError, match="holds something else"):
            train(config_of(dataset), tmp_path)
        assert path.read_bytes() == before
        (tmp_path / name).touch()


def test_an_interrupted_preparation_is_gone_on_with(dataset, tmp_path):
    prepare(config_of(dataset), tmp_path)
    (tmp_path / "run.json").unlink()
    (tmp_path / ".split.json.partial").touch()
    check_folder(config_of(dataset), tmp_path)
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(InputError, match="holds something else"):
        check_folder(config_of(dataset), tmp_path)


HOLD = """
import sys
from pathlib import Path
from rarebind.learning.training.folder import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_run_is_trained_by_one_process(run, dataset):
    folder = run[1].folder
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="is being trained by another process"):
            train(config_of(dataset), folder)
        other.kill()
    # The lock of one that was killed counts for nothing.
    train(config_of(dataset), folder)


def test_a_folder_that_cannot_be_written_to(dataset, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file: give a folder"):
        train(config_of(dataset), tmp_path / "file" / "run")


def test_a_full_disk_is_told(dataset, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rarebind.learning.training.preparation.replace_file", full)
    with pytest.raises(InputError, match=r"run cannot go on: .*No space left on device"):
        train(config_of(dataset), tmp_path / "run")


def test_preparation_counts_in_the_time_of_a_call(dataset, tmp_path, monkeypatch):
    def slowly(*arguments):
        prepare(*arguments)
        time.sleep(0.5)

    given = []
    module = "rarebind.learning.training.run"
    monkeypatch.setattr(f"{module}.prepare", slowly)
    monkeypatch.setattr(f"{module}.run_nequip", lambda *_, seconds, **__: given.append(seconds))
    train(config_of(dataset), tmp_path, seconds=60.0)
    assert given[0] < 59.5


def test_no_neighbours_at_all_are_told(dataset, tmp_path):
    """Somebody has thought in nm."""
    with pytest.raises(InputError, match="within r_max of each other: give it in Å"):
        prepare(config_of(dataset, overrides={"r_max": 0.45}), tmp_path)


def test_gpus_that_are_not_there_are_told(dataset, tmp_path, monkeypatch):
    import torch

    config = config_of(dataset, accelerator="gpu", devices=2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert accelerator_of(config_of(dataset, accelerator="auto")) == "cpu"
    with pytest.raises(InputError, match="accelerator: gpu, but PyTorch finds none"):
        train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert accelerator_of(config_of(dataset, accelerator="auto")) == "cuda"
    with pytest.raises(InputError, match="devices: 2 are asked for, and PyTorch finds 1"):
        train(config, tmp_path / "run")


def test_what_a_launcher_has_said_is_not_passed_on():
    given = {"SLURM_NTASKS": "8", "RANK": "3", "MASTER_PORT": "1", "CUDA_VISIBLE_DEVICES": "2"}
    assert process._alone(given) == {"CUDA_VISIBLE_DEVICES": "2"}


@pytest.mark.skipif(os.name != "posix", reason="there are no process groups")
def test_processes_that_nequip_has_started_end_with_it():
    child = subprocess.Popen(["sh", "-c", "sleep 600 & wait"], start_new_session=True)
    group = os.getpgid(child.pid)
    process._end(child)
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            break
        time.sleep(0.1)
    else:
        pytest.fail("a process is left")


def test_a_damaged_run_is_told(tmp_path):
    (tmp_path / "run.json").write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(InputError, match="holds no entries"):
        read_run(tmp_path)


def test_the_end_of_nequips_log_is_told(run, dataset, tmp_path):
    prepare(config_of(dataset), tmp_path)
    (tmp_path / "graphs" / "train.pt").write_bytes(b"nothing")
    with pytest.raises(
        CalculationError, match=r"(?s)nequip\.log ends with:.*cannot read the graphs"
    ):
        train(config_of(dataset), tmp_path)


def test_training_starts_from_another(run, dataset, tmp_path):
    config = config_of(dataset, start_from=run[1].folder)
    prepare(config, tmp_path)
    there, here = (read_run(folder)["statistics"] for folder in (run[1].folder, tmp_path))
    assert there["scale"] == here["scale"]
    assert (tmp_path / "start.pt").exists()
    with pytest.raises(InputError, match="differs in l_max: give the same preset"):
        prepare(config_of(dataset, start_from=run[1].folder, overrides={"l_max": 2}), tmp_path)


def test_nothing_is_tested_on_what_the_start_has_learned(run, dataset, tmp_path):
    """Another split of the same complexes would do so, unseen by whoever evaluates."""
    split = {"kind": "random", "seed": 2, "fractions": (0.7, 0.15, 0.15)}
    with pytest.raises(InputError, match=r"start_from: .* has learned from, or been chosen by, \d"):
        prepare(config_of(dataset, start_from=run[1].folder, split=split), tmp_path)
    ligands = {"kind": "leave-ligand-out", "seed": 2, "fractions": (0.7, 0.15, 0.15)}
    with pytest.raises(InputError, match="give the split that it was trained on"):
        prepare(config_of(dataset, start_from=run[1].folder, split=ligands), tmp_path)
    # That of its own is the same, whatever made it.
    own = {"file": run[1].folder / "split.json"}
    (tmp_path / "own").mkdir()
    prepare(config_of(dataset, start_from=run[1].folder, split=own), tmp_path / "own")


def test_statistics_come_from_the_training_part_alone(dataset, tmp_path, monkeypatch):
    """Bit by bit: shifts, scale and all else, whatever the other targets are."""
    config = config_of(dataset, preset="study-2", overrides=TINY)
    real = load_material(config)

    def changed(parts):
        samples = [
            replace(s, target=-3.0 * s.target + number)
            if real.split.parts[s.origin] in parts
            else s
            for number, s in enumerate(real.samples)
        ]
        return lambda _: replace(real, samples=samples)

    found = []
    for number, parts in enumerate(((), ("val", "test", "external"), ("train",))):
        monkeypatch.setattr("rarebind.learning.training.preparation.load_material", changed(parts))
        folder = tmp_path / str(number)
        folder.mkdir()
        prepare(config, folder)
        found.append(read_run(folder))
    whole, others, own = (run["statistics"] for run in found)
    assert others == whole
    assert found[1]["data_hash"] != found[0]["data_hash"]
    assert own["shifts"] != whole["shifts"]


def test_the_command_shows_what_it_would_do(dataset, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(config_of(dataset).model_dump(mode="json")), encoding="utf-8")
    shown = CliRunner().invoke(app, ["train", str(path), "--dry-run"])
    assert shown.exit_code == 0, shown.output
    for part in ("binding at GFN2-xTB/ALPB(water)", "train", "external", "max_epochs 2"):
        assert part in shown.output
    fold = CliRunner().invoke(app, ["train", str(path), "--dry-run", "--fold", "3"])
    assert "Split: random, fold 3, " in fold.output
    for number, message in (("9", "the folds 0 to 6"), ("-1", "counted from 0")):
        wrong = CliRunner().invoke(app, ["train", str(path), "--dry-run", "--fold", number])
        assert isinstance(wrong.exception, InputError)
        assert message in str(wrong.exception)
    wrong = CliRunner().invoke(app, ["train", str(path), "--max-time", "soon"])
    assert isinstance(wrong.exception, InputError)


def test_the_command_tells_of_every_epoch_where_nobody_watches(run, dataset, tmp_path):
    path = tmp_path / "small.yaml"
    path.write_text(yaml.safe_dump(config_of(dataset).model_dump(mode="json")), encoding="utf-8")
    folder = tmp_path / "in parts"
    once = CliRunner().invoke(
        app, ["train", str(path), "--out", str(folder), "--max-time", "0.001s"]
    )
    again = CliRunner().invoke(app, ["train", str(path), "--out", str(folder)])
    for number, found in ((1, once), (2, again)):
        assert found.exit_code == 0, found.output
        (line,) = [text for text in found.stderr.splitlines() if text.startswith("epoch ")]
        assert re.match(
            rf"epoch {number}/2: training [\d.]+, validation [\d.]+ \(best [\d.]+\) kcal/mol, ",
            line,
        )
        assert "starting NequIP\n" in found.stderr
        # Of a random split: ligands of the test were seen.
        packaged = f"rarebind package '{folder}' --out 'in parts.rarebind' --no-uncertainty\n"
        assert packaged in found.stdout
    assert f"to go on: rarebind train {path} --out '{folder}'\n" in once.stdout
    # What is finished is not told again.
    done = CliRunner().invoke(app, ["train", str(path), "--out", str(folder)])
    assert "epoch " not in done.stderr


@pytest.mark.slow
def test_processes_share_the_batches(dataset, tmp_path):
    """Two of them on CPUs; in two calls, they learn what they learn in one."""
    config = config_of(dataset, devices=2, overrides={"batch_size": 2})
    first = train(config, tmp_path / "parts", seconds=1e-3)
    assert [epoch.number for epoch in first.history] == [1]
    parts = train(config, tmp_path / "parts")
    whole = train(config, tmp_path / "whole")
    assert [epoch.number for epoch in parts.history] == [1, 2]
    for one, other in zip(parts.history, whole.history, strict=True):
        assert one.val_mae == pytest.approx(other.val_mae, rel=1e-4)
        assert one.train_mae == pytest.approx(other.train_mae, rel=1e-4)
    for name in ("best.ckpt", "last.ckpt"):
        check_checkpoint(tmp_path / "parts", name)


@pytest.mark.slow
def test_a_moved_run_keeps_its_best_epoch(dataset, tmp_path):
    """Which Lightning would overwrite with the next one, however bad."""
    schedule = {"kind": "plateau", "factor": 0.5, "patience": 9, "threshold": 0.0, "stop": 1e-9}
    overrides = {"max_epochs": 6, "schedule": schedule, "learning_rate": 3.0}
    config = config_of(dataset, overrides=overrides)
    whole = train(config, tmp_path / "whole")
    assert min(whole.history, key=lambda epoch: epoch.val_mae).number < 6
    train(config, tmp_path / "before", seconds=1e-3)
    for number in range(5):
        (tmp_path / "before").rename(tmp_path / f"after-{number}")
        train(config, tmp_path / f"after-{number}", seconds=1e-3)
        (tmp_path / f"after-{number}").rename(tmp_path / "before")
    best = [read_checkpoint(tmp_path / name / "best.ckpt") for name in ("whole", "before")]
    for one, other in zip(*(found.weights.values() for found in best), strict=True):
        assert one == pytest.approx(other, rel=1e-4, abs=1e-6)


@pytest.mark.slow
def test_a_killed_run_ends_as_one_that_was_not(dataset, tmp_path):
    config = config_of(dataset, overrides={"max_epochs": 6})
    path = tmp_path / "long.yaml"
    path.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    folder = tmp_path / "killed"
    command = [sys.executable, "-m", "rarebind", "train", str(path), "--out", str(folder)]
    child = subprocess.Popen(command)
    while child.poll() is None and not (folder / "last.ckpt").exists():
        time.sleep(0.05)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    killed = train(config, folder)
    whole = train(config, tmp_path / "whole")
    assert [e.number for e in killed.history] == [e.number for e in whole.history]
    for one, other in zip(killed.history, whole.history, strict=True):
        assert one.val_mae == pytest.approx(other.val_mae, rel=1e-4)
        assert one.train_mae == pytest.approx(other.train_mae, rel=1e-4)


@pytest.mark.slow
def test_a_plateau_survives_interruptions_and_ends_training(dataset, tmp_path):
    schedule = {"kind": "plateau", "factor": 0.1, "patience": 1, "threshold": 10.0, "stop": 0.001}
    overrides = {"max_epochs": 20, "schedule": schedule}
    config = config_of(dataset, preset="study-2", overrides=TINY | overrides)
    whole = train(config, tmp_path / "whole")
    assert whole.finished
    assert len(whole.history) < 20
    folder, calls = tmp_path / "parts", 0
    while not (part := train(config, folder, seconds=1e-3)).finished:
        calls += 1
        assert calls < 20
    assert [e.learning_rate for e in part.history] == [e.learning_rate for e in whole.history]
