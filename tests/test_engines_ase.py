"""ASE calculators as engines, and levels as ASE calculators."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from ase import units
from ase.build import molecule
from ase.calculators.lj import LennardJones
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from ase.md.verlet import VelocityVerlet
from ase.optimize import LBFGS

import rarebind
from rarebind.campaigns import run_tasks, single_point_task
from rarebind.cli import main
from rarebind.engines import (
    DEFAULT_LEVEL,
    ENGINES,
    GFN2_WATER,
    LEVELS,
    LevelOfTheory,
    ase_engine,
    engine_spec,
    has_frozen_4f,
    level_named,
    level_of_engine,
    relax,
    static,
)
from rarebind.engines.verbs import engine_for
from rarebind.errors import CalculationError, InputError
from rarebind.screening import Request
from rarebind.structures import Structure

WATER = Structure.from_ase(molecule("H2O"))
GFN2_GAS = replace(GFN2_WATER, solvent="")
ACETATE = Structure.from_ase(molecule("CH3COOH")[[0, 1, 2, 4, 5, 6, 7]], charge=-1)


# --- a calculator as an engine -----------------------------------------------------------------


def test_a_calculator_gives_its_own_numbers():
    atoms = WATER.to_ase()
    atoms.calc = LennardJones(epsilon=0.2, sigma=0.85, rc=12.0, smooth=True)
    found = static(WATER, level_of_engine("calculators:spheres"))
    assert found.energy == atoms.get_potential_energy()
    assert np.array_equal(found.forces, atoms.get_forces())


def test_charge_is_given_to_those_who_take_it():
    level = level_of_engine("calculators:gfn2")
    for structure in (ACETATE, WATER, ACETATE):
        expected = static(structure, GFN2_GAS)
        assert static(structure, level).energy == pytest.approx(expected.energy, abs=1e-5)


def test_what_is_read_off_a_factory():
    charged, spheres = (
        engine_spec(level_of_engine(f"calculators:{name}")) for name in ("gfn2", "spheres")
    )
    assert (charged.knows_charge, charged.bare_ion, charged.options) == (True, True, ("accuracy",))
    assert (spheres.knows_charge, spheres.bare_ion) == (False, False)
    assert spheres.options == ("epsilon", "sigma")
    assert engine_spec(level_of_engine("ase.calculators.lj:LennardJones")).options is None
    assert has_frozen_4f(level_of_engine("calculators:gfn2"))
    assert not has_frozen_4f(level_of_engine("calculators:with_spin"))
    # Nobody registered it.
    assert "calculators:gfn2" not in ENGINES
    assert engine_spec(LevelOfTheory("calculators:nobody_asked_for", "x")).summary.endswith("here")


def test_options_of_a_level_reach_the_factory():
    level = level_of_engine("calculators:spheres")
    half = replace(level, options={"epsilon": 0.1})
    assert str(half) == "spheres(epsilon=0.1) by calculators:spheres"
    assert 2 * static(WATER, half).energy == pytest.approx(static(WATER, level).energy)
    with pytest.raises(InputError, match="has no option 'eps': known are epsilon, sigma"):
        static(WATER, replace(level, options={"eps": 1}))


def test_a_cell_reaches_the_calculator():
    level = level_of_engine("calculators:spheres")
    pair = Structure(("Ar", "Ar"), np.array([[0.0, 0, 0], [1.0, 0, 0]]), 0)
    crystal = replace(pair, cell=np.diag([2.0, 30.0, 30.0]))
    atoms = crystal.to_ase()
    atoms.calc = LennardJones(epsilon=0.2, sigma=0.85, rc=12.0, smooth=True)
    assert static(crystal, level).energy == atoms.get_potential_energy()
    assert abs(static(crystal, level).energy - static(pair, level).energy) > 0.01


def test_a_bare_ion_needs_a_charge():
    ion = Structure(("La",), np.zeros((1, 3)), 3)
    with pytest.raises(InputError, match="no meaningful energy of a bare ion such as La"):
        static(ion, level_of_engine("calculators:spheres"))
    assert static(ion, level_of_engine("calculators:gfn2")).ok


def test_multiplicities_that_cannot_be():
    level = level_of_engine("calculators:with_spin")
    with pytest.raises(InputError, match=r"10 electrons .* cannot have multiplicity 2"):
        static(replace(WATER, multiplicity=2), level)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("calculators:unusual", "calculators:unusual fails: FileNotFoundError: no weights"),
        ("calculators:nothing", "gives 1: that is no ASE calculator"),
        ("calculators:EnergyAlone", "a calculator without forces"),
        ("calculators:none", "has no 'none'"),
        ("calculators:NUMBER", "it must give an ASE calculator when called"),
        ("no_such_module:make", "no module 'no_such_module' here: install it"),
    ],
)
def test_factories_that_make_no_calculator(name, message):
    with pytest.raises(InputError, match=message):
        static(WATER, level_of_engine(name))


def test_a_calculator_that_fails_is_a_record():
    found = static(WATER, level_of_engine("calculators:Failing"))
    assert found.status == "failed"
    assert found.reason == "calculators:Failing: RuntimeError: out of luck"


def test_versions_tell_a_changed_file(monkeypatch, tmp_path):
    versions = set()
    monkeypatch.syspath_prepend(str(tmp_path))
    for number in range(2):
        (tmp_path / f"own{number}.py").write_text(f"def make():\n    return {number}\n")
        versions.add(engine_for(level_of_engine(f"own{number}:make")).version.split()[1])
    assert len(versions) == 2
    assert all(version.startswith("source-") for version in versions)
    emt = engine_for(level_of_engine("ase.calculators.emt:EMT")).version
    assert emt.startswith("ase.calculators.emt:EMT 3.")


def test_parameters_of_a_file(tmp_path):
    path = tmp_path / "epsilon.txt"
    path.write_text("0.1")
    level = level_of_engine("calculators:from_file").with_parameters(path)
    half = static(WATER, level)
    assert half.energy * 2 == pytest.approx(
        static(WATER, level_of_engine("calculators:spheres")).energy
    )
    with pytest.raises(InputError, match="needs its file of parameters, SHA-256"):
        static(WATER, replace(level, parameters_file="", options={"sigma": 0.8}))
    path.write_text("0.2")
    with pytest.raises(InputError, match="is not the file of parameters that"):
        static(WATER, level)
    with pytest.raises(InputError, match="no use for a file of parameters"):
        static(WATER, level_of_engine("calculators:spheres").with_parameters(path))


def test_levels_by_the_name_of_an_engine():
    assert level_named("tblite") == level_named(DEFAULT_LEVEL) == LEVELS["gfn2-re"]
    assert level_named("xtb") == replace(GFN2_WATER, engine="xtb")
    assert level_named("gfn2-xtb", "xtb") == replace(GFN2_WATER, engine="xtb")
    assert level_named("calculators:gfn2").method == "gfn2"
    with pytest.raises(InputError, match="unknown level 'pm7': known are gfn2-xtb"):
        level_named("pm7")


def test_only_calculators_run_elsewhere():
    with pytest.raises(InputError, match="tblite does not run in another environment"):
        level_of_engine("tblite@other")
    assert ase_engine("x", "calculators:gfn2").quick


@pytest.mark.usefixtures("another_package")
@pytest.mark.parametrize(
    "engine", ["gfn2-of-tblite", pytest.param("calculators:gfn2", marks=pytest.mark.slow)]
)
def test_a_screen_by_a_calculator(engine, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("ligands.csv").write_text("name,smiles\nHOPO,CNC(=O)c1cccc(=O)n1[O-]\n")
    arguments = [
        "screen", "ligands.csv", "--engine", engine, "--metals", "La",
        "--geometry", "1:6", "--hops", "0", "--json", "--workers", "1",
    ]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    printed = capsys.readouterr()
    assert ended.value.code == 0, printed.err
    found = json.loads(printed.out)
    (row,) = found["rows"]
    assert row["status"] == "ok"
    assert row["exchange"] is not None
    method = engine.rpartition(":")[2]
    assert (found["level"], found["engine"]) == (f"{method} by {engine}", engine)


def test_slow_engines_are_no_good_for_a_screen():
    with pytest.raises(InputError, match="engine pyscf takes hours a complex"):
        Request(ligands="CC(=O)NO", engine="pyscf")


@pytest.mark.usefixtures("another_package")
def test_a_registered_engine_in_another_environment(store):
    here, there = (
        level_of_engine(f"gfn2-of-tblite{environment}")
        for environment in ("", f"@{sys.executable}")
    )
    assert str(there) == f"{here} in {sys.executable}"
    assert engine_spec(there).elements == engine_spec(here).elements
    assert static(ACETATE, there).energy == pytest.approx(static(ACETATE, here).energy, abs=1e-8)
    with pytest.raises(InputError, match="no parameters of Fm"):
        static(Structure(("Fm",), np.zeros((1, 3)), 3), there)
    level = level_of_engine("calculators:gfn2@" + sys.executable)
    assert engine_spec(level).options == ("accuracy",)
    task = single_point_task(ACETATE, level, "acetate")
    found = run_tasks([task], store, workers=1)[task.key]
    assert found.ok, found.reason
    assert found.level == level
    assert found.energy == pytest.approx(static(ACETATE, GFN2_GAS).energy, abs=1e-5)


# --- a level as a calculator -------------------------------------------------------------------


def test_ase_finds_the_same_minimum():
    atoms = ACETATE.to_ase()
    atoms.calc = rarebind.calculator("gfn2-xtb")
    assert LBFGS(atoms, logfile=None).run(fmax=0.01, steps=200)
    ours = relax(ACETATE, GFN2_WATER)
    assert atoms.get_potential_energy() == pytest.approx(ours.energy, abs=2e-3)
    distances = (
        np.linalg.norm(positions[:, None] - positions[None], axis=-1)
        for positions in (atoms.positions, ours.structure.positions)
    )
    assert np.abs(np.subtract(*distances)).max() < 0.05


def test_dynamics_conserve_energy():
    atoms = molecule("CH3COOH")
    atoms.calc = rarebind.calculator(GFN2_GAS, charge=0)
    MaxwellBoltzmannDistribution(atoms, temperature_K=300, rng=np.random.default_rng(1))
    total, kinetic = [], []
    dynamics = VelocityVerlet(atoms, 0.5 * units.fs)
    for _ in dynamics.irun(30):
        total.append(atoms.get_total_energy())
        kinetic.append(atoms.get_kinetic_energy())
    assert np.ptp(kinetic) > 0.05
    assert np.ptp(total) < 0.02 * np.ptp(kinetic)


def test_the_charge_is_that_given_or_of_the_atoms():
    atoms = ACETATE.to_ase()
    atoms.calc = rarebind.calculator("gfn2-xtb")
    expected = static(ACETATE, GFN2_WATER).energy
    assert atoms.get_potential_energy() == pytest.approx(expected, abs=1e-5)
    del atoms.info["charge"]
    atoms.calc = rarebind.calculator("gfn2-xtb", charge=-1)
    assert atoms.get_potential_energy() == pytest.approx(expected, abs=1e-5)
    atoms.calc = rarebind.calculator("gfn2-xtb")
    with pytest.raises(InputError, match="odd number of valence electrons"):
        atoms.get_potential_energy()


def test_one_calculator_for_several_molecules():
    calculator = rarebind.calculator("gfn2-xtb")
    for structure in (WATER, ACETATE, WATER):
        atoms = structure.to_ase()
        atoms.calc = calculator
        expected = static(structure, GFN2_WATER).energy
        assert atoms.get_potential_energy() == pytest.approx(expected, abs=1e-5)


def test_failures_are_errors():
    atoms = WATER.to_ase()
    atoms.positions[1] = atoms.positions[0]
    atoms.calc = rarebind.calculator("gfn2-xtb")
    with pytest.raises(CalculationError):
        atoms.get_potential_energy()
    atoms = WATER.to_ase()
    atoms.set_cell([9, 9, 9])
    atoms.pbc = True
    atoms.calc = rarebind.calculator("gfn2-xtb")
    with pytest.raises(InputError, match="no periodic cells"):
        atoms.get_potential_energy()


def test_what_the_package_offers():
    assert {"calculator", "screen"} <= set(dir(rarebind))
    with pytest.raises(InputError, match="unknown level"):
        rarebind.calculator("pm7")
