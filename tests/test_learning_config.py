"""Configurations of trainings, presets, history."""

from pathlib import Path

import pytest

from rarebind.errors import InputError
from rarebind.learning.settings.config import TrainingConfig, load_training_config, parse_duration
from rarebind.learning.settings.presets import preset_named, presets
from rarebind.learning.training.history import (
    Epoch,
    draw_history,
    read_history,
    read_logs,
    write_history,
)

CONFIGS = sorted((Path(__file__).parents[1] / "configs" / "train").glob("*.yaml"))
GOOD = {"data": "data", "target": "binding", "level": "gfn2-xtb"}


def written(tmp_path, text):
    path = tmp_path / "training.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_examples_are_valid(path):
    config = load_training_config(path)
    assert config.preset in presets()


def test_presets_of_the_study_differ_in_tensor_features_alone():
    two, four = (presets()[name].model_dump() for name in ("study-2", "study-4"))
    different = {key for key in two if two[key] != four[key]}
    assert different == {"summary", "num_tensor_features"}
    assert (two["num_tensor_features"], four["num_tensor_features"]) == (2, 4)
    assert presets()["study-2"].plain
    assert not presets()["best"].plain


#: What the study reports of its network and training, and what its older Allegro makes of it here.
STUDY = {
    "r_max": 6.0, "centres": None, "l_max": 2, "parity": True, "num_layers": 2,
    "num_scalar_features": 64, "num_bessels": 8, "bessel_trainable": True,
    "polynomial_cutoff_p": 6.0, "embed_mlp_depth": 3, "embed_mlp_width": 32,
    "latent_mlp_depth": 3, "latent_mlp_width": 32, "readout_mlp_depth": 1,
    "readout_mlp_width": 16, "scale": "energy-per-atom", "signs": False,
    "atom_descriptor": None, "metal_descriptors": False, "loss": "mae", "force_weight": 0.0,
    "learning_rate": 0.01, "weight_decay": 0.0, "gradient_clip": None, "batch_size": 4,
    "validation_batch_size": 20, "like_sized_batches": False, "max_epochs": 1500,
    "ema_decay": 0.99,
    "schedule": {
        "kind": "plateau", "factor": 0.75, "patience": 20, "threshold": 2.5e-5, "stop": 1e-5,
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "features"), [("study-2", 2), ("study-4", 4)])
def test_presets_of_the_study_have_its_values(name, features):
    found = presets()[name].model_dump(exclude={"summary"})
    assert found == STUDY | {"num_tensor_features": features}


def test_the_seed_is_the_studys():
    config = TrainingConfig(**GOOD)
    assert config.seed == config.split.seed == 111111
    assert (config.split.kind, config.split.fractions) == ("random", (0.8, 0.1, 0.1))


def test_overrides_are_checked():
    assert preset_named("best", {"max_epochs": 3}).max_epochs == 3
    constant = preset_named("study-2", {"schedule": {"kind": "constant"}})
    assert constant.schedule.kind == "constant"
    with pytest.raises(InputError, match=r"unknown key 'epochs'.*known are summary, r_max"):
        preset_named("best", {"epochs": 3})
    with pytest.raises(InputError, match=r"max_epochs: 0 is below 1"):
        preset_named("best", {"max_epochs": 0})
    with pytest.raises(InputError, match="unknown preset 'worst': known are study-2, study-4"):
        preset_named("worst")


def test_all_faults_of_a_file_are_told_at_once(tmp_path):
    path = written(tmp_path, "data: data\ntarget: bindig\nlevel: gfn2-xtb\npreset: worst\n"
                             "max_time: soon\nsplit: {kind: fair}\n")  # fmt: skip
    with pytest.raises(InputError) as caught:
        load_training_config(path)
    problems = caught.value.problems
    assert len(problems) == 4
    assert all(problem.startswith(f"{path}: ") for problem in problems)
    for part in ("bindig", "worst", "max_time: 'soon'", "unknown split 'fair'"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- data", "expected keys and values"),
        ("target: binding\nlevel: x\n", "data is missing; needed are data, target, level"),
        ("data: d\ntarget: binding\nlevel: x\nepoch: 3\n", "unknown key 'epoch'; known are data"),
        ("data: d\ntarget: binding\nlevel: x\nsplit: {sort: a}\n", "unknown key 'split.sort'"),
        ("data: d\ntarget: binding\nlevel: x\nthreads: 0\n", "threads: 0 is below 1"),
        (
            "data: d\ntarget: binding\nlevel: x\nsplit: {fold: -1}\n",
            "split.fold: -1 is below 0",
        ),
        (
            "data: d\ntarget: binding\nlevel: x\nsplit: {file: split.json, fold: 2}\n",
            "split.fold: the split of split.json is made, so fold 2",
        ),
        ("data: d\ntarget: binding\nlevel: x\nbase: y\n", "of one level, leave the base out"),
        ("data: d\ntarget: delta-binding\nlevel: x\n", "give the base"),
        ("data: d\ntarget: absolute\nlevel: x\n", "signs go with energies of reactions"),
        (
            "data: d\ntarget: exchange\nlevel: x\noverrides: {centres: 3.0, signs: false}\n",
            "centres leave out atoms whose energies are part of exchange.*signs: true",
        ),
    ],
)
def test_faults_name_file_and_field(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        load_training_config(written(tmp_path, text))
    assert "training.yaml" in str(caught.value)


def test_absolute_energies_are_learned_without_signs():
    config = TrainingConfig(**GOOD | {"target": "absolute", "overrides": {"signs": False}})
    config.check()


def test_identity_is_what_decides_the_model():
    config = TrainingConfig(**GOOD)
    same = TrainingConfig(**GOOD, threads=2, max_time="2h", accelerator="cpu")
    assert config.identity() == same.identity()
    other = TrainingConfig(**GOOD, overrides={"max_epochs": 7}).identity()
    assert {k for k in other if other[k] != config.identity()[k]} == {"preset.max_epochs"}


def test_the_first_fold_is_what_configurations_were_before_there_were_folds():
    config = TrainingConfig(**GOOD, split={"kind": "leave-ligand-out", "fold": 0})
    assert "split.fold" not in config.identity()
    plain = config.model_dump(mode="json")
    assert set(plain["split"]) == {"kind", "seed", "held_out", "fractions", "file"}
    assert TrainingConfig(**plain) == config


def test_another_fold_is_another_training():
    config = TrainingConfig(**GOOD, split={"kind": "leave-ligand-out"})
    other = config.with_fold(2)
    assert TrainingConfig(**other.model_dump(mode="json")) == other
    assert {k: v for k, v in other.identity().items() if k not in config.identity()} == {
        "split.fold": 2
    }
    assert other.with_fold(0).identity() == config.identity()
    with pytest.raises(InputError, match="counted from 0, got -1"):
        config.with_fold(-1)


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("1h30m", 5400), ("45m", 2700), ("90s", 90), ("90", 90)]
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


def test_no_duration():
    assert parse_duration("") is None
    for text in ("soon", "2 fortnights", "0s", "-1h", "nan"):
        with pytest.raises(InputError, match="is no time"):
            parse_duration(text)


HEAD = (
    "epoch,lr-Adam,step,train_metric_epoch/energy_mae,train_metric_step/energy_mae,"
    "val0_epoch/energy_mae\n"
)


def log(folder, version, lines):
    path = folder / f"version_{version}" / "metrics.csv"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + "".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_logs_of_several_calls_are_one_history(tmp_path):
    log(tmp_path, 0, [",0.1,0,,,", "0,,3,,9,", "0,,4,,,2.0", "0,,4,3.0,,", ",0.2,5,,,",
                      "1,,9,,,1.5", "1,,9,2.5,,"])  # fmt: skip
    path = log(tmp_path, 10, [",0.2,5,,,", "1,,9,,,1.4", "1,,9,2.4,,", ",0.3,10,,,", "2,,13,,7.5,"])
    with path.open("a", encoding="utf-8") as file:
        file.write("2,,14,,")
    log(tmp_path, 9, [",0.2,5,,,", "1,,9,,,8.0", "1,,9,8.0,,"])
    history, place = read_logs(tmp_path)
    assert history == [Epoch(1, 3.0, 2.0, 0.1), Epoch(2, 2.4, 1.4, 0.2)]
    assert (place.epoch, place.step, place.batch_mae) == (3, 14, 7.5)
    assert read_logs(tmp_path / "none") == ([], None)


def test_history_is_written_and_drawn(tmp_path):
    history = [Epoch(1, 3.0, 2.0, 0.1), Epoch(2, 2.4, 1.4, 0.2)]
    write_history(history, tmp_path / "history.csv")
    assert read_history(tmp_path / "history.csv") == history
    assert read_history(tmp_path / "none.csv") == []
    draw_history(history, tmp_path / "history.png", "run")
    assert (tmp_path / "history.png").read_bytes().startswith(b"\x89PNG")
    (tmp_path / "history.csv").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(InputError, match="cannot read"):
        read_history(tmp_path / "history.csv")
    with pytest.raises(InputError, match="no epoch"):
        draw_history([], tmp_path / "empty.png")
