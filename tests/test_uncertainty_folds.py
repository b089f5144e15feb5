"""Networks of several folds calibrate one that none of them is."""

from dataclasses import replace

import numpy as np
import pytest

from rarebind.errors import InputError
from rarebind.uncertainty import (
    LEVELS,
    Fold,
    HeldOut,
    Uncertainty,
    calibrate,
    check_coverage,
    check_external,
    check_flag,
    choose_regularisation,
    coverage,
    fit_conformal,
    fit_domains,
    fit_rigidity,
    metal_distances,
    sigmas,
)

METALS = ("La", "Eu", "Lu", "Y")
WIDTH = 3


def network(seed, number=24, *, scale=1.0, first=0):
    """A linear model with latent axes of its own, and its errors for ligands of four metals."""
    rng = np.random.default_rng(seed)
    axes = scale * np.linalg.qr(rng.normal(size=(WIDTH, WIDTH)))[0]
    features = rng.normal(size=(number * len(METALS), WIDTH))
    errors = rng.normal(size=len(features)) * 0.05 * np.linalg.norm(features, axis=1)
    ligands = [f"L{first + i}" for i in range(number) for _ in METALS]
    held = HeldOut(errors, features @ axes, METALS * number, ligands, ["1:6"] * len(features))
    return Fold(rng.normal(size=(200, WIDTH)) @ axes, held)


def folds(number=5, ligands=24, scales=()):
    scales = dict(enumerate(scales))
    return [
        network(fold, ligands, scale=scales.get(fold, 1.0), first=fold * ligands)
        for fold in range(number)
    ]


def pairs(fold, rigidity):
    first, second = fold.held_out.pairs()
    spread = rigidity.spread(fold.held_out.features)
    errors = fold.held_out.residuals
    ligands = [fold.held_out.ligands[row] for row in first]
    return errors[first] - errors[second], sigmas(spread[first] - spread[second]), ligands


def same(one, other, **tolerance):
    """Whether two models know the same of errors, whatever the size of their features."""
    assert one.energies.levels == other.energies.levels
    for what in ("energies", "differences"):
        a, b = (getattr(found, what).quantiles for found in (one, other))
        assert a.keys() == b.keys()
        for group in a:
            assert a[group] == pytest.approx(b[group], **tolerance)
    assert one.applicability.threshold == pytest.approx(other.applicability.threshold, **tolerance)
    assert one.rigidity.scale == pytest.approx(other.rigidity.scale, **tolerance)


def test_no_metal_is_compared_with_itself():
    """As conformers of one complex would be: their energies differ by other things."""
    zeros, features = np.zeros(4), np.eye(4)
    held = HeldOut(zeros, features, ("Nd", "Nd", "Dy", "Nd"), ("L",) * 4, ("1:6",) * 3 + ("4:0",))
    first, second = held.pairs()
    assert list(zip(first, second, strict=True)) == [(0, 2), (1, 2)]


@pytest.mark.parametrize("number", [19, 24, 40])
def test_the_only_fold_is_calibrated_as_before_there_were_folds(number):
    fold = network(3, number)
    features, held = fold.features, fold.held_out
    regularisation = choose_regularisation(
        features, held.features, held.residuals, blocks=held.ligands
    )
    rigidity = fit_rigidity(features, regularisation).calibrated(
        held.residuals, held.features, held.ligands
    )
    widths = sigmas(rigidity.spread(held.features))
    energies = fit_conformal(
        held.residuals, widths, held.families, LEVELS, least=9, blocks=held.ligands
    )
    errors, spreads, ligands = pairs(fold, rigidity)
    differences = fit_conformal(errors, spreads, levels=LEVELS, blocks=ligands)
    domain = fit_domains(features, (), metal_distances(features, (), held.features, held.metals))
    expected = Uncertainty(rigidity, energies, differences, domain)
    for found in (calibrate([fold]), calibrate([fold], features)):
        assert found.data() == expected.data()
        arrays = found.arrays()
        assert all(np.array_equal(arrays[n], array) for n, array in expected.arrays().items())


def test_pooled_intervals_cover_what_another_network_predicts():
    new = network(77, 400, scale=30.0, first=10_000)
    found = calibrate(folds(5, 40), new.features)
    assert set(found.energies.quantiles) == {"", "light", "middle", "heavy", "Y"}
    held = new.held_out
    widths = sigmas(found.rigidity.spread(held.features))
    for level in LEVELS:
        # Of 200 ligands that calibrate and 400 that test, four complexes each.
        room = 3 * np.sqrt(level * (1 - level) * (1 / 200 + 1 / 400))
        covered = coverage(
            held.residuals, widths, held.families, found.energies, level, blocks=held.ligands
        )
        assert covered[""].fraction == pytest.approx(level, abs=room)
        errors, spreads, ligands = pairs(new, found.rigidity)
        covered = coverage(errors, spreads, None, found.differences, level, blocks=ligands)
        assert covered[""].fraction == pytest.approx(level, abs=room)
    flags = found.applicability.flagged(held.features, held.metals)
    assert flags.mean() == pytest.approx(0.05, abs=0.025)


def test_most_pooled_ligands_cover_the_others():
    some = folds(5, 80, scales=(1, 1e3, 1e-3))
    checks = check_coverage(some)
    assert [check.level for check in checks] == list(LEVELS)
    for check in checks:
        room = 3 * np.sqrt(check.level * (1 - check.level) / 400)
        assert check.energies[""].fraction == pytest.approx(check.level, abs=room)
        assert check.differences.fraction == pytest.approx(check.level, abs=room)
        assert check.energies[""].blocks == check.differences.blocks == 400
    flag = check_flag(some)
    assert flag.flagged + flag.others == 5 * 80 * len(METALS)
    assert flag.flagged_error > flag.others_error > 0


def test_larger_errors_are_covered_less_and_distant_features_flagged():
    new = network(77, 400, first=10_000)
    found, held = calibrate(folds(5, 40), new.features), new.held_out
    checks, flag = check_external(found, held)
    assert [check.level for check in checks] == list(LEVELS)
    worse, _ = check_external(found, replace(held, residuals=3 * held.residuals))
    for alike, other in zip(checks, worse, strict=True):
        assert alike.energies[""].fraction == pytest.approx(alike.level, abs=0.1)
        assert alike.energies[""].blocks == 400
        assert other.energies[""].fraction < alike.energies[""].fraction
        assert other.differences.fraction < alike.differences.fraction
    _, far = check_external(found, replace(held, features=4 * held.features))
    assert far.flagged > 3 * flag.flagged > 0
    assert far.flagged + far.others == len(held.residuals)


def test_the_size_of_features_does_not_matter():
    model = network(50)
    plain, scaled = folds(), folds(scales=(1, 1, 1000))
    exact = {"rel": 1e-9}
    same(calibrate(scaled, model.features), calibrate(plain, model.features), **exact)
    same(calibrate(plain, 1000 * model.features), calibrate(plain, model.features), **exact)
    held = model.held_out.features
    one = calibrate(scaled, model.features).rigidity.spread(held)
    other = calibrate(plain, 1000 * model.features).rigidity.spread(1000 * held)
    assert sigmas(one) == pytest.approx(sigmas(other), rel=1e-9)
    assert check_coverage(scaled) == check_coverage(plain)
    assert check_flag(scaled) == check_flag(plain)


def test_a_ligand_in_several_folds_counts_once():
    fold = network(4)
    once, twice = calibrate([fold]), calibrate([fold, fold], fold.features)
    assert twice.data() == once.data()
    assert twice.rigidity.scale == pytest.approx(once.rigidity.scale, rel=1e-12)
    assert check_coverage([fold, fold])[0].energies[""].blocks == 24


def test_more_folds_allow_higher_levels():
    assert calibrate([network(0, 8)]).energies.levels == (0.5, 0.8)
    found = calibrate(folds(3, 8), network(9).features)
    assert found.energies.levels == (0.5, 0.8, 0.9, 0.95)


def test_levels_are_those_that_differences_allow_too():
    """Of 25 ligands three have one metal: four fifths of the others are too few for 95 %."""
    fold = network(3, 25)
    alone = {"L0", "L1", "L2"}
    rows = [
        i
        for i, (ligand, metal) in enumerate(
            zip(fold.held_out.ligands, fold.held_out.metals, strict=True)
        )
        if ligand not in alone or metal == "La"
    ]
    held = HeldOut(
        fold.held_out.residuals[rows],
        fold.held_out.features[rows],
        *([getattr(fold.held_out, what)[i] for i in rows] for what in ("metals", "ligands")),
        ["1:6"] * len(rows),
    )
    some = [replace(fold, held_out=held)]
    assert calibrate(some).energies.levels == LEVELS
    assert [check.level for check in check_coverage(some)] == [0.5, 0.8, 0.9]
    # Of three ligands alone, no part has differences.
    few = [replace(fold, held_out=held.of([*alone, "L3", "L4", "L5"]))]
    assert check_coverage(few)[0].energies[""].blocks == 6
    assert check_coverage(few)[0].differences.blocks == 3


def test_folds_agree_on_regularisation_and_scale():
    some = folds(4)
    chosen, scales = [], []
    for fold in some:
        held = fold.held_out
        of_errors = (held.features, held.residuals)
        chosen.append(choose_regularisation(fold.features, *of_errors, blocks=held.ligands))
    # They differ by orders of magnitude, and α with them.
    assert max(chosen) > 10 * min(chosen)
    common = sorted(chosen)[2]
    for fold in some:
        fitted = fit_rigidity(fold.features, common)
        held = fold.held_out
        scales.append(fitted.calibrated(held.residuals, held.features, held.ligands).scale)
    found = calibrate(some, some[0].features).rigidity
    assert found.scale == pytest.approx(np.sqrt(np.mean(np.square(scales))), rel=1e-12)
    expected = fit_rigidity(some[0].features, common)
    assert found.factor == pytest.approx(expected.factor, rel=1e-12)


def test_a_fold_may_hold_out_a_single_complex():
    lone = network(6, 1, first=500)
    held = lone.held_out
    one = HeldOut(held.residuals[:1], held.features[:1], ("La",), ("L500",), ("1:6",))
    some = [*folds(2), replace(lone, held_out=one)]
    assert calibrate(some, some[0].features).energies.levels == LEVELS
    # It is in one part alone, so the others have one fold less.
    assert check_coverage(some)[0].energies[""].blocks == 49
    with pytest.raises(InputError, match="two metals"):
        calibrate([some[-1]])


def test_folds_are_named_in_what_is_kept():
    some = folds(2)
    found = calibrate(some, some[0].features)
    assert found.folds == ()
    assert "folds" not in found.data()
    named = replace(found, folds=("a", "b"))
    assert named.data()["folds"] == ["a", "b"]
    assert Uncertainty.of(named.arrays(), named.data()).folds == ("a", "b")
    for wrong, fault in (
        ({"folds": [1]}, "folds: 1 is no text"),
        ({"fold": []}, "unknown key 'fold'"),
        ({"energies": {"levels": [0.5]}}, "quantiles is missing"),
        ({"energies": {"levels": [0.5], "quantiles": {"": ["wide"]}}}, "energies.* number"),
        ({"energies": {"levels": [0.5], "quantiles": {"": [-1.0]}}}, "one multiplier for each"),
    ):
        with pytest.raises(InputError, match=fault):
            Uncertainty.of(named.arrays(), named.data() | wrong)
    with pytest.raises(InputError, match="no part 'spread'"):
        Uncertainty.of({"spread": np.ones(1)}, named.data())


def test_unusable_folds_are_refused():
    some = folds(2)
    with pytest.raises(InputError, match="2 folds do not tell which network"):
        calibrate(some)
    with pytest.raises(InputError, match="0 folds do not tell"):
        calibrate([])
    with pytest.raises(InputError, match="no ligand is held out"):
        calibrate([], some[0].features)
    with pytest.raises(InputError, match="2 latent features, its folds have 3"):
        calibrate(some, some[0].features[:, :2])
    with pytest.raises(InputError, match="shape"):
        calibrate(some, some[0].features[0])
    held = some[1].held_out
    with pytest.raises(InputError, match="3 columns where 2"):
        Fold(some[1].features[:, :2], held)
    narrow = Fold(some[1].features[:, :2], replace(held, features=held.features[:, :2]))
    with pytest.raises(InputError, match="2 and 3 latent features"):
        calibrate([some[0], narrow], some[0].features)
    with pytest.raises(InputError, match="metals of what was learned from are told of some"):
        calibrate(some, some[0].features, ["La"] * len(some[0].features))
    with pytest.raises(InputError, match="no ligand is held out"):
        check_coverage([network(1, 1)])
