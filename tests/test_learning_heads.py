"""Heads of the metals: what a network leaves, by ridge regression on its latent features."""

from __future__ import annotations

import numpy as np
import pytest

from rarebind.errors import InputError
from rarebind.learning.release.heads import STRENGTHS, Heads, Part, fit_heads

METALS = ("Ce", "Eu", "Lu")
WIDTH = 4
RNG = np.random.default_rng(7)
TRUE = {metal: RNG.normal(size=WIDTH + 1) for metal in METALS}


def part(ligands, seed, *, noise=0.0, steps=TRUE, scale=1.0):
    rng = np.random.default_rng(seed)
    metals = list(METALS) * ligands
    features = rng.normal(size=(len(metals), WIDTH))
    rows = np.array([steps[metal] for metal in metals])
    residuals = (features * rows[:, :-1]).sum(axis=1) + rows[:, -1]
    residuals += noise * rng.normal(size=len(metals))
    names = [f"{seed}-{i // len(METALS)}" for i in range(len(metals))]
    return Part(scale * features, residuals, metals, names)


def test_what_is_linear_by_metal_is_found():
    train, validation, new = part(40, 1), part(8, 2), part(8, 3)
    heads = fit_heads(train, validation)
    assert heads is not None
    assert heads.strength == min(STRENGTHS)
    assert heads.corrections(new.features, new.metals) == pytest.approx(new.residuals, abs=5e-3)


def test_a_network_without_faults_is_left_as_it_is():
    nothing = {metal: np.zeros(WIDTH + 1) for metal in METALS}
    train, validation = (part(n, n, noise=0.1, steps=nothing) for n in (40, 8))
    heads = fit_heads(train, validation)
    if heads is not None:
        found = heads.corrections(validation.features, validation.metals)
        assert np.abs(found).max() < 0.1 * np.abs(validation.residuals).mean()


def test_no_head_is_better_than_a_wrong_one():
    """Nothing of what is learned holds for the validation part."""
    turned = {metal: -row for metal, row in TRUE.items()}
    assert fit_heads(part(40, 1), part(8, 2, steps=turned)) is None


def test_noise_makes_them_weaker():
    clean = fit_heads(part(10, 1), part(8, 2))
    noisy = fit_heads(part(10, 1, noise=3.0), part(8, 2, noise=3.0))
    assert clean is not None
    assert noisy is None or noisy.strength > clean.strength


def test_the_unit_of_the_features_does_not_matter():
    one = fit_heads(part(20, 1), part(8, 2))
    other = fit_heads(part(20, 1, scale=1e3), part(8, 2, scale=1e3))
    assert one is not None
    assert other is not None
    new = part(5, 3).features
    expected = one.corrections(new, METALS * 5)
    assert other.corrections(1e3 * new, METALS * 5) == pytest.approx(expected, rel=1e-9)


def test_a_metal_without_a_head_is_left_to_the_network():
    heads = fit_heads(part(20, 1), part(8, 2))
    assert heads is not None
    features = part(1, 3).features
    assert heads.corrections(features, ["Y", "", "Eu"])[:2].tolist() == [0.0, 0.0]
    assert heads.corrections(features, ["Y", "", "Eu"])[2] != 0.0


def test_they_can_be_made_again():
    heads = fit_heads(part(20, 1), part(8, 2))
    assert heads is not None
    again = Heads(**vars(heads))
    features = part(5, 3).features
    assert (
        again.corrections(features, METALS * 5) == heads.corrections(features, METALS * 5)
    ).all()


@pytest.mark.parametrize(
    ("weights", "numbers"),
    [
        ({}, {"scale": 1.0, "strength": 1.0}),
        ({"Eu": np.ones(3), "Gd": np.ones(4)}, {"scale": 1.0, "strength": 1.0}),
        ({"Eu": np.ones(3)}, {"scale": 0.0, "strength": 1.0}),
        ({"Eu": np.ones(3)}, {"scale": 1.0, "strength": float("nan")}),
        ({"Eu": np.array([1.0, np.inf])}, {"scale": 1.0, "strength": 1.0}),
        ({"Eu": np.ones(3)}, {"scale": "wide", "strength": 1.0}),
    ],
)
def test_what_are_none_is_refused(weights, numbers):
    with pytest.raises(InputError):
        Heads(weights, **numbers)


def test_features_of_another_network_are_refused():
    heads = fit_heads(part(20, 1), part(8, 2))
    assert heads is not None
    with pytest.raises(InputError, match="columns"):
        heads.corrections(np.ones((1, WIDTH + 1)), ["Eu"])
    other = Part(np.ones((2, WIDTH + 1)), np.ones(2), ["Eu", "Eu"], ["a", "b"])
    with pytest.raises(InputError, match="columns"):
        fit_heads(part(20, 1), other)
    with pytest.raises(InputError, match="1 metals where 2 are needed"):
        Part(np.ones((2, WIDTH)), np.ones(2), ["Eu"], ["a", "b"])
