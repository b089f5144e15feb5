"""Baselines on energies that a known formula made, where the right answer is known."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from rarebind.complexes import complex_spec, parent_templates, swap_metal
from rarebind.elements import ionic_radius
from rarebind.errors import InputError, MissingDependencyError
from rarebind.learning import Sample
from rarebind.learning.baselines import BASELINES
from rarebind.learning.baselines.features import counts, ligand_features
from rarebind.learning.baselines.gaussian_process import GaussianProcess, Term
from rarebind.learning.baselines.linear import Categories
from rarebind.learning.baselines.ridge import GroupedRidge, grouped_folds
from rarebind.learning.baselines.structural import around_metal, metal_index
from rarebind.ligands import library_ligand
from rarebind.structures import Structure

METALS = ("Y", "La", "Nd", "Gd", "Er", "Lu")
LIGANDS = ("HOPO", "HOPO-methyl", "HOPO-fluoro", "CAM", "CAM-methyl", "CAM-fluoro")
AVAILABLE = [spec.name for spec in BASELINES if not spec.missing()]


def _energy(metal, ligand, geometry):
    """A sum of effects, in eV: metal and composition, scaffold and composition, substituent."""
    number = int(geometry[0])
    substituent = {"methyl": -0.1, "fluoro": 0.2}.get(ligand.substituent, 0.0)
    scaffold = {"CAM": -0.6}.get(ligand.scaffold, 0.0)
    return 10 * ionic_radius(metal, 8) - 60 + number * (scaffold + substituent - 0.3)


def _sample(metal="La", name="HOPO", geometry="4:0", *, offset=0.0, frame=0, **changes):
    ligand = library_ligand(*name.split("-"))
    # One structure serves for all: its distances follow the metal, as those of relaxed ones do.
    scale = ionic_radius(metal, 8) / ionic_radius("La", 8)
    positions = scale * np.array([[0, 0, 0], [2.5, 0, 0], [0, 2.6, 0], [0, 0, 2.4], [3.2, 0.9, 0]])
    charge = 3 + int(geometry[0]) * ligand.charge
    fields = {
        "key": f"{metal}-{name}-{geometry}",
        "frame": frame,
        "structure": Structure((metal, "O", "O", "O", "H"), positions, charge),
        "metal": metal,
        "ligand": name,
        "scaffold": ligand.scaffold,
        "substituent": ligand.substituent,
        "geometry": geometry,
        "inchikey": ligand.inchikey,
        "smiles": ligand.smiles,
        "target": _energy(metal, ligand, geometry) - offset,
        "forces": None,
        "binding_offset": offset,
        "exchange_offset": None,
    }
    return Sample(**(fields | changes))


def _samples(metals=METALS, ligands=LIGANDS):
    return [_sample(m, name, g) for m in metals for name in ligands for g in ("4:0", "3:2")]


def _part(samples, number):
    """The samples but for `number` of them, and these, drawn at random."""
    order = np.random.default_rng(7).permutation(len(samples))
    return [samples[i] for i in order[number:]], [samples[i] for i in order[:number]]


def _targets(samples):
    return np.array([sample.target for sample in samples])


@pytest.fixture(scope="module")
def parts():
    """Training samples, and one complex in six held out."""
    samples = _samples()
    return _part(samples, len(samples) // 6)


@pytest.mark.parametrize("name", AVAILABLE)
def test_each_is_deterministic_and_better_than_the_mean(parts, name):
    train, held = parts
    first = BASELINES.create(name).fit(train).predict(held)
    again = BASELINES.create(name).fit(train).predict(held)
    assert first.shape == (len(held),)
    assert np.array_equal(first, again)
    error = np.abs(first - _targets(held)).mean()
    assert error < np.abs(_targets(train).mean() - _targets(held)).mean()


@pytest.mark.parametrize("name", ["additive-interactions", "descriptors-gp", "descriptors-3d-gp"])
def test_a_sum_of_effects_is_found_again(parts, name):
    train, held = parts
    found = BASELINES.create(name).fit(train).predict(held)
    # The energies span 5 eV; interactions, which may be there, take a share of single effects.
    assert np.abs(found - _targets(held)).mean() < 0.05


def test_a_ligand_never_seen_is_put_together_from_its_parts():
    samples = _samples()
    train = [sample for sample in samples if sample.ligand != "CAM-fluoro"]
    held = [sample for sample in samples if sample.ligand == "CAM-fluoro"]
    error = {
        name: np.abs(BASELINES.create(name).fit(train).predict(held) - _targets(held)).mean()
        for name in ("mean-per-metal", "additive", "additive-interactions", "descriptors-gp")
    }
    assert error["additive-interactions"] < error["additive"] < error["mean-per-metal"]
    assert error["descriptors-gp"] < error["mean-per-metal"]


def test_mean_per_metal_is_the_mean():
    samples = _samples()
    model = BASELINES.create("mean-per-metal").fit(samples)
    lanthanum = [sample.target for sample in samples if sample.metal == "La"]
    unseen = [_sample("Eu")]
    assert model.predict([_sample("La")]) == pytest.approx([np.mean(lanthanum)])
    assert model.predict(unseen) == pytest.approx([_targets(samples).mean()])


@pytest.mark.parametrize("name", ["additive", "additive-interactions"])
def test_unknown_categories_get_the_mean(name):
    model = BASELINES.create(name).fit(_samples())
    known = [_sample("La", ligand) for ligand in LIGANDS]
    strange = _sample("La", scaffold="XYZ", substituent="abc")
    assert model.predict([strange])[0] == pytest.approx(model.predict(known).mean(), abs=1e-6)
    metals = [_sample(metal) for metal in METALS]
    assert model.predict([_sample("Eu")])[0] == pytest.approx(
        model.predict(metals).mean(), abs=1e-6 if name == "additive" else 0.05
    )


def test_yttrium_may_respond_to_ligands_in_its_own_way():
    def own_way(sample):
        return sample.target - 2.0 * (sample.metal == "Y") * (sample.scaffold == "CAM")

    samples = [_sample(s.metal, s.ligand, s.geometry, target=own_way(s)) for s in _samples()]
    train, held = _part(samples, len(samples) // 7)
    for name in ("additive-interactions", "descriptors-gp"):
        found = BASELINES.create(name).fit(train).predict(held)
        assert np.abs(found - _targets(held)).max() < 0.2, name


@pytest.mark.parametrize("name", AVAILABLE)
def test_total_energies_are_learned_as_well_as_binding_energies(parts, name):
    train, held = parts

    def total(sample):
        number = int(sample.geometry[0])
        return _sample(
            sample.metal, sample.ligand, sample.geometry, offset=700.0 * number + len(sample.ligand)
        )

    found = BASELINES.create(name).fit([total(s) for s in train]).predict([total(s) for s in held])
    expected = BASELINES.create(name).fit(train).predict(held)
    offsets = np.array([total(sample).binding_offset for sample in held])
    assert found + offsets == pytest.approx(expected, abs=1e-4)


def test_only_final_geometries_are_learned_from():
    samples = _samples()
    ways = [_sample(frame=1, target=100.0)]
    plain, with_ways = (
        BASELINES.create("additive").fit(part).predict(samples)
        for part in (samples, samples + ways)
    )
    assert np.array_equal(plain, with_ways)


def test_nothing_to_learn_from_and_nothing_to_predict():
    with pytest.raises(InputError, match="got none"):
        BASELINES.create("additive").fit([])
    assert BASELINES.create("additive").fit(_samples()).predict([]).shape == (0,)
    with pytest.raises(InputError, match="unknown baseline 'forest': known are mean-per-metal"):
        BASELINES.create("forest")


def test_soap_says_what_to_install(monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "dscribe" else find(name)
    )
    with pytest.raises(MissingDependencyError, match=r"dscribe, not found.*rarebind\[soap\]"):
        BASELINES.create("soap-gp")


@pytest.mark.parametrize(
    "structural", [name for name in ("descriptors-3d-gp", "soap-gp") if name in AVAILABLE]
)
def test_structure_tells_what_the_names_do_not(structural):
    """Energies of one composition that follow a distance alone."""
    random = np.random.default_rng(0)

    def stretched(number):
        first = 2.3 + 0.5 * random.random()
        structure = Structure(
            ("La", "O", "O"), np.array([[0, 0, 0], [first, 0, 0], [0, 2.5, 0]]), -1
        )
        return _sample(key=str(number), structure=structure, target=-5 / first)

    samples = [stretched(number) for number in range(60)]
    train, held = samples[:45], samples[45:]
    error = {
        name: np.abs(BASELINES.create(name).fit(train).predict(held) - _targets(held)).mean()
        for name in ("descriptors-gp", structural)
    }
    assert error[structural] < 0.05 * error["descriptors-gp"]


def test_surroundings_do_not_depend_on_orientation_or_order():
    spec = complex_spec("La", library_ligand("HOPO"), "1:6")
    structure = swap_metal(parent_templates(spec)[0], spec, "Gd")
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    order = np.random.default_rng(2).permutation(len(structure))
    moved = Structure(
        tuple(structure.symbols[i] for i in order),
        (structure.positions @ turn + 3.0)[order],
        structure.charge,
    )
    assert around_metal(moved) == pytest.approx(around_metal(structure), rel=1e-9, abs=1e-9)
    assert structure.symbols[metal_index(structure)] == "Gd"
    with pytest.raises(InputError, match="expected one rare earth in the structure, found 0"):
        around_metal(Structure(("O", "H"), np.eye(3)[:2], -1))


def test_categories_of_a_combination():
    samples = [_sample("La", "HOPO"), _sample("La", "CAM"), _sample("Y", "HOPO")]
    columns = Categories("metal", "scaffold").fit(samples).transform(samples)
    assert columns.shape == (3, 4)
    assert columns.sum(axis=1).tolist() == [1, 1, 1]
    unseen = Categories("scaffold").fit(samples).transform([_sample(scaffold="XYZ")])
    assert unseen == pytest.approx(np.array([[1 / 3, 2 / 3]]))


def test_no_group_is_in_two_folds():
    groups = [f"ligand-{i % 13}" for i in range(60)]
    folds = grouped_folds(groups)
    assert sorted(np.concatenate(folds).tolist()) == list(range(60))
    members = [{groups[i] for i in fold} for fold in folds]
    assert sum(map(len, members)) == len(set.union(*members)) == 13
    assert grouped_folds(["one"] * 5) == []


def test_ridge_finds_a_line_and_shrinks_what_does_not_carry_over():
    random = np.random.default_rng(3)
    x = random.normal(size=(200, 3))
    groups = [str(i // 10) for i in range(200)]
    y = x @ [1.0, -2.0, 0.0] + 5
    model = GroupedRidge().fit(x, y, groups)
    assert model.predict(np.zeros((1, 3))) == pytest.approx([5], abs=1e-3)
    assert model.penalty == pytest.approx(1e-3)
    # What tells the groups apart, but has nothing to do with their values, fits only these groups.
    apart = np.repeat(random.normal(size=(20, 12)), 10, axis=0)
    chance = GroupedRidge().fit(apart, np.repeat(random.normal(size=20), 10), groups)
    assert chance.penalty > 1


def test_gaussian_process_follows_a_product_of_blocks():
    random = np.random.default_rng(4)
    a, b = random.uniform(-1, 1, size=(2, 150, 1))
    y = (np.sin(3 * a) * b).ravel()
    train, held = slice(0, 120), slice(120, None)
    process = GaussianProcess([Term(near=("a",), linear=("b",)), Term(near=("a",))])
    process.fit({"a": a[train], "b": b[train]}, y[train])
    found = process.predict({"a": a[held], "b": b[held]})
    assert np.abs(found - y[held]).max() < 0.02
    with pytest.raises(InputError, match="at least two samples"):
        process.fit({"a": a[:1], "b": b[:1]}, y[:1])


def test_features_refuse_what_they_cannot_read():
    with pytest.raises(InputError, match="unknown geometry 'all'"):
        counts([replace(_sample(), geometry="all")])
    with pytest.raises(InputError, match="RDKit cannot read the SMILES"):
        ligand_features("C(")
