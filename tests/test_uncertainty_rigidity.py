"""The joint spread of predictions, against Bayesian linear regression of scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct
from sklearn.linear_model import BayesianRidge

from rarebind.errors import InputError
from rarebind.uncertainty import (
    Rigidity,
    choose_regularisation,
    fit_rigidity,
    sigmas,
)
from rarebind.uncertainty.arrays import from_arrays


def _features(seed, n, d, rank=None):
    rng = np.random.default_rng(seed)
    rank = min(n, d) if rank is None else rank
    return rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))


def _unit(features):
    """What regularisations are counted in."""
    return np.trace(features.T @ features) / features.shape[1]


def _fit(features, regularisation):
    """With an absolute regularisation."""
    features = np.asarray(features, dtype=float)
    return fit_rigidity(features, regularisation / _unit(features))


def _direct(features, regularisation):
    return np.linalg.inv(features.T @ features + regularisation * np.eye(features.shape[1]))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    n=st.integers(1, 12),
    d=st.integers(1, 12),
    regularisation=st.floats(1e-3, 10),
)
def test_the_factor_is_one_of_the_inverse(seed, n, d, regularisation):
    features = _features(seed, n, d)
    factor = _fit(features, regularisation).factor
    assert factor @ factor.T == pytest.approx(_direct(features, regularisation), rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 1000),
    coefficients=st.lists(st.floats(-5, 5), min_size=2, max_size=6),
    scale=st.floats(0.01, 10),
)
def test_a_combination_is_as_unsure_as_its_row_is_long(seed, coefficients, scale):
    c = np.array(coefficients)
    train, new = _features(seed, 9, 5), _features(seed + 1, len(c), 5)
    spread = Rigidity(_fit(train, 0.3).factor, scale).spread(new)
    covariance = scale**2 * new @ _direct(train, 0.3) @ new.T
    assert spread @ spread.T == pytest.approx(covariance, rel=1e-8, abs=1e-10)
    assert np.sum((c @ spread) ** 2) == pytest.approx(c @ covariance @ c, rel=1e-8, abs=1e-10)
    assert sigmas(spread) == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-8)


def test_it_is_the_posterior_of_bayesian_ridge_regression():
    rng = np.random.default_rng(4)
    train, new = _features(4, 60, 6), _features(5, 7, 6)
    y = train @ rng.normal(size=6) + rng.normal(scale=0.3, size=60)
    bayes = BayesianRidge(fit_intercept=False).fit(train, y)
    # Noise of precision alpha_, weights of precision lambda_.
    rigidity = _fit(train, bayes.lambda_ / bayes.alpha_)
    spread = Rigidity(rigidity.factor, bayes.alpha_**-0.5).spread(new)
    # scikit-learn keeps the covariance of its last iteration but one.
    assert spread @ spread.T == pytest.approx(new @ bayes.sigma_ @ new.T, rel=1e-3, abs=1e-6)
    _, deviation = bayes.predict(new, return_std=True)
    assert np.hypot(sigmas(spread), bayes.alpha_**-0.5) == pytest.approx(deviation, rel=1e-4)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (5, 12)])
def test_it_is_the_posterior_of_a_linear_gaussian_process(n, d):
    train, new = _features(6, n, d), _features(7, 8, d)
    noise = 0.7
    process = GaussianProcessRegressor(
        DotProduct(sigma_0=0.0, sigma_0_bounds="fixed"), alpha=noise, optimizer=None
    ).fit(train, np.zeros(n))
    covariance = process.predict(new, return_cov=True)[1]
    spread = Rigidity(_fit(train, noise).factor, noise**0.5).spread(new)
    assert spread @ spread.T == pytest.approx(covariance, rel=1e-6, abs=1e-8)


def test_directions_without_training_are_unsure():
    train = np.array([[1.0, 0, 0], [2, 0, 0], [2, 0, 0]])
    rigidity = _fit(train, 0.01)
    known, unknown, both = sigmas(rigidity.spread([[1, 0, 0], [0, 1, 0], [1, 1, 0]]))
    assert known == pytest.approx((9 + 0.01) ** -0.5)
    assert unknown == pytest.approx(0.01**-0.5)
    assert both == pytest.approx(np.hypot(known, unknown))


def test_what_two_predictions_share_cancels_without_loss_of_digits():
    # Both are unsure of the untrained column, by 1e5; they differ in the trained one alone.
    rigidity = _fit([[1.0, 0], [0.5, 0]], 1e-10)
    spread = rigidity.spread([[1.0, 1], [1.25, 1]])
    assert sigmas(spread).min() > 9e4
    assert np.linalg.norm(spread[0] - spread[1]) == pytest.approx(0.25 * 1.25**-0.5, rel=1e-9)


def test_small_directions_keep_their_digits():
    # FᵀF would have eigenvalues 1 and 1e-18, and round the second away.
    rotation = np.linalg.qr(_features(0, 2, 2))[0]
    train = np.diag([1.0, 1e-9]) @ rotation
    variance = np.sum(_fit(train, 1e-15).spread(rotation) ** 2, axis=1)
    assert variance == pytest.approx([1, 1 / (1e-18 + 1e-15)], rel=1e-6)


def test_calibration_recovers_the_scale():
    rng = np.random.default_rng(8)
    train, held_out = _features(9, 50, 8), _features(10, 4000, 8)
    rigidity = Rigidity(_fit(train, 0.1).factor, 7.0)
    errors = 0.35 * sigmas(_fit(train, 0.1).spread(held_out)) * rng.normal(size=4000)
    # The relative error of a standard deviation of n numbers is 1/√(2n).
    calibrated = rigidity.calibrated(errors, held_out)
    assert calibrated.scale == pytest.approx(0.35, rel=4 / np.sqrt(8000))
    assert np.mean((errors / sigmas(calibrated.spread(held_out))) ** 2) == pytest.approx(1)
    assert rigidity.scale == 7.0


def test_every_ligand_counts_the_same_where_asked_for():
    rigidity = _fit([[1.0]], 1.0)
    held_out = np.full((4, 1), np.sqrt(2))  # σ = 1 eV
    errors, ligands = [1, 1, 1, 3], ["a", "a", "a", "b"]
    assert rigidity.calibrated(errors, held_out).scale == pytest.approx(np.sqrt(12 / 4))
    assert rigidity.calibrated(errors, held_out, ligands).scale == pytest.approx(np.sqrt(5))
    # Errors that are all the same are as good as any.
    assert rigidity.calibrated([2, 2, 2, 2], held_out).scale == pytest.approx(2)


def test_the_regularisation_that_made_the_errors_is_found():
    rng = np.random.default_rng(11)
    train = _features(12, 40, 10) * np.logspace(0, -2, 10)
    held_out = rng.normal(size=(3000, 10))
    right = 1e-3
    errors = 0.2 * sigmas(fit_rigidity(train, right).spread(held_out)) * rng.normal(size=3000)
    chosen = choose_regularisation(train, held_out, errors)
    assert right / 10 <= chosen <= right * 10
    again = choose_regularisation(1e4 * train, 1e4 * held_out, 5 * errors)
    assert again == chosen
    ligands = [str(i % 30) for i in range(3000)]
    assert choose_regularisation(train, held_out, errors, blocks=ligands) == chosen
    by_hand = {}
    for ratio in (1e-1, 1e-2, 1e-3, 1e-4):
        rigidity = fit_rigidity(train, ratio).calibrated(errors, held_out)
        sigma = sigmas(rigidity.spread(held_out))
        by_hand[ratio] = np.mean(-((errors / sigma) ** 2) / 2 - np.log(sigma))
    best = choose_regularisation(train, held_out, errors, grid=tuple(by_hand))
    assert best == pytest.approx(max(by_hand, key=by_hand.get))


@pytest.mark.parametrize(
    "train", [_features(1, 3, 8), np.pad(_features(2, 20, 3), ((0, 0), (0, 2))), np.ones((9, 4))]
)
def test_features_of_deficient_rank_give_finite_spreads(train):
    rng = np.random.default_rng(13)
    held_out = train[rng.integers(len(train), size=30)] + 0.1 * rng.normal(
        size=(30, train.shape[1])
    )
    errors = rng.normal(size=30)
    regularisation = choose_regularisation(train, held_out, errors)
    rigidity = fit_rigidity(train, regularisation).calibrated(errors, held_out)
    spread = rigidity.spread(held_out)
    assert np.isfinite(spread).all()
    assert (sigmas(spread) > 0).all()


def test_arrays_go_to_a_file_and_back():
    rigidity = Rigidity(_fit(_features(3, 9, 4), 0.2).factor, 0.4)
    again = from_arrays(Rigidity, vars(rigidity), "a rigidity")
    assert np.array_equal(again.factor, rigidity.factor)
    assert again.scale == rigidity.scale
    with pytest.raises(ValueError, match="read-only"):
        again.factor[0, 0] = 1
    with pytest.raises(InputError, match="a rigidity is factor, scale, got factor"):
        from_arrays(Rigidity, {"factor": rigidity.factor}, "a rigidity")
    assert rigidity.spread(np.zeros((0, 4))).shape == (0, 4)


def test_single_precision_features_are_as_good():
    train, new = _features(3, 30, 4), _features(4, 5, 4)
    single = _fit(train.astype(np.float32), 0.1).spread(new.astype(np.float32))
    assert single.dtype == np.float64
    assert sigmas(single) == pytest.approx(sigmas(_fit(train, 0.1).spread(new)), rel=1e-5)


def test_unusable_input_is_refused():
    train = _features(3, 9, 4)
    rigidity = _fit(train, 0.1)
    broken = train.copy()
    broken[2, 1] = np.nan
    broken[5] = np.inf
    with pytest.raises(InputError, match="features: 2 of 9 rows are not finite"):
        fit_rigidity(broken, 0.1)
    with pytest.raises(InputError, match="2 of 9 rows"):
        rigidity.spread(broken)
    for wrong in (0.0, -1.0, np.nan, np.inf, 1e-20):
        with pytest.raises(InputError, match="regularisation"):
            fit_rigidity(train, wrong)
    with pytest.raises(InputError, match="all training features are 0"):
        fit_rigidity(np.zeros((3, 2)), 0.1)
    with pytest.raises(InputError, match="0 rows of features where at least 1"):
        fit_rigidity(np.zeros((0, 4)), 0.1)
    with pytest.raises(InputError, match=r"shape \(n, d\)"):
        fit_rigidity(train[0], 0.1)
    with pytest.raises(InputError, match="rows of equal length"):
        fit_rigidity([[1.0, 2], [1]], 0.1)
    with pytest.raises(InputError, match="3 columns where 4 are needed"):
        rigidity.spread(train[:, :3])
    with pytest.raises(InputError, match="all residuals are 0"):
        rigidity.calibrated(np.zeros(9), train)
    with pytest.raises(InputError, match="8 residuals where 9 are needed"):
        rigidity.calibrated(np.ones(8), train)
    with pytest.raises(InputError, match="8 blocks where 9"):
        rigidity.calibrated(np.ones(9), train, ["a"] * 8)
    with pytest.raises(InputError, match="features of 1 of 9 complexes are all 0"):
        rigidity.calibrated(np.ones(9), np.vstack([train[:8], np.zeros(4)]))
    with pytest.raises(InputError, match="all training features are 0"):
        choose_regularisation(np.zeros((3, 4)), train, np.ones(9))
    with pytest.raises(InputError, match="no regularisation on the grid"):
        choose_regularisation(train, train, np.ones(9), grid=(1e-30,))
    with pytest.raises(InputError, match="must be square"):
        Rigidity(train, 1.0)
    with pytest.raises(InputError, match="scale"):
        Rigidity(np.eye(2), 0.0)
