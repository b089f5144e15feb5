"""Compositions: how they are written and read, mixed complexes in the order of their layout."""

import json
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.binding import BindingEnergy, Species, aqua_exchange
from rarebind.campaigns import Protocol, TaskFactory, reference_tasks
from rarebind.campaigns.plain import spec_from_data, spec_to_data
from rarebind.campaigns.steps import execute
from rarebind.cli import main
from rarebind.complexes import (
    ComplexSpec,
    Composition,
    Layout,
    canonical,
    check_complex,
    complex_spec,
    compose,
    coordination_number,
    has_template,
    read_geometry,
    swap_metal,
)
from rarebind.datasets.extxyz import read_records, write_records
from rarebind.datasets.infer import identify
from rarebind.datasets.record import Record
from rarebind.datasets.table import row_of
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.errors import CalculationError, InputError
from rarebind.io.xyz import read_frames
from rarebind.ligands import (
    common_ligand,
    common_names,
    conformers,
    library_ligand,
    parse_ligand,
    water,
)
from rarebind.screening.asked import fit
from rarebind.structures import Structure

HOPO, ACAC, PHEN = library_ligand("HOPO"), common_ligand("acac"), common_ligand("phen")
NITRATE, TMDGA = common_ligand("nitrate"), common_ligand("TMDGA")
NAMES = [name for name in common_names() if name != "water"]


def numbers(composition):
    return [(ligand.name, number) for ligand, number in composition.ligands], composition.waters


@pytest.mark.parametrize(
    ("text", "ligand", "expected", "geometry"),
    [
        ("1:6", HOPO, ([("HOPO", 1)], 6), "1:6"),
        ("1", HOPO, ([("HOPO", 1)], 6), "1:6"),
        ("L:1", HOPO, ([("HOPO", 1)], 6), "1:6"),
        ("HOPO:4", HOPO, ([("HOPO", 4)], 0), "4:0"),
        ("L:3,phen:1", ACAC, ([("acac", 3), ("phen", 1)], 0), "L:3,phen:1"),
        ("acac:3,Phen", None, ([("acac", 3), ("phen", 1)], 0), "L:3,phen:1"),
        ("phen:1,L:3", ACAC, ([("acac", 3), ("phen", 1)], 0), "L:3,phen:1"),
        ("L:1,NO3:3", TMDGA, ([("TMDGA", 1), ("nitrate", 3)], 0), "L:1,nitrate:3"),
        ("acetate:2,water:5", None, ([("acetate", 2)], 5), "2:5"),
        ("L:2,hydroxide:1", HOPO, ([("HOPO", 2), ("hydroxide", 1)], 3), "L:2,hydroxide:1,water:3"),
        ("L:3,water:0", ACAC, ([("acac", 3)], 0), "3:0"),
        ("L:1, OH:2 , H2O : 4", HOPO, ([("HOPO", 1), ("hydroxide", 2)], 4),
         "L:1,hydroxide:2,water:4"),
        ('L:2,"[N:1]#CC":2', ACAC, ([("acac", 2), ("CC#[N:1]", 2)], 2), 'L:2,"CC#[N:1]":2,water:2'),
        ("L:1,HOPO-hydroxyl:1", ACAC, ([("acac", 1), ("HOPO-hydroxyl", 1)], 4),
         "L:1,HOPO-hydroxyl:1,water:4"),
        ("0:9", None, ([], 9), "0:9"),
        ("water:9", None, ([], 9), "0:9"),
    ],
)  # fmt: skip
def test_texts_are_read(text, ligand, expected, geometry):
    composition = compose(text, ligand)
    assert numbers(composition) == expected
    assert composition.geometry == geometry


def test_charge_sites_and_atoms_follow():
    neutral = complex_spec("Eu", ACAC, "L:3,phen:1")
    assert (neutral.charge, neutral.multiplicity, neutral.coordination_number) == (0, 7, 8)
    assert neutral.n_atoms == 1 + 3 * 14 + 22
    assert neutral.name == "Eu(acac)3(phen)1"
    nitrates = complex_spec("La", TMDGA, "L:1,nitrate:3")
    assert (nitrates.charge, nitrates.coordination_number) == (0, 9)
    assert complex_spec("La", HOPO, "L:2,hydroxide:1").charge == 0


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        ("L:3,fen:1", None, "unknown ligand 'fen': known are HOPO, .* phen, "),
        ("L:3,phen:0", None, "unknown geometry 'L:3,phen:0'"),
        ("L:3,phen:1,", None, "unknown geometry"),
        ("L:3,,phen:1", None, "unknown geometry"),
        ("L:1,2:4", None, "unknown geometry 'L:1,2:4'"),
        ("L:1,water:1,H2O:2", None, "unknown geometry"),
        ("L:1,L:2", None, "HOPO occurs twice"),
        ("L:1,HOPO:2", None, "HOPO occurs twice"),
        ("phen:2", None, "'phen:2' is without HOPO: write L for it"),
        ('L:1,"water":2', None, "water is water"),
        ('L:1,"CC":2', None, "geometry 'L:1,\"CC\":2': no donor atoms found"),
        ("L:3,phen:2", 8, r"HOPO .2 donors., phen .2 donors. needs 10 sites, more than"),
        ("L:2,phen:1,water:1", 8, "7 donor atoms, not the coordination number 8: use water:2"),
        ("L:6,phen:1", None, "coordination number 14"),
    ],
)
def test_texts_that_cannot_be(text, number, message):
    with pytest.raises(InputError, match=message):
        compose(text, HOPO, number)


def test_a_name_of_the_own_file_comes_first():
    own = parse_ligand("CC(=O)CC(C)=O", "phen")
    composition = compose("L:2,phen:1", HOPO, others=[own])
    assert composition.ligands[1][0] == own


odd_names = st.sampled_from(["water", "L", "3", "2,2'-x", "a:b", " b ", 'c"d', "µ-OH", "1:6"])
ligands = st.one_of(
    st.sampled_from(NAMES).map(common_ligand),
    odd_names.map(lambda name: parse_ligand("CC(=O)CC(=O)CC", name)),
    st.just("CC(=O)[N:1](C)C").map(parse_ligand),
)


@given(
    st.lists(st.tuples(ligands, st.integers(1, 3)), max_size=4, unique_by=lambda p: p[0].inchikey),
    st.integers(0, 9),
)
@settings(deadline=None)
def test_what_is_written_is_read_again(kinds, waters):
    if not kinds and not waters:
        return
    composition = Composition(tuple(kinds), waters)
    if composition.coordination_number not in range(3, 13):
        return
    known = [ligand for ligand, _ in kinds]
    again = compose(str(composition), others=known)
    assert [(one.inchikey, n) for one, n in again.ligands] == [(o.inchikey, n) for o, n in kinds]
    assert again.waters == waters
    if composition.main is not None:
        number = composition.coordination_number
        assert compose(composition.geometry, composition.main, number, known[1:]) == Composition(
            ((composition.main, kinds[0][1]), *again.ligands[1:]), waters
        )
    read_geometry(composition.geometry)


def test_common_ligands_are_different_molecules():
    keys = {common_ligand(name).inchikey for name in common_names()}
    assert len(keys) == len(common_names())
    assert common_ligand("H2O") == water()
    assert common_ligand("unheard-of") is None


def test_plain_data_of_mixed_complexes():
    spec = complex_spec("Eu", ACAC, "L:3,phen:1")
    text = json.dumps(spec_to_data(spec))
    again = spec_from_data(json.loads(text))
    assert json.dumps(spec_to_data(again)) == text
    assert Layout(again).symbols == Layout(spec).symbols
    # One kind is written as it ever was: the keys of stored results depend on it.
    assert set(spec_to_data(complex_spec("Eu", ACAC, "1:6"))) == {
        "metal", "ligand", "n_ligands", "waters",
    }  # fmt: skip


@cache
def far_apart(spec):
    """Atoms of `spec` with its fragments around the metal, none near another."""
    rng = np.random.default_rng(1)
    positions = [np.zeros((1, 3))]
    for number, part in enumerate(Layout(spec).fragments):
        shape = conformers(part.ligand, 1, 7)[0].positions
        towards = np.array([np.cos(number), np.sin(number), 0.0]) * (12.0 + number)
        positions.append(shape + towards + rng.normal(scale=1e-3, size=shape.shape))
    symbols = Layout(spec).symbols
    return Structure(symbols, np.concatenate(positions), spec.charge, spec.multiplicity)


MIXED = [
    complex_spec("La", HOPO, "L:2,nitrate:1,hydroxide:1,chloride:1"),
    complex_spec("La", TMDGA, "L:1,nitrate:3,water:1"),
    complex_spec("Gd", HOPO, "L:2,acetate:2"),
]


@pytest.mark.parametrize("spec", MIXED, ids=lambda spec: spec.name)
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=5, deadline=None)
def test_the_canonical_order_does_not_depend_on_that_given(spec, random):
    structure = far_apart(spec)
    order = list(range(1, len(structure)))
    random.shuffle(order)
    shuffled = structure.subset([0, *order], spec.charge)
    found = canonical(shuffled, spec)
    assert found.symbols == Layout(spec).symbols
    assert found == canonical(structure, spec)
    assert found == canonical(found, spec)


def test_another_composition_is_refused():
    spec, other = MIXED[1], complex_spec("La", TMDGA, "L:1,nitrate:2,water:3")
    with pytest.raises(CalculationError, match="3 nitrate in place of 2, 1 water in place of 3"):
        canonical(far_apart(spec), other)
    with pytest.raises(CalculationError, match=r"a fragment is not acac: .*; not water: "):
        canonical(far_apart(spec), complex_spec("La", ACAC, "3:2"))


def test_every_kind_is_checked():
    spec = MIXED[0]
    whole = far_apart(spec)
    positions = np.array(whole.positions)
    nitrate = Layout(spec).ligands[2]
    positions[nitrate[0]] += 4.0
    zero = np.zeros_like(positions)
    calculation = Calculation("relax", GFN2_WATER, whole.with_positions(positions), -1.0, zero)
    reasons = check_complex(calculation, spec).reasons
    assert "ligand 3 broke apart, merged or exchanged protons" in reasons
    assert sum("left the metal" in reason for reason in reasons) == spec.coordination_number
    intact = Calculation("relax", GFN2_WATER, whole, -1.0, zero)
    assert not any("ligand" in reason for reason in check_complex(intact, spec).reasons)


def test_the_metal_is_swapped_in_mixed_complexes():
    spec = MIXED[1]
    swapped = swap_metal(far_apart(spec), spec, "Lu")
    assert swapped.symbols == Layout(spec.with_metal("Lu")).symbols
    for part in Layout(spec).fragments:
        before, after = far_apart(spec).positions[part.atoms], swapped.positions[part.atoms]
        assert np.allclose(before - before[0], after - after[0])


def test_mixed_complexes_are_not_grafted():
    assert not has_template(complex_spec("La", HOPO, "L:2,phen:1"))
    assert has_template(ComplexSpec("La", Composition.of(HOPO, 1, 6)))


@pytest.mark.parametrize("spec", MIXED, ids=lambda spec: spec.name)
def test_records_of_mixed_complexes_are_read_again(spec, tmp_path):
    structure = far_apart(spec)
    calculation = Calculation("static", GFN2_WATER, structure, -1.0, np.zeros((len(structure), 3)))
    binding = BindingEnergy(spec, GFN2_WATER, -2.0, 8, -1.0, 9)
    record = Record("complex", calculation, spec, spec.ligand, binding, "key", spec.name)
    path = tmp_path / "records.xyz"
    path.write_text(write_records([record]), encoding="utf-8")
    (again,) = read_records(read_frames(path))
    assert again.spec == spec
    assert again.binding == binding
    assert again.species == Species.of(spec)
    row = row_of(again)
    assert (row.geometry, row.species) == (spec.geometry, Species.of(spec))


@pytest.mark.parametrize("spec", MIXED, ids=lambda spec: spec.name)
def test_mixed_complexes_are_recognised_from_their_atoms(spec):
    structure = far_apart(spec)
    order = np.random.default_rng(3).permutation(len(structure))
    found = identify([structure.symbols[i] for i in order], structure.positions[order])
    assert found.kind == "complex"
    assert Species.of(found.spec) == Species.of(spec)
    assert found.charge == spec.charge


def test_a_screen_combines_every_ligand_with_the_others_of_a_composition():
    acac, hfac = (common_ligand(name) for name in ("acac", "hfac"))
    found = fit([acac, hfac], ["Eu", "Lu"], ["L:3,phen:1", "hfac:1,nitrate:3", "2:4"])
    assert not found.misfits
    assert [spec.name for spec in found.specs if spec.metal == "Eu"] == [
        "Eu(acac)3(phen)1", "Eu(acac)2(H2O)4",
        "Eu(hfac)3(phen)1", "Eu(hfac)1(nitrate)3", "Eu(hfac)2(H2O)4",
    ]  # fmt: skip
    assert {spec.geometry for spec in found.specs} == {"L:3,phen:1", "L:1,nitrate:3", "2:4"}
    with pytest.raises(InputError, match=r"'acac:3,phen:1' has none of the ligands given \(hfac\)"):
        fit([hfac], ["Eu"], ["acac:3,phen:1"])
    assert (
        "more than the coordination number 8"
        in fit([acac, TMDGA], ["La"], ["L:1,nitrate:3", "1"], 8).misfits[0].reason
    )


def test_references_are_of_every_kind_of_ligand():
    spec = complex_spec("La", TMDGA, "L:1,nitrate:3")
    tasks = reference_tasks([spec], TaskFactory(Protocol()))
    assert [s for s in tasks if s.kind == "ligand"] == [
        Species.free(TMDGA), Species.free(NITRATE),
    ]  # fmt: skip
    exchange = aqua_exchange(Species.of(spec), 9)
    assert exchange[Species.free(NITRATE)] == -3
    assert exchange[Species(waters=1)] == 9


def test_a_mixed_complex_is_screened_from_the_command_line(tmp_path):
    """Built, relaxed, checked and labelled for real; the smallest that has three kinds."""
    path = tmp_path / "ligands.csv"
    path.write_text("name,smiles\nformate,O=C[O-]\n")
    arguments = [
        "screen", str(path), "--metals", "La", "--geometries", "L:1,nitrate:2,hydroxide:1",
        "--coordination-number", "7", "--engine", "tblite", "--builder", "embedding", "--hops", "0",
        "--relaxed-candidates", "1", "--ligand-conformers", "1", "--workers", "1",
        "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert not ended.value.code
    table = pd.read_csv(tmp_path / "out" / "ranking.csv")
    assert table["geometry"].tolist() == ["L:1,nitrate:2,hydroxide:1,water:0"]
    assert np.isfinite(table["exchange"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metal", "main", "text"),
    [
        ("Eu", ACAC, "L:3,phen:1"),
        ("La", TMDGA, "L:1,nitrate:3"),
    ],
)
def test_mixed_complexes_keep_their_ligands(metal, main, text):
    spec = complex_spec(metal, main, text)
    protocol = Protocol(builder="embedding", relaxed_candidates=2, hops=0)
    task = TaskFactory(protocol).complex(spec.with_metal("La"))
    template = execute(task.step, task.arguments, [])
    assert template.ok, template.reason
    assert coordination_number(template.structure) == spec.coordination_number
    if metal != "La":
        task = TaskFactory(protocol).complex(spec)
        found = execute(task.step, task.arguments, [template])
        assert found.ok, found.reason
        assert coordination_number(found.structure) == spec.coordination_number
