"""Which complexes are labelled first."""

from collections import Counter
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.campaigns import balanced_order
from rarebind.datasets.labels import Selection, select
from rarebind.datasets.table import Row
from rarebind.engines import LevelOfTheory
from rarebind.errors import InputError


def order(items, seed=0):
    return balanced_order(items, lambda i: i[:-1], "/".join, within=lambda i: i[-1], seed=seed)


def grid(sizes, members):
    """Every combination of so many strata of each kind, so many items in each."""
    kinds = [[f"{kind}{i}" for i in range(size)] for kind, size in zip("abc", sizes, strict=False)]
    return list(product(*kinds, [str(i) for i in range(members)]))


sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@settings(max_examples=40, deadline=None)
@given(sizes, st.integers(1, 20), st.integers(0, 5))
def test_every_beginning_is_balanced(sizes, n, seed):
    """As long as no cell runs out, strata of a kind are drawn equally often, or once more."""
    drawn = order(grid(sizes, members=n), seed)[:n]
    for kind, size in enumerate(sizes):
        counts = Counter(item[kind] for item in drawn)
        per_stratum = [counts[name] for name in {i[kind] for i in grid(sizes, 1)}]
        assert len(per_stratum) == size
        assert max(per_stratum) - min(per_stratum) <= 1


@settings(max_examples=40, deadline=None)
@given(
    st.sets(st.tuples(*[st.sampled_from("xyz")] * 4), max_size=40),
    st.randoms(use_true_random=False),
    st.integers(0, 5),
)
def test_all_once_whatever_the_order_they_come_in(items, random, seed):
    items = sorted(items)
    expected = order(items, seed)
    random.shuffle(items)
    assert order(items, seed) == expected
    assert sorted(expected) == sorted(items)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 63), min_size=1), st.data())
def test_a_smaller_selection_is_the_beginning_of_a_larger(chosen, data):
    rows = [row for i, row in enumerate(ROWS) if i in chosen]
    more = data.draw(st.integers(1, len(rows)))
    fewer = data.draw(st.integers(1, more))
    large = select(rows, Selection(n=more))
    assert select(rows, Selection(n=fewer)) == large[:fewer]
    assert len(large) == more
    by_size = select(rows, Selection(n=more, order="size"))
    assert {row.key for row in by_size} == {row.key for row in large}
    assert [row.atoms for row in by_size] == sorted(row.atoms for row in large)


def test_substituents_differ_as_long_as_they_can():
    drawn = order(grid([2, 2], members=5))[:5]
    assert {item[-1] for item in drawn} == {"0", "1", "2", "3", "4"}


def test_the_seed_decides_between_equals():
    items = grid([3, 3], members=3)
    assert order(items, 1) == order(items, 1)
    assert order(items, 1) != order(items, 2)


def row(i, metal, scaffold, geometry, substituent):
    ligand = f"{scaffold}-{substituent}"
    return Row(
        key=str(i), kind="complex", label="", status="ok", reason="", metal=metal, ligand=ligand,
        scaffold=scaffold, substituent=substituent, geometry=geometry, inchikey=ligand, smiles="",
        charge=0, multiplicity=1, atoms=20 + (7 * i) % 30, level="GFN2-xTB/ALPB(water)",
        engine_version="", energy_ev=-1.0 * i, binding_kcal_mol=None, exchange_kcal_mol=None,
        aqua_waters=None, coordination_number=8, fmax_ev_per_angstrom=None,
        ligand_donor_distance=None, water_distance=None, frames=1, gradients=1, wall_time_s=0.0,
        shard="",
    )  # fmt: skip


ROWS = [
    row(i, *names)
    for i, names in enumerate(
        product(("La", "Eu", "Lu", "Y"), ("HOPO", "CAM"), ("4:0", "1:6"), ("H", "a", "b", "c"))
    )
]


def test_filters():
    chosen = select(
        ROWS,
        Selection(
            metals=("La", "Eu"), scaffolds=("CAM",), substituents=("a",), geometries=("4:0",)
        ),
    )
    assert {(r.metal, r.scaffold, r.substituent, r.geometry) for r in chosen} == {
        ("La", "CAM", "a", "4:0"),
        ("Eu", "CAM", "a", "4:0"),
    }


def test_all_unknown_names_are_told():
    with pytest.raises(InputError) as caught:
        select(ROWS, Selection(metals=("La", "Yb"), scaffolds=("HOPE",), geometries=("5:0",)))
    text = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "no metal 'Yb' among the accepted complexes: there are Eu, La, Lu, Y" in text
    assert "'HOPE'" in text
    assert "'5:0'" in text


def test_names_that_never_meet():
    rows = [r for r in ROWS if (r.metal, r.scaffold) != ("La", "CAM")]
    with pytest.raises(InputError, match="no accepted complex"):
        select(rows, Selection(metals=("La",), scaffolds=("CAM",)))


def test_only_accepted_records_of_the_source_level_count_and_the_lowest_of_them():
    rows = [
        replace(ROWS[0], key="high", energy_ev=5.0),
        replace(ROWS[0], key="low", energy_ev=-5.0),
        replace(ROWS[0], key="rejected", energy_ev=-9.0, status="rejected"),
        replace(ROWS[0], key="other", energy_ev=-9.0, level="B3LYP"),
    ]
    assert [r.key for r in select(rows, Selection())] == ["low"]
    other = replace(Selection(), source=LevelOfTheory("orca", "B3LYP"))
    assert [r.key for r in select(rows, other)] == ["other"]


@pytest.mark.parametrize("change", [{"n": 0}, {"n": -3}, {"order": "random"}])
def test_bad_selections(change):
    with pytest.raises(InputError):
        Selection(**change)
