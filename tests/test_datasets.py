"""Records, shards, table and the dataset commands."""

import bz2
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from ase.io import read
from small_dataset import labelled_records, small_records

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Store, Task
from rarebind.cli import main
from rarebind.complexes import complex_spec
from rarebind.datasets import Dataset, Record, adopt, append, row_of
from rarebind.datasets.extxyz import read_records, write_records
from rarebind.datasets.table import read_table, table_text
from rarebind.engines import GFN2_WATER, Calculation, Frame
from rarebind.errors import InputError
from rarebind.io.xyz import read_frames
from rarebind.ligands import parse_ligand
from rarebind.structures import Structure


@pytest.fixture(scope="module")
def records():
    return small_records()


@pytest.fixture
def dataset(records, tmp_path):
    """The small campaign as a dataset folder."""
    append(records, tmp_path / "data")
    return tmp_path / "data"


def same(one, other):
    """Whether two records agree up to the rounding of their file form."""
    a, b = one.calculation, other.calculation
    assert (one.kind, one.key, one.label, one.metal, one.geometry) == (
        other.kind, other.key, other.label, other.metal, other.geometry,
    )  # fmt: skip
    assert one.ligand == other.ligand
    assert one.spec == other.spec
    for name in ("level", "status", "reason", "gradients", "engine_version", "verb"):
        assert getattr(a, name) == getattr(b, name), name
    assert a.structure.symbols == b.structure.symbols
    assert (a.structure.charge, a.structure.multiplicity) == (
        b.structure.charge, b.structure.multiplicity,
    )  # fmt: skip
    assert a.energy == pytest.approx(b.energy, abs=1e-8)
    np.testing.assert_allclose(a.structure.positions, b.structure.positions, atol=6e-6)
    if a.forces is None:
        assert b.forces is None
    else:
        np.testing.assert_allclose(a.forces, b.forces, atol=6e-6)
    assert len(a.intermediates) == len(b.intermediates)
    for frame, again in zip(a.intermediates, b.intermediates, strict=True):
        assert frame.energy == pytest.approx(again.energy, abs=1e-8)
        np.testing.assert_allclose(frame.positions, again.positions, atol=6e-6)
        np.testing.assert_allclose(frame.forces, again.forces, atol=6e-6)
    if one.binding is None:
        assert other.binding is None
    else:
        assert one.binding.binding == pytest.approx(other.binding.binding, abs=1e-8)
        assert one.binding.exchange == pytest.approx(other.binding.exchange, abs=1e-8)
        assert one.binding.aqua_waters == other.binding.aqua_waters


def by_key(found):
    return {record.key: record for record in found}


def test_the_fixture_has_every_kind(records):
    assert {record.kind for record in records} == {"complex", "aqua", "ligand", "water", "ion"}
    assert any(record.calculation.intermediates for record in records)
    assert any(record.binding for record in records)
    assert any(record.calculation.status == "rejected" for record in records)


def test_records_come_back_from_shards(records, dataset):
    again = by_key(Dataset(dataset).records())
    assert len(again) == len(records)
    for record in records:
        same(record, again[record.key])


def test_awkward_ligands_survive(tmp_path):
    """Backslashes, blanks and quotes in names and SMILES; one donor; no forces."""
    for smiles, name in [("OC(=O)/C=C\\C(=O)O", 'maleic "acid"'), ("CC(=O)O", "acetic = acid")]:
        ligand = parse_ligand(smiles, name)
        spec = complex_spec("Lu", ligand, "1")
        from rarebind.complexes import Layout

        symbols = Layout(spec).symbols
        positions = np.random.default_rng(1).normal(size=(len(symbols), 3))
        structure = Structure(symbols, positions, spec.charge, spec.multiplicity)
        calculation = Calculation("static", GFN2_WATER, structure, -123.456789)
        binding = BindingEnergy(spec, GFN2_WATER, -1.0, 8, exchange=-0.5, aqua_waters=8)
        record = Record("complex", calculation, spec, ligand, binding, "key", spec.name)
        path = tmp_path / "one.xyz"
        path.write_text(write_records([record]))
        (again,) = read_records(read_frames(path))
        same(record, replace(again, ligand=replace(again.ligand, notes=ligand.notes), spec=spec))
        assert again.ligand.smiles == ligand.smiles
        assert again.ligand.donors == ligand.donors


def test_appending_again_adds_only_what_is_new(records, tmp_path):
    first, rest = records[:5], records
    made = append(first, tmp_path)
    before = {shard.name: (tmp_path / "shards" / shard.name).read_bytes() for shard in made}
    more = append(rest, tmp_path)
    assert sum(shard.records for shard in more) == len(records) - len(first)
    assert all((tmp_path / "shards" / n).read_bytes() == text for n, text in before.items())
    assert append(rest, tmp_path) == []
    assert len(list(Dataset(tmp_path).records())) == len(records)


def test_levels_added_at_once_have_shards_of_their_own(records, tmp_path):
    both = [*records, *labelled_records()]
    made = append(both, tmp_path)
    assert len({shard.name for shard in made}) == len(made)
    assert len({(shard.kind, shard.level) for shard in made}) == len(made) == 10
    assert by_key(Dataset(tmp_path).records()).keys() == by_key(both).keys()


def test_the_same_records_give_the_same_bytes(records, tmp_path):
    one, other = (append(records, tmp_path / name) for name in ("a", "b"))
    assert one == other


def test_an_interrupted_append_leaves_the_dataset_as_it_was(records, tmp_path, monkeypatch):
    append(records[:5], tmp_path)
    before = Dataset(tmp_path).shards

    def no_room(path, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        # The shards are there already, the manifest cannot be written any more.
        patch.setattr("rarebind.datasets.shards.replace_file", no_room)
        with pytest.raises(OSError, match="No space"):
            append(records, tmp_path)
    assert Dataset(tmp_path).shards == before
    append(records, tmp_path)
    assert by_key(Dataset(tmp_path).records()).keys() == by_key(records).keys()


def test_table_round_trip(records, tmp_path):
    rows = [row_of(record, "shard") for record in records]
    path = tmp_path / "t.csv"
    path.write_text(table_text(rows))
    assert read_table(path) == rows
    path.write_text(
        path.read_text().replace("GFN2-xTB/ALPB(water)", "x", 1).replace(",ok,", ",", 1)
    )
    with pytest.raises(InputError, match=r"t\.csv, line 2"):
        read_table(path)


def test_published_records_spare_their_computation(records, dataset, tmp_path):
    tasks = [Task("ligand", {"n": i}, label=str(i)) for i in range(2)]
    published = Dataset(dataset)
    known = next(record for record in records if record.kind == "ligand")
    with Store(tmp_path / "s.sqlite") as store:
        assert adopt(published, tasks, store) == 0
        # A task is what its key says.
        tasks[0].__dict__["key"] = known.key
        assert adopt(published, tasks, store) == 1
        assert store.get(known.key).energy == pytest.approx(known.calculation.energy, abs=1e-8)
        assert adopt(published, tasks, store) == 0


def test_records_must_not_contradict_themselves(records):
    record = next(record for record in records if record.kind == "complex")
    with pytest.raises(InputError, match="atoms, charge"):
        replace(record, spec=record.spec.with_metal("Gd"))
    with pytest.raises(InputError, match="a record is one of"):
        replace(record, kind="ligands")
    with pytest.raises(InputError, match="have a ligand"):
        replace(record, ligand=None)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("role=end", "role=start", 1), "belongs to no record"),
        (lambda text: text.replace("schema=2", "schema=9", 1), "upgrade rarebind"),
        (lambda text: text.replace(" metal=La", "", 1), "field 'metal' is missing"),
        (lambda text: text.replace("charge=2", "charge=1", 1), "charge"),
        (lambda text: text[: len(text) // 2].rsplit("\n", 1)[0], "cut short"),
        (lambda text: "x" + text, "expected the number of atoms"),
        (lambda text: text.replace("\nC ", "\nC nan ", 1), "NaN"),
    ],
)
def test_damaged_shards_name_file_and_line(records, tmp_path, damage, message):
    complexes = [r for r in records if r.kind == "complex" and r.metal == "La"]
    path = tmp_path / "c.xyz"
    path.write_text(damage(write_records(complexes)))
    with pytest.raises(InputError, match=message) as caught:
        list(read_records(read_frames(path)))
    assert "c.xyz, line " in str(caught.value)


def test_a_shard_cut_short_is_no_traceback(dataset):
    shard = dataset / "shards" / "complex-0001.extxyz.bz2"
    shard.write_bytes(shard.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged or cut short"):
        list(Dataset(dataset).records())


def test_frames_check_themselves():
    with pytest.raises(InputError, match="shape"):
        Frame(np.zeros((2, 3)), 0.0, np.zeros((3, 3)))
    with pytest.raises(InputError, match="finite"):
        Frame(np.zeros((2, 3)), float("nan"), np.zeros((2, 3)))


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    return printed.out


def test_info(dataset, records, capsys):
    summary = json.loads(run(capsys, "dataset", "info", dataset, "--json"))
    (level,) = summary["levels"].values()
    complexes = [r for r in records if r.kind == "complex"]
    assert level["accepted"] == sum(r.calculation.ok for r in complexes)
    assert level["rejected"] == sum(not r.calculation.ok for r in complexes)
    assert summary["records"] == len(records)
    assert "accepted" in run(capsys, "dataset", "info", dataset)


def test_export_what_was_asked_for(dataset, records, tmp_path, capsys):
    out = tmp_path / "some.extxyz.gz"
    run(capsys, "dataset", "export", dataset, out, "--metals", "La", "Lu", "--no-intermediates")
    frames = read(out, index=":", format="extxyz")
    assert {atoms.info["metal"] for atoms in frames} == {"La", "Lu"}
    assert {atoms.info["kind"] for atoms in frames} == {"complex"}
    assert {atoms.info["role"] for atoms in frames} == {"end"}
    everything = tmp_path / "all.xyz"
    run(capsys, "dataset", "export", dataset, everything, "--references")
    again = by_key(read_records(read_frames(everything)))
    assert again.keys() == {r.key for r in records if r.calculation.ok}


def test_bare_export_comes_back_without_loss(dataset, records, tmp_path, capsys):
    """The study's form keeps nothing but atoms and energies; all else is found again."""
    bare, back = tmp_path / "bare.xyz", tmp_path / "back"
    run(capsys, "dataset", "export", dataset, bare, "--bare", "--references")
    assert "metal" not in bare.read_text()
    run(
        capsys, "dataset", "import", bare, "--out", back, "--unit", "Hartree", "--method",
        "GFN2-xTB", "--basis", "", "--solvent", "ALPB(water)", "--dispersion", "",
        "--engine", "tblite",
    )  # fmt: skip
    found = {(r.kind, r.label): r for r in Dataset(back).records()}
    expected = [r for r in records if r.calculation.ok]
    assert len(found) == len(expected)
    for record in expected:
        again = found[record.kind, record.label]
        assert again.calculation.energy == pytest.approx(record.calculation.energy, abs=1e-7)
        assert again.calculation.structure.charge == record.calculation.structure.charge
        assert again.spec == record.spec
        if record.binding is not None:
            assert again.binding.binding == pytest.approx(record.binding.binding, abs=1e-6)
            assert again.binding.exchange == pytest.approx(record.binding.exchange, abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "{tmp}"], "is no dataset"),
        (["verify", "{tmp}/none"], "is no dataset"),
        (["verify", "{data}", "--sample", "-1"], "sample must be at least 0"),
        (["export", "{data}", "{tmp}/x.xyz", "--metals", "La", "Fe"], "no metal 'Fe': it has"),
        (["export", "{data}", "{tmp}/x.xyz", "--level", "B3LYP"], "no level 'B3LYP': it has GFN2"),
        (["export", "{data}", "{tmp}/none/x.xyz"], "cannot write"),
        (["export", "{data}", "{tmp}/x.xyz", "--bare", "--unit", "kcal"], "kcal"),
        (["import", "{tmp}/none.xyz", "--out", "{tmp}/o", "--unit", "eV"], "does not exist"),
        (["publish", "{tmp}/none.yaml", "--out", "{tmp}/o"], "cannot read"),
    ],
)
def test_bad_input_is_told(dataset, tmp_path, capsys, arguments, message):
    names = {"tmp": tmp_path, "data": dataset}
    with pytest.raises(SystemExit) as ended:
        main(["dataset", *(argument.format(**names) for argument in arguments)])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x.xyz").exists()
    assert not (tmp_path / "o").exists()


def test_import_of_a_damaged_file_writes_nothing(dataset, tmp_path, capsys):
    bare = tmp_path / "bare.xyz"
    run(capsys, "dataset", "export", dataset, bare, "--bare")
    bare.write_text(bare.read_text()[:-60])
    with pytest.raises(SystemExit) as ended:
        main(["dataset", "import", str(bare), "--out", str(tmp_path / "o"), "--unit", "Hartree",
              "--method", "GFN2-xTB", "--basis", ""])  # fmt: skip
    assert ended.value.code == 2
    assert "bare.xyz, line " in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_verify_says_what_it_found(dataset, capsys):
    output = run(capsys, "dataset", "verify", dataset, "--sample", "3")
    assert "The dataset is sound." in output
    assert "3 geometries computed again" in output
    shard = dataset / "shards" / "water-0001.extxyz.bz2"
    text = bz2.decompress(shard.read_bytes()).decode()
    shard.write_bytes(bz2.compress(text.replace("energy=-1", "energy=-2").encode()))
    with pytest.raises(SystemExit) as ended:
        main(["dataset", "verify", str(dataset), "--sample", "0"])
    assert ended.value.code == 1
    assert "water-0001.extxyz.bz2" in capsys.readouterr().out


def test_publishing_nothing_new_changes_nothing(records, dataset):
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    append(records, dataset)
    assert {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()} == before
    shutil.rmtree(dataset)
