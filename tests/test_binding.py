"""Thermodynamic cycles."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_dataset import GFN1_WATER, SPECS, small_records

from rarebind.binding import (
    WATER,
    BindingEnergy,
    Species,
    aqua_exchange,
    difference,
    failures,
    formation,
    label_complex,
    label_if_possible,
    lowest,
    missing,
    reaction_energy,
    references_of,
)
from rarebind.campaigns import Protocol, TaskFactory, reference_results, reference_tasks
from rarebind.complexes import complex_spec
from rarebind.engines import GFN2_WATER
from rarebind.errors import CalculationError, InputError
from rarebind.ligands import common_ligand

# --- reactions ----------------------------------------------------------------------------------

KEYS = ("HOPO", "TTA", "phen", "nitrate")
METALS = ("La", "Eu", "Y")
energies = st.floats(-1e4, 1e4)


@st.composite
def complexes(draw, metal=None):
    """A complex of one to four kinds of ligands, and water."""
    kinds = draw(st.lists(st.sampled_from(KEYS), min_size=1, unique=True))
    ligands = tuple((kind, draw(st.integers(1, 4))) for kind in kinds)
    metal = metal or draw(st.sampled_from(METALS))
    return Species(metal, ligands, draw(st.integers(0, 8)))


def drawn(data, *reactions):
    """An energy for every species of some reactions."""
    return {species: data.draw(energies) for species in {s for r in reactions for s in r}}


def contents(species):
    """What a species is made of, whatever it is called."""
    return Counter(
        {species.metal: bool(species.metal), "H2O": species.waters, **dict(species.ligands)}
    )


@given(complexes(), st.integers(7, 9))
def test_nothing_is_lost_in_a_reaction(product, waters):
    for reaction in (formation(product), aqua_exchange(product, waters)):
        total = Counter()
        for species, number in reaction.items():
            for part, count in contents(species).items():
                total[part] += number * count
        assert not any(total.values())
        assert reaction[product] == 1


@given(complexes(), st.integers(7, 9), st.data())
def test_exchange_knows_no_bare_ion_and_no_zero_of_energy(product, waters, data):
    """A constant for the metal, each ligand and water, in every species: nothing changes."""
    reaction = aqua_exchange(product, waters)
    assert Species(product.metal) not in reaction
    known = drawn(data, reaction)
    constants = {part: data.draw(energies) for part in contents(product)}
    shifted = {
        species: energy + sum(constants.get(part, 0.0) * n for part, n in contents(species).items())
        for species, energy in known.items()
    }
    assert reaction_energy(reaction, shifted) == pytest.approx(
        reaction_energy(reaction, known), abs=1e-6
    )


@given(complexes("Eu"), complexes("Eu"), st.integers(7, 9), st.data())
def test_equation_1_less_exchange_depends_on_the_metal_alone(one, other, waters, data):
    assert difference(formation(one), aqua_exchange(one, waters)) == difference(
        formation(other), aqua_exchange(other, waters)
    )
    known = drawn(data, formation(one), aqua_exchange(one, waters))
    assert reaction_energy(formation(one), known) - reaction_energy(
        aqua_exchange(one, waters), known
    ) == pytest.approx(reaction_energy(formation(Species("Eu", waters=waters)), known), abs=1e-6)


@given(complexes("La"), st.data())
def test_in_a_selectivity_the_ligands_cancel(product, data):
    """ΔΔE of one ligand for two metals: neither free ligands nor, at equal waters, water."""
    other = replace(product, metal="Lu")
    preference = difference(aqua_exchange(other, 9), aqua_exchange(product, 9))
    assert {species.kind for species in preference} == {"complex", "aqua"}
    known = drawn(data, preference)
    assert reaction_energy(preference, known) == pytest.approx(
        known[other] - known[product]
        - known[Species("Lu", waters=9)] + known[Species("La", waters=9)], abs=1e-6,
    )  # fmt: skip


def test_a_reaction_by_hand():
    product = Species("Eu", (("TTA", 3), ("phen", 1)), 1, ("thenoyltrifluoroacetonate", "phen"))
    tta, phen = (Species(ligands=((key, 1),)) for key in ("TTA", "phen"))
    ion, aqua = Species("Eu"), Species("Eu", waters=8)
    assert formation(product) == {product: 1, ion: -1, tta: -3, phen: -1, WATER: -1}
    assert aqua_exchange(product, 8) == {product: 1, aqua: -1, tta: -3, phen: -1, WATER: 7}
    known = {product: -100.0, ion: -20.0, tta: -15.0, phen: -10.0, WATER: -2.0, aqua: -40.0}
    assert reaction_energy(formation(product), known) == -100 + 20 + 45 + 10 + 2
    assert reaction_energy(aqua_exchange(product, 8), known) == -100 + 40 + 45 + 10 - 14
    assert [str(species) for species in formation(product)] == [
        "Eu(thenoyltrifluoroacetonate)3(phen)1(H2O)1", "Eu3+",
        "free thenoyltrifluoroacetonate", "free phen", "water",
    ]  # fmt: skip
    assert [species.kind for species in (product, aqua, ion, tta, WATER)] == [
        "complex", "aqua", "ion", "ligand", "water",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"no energy of Eu3\+, free phen: compute"):
        reaction_energy(formation(product), {product: 0.0, tta: 0.0, WATER: 0.0})


def test_nothing_comes_of_what_it_is_made_of():
    for species in (WATER, Species("La"), Species(ligands=(("TTA", 1),))):
        assert formation(species) == {}
    assert aqua_exchange(Species("La", waters=9), 9) == {}


def test_the_order_and_names_of_ligands_do_not_matter():
    one = Species("Eu", (("TTA", 3), ("phen", 1)), names=("a", "b"))
    other = Species("Eu", (("phen", 1), ("TTA", 3)))
    assert one == other
    assert {one: 1}[other] == 1
    assert (str(one), str(other)) == ("Eu(a)3(b)1", "Eu(phen)1(TTA)3")


def test_of_several_the_lowest_is_kept_and_of_equals_the_first():
    found = [("a", (3, "x")), ("b", (1, "x")), ("a", (2, "y")), ("b", (1, "y"))]
    assert lowest(found, lambda item: item[0]) == {"a": (2, "y"), "b": (1, "x")}


# --- references ---------------------------------------------------------------------------------


@given(complexes(), st.data())
def test_what_is_missing_is_named(product, data):
    wanted = references_of(product)
    assert missing(product, wanted) == []
    lost = data.draw(st.sampled_from(wanted))
    there = set(wanted) - {lost}
    if lost.kind == "aqua":
        # The other one serves.
        assert missing(product, there) == []
        there = {species for species in there if species.kind != "aqua"}
        assert missing(product, there) == [f"aqua ion of {product.metal}"]
        assert missing(product, there, ()) == []
    else:
        assert missing(product, there) == [str(lost)]
    if lost.kind == "ion":
        assert missing(product, there, ion=False) == []


SPEC = SPECS[0]


def parts():
    """A complex and what it is compared with."""
    found = {r.species: r.calculation for r in small_records() if r.calculation.ok}
    return found[Species.of(SPEC)], {s: found[s] for s in references_of(Species.of(SPEC))}


def without(references, *kinds):
    return {s: c for s, c in references.items() if s.kind not in kinds}


def spoiled(references, *kinds, status="rejected"):
    return {
        s: replace(c, status=status, reason="moved") if s.kind in kinds else c
        for s, c in references.items()
    }


def test_each_energy_needs_its_own_references_alone():
    calculation, whole = parts()
    both = label_complex(SPEC, calculation, whole)
    assert both.binding - both.exchange == pytest.approx(
        whole[Species("La", waters=both.aqua_waters)].energy
        - whole[Species("La")].energy - both.aqua_waters * whole[WATER].energy, abs=1e-9,
    )  # fmt: skip
    for change in (without, spoiled):
        alone = label_complex(SPEC, calculation, change(whole, "ion"))
        assert alone == replace(both, binding=None)
        assert alone.binding_kcal is None
        bare = label_complex(SPEC, calculation, change(whole, "aqua"))
        assert bare == replace(both, exchange=None, aqua_waters=None)
        assert bare.binding_kcal == both.binding_kcal
        with pytest.raises(CalculationError, match="no aqua ion of La"):
            label_complex(SPEC, calculation, change(whole, "aqua"), need_exchange=True)
        for kinds in (("ligand",), ("water",), ("ion", "aqua")):
            assert label_if_possible(SPEC, calculation, change(whole, *kinds)) is None


def test_the_more_stable_aqua_ion_is_the_reference():
    calculation, whole = parts()
    for n, other in ((8, 9), (9, 8)):
        ion, water = whole[Species("La", waters=other)], whole[WATER]
        stabler = replace(ion, energy=ion.energy + (n - other) * water.energy - 1.0)
        changed = whole | {Species("La", waters=n): stabler}
        assert label_complex(SPEC, calculation, changed).aqua_waters == n


def test_what_stands_in_the_way_is_told():
    calculation, whole = parts()
    for references, told in [
        (without(whole, "water"), "no energy of water"),
        (without(whole, "ligand"), "no energy of free HOPO"),
        (spoiled(whole, "water"), "water rejected: moved"),
        (without(whole, "ion", "aqua"), r"no energy of La3\+; no aqua ion of La"),
        (
            spoiled(whole, "aqua", "ion"),
            r"La3\+ rejected: moved; no aqua ion of La: La\(H2O\)8 rej",
        ),
    ]:
        with pytest.raises(CalculationError, match=told):
            label_complex(SPEC, calculation, references)
    with pytest.raises(CalculationError, match=r"La\(HOPO\)1\(H2O\)6 rejected: moved"):
        label_complex(SPEC, replace(calculation, status="rejected", reason="moved"), whole)
    assert failures(whole) == failures(spoiled(whole, "aqua")) == []
    assert failures(spoiled(whole, "ion", status="failed")) == ["without La3+, which failed: moved"]


def test_levels_are_not_mixed():
    calculation, whole = parts()
    other = replace(whole[WATER], level=GFN1_WATER)
    with pytest.raises(InputError, match=r"water was computed with .* cannot be combined"):
        label_complex(SPEC, calculation, whole | {WATER: other})


@pytest.mark.parametrize("energies", [{}, {"exchange": 1.0}, {"aqua_waters": 8}])
def test_a_binding_energy_says_something(energies):
    with pytest.raises(InputError, match=r"neither equation 1|goes with its aqua ion"):
        BindingEnergy(SPEC, GFN2_WATER, None, 8, **energies)


def test_a_mixed_complex_has_all_its_ligands_among_the_references():
    tta, phen = common_ligand("TTA"), common_ligand("phen")
    spec = complex_spec("Eu", tta, "L:3,phen:1")
    product = Species.of(spec)
    assert str(product) == f"Eu({tta.name})3({phen.name})1"
    assert formation(product) == {
        product: 1, Species("Eu"): -1, Species.free(tta): -3, Species.free(phen): -1,
    }  # fmt: skip
    tasks = reference_tasks([spec], TaskFactory(Protocol()))
    assert [species.kind for species in tasks] == ["ligand"] * 2 + ["water", "ion", "aqua", "aqua"]
    assert {task.label for s, task in tasks.items() if s.kind == "ligand"} == {tta.name, phen.name}
    made = {task.key: next(iter(parts()[1].values())) for task in tasks.values()}
    assert reference_results(spec, tasks, made).keys() == set(references_of(product))
