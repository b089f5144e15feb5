"""Reference data: geometries, plan, run and shards."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from rarebind.campaigns import Store
from rarebind.campaigns.reference.building import (
    WATER,
    atom_ranges,
    embed,
    faults,
    fragments,
    read_ligand,
)
from rarebind.campaigns.reference.config import read_config
from rarebind.campaigns.reference.displacement import agitated, stretched
from rarebind.campaigns.reference.plan import Planner
from rarebind.campaigns.reference.refinement import pair_forces
from rarebind.campaigns.reference.shards import read_references
from rarebind.campaigns.reference.steps import reference_start
from rarebind.campaigns.steps import execute
from rarebind.cli import app
from rarebind.engines import GFN2_WATER, static
from rarebind.engines.tblite_parameters import exported_parameters
from rarebind.errors import InputError

CONFIG = """
level: gfn2-xtb
seed: 3
candidates: 1
stretch:
  La: {ligands: 0.2, waters: 0.1}
  Lu: {ligands: 0.1, waters: 0.0}
geometries:
  minimum: {}
  out: {stretch: 1.0}
  moved: {stretch: 0.5, sample: 1}
systems:
  chloride: {donors: chloride, ligands: {"[Cl-:1]": 1}, waters: 2}
stages:
  - {systems: [chloride], metals: [La, Lu], geometries: [minimum, out, moved]}
"""


@pytest.fixture(scope="module")
def acetate():
    smiles = fragments({"CC(=[O:1])[O-:1]": 1}, 6)
    return smiles, embed("La", smiles, 1)


def _donors(smiles):
    return [
        [atoms.start + donor for donor in read_ligand(one)[1]]
        for one, atoms in zip(smiles, atom_ranges(smiles), strict=True)
    ]


def _internal(positions, atoms):
    chosen = positions[list(atoms)]
    return np.linalg.norm(chosen[:, None] - chosen, axis=-1)


def test_an_embedded_complex_has_its_donors_at_the_metal_and_its_ligands_whole(acetate):
    smiles, structure = acetate
    assert structure.charge == 2
    assert len(structure) == 26
    assert faults(structure, smiles) == []
    away = structure.positions.copy()
    away[-3:] += 5.0
    (fault,) = faults(structure.with_positions(away), smiles)
    assert "away" in fault


def test_stretching_moves_rigid_ligands_by_what_is_asked(acetate):
    smiles, structure = acetate
    parts, donors = atom_ranges(smiles), _donors(smiles)
    by = [0.2, -0.1, 0.0, 0.05, 0.1, 0.3, 0.1]
    moved = stretched(structure.positions, parts, donors, by)
    assert (moved[0] == structure.positions[0]).all()
    for atoms, binding, distance in zip(parts, donors, by, strict=True):
        assert np.allclose(_internal(moved, atoms), _internal(structure.positions, atoms))
        before, after = (
            np.linalg.norm(x[binding].mean(axis=0) - x[0]) for x in (structure.positions, moved)
        )
        assert after - before == pytest.approx(distance)


def test_random_motion_is_rigid_reproducible_and_of_the_size_asked(acetate):
    smiles, structure = acetate
    parts = atom_ranges(smiles)
    still = {"shift": 0.1, "turn": 5.0, "shake": 0.0}
    moved = agitated(structure.positions, parts, **still, seed=[1, 2])
    assert (moved == agitated(structure.positions, parts, **still, seed=[1, 2])).all()
    assert not np.allclose(moved, agitated(structure.positions, parts, **still, seed=[1, 3]))
    for atoms in parts:
        assert np.allclose(_internal(moved, atoms), _internal(structure.positions, atoms))
    many = np.concatenate(
        [
            agitated(structure.positions, parts, shift=0.1, turn=0.0, shake=0.0, seed=[n])[1:]
            - structure.positions[1:]
            for n in range(100)
        ]
    )
    assert many.std() == pytest.approx(0.1, rel=0.1)


def test_every_system_of_the_campaign_can_be_planned_once():
    points = Planner(read_config("configs/reference.yaml")).points()
    keys = [point.task.key for point in points]
    assert len(set(keys)) == len(keys) > 300
    assert keys == [p.task.key for p in Planner(read_config("configs/reference.yaml")).points()]
    for number, point in enumerate(points):
        if point.metal is not None:
            free = {p.smiles[0] for p in points[:number] if p.metal is None}
            assert {WATER, *point.smiles} <= free
    assert {point.charge for point in points if point.metal} >= {3, 2, 1, 0, -1, -3}


def test_what_is_published_is_what_the_campaign_would_compute():
    planned = {point.task.key for point in Planner(read_config("configs/reference.yaml")).points()}
    assert {reference.key for reference in read_references("data-reference")} <= planned


def test_a_later_round_starts_from_minima_with_fitted_parameters(tmp_path):
    parameters = exported_parameters("GFN2-xTB")
    parameters["element"]["La"]["arep"] *= 0.9
    (tmp_path / "fitted.json").write_text(json.dumps(parameters))
    (tmp_path / "reference.yaml").write_text(
        CONFIG + "  - {systems: [chloride], metals: [La], geometries: [minimum], "
        "start: fitted.json}\n"
    )
    *first, later = Planner(read_config(tmp_path / "reference.yaml")).points()
    assert len(first) == 8
    (old,) = (p for p in first if (p.metal, p.geometry) == ("La", "minimum"))
    assert later.task.key != old.task.key
    assert str(tmp_path) not in later.task.parents[0].description
    starts = [reference_start(p.task.parents[0].arguments, []) for p in (old, later)]
    bonds = [np.linalg.norm(s.structure.positions[1] - s.structure.positions[0]) for s in starts]
    assert abs(bonds[1] - bonds[0]) > 0.02


def test_pair_forces_add_up_but_for_what_moves_or_turns_the_whole(acetate):
    _, structure = acetate
    positions = structure.positions - structure.positions.mean(axis=0)
    forces = np.random.default_rng(1).normal(size=positions.shape)
    forces -= forces.mean(axis=0)
    spin = np.linalg.solve(
        np.sum([np.eye(3) * (p @ p) - np.outer(p, p) for p in positions], axis=0),
        np.cross(positions, forces).sum(axis=0),
    )
    forces -= np.cross(spin, positions)
    first, second = np.triu_indices(len(positions), 1)
    along = positions[first] - positions[second]
    pulls = pair_forces(positions, forces)
    pairs = (pulls / np.linalg.norm(along, axis=1))[:, None] * along
    total = np.zeros_like(forces)
    np.add.at(total, first, pairs)
    np.add.at(total, second, -pairs)
    assert np.allclose(total, forces, atol=1e-9)


def test_a_minimum_of_the_reference_is_found_in_few_of_its_gradients(tmp_path):
    parameters = exported_parameters("GFN2-xTB")
    parameters["element"]["La"]["arep"] *= 0.9
    path = tmp_path / "cheap.json"
    path.write_text(json.dumps(parameters))
    config = CONFIG.replace(
        "\n  moved:", "\n  nearer: {after: minimum}\n  near: {after: nearer}\n  moved:"
    )
    (tmp_path / "reference.yaml").write_text(
        config + "  - {systems: [chloride], metals: [La], geometries: [near], start: cheap.json}\n"
    )
    near = Planner(read_config(tmp_path / "reference.yaml")).points()[-1].task
    assert near.step == "reference_refined"
    assert str(tmp_path) not in near.description
    chain = [near]
    while chain[0].parents:
        chain.insert(0, chain[0].parents[0])
    found = []
    for task in chain:
        found.append(execute(task.step, task.arguments, found[-1:]))
        assert found[-1].ok, found[-1].reason
    start, one, two, three = found
    assert start.level != one.level == two.level == three.level == GFN2_WATER
    assert two.fmax < 0.2 * one.fmax
    assert three.fmax < 0.5 * two.fmax
    assert three.energy < two.energy < one.energy


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("out: {stretch: 1.0}", "out: {after: moved}", "no geometry 'moved' is given before it"),
        ("geometries: [minimum, out", "start: none.json, geometries: [minimum, out", "no file"),
        ("level: gfn2-xtb", "level: nonsense", "unknown level"),
        ("[La, Lu]", "[La, Ho]", "unknown 'Ho'"),
        ("[chloride]", "[bromide]", "unknown 'bromide'"),
        ("[minimum, out, moved]", "[inside]", "unknown 'inside'"),
        ('"[Cl-:1]"', '"[Cl-]"', "no donor"),
        ('"[Cl-:1]"', '"[Cl-:1].O"', "one molecule"),
        ("  Lu: {ligands", "  Fe: {ligands", "Fe"),
        ("seed: 3", "seed: 3\ncolour: red", "unknown key 'colour'"),
    ],
)
def test_a_bad_configuration_is_named(tmp_path, old, new, said):
    path = tmp_path / "reference.yaml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(InputError, match=r"reference\.yaml") as caught:
        read_config(path)
    assert any(said in problem for problem in caught.value.problems)


def test_a_campaign_is_run_published_and_read(tmp_path):
    config, store, folder = (tmp_path / name for name in ("c.yaml", "s.sqlite", "data"))
    config.write_text(CONFIG)
    runner = CliRunner()
    arguments = [str(config), "--store", str(store)]
    done = runner.invoke(app, ["reference", "run", *arguments, "--workers", "1"])
    assert done.exit_code == 0, done.output
    for said in ("8 geometries", "nothing new"):
        done = runner.invoke(app, ["reference", "publish", *arguments[:1], str(folder),
                                   *arguments[1:]])  # fmt: skip
        assert done.exit_code == 0, done.output
        assert said in done.output
    done = runner.invoke(
        app, ["reference", "run", str(config), str(folder), "--store", str(tmp_path / "new.sqlite")]
    )
    assert done.exit_code == 0, done.output
    assert "8 of 8 points are in" in done.output.replace("\n", " ")
    references = list(read_references(folder))
    further = config.read_text().replace("moved: {", "nearer: {after: out}\n  moved: {")
    config.write_text(further + "  - {systems: [chloride], metals: [La], geometries: [nearer]}\n")
    done = runner.invoke(
        app, ["reference", "run", str(config), str(folder), "--store", str(tmp_path / "new.sqlite")]
    )
    assert done.exit_code == 0, done.output
    with Store(tmp_path / "new.sqlite") as results:
        # What the new point follows is taken from the dataset; where that began is found again.
        assert len(results) == len(references) + 2
    assert [one.metal for one in references].count(None) == 2
    by_name = {(one.metal, one.geometry): one for one in references}
    bonds = {
        key: np.linalg.norm(one.structure.positions[1] - one.structure.positions[0])
        for key, one in by_name.items()
        if one.metal
    }
    assert bonds["La", "out"] - bonds["La", "minimum"] == pytest.approx(0.2, abs=1e-6)
    assert bonds["Lu", "out"] - bonds["Lu", "minimum"] == pytest.approx(0.1, abs=1e-6)
    one = by_name["La", "moved"]
    again = static(one.structure, GFN2_WATER)
    assert one.energy == pytest.approx(again.energy, abs=1e-6)
    assert np.allclose(one.forces, again.forces, atol=1e-5)
    assert "| La | 3 |" in (folder / "README.md").read_text()
