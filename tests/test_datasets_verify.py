"""Whatever is done to a dataset, verification says so and names the file."""

import bz2
import csv
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from small_dataset import GFN1_WATER, METALS, labelled_records, small_records

from rarebind.datasets import Dataset, append
from rarebind.datasets.verify import (
    ENERGY_TOLERANCE,
    FORCE_TOLERANCE,
    LARGEST_DFT,
    tolerance_of,
    verify,
)
from rarebind.engines import LEVELS, static
from rarebind.errors import InputError
from rarebind.io.files import sha256_of_file

COMPLEX = "complex-0001.extxyz.bz2"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    append(small_records(), folder)
    return folder


@pytest.fixture
def folder(published, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(published, tmp_path / "data")


def problems(folder, sample=0):
    return verify(Dataset(folder), sample=sample).problems


def edit_manifest(folder, name, **changes):
    """Change the line of shard `name`, or remove it."""
    path = folder / "manifest.csv"
    with path.open(newline="") as file:
        lines = list(csv.DictReader(file))
    kept = [line | (changes if line["name"] == name else {}) for line in lines]
    if not changes:
        kept = [line for line in lines if line["name"] != name]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


def repack(folder, name, edit, **changes):
    """Let `edit` change the text of a shard, and make the manifest agree."""
    path = folder / "shards" / name
    text = bz2.decompress(path.read_bytes()).decode()
    edited = edit(text)
    assert edited != text
    path.write_bytes(bz2.compress(edited.encode()))
    edit_manifest(folder, name, sha256=sha256_of_file(path), **changes)


def frames(text):
    """The frames of extended XYZ text."""
    lines, found = text.splitlines(keepends=True), []
    while lines:
        size = int(lines[0]) + 2
        found.append("".join(lines[:size]))
        lines = lines[size:]
    return found


def test_a_sound_dataset_passes_and_is_really_computed_again(published):
    dataset = Dataset(published)
    told = []
    report = verify(dataset, sample=1000, on_progress=lambda *said: told.append(said))
    assert report.problems == ()
    assert report.not_checked == ()
    assert report.ok
    total = sum(shard.frames for shard in dataset.shards)
    assert (report.shards, report.records) == (len(dataset.shards), len(small_records()))
    assert report.frames == len(report.recomputed) == total
    assert report.labels == len(METALS)
    assert report.identities >= len(METALS)
    ends = [r for r in report.recomputed if r.label.endswith("end")]
    assert max(abs(r.energy_difference_ev) for r in ends) < ENERGY_TOLERANCE
    assert max(r.force_difference for r in report.recomputed) < FORCE_TOLERANCE
    assert any("intermediate" in r.label for r in report.recomputed)
    assert told[-1] == ("frames recomputed", total, total)


def test_the_sample_depends_on_the_seed_alone(published):
    def labels(seed):
        report = verify(Dataset(published), sample=3, seed=seed)
        assert len(report.recomputed) == 3
        return {r.label for r in report.recomputed}

    assert labels(1) == labels(1)
    assert labels(1) != labels(2)


def test_a_flipped_byte(folder):
    path = folder / "shards" / COMPLEX
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = problems(folder)
    assert any(str(path) in p and "SHA-256" in p for p in found)
    # What it unpacks to, if anything, is no longer a shard.
    assert any(str(path) in p and "SHA-256" not in p for p in found)
    # Its lines in the table are not called wrong.
    assert not any("table.csv" in p for p in found)


def test_an_edited_energy_with_the_hash_made_to_fit(folder):
    def edit(text):
        return re.sub(r"(?<!_)energy=(-\d+)", lambda m: f"energy={int(m[1]) - 1}", text, count=1)

    repack(folder, COMPLEX, edit)
    found = problems(folder)
    assert any(f"{COMPLEX}, line 1: La(HOPO)1(H2O)6: equation 1" in p for p in found)
    assert any("table.csv has energy_ev" in p for p in found)


def test_an_edited_energy_that_nothing_else_depends_on_is_computed_again(folder):
    def edit(text):
        return re.sub(r"(?<!_)energy=(-\d+)", lambda m: f"energy={int(m[1]) - 1}", text)

    repack(folder, "water-0001.extxyz.bz2", edit)
    found = problems(folder, sample=1000)
    assert any(
        re.search(r"water-0001.*line 1: water, end: tblite .* differs by 1\.00e\+00 eV", p)
        for p in found
    )


def test_an_edited_label_of_an_intermediate(folder):
    def edit(text):
        head, *rest = text.partition("role=intermediate")
        *before, last = head.rpartition("binding_energy=")
        return "".join([*before, "-1", last, *rest])

    repack(folder, COMPLEX, edit)
    assert any(COMPLEX in p and "binding_energy is" in p for p in problems(folder))


def test_a_missing_shard(folder):
    path = folder / "shards" / COMPLEX
    path.unlink()
    assert problems(folder) == (f"{path} is missing, but the manifest names it",)


def test_a_file_that_is_no_part_of_it(folder):
    path = folder / "shards" / "complex-0002.extxyz.bz2"
    path.write_bytes(b"")
    (found,) = problems(folder)
    assert f"{path} is not in the manifest" in found


def test_a_record_twice(folder):
    repack(folder, "water-0001.extxyz.bz2", lambda text: text + text, records=2, frames=2)
    found = problems(folder)
    assert any("water-0001.extxyz.bz2, line 6: water: its key" in p for p in found)


def test_the_same_structure_under_another_key(folder):
    def edit(text):
        return text + re.sub(r" key=\w+", " key=other", text)

    repack(folder, "water-0001.extxyz.bz2", edit, records=2, frames=2)
    found = problems(folder)
    assert any("line 6: water: the same structure at the same level is also at" in p for p in found)
    assert any("key other has no line of its own in table.csv" in p for p in found)


def test_a_lost_record(folder):
    path = folder / "shards" / "ion-0001.extxyz.bz2"
    repack(folder, path.name, lambda text: "".join(frames(text)[1:]))
    found = problems(folder)
    assert f"{path} has 2 records, the manifest says 3" in found
    assert any(p.startswith(f"{folder / 'table.csv'}: La3+") for p in found)


def test_a_wrong_charge(folder):
    repack(folder, COMPLEX, lambda text: text.replace(" charge=2", " charge=1", 1))
    found = problems(folder)
    assert any(f"{COMPLEX}, line 1" in p and "charge +1" in p for p in found)
    # The other complexes are still read.
    assert len(found) == 1


def test_a_charge_that_does_not_fit_the_electrons(folder):
    name = "ligand-0001.extxyz.bz2"
    repack(folder, name, lambda text: text.replace(" charge=-1", " charge=0"))
    assert any(
        name in p and "electrons cannot have the multiplicity 1" in p for p in problems(folder)
    )


def test_an_edited_table(folder):
    path = folder / "table.csv"
    lines = path.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if "La(HOPO)1(H2O)6" in line)
    spoiled = lines[place].replace(",La,", ",Ce,", 1)
    path.write_text("".join([*lines[:place], spoiled, *lines[place + 1 :]]))
    (found,) = problems(folder)
    assert "table.csv has metal 'Ce', the record 'La'" in found
    path.write_text("".join(lines[:place] + lines[place + 1 :]))
    (found,) = problems(folder)
    assert "has no line of its own in table.csv" in found
    path.write_text("something else")
    (found,) = problems(folder)
    assert str(path) in found


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("qchem", r"no engine 'qchem' \(GFN2-xTB/ALPB\(water\)\)"),
        ("orca", "the engine 'orca' needs orca, not found here.*"),
    ],
)
def test_an_engine_that_is_not_here_is_no_pass(folder, monkeypatch, engine, reason):
    monkeypatch.setenv("PATH", "")
    for shard in Dataset(folder).shards:
        repack(folder, shard.name, lambda text: text.replace("engine=tblite", f"engine={engine}"))
    report = verify(Dataset(folder), sample=4)
    assert report.recomputed == ()
    # Complexes are not even drawn where the engine is no quick one.
    (remark,) = (text for text in report.not_checked if not text.startswith("not drawn"))
    assert re.fullmatch(rf"not recomputed: {reason} \(4\)", remark)


def test_missing_references_are_told(folder):
    name = "ligand-0001.extxyz.bz2"
    (folder / "shards" / name).unlink()
    edit_manifest(folder, name)
    table = folder / "table.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(line for line in lines if name not in line))
    report = verify(Dataset(folder), sample=0)
    assert report.ok
    assert report.labels == 0
    assert report.not_checked == (
        "binding energies: the dataset has no free HOPO at their level (3)",
    )


def test_a_ligand_that_changed_and_forces_of_no_minimum(tmp_path):
    good = next(record for record in small_records() if record.kind == "complex")
    calculation = good.calculation
    positions = calculation.structure.positions.copy()
    positions[-3] += 5.0
    forces = np.full_like(positions, 0.1)
    spoiled = replace(
        calculation, structure=calculation.structure.with_positions(positions), forces=forces,
        intermediates=(),
    )  # fmt: skip
    append([replace(good, calculation=spoiled, binding=None)], tmp_path)
    found = problems(tmp_path, sample=1)
    assert any("water 6 is no longer H2O" in p for p in found)
    assert any("accepted with a force of 0.173 eV/Å" in p for p in found)
    assert all(COMPLEX in p for p in found)


# --- records on the geometry of others ---------------------------------------------------------


@pytest.fixture
def two_levels(tmp_path):
    append([*small_records(), *labelled_records()], tmp_path / "two")
    return tmp_path / "two"


def labels_but_for(change, kind="complex"):
    """All records, one of the second level changed."""
    records = list(labelled_records())
    place = next(i for i, record in enumerate(records) if record.kind == kind)
    records[place] = change(records[place])
    return [*small_records(), *records]


def test_a_sound_second_level(two_levels):
    report = verify(Dataset(two_levels), sample=12)
    assert report.problems == ()
    assert report.not_checked == ()
    assert report.labels == 2 * len(METALS)
    # Single points do not lie in a minimum.
    labelled = [record.calculation for record in labelled_records()]
    assert max(calculation.fmax for calculation in labelled) > 0.1
    again = verify(Dataset(two_levels), sample=1000, level=str(GFN1_WATER))
    assert len(again.recomputed) == len(labelled)
    assert again.ok
    with pytest.raises(InputError, match="no level 'PBE'"):
        verify(Dataset(two_levels), level="PBE")


def test_a_source_that_is_not_there(tmp_path):
    append(labels_but_for(lambda record: replace(record, source="nobody")), tmp_path)
    (found,) = problems(tmp_path)
    assert "La(HOPO)1(H2O)6: its source nobody is not in the dataset" in found
    # In a shard that cannot be read there may be anything.
    (tmp_path / "shards" / "water-0001.extxyz.bz2").unlink()
    report = verify(Dataset(tmp_path), sample=0)
    assert not any("nobody" in problem for problem in report.problems)
    assert any("the source could not be read" in remark for remark in report.not_checked)


def test_a_source_of_another_geometry(tmp_path):
    def moved(record):
        calculation = record.calculation
        positions = calculation.structure.positions + np.array([0, 0, 2e-3])
        structure = calculation.structure.with_positions(positions)
        return replace(record, calculation=replace(calculation, structure=structure))

    append(labels_but_for(moved), tmp_path)
    (found,) = problems(tmp_path)
    assert "has another geometry: coordinates differ by up to 0.002 Å" in found


def test_a_source_that_is_another_molecule(tmp_path):
    ion = next(record for record in small_records() if record.kind == "ion")
    wrong = labels_but_for(lambda record: replace(record, source=ion.key), kind="water")
    append(wrong, tmp_path / "atoms")
    assert any("has other atoms" in problem for problem in problems(tmp_path / "atoms"))


def test_a_source_has_a_geometry_of_its_own(tmp_path):
    water = next(record for record in labelled_records() if record.kind == "water")
    gas = replace(GFN1_WATER, solvent="")
    derived = replace(
        water,
        calculation=static(water.calculation.structure, gas),
        key="of a single point",
        source=water.key,
    )
    append([*small_records(), *labelled_records(), derived], tmp_path)
    (found,) = problems(tmp_path)
    assert f"its source {water.key} has no geometry of its own" in found


def test_costly_frames_are_computed_again_only_when_asked_for(tmp_path):
    """Of a level that no engine here has, so that nothing can be computed by mistake."""
    dft = replace(LEVELS["b3lyp-d4"], engine="elsewhere")
    records = [
        replace(record, calculation=replace(record.calculation, level=dft), binding=None)
        for record in labelled_records()
        if record.kind != "aqua"
    ]
    append(records, tmp_path)
    small = sum(len(record.calculation.structure) <= LARGEST_DFT for record in records)
    left_out, tried = sorted(verify(Dataset(tmp_path), sample=1000).not_checked)
    assert left_out == (
        f"not drawn to be recomputed: {dft}, more than {LARGEST_DFT} atoms ({len(records) - small})"
    )
    assert tried == f"not recomputed: no engine 'elsewhere' ({dft.model_chemistry}) ({small})"
    (tried,) = verify(Dataset(tmp_path), sample=1000, level="b3lyp-d4").not_checked
    assert (
        tried == f"not recomputed: no engine 'elsewhere' ({dft.model_chemistry}) ({len(records)})"
    )
    assert tolerance_of(dft).energy > tolerance_of(GFN1_WATER).energy == ENERGY_TOLERANCE
