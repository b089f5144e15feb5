"""Conditional constants, against hand calculations and textbooks."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rarebind.errors import InputError
from rarebind.experiment import (
    EstimatedPKaWarning,
    acid_constants,
    conditional,
    estimated_pka,
    hydrolysis_constant,
    known_pka,
    log_alpha_ligand,
    log_alpha_metal,
    ph_curve,
    stability_constants,
)
from rarebind.ligands.acidity import read_pka

EDTA = (1.99, 2.67, 6.16, 10.26)
PKAS = st.lists(st.floats(0, 14), max_size=6)


def test_edta_by_hand():
    """At pH 4: 1 + 10^6.26 + 10^(10.26+6.16−8) + 10^(19.09−12) + 10^(21.08−16)."""
    by_hand = 1 + 10**6.26 + 10**8.42 + 10**7.09 + 10**5.08
    assert log_alpha_ligand(EDTA, 4) == pytest.approx(np.log10(by_hand), abs=1e-12)
    by_hand = 1 + 10**3.26 + 10**2.42 + 10**-1.91 + 10**-6.92
    assert log_alpha_ligand(EDTA, 7) == pytest.approx(np.log10(by_hand), abs=1e-12)


def test_edta_as_tabulated():
    """Textbooks of complexometry: 8.44 at pH 4, 3.32 at pH 7, 0.45 at pH 10."""
    assert log_alpha_ligand(EDTA, [4, 7, 10]) == pytest.approx([8.44, 3.32, 0.45], abs=0.005)


def test_lanthanum_edta_at_two_ph():
    """15.50 − 8.4429 and 15.50 − 3.3188 − log(1 + 10^(7 − 8.81))."""
    hydrolysed = np.log10(1 + 10 ** (7 - 8.81))
    assert conditional(15.5, "La", EDTA, 4) == pytest.approx(7.0571, abs=1e-3)
    assert conditional(15.5, "La", EDTA, 7) == pytest.approx(12.1812 - hydrolysed, abs=1e-4)


def test_half_is_protonated_or_hydrolysed_at_the_constant():
    assert log_alpha_ligand([4.76], 4.76) == pytest.approx(np.log10(2))
    assert log_alpha_metal("Lu", 7.27) == pytest.approx(np.log10(2))
    assert hydrolysis_constant("Sc") == -4.3


def test_hydrolysis_at_the_ionic_strength_of_measurements():
    """Klungness and Byrne: −2.044 √I/(1 + 5.52 √I)."""
    root = 0.1**0.5
    shifted = -8.81 - 2.044 * root / (1 + 5.52 * root)
    assert hydrolysis_constant("La", 0.1) == pytest.approx(shifted)


@given(PKAS, st.floats(0, 14), st.floats(0, 14))
def test_protons_are_lost_with_ph(pka, one, other):
    low, high = sorted((one, other))
    assert log_alpha_ligand(pka, low) >= log_alpha_ligand(pka, high) >= 0
    assert log_alpha_metal("Eu", low) <= log_alpha_metal("Eu", high)


@given(PKAS, st.floats(0, 14), st.randoms())
def test_the_order_of_acid_constants_is_of_no_matter(pka, ph, random):
    shuffled = random.sample(pka, len(pka))
    assert log_alpha_ligand(pka, ph) == pytest.approx(log_alpha_ligand(shuffled, ph))


@given(st.floats(0, 14))
def test_without_acid_constants_only_the_metal_counts(ph):
    assert conditional(5.0, "Gd", (), ph) == pytest.approx(5.0 - log_alpha_metal("Gd", ph))


def test_far_from_all_constants_nothing_overflows():
    assert np.isfinite(log_alpha_ligand([25.0] * 12, [-1, 15])).all()


def test_selectivity_changes_by_hydrolysis_alone():
    values = {"La": 15.5, "Lu": 19.83}
    curve = ph_curve(values, EDTA).pivot_table(
        index="ph", columns="metal", values="log_k_conditional"
    )
    apart = curve["Lu"] - curve["La"]
    assert apart.loc[2.0] == pytest.approx(4.33, abs=1e-4)
    assert apart.loc[9.0] < 4.33
    # Acid and base both take away: somewhere between it is largest.
    assert 6 < curve["La"].idxmax() < 11


def test_a_curve_has_one_row_a_metal_and_ph():
    curve = ph_curve({"La": 1.5, "Y": 1.6}, [4.76], [3, 4, 5])
    assert len(curve) == 6
    assert list(curve) == [
        "metal",
        "ph",
        "log_alpha_ligand",
        "log_alpha_metal",
        "log_k_conditional",
    ]


def test_shipped_acid_constants_belong_to_shipped_ligands():
    keys = set(stability_constants()["inchikey"])
    table = acid_constants()
    assert set(table["inchikey"]) <= keys
    edta = table.loc[table["ligand"] == "EDTA", "inchikey"].iloc[0]
    assert known_pka(edta) == EDTA
    assert known_pka("AAAAAAAAAAAAAA-UHFFFAOYSA-N") == ()
    # Enough protons for the charge of the bound form, but for sulfuric acid's first.
    assert table.groupby("ligand").size()[["EDTA", "DTPA", "NTA", "acetic acid"]].tolist() == [
        4,
        5,
        3,
        1,
    ]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: read_pka("2.0 x"), "no list of numbers"),
        (lambda: read_pka("1e-5 1e30"), "outside"),
        (lambda: log_alpha_ligand([4.76], 30), "pH"),
        (lambda: log_alpha_ligand([4.76], float("nan")), "pH"),
        (lambda: log_alpha_metal("Pm", 7), "no hydrolysis constant of Pm"),
        (lambda: log_alpha_metal("Fe", 7), "unknown metal"),
        (lambda: hydrolysis_constant("La", -1), "ionic strength"),
        (lambda: ph_curve({}, EDTA), "at least one metal"),
    ],
)
def test_bad_input(call, says):
    with pytest.raises(InputError, match=says):
        call()


def test_read_pka():
    assert read_pka("1.99, 2.67; 6.16 10.26") == EDTA
    assert read_pka("") == ()


def test_estimates_warn_and_count_protons():
    pytest.importorskip("dimorphite_dl")
    with pytest.warns(EstimatedPKaWarning, match="alike groups"):
        found = estimated_pka("O=C(O)CN(CC(=O)O)CC(=O)O")
    assert len(found) == 4
    assert found == tuple(sorted(found))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert estimated_pka("CC(=O)[O-]") == estimated_pka("CC(=O)O")
        with pytest.raises(InputError):
            estimated_pka("CC(=O")
