"""Thermodynamic cycles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rarebind.binding import binding_energy, exchange_energy, selectivity, stablest_aqua

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
