"""Samples: what is learned, and how binding energies follow from it."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from small_dataset import GFN1_WATER, labelled_records, small_records

from rarebind.complexes import Layout
from rarebind.datasets import Dataset, append
from rarebind.engines import GFN2_WATER, static
from rarebind.engines.frames import Frame
from rarebind.errors import InputError
from rarebind.learning import TARGETS, digest, load_samples, samples_of, target_named
from rarebind.structures import Structure
from rarebind.units import KCAL_PER_EV

DATA = Path(__file__).parents[1] / "data"
GFN1, GFN2 = str(GFN1_WATER), str(GFN2_WATER)
DIRECT = [name for name, target in TARGETS.items() if not (target.delta or target.anchored)]
DELTA = [name for name, target in TARGETS.items() if target.delta]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Three complexes and their references at two levels."""
    folder = tmp_path_factory.mktemp("samples")
    append(small_records(), folder)
    append(labelled_records(), folder)
    return Dataset(folder)


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The first complexes of the published dataset."""
    whole = Dataset(DATA)
    shard = next(shard for shard in whole.shards if shard.kind == "complex")
    folder = tmp_path_factory.mktemp("published")
    append(itertools.islice(whole.records([shard]), 12), folder)
    return Dataset(folder)


def accepted(records):
    return [r for r in records if r.kind == "complex" and r.calculation.ok]


def pair():
    """A complex at both levels."""
    return accepted(small_records())[0], accepted(labelled_records())[0]


def load(dataset, name, level=GFN2, **options):
    return load_samples(dataset, TARGETS[name], level, **options)


# --- targets -----------------------------------------------------------------------------------


def test_targets_are_found_by_name():
    assert target_named("delta-binding").strategy == "Δ-2"
    plain = [t for t in TARGETS.values() if not t.anchored]
    assert [t.quantity for t in plain] == ["absolute", "binding", "exchange"] * 2
    assert TARGETS["series"].quantity == "exchange"
    with pytest.raises(InputError, match=r"'bindig': known are absolute, binding, exchange, ser"):
        target_named("bindig")


# --- one level ---------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [GFN2, GFN1])
def test_binding_energies_follow_from_every_target(dataset, level):
    records = {record.key: record for record in (*small_records(), *labelled_records())}
    base = {GFN2: GFN1, GFN1: GFN2}[level]
    for name in set(TARGETS) - {"series"}:
        samples = load(dataset, name, level, base=base if name in DELTA else None)
        assert len(samples) == 3
        for sample in samples:
            assert sample.binding == pytest.approx(records[sample.key].binding.binding, abs=1e-6)
            assert sample.exchange == pytest.approx(records[sample.key].binding.exchange, abs=1e-6)


def test_the_offset_of_a_total_energy_is_that_of_the_references(dataset):
    parts = {
        (record.kind, record.metal): record.calculation.energy
        for record in small_records()
        if record.kind in {"ion", "ligand", "water"}
    }
    for sample in load(dataset, "absolute"):
        references = parts["ion", sample.metal] + parts["ligand", None] + 6 * parts["water", None]
        assert sample.geometry == "1:6"
        assert sample.binding_offset == pytest.approx(-references, abs=1e-6)


def test_a_series_is_counted_from_lanthanum(dataset):
    whole = load(dataset, "exchange")
    samples = load(dataset, "series")
    assert samples
    places = {(s.inchikey, s.geometry) for s in whole if s.metal == "La"}
    others = [s for s in whole if s.metal != "La" and (s.inchikey, s.geometry) in places]
    assert [s.key for s in samples] == [s.key for s in others]
    first = {(s.inchikey, s.geometry): s for s in whole if s.metal == "La"}
    for sample, own in zip(samples, others, strict=True):
        anchor = first[sample.inchikey, sample.geometry]
        assert sample.target == pytest.approx(own.exchange - anchor.exchange, abs=1e-9)
        assert sample.exchange == pytest.approx(own.exchange, abs=1e-9)
        assert sample.binding == pytest.approx(own.binding, abs=1e-9)
        assert sample.exchange_offset == pytest.approx(anchor.exchange, abs=1e-9)
        assert sample.reference.symbols == ("La", *sample.structure.symbols[1:])
        assert (sample.reference.positions == anchor.structure.positions).all()
        assert sample.structure.symbols == own.structure.symbols
        # The ligands have followed the smaller ion, but are not relaxed.
        moved = np.linalg.norm(sample.structure.positions - anchor.structure.positions, axis=1)
        assert 0.01 < moved[1:].max() < 0.5
        assert sample.forces is None
    with pytest.raises(InputError, match="final geometries"):
        load(dataset, "series", frames=True)


def test_a_series_needs_its_first_member(dataset, published):
    with pytest.raises(InputError, match=r"no complex .* has its like with La"):
        load(published, "series")
    first = next(r for r in accepted(small_records()) if r.metal == "La")
    other = next(r for r in accepted(published.records()))
    with pytest.raises(InputError, match="differ in more than the metal"):
        samples_of(other, TARGETS["series"], first)
    with pytest.raises(InputError, match="do not go together"):
        samples_of(other, TARGETS["series"])


def test_equation_1_and_exchange_differ_by_a_constant_of_the_metal(published):
    samples = load(published, "exchange", frames=True)
    assert len({sample.geometry for sample in samples}) == 1 < len({s.ligand for s in samples})
    by_metal = {}
    for sample in samples:
        by_metal.setdefault(sample.metal, []).append(sample.binding_offset)
    for offsets in by_metal.values():
        assert np.ptp(offsets) < 1e-6


def test_samples_are_those_of_the_dataset_in_its_order(published):
    rows = published.rows()
    samples = load(published, "binding", "gfn2-xtb")
    assert [sample.key for sample in samples] == [row.key for row in rows]
    for sample, row in zip(samples, rows, strict=True):
        for name in ("metal", "ligand", "scaffold", "substituent", "geometry", "inchikey"):
            assert getattr(sample, name) == getattr(row, name)
        assert sample.smiles == row.smiles
        assert sample.target * KCAL_PER_EV == pytest.approx(row.binding_kcal_mol, abs=1e-3)
        assert sample.exchange * KCAL_PER_EV == pytest.approx(row.exchange_kcal_mol, abs=1e-3)


def test_rejected_complexes_teach_nothing(dataset):
    labels = {row.key: row.status for row in dataset.rows() if row.kind == "complex"}
    assert "rejected" in labels.values()
    assert all(labels[sample.key] == "ok" for sample in load(dataset, "absolute"))


@pytest.mark.parametrize("name", DIRECT)
def test_geometries_on_the_way_have_the_same_references(published, name):
    records = {record.key: record for record in published.records()}
    finals = load(published, name)
    samples = load(published, name, frames=True)
    assert digest(s for s in samples if s.frame == 0) == digest(finals)
    assert len(samples) == sum(row.frames for row in published.rows())
    for sample in samples:
        calculation = records[sample.key].calculation
        of = calculation.intermediates[sample.frame - 1] if sample.frame else calculation
        total = sample.binding - records[sample.key].binding.binding + calculation.energy
        assert total == pytest.approx(of.energy, abs=1e-8)
        assert np.array_equal(sample.forces, of.forces)
        positions = of.positions if sample.frame else of.structure.positions
        assert np.array_equal(sample.structure.positions, positions)


# --- two levels --------------------------------------------------------------------------------


def test_differences_are_those_of_both_levels(dataset):
    both = [load(dataset, name, level) for name in DIRECT for level in (GFN2, GFN1)]
    values = [{s.metal: s.target for s in samples} for samples in both]
    for name, low, high in zip(DELTA, values[::2], values[1::2], strict=True):
        found = {s.metal: s.target for s in load(dataset, name, GFN1, base="gfn2-xtb")}
        assert found == pytest.approx({metal: high[metal] - low[metal] for metal in high})


def test_forces_of_a_difference_are_its_gradient():
    # At the first level the forces are near zero, so that the sign counts too.
    minimum, other = pair()
    (sample,) = samples_of(minimum, TARGETS["delta-absolute"], other)
    atom, axis, step = 5, 1, 0.005
    shift = np.zeros((len(sample.structure), 3))
    shift[atom, axis] = step

    def target(moved):
        at = sample.structure.with_positions(moved)
        return static(at, GFN2_WATER).energy - static(at, GFN1_WATER).energy

    positions = sample.structure.positions
    slope = (target(positions + shift) - target(positions - shift)) / (2 * step)
    assert sample.forces[atom, axis] == pytest.approx(-slope, abs=2e-3)
    assert abs(slope) > 0.02


def test_atoms_of_the_base_may_stand_in_another_order():
    low, high = pair()
    first, second, *_ = Layout(low.spec).waters
    order = list(range(len(low.calculation.structure)))
    for i in range(3):
        order[first[i]], order[second[i]] = second[i], first[i]
    structure = low.calculation.structure
    swapped = replace(
        low.calculation,
        structure=structure.with_positions(structure.positions[order]),
        forces=low.calculation.forces[order],
    )
    (wanted,) = samples_of(high, TARGETS["delta-binding"], low)
    (found,) = samples_of(high, TARGETS["delta-binding"], replace(low, calculation=swapped))
    assert found.target == wanted.target
    assert np.array_equal(found.forces, wanted.forces)


def test_unknown_forces_stay_unknown():
    low, high = pair()
    bare = replace(low, calculation=replace(low.calculation, forces=None))
    assert samples_of(high, TARGETS["delta-binding"], bare)[0].forces is None
    assert samples_of(bare, TARGETS["binding"])[0].forces is None


def test_differences_on_the_way_need_both_levels():
    low, high = next(
        (low, high)
        for low, high in zip(accepted(small_records()), accepted(labelled_records()), strict=True)
        if len(low.calculation.intermediates) > 1
    )
    target = TARGETS["delta-exchange"]
    assert [s.frame for s in samples_of(high, target, low, frames=True)] == [0]
    second = low.calculation.intermediates[1]
    found = static(low.calculation.structure.with_positions(second.positions), GFN1_WATER)
    frame = Frame(second.positions, found.energy, found.forces)
    more = replace(high, calculation=replace(high.calculation, intermediates=(frame,)))
    final, on_the_way = samples_of(more, target, low, frames=True)
    assert on_the_way.frame == 1
    assert on_the_way.forces == pytest.approx(frame.forces - second.forces)
    rise = frame.energy - high.calculation.energy - second.energy + low.calculation.energy
    assert on_the_way.target - final.target == pytest.approx(rise, abs=1e-8)


def test_different_geometries_have_no_difference():
    _, high = pair()
    other = accepted(small_records())[1]
    with pytest.raises(InputError, match="different atoms or positions"):
        samples_of(high, TARGETS["delta-binding"], other)


def test_different_metals_have_no_difference():
    low, high = pair()
    spec = low.spec.with_metal("Eu")
    at = low.calculation.structure
    structure = Structure(("Eu", *at.symbols[1:]), at.positions, at.charge, spec.multiplicity)
    swapped = replace(low, spec=spec, calculation=replace(low.calculation, structure=structure))
    with pytest.raises(InputError, match="different atoms or positions"):
        samples_of(high, TARGETS["delta-binding"], swapped)


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "level", "base", "message"),
    [
        ("binding", "b3lyp-d4", None, "no level 'b3lyp-d4': it has GFN1"),
        ("binding", GFN2, GFN1, "give no base level"),
        ("delta-binding", GFN1, None, "give the base level too"),
        ("delta-binding", GFN1, GFN1, "both GFN1.*another base level"),
        ("delta-binding", GFN1, "hf-3c", "no level 'hf-3c'"),
    ],
)
def test_levels_that_do_not_go_together(dataset, name, level, base, message):
    with pytest.raises(InputError, match=message):
        load(dataset, name, level, base=base)


def test_missing_partners_are_named(tmp_path):
    some = accepted(small_records())
    append(small_records(), tmp_path)
    append([r for r in labelled_records() if r.source != some[0].key], tmp_path)
    command = f"label {tmp_path} --level gfn1-xtb"
    wanted = rf"1 of 3 .* at {GFN1[:4]}.*\({some[0].label[:2]}\(.*\): .*{command}"
    with pytest.raises(InputError, match=wanted):
        load(Dataset(tmp_path), "delta-binding", GFN2, base=GFN1)
    assert len(load(Dataset(tmp_path), "delta-binding", GFN1, base=GFN2)) == 2


def test_no_partner_at_all(tmp_path):
    append(accepted(small_records())[:1], tmp_path)
    append(accepted(labelled_records())[1:], tmp_path)
    with pytest.raises(InputError, match=r"(?s)same geometry.*label .* --level gfn2-xtb"):
        load(Dataset(tmp_path), "delta-absolute", GFN1, base=GFN2)


def test_no_sample_at_all(tmp_path):
    append([replace(record, binding=None) for record in small_records()], tmp_path)
    with pytest.raises(InputError, match="no accepted complex with binding energies at GFN2"):
        load(Dataset(tmp_path), "absolute")


def test_references_are_no_samples():
    ion = next(record for record in small_records() if record.kind == "ion")
    with pytest.raises(InputError, match="no complex"):
        samples_of(ion, TARGETS["absolute"])
    low, high = pair()
    with pytest.raises(InputError, match="do not go together"):
        samples_of(high, TARGETS["absolute"], low)


@pytest.mark.parametrize(
    "change",
    [
        {"target": np.nan},
        {"exchange_offset": np.inf},
        {"frame": -1},
        {"forces": np.zeros((2, 3))},
    ],
)
def test_a_sample_is_checked(change):
    sample = samples_of(pair()[0], TARGETS["binding"])[0]
    with pytest.raises(InputError, match=sample.key):
        replace(sample, **change)


def test_forces_cannot_be_changed():
    sample = samples_of(pair()[0], TARGETS["binding"])[0]
    with pytest.raises(ValueError, match="read-only"):
        sample.forces[0, 0] = 1.0


# --- digest ------------------------------------------------------------------------------------


def test_the_digest_is_of_what_is_learned(published):
    samples = load(published, "binding", frames=True)
    assert digest(samples) == digest(reversed(samples))
    assert digest(samples) != digest(samples[1:])
    assert digest(samples) != digest(load(published, "exchange", frames=True))
    first, *rest = samples
    assert digest([replace(first, target=first.target + 1e-12), *rest]) == digest(samples)
    assert digest([replace(first, target=first.target + 2e-9), *rest]) != digest(samples)
