"""Electronic states and radii of every rare earth."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rarebind.elements import (
    STUDY_METALS,
    ionic_radius,
    rare_earth,
    rare_earths,
    xtb_unpaired_electrons,
)
from rarebind.errors import InputError

# Symbol, atomic number, 4f electrons, multiplicity of the Hund ground state.
IONS = [
    ("Sc", 21, 0, 1), ("Y", 39, 0, 1), ("La", 57, 0, 1), ("Ce", 58, 1, 2), ("Pr", 59, 2, 3),
    ("Nd", 60, 3, 4), ("Pm", 61, 4, 5), ("Sm", 62, 5, 6), ("Eu", 63, 6, 7), ("Gd", 64, 7, 8),
    ("Tb", 65, 8, 7), ("Dy", 66, 9, 6), ("Ho", 67, 10, 5), ("Er", 68, 11, 4), ("Tm", 69, 12, 3),
    ("Yb", 70, 13, 2), ("Lu", 71, 14, 1),
]  # fmt: skip


@pytest.mark.parametrize(("symbol", "number", "f_electrons", "multiplicity"), IONS)
def test_electronic_state(symbol, number, f_electrons, multiplicity):
    ion = rare_earth(symbol)
    assert (ion.atomic_number, ion.f_electrons) == (number, f_electrons)
    assert ion.multiplicity == multiplicity
    assert ion.aqua_cn in {8, 9}


@pytest.mark.parametrize(("symbol", "number", "f_electrons", "multiplicity"), IONS)
def test_xtb_sees_a_closed_shell(symbol, number, f_electrons, multiplicity):
    waters = [8, 1, 1] * 8
    assert xtb_unpaired_electrons([number], 3) == 0
    assert xtb_unpaired_electrons([number, *waters], 3) == 0


@pytest.mark.parametrize(("symbol", "number", "f_electrons", "multiplicity"), IONS)
@pytest.mark.parametrize("charge", [-2, 0, 2, 4])
def test_odd_electron_counts_are_refused(symbol, number, f_electrons, multiplicity, charge):
    with pytest.raises(InputError, match="odd number of valence electrons"):
        xtb_unpaired_electrons([number], charge)


def test_table_is_complete():
    assert list(rare_earths()) == [ion[0] for ion in IONS]
    assert len(STUDY_METALS) == 16
    assert set(STUDY_METALS) == set(rare_earths()) - {"Sc"}


@pytest.mark.parametrize("number", [6, 7, 8, 9])
def test_lanthanide_contraction(number):
    lanthanides = [ion[0] for ion in IONS[2:]]
    radii = [ionic_radius(symbol, number) for symbol in lanthanides]
    assert radii == sorted(radii, reverse=True)


@given(st.sampled_from([ion[0] for ion in IONS]), st.integers(6, 7))
def test_radius_grows_with_coordination(symbol, number):
    assert ionic_radius(symbol, number) < ionic_radius(symbol, number + 1)


def test_radius_values():
    assert ionic_radius("La", 8) == 1.160
    assert ionic_radius("Lu", 9) == 1.032
    assert ionic_radius("Pr", 7) == pytest.approx((0.99 + 1.126) / 2)


def test_unknown():
    with pytest.raises(InputError, match=r"unknown metal 'Fe'.*La, Ce"):
        rare_earth("Fe")
    with pytest.raises(InputError, match="no ionic radius of Lu3\\+ for coordination number 12"):
        ionic_radius("Lu", 12)
