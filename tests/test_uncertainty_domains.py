"""A complex is compared with those of its own metal."""

import numpy as np
import pytest

from rarebind.errors import InputError
from rarebind.uncertainty import Domains, Fold, HeldOut, calibrate, check_flag
from rarebind.uncertainty.domains import LEAST, fit_domains, metal_distances

SERIES = ("La", "Eu", "Lu")
WIDTH = 4


def complexes(number, seed, *, shift=0.0):
    """Features that change along the series far more than from ligand to ligand."""
    rng = np.random.default_rng(seed)
    places = np.tile(np.linspace(-10, 10, len(SERIES)), number)
    features = rng.normal(size=(number * len(SERIES), WIDTH))
    features[:, 0] += places + shift
    return features, SERIES * number


def domains(seed=1):
    features, metals = complexes(200, seed)
    other = complexes(100, seed + 1)
    return fit_domains(features, metals, metal_distances(features, metals, *other))


def test_what_is_new_with_a_metal_is_flagged_with_each() -> None:
    """A shift of eight standard deviations, less than the way along the series."""
    found = domains()
    features, metals = complexes(200, 7)
    assert found.flagged(features, metals).mean() == pytest.approx(0.05, abs=0.03)
    new, metals = complexes(200, 8, shift=8.0)
    assert found.flagged(new, metals).all()
    # One Gaussian of all metals does not see it but at the end of the series.
    assert found.flagged(new).mean() < 0.5


def test_distances_are_those_of_one_metal_alone() -> None:
    features, metals = complexes(50, 1)
    other, names = complexes(20, 2)
    distances = metal_distances(features, metals, other, names)
    for metal in SERIES:
        own, there = (np.array(x) == metal for x in (metals, names))
        alone = metal_distances(features[own], (), other[there], names[: there.sum()])
        assert distances[there] == pytest.approx(alone, rel=1e-12)


@pytest.mark.parametrize("number", [LEAST - 1, LEAST])
def test_a_metal_with_few_complexes_shares_the_domain_of_all(number) -> None:
    features, metals = complexes(40, 1)
    few = np.array(metals) != "Eu"
    few[np.flatnonzero(~few)[:number]] = True
    features, metals = features[few], tuple(np.array(metals)[few])
    other = complexes(40, 2)
    found = fit_domains(features, metals, metal_distances(features, metals, *other))
    assert ("Eu" in found.metals) == (number == LEAST)
    assert {"La", "Lu"} <= set(found.metals)
    unknown = found.distance(other[0][:5], ["Y"] * 5)
    assert np.array_equal(unknown, found.distance(other[0][:5]))


def test_without_metals_there_is_one_domain() -> None:
    features, _ = complexes(40, 1)
    other, names = complexes(40, 2)
    found = fit_domains(features, (), metal_distances(features, (), other, names))
    assert not found.metals
    assert np.array_equal(found.flagged(other, names), found.flagged(other))


def test_arrays_go_to_a_file_and_back() -> None:
    found, other = domains(), complexes(10, 9)
    again = Domains.of(found.arrays(), list(found.metals))
    assert np.array_equal(again.distance(*other), found.distance(*other))
    assert again.threshold == found.threshold
    # Files of before there were metals.
    arrays = {name: found.arrays()[name] for name in ("mean", "whitening", "threshold", "quantile")}
    alone = Domains.of(arrays, [])
    assert np.array_equal(alone.distance(*other), found.distance(other[0]))
    assert alone.arrays().keys() == arrays.keys()


def test_calibration_tells_metals_apart() -> None:
    features, metals = complexes(60, 1)
    other, names = complexes(40, 2)
    rng = np.random.default_rng(3)
    held = HeldOut(
        0.1 * rng.normal(size=len(other)), other, names,
        tuple(f"L{i // len(SERIES)}" for i in range(len(other))), ("1:6",) * len(other),
    )  # fmt: skip
    fold = Fold(features, held, metals)
    found = calibrate([fold])
    assert set(found.applicability.metals) == set(SERIES)
    assert found.data()["domains"] == sorted(SERIES)
    plain = calibrate([Fold(features, held)])
    assert not plain.applicability.metals
    assert "domains" not in plain.data()
    again = type(found).of(found.arrays(), found.data())
    assert np.array_equal(
        again.applicability.distance(other, names), found.applicability.distance(other, names)
    )
    assert check_flag([fold]).flagged + check_flag([fold]).others == len(other)


def test_unusable_input_is_refused() -> None:
    features, metals = complexes(40, 1)
    found = domains()
    with pytest.raises(InputError, match="3 metals where 120"):
        found.flagged(features, SERIES)
    with pytest.raises(InputError, match="3 metals where 120"):
        metal_distances(features, SERIES, features, metals)
    with pytest.raises(InputError, match="columns"):
        found.distance(features[:, :2], metals)
    with pytest.raises(InputError, match="a name, a mean and a whitening each"):
        Domains.of(found.arrays(), ["La"])
    held = HeldOut([0.1], features[:1], ("La",), ("L",), ("1:6",))
    with pytest.raises(InputError, match="3 metals where 120"):
        Fold(features, held, SERIES)
    with pytest.raises(InputError, match="3 means of a domain where 4"):
        Domains.of(found.arrays() | {"metal_means": np.ones((3, WIDTH - 1))}, SERIES)
