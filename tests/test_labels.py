"""Single points at another level on the geometries of a dataset."""

from dataclasses import replace

import numpy as np
import pytest
from label_level import GFN1_WATER
from small_dataset import METALS, SPECS, small_records

from rarebind.campaigns import run_tasks, single_point_task
from rarebind.campaigns.labelling import check_engine, version_for_keys
from rarebind.campaigns.steps import execute
from rarebind.datasets import Dataset, adopt, append, verify
from rarebind.datasets.labels import Selection, collect_labels, plan_labels
from rarebind.engines import GFN2_WATER, LevelOfTheory, level_named, static
from rarebind.errors import InputError
from rarebind.io.codec import from_data, to_data
from rarebind.structures import Structure

WATER = Structure(("O", "H", "H"), [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], 0)


@pytest.fixture
def dataset(tmp_path):
    """The small campaign as a dataset."""
    append(small_records(), tmp_path / "data")
    return Dataset(tmp_path / "data")


def compute(entries, store):
    """What workers do, in this process."""
    for entry in entries:
        store.put(entry.task, execute(entry.task.step, entry.task.arguments, []))


def test_a_single_point_is_the_static_calculation():
    task = single_point_task(WATER, GFN1_WATER, "water")
    found = execute(task.step, task.arguments, [])
    expected = static(WATER, GFN1_WATER)
    assert found.verb == "static"
    assert found.level == GFN1_WATER
    assert found.energy == pytest.approx(expected.energy, abs=1e-9)
    assert found.structure == WATER


def test_the_key_is_that_of_structure_level_and_version():
    tasks = [
        single_point_task(WATER, GFN1_WATER, "water"),
        single_point_task(WATER, GFN2_WATER, "water"),
        single_point_task(WATER.with_positions(WATER.positions + 0.1), GFN1_WATER, "water"),
        single_point_task(WATER, GFN1_WATER, "water", "tblite 99"),
        single_point_task(replace(WATER, charge=1, multiplicity=2), GFN1_WATER, "water"),
    ]
    assert len({task.key for task in tasks}) == len(tasks)
    assert single_point_task(WATER, GFN1_WATER, "other label").key == tasks[0].key
    assert from_data(Structure, to_data(WATER)) == WATER


def test_keys_of_stored_records_stay():
    task = single_point_task(WATER, GFN2_WATER, "water", "tblite 0.8.0")
    assert task.key == "994aeeb5fdd6181906570428710eaf15d9443215e27816a690c6e52698477c32"


def test_keys_do_not_tell_where_parameters_lie(tmp_path):
    paths = [tmp_path / name for name in ("a", "b")]
    for path in paths:
        path.write_text("{}")
    levels = [GFN2_WATER.with_parameters(path) for path in paths]
    tasks = [single_point_task(WATER, level, "water", "tblite 0.8.0") for level in levels]
    assert tasks[0].key == tasks[1].key
    assert str(tmp_path) not in tasks[0].description
    assert LevelOfTheory(**tasks[0].arguments["level"]).found_parameters() == paths[0]
    paths[0].write_text("{ }")
    other = GFN2_WATER.with_parameters(paths[0])
    assert single_point_task(WATER, other, "water", "tblite 0.8.0").key != tasks[0].key


def test_orca_need_not_be_here_to_know_the_keys():
    level = level_named("b3lyp-d4", "orca")
    assert version_for_keys(level) == "orca 6"
    assert version_for_keys(level, 5) == "orca 5"
    with pytest.raises(InputError, match="known are 5, 6"):
        version_for_keys(level, 4)


def test_an_engine_that_cannot_do_the_level_is_told_before():
    with pytest.raises(InputError, match="B3LYP"):
        check_engine(WATER, level_named("b3lyp-d4", "tblite"), "tblite")


def test_the_plan(dataset):
    plan = plan_labels(dataset, GFN1_WATER, Selection())
    # The rejected complex of Yb is not among them, nor are its references.
    assert {entry.source.label for entry in plan.complexes} == {spec.name for spec in SPECS}
    kinds = [entry.source.kind for entry in plan.references]
    counts = {kind: kinds.count(kind) for kind in kinds}
    assert counts == {"ion": 3, "water": 1, "ligand": 1, "aqua": 6}
    atoms = [len(entry.source.calculation.structure) for entry in plan.references]
    assert atoms == sorted(atoms)
    assert plan.missing == ()
    assert [*plan.stages] == ["references", "complexes"]
    assert len({entry.task.key for entry in plan.entries}) == len(plan.entries) == 14
    again = plan_labels(dataset, GFN1_WATER, Selection())
    assert [e.task.key for e in again.entries] == [e.task.key for e in plan.entries]


def test_parts_of_the_plan(dataset):
    one = plan_labels(dataset, GFN1_WATER, Selection(metals=("Eu",)))
    assert [entry.source.label for entry in one.complexes] == [SPECS[1].name]
    assert {entry.source.metal for entry in one.references} == {"Eu", None}
    references = plan_labels(dataset, GFN1_WATER, Selection(references_only=True, aqua=False))
    assert references.complexes == ()
    assert {e.source.kind for e in references.references} == {"ion", "water", "ligand"}
    assert len(plan_labels(dataset, GFN1_WATER, Selection(n=2)).complexes) == 2


def test_what_the_dataset_lacks_is_told(tmp_path):
    append([r for r in small_records() if r.kind not in {"aqua", "water"}], tmp_path)
    plan = plan_labels(Dataset(tmp_path), GFN1_WATER, Selection(metals=("La",)))
    assert plan.missing == ("water", "aqua ion of La")


def test_labels_come_back_with_binding_energies(dataset, store):
    plan = plan_labels(dataset, GFN1_WATER, Selection())
    run_tasks([entry.task for entry in plan.entries], store, workers=1)
    labels = list(collect_labels(plan, store))
    assert len(labels) == len(plan.entries)
    sources = {record.key: record for record in small_records()}
    for record in labels:
        source = sources[record.source]
        assert record.label == source.label
        assert record.calculation.level == GFN1_WATER
        structure = record.calculation.structure
        np.testing.assert_allclose(
            structure.positions, source.calculation.structure.positions, atol=6e-6
        )
        expected = static(structure, GFN1_WATER)
        assert record.calculation.energy == pytest.approx(expected.energy, abs=1e-6)
    energies = {(r.kind, r.metal, r.geometry): r.calculation.energy for r in labels}
    for metal in METALS:
        (record,) = (r for r in labels if r.kind == "complex" and r.metal == metal)
        by_hand = (
            record.calculation.energy
            - energies["ion", metal, None]
            - energies["ligand", None, None]
            - 6 * energies["water", None, None]
        )
        assert record.binding.binding == pytest.approx(by_hand, abs=1e-9)
        assert record.binding.aqua_waters in {8, 9}


def test_published_labels_are_sound_and_not_computed_again(dataset, store, tmp_path):
    plan = plan_labels(dataset, GFN1_WATER, Selection())
    compute(plan.entries, store)
    append(collect_labels(plan, store), dataset.folder)
    grown = Dataset(dataset.folder)
    report = verify(grown, sample=0)
    assert report.problems == ()
    from rarebind.campaigns import Store

    with Store(tmp_path / "new.sqlite") as other:
        assert adopt(grown, [entry.task for entry in plan.entries], other) == len(plan.entries)
        # Energies are published with 8 digits: nothing is new.
        assert append(collect_labels(plan, other), dataset.folder) == []
    # Labels are no geometries to label.
    after = plan_labels(grown, GFN1_WATER, Selection())
    assert [e.task.key for e in after.entries] == [e.task.key for e in plan.entries]


def test_complexes_wait_for_their_references(dataset, store):
    plan = plan_labels(dataset, GFN1_WATER, Selection(metals=("La",)))
    assert list(collect_labels(plan, store)) == []
    compute(plan.complexes, store)
    compute(plan.references[:-1], store)
    assert [r.kind for r in collect_labels(plan, store)].count("complex") == 0
    last = plan.references[-1]
    failed = execute("single_point", last.task.arguments | {"structure": {}}, [])
    assert failed.status == "failed"
    store.put(last.task, failed)
    # A failed one may yet be computed, so they still wait.
    assert "complex" not in {r.kind for r in collect_labels(plan, store)}
    store.forget_failures()
    compute(plan.references[-1:], store)
    (complex_,) = (r for r in collect_labels(plan, store) if r.kind == "complex")
    assert complex_.binding is not None


def test_without_aqua_ions_there_is_an_energy_but_no_binding_energy(dataset, store):
    plan = plan_labels(dataset, GFN1_WATER, Selection(metals=("La",), aqua=False))
    compute(plan.entries, store)
    (complex_,) = (r for r in collect_labels(plan, store) if r.kind == "complex")
    assert complex_.binding is None
    assert complex_.calculation.ok


def test_a_dataset_without_aqua_ions_is_labelled_with_equation_1(store, tmp_path):
    append([r for r in small_records() if r.kind != "aqua"], tmp_path / "bare")
    plan = plan_labels(Dataset(tmp_path / "bare"), GFN1_WATER, Selection(metals=("La",)))
    assert plan.missing == ("aqua ion of La",)
    compute(plan.entries, store)
    (complex_,) = (r for r in collect_labels(plan, store) if r.kind == "complex")
    assert complex_.binding.binding is not None
    assert complex_.binding.exchange is None


def test_a_failed_single_point_is_no_label(dataset, store):
    plan = plan_labels(dataset, GFN1_WATER, Selection(references_only=True))
    entry = plan.references[0]
    arguments = entry.task.arguments | {"level": {"engine": "tblite", "method": "GFN7-xTB"}}
    store.put(entry.task, execute("single_point", arguments, []))
    assert store.get(entry.task.key).status == "failed"
    assert list(collect_labels(plan, store)) == []


@pytest.mark.parametrize("kind", ["ion", "water", "ligand"])
@pytest.mark.parametrize("change", [{"charge": 7}, {"multiplicity": 11}])
def test_another_charge_or_multiplicity_than_the_molecule_has(tmp_path, kind, change):
    """xTB takes any; a density functional would compute another molecule."""
    records = []
    for record in small_records():
        if record.kind == kind:
            wrong = replace(record.calculation.structure, **change)
            calculation = replace(record.calculation, structure=wrong)
            records.append(replace(record, calculation=calculation))
        else:
            records.append(record)
    append(records, tmp_path)
    with pytest.raises(InputError, match=r"it cannot be labelled"):
        plan_labels(Dataset(tmp_path), GFN1_WATER, Selection())


def test_the_same_level_labels_nothing(dataset):
    with pytest.raises(InputError, match="already"):
        plan_labels(dataset, LevelOfTheory("xtb", "GFN2-xTB", solvent="ALPB(water)"), Selection())


def test_a_table_that_does_not_fit_its_shards(dataset):
    table = dataset.folder / "table.csv"
    key = small_records()[0].key
    table.write_text(table.read_text().replace(key, "f" * 64))
    with pytest.raises(InputError, match="dataset verify"):
        plan_labels(dataset, GFN1_WATER, Selection())


def test_dft_of_the_smallest(store):
    pytest.importorskip("pyscf")
    level = level_named("b3lyp-d4")
    ion = Structure(("Y",), np.zeros((1, 3)), 3)
    tasks = [single_point_task(WATER, level, "water"), single_point_task(ion, level, "Y3+")]
    results = run_tasks(tasks, store, workers=1, checkpoints=store.path.with_suffix(".checkpoints"))
    for task in tasks:
        assert results[task.key].ok, results[task.key].reason
        assert results[task.key].level == level
    # What ended well has left no checkpoint.
    assert not list(store.path.with_suffix(".checkpoints").glob("*"))
