"""tblite with parameters of one's own."""

import copy
import json
import math
from dataclasses import replace

import numpy as np
import pytest
from ase.build import molecule

from rarebind.complexes import aqua_ion, parent_templates
from rarebind.engines import GFN2_WATER, static
from rarebind.engines.donor_terms import DonorTerms
from rarebind.engines.tblite_parameters import exported_parameters
from rarebind.errors import InputError
from rarebind.structures import Structure

WATER = Structure.from_ase(molecule("H2O"))
AQUA = parent_templates(aqua_ion("La", 8))[0]


@pytest.fixture(scope="module")
def gfn2():
    return exported_parameters("GFN2-xTB")


def written(path, parameters):
    path.write_text(json.dumps(parameters))
    return path


@pytest.mark.parametrize("solvent", ["", "ALPB(water)", "GBSA(water)"])
@pytest.mark.parametrize("method", ["GFN2-xTB", "GFN1-xTB"])
def test_passed_back_they_are_the_method(method, solvent, tmp_path):
    level = replace(GFN2_WATER, method=method, solvent=solvent)
    own = level.with_parameters(written(tmp_path / "own.json", exported_parameters(method)))
    for structure in (AQUA, WATER):
        expected, found = static(structure, level), static(structure, own)
        assert found.energy == pytest.approx(expected.energy, abs=1e-10 * 27.2)
        assert np.allclose(found.forces, expected.forces, rtol=0, atol=1e-9)
    assert str(own) == str(level).replace(method, f"{method}(parameters={own.parameters[:8]})")


def test_a_change_changes_the_energy_of_its_element_alone(gfn2, tmp_path):
    changed = copy.deepcopy(gfn2)
    changed["element"]["La"]["arep"] *= 1.05
    own = GFN2_WATER.with_parameters(written(tmp_path / "own.json", changed))
    assert abs(static(AQUA, own).energy - static(AQUA, GFN2_WATER).energy) > 0.01
    assert static(WATER, own).energy == pytest.approx(static(WATER, GFN2_WATER).energy, abs=1e-8)


def _terms(**element):
    return {"centres": [1.3], "width": 0.4, "element": element}


def test_terms_of_donors_are_added(gfn2, tmp_path):
    changed = gfn2 | {"donor_terms": _terms(La={"O": [0.2]})}
    own = GFN2_WATER.with_parameters(written(tmp_path / "own.json", changed))
    found, plain = static(AQUA, own), static(AQUA, GFN2_WATER)
    energy, forces = DonorTerms(**changed["donor_terms"]).of_atoms(AQUA.symbols)(AQUA.positions)
    assert energy > 0.5
    assert found.energy - plain.energy == pytest.approx(energy, abs=1e-8)
    assert np.allclose(found.forces - plain.forces, forces, atol=1e-7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: p["element"].pop("La"), "has no parameters of La"),
        (lambda p: p["element"]["La"].update(levels=[1.0]), "La.levels.1: missing"),
        (lambda p: p["element"]["La"].update(gam=math.nan), "La.gam: nan is no finite number"),
        (lambda p: p["element"]["La"].update(arep="a"), "La.arep: 'a' is no finite number"),
        (lambda p: p["element"]["La"].pop("arep"), "La.arep: missing"),
        (lambda p: p["element"]["La"].update(colour=1.0), "La.colour: unknown"),
        (lambda p: p["element"].update(Xx={"en": 1.0}), "element.Xx.en: unknown"),
        (lambda p: p.pop("hamiltonian"), "hamiltonian.xtb.wexp: missing"),
        (lambda p: p["meta"].update(name="GFN1-xTB"), "meta.name is 'GFN1-xTB'"),
        (lambda p: p["meta"].update(format=7), "meta.format is 7"),
        (lambda p: p["hamiltonian"]["xtb"].update(kpair={"La-O": math.inf}), "La-O: inf"),
        (lambda p: p.update(donor_terms=[]), "donor_terms: .* is no mapping"),
        (lambda p: p.update(donor_terms=_terms(La={"O": [math.nan]})), "donor_terms: .*not finite"),
        (lambda p: p.update(donor_terms=_terms(La={"O": [1, 2]})), "La.O: 2 numbers for 1 centres"),
        (lambda p: p.update(donor_terms=_terms(Fe={"O": [1]})), "Fe: no rare earth"),
    ],
)
def test_parameters_that_cannot_be_used(gfn2, tmp_path, change, message):
    changed = copy.deepcopy(gfn2)
    change(changed)
    own = GFN2_WATER.with_parameters(written(tmp_path / "own.json", changed))
    with pytest.raises(InputError, match=message):
        static(AQUA, own)


@pytest.mark.parametrize("name", ["own.json", "own.toml"])
def test_files_that_are_none(tmp_path, name):
    path = tmp_path / name
    path.write_text("[1, 2")
    with pytest.raises(InputError, match="is no file of parameters"):
        static(WATER, GFN2_WATER.with_parameters(path))


def test_toml_as_tblite_writes_it(gfn2, tmp_path):
    def lines(name, table):
        tables = {key: value for key, value in table.items() if isinstance(value, dict)}
        yield f"[{name}]" if name else ""
        yield from (
            f"{key} = {json.dumps(value)}" for key, value in table.items() if key not in tables
        )
        for key, value in tables.items():
            yield from lines(f"{name}.{key}" if name else key, value)

    path = tmp_path / "own.toml"
    few = gfn2 | {"element": {symbol: gfn2["element"][symbol] for symbol in ("H", "O")}}
    path.write_text("\n".join(lines("", few)))
    found = static(WATER, GFN2_WATER.with_parameters(path)).energy
    assert found == pytest.approx(static(WATER, GFN2_WATER).energy, abs=1e-8)


def test_accuracy():
    loose, tight = (
        static(AQUA, replace(GFN2_WATER, options={"accuracy": value})).energy
        for value in (100.0, 0.01)
    )
    assert 0 < abs(loose - tight) < 0.1
