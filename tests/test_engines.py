"""The contract that every engine keeps."""

import json
from dataclasses import replace

import numpy as np
import pytest
from ase.build import molecule
from scipy.spatial.transform import Rotation

from rarebind.complexes import aqua_ion, parent_templates
from rarebind.engines import (
    ENGINES,
    GFN2_WATER,
    LEVELS,
    Calculation,
    LevelOfTheory,
    engine_spec,
    has_frozen_4f,
    relax,
    static,
)
from rarebind.engines.level import model_chemistry_of, with_engine
from rarebind.engines.verbs import engine_for
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

AVAILABLE = [spec.name for spec in ENGINES if not spec.missing()]
#: Those of xTB, which are fast enough for an aqua ion.
XTB = [name for name in AVAILABLE if name in {"tblite", "xtb"}]
#: A DFT engine that runs here; the others need a GPU or a program of their own.
DFT = [name for name in AVAILABLE if name == "pyscf"]
WATER = Structure.from_ase(molecule("H2O"))
SHIFT = np.array([3.0, -2.0, 1.0])
SOLVENTS = ["", "ALPB(water)"]
#: Eh of water, which a wrong unit would miss by a factor.
ENERGIES = {"GFN2-xTB": -5.08, "PBE": -76.28}


def level(engine, solvent="ALPB(water)"):
    """GFN2-xTB, or what is quick in DFT; `solvent` asks each for the model it has."""
    if engine in DFT:
        return LevelOfTheory(
            engine, "PBE", "def2-SVP", solvent.replace("ALPB", "SMD"), dispersion="D4"
        )
    return LevelOfTheory(engine, "GFN2-xTB", solvent=solvent)


def smallest(engine):
    """What an engine computes in no time, with as many atoms as it can."""
    return WATER if engine in DFT else aqua()


def aqua(metal="La", n=8):
    structure = parent_templates(aqua_ion("La", n))[0]
    return Structure((metal, *structure.symbols[1:]), structure.positions, 3)


@pytest.fixture(params=XTB + DFT)
def engine(request):
    return request.param


@pytest.fixture(params=XTB)
def xtb_engine(request):
    return request.param


def test_default_engine_is_here():
    assert "tblite" in XTB


@pytest.mark.parametrize("solvent", SOLVENTS)
def test_record(engine, solvent):
    calculation = static(WATER, level(engine, solvent))
    assert calculation.ok
    assert calculation.structure == WATER
    assert calculation.forces.shape == (3, 3)
    assert calculation.engine_version.startswith(f"{engine} ")
    expected = ENERGIES[calculation.level.method]
    assert calculation.energy / EV_PER_HARTREE == pytest.approx(expected, abs=0.03)


def test_input_is_not_changed(engine):
    before = WATER.digest
    static(WATER, level(engine))
    relax(WATER, level(engine))
    assert WATER.digest == before


@pytest.mark.parametrize("solvent", SOLVENTS)
def test_forces_are_the_gradient(engine, solvent):
    rng = np.random.default_rng(3)
    structure = WATER.with_positions(WATER.positions + rng.normal(scale=0.05, size=(3, 3)))
    forces = static(structure, level(engine, solvent)).forces
    direction = rng.normal(size=(3, 3))
    direction /= np.linalg.norm(direction)
    step = 1e-3
    plus, minus = (
        static(
            structure.with_positions(structure.positions + s * direction), level(engine, solvent)
        )
        for s in (step, -step)
    )
    numerical = -(plus.energy - minus.energy) / (2 * step)
    assert np.sum(forces * direction) == pytest.approx(numerical, abs=2e-3)


@pytest.mark.parametrize(
    # The surface grid of the solvation model does not turn with the molecule: rotating a 3+ ion in
    # ALPB water changes its energy by some meV, which is a floor under every label.
    ("solvent", "energy", "force"),
    [("", 1e-5, 1e-3), ("ALPB(water)", 1e-2, 5e-2)],
)
def test_rotation_and_translation(xtb_engine, solvent, energy, force):
    rotation = Rotation.random(rng=5)
    structure = aqua()
    moved = structure.with_positions(rotation.apply(np.array(structure.positions)) + SHIFT)
    original = static(structure, level(xtb_engine, solvent))
    other = static(moved, level(xtb_engine, solvent))
    assert other.energy == pytest.approx(original.energy, abs=energy)
    assert np.allclose(other.forces, rotation.apply(np.array(original.forces)), atol=force)


def test_permutation(engine):
    structure = smallest(engine)
    order = np.random.default_rng(1).permutation(len(structure))
    shuffled = Structure(
        tuple(structure.symbols[i] for i in order), structure.positions[order], structure.charge
    )
    original, other = static(structure, level(engine)), static(shuffled, level(engine))
    assert other.energy == pytest.approx(original.energy, abs=1e-5)
    assert np.allclose(other.forces, original.forces[order], atol=1e-4)


def test_true_multiplicity_does_not_reach_xtb(xtb_engine):
    spins = [
        static(Structure(("Gd",), np.zeros((1, 3)), 3, multiplicity), level(xtb_engine, "")).energy
        for multiplicity in (1, 8)
    ]
    assert spins[0] == pytest.approx(spins[1], abs=1e-8)


@pytest.mark.parametrize("metal", ["Y", "La", "Gd", "Lu"])
@pytest.mark.parametrize("solvent", SOLVENTS)
def test_engines_agree(metal, solvent):
    if len(XTB) < 2:
        pytest.skip("only one xTB engine is installed; install the xtb program to compare")
    energies = [static(aqua(metal), level(name, solvent)).energy for name in XTB]
    assert max(energies) - min(energies) < 1e-5 * EV_PER_HARTREE


def test_relaxation_goes_downhill_to_a_minimum(engine):
    start = static(WATER, level(engine))
    relaxed = relax(WATER, level(engine))
    assert relaxed.converged
    assert relaxed.energy < start.energy
    assert relaxed.fmax < 0.05
    assert static(relaxed.structure, level(engine)).energy == pytest.approx(
        relaxed.energy, abs=1e-5
    )


def test_odd_electrons_are_refused_before_any_calculation(engine):
    with pytest.raises(
        InputError, match=r"odd number of valence electrons|cannot have multiplicity"
    ):
        static(Structure(WATER.symbols, WATER.positions, 1), level(engine))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "PM7"}, "(no method|unknown functional) 'PM7'"),
        ({"solvent": "COSMO(water)"}, "(no|unknown) solvation model 'COSMO'"),
    ],
)
def test_what_an_engine_cannot_do(engine, changes, message):
    with pytest.raises(InputError, match=message):
        static(WATER, replace(level(engine), **changes))


def test_a_solvent_without_a_name(engine):
    with pytest.raises(InputError, match="not of the form"):
        static(WATER, level(engine, "ALPB"))


def test_a_failed_scf_is_a_record(engine):
    fused = WATER.with_positions([[0, 0, 0], [0, 0, 0], [0, 1, 0]])
    for calculation in (static(fused, level(engine, "")), relax(fused, level(engine, ""))):
        assert calculation.status == "failed"
        assert calculation.energy is None
        assert calculation.reason


def test_level_prints_like_a_paper():
    assert str(GFN2_WATER) == "GFN2-xTB/ALPB(water)"
    dft = LevelOfTheory("pyscf", "B3LYP", "def2-SVPD+def2-TZVP", "SMD(water)", "D4")
    assert str(dft) == "B3LYP-D4/def2-SVPD+def2-TZVP/SMD(water)"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "maybe"},
        {"status": "failed"},
        {"energy": float("nan")},
        {"energy": None},
        {"forces": np.zeros((2, 3))},
    ],
)
def test_records_validate(fields):
    with pytest.raises(InputError):
        Calculation(
            **({"verb": "static", "level": GFN2_WATER, "structure": WATER, "energy": -1.0} | fields)
        )


# --- what engines say of themselves ------------------------------------------------------------


def test_an_engine_is_made_once_a_level():
    assert engine_for(GFN2_WATER) is engine_for(replace(GFN2_WATER))
    assert engine_for(GFN2_WATER) is not engine_for(replace(GFN2_WATER, solvent=""))


def test_what_is_known_of_engines():
    assert engine_spec(GFN2_WATER).quick
    assert not engine_spec(LEVELS["b3lyp-d4"]).quick
    assert engine_spec(replace(LEVELS["b3lyp-d4"], engine="gpu4pyscf")).gpu
    frozen = {name for name, level in LEVELS.items() if has_frozen_4f(level)}
    assert frozen == {"gfn2-xtb", "gfn1-xtb", "b3lyp-d4-4f-in-core"}
    # Of records made elsewhere.
    assert has_frozen_4f(replace(GFN2_WATER, engine="mopac"))
    unknown = engine_spec(LevelOfTheory("mopac", "PM7"))
    assert not unknown.frozen_4f
    assert not unknown.quick
    for spec in ENGINES:
        assert spec.default_level.engine == spec.name


@pytest.mark.parametrize(
    ("structure", "changes", "message"),
    [
        (replace(WATER, cell=np.eye(3) * 9), {}, "tblite has no periodic cells"),
        (Structure(("Fm",), np.zeros((1, 3)), 3), {}, "tblite has no parameters of Fm"),
        (WATER, {"options": {"speed": 1}}, "tblite has no option 'speed'"),
        (WATER, {"method": "PM7", "solvent": "X(y)"}, "solvation model 'X'.*\n.*method 'PM7'"),
    ],
)
def test_what_does_not_fit_is_refused(structure, changes, message):
    with pytest.raises(InputError, match=message):
        static(structure, replace(GFN2_WATER, **changes))


# --- levels ------------------------------------------------------------------------------------


def test_a_level_prints_with_its_engine_where_another_is_the_first_choice():
    assert str(replace(GFN2_WATER, engine="xtb")) == "GFN2-xTB/ALPB(water) by xtb"
    changed = replace(GFN2_WATER, options={"b": 2, "a": 0.5}, environment="other")
    assert str(changed) == "GFN2-xTB(a=0.5,b=2)/ALPB(water) in other"
    assert model_chemistry_of(str(replace(changed, engine="xtb"))) == changed.model_chemistry
    assert with_engine(str(GFN2_WATER), "tblite") == str(GFN2_WATER)
    text = with_engine(str(GFN2_WATER), "xtb")
    assert with_engine(text, "xtb") == text == str(replace(GFN2_WATER, engine="xtb"))


def test_what_is_not_set_is_not_written():
    assert to_data(GFN2_WATER) == {
        "engine": "tblite", "method": "GFN2-xTB", "basis": "", "solvent": "ALPB(water)",
        "dispersion": "",
    }  # fmt: skip


def test_levels_come_back_from_their_data(tmp_path):
    path = tmp_path / "parameters.json"
    path.write_text("{}")
    level = replace(GFN2_WATER, options={"b": True, "a": "x"}, environment="other")
    level = level.with_parameters(path)
    again = LevelOfTheory(**json.loads(json.dumps(to_data(level))))
    assert again == level
    assert hash(again) == hash(level)
    assert not again.parameters_file
    assert level.options == (("a", "x"), ("b", True))
    path.write_text("{} ")
    assert level.with_parameters(path) != level
    with pytest.raises(InputError, match="cannot read"):
        level.with_parameters(tmp_path / "none")


@pytest.mark.parametrize("value", [None, float("nan"), [1]])
def test_options_are_plain(value):
    with pytest.raises(InputError, match="option 'a' of a level is"):
        LevelOfTheory("tblite", "GFN2-xTB", options={"a": value})
