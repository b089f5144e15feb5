"""Model files: nothing but numbers in them, nothing altered, nothing asked that was not learned."""

import contextlib
import hashlib
import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_model import (
    ELEMENTS,
    LEVEL,
    averaged,
    content,
    network,
    published,
    run_folder,
    weights,
)

from rarebind.errors import InputError
from rarebind.io.codec import from_data, to_data
from rarebind.learning import digest, load_samples, make_split, target_named
from rarebind.learning.data.fragments import FreeLigand, fragments_of
from rarebind.learning.nequip.graphs import graph_of
from rarebind.learning.nequip.inference import build, evaluate, load_weights
from rarebind.learning.release.card import Card
from rarebind.learning.release.model import Model, load_model
from rarebind.learning.release.model_file import ModelFile, read_model, write_model
from rarebind.learning.release.package import open_model, package


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return published(tmp_path_factory.mktemp("published") / "data")


@pytest.fixture(scope="module")
def samples(dataset):
    return load_samples(dataset, target_named("binding"), LEVEL)


@pytest.fixture(scope="module")
def tiny(samples):
    return content(samples)


@pytest.fixture
def path(tiny, tmp_path):
    write_model(tiny, tmp_path / "tiny.rarebind")
    return tmp_path / "tiny.rarebind"


def rewritten(path, name, change):
    """The file with one of its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    parts[name] = change(parts[name])
    with zipfile.ZipFile(path, "w") as archive:
        for entry, part in parts.items():
            archive.writestr(entry, part)


# --- files -------------------------------------------------------------------------------------


def test_a_model_comes_back_as_it_was(tiny, tmp_path):
    sha256 = write_model(tiny, tmp_path / "a.rarebind")
    again = read_model(tmp_path / "a.rarebind", sha256)
    assert again.card == tiny.card
    assert again.network == tiny.network
    assert again.split == tiny.split
    for here, there in zip(again.members, tiny.members, strict=True):
        assert here.keys() == there.keys()
        assert all(np.array_equal(here[name], there[name]) for name in here)
        assert all(here[name].dtype == there[name].dtype for name in here)


def test_equal_models_make_equal_files(tiny, samples, tmp_path):
    hashes = {
        write_model(model, tmp_path / f"{i}.rarebind")
        for i, model in enumerate([tiny, content(samples)])
    }
    assert hashes == {hashlib.sha256((tmp_path / "0.rarebind").read_bytes()).hexdigest()}


def test_a_model_with_another_hash_is_another_model(path):
    with pytest.raises(InputError, match="not the model that was asked for"):
        load_model(path, "0" * 64)


@pytest.mark.parametrize("name", ["model.json", "split.json", "weights-2.npz"])
def test_an_altered_part_is_found(path, name):
    rewritten(path, name, lambda part: part[:-9] + bytes([part[-9] ^ 1]) + part[-8:])
    with pytest.raises(InputError, match=rf"tiny\.rarebind: {name} was changed"):
        load_model(path)


def test_an_altered_card_is_found(path):
    rewritten(path, "card.json", lambda part: part.replace(b'"binding"', b'"absolute"'))
    with pytest.raises(InputError, match="the card was changed"):
        load_model(path)


@pytest.mark.parametrize("keep", [0, 20, 5000])
def test_a_truncated_file_is_no_model(path, keep):
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"tiny\.rarebind is no model of rarebind"):
        load_model(path)


def test_a_newer_file_asks_for_an_upgrade(path):
    def newer(part):
        return json.dumps(json.loads(part) | {"schema": 99}).encode()

    rewritten(path, "card.json", newer)
    with pytest.raises(InputError, match=r"schema 99.*upgrade"):
        load_model(path)


def test_pickles_are_never_read(path):
    harmful = io.BytesIO()
    np.savez(harmful, weight=np.array([{"a": 1}], dtype=object))

    def with_hash(part):
        head = json.loads(part)
        head["sha256"]["weights-1.npz"] = hashlib.sha256(harmful.getvalue()).hexdigest()
        del head["checksum"]
        text = json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        return json.dumps(head | {"checksum": hashlib.sha256(text.encode()).hexdigest()}).encode()

    rewritten(path, "weights-1.npz", lambda _: harmful.getvalue())
    rewritten(path, "card.json", with_hash)
    with pytest.raises(InputError, match=r"damaged.*allow_pickle"):
        load_model(path)


@pytest.mark.parametrize(
    "more",
    [
        {"_target_": "os.system"},
        {"pair_potential": {"_target_": "nequip.nn.utils.torch.hub.load"}},
        {"radial_chemical_embed": {"inner": [{"_target_": "subprocess.run"}]}},
    ],
)
def test_nothing_but_networks_is_built(tiny, more):
    with pytest.raises(InputError, match="built"):
        ModelFile(tiny.card, network(**more), tiny.split, tiny.members)


def resealed(path, part, change):
    """The file with what a part says changed, and all hashes made anew."""
    with zipfile.ZipFile(path) as archive:
        head, said = (json.loads(archive.read(name)) for name in ("card.json", part))
    if part == "card.json":
        change(head["card"])
    else:
        change(said)
        text = json.dumps(said).encode()
        rewritten(path, part, lambda _: text)
        head["sha256"][part] = hashlib.sha256(text).hexdigest()
    del head["checksum"]
    text = json.dumps(head, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    head["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    rewritten(path, "card.json", lambda _: json.dumps(head).encode())


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("model.json", "num_layers", 10**9),
        ("model.json", "num_layers", -1),
        ("model.json", "num_layers", 10**400),
        ("model.json", "l_max", 10**6),
        ("model.json", "num_scalar_features", 10**12),
        ("model.json", "allegro_mlp_hidden_layers_width", 10**9),
        ("model.json", "allegro_mlp_hidden_layers_depth", 10**9),
        ("model.json", "r_max", -4.0),
        ("model.json", "r_max", float("nan")),
        ("model.json", "r_max", float("inf")),
        ("model.json", "r_max", 5.0),
        ("model.json", "r_max", "4.0"),
        ("model.json", "per_edge_type_cutoff", {"H": -1.0}),
        ("model.json", "per_edge_type_cutoff", {"H": {"C": 1e9}}),
        ("model.json", "avg_num_neighbors", 0.0),
        ("model.json", "avg_num_neighbors", float("nan")),
        ("model.json", "per_type_energy_scales", 1e300),
        ("model.json", "per_type_energy_shifts", {"H": float("inf")}),
        ("model.json", "type_names", list(reversed(ELEMENTS))),
        ("model.json", "type_names", [*ELEMENTS[:-1], ELEMENTS[0]]),
        ("model.json", "type_names", []),
        ("model.json", "type_names", 5),
        ("hydration.json", "La", [float("nan"), 9]),
        ("hydration.json", "La", "x"),
        ("card.json", "r_max", -1.0),
        ("card.json", "r_max", float("inf")),
        ("card.json", "r_max", float("nan")),
        ("card.json", "centres", 1e9),
        ("card.json", "elements", {"H": -1}),
    ],
)
def test_a_resealed_file_is_validated(path, part, key, value):
    resealed(path, part, lambda said: said.update({key: value}))
    with pytest.raises(InputError, match=r"tiny\.rarebind: "):
        read_model(path)


@given(
    st.sampled_from(["num_layers", "l_max", "r_max", "num_scalar_features", "type_names", "seed"]),
    st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=2), max_size=3),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_value_in_a_description_is_small_or_refused(tiny, key, value):
    with contextlib.suppress(InputError):
        found = ModelFile(tiny.card, {**tiny.network, key: value}, tiny.split, tiny.members)
        sizes = [found.network[name] for name in ("num_layers", "l_max", "num_scalar_features")]
        assert all(size == [] or 0 <= size <= 2048 for size in sizes)


def test_a_file_that_unpacks_to_anything_is_refused(path, monkeypatch):
    monkeypatch.setattr("rarebind.learning.release.model_file._MAX_BYTES", 1000)
    with pytest.raises(InputError, match="unpacks to more than 1000 bytes"):
        read_model(path)


def test_the_parts_of_a_model_fit_each_other(tiny, samples):
    other = make_split(samples, "random")
    short = network() | {"type_names": list(ELEMENTS[:-1])}
    diverged = {name: value * np.nan for name, value in weights(1).items()}
    for parts, message in (
        ((tiny.card, tiny.network, other, tiny.members), "not the one on its card"),
        ((tiny.card, short, tiny.split, tiny.members), "other elements: Lu"),
        ((tiny.card, tiny.network, tiny.split, tiny.members[:1]), "1 members, but"),
        ((tiny.card, tiny.network, tiny.split, (weights(1), diverged)), "diverged"),
    ):
        with pytest.raises(InputError, match=message):
            ModelFile(*parts)


def test_the_name_says_what_it_is(tiny, tmp_path):
    with pytest.raises(InputError, match=r"ends in \.rarebind"):
        write_model(tiny, tmp_path / "tiny.zip")
    with pytest.raises(InputError, match="cannot write"):
        write_model(tiny, tmp_path / "absent" / "tiny.rarebind")


# --- cards -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"target": "bindig"}, "unknown target"),
        ({"base": "GFN1-xTB"}, "do not match"),
        ({"target": "delta-binding"}, "do not match"),
        ({"level": ""}, "a name and a level"),
        ({"data_hash": "abc"}, "data_hash is no SHA-256"),
        ({"r_max": 0.0}, "r_max"),
        ({"centres": -1.0}, "centres"),
        ({"elements": {"H": 0}}, "seen elements"),
        ({"seeds": (1,)}, "each member"),
    ],
)
def test_a_card_is_checked(tiny, entries, message):
    with pytest.raises(InputError, match=message):
        replace(tiny.card, **entries)


def test_a_card_with_other_entries_is_none(tiny):
    data = json.loads(json.dumps(to_data(tiny.card)))
    assert from_data(Card, data) == tiny.card
    # As before there were errors.
    assert from_data(Card, {k: v for k, v in data.items() if k != "errors"}) == tiny.card
    del data["level"]
    with pytest.raises(InputError, match="level: Field required"):
        from_data(Card, data)


# --- predictions -------------------------------------------------------------------------------


def test_predictions_are_those_of_the_networks(tiny, samples, path):
    """In any order and batches, for each member of the ensemble."""
    chosen = samples[:6]
    found = load_model(path).predict(chosen)
    assert found.shape == (2, 6)
    assert not np.allclose(found[0], found[1])
    alone = build(network())
    load_weights(alone, weights(2))
    graphs = [graph_of(sample, ELEMENTS, 4.0) for sample in chosen]
    one_by_one = evaluate([alone], iter(graphs), 6, edges=1).energies
    assert np.allclose(found[1], one_by_one, atol=1e-4)
    back = Model(tiny).predict(chosen[::-1])[:, ::-1]
    assert np.allclose(found, back, atol=1e-4)
    assert np.allclose(found, Model(tiny).predict([s.structure for s in chosen]), atol=1e-4)


def test_nothing_asked_nothing_predicted(tiny):
    assert Model(tiny).predict([]).shape == (2, 0)


def test_elements_that_were_not_learned_are_refused(samples, tiny):
    neodymium = [
        replace(s.structure, symbols=("Nd", *s.structure.symbols[1:])) for s in samples[:1]
    ]
    model = Model(tiny)
    with pytest.raises(InputError, match=r"tiny has not seen Nd: it knows H, C, N, O"):
        model.predict(neodymium)
    assert np.isfinite(model.predict(neodymium, unseen=True)).all()
    europium = replace(neodymium[0], symbols=("Eu", *neodymium[0].symbols[1:]))
    with pytest.raises(InputError, match="not seen Eu"):
        model.predict([europium], unseen=True)


def test_weights_of_another_network_do_not_fit(tiny):
    wide = ModelFile(tiny.card, network(num_scalar_features=8), tiny.split, tiny.members)
    assert Model(wide).predict([]).shape == (2, 0)  # nothing is built for nothing
    with pytest.raises(InputError, match="do not fit the network"):
        Model(wide).predict([_water()])


def test_a_network_that_is_not_known_is_told(tiny):
    newer = ModelFile(tiny.card, network(curvature="high"), tiny.split, tiny.members)
    with pytest.raises(InputError, match=r"cannot be built \(.*curvature.*other versions"):
        Model(newer).predict([_water()])


def test_a_series_is_not_predicted_from_a_structure_alone(tiny):
    series = ModelFile(replace(tiny.card, target="series"), network(), tiny.split, tiny.members)
    with pytest.raises(InputError, match=r"give it samples with the complex of La"):
        Model(series).predict([_water()])


def _water():
    from rarebind.structures import Structure

    return Structure(("O", "H", "H"), [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], 0)


def test_a_reaction_needs_the_free_ligand(tiny, samples):
    """E(complex) − n E(ligand), by the same network."""
    sample = next(s for s in samples if s.geometry == "3:2")
    signed = network() | {
        "_target_": "rarebind.learning.nequip.model.RareEarthAllegro",
        "signs": True, "atom_descriptor": None, "metal_descriptors": False,
    }  # fmt: skip
    state = build(signed).state_dict()
    members = tuple({n: v.numpy().copy() for n, v in state.items()} for _ in range(2))
    model = Model(ModelFile(tiny.card, signed, tiny.split, members))
    assert model.needs_ligands
    assert model.atom_descriptor is None
    with pytest.raises(InputError, match=rf"1 are missing \({sample.ligand}\)"):
        model.predict([sample])
    first = fragments_of(sample)[0][0]
    free = sample.structure.subset(first, -2)
    ligand = FreeLigand(free)
    found = model.predict([sample], ligands={sample.inchikey: ligand})
    plain = build(network())
    load_weights(plain, {n: v for n, v in members[0].items() if n in plain.state_dict()})
    graphs = [
        graph_of(replace(sample, structure=s, forces=None), ELEMENTS, 4.0)
        for s in (sample.structure, free)
    ]
    whole, part = evaluate([plain], iter(graphs), 2).energies[0]
    assert found[0, 0] == pytest.approx(whole - 3 * part, abs=1e-3)


# --- trainings ---------------------------------------------------------------------------------


def test_a_training_becomes_a_model(dataset, samples, tmp_path):
    """With averaged weights, and a card that says where it comes from."""
    modules = [run_folder(tmp_path / f"run-{seed}", dataset, seed) for seed in (1, 2)]
    folders = [tmp_path / "run-1", tmp_path / "run-2"]
    sha256 = package(folders, tmp_path / "pair.rarebind")
    model = load_model(tmp_path / "pair.rarebind", sha256)
    card = model.card
    assert (card.name, card.target, card.level, card.seeds) == ("pair", "binding", LEVEL, (1, 2))
    learned = model.split.of(samples, "train")
    symbols = {symbol for sample in learned for symbol in sample.structure.symbols}
    assert {name for name, count in card.elements.items() if count} == symbols
    assert card.elements["Tm"] == sum(sample.metal == "Tm" for sample in learned)
    assert card.data_hash == digest(samples)
    assert card.runs == ("run-1", "run-2")
    assert card.metrics[0] == {"epoch": 3.0, "val0_epoch/total_energy_mae": 0.25}
    assert {"torch", "nequip", "allegro", "rarebind"} <= card.versions.keys()
    for module, folder in zip(modules, folders, strict=True):
        expected = averaged(module)
        kept = open_model(folder)._content.members[0]
        last = torch.load(folder / "best.ckpt", weights_only=False)["state_dict"]
        assert kept.keys() == expected.keys()
        assert all(np.array_equal(kept[name], expected[name]) for name in expected)
        assert any(not np.array_equal(kept[n], last[f"model.sole_model.{n}"]) for n in kept)
    together = model.predict(samples[:3])
    assert np.allclose(together[1], open_model(folders[1]).predict(samples[:3])[0])


def test_members_of_an_ensemble_are_alike(dataset, tmp_path):
    run_folder(tmp_path / "a", dataset, 1)
    run_folder(tmp_path / "b", dataset, 2, batch_size=2)
    with pytest.raises(InputError, match=r"differ in preset\.batch_size: members"):
        package([tmp_path / "a", tmp_path / "b"], tmp_path / "c.rarebind")


def test_a_folder_without_a_training_says_so(dataset, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"lacks config\.yaml, split\.json, run\.json"):
        open_model(tmp_path / "empty")
    run_folder(tmp_path / "early", dataset)
    (tmp_path / "early" / "best.ckpt").write_bytes(b"half a")
    with pytest.raises(InputError, match="no checkpoint of a network, or is damaged"):
        open_model(tmp_path / "early")
    (tmp_path / "early" / "best.ckpt").unlink()
    with pytest.raises(InputError, match="no checkpoint yet"):
        open_model(tmp_path / "early")
    with pytest.raises(InputError, match="there is no model"):
        open_model(tmp_path / "absent")
