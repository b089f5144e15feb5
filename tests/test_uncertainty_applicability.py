"""What lies far from the training set is flagged, and little of what does not."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import EmpiricalCovariance, ShrunkCovariance
from sklearn.model_selection import GridSearchCV, KFold

from rarebind.errors import InputError
from rarebind.uncertainty import Domains, finite_sample_quantile, fit_domains, metal_distances
from rarebind.uncertainty.domains import SHRINKAGES

RNG = np.random.default_rng(1)
MIXING = RNG.normal(size=(6, 6)) * np.logspace(0, -2, 6)


def fit(training, held_out, **how):
    """One domain for all metals."""
    distances = metal_distances(training, (), held_out, ["La"] * len(held_out))
    return fit_domains(training, (), distances, **how)


def _like(n, seed):
    return 3 + np.random.default_rng(seed).normal(size=(n, 6)) @ MIXING


def test_about_as_many_as_promised_are_flagged():
    domain = fit(_like(500, 2), _like(2000, 3), quantile=0.9)
    share = domain.flagged(_like(4000, 4)).mean()
    assert share == pytest.approx(0.1, abs=4 * math.sqrt(0.09 * (1 / 2000 + 1 / 4000)))
    assert np.mean(domain.distance(_like(500, 2)) ** 2) == pytest.approx(6, rel=0.1)


def test_a_further_complex_is_flagged_no_more_often_than_promised():
    domain = fit(_like(200, 5), _like(19, 6))
    trials = 2000
    flags = 0
    for distances in domain.distance(_like(20 * trials, 7)).reshape(trials, 20):
        # What fit_domains takes for its threshold, of the first 19.
        flags += distances[19] > finite_sample_quantile(distances[:19], 0.95)
    assert domain.threshold == finite_sample_quantile(domain.distance(_like(19, 6)), 0.95)
    assert flags / trials == pytest.approx(0.05, abs=4 * math.sqrt(0.0475 / trials))


def test_what_lies_far_away_is_flagged():
    domain = fit(_like(500, 2), _like(200, 3))
    direction = np.linalg.svd(MIXING)[2]
    # Ten standard deviations along each principal direction, however small it is.
    for axis in direction:
        deviation = np.linalg.norm(MIXING @ axis)
        step = 10 * deviation * axis
        assert domain.flagged([3 + step, 3 - step]).all()
    assert not domain.flagged([np.full(6, 3.0)])[0]


def test_distances_are_those_of_scikit_learn():
    training, new = _like(2000, 7), 2 * _like(30, 9)
    domain = fit(training, _like(40, 8))
    reference = EmpiricalCovariance().fit(training)
    assert domain.distance(new) ** 2 == pytest.approx(reference.mahalanobis(new), rel=0.1)


def test_few_complexes_are_shrunk_as_by_scikit_learn():
    rng = np.random.default_rng(1)
    training, new = rng.normal(size=(30, 20)), rng.normal(size=(30, 20))
    folds = KFold(5, shuffle=True, random_state=2)
    search = GridSearchCV(ShrunkCovariance(), {"shrinkage": SHRINKAGES}, cv=folds).fit(training)
    assert 0.1 < search.best_params_["shrinkage"] <= 1
    domain = fit(training, new)
    reference = search.best_estimator_.mahalanobis(new)
    # The folds are others.
    assert domain.distance(new) ** 2 == pytest.approx(reference, rel=0.6)
    singular = EmpiricalCovariance().fit(training).mahalanobis(new)
    assert domain.distance(new).mean() < 0.7 * np.sqrt(singular).mean()


def test_new_directions_are_seen():
    # The last feature never varies in training, the last but one copies the first.
    def wide(base):
        return np.hstack([base, base[:, :1], np.zeros((len(base), 1))])

    domain = fit(wide(_like(500, 2)), wide(_like(200, 3)))
    new = wide(_like(5, 4))
    assert not domain.flagged(new).any()
    assert domain.flagged(new + np.eye(8)[7] * 0.1).all()
    assert domain.flagged(new + np.eye(8)[6] * 0.1).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), size=st.floats(1e-3, 1e3))
def test_axes_and_units_of_the_latent_space_do_not_matter(seed, size):
    rng = np.random.default_rng(seed)
    turn = size * np.linalg.qr(rng.normal(size=(6, 6)))[0]
    training, held_out, new = _like(60, seed), _like(30, seed + 1), _like(8, seed + 2)
    one = fit(training, held_out)
    other = fit(training @ turn - size, held_out @ turn - size)
    assert other.distance(new @ turn - size) == pytest.approx(one.distance(new), rel=1e-6)
    assert other.threshold == pytest.approx(one.threshold, rel=1e-6)


@pytest.mark.parametrize(
    ("training", "held_out"),
    [
        (np.array([[0.0, 1], [2, 1]] * 5), np.array([[i / 19, 1] for i in range(19)])),
        (_like(10, 1)[:, :1], _like(19, 2)[:, :1]),
        (np.repeat(_like(3, 1), 4, axis=0), _like(19, 2)),
        (np.vstack([np.full((99, 6), 3.0), np.full((1, 6), 4.0)]), _like(19, 2)),
        (1e-200 * _like(30, 1), 1e-200 * _like(19, 2)),
    ],
)
def test_little_or_flat_training_gives_finite_distances(training, held_out):
    domain = fit(training, held_out)
    assert np.isfinite(domain.distance(held_out)).all()
    assert not domain.flagged(held_out).any()
    assert domain.flagged([training.max() * np.full(training.shape[1], 1e6)]).all()


def test_arrays_go_to_a_file_and_back():
    domain = fit(_like(50, 2), _like(30, 3))
    again = Domains.of(domain.arrays(), ())
    assert np.array_equal(again.distance(_like(5, 4)), domain.distance(_like(5, 4)))
    assert (again.threshold, again.quantile) == (domain.threshold, 0.95)
    with pytest.raises(ValueError, match="read-only"):
        again.mean[0] = 1


def test_unusable_input_is_refused():
    training, held_out = _like(50, 2), _like(30, 3)
    with pytest.raises(InputError, match=r"18 held-out complexes are too few.*give 19, or"):
        fit(training, held_out[:18])
    with pytest.raises(InputError, match="all training features are the same"):
        fit(np.full((13, 6), 0.1), held_out)
    with pytest.raises(InputError, match="9 rows of features where at least 10"):
        fit(training[:9], held_out)
    with pytest.raises(InputError, match="5 columns where 6"):
        fit(training, held_out[:, :5])
    broken = held_out.copy()
    broken[0, 0] = np.nan
    with pytest.raises(InputError, match="held-out features: 1 of 30 rows are not finite"):
        fit(training, broken)
    domain = fit(training, held_out)
    arrays = domain.arrays()
    with pytest.raises(InputError, match="features: 1 of 30 rows are not finite"):
        domain.flagged(broken)
    for wrong in (0.0, 1.0, 1.5):
        with pytest.raises(InputError, match="between 0 and 1"):
            fit(training, held_out, quantile=wrong)
        with pytest.raises(InputError, match="quantile"):
            Domains.of(arrays | {"quantile": wrong}, ())
    for wrong in (0.0, math.nan, math.inf):
        with pytest.raises(InputError, match="threshold"):
            Domains.of(arrays | {"threshold": wrong}, ())
    with pytest.raises(InputError, match="whitenings of 5 features"):
        Domains.of(arrays | {"mean": np.zeros(5)}, ())
    with pytest.raises(InputError, match="mean, whitening, threshold, quantile, metal_means"):
        Domains.of({}, ())
    with pytest.raises(InputError, match="the quantile of a domain is no number"):
        Domains.of(arrays | {"quantile": "most"}, ())
