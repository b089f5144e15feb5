"""Outcomes and the numbers of their agreement, against independent implementations."""

import json
import math
from dataclasses import fields, replace
from itertools import islice

import numpy as np
import pandas as pd
import pytest
from real_outcomes import DATA, additive, constant_per_metal
from scipy import stats
from sklearn import metrics as sk

from rarebind.datasets import Dataset
from rarebind.datasets.frames import grouped
from rarebind.errors import InputError
from rarebind.evaluation import (
    Outcome,
    by,
    energies,
    metrics,
    outcomes,
    read_outcomes,
    write_outcomes,
)
from rarebind.learning.data.samples import samples_of
from rarebind.learning.data.targets import TARGETS

NUMBERS = ("mae", "rmse", "bias", "r2", "r2_fit", "slope")


@pytest.fixture(scope="module")
def records():
    """Complexes of the published dataset that have binding energies."""
    dataset = Dataset(DATA)
    shard = next(shard for shard in dataset.shards if shard.kind == "complex")
    return list(islice((r for r in dataset.records([shard]) if r.binding), 6))


@pytest.mark.parametrize("target", ["absolute", "binding", "exchange"])
def test_outcomes_are_binding_energies_whatever_was_learned(records, target):
    samples = [s for r in records for s in samples_of(r, TARGETS[target], frames=True)]
    assert {s.frame for s in samples} > {0}
    off = np.linspace(-0.5, 0.5, len(samples))
    found = outcomes(samples, [s.target for s in samples] + off, "test")
    finals = [(s, o) for s, o in zip(samples, off, strict=True) if s.frame == 0]
    assert list(found.columns) == [field.name for field in fields(Outcome)]
    assert list(found.key) == [r.key for r in records]
    for outcome, record, (_, error) in zip(found.itertuples(), records, finals, strict=True):
        assert outcome.truth == pytest.approx(record.binding.binding_kcal, abs=1e-6)
        assert outcome.predicted - outcome.truth == pytest.approx(error * 23.060547830619, abs=1e-6)
        assert outcome.truth + outcome.exchange_shift == pytest.approx(
            record.binding.exchange_kcal, abs=1e-6
        )
        assert (outcome.metal, outcome.ligand) == (record.metal, record.ligand.name)
        assert (outcome.geometry, outcome.part) == (record.geometry, "test")


def test_wrong_predictions_are_refused(records):
    samples = [s for r in records for s in samples_of(r, TARGETS["binding"])]
    with pytest.raises(InputError, match=r"shape \(5,\) for 6 samples"):
        outcomes(samples, np.zeros(5), "test")
    with pytest.raises(InputError, match=r"1 of 6 predictions are not finite.*diverged"):
        outcomes(samples, [0, 0, math.nan, 0, 0, 0], "test")
    assert outcomes([], [], "test").empty


def test_metals_without_aqua_ion_have_binding_energies_only(records):
    sample = replace(samples_of(records[0], TARGETS["absolute"])[0], exchange_offset=None)
    found = outcomes([sample], [sample.target], "val")
    assert np.isnan(found.exchange_shift[0])
    assert metrics(found).mae == pytest.approx(0, abs=1e-9)
    with pytest.raises(InputError, match=f"no exchange energies of {sample.metal}"):
        metrics(found, quantity="exchange")
    with pytest.raises(InputError, match="give binding or exchange"):
        energies(found, "selectivity")


def test_csv_keeps_every_digit(tmp_path):
    other = additive()[:1].assign(scaffold="", exchange_shift=np.nan)
    found = pd.concat([additive()[:50], other], ignore_index=True)
    write_outcomes(found, tmp_path / "outcomes.csv")
    pd.testing.assert_frame_equal(read_outcomes(tmp_path / "outcomes.csv"), found, check_exact=True)
    # Files of before do not tell the quantity.
    write_outcomes(found.drop(columns="quantity"), tmp_path / "old.csv")
    pd.testing.assert_frame_equal(read_outcomes(tmp_path / "old.csv"), found, check_exact=True)


def test_faulty_csv_names_lines(tmp_path):
    path = tmp_path / "outcomes.csv"
    with pytest.raises(InputError, match="cannot read"):
        read_outcomes(path)
    with pytest.raises(InputError, match="cannot write"):
        write_outcomes(additive()[:0], tmp_path / "none" / "outcomes.csv")
    write_outcomes(additive()[:9], path)
    head, *lines = path.read_text().splitlines()
    columns = head.split(",")
    for i in range(1, 6):
        cells = lines[i].split(",")
        cells[columns.index("truth")] = "nan" if i % 2 else "strong"
        lines[i] = ",".join(cells)
    path.write_text("\n".join([head, *lines]))
    with pytest.raises(InputError) as error:
        read_outcomes(path)
    assert [problem.split(": ")[1:2] for problem in error.value.problems] == [["truth"]] * 5
    assert "line 3: " in error.value.problems[0]
    path.write_text("key,metal\n")
    with pytest.raises(InputError, match="expected the columns key, metal, ligand"):
        read_outcomes(path)


@pytest.mark.parametrize("quantity", ["binding", "exchange"])
@pytest.mark.parametrize("model", [additive, constant_per_metal])
def test_numbers_agree_with_scikit_learn_and_scipy(model, quantity):
    found = model()
    truth, predicted = energies(found, quantity)
    score = metrics(found, quantity=quantity, resamples=0)
    line = stats.linregress(truth, predicted)
    assert score.n == len(found) > 1000
    assert score.mae == pytest.approx(sk.mean_absolute_error(truth, predicted), rel=1e-12)
    assert score.rmse == pytest.approx(sk.root_mean_squared_error(truth, predicted), rel=1e-12)
    assert score.max_error == pytest.approx(sk.max_error(truth, predicted), rel=1e-12)
    assert score.r2 == pytest.approx(sk.r2_score(truth, predicted), rel=1e-10)
    assert score.r2_fit == pytest.approx(line.rvalue**2, rel=1e-10)
    assert score.slope == pytest.approx(line.slope, rel=1e-10)
    assert score.intercept == pytest.approx(line.intercept, rel=1e-9, abs=1e-9)
    assert score.bias == pytest.approx(np.mean(predicted - truth), abs=1e-10)
    assert score.intervals == {}


def test_errors_do_not_depend_on_the_quantity():
    one, other = (metrics(additive(), quantity=q) for q in ("binding", "exchange"))
    assert one.mae == pytest.approx(other.mae)
    assert one.intervals["mae"] == pytest.approx(other.intervals["mae"])
    # The constants of the metals alone give a model without them r² for nothing.
    assert one.r2 > other.r2


def test_intervals_agree_with_scipy():
    found = additive()[::5]
    truth, predicted = energies(found)
    ours = metrics(found, groups=None, resamples=4000).intervals
    theirs = stats.bootstrap(
        (truth, predicted), lambda x, y, axis: np.abs(x - y).mean(axis), paired=True,
        vectorized=True, n_resamples=4000, method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert ours["mae"] == pytest.approx(tuple(theirs), abs=0.05 * (theirs.high - theirs.low))


def test_intervals_of_groups_agree_with_resampling_by_hand():
    found = additive()
    ligands = [part for _, part in grouped(found, "ligand")]
    rng = np.random.default_rng(2)
    drawn = {name: [] for name in NUMBERS}
    for _ in range(400):
        sample = pd.concat(ligands[i] for i in rng.integers(len(ligands), size=len(ligands)))
        score = metrics(sample, resamples=0)
        for name in NUMBERS:
            drawn[name].append(getattr(score, name))
    score = metrics(found)
    assert score.groups == len(ligands)
    assert set(score.intervals) == set(NUMBERS)
    for name in NUMBERS:
        low, high = np.percentile(drawn[name], [2.5, 97.5])
        assert score.intervals[name] == pytest.approx((low, high), abs=0.25 * (high - low)), name
        assert score.intervals[name][0] < getattr(score, name) < score.intervals[name][1]


def test_complexes_of_a_ligand_are_not_independent():
    def width(groups):
        low, high = metrics(additive(), groups=groups).intervals["mae"]
        return high - low

    assert width("ligand") > 2 * width(None)


def test_intervals_depend_on_the_seed_alone():
    found = additive()
    shuffled = found.sample(frac=1, random_state=3)
    for name, span in metrics(found).intervals.items():
        assert metrics(shuffled).intervals[name] == pytest.approx(span, rel=1e-9), name
    assert metrics(found, seed=1).intervals != metrics(found, seed=2).intervals
    assert metrics(found).intervals == metrics(found).intervals


def test_few_groups_give_no_interval():
    found = additive()[additive().ligand.isin({"HOPO-methyl", "CAM-amino"})]
    assert metrics(found).groups <= 2
    assert metrics(found).intervals == {}
    assert "mae" in metrics(found, groups="metal").intervals


def test_what_is_not_defined_is_none():
    first = additive().iloc[0]
    single = metrics(additive()[:1])
    assert (single.n, single.mae) == (1, pytest.approx(abs(first.predicted - first.truth)))
    assert (single.r2, single.r2_fit, single.slope, single.intercept) == (None,) * 4
    flat = metrics(additive().assign(predicted=-1200.0))
    assert flat.r2_fit is None
    assert flat.slope == pytest.approx(0, abs=1e-12)
    assert flat.r2 < 0
    assert "r2_fit" not in flat.intervals
    assert json.loads(json.dumps(flat.data()))["r2_fit"] is None
    assert json.loads(json.dumps(flat.data()))["intervals"]["mae"][0] > 0


def test_perfect_predictions():
    score = metrics(additive().assign(predicted=additive().truth))
    assert (score.mae, score.rmse, score.max_error) == (0, 0, 0)
    assert (score.r2, score.r2_fit, score.slope) == pytest.approx((1, 1, 1))
    assert score.intervals["mae"] == (0, 0)


def test_by_column_in_chemical_order():
    found = additive()
    assert list(by(found, "scaffold", resamples=0)) == ["HOPO", "thio-HOPO", "CAM", "thio-CAM"]
    assert list(by(found, "geometry", resamples=0)) == ["4:0", "3:2", "2:4", "1:6"]
    metals = by(found, "metal", resamples=0)
    assert list(metals)[:3] == ["Y", "La", "Ce"]
    assert sum(score.n for score in metals.values()) == len(found)
    total = sum(score.n * score.mae for score in metals.values()) / len(found)
    assert total == pytest.approx(metrics(found).mae)
    assert by(found, "metal")["Gd"] == metrics(found[found.metal == "Gd"])


def test_faulty_requests_are_refused():
    with pytest.raises(InputError, match="empty"):
        metrics(additive()[:0])
    with pytest.raises(InputError, match="'colour' to group by: give part, metal"):
        by(additive(), "colour")
    with pytest.raises(InputError, match="'colour' to resample"):
        metrics(additive(), groups="colour")
    with pytest.raises(InputError, match="resamples must be 0 or more"):
        metrics(additive(), resamples=-1)
