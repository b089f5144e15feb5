"""Basis sets, core potentials and electron counts of the PySCF engine."""

from dataclasses import replace

import numpy as np
import pytest
from dft_systems import FROZEN, GAS, LABELS, LANTHANIDES, WATER, hydrated, ion

from rarebind.elements import STUDY_METALS, rare_earth
from rarebind.engines.dft.basis import AUXILIARY, basis_name, basis_sets
from rarebind.engines.dft.molecule import build_molecule, unpaired_electrons
from rarebind.errors import InputError
from rarebind.structures import Structure

LIGHT = ("H", "C", "N", "O", "F", "P", "S", "Cl")


@pytest.mark.parametrize("level", [LABELS, FROZEN])
def test_every_element_of_the_study(level):
    elements = (*LIGHT, *STUDY_METALS)
    sets = basis_sets(elements, level)
    assert set(sets.orbital) == set(sets.auxiliary) == set(elements)
    assert all(sets.orbital.values())
    assert all(sets.auxiliary.values())
    assert set(sets.core) == set(STUDY_METALS)


@pytest.mark.parametrize("symbol", STUDY_METALS)
def test_electrons_in_the_core(symbol):
    small = {"Y": 28, "La": 46}.get(symbol, 28)
    large = 28 if symbol == "Y" else 46 + rare_earth(symbol).f_electrons
    for level, electrons in ((LABELS, small), (FROZEN, large)):
        assert basis_sets([symbol], level).core[symbol][0] == electrons


def test_each_element_has_its_own_set():
    assert basis_name("O", LABELS) == basis_name("O", FROZEN) == "def2-SVPD"
    assert basis_name("Y", LABELS) == basis_name("Y", FROZEN) == "def2-TZVP"
    assert basis_name("Ce", LABELS) == "def2-TZVP"
    assert basis_name("Ce", FROZEN) == "lcecp-1-TZVP"
    assert basis_name("Ce", replace(LABELS, basis="def2-SVP")) == "def2-SVP"


@pytest.mark.parametrize("symbol", LANTHANIDES[1:])
def test_no_function_for_a_ghost_state(symbol):
    shells = basis_sets([symbol], LABELS).orbital[symbol]
    innermost = max(exponent for shell in shells if shell[0] == 0 for exponent, _ in shell[1:])
    # Others keep the five primitives that reach into the well at the nucleus.
    assert (innermost < 60.0) == (symbol in {"Gd", "Tb", "Dy"})
    assert (sum(shell[0] == 0 for shell in shells) == 9) == (symbol in {"Gd", "Tb", "Dy"})


def test_unknown_set():
    with pytest.raises(InputError, match="no basis set 'def2-SVPX'") as error:
        basis_sets(WATER.symbols, replace(LABELS, basis="def2-SVPX"))
    assert len(error.value.problems) == 2


@pytest.mark.parametrize("symbols", [LANTHANIDES[1:], ("Ce", "Lu")])
def test_small_sets_lack_lanthanides(symbols):
    # La has the set; Ce to Lu have not, and all are named.
    with pytest.raises(InputError, match="def2-SVPD has no functions for Lu") as error:
        basis_sets(("O", "La", *symbols), replace(LABELS, basis="def2-SVPD"))
    assert len(error.value.problems) == len(symbols)
    assert all(any(f" {symbol}:" in p for p in error.value.problems) for symbol in symbols)


def test_fitting_sets_are_asked_for_too():
    with pytest.raises(InputError, match=f"{AUXILIARY} has no functions for U"):
        basis_sets(["U"], replace(LABELS, basis="ANO-RCC-VDZ"))


@pytest.mark.parametrize("symbol", STUDY_METALS)
def test_ions(symbol):
    explicit, frozen = (
        build_molecule(ion(symbol), level, basis_sets([symbol], level))
        for level in (LABELS, FROZEN)
    )
    element = rare_earth(symbol)
    assert explicit.spin == element.unpaired_electrons == element.multiplicity - 1
    # 4s2 4p6 of Y; 5s2 5p6 of La; 4s2 4p6 4d10 4f(n) 5s2 5p6 of the others.
    closed = 8 if symbol in {"Y", "La"} else 26
    assert explicit.nelectron == closed + (element.f_electrons if closed == 26 else 0)
    assert explicit.charge == frozen.charge == 3
    assert frozen.spin == unpaired_electrons(ion(symbol), FROZEN) == 0
    assert frozen.nelectron == 8


def test_a_molecule_is_built_as_it_stands():
    structure = hydrated("Gd", 2)
    mol = build_molecule(structure, LABELS, basis_sets(structure.symbols, LABELS))
    assert [mol.atom_symbol(i) for i in range(mol.natm)] == list(structure.symbols)
    assert np.allclose(mol.atom_coords(unit="Angstrom"), structure.positions, atol=1e-12)
    assert mol.nelectron == 33 + 20
    assert mol.spin == 7
    assert mol.verbose == 0


@pytest.mark.parametrize(
    ("structure", "electrons"),
    [
        (Structure(WATER.symbols, WATER.positions, 1), 9),
        (Structure(WATER.symbols, WATER.positions, 0, 2), 10),
        (Structure(("H",), np.zeros((1, 3)), 0, 4), 1),
        (Structure(("Gd",), np.zeros((1, 3)), 3, 7), 33),
        (Structure(("Gd",), np.zeros((1, 3)), 2, 8), 34),
    ],
)
def test_electrons_that_cannot_be_paired(structure, electrons):
    message = rf"{electrons} electrons \(charge .*\) cannot have multiplicity"
    with pytest.raises(InputError, match=message):
        build_molecule(structure, GAS, basis_sets(structure.symbols, GAS))
