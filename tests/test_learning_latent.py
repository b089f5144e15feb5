"""Latent features are what energies are linear in, and the errors of a model are calibrated."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from learning_data import LEVEL, binding_samples, config_of, pairs_dataset, write_dataset

pytest.importorskip("nequip")
from tiny_model import content, published, run_folder

from rarebind.cli import main
from rarebind.commands import package
from rarebind.datasets import Dataset
from rarebind.errors import InputError
from rarebind.learning import TARGETS, load_samples, species_shifts
from rarebind.learning.data.fragments import free_ligands
from rarebind.learning.nequip.graphs import graph_of
from rarebind.learning.nequip.inference import build, evaluate
from rarebind.learning.release import assessment
from rarebind.learning.release.model import Model, load_model
from rarebind.learning.release.model_file import write_model
from rarebind.learning.settings.emit import Statistics, network
from rarebind.uncertainty import Fold, HeldOut, calibrate, check_coverage, check_flag
from rarebind.units import KCAL_PER_EV


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("latent"), 16)


@pytest.mark.parametrize("signs", [True, False])
def test_energies_are_linear_in_the_features(dataset, signs):
    samples = binding_samples(dataset)
    ligands = free_ligands(dataset, LEVEL, {s.inchikey for s in samples})
    # Single precision would lose the features behind shifts of thousands of eV.
    shifts = dict.fromkeys(species_shifts(samples)[0], 0.0)
    config = config_of(dataset, preset="best", overrides={"signs": signs, "atom_descriptor": None})
    built = build(network(config, Statistics(shifts, 0.1, 9.0, None, 16)))
    graphs = [
        graph_of(s, tuple(shifts), config.resolved.r_max, ligands[s.inchikey], signs=signs)
        for s in samples
    ]
    found = evaluate([built], iter(graphs), len(graphs))
    width = config.resolved.readout_mlp_width
    assert found.features.shape == (1, len(samples), width)
    rest = found.energies[0]
    fitted = np.linalg.lstsq(found.features[0], rest, rcond=None)[0]
    assert found.features[0] @ fitted == pytest.approx(rest, rel=1e-3, abs=1e-5)
    assert np.ptp(rest) > 1e-4


@pytest.mark.parametrize("centres", [None, 3.0])
def test_parts_of_a_reaction_add_up(dataset, centres):
    anchor, *samples = binding_samples(dataset)
    samples = [replace(sample, reference=anchor.structure) for sample in samples]
    shifts = dict.fromkeys(species_shifts(samples)[0], 0.0)
    config = config_of(dataset, preset="best", overrides={"atom_descriptor": None})
    built = build(network(config, Statistics(shifts, 0.1, 9.0, None, 16)))
    graphs = {
        part: [
            graph_of(s, tuple(shifts), 4.0, signs=True, centres=centres, part=part) for s in samples
        ]
        for part in (None, 0, 1)
    }
    found = {part: evaluate([built], iter(g), len(g)) for part, g in graphs.items()}
    for what in ("energies", "features"):
        parts = getattr(found[0], what) + getattr(found[1], what)
        assert parts == pytest.approx(getattr(found[None], what), abs=1e-5)
        assert np.ptp(parts) > 1e-4


def held_out(number=24, seed=0):
    """Errors of a linear model whose features are known, on ligands with four metals each."""
    rng = np.random.default_rng(seed)
    metals = ("La", "Eu", "Lu", "Y")
    features = rng.normal(size=(number * 4, 3))
    sigma = 0.05 * np.linalg.norm(features, axis=1)
    names = [f"L{i}" for i in range(number) for _ in metals]
    return rng.normal(size=(200, 3)), HeldOut(
        rng.normal(size=number * 4) * sigma, features, metals * number, tuple(names),
        ("1:6",) * (number * 4),
    )  # fmt: skip


def test_every_two_metals_of_a_ligand_are_compared():
    _, held = held_out(3)
    first, second = held.pairs()
    assert len(first) == 3 * 6
    assert all(held.ligands[i] == held.ligands[j] for i, j in zip(first, second, strict=True))
    assert set(held.of(["L1"]).ligands) == {"L1"}
    assert held.of(["L1"]).families == ["light", "middle", "heavy", "Y"]


def test_calibration_covers_other_ligands():
    features, held = held_out(400)
    uncertainty = calibrate([Fold(features, held)])
    assert set(uncertainty.energies.quantiles) == {"", "light", "middle", "heavy", "Y"}
    for check in check_coverage([Fold(features, held)]):
        # A fifth of 400 ligands at a time, four complexes each: three standard deviations.
        room = 3 * np.sqrt(check.level * (1 - check.level) / 400)
        assert check.energies[""].fraction == pytest.approx(check.level, abs=room)
        assert check.differences.fraction == pytest.approx(check.level, abs=room)
        assert check.differences.blocks == 400


def test_the_flag_is_raised_where_errors_are_larger():
    features, held = held_out(60)
    found = check_flag([Fold(features, held)])
    assert found.flagged + found.others == len(held.residuals)
    assert 0 < found.flagged < found.others
    # Errors grow with the distance from the training set, by which is flagged.
    assert found.flagged_error > found.others_error > 0
    mean = (found.flagged * found.flagged_error + found.others * found.others_error) / 240
    assert mean == pytest.approx(np.abs(held.residuals).mean())
    still = check_flag([Fold(features, replace(held, features=0.1 * held.features))])
    assert json.loads(json.dumps(asdict(still))) == asdict(still)


def test_few_ligands_give_the_levels_that_they_can():
    features, held = held_out(12)
    assert calibrate([Fold(features, held)]).energies.levels == (0.5, 0.8, 0.9)
    assert {check.level for check in check_coverage([Fold(features, held)])} == {0.5, 0.8, 0.9}
    # Of eleven, four fifths are too few for 90 %.
    fewer = Fold(features, held.of(sorted(set(held.ligands))[1:]))
    assert {check.level for check in check_coverage([fewer])} == {0.5, 0.8}
    _, one = held_out(12)
    with pytest.raises(InputError, match="two metals"):
        calibrate([Fold(features, replace(one, geometries=tuple(map(str, range(48)))))])


def test_the_external_part_is_told_where_there_are_metals_to_compare():
    features, held = held_out(24)
    uncertainty = calibrate([Fold(features, held)])
    _, others = held_out(10, seed=3)
    # So far from what was learned that each is flagged.
    far = replace(others, features=100 * others.features)
    checks, flag = assessment._external(uncertainty, far)
    assert [check.level for check in checks] == list(uncertainty.energies.levels)
    assert (flag.flagged, flag.others) == (40, 0)
    table = package._coverage_table(checks, "title", "caption")
    assert table.row_count == len(checks)
    assert [column.header for column in table.columns][-1] == "ΔΔE"
    error = np.abs(far.residuals).mean() * KCAL_PER_EV
    assert package._flag(flag) == (
        f"All 40 complexes are flagged; the mean absolute error is {error:.2f} kcal/mol."
    )
    alone = HeldOut([0.1], features[:1], ("La",), ("L",), ("1:6",))
    assert assessment._external(uncertainty, alone) == ((), None)
    assert assessment._external(uncertainty, None) == ((), None)


def test_a_model_file_keeps_its_uncertainty(dataset, tmp_path):
    without = content(load_samples(dataset, TARGETS["binding"], LEVEL))
    features, held = held_out(24)
    known = replace(without, uncertainty=calibrate([Fold(features, held)]))
    assert "folds" not in known.uncertainty.data()
    write_model(known, tmp_path / "sure.rarebind")
    found = load_model(tmp_path / "sure.rarebind").uncertainty
    assert found.data() == known.uncertainty.data()
    arrays = known.uncertainty.arrays()
    assert all((found.arrays()[name] == array).all() for name, array in arrays.items())
    write_model(without, tmp_path / "unsure.rarebind")
    assert load_model(tmp_path / "unsure.rarebind").uncertainty is None


def test_an_ensemble_has_the_features_of_all(dataset):
    samples = load_samples(dataset, TARGETS["binding"], LEVEL)
    both = Model(content(samples)).evaluate(samples)
    one = Model(content(samples, seeds=(1,))).evaluate(samples)
    assert both.members.shape == (2, len(samples))
    assert both.energies == pytest.approx(both.members.mean(axis=0))
    width = one.features.shape[1]
    assert both.features.shape == (len(samples), 2 * width)
    assert both.features[:, :width] * 2 == pytest.approx(one.features, rel=1e-4, abs=1e-4)


@pytest.fixture(scope="module")
def published_run(tmp_path_factory):
    """An untrained network whose training left ligands out."""
    folder = tmp_path_factory.mktemp("packaging")
    dataset = published(folder / "data")
    run_folder(folder / "run", dataset)
    return folder / "run"


def test_packaging_calibrates_or_says_why_not(published_run, tmp_path, capsys):
    plain = ["package", str(published_run), "--no-uncertainty"]
    with pytest.raises(SystemExit, match="0"):
        main([*plain, "--out", str(tmp_path / "p.rarebind")])
    assert load_model(tmp_path / "p.rarebind").uncertainty is None
    with pytest.raises(SystemExit, match="2"):
        main([*plain, "--out", str(tmp_path / "p.zip")])
    assert "ends in .rarebind" in capsys.readouterr().err
    # The small dataset leaves out too few.
    with pytest.raises(SystemExit, match="2"):
        main(["package", str(published_run), "--out", str(tmp_path / "m.rarebind")])
    assert "too few" in capsys.readouterr().err
    assert not (tmp_path / "m.rarebind").exists()


def fold_run(folder, dataset, fold, **split):
    split = {"fold": fold, "fractions": (0.4, 0.1, 0.5)} | split
    run_folder(folder, dataset, seed=fold + 1, split=split)
    return str(folder)


@pytest.fixture(scope="module")
def fold_runs(tmp_path_factory):
    """Untrained networks on two halves of the same data."""
    folder = tmp_path_factory.mktemp("folds")
    dataset = pairs_dataset(folder / "data")
    return [fold_run(folder / f"fold-{fold}", dataset, fold) for fold in (0, 1)]


def test_packaging_calibrates_on_folds(fold_runs, tmp_path, capsys):
    run, out = Path(fold_runs[0]), tmp_path / "m.rarebind"
    dataset = Dataset(run.parent / "data")
    run_folder(tmp_path / "model", dataset, seed=9)
    command = ["package", str(tmp_path / "model"), "--out", str(out), "--folds", *fold_runs]
    with pytest.raises(SystemExit, match="0"):
        main([*command, "--json"])
    found = json.loads(capsys.readouterr().out)
    samples = load_samples(dataset, TARGETS["binding"], LEVEL)
    ligands = len({sample.inchikey for sample in samples})
    assert ligands > 20
    assert found["folds"] == 2
    assert (found["held_out_ligands"], found["held_out_complexes"]) == (ligands, len(samples))
    assert found["coverage"][0]["energies"][""]["blocks"] == ligands
    model = load_model(out)
    assert model.uncertainty.folds == ("fold-0", "fold-1")
    assert model.uncertainty.energies.levels == (0.5, 0.8, 0.9, 0.95)
    features = model.evaluate(model.split.of(samples, "train")).features
    assert model.uncertainty.applicability.mean == pytest.approx(features.mean(axis=0), rel=1e-4)
    with pytest.raises(SystemExit, match="0"):
        main(command)
    printed = " ".join(capsys.readouterr().out.split())
    assert f"2 folds, {ligands} ligands, {len(samples)} complexes" in printed


def test_folds_are_of_one_configuration(published_run, fold_runs, tmp_path, capsys):
    run, second = fold_runs
    dataset = Dataset(Path(run).parent / "data")
    other, random = tmp_path / "other", tmp_path / "random"
    run_folder(other, dataset, split={"fold": 1}, max_epochs=7)
    fold_run(random, dataset, 0, kind="random")

    def told(*arguments, status="2"):
        with pytest.raises(SystemExit, match=status):
            main(["package", *map(str, arguments), "--out", str(tmp_path / "m.rarebind")])
        return capsys.readouterr().err

    wrong = told(run, "--folds", second, other, random, published_run)
    assert f"{other} and {run} differ in preset.max_epochs: folds are" in wrong
    assert f"{random} and {run} differ in split.kind: " in wrong
    assert f"{published_run} and {run} differ in data_hash: " in wrong
    assert second not in wrong
    assert "given twice" in told(run, "--folds", second, second)
    assert "no folder of a training" in told(run, "--folds", tmp_path / "none")
    assert "2 members" in told(run, run, "--folds", second)
    assert "--no-uncertainty" in told(run, "--folds", second, "--no-uncertainty")
    assert not (tmp_path / "m.rarebind").exists()
