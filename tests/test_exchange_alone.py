"""Levels without a bare ion: exchange energies are learned, judged and screened all the same."""

import csv
import json
import math
from dataclasses import replace

import pandas as pd
import pytest
from made_screen import CALCULATION
from small_dataset import GFN1_WATER, METALS, SPECS, labelled_records, small_records

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Protocol, TaskFactory, reference_tasks
from rarebind.datasets import Dataset, append, compare, verify, write_card
from rarebind.datasets.breakdown import breakdown
from rarebind.datasets.labels import Selection, collect_labels, plan_labels
from rarebind.engines import GFN2_WATER, engine_spec
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import (
    energies,
    outcomes,
    quantity_of,
    read_outcomes,
    write_outcomes,
)
from rarebind.evaluation.scores import scores
from rarebind.learning import TARGETS, load_samples
from rarebind.learning.data.hydration import hydration_energies
from rarebind.screening import Entry, Screen, ranked_rows, write_outputs
from rarebind.screening.table import estimates_of

LEVEL = str(GFN2_WATER)


def without_ions(records):
    """The same as a level has them that knows no energy of a bare ion."""
    return [
        record if record.binding is None else replace(
            record, binding=replace(record.binding, binding=None)
        )
        for record in records
        if record.kind != "ion"
    ]  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    append(without_ions(small_records()), folder)
    append(without_ions(labelled_records()), folder)
    return Dataset(folder)


def test_the_dataset_is_sound_and_its_column_empty(dataset):
    report = verify(dataset, sample=0)
    assert report.problems == ()
    assert report.labels == 2 * len(METALS)
    expected = {r.key: r.binding.exchange_kcal for r in small_records() if r.binding}
    found = {r.key: r.exchange_kcal_mol for r in dataset.rows() if r.labelled and r.level == LEVEL}
    assert found == pytest.approx(expected, abs=1e-3)
    assert all(row.binding_kcal_mol is None for row in dataset.rows())
    card = write_card(dataset)[0].read_text(encoding="utf-8")
    assert "There is no equation 1: the dataset has no bare ions" in card
    assert "Equation 1 by" not in card
    assert "Exchange by metal" in card


def test_bare_ions_that_come_later_are_missed(dataset, tmp_path):
    append(dataset.records(), tmp_path)
    append([r for r in small_records() if r.kind == "ion" and r.metal == "Lu"], tmp_path)
    (problem,) = verify(Dataset(tmp_path), sample=0).problems
    assert "no equation 1, exchange" in problem


def test_terms_are_those_of_the_exchange_alone(dataset):
    found = breakdown(dataset, SPECS[0].name, LEVEL)
    assert found.binding == ()
    assert [term.record.kind for term in found.exchange][:1] == ["complex"]
    assert sum(term.number * term.part("energy") for term in found.exchange) == pytest.approx(
        found.record.binding.exchange, abs=1e-6
    )


def test_levels_are_compared_by_exchange(dataset):
    found = compare(dataset, LEVEL, str(GFN1_WATER))
    assert len(found.pairs) == len(METALS)
    assert all(pair.has("exchange") and not pair.has("binding") for pair in found.pairs)
    total = found.by_metal().loc["all"]
    assert math.isnan(total["binding_mean"])
    assert not math.isnan(total["exchange_mean"])


def test_geometries_without_ions_are_labelled(dataset, store):
    plan = plan_labels(dataset, GFN1_WATER, Selection(metals=("La",)))
    assert plan.missing == ("La3+",)
    for entry in plan.entries:
        labelled = next(r for r in labelled_records() if r.source == entry.source.key)
        store.put(entry.task, labelled.calculation)
    (record,) = (r for r in collect_labels(plan, store) if r.kind == "complex")
    expected = next(r for r in labelled_records() if r.label == record.label).binding
    assert record.binding.binding is None
    assert record.binding.exchange == pytest.approx(expected.exchange, abs=1e-9)


def test_a_level_without_bare_ions_asks_for_none(monkeypatch):
    alone = replace(engine_spec(GFN2_WATER), bare_ion=False)
    monkeypatch.setattr("rarebind.campaigns.references.engine_spec", lambda level: alone)
    kinds = {
        species.kind for species in reference_tasks(SPECS, TaskFactory(Protocol(level=GFN2_WATER)))
    }
    assert kinds == {"ligand", "water", "aqua"}


# --- learning and judging ------------------------------------------------------------------------


def test_what_can_be_learned_and_what_cannot(dataset):
    for name in ("exchange", "absolute"):
        samples = load_samples(dataset, TARGETS[name], LEVEL)
        assert {s.metal: s.exchange for s in samples} == pytest.approx(
            {r.metal: r.binding.exchange for r in small_records() if r.binding}, abs=1e-7
        )
        assert {sample.binding for sample in samples} == {None}
    assert len(load_samples(dataset, TARGETS["delta-exchange"], LEVEL, str(GFN1_WATER))) == 3
    told = (
        r"no accepted complex with energies by equation 1, which the target binding needs, at GFN2"
        r".* \(1 of 3 lack La3\+, .*learn exchange, which needs no bare ion"
    )
    with pytest.raises(InputError, match=told):
        load_samples(dataset, TARGETS["binding"], LEVEL)
    hydration = hydration_energies(dataset, LEVEL)
    assert {metal: energy for metal, (energy, _) in hydration.items()} == dict.fromkeys(METALS)
    assert all(waters in {8, 9} for _, waters in hydration.values())


def test_predictions_are_judged_by_exchange(dataset, tmp_path):
    samples = load_samples(dataset, TARGETS["absolute"], LEVEL)
    found = outcomes(samples, [sample.target + 0.1 for sample in samples], "test")
    assert quantity_of(found) == "exchange"
    truth, predicted = energies(found)
    assert predicted - truth == pytest.approx([2.306] * 3, abs=1e-3)
    assert (truth == energies(found, "exchange")[0]).all()
    with pytest.raises(InputError, match="no energies by equation 1 of Eu, La, Lu"):
        energies(found, "binding")
    score = scores(found, resamples=0)
    assert score.binding is None
    assert score.main == score.exchange
    assert score.data()["binding"] is None
    path = tmp_path / "outcomes.csv"
    write_outcomes(found, path)
    pd.testing.assert_frame_equal(read_outcomes(path), found)


# --- screening -----------------------------------------------------------------------------------


def test_a_screen_leaves_the_column_empty(tmp_path):
    entries = tuple(
        Entry(spec, BindingEnergy(spec, GFN2_WATER, None, 8, exchange, 9), CALCULATION)
        for spec, exchange in zip(SPECS, (-0.5, -0.7, -0.6), strict=True)
    )
    found = Screen(entries, METALS, ("1:6",), Protocol(level=GFN2_WATER))
    assert {row.binding for row in ranked_rows(found)} == {None}
    assert all(row.rank == 1 and row.status == "ok" for row in ranked_rows(found))
    assert [math.isnan(value) for value in estimates_of(found).binding] == [True] * 3
    paths = write_outputs(found, tmp_path)
    lines = list(csv.DictReader(paths["csv"].open(encoding="utf-8")))
    assert {line["binding"] for line in lines} == {""}
    assert json.loads(paths["json"].read_text(encoding="utf-8"))["rows"][0]["binding"] is None
    structures = paths["structures"].read_text(encoding="utf-8")
    assert "exchange_energy=-0.5" in structures
    assert "binding_energy" not in structures
