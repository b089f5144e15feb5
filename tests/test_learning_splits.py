"""Splits: nothing that is left out can be met in training."""

import itertools
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.datasets import Dataset
from rarebind.errors import InputError
from rarebind.learning import PARTS, SPLITS, Sample, Split, load_split, make_split, save_split
from rarebind.structures import Structure

DATA = Path(__file__).parents[1] / "data"
METALS = ("La", "Nd", "Eu", "Gd", "Dy", "Lu")
SCAFFOLDS = ("HOPO", "CAM", "thio-CAM", "HDEV")
SUBSTITUENTS = ("amino", "chloro", "ethyl", "fluoro", "methyl")
COLUMN = {
    "leave-ligand-out": "inchikey",
    "leave-substituent-out": "substituent",
    "leave-scaffold-out": "scaffold",
    "leave-metal-out": "metal",
}
HELD_OUT = {"leave-scaffold-out": ("CAM",), "leave-metal-out": ("Gd",)}
ION = Structure(("La",), [[0.0, 0.0, 0.0]], charge=3)


def sample(metal, scaffold, substituent, geometry="1:6", *, frame=0, inchikey=None, key=None):
    ligand = f"{scaffold}-{substituent}"
    return Sample(
        key=key or f"{metal} {ligand} {geometry}",
        frame=frame,
        structure=ION,
        metal=metal,
        ligand=ligand,
        scaffold=scaffold,
        substituent=substituent,
        geometry=geometry,
        inchikey=inchikey or f"of {ligand}",
        smiles="",
        target=0.0,
        forces=None,
        binding_offset=0.0,
        exchange_offset=None,
    )


ALL = [
    sample(*names, frame=frame)
    for names in itertools.product(METALS, SCAFFOLDS, SUBSTITUENTS, ("4:0", "1:6"))
    for frame in (0, 1)
]


def split_of(kind, samples=ALL, **options):
    return make_split(samples, kind, **{"held_out": HELD_OUT.get(kind, ()), **options})


def values(split, samples, part, column):
    return {getattr(s, column) for s in split.of(samples, part)}


# --- what is left out --------------------------------------------------------------------------


@st.composite
def collections(draw):
    """Some complexes with all their geometries, enough for every split."""
    names = sorted({s.key for s in ALL})
    left_out = draw(st.sets(st.sampled_from(names), max_size=len(names) // 4))
    return draw(st.permutations([s for s in ALL if s.key not in left_out]))


@settings(deadline=None, max_examples=40)
@given(
    collections(), st.sampled_from(sorted(SPLITS)), st.integers(0, 2**32), st.sampled_from(METALS)
)
def test_nothing_crosses(samples, kind, seed, metal):
    held_out = (metal,) if kind == "leave-metal-out" else HELD_OUT.get(kind, ())
    split = split_of(kind, samples, seed=seed, held_out=held_out)
    parts = {part: split.of(samples, part) for part in PARTS}

    # Every geometry is in one part, and all of a complex in the same.
    assert sum(map(len, parts.values())) == len(samples)
    keys = [{s.key for s in found} for found in parts.values()]
    assert sum(map(len, keys)) == len(set().union(*keys))
    # HDEV is outside, and nothing else is.
    assert {s.scaffold for s in parts["external"]} == {"HDEV"}
    assert all(s.scaffold != "HDEV" for p in ("train", "val", "test") for s in parts[p])
    # What is left out does not occur in training, nor the test's in validation.
    if kind in COLUMN:
        train, val, test = (values(split, samples, p, COLUMN[kind]) for p in PARTS[:3])
        assert not test & (train | val)
        assert held_out in {(), tuple(test)}
        # Where the test is chosen among scaffolds, validation leaves out ligands.
        column = "inchikey" if kind == "leave-scaffold-out" else COLUMN[kind]
        train, val = (values(split, samples, part, column) for part in ("train", "val"))
        assert not train & val
    # The order does not matter, the seed alone decides.
    again = split_of(kind, sorted(samples, key=lambda s: s.key), seed=seed, held_out=held_out)
    assert again == split
    assert again.digest == split.digest


def test_parts_have_the_sizes_asked_for():
    counts = split_of("random", fractions=(0.5, 0.2, 0.3)).counts
    assert counts == {"train": 90, "val": 36, "test": 54, "external": 60}
    split = split_of("leave-ligand-out", fractions=(0.6, 0.2, 0.2))
    assert [len(values(split, ALL, part, "inchikey")) for part in PARTS] == [9, 3, 3, 5]
    split = split_of("leave-substituent-out", fractions=(0.6, 0.2, 0.2))
    assert [len(values(split, ALL, part, "substituent")) for part in PARTS] == [3, 1, 1, 5]


def test_seeds_differ():
    for kind in SPLITS:
        assert len({split_of(kind, seed=seed).digest for seed in range(5)}) > 1


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(["random", "leave-ligand-out", "leave-substituent-out"]),
    st.integers(4, 60),
    st.floats(0.03, 0.45) | st.sampled_from([1 / 3, 0.25, 0.2, 0.1]),
    st.integers(0, 99),
)
def test_folds_test_everything_once(kind, ligands, share, seed):
    samples = [
        sample(metal, "", "", geometry, inchikey=f"own {i}", key=f"{metal} {i} {geometry}")
        for i, metal, geometry in itertools.product(range(ligands), METALS, ("4:0", "1:6"))
    ]
    groups = len(samples) if kind == "random" else ligands
    folds = min(groups, max(2, round(1 / share)))
    options = {"seed": seed, "fractions": (0.98 - share, 0.02, share)}
    splits = [make_split(samples, kind, fold=fold, **options) for fold in range(folds)]
    assert splits[0] == make_split(samples, kind, **options)
    tests = [{key for key, part in split.parts.items() if part == "test"} for split in splits]
    assert set().union(*tests) == {s.key for s in samples}
    assert sum(map(len, tests)) == len(samples)
    of_group = 1 if kind == "random" else 2 * len(METALS)
    sizes = [len(test) / of_group for test in tests]
    assert sizes[0] == max(1, round(share * groups))
    assert max(sizes[1:]) - min(sizes[1:]) in {0, 1}
    for split in splits:
        assert split.counts["val"] == of_group * max(1, round(0.02 * groups))
        parts = [values(split, samples, part, COLUMN.get(kind, "key")) for part in PARTS[:3]]
        if kind != "leave-substituent-out":
            assert not any(a & b for a, b in itertools.combinations(parts, 2))
    with pytest.raises(InputError, match=f"no fold {folds}.* the folds 0 to {folds - 1}$"):
        make_split(samples, kind, fold=folds, **options)


def test_the_first_fold_is_what_splits_were_before_there_were_folds():
    digests = {
        "random": "80bffa6a33526870",
        "leave-ligand-out": "e6c1fdaf2a3d2c82",
        "leave-substituent-out": "ff46d4d3927e4fe4",
        "leave-scaffold-out": "d576fbc80ede4a8f",
        "leave-metal-out": "dbf4959c622d67fa",
    }
    assert {kind: split_of(kind).digest[:16] for kind in SPLITS} == digests


def test_few_metals_are_not_spared_for_validation():
    some = [s for s in ALL if s.metal in {"La", "Eu", "Gd", "Lu"}]
    split = split_of("leave-metal-out", some)
    assert values(split, some, "test", "metal") == {"Gd"}
    assert values(split, some, "val", "metal") == {"La", "Eu", "Lu"}
    train, val = (values(split, some, part, "inchikey") for part in ("train", "val"))
    assert not train & val


def test_a_ligand_is_outside_under_any_name():
    alias = sample("Eu", "", "", inchikey="of HDEV-methyl", key="own")
    for kind in SPLITS:
        assert split_of(kind, [*ALL, alias]).parts["own"] == "external"


def test_other_scaffolds_can_be_kept_outside():
    split = split_of("random", external=("HDEV", "CAM"))
    assert values(split, ALL, "external", "scaffold") == {"HDEV", "CAM"}
    assert not split_of("random", external=()).counts["external"]


def test_ligands_from_outside_the_library_have_scaffolds_of_their_own():
    """Two pyridines, two without rings, and others by their names."""
    smiles = {"C": "CC(=O)c1ccccn1", "N": "Nc1cccnc1", "acac": "CC(=O)C=C(C)[O-]", "hf": "FC(=O)C"}
    own = [
        replace(sample(metal, "", "", inchikey=name, key=f"{metal} {name}"), smiles=text)
        for metal, (name, text) in itertools.product(METALS, smiles.items())
    ]
    samples = [*own, *(s for s in ALL if s.scaffold in {"HOPO", "CAM"})]
    split = make_split(samples, "leave-scaffold-out", held_out=["c1ccncc1"])
    assert values(split, samples, "test", "inchikey") == {"C", "N"}
    split = make_split(samples, "leave-scaffold-out", held_out=["acyclic", "HOPO"])
    assert values(split, own, "test", "inchikey") == {"acac", "hf"}
    assert values(split, samples, "test", "scaffold") == {"", "HOPO"}
    with pytest.raises(InputError, match=r"known are CAM, HOPO, acyclic, c1ccncc1$"):
        make_split(samples, "leave-scaffold-out", held_out=["Cam"])
    outside = make_split(samples, "random", external=["c1ccncc1"])
    assert values(outside, samples, "external", "inchikey") == {"C", "N"}


def test_ligands_from_outside_the_library_are_told_apart():
    own = [sample(m, "", "", inchikey=f"own {i}", key=f"{m} {i}") for m in METALS for i in range(8)]
    split = make_split(own, "leave-substituent-out")
    assert [len(values(split, own, part, "inchikey")) for part in PARTS] == [6, 1, 1, 0]


@pytest.fixture(scope="module")
def published():
    """The complexes of the published dataset, without their geometries."""
    return [
        sample(r.metal, r.scaffold, r.substituent, r.geometry, inchikey=r.inchikey, key=r.key)
        for r in Dataset(DATA).rows()
        if r.kind == "complex" and r.status == "ok"
    ]


@pytest.mark.parametrize("kind", SPLITS)
def test_the_published_data_can_be_split(published, kind):
    split = split_of(kind, published)
    assert split.counts["external"] == sum(s.scaffold == "HDEV" for s in published) > 300
    assert split.counts["train"] > 3000
    if kind in COLUMN:
        column = COLUMN[kind]
        train, test = (
            Counter(getattr(s, column) for s in split.of(published, p)) for p in PARTS[::2]
        )
        assert not train & test
    else:
        # A ligand of the test has been met with other metals: what the other splits are for.
        assert values(split, published, "test", "inchikey") <= values(
            split, published, "train", "inchikey"
        )


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("by-luck", {}, "'by-luck': known are random, leave-ligand-out"),
        ("random", {"held_out": ("CAM",)}, "CAM cannot be held out"),
        (
            "leave-scaffold-out",
            {"held_out": ()},
            "needs a scaffold.*known are CAM, HOPO, thio-CAM$",
        ),
        ("leave-scaffold-out", {"held_out": ("HDEV",)}, "no scaffold 'HDEV' to hold out"),
        ("leave-metal-out", {"held_out": ("Gd", "Tb")}, "no metal 'Tb' .* Dy, Eu, Gd, La, Lu, Nd"),
        ("leave-metal-out", {"held_out": METALS}, r"too few .*train 0, val 0, test 180"),
        ("random", {"external": ("HVED",)}, "no scaffold 'HVED' to keep outside"),
        ("random", {"fold": 10}, "no fold 10: 180 groups .* of 0.1 have the folds 0 to 9$"),
        ("leave-ligand-out", {"fold": -1}, "no fold -1: 15 groups"),
        ("leave-metal-out", {"fold": 1}, "is chosen, so there is no fold 1"),
        ("random", {"fractions": (0.8, 0.2, 0.0)}, "three numbers above 0"),
        ("random", {"fractions": (0.8, 0.1, 0.2)}, "whose sum is 1"),
        ("leave-metal-out", {"fractions": (0.0, 0.0, 1.0)}, "three numbers above 0"),
    ],
)
def test_what_cannot_be_split(kind, options, message):
    with pytest.raises(InputError, match=message):
        split_of(kind, **options)


def test_all_that_is_wrong_is_told():
    with pytest.raises(InputError) as caught:
        split_of("leave-metal-out", held_out=("Tb", "Sc"), external=("HVED",))
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize("samples", [[], ALL[:20], [s for s in ALL if s.scaffold == "HDEV"]])
def test_too_few_complexes(samples):
    with pytest.raises(InputError, match=r"too few for a leave-ligand-out split \(train \d"):
        split_of("leave-ligand-out", samples)


def test_other_data_is_refused():
    split = split_of("random", ALL[: len(ALL) // 2])
    with pytest.raises(InputError, match=r"120 of 240 complexes .* made for other data"):
        split.of(ALL, "train")
    with pytest.raises(InputError, match="unknown part 'validation': known are train, val"):
        split.of(ALL, "validation")


def test_what_comes_later_is_in_no_part():
    split = split_of("random", ALL[: len(ALL) // 2])
    assert split.known(ALL) == ALL[: len(ALL) // 2]
    assert split.known([]) == []
    with pytest.raises(InputError, match=r"120 of 120 complexes .* made for other data"):
        split.known(ALL[len(ALL) // 2 :])


def test_a_split_holds_for_other_levels_of_the_same_geometries():
    split = split_of("random")
    again = [replace(s, key=f"dft-{s.key}", origin=s.key) for s in ALL]
    assert {s.origin for s in split.of(again, "test")} == {s.key for s in split.of(ALL, "test")}
    assert split_of("random", again).digest == split.digest


def test_a_part_is_in_the_order_of_the_samples():
    split = split_of("random")
    train = split.of(ALL, "train")
    assert train == [s for s in ALL if split.parts[s.key] == "train"]
    assert train[::-1] == split.of(ALL[::-1], "train")


def made(**values):
    return Split(kind="random", seed=1, held_out=(), fractions=(0.8, 0.1, 0.1), **values)


def test_a_fold_is_checked():
    with pytest.raises(InputError, match="counted from 0, got -1"):
        made(parts={"a": "test"}, fold=-1)


@pytest.mark.parametrize("part", ["holdout", ""])
def test_a_split_is_checked(part):
    with pytest.raises(InputError, match="unknown part"):
        made(parts={"a": part})


# --- files -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SPLITS)
def test_a_split_can_be_kept(kind, tmp_path):
    split = split_of(kind)
    save_split(split, tmp_path / "split.json")
    again = load_split(tmp_path / "split.json")
    assert again == split
    assert json.loads((tmp_path / "split.json").read_text())["digest"] == split.digest


def test_a_fold_can_be_kept(tmp_path):
    path = tmp_path / "split.json"
    save_split(split_of("random"), path)
    # As it was written before there were folds.
    assert "fold" not in json.loads(path.read_text())
    split = split_of("random", fold=3)
    save_split(split, path)
    assert load_split(path) == split
    assert load_split(path).fold == 3
    assert split.digest != split_of("random").digest


def change_part(content):
    content["parts"]["train"].append(content["parts"]["test"].pop())


def change_seed(content):
    content["seed"] += 1


@pytest.mark.parametrize("change", [change_part, change_seed])
def test_a_changed_file_is_refused(change, tmp_path):
    path = tmp_path / "split.json"
    save_split(split_of("random"), path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match="was changed"):
        load_split(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no split"),
        ("[]", "is no split"),
        ('{"kind": "random"}', "is no split"),
        ('{"schema": 2}', "upgrade rarebind"),
        ('{"schema": 1}', "was changed"),
    ],
)
def test_what_is_no_split(text, message, tmp_path):
    path = tmp_path / "split.json"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_split(path)


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot read"):
        load_split(tmp_path / "none.json")
    with pytest.raises(InputError, match="cannot write"):
        save_split(split_of("random"), tmp_path / "none" / "split.json")
