"""The contract that every engine keeps."""

import json
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from ase.build import molecule

from rarebind.complexes import aqua_ion, parent_templates
from rarebind.engines import (
    ENGINES,
    GFN2_WATER,
    LEVELS,
    Calculation,
    LevelOfTheory,
    engine_spec,
    has_frozen_4f,
    level_of_engine,
    static,
)
from rarebind.engines.contract import CHECKS, Subject
from rarebind.engines.level import model_chemistry_of, with_engine
from rarebind.errors import InputError
from rarebind.io.codec import to_data
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

XTB = [name for name in ("tblite", "xtb") if not ENGINES.spec(name).missing()]
SOLVENTS = ["", "ALPB(water)"]
WATER = Structure.from_ase(molecule("H2O"))
#: Eh, of the aqua ion below.
ENERGIES = {"": -40.49, "ALPB(water)": -41.15}


def aqua(metal="La", n=8):
    structure = parent_templates(aqua_ion("La", n))[0]
    return Structure((metal, *structure.symbols[1:]), structure.positions, 3)


def shaken(structure):
    noise = np.random.default_rng(2).normal(scale=0.05, size=(len(structure), 3))
    return structure.with_positions(structure.positions + noise)


def gfn2(engine, solvent):
    return LevelOfTheory(engine, "GFN2-xTB", solvent=solvent)


def xtb(engine, solvent):
    # The surface grid of the solvation model does not turn with the molecule: rotating a 3+ ion in
    # ALPB water changes its energy by some meV, which is a floor under every label.
    turned = {"rotated": (1e-2, 5e-2)} if solvent else {}
    energy = ENERGIES[solvent] * EV_PER_HARTREE
    return Subject(gfn2(engine, solvent), shaken(aqua()), energy, **turned)


def refitted():
    # No energy to compare: the parameters shift that of the metal.
    return replace(
        xtb("tblite", "ALPB(water)"), level=LEVELS["gfn2-re"], energy=None, rotated=(2e-2, 5e-2)
    )


def named(name):
    return replace(xtb("tblite", ""), level=level_of_engine(name))


def spheres(environment=""):
    return Subject(level_of_engine(f"calculators:spheres{environment}"), shaken(WATER))


def pbe():
    level = LevelOfTheory("pyscf", "PBE", "def2-SVP", dispersion="D4")
    return Subject(level, WATER, -76.28 * EV_PER_HARTREE, rotated=(1e-3, 1e-2))


#: Engines of every kind: ours, those of which only the calculator is named, and those of other
#: packages and environments.
SUBJECTS = {
    **{
        f"{name}-{solvent[:4]}": partial(xtb, name, solvent) for name in XTB for solvent in SOLVENTS
    },
    "gfn2-re": refitted,
    "factory": spheres,
    "factory-with-charge": partial(named, "calculators:gfn2"),
    "entry-point": partial(named, "gfn2-of-tblite"),
    "remote": partial(spheres, f"@{sys.executable}"),
    **({} if ENGINES.spec("pyscf").missing() else {"pyscf": pbe}),
}


pytestmark = pytest.mark.usefixtures("another_package")


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_contract(name, check):
    check(SUBJECTS[name]())


def test_default_engine_is_here():
    assert "tblite" in XTB


@pytest.mark.parametrize("engine", XTB)
def test_true_multiplicity_does_not_reach_xtb(engine):
    spins = [
        static(Structure(("Gd",), np.zeros((1, 3)), 3, multiplicity), gfn2(engine, "")).energy
        for multiplicity in (1, 8)
    ]
    assert spins[0] == pytest.approx(spins[1], abs=1e-8)


@pytest.mark.parametrize("metal", ["Y", "La", "Gd", "Lu"])
@pytest.mark.parametrize("solvent", SOLVENTS)
def test_engines_agree(metal, solvent):
    if len(XTB) < 2:
        pytest.skip("only one xTB engine is installed; install the xtb program to compare")
    energies = [static(aqua(metal), gfn2(name, solvent)).energy for name in XTB]
    assert max(energies) - min(energies) < 1e-5 * EV_PER_HARTREE


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


def test_what_is_known_of_engines():
    assert engine_spec(GFN2_WATER).quick
    assert not engine_spec(LEVELS["b3lyp-d4"]).quick
    assert engine_spec(replace(LEVELS["b3lyp-d4"], engine="gpu4pyscf")).gpu
    frozen = {name for name, level in LEVELS.items() if has_frozen_4f(level)}
    assert frozen == {"gfn2-xtb", "gfn2-re", "gfn1-xtb", "b3lyp-d4-4f-in-core", "pbe-d4-4f-in-core"}
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
