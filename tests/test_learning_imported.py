"""Foreign data without aqua ions, as the reference study's: equation 1 is learned all the same."""

import contextlib
import csv
import io
import json
import math
from dataclasses import replace

import pytest
from learning_data import LEVEL, TINY, write_dataset
from small_dataset import METALS, small_records
from typer.testing import CliRunner

from rarebind.cli import app, main
from rarebind.datasets import Dataset, append, compare, import_xyz, verify, write_bare, write_card
from rarebind.datasets.breakdown import breakdown
from rarebind.datasets.magnitudes import DFT, GFN2, sum_of_atoms
from rarebind.engines import GFN2_WATER, LevelOfTheory
from rarebind.errors import InputError
from rarebind.learning import TARGETS, load_samples, make_split, samples_of
from rarebind.learning.data.hydration import hydration_energies

STUDY = LevelOfTheory("orca", "B3LYP", "def2-SVPD+def2-TZVP", "SMD(water)", "D4")
COMPLEXES = 16 + len(METALS)


def as_dft(record):
    """The record with total energies as large as DFT's; differences of molecules stay as they are.

    The atoms of a complex are those of its references.
    """
    symbols = record.calculation.structure.symbols
    shift = sum_of_atoms(symbols, DFT) - sum_of_atoms(symbols, GFN2)
    energy = record.calculation.energy + shift
    return replace(record, calculation=replace(record.calculation, energy=energy))


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """La complexes of many ligands, those of three metals with one, and references; all real."""
    published = write_dataset(tmp_path_factory.mktemp("published"), COMPLEXES - len(METALS))
    # Both have the same water.
    records = [*published.records(), *(r for r in small_records() if r.kind != "water")]
    return [r for r in records if r.kind != "aqua" and r.calculation.ok]


@pytest.fixture(scope="module")
def file(originals, tmp_path_factory):
    """As the study publishes: elements, positions and an energy, no aqua ions."""
    path = tmp_path_factory.mktemp("file") / "study.xyz"
    write_bare(map(as_dft, originals), path)
    return path


@pytest.fixture(scope="module")
def dataset(originals, file, tmp_path_factory):
    """Imported at two levels, so that differences can be learned."""
    bare = file.parent / "gfn2.xyz"
    write_bare(originals, bare, forces=True)
    folder = tmp_path_factory.mktemp("imported") / "data"
    append(import_xyz(bare, level=GFN2_WATER, unit="Hartree").records, folder)
    append(import_xyz(file, level=STUDY, unit="Hartree").records, folder)
    return Dataset(folder)


def load(dataset, name, level=LEVEL, **options):
    return load_samples(dataset, TARGETS[name], level, **options)


# --- what there is -----------------------------------------------------------------------------


def test_equation_1_is_that_of_the_originals(originals, dataset):
    expected = {
        (r.metal, r.ligand.inchikey): r.binding.binding for r in originals if r.kind == "complex"
    }
    for level in (LEVEL, str(STUDY)):
        found = {(s.metal, s.inchikey): s.binding for s in load(dataset, "binding", level)}
        assert len(found) == COMPLEXES
        # The published complexes were compared with another calculation of the same references.
        assert found == pytest.approx(expected, abs=1e-3)


def test_tables_and_frames_show_no_exchange_energy(dataset):
    for record in dataset.records():
        if record.kind == "complex":
            assert record.binding.binding is not None
            assert record.binding.exchange is None
            assert record.binding.aqua_waters is None
    for row in dataset.rows():
        assert (row.binding_kcal_mol is None) == (row.kind != "complex")
        assert row.exchange_kcal_mol is None
        assert row.aqua_waters is None


def test_the_dataset_is_sound(dataset):
    report = verify(dataset, sample=0)
    assert report.problems == ()
    assert report.labels == 2 * COMPLEXES


def test_aqua_ions_that_come_later_are_missed(originals, dataset, tmp_path):
    """Labels are not put right in a dataset that only grows, so verification tells."""
    append(dataset.records(), tmp_path)
    append([r for r in small_records() if r.kind == "aqua" and r.metal == "Lu"], tmp_path)
    (problem,) = verify(Dataset(tmp_path), sample=0).problems
    assert "no exchange energy" in problem
    assert "the references in the dataset give" in problem


def test_the_card_says_that_there_are_none(dataset):
    card = write_card(dataset)[0].read_text(encoding="utf-8")
    assert "There are no exchange energies" in card
    assert "Equation 1 by metal" in card
    assert "Exchange by" not in card
    assert "| nan |" not in card
    assert "energies.png" in card
    assert "series.png" not in card


def test_levels_are_compared_by_equation_1(dataset, tmp_path, capsys):
    found = compare(dataset, "gfn2-xtb", "b3lyp-d4")
    assert len(found.pairs) == COMPLEXES
    off = found.off_the_mean()
    assert (off["delta_binding"].abs() < 2e-3).all()
    assert off["off"].isna().all()
    summary = found.by_metal()
    assert summary["exchange_mean"].isna().all()
    assert summary["spearman"].isna().all()
    table = tmp_path / "pairs.csv"
    for option in ("--csv", str(table)), ("--json",):
        with contextlib.suppress(SystemExit):
            main(["dataset", "compare", str(dataset.folder), "gfn2-xtb", "b3lyp-d4", *option])
    lines = list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"))))
    assert {line["delta_exchange"] for line in lines} == {""}
    data = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert data["complexes"][0]["delta_exchange"] is None


def test_terms_are_those_of_equation_1(dataset, capsys):
    label = next(row.label for row in dataset.rows() if row.metal == "Lu")
    found = breakdown(dataset, label, LEVEL)
    assert [term.number for term in found.binding] == [1, -1, -1, -6]
    assert found.exchange == ()
    with contextlib.suppress(SystemExit):
        main(["dataset", "explain", str(dataset.folder), label, "--level", LEVEL, "--json"])
    data = json.loads(capsys.readouterr().out)
    assert data["exchange"]["sum_kcal_mol"]["energy"] is None


# --- what is learned ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["absolute", "binding", "delta-absolute", "delta-binding"])
def test_targets_that_need_no_aqua_ion(dataset, name):
    base = "gfn2-xtb" if TARGETS[name].delta else None
    samples = load(dataset, name, "b3lyp-d4", base=base)
    assert len(samples) == COMPLEXES
    expected = {s.key: s.binding for s in load(dataset, "binding", "b3lyp-d4")}
    for sample in samples:
        assert sample.binding == pytest.approx(expected[sample.key], abs=1e-9)
        assert sample.exchange is None
        assert sample.exchange_offset is None
    split = make_split(samples, "leave-ligand-out", seed=1)
    assert split.of(samples, "train")
    assert split.of(samples, "test")


def test_targets_that_do_say_what_is_missing(dataset):
    told = (
        rf"{dataset.folder} has no accepted complex with exchange energies.*at {LEVEL[:4]}.*"
        rf"\d+ of {COMPLEXES} lack aqua ion of La.*learn binding"
    )
    for name in ("exchange", "series"):
        with pytest.raises(InputError, match=told):
            load(dataset, name)
    with pytest.raises(InputError, match="lack aqua ion"):
        load(dataset, "delta-exchange", base="b3lyp-d4")
    first, second, *_ = (r for r in dataset.records() if r.kind == "complex")
    with pytest.raises(InputError, match=r"no aqua ion of La at"):
        samples_of(first, TARGETS["exchange"])
    with pytest.raises(InputError, match=r"no aqua ion of La at"):
        samples_of(second, TARGETS["delta-exchange"], first)


def test_a_base_without_aqua_ions_is_told(dataset, tmp_path):
    append(small_records(), tmp_path)
    append((r for r in dataset.records() if r.calculation.level == STUDY), tmp_path)
    with pytest.raises(InputError, match=r"3 of 3 complexes .* have no exchange energies at B3LYP"):
        load(Dataset(tmp_path), "delta-exchange", LEVEL, base="b3lyp-d4")
    assert len(load(Dataset(tmp_path), "exchange")) == 3


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("ion", r"17 of 19 lack La3\+, 1 of 19 lack Eu3\+, 1 of 19 lack Lu3\+"),
        ("ligand", r"of 19 lack free HOPO.*, …"),
        ("water", "19 of 19 lack water"),
    ],
)
def test_missing_references_are_named(originals, tmp_path, kind, told):
    path = tmp_path / "part.xyz"
    write_bare([r for r in originals if r.kind != kind], path)
    append(import_xyz(path, level=GFN2_WATER, unit="Hartree").records, tmp_path / "data")
    with pytest.raises(InputError, match=rf"no accepted complex with binding energies at .*{told}"):
        load(Dataset(tmp_path / "data"), "absolute")


def test_nothing_leads_from_one_energy_to_the_other(dataset):
    assert hydration_energies(dataset, LEVEL) == {}


# --- commands ----------------------------------------------------------------------------------


def test_a_baseline_is_evaluated(dataset, tmp_path, capsys):
    for target in ("binding", "absolute"):
        with pytest.raises(SystemExit) as ended:
            main([
                "evaluate", "baseline:additive", str(dataset.folder), "--target", target,
                "--level", "b3lyp-d4", "--split", "random", "--json", "--out", str(tmp_path),
            ])  # fmt: skip
        assert not ended.value.code
        found = json.loads(capsys.readouterr().out)
        scores = found["parts"]["test"]["additive"]
        assert scores["binding"]["mae"] > 0
        assert scores["exchange"] is None


def reproduce(file, out, *arguments):
    return CliRunner().invoke(
        app,
        ["reproduce", "--published", str(file), "--out", str(out), *arguments],
        env={"COLUMNS": "250"},
    )


def test_strategies_of_the_study_are_possible(file, tmp_path):
    pytest.importorskip("nequip")
    found = reproduce(file, tmp_path / "out", "--presets", "study-2", "--dry-run")
    assert found.exit_code == 0, found.output
    lines = {line.split()[0]: line for line in found.output.splitlines() if "study-2" in line}
    assert lines.keys() == {"1", "2", "Δ-1", "Δ-2"}
    assert f"study.xyz ({COMPLEXES} complexes)" in found.output
    for name, line in lines.items():
        assert ("no base level" in line) == name.startswith("Δ")


@pytest.mark.slow
@pytest.mark.parametrize(("target", "preset"), [("binding", "best"), ("absolute", "study-2")])
def test_an_imported_file_is_trained_on(file, tmp_path, target, preset):
    pytest.importorskip("nequip")
    from rarebind.learning.settings.config import TrainingConfig
    from rarebind.learning.training import train

    folder = tmp_path / "data"
    append(import_xyz(file, level=STUDY, unit="Hartree").records, folder)
    config = TrainingConfig(
        data=folder,
        target=target,
        level="b3lyp-d4",
        split={"kind": "random", "seed": 1, "fractions": (0.7, 0.15, 0.15)},
        preset=preset,
        overrides=TINY | {"max_epochs": 1},
        accelerator="cpu",
    )
    run = train(config, tmp_path / "run")
    assert run.finished
    assert math.isfinite(run.history[0].val_mae)
