"""Terms of donors at a rare earth: forces, symmetries, what they know and what they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.spatial.transform import Rotation

from rarebind.engines.donor_terms import DonorTerms, donor_terms

NAMES = ("O", "O-H", "O-C", "O-N", "O-O", "N", "N-C", "Cl")
CENTRES = (0.9, 1.3, 1.8)
SYMBOLS = ("La", "O", "H", "H", "O", "C", "N", "O", "Cl", "La")
POSITIONS = np.array(
    [
        [0, 0, 0], [2.4, 0, 0], [3, 0.8, 0], [3, -0.8, 0], [0, 2.3, 0], [0, 3.1, 0.9],
        [0, 0.2, 2.5], [0.6, 0.4, 3.6], [-1.8, -1.9, 0.3], [4.4, 4.2, 0.1],
    ]
)  # fmt: skip


def _terms(seed=0):
    rng = np.random.default_rng(seed)
    of_metal = {name: tuple(rng.normal(size=len(CENTRES))) for name in NAMES}
    return DonorTerms(centres=CENTRES, width=0.4, element={"La": of_metal})


@given(st.integers(0, 2**31 - 1))
def test_forces_are_the_slopes_of_the_energy(seed):
    rng = np.random.default_rng(seed)
    positions = POSITIONS + rng.normal(scale=0.05, size=POSITIONS.shape)
    direction = rng.normal(size=POSITIONS.shape)
    terms = _terms(seed)
    _, forces = terms.of_atoms(SYMBOLS)(positions)
    there, back = (
        terms.of_atoms(SYMBOLS)(positions + step * direction)[0] for step in (1e-5, -1e-5)
    )
    assert -np.sum(forces * direction) == pytest.approx((there - back) / 2e-5, abs=1e-6)
    assert np.allclose(forces.sum(axis=0), 0, atol=1e-10)


def test_turned_and_reordered_they_are_the_same():
    terms = _terms()
    energy, forces = terms.of_atoms(SYMBOLS)(POSITIONS)
    turn = Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    order = np.random.default_rng(2).permutation(len(SYMBOLS))
    turned = (POSITIONS @ turn.T + [1, 2, 3])[order]
    other, others = terms.of_atoms([SYMBOLS[i] for i in order])(turned)
    assert other == pytest.approx(energy, abs=1e-10)
    assert np.allclose(others, (forces @ turn.T)[order], atol=1e-10)


def test_they_count_what_a_donor_is_bonded_to():
    energies, _ = donor_terms(SYMBOLS, POSITIONS, 0, NAMES, [1.2], 0.4)
    of_water, of_alcohol = (
        np.exp(-(((distance - 1.16 - 1.2) / 0.4) ** 2)) for distance in (2.4, 2.3)
    )
    found = dict(zip(NAMES, energies[:, 0], strict=True))
    assert found["O-H"] == pytest.approx(2 * of_water, rel=1e-3)
    assert found["O-C"] == pytest.approx(of_alcohol, rel=1e-2)
    assert found["O-O"] == pytest.approx(0, abs=1e-9)


def test_without_their_metal_or_far_from_it_there_are_none():
    terms = _terms()
    assert terms.of_atoms(("Lu", *SYMBOLS[1:9], "Y"))(POSITIONS)[0] == 0
    energy, forces = terms.of_atoms(("La", "O", "H"))(np.array([[0, 0, 0], [7, 0, 0], [8, 0, 0.0]]))
    assert abs(energy) < 1e-12
    assert np.abs(forces).max() < 1e-12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 0}, "width"),
        ({"centres": ()}, "centres"),
        ({"element": {"Fe": {}}}, "Fe: no rare earth"),
        ({"element": {"La": {"Q": (1, 2, 3)}}}, "La.Q: no term"),
        ({"element": {"La": {"O": (1, 2)}}}, "La.O: 2 numbers for 3 centres"),
        ({"element": {"La": {"O": (1, 2, float("nan"))}}}, "finite"),
        ({"centers": ()}, "centers"),
    ],
)
def test_impossible_ones(change, message):
    with pytest.raises(ValidationError, match=message):
        DonorTerms(**{"centres": CENTRES, "width": 0.4, "element": {}} | change)
