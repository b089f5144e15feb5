"""Thermodynamic cycles."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_dataset import SPECS, small_records

from rarebind.binding import (
    BindingEnergy,
    References,
    best_label,
    binding_energy,
    exchange_energy,
    ion_binding,
    label_complex,
    selectivity,
    stablest_aqua,
)
from rarebind.errors import CalculationError, InputError

energy = st.floats(-1e4, 0)
count = st.integers(0, 9)


@given(energy, energy, energy, energy, energy, st.integers(1, 4), count, st.integers(8, 9))
def test_exchange_is_a_difference_of_binding_energies(com, ion, lig, wat, aqua, n, w, m):
    """The bare ion cancels: exchange = eq. 1 of the complex − eq. 1 of the aqua ion."""
    ours = exchange_energy(com, aqua, m, lig, n, wat, w)
    eq1 = binding_energy(com, ion, lig, n, wat, w) - binding_energy(aqua, ion, 0.0, 0, wat, m)
    assert ours == pytest.approx(eq1, abs=1e-6)


@given(energy, energy, energy, energy, st.integers(1, 4), count, st.floats(-100, 100))
def test_an_error_of_the_ion_shifts_equation_1_only(com, ion, lig, wat, n, w, error):
    shifted = binding_energy(com, ion + error, lig, n, wat, w)
    assert shifted == pytest.approx(binding_energy(com, ion, lig, n, wat, w) - error, abs=1e-6)


def test_nothing_bound_is_zero():
    assert binding_energy(-10.0, -4.0, -2.0, 2, -1.0, 2) == 0.0
    assert exchange_energy(-9.0, -9.0, 9, -2.0, 0, -1.0, 9) == 0.0
    assert selectivity(-1.5, -1.0) == -0.5


def test_the_stablest_aqua_ion_is_chosen_at_equal_water():
    assert stablest_aqua({8: -18.0, 9: -18.9}, -1.0) == (8, -18.0)
    assert stablest_aqua({8: -18.0, 9: -19.1}, -1.0) == (9, -19.1)


# --- of what the references allow --------------------------------------------------------------

_SPEC = SPECS[0]


def _references():
    """A complex and what it is compared with."""
    found = {(r.kind, r.metal): r.calculation for r in small_records() if r.calculation.ok}
    aqua = {
        r.spec.waters: r.calculation
        for r in small_records()
        if r.kind == "aqua" and r.metal == _SPEC.metal
    }
    references = References(
        found["ion", _SPEC.metal], found["water", None], found["ligand", None], aqua
    )
    return found["complex", _SPEC.metal], references


def test_the_best_label_is_what_the_references_allow():
    calculation, whole = _references()
    both = label_complex(_SPEC, calculation, whole)
    assert best_label(_SPEC, calculation, whole) == both
    alone = ion_binding(_SPEC, calculation, whole)
    assert not isinstance(alone, BindingEnergy)
    assert alone.binding == both.binding
    assert alone.binding_kcal == both.binding_kcal
    turned_down = {
        n: replace(ion, status="rejected", reason="moved") for n, ion in whole.aqua.items()
    }
    for aqua in ({}, turned_down):
        assert best_label(_SPEC, calculation, replace(whole, aqua=aqua)) == alone
        with pytest.raises(CalculationError, match="no aqua ion"):
            label_complex(_SPEC, calculation, replace(whole, aqua=aqua))


def test_what_equation_1_needs_is_told():
    calculation, whole = _references()
    with pytest.raises(InputError, match="needs the energy of water"):
        best_label(_SPEC, calculation, replace(whole, water=None))
    with pytest.raises(InputError, match="needs the energy of its free ligand"):
        best_label(_SPEC, calculation, replace(whole, ligand=None))
    water = replace(whole.water, status="rejected", reason="moved")
    with pytest.raises(CalculationError, match="water rejected: moved"):
        best_label(_SPEC, calculation, replace(whole, water=water))
