"""Specs, layouts, the metal series, checks, grafting."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.campaigns.steps import _built
from rarebind.complexes import (
    BUILDERS,
    STUDY_GEOMETRIES,
    Layout,
    aqua_ion,
    canonical,
    check_complex,
    complex_spec,
    coordination_number,
    has_template,
    parent_templates,
    swap_metal,
    template_set,
    templates,
)
from rarebind.complexes.builders import grafting
from rarebind.complexes.templates import write_templates
from rarebind.elements import STUDY_METALS, ionic_radius
from rarebind.engines import GFN2_WATER, LEVELS, Calculation, static
from rarebind.errors import CalculationError, InputError
from rarebind.ligands import library_ligand, parse_ligand
from rarebind.structures import Structure

HOPO, CAM = library_ligand("HOPO"), library_ligand("CAM")
EDTA = parse_ligand("OC(=O)CN(CCN(CC(O)=O)CC(O)=O)CC(O)=O", "EDTA")
SPEC = complex_spec("La", HOPO, "1:6")


def as_relaxed(structure, converged=True):
    """A record of a relaxation that ended at `structure`."""
    zero = np.zeros((len(structure), 3))
    return Calculation("relax", GFN2_WATER, structure, -1.0, zero, converged=converged)


@pytest.mark.parametrize(
    ("metal", "ligand", "geometry", "charge", "multiplicity", "waters"),
    [
        ("La", HOPO, "4:0", -1, 1, 0),
        ("Gd", HOPO, "1:6", 2, 8, 6),
        ("La", CAM, "4:0", -5, 1, 0),
        ("Eu", CAM, "3:2", -3, 7, 2),
        ("Y", CAM, "2:4", -1, 1, 4),
        ("Lu", EDTA, "1", -1, 1, 2),
        ("Nd", CAM, "2", -1, 4, 4),
    ],
)
def test_charge_and_multiplicity_follow(metal, ligand, geometry, charge, multiplicity, waters):
    spec = complex_spec(metal, ligand, geometry)
    assert (spec.charge, spec.multiplicity, spec.waters) == (charge, multiplicity, waters)
    assert spec.coordination_number == 8


@pytest.mark.parametrize(
    ("ligand", "geometry", "number", "message"),
    [
        (HOPO, "5:0", 8, "'5:0' with HOPO .2 donors. needs 10 sites, more than"),
        (HOPO, "1:5", 8, "has 7 donor atoms, not the coordination number 8: use 1:6"),
        (EDTA, "1:6", 8, "has 12 donor atoms.*use 1:2"),
        (HOPO, "0:8", 8, "'0:8' is without HOPO: write L"),
        (HOPO, "0:0", 8, "unknown geometry '0:0'"),
        (HOPO, "many", 8, "unknown geometry 'many'"),
        (HOPO, "1:6:0", 8, "unknown geometry"),
        (HOPO, "1:6", 9, "not the coordination number 9: use 1:7"),
    ],
)
def test_geometries_that_cannot_be(ligand, geometry, number, message):
    with pytest.raises(InputError, match=message):
        complex_spec("La", ligand, geometry, number)


def test_unknown_metal():
    with pytest.raises(InputError, match="unknown metal 'Fe'"):
        complex_spec("Fe", HOPO, "1:6")


TEMPLATES = [
    complex_spec("La", library_ligand(scaffold), geometry)
    for scaffold in ("HOPO", "thio-HOPO", "CAM", "thio-CAM", "HDEV")
    for geometry in STUDY_GEOMETRIES
] + [aqua_ion("La", 8), aqua_ion("La", 9)]


@pytest.mark.parametrize("spec", TEMPLATES, ids=lambda s: s.name)
def test_every_template_is_a_relaxed_minimum_of_what_it_says(spec):
    assert has_template(spec)
    energies = []
    for structure in parent_templates(spec):
        calculation = static(structure, GFN2_WATER)
        report = check_complex(calculation, spec)
        assert report.accepted, report.reasons
        assert report.coordination_number == spec.coordination_number
        assert calculation.fmax < 0.05
        energies.append(calculation.energy)
    assert energies == sorted(energies)


@given(st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_canonical_order_is_found_again(random):
    structure = parent_templates(complex_spec("La", CAM, "2:4"))[0]
    order = list(range(1, len(structure)))
    random.shuffle(order)
    order = [0, *order]
    shuffled = Structure(
        tuple(structure.symbols[i] for i in order), structure.positions[order], structure.charge
    )
    spec = complex_spec("La", CAM, "2:4")
    again = canonical(shuffled, spec)
    assert again.symbols == Layout(spec).symbols
    assert check_complex(as_relaxed(again), spec).accepted


def test_canonical_refuses_another_molecule():
    with pytest.raises(CalculationError, match="is not CAM"):
        canonical(parent_templates(SPEC)[0], complex_spec("La", CAM, "1:6"))


@pytest.mark.parametrize("metal", [*STUDY_METALS, "Sc"])
def test_swapping_moves_the_donors_by_the_radius_difference(metal):
    start = parent_templates(SPEC)[0]
    swapped = swap_metal(start, SPEC, metal)
    donors = Layout(SPEC).donors

    def mean_distance(s):
        return np.linalg.norm(s.positions[donors] - s.positions[0], axis=1).mean()

    expected = ionic_radius(metal, 8) - ionic_radius("La", 8)
    assert mean_distance(swapped) - mean_distance(start) == pytest.approx(expected, abs=0.01)
    assert swapped.symbols[0] == metal
    assert swapped.charge == start.charge
    assert swapped.multiplicity == SPEC.with_metal(metal).multiplicity
    # Ligands move as rigid bodies.
    for part in Layout(SPEC).fragments:
        index = list(part.atoms)
        before, after = (s.positions[index] - s.positions[index[0]] for s in (start, swapped))
        assert np.allclose(before, after)


def test_swapping_there_and_back():
    start = parent_templates(SPEC)[0]
    there = swap_metal(start, SPEC, "Lu")
    back = swap_metal(there, SPEC.with_metal("Lu"), "La")
    assert np.abs(back.positions - start.positions).max() < 0.02


def test_an_intact_complex_is_accepted():
    report = check_complex(as_relaxed(parent_templates(SPEC)[0]), SPEC)
    assert report.accepted
    assert report.coordination_number == 8
    assert len(report.donor_distances) == 8
    assert min(report.donor_distances) > 2.0


def broken(change):
    """The template with `change` applied to a writable copy of its positions."""
    structure = parent_templates(SPEC)[0]
    positions = np.array(structure.positions)
    change(positions, Layout(SPEC))
    return structure.with_positions(positions)


def test_a_lost_water_is_seen():
    def change(positions, layout):
        water = list(layout.waters[0])
        direction = positions[water[0]] - positions[0]
        positions[water] += 2.0 * direction / np.linalg.norm(direction)

    report = check_complex(as_relaxed(broken(change)), SPEC)
    assert not report.accepted
    assert "left the metal" in report.reasons[0]
    assert report.coordination_number == 7


def test_a_moved_proton_is_seen():
    def change(positions, layout):
        ligand, water = layout.ligands[0], layout.waters[0]
        donor = ligand[HOPO.donors[0]]
        outward = positions[donor] - positions[0]
        positions[water[1]] = positions[donor] + outward / np.linalg.norm(outward) * 0.97

    report = check_complex(as_relaxed(broken(change)), SPEC)
    assert any("water 1 is no longer H2O" in reason for reason in report.reasons)
    assert any("ligand 1" in reason for reason in report.reasons)


def test_a_broken_bond_is_seen():
    def change(positions, layout):
        methyl = next(iter(layout.ligands[0]))
        positions[methyl] += 2.0

    report = check_complex(as_relaxed(broken(change)), SPEC)
    assert any("ligand 1 broke apart" in reason for reason in report.reasons)


def test_an_unconverged_relaxation_is_rejected():
    report = check_complex(as_relaxed(parent_templates(SPEC)[0], converged=False), SPEC)
    assert not report.accepted
    assert "not converged" in report.reasons[0]


def test_coordination_number_does_not_depend_on_orientation():
    structure = parent_templates(SPEC)[0]
    turned = Rotation.random(rng=2).apply(np.array(structure.positions))
    assert coordination_number(structure.with_positions(turned)) == 8


GRAFTED = [
    ("HOPO", "hydroxyl", "1:6"), ("CAM", "carboxylic-acid", "4:0"),
    ("thio-HOPO", "phosphonate", "2:4"),
    ("thio-CAM", "2-methylbenzoic-acid", "3:2"), ("HDEV", "2-hydroxypyridine", "4:0"),
]  # fmt: skip


@pytest.mark.parametrize(("scaffold", "substituent", "geometry"), GRAFTED)
def test_grafting_keeps_the_parent_and_the_ligand(scaffold, substituent, geometry):
    ligand = library_ligand(scaffold, substituent)
    spec = complex_spec("La", ligand, geometry)
    candidates = BUILDERS.create("grafting", conformers=4).build(spec)
    assert candidates
    donors = Layout(spec).donors
    parent = complex_spec("La", library_ligand(scaffold), geometry)
    template = parent_templates(parent)[0]
    for candidate in candidates:
        assert check_complex(as_relaxed(candidate), spec).accepted
        assert candidate.charge == spec.charge
    distances = [
        np.linalg.norm(s.positions[d] - s.positions[0], axis=1)
        for s, d in ((candidates[0], donors), (template, Layout(parent).donors))
    ]
    assert np.allclose(*distances)


FURTHER = [
    ("HOPO", "CCc1cc(C(=O)NC)n(O)c(=O)c1", "4:0"),
    ("CAM", "CNC(=O)c1c(C(C)(C)C)ccc(O)c1O", "1:6"),  # tert-butyl beside the side chain
    ("CAM", "CNC(=O)c1cc2ccccc2c(O)c1O", "2:4"),
    ("HOPO", "CC(C)NC(=O)c1cccc(=O)n1O", "4:0"),
    ("HDEV", "COCCNC(=O)c1cc(CC)cn(O)c1=O", "3:2"),
]


@pytest.mark.parametrize(("scaffold", "smiles", "geometry"), FURTHER)
def test_grafting_serves_substituents_that_the_library_lacks(scaffold, smiles, geometry):
    spec = complex_spec("Gd", parse_ligand(smiles), geometry)
    template = parent_templates(complex_spec("La", library_ligand(scaffold), geometry))[0]
    assert template == parent_templates(spec)[0]
    candidates = BUILDERS.create("grafting", conformers=4).build(spec)
    assert candidates
    for candidate in candidates:
        assert check_complex(as_relaxed(candidate), spec).accepted


#: A group beside a donor, for which four ligands leave no room.
CROWDED = "CNC(=O)c1ccc(C(C)(C)C)n(O)c1=O"


def test_where_a_group_has_no_room_architector_is_tried():
    crowded = complex_spec("La", parse_ligand(CROWDED), "4:0")
    with pytest.raises(CalculationError, match=r"no conformer .* fits .* 'architector'"):
        BUILDERS.create("grafting").build(crowded)
    task = TaskFactory(Protocol(symmetries=2)).complex(crowded)
    assert task.arguments["builder"] == "grafting"
    if BUILDERS.spec("architector").missing():
        assert "otherwise" not in task.arguments
    else:
        assert task.arguments["otherwise"]["builder"] == "architector"
        assert task.arguments["otherwise"]["options"]["symmetries"] == 2
        assert any("architector" in version for version in task.versions)
    # The library's own all fit, and who chooses a builder gets that one.
    own = TaskFactory(Protocol()).complex(complex_spec("La", CAM, "4:0"))
    chosen = TaskFactory(Protocol(builder="grafting")).complex(crowded)
    assert "otherwise" not in own.arguments
    assert "otherwise" not in chosen.arguments


def test_the_builder_to_be_tried_otherwise_is_asked_where_the_first_fails():
    crowded, other = (complex_spec("La", parse_ligand(CROWDED), g) for g in ("4:0", "1:6"))
    grafting = {"builder": "grafting", "options": {"seed": 7}}
    with pytest.raises(CalculationError, match="no conformer"):
        _built(grafting, crowded)
    # One that does not know its options tells who was asked.
    unknown = {"builder": "grafting", "options": {"symmetries": 2}}
    with pytest.raises(TypeError, match="symmetries"):
        _built(grafting | {"otherwise": unknown}, crowded)
    assert _built(grafting | {"otherwise": unknown}, other)


def test_a_substituent_that_touches_the_ligand_itself_is_no_candidate(monkeypatch):
    """Of conformers that bend towards the amide none is offered."""
    spec = complex_spec("La", parse_ligand("CNC(=O)c1c(CCCO)ccc(O)c1O"), "1:6")
    good = BUILDERS.create("grafting").build(spec)
    monkeypatch.setattr(grafting, "_has_other_bonds", lambda *_: False)
    offered = BUILDERS.create("grafting").build(spec)
    torn = [c for c in offered if not check_complex(as_relaxed(c), spec).accepted]
    assert torn
    assert len(good) + len(torn) == len(offered)
    assert all(check_complex(as_relaxed(c), spec).accepted for c in good)


def test_grafting_is_reproducible():
    spec = complex_spec("La", library_ligand("HOPO", "acetyl"), "1:6")
    first, second = (BUILDERS.create("grafting", seed=7).build(spec) for _ in range(2))
    assert first == second


def test_grafting_refuses_other_scaffolds():
    spec = complex_spec("La", parse_ligand("CC(=O)CC(C)=O"), "1:6")
    assert not has_template(spec)
    with pytest.raises(InputError, match="'architector'"):
        BUILDERS.create("grafting").build(spec)


def test_another_metal_can_be_grafted_directly():
    spec = complex_spec("Lu", HOPO, "1:6")
    assert all(s.symbols[0] == "Lu" for s in BUILDERS.create("grafting").build(spec))


def test_specs_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        SPEC.metal = "Lu"


def test_a_level_may_have_templates_of_its_own(tmp_path, monkeypatch):
    spec = complex_spec("La", library_ligand("HOPO"), "1:6")
    shipped = parent_templates(spec)
    level = LEVELS["gfn2-re"]
    assert template_set(GFN2_WATER) == template_set(level) == ""
    write_templates(tmp_path, spec, [(one, float(n)) for n, one in enumerate(shipped)])
    (tmp_path / "notes").mkdir()
    stretched = shipped[0].with_positions(1.01 * shipped[0].positions)
    write_templates(tmp_path / "gfn2-re", spec, [(stretched, 0.0)], level)
    monkeypatch.setattr(templates, "_SHIPPED", tmp_path)
    templates._templates.cache_clear()
    assert template_set(GFN2_WATER) == ""
    assert template_set(level) == "gfn2-re"
    (own,) = parent_templates(spec, "gfn2-re")
    assert np.allclose(own.positions, stretched.positions, atol=1e-7)
    assert len(parent_templates(spec)) == len(shipped)
    other = complex_spec("La", library_ligand("HOPO"), "4:0")
    monkeypatch.undo()
    templates._templates.cache_clear()
    assert parent_templates(other, "gfn2-re") == parent_templates(other)
