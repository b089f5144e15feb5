"""Conformal intervals hold what they promise, on simulated and on published energies."""

import json
import math
from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_outcomes import additive

from rarebind.elements import rare_earths
from rarebind.errors import InputError
from rarebind.uncertainty import (
    FAMILIES,
    Conformal,
    coverage,
    family,
    finite_sample_quantile,
    fit_conformal,
)


def test_families_are_those_of_the_periodic_table():
    found = {name: [s for s in rare_earths() if family(s) == name] for name in FAMILIES}
    assert found == {
        "Y": ["Sc", "Y"],
        "light": ["La", "Ce", "Pr", "Nd"],
        "middle": ["Pm", "Sm", "Eu", "Gd", "Tb", "Dy"],
        "heavy": ["Ho", "Er", "Tm", "Yb", "Lu"],
    }
    with pytest.raises(InputError, match="did you mean Gd"):
        family("gd")


@given(
    scores=st.lists(st.floats(0, 100), min_size=1, max_size=60),
    percent=st.integers(1, 99),
)
def test_the_quantile_is_the_score_of_the_known_rank(scores, percent):
    rank = -(-(len(scores) + 1) * percent // 100)  # exactly, in whole numbers
    expected = sorted(scores)[rank - 1] if rank <= len(scores) else math.inf
    assert finite_sample_quantile(scores, percent / 100) == expected
    alone = [str(i) for i in range(len(scores))]
    assert finite_sample_quantile(scores, percent / 100, alone) == expected


def test_blocks_share_their_weight():
    # Three ligands and the one to come have 1/4 each; those of "a" are 1/8 each.
    scores, ligands = [1.0, 4.0, 2.0, 3.0], ["a", "a", "b", "c"]
    expected = {0.1: 1, 0.125: 1, 0.2: 2, 0.375: 2, 0.5: 3, 0.625: 3, 0.7: 4, 0.75: 4}
    found = {level: finite_sample_quantile(scores, level, ligands) for level in expected}
    assert found == expected
    assert finite_sample_quantile(scores, 0.76, ligands) == math.inf
    assert finite_sample_quantile(scores, 0.76) == 4
    # A complex written down ten times says no more than once.
    assert finite_sample_quantile([5.0] * 10 + [1.0] * 9, 0.5, ["x"] * 10 + list("abcdefghi")) == 1


@pytest.mark.parametrize("size", [9, 30, 57])
def test_a_further_error_lies_inside_as_often_as_promised(size):
    rng = np.random.default_rng(size)
    trials, level = 3000, 0.9
    sigma = rng.lognormal(size=(trials, size + 1))
    # Heavy tails, and a σ that is seven times too small: neither matters.
    errors = 7 * sigma * rng.standard_t(3, size=(trials, size + 1))
    inside = 0
    for error, deviation in zip(errors, sigma, strict=True):
        found = fit_conformal(error[:-1], deviation[:-1], levels=(level,))
        inside += abs(error[-1]) <= found.multiplier(level) * deviation[-1]
    promised = math.ceil((size + 1) * level) / (size + 1)
    assert promised >= level
    assert inside / trials == pytest.approx(promised, abs=4 * math.sqrt(0.09 / trials))


def test_a_new_ligand_lies_inside_as_often_as_promised():
    rng = np.random.default_rng(5)
    trials, ligands, level = 1500, 20, 0.8
    inside = Counter()
    for _ in range(trials):
        # The ligands' own errors are what is large, and more so for those seen with few metals.
        sizes = rng.integers(1, 17, size=ligands + 1)
        own = rng.normal(size=ligands + 1) * np.where(sizes < 8, 3, 1)
        errors = np.repeat(own, sizes) + 0.2 * rng.normal(size=sizes.sum())
        names = np.repeat(np.arange(ligands + 1), sizes).astype(str)
        known = names != str(ligands)
        ones = np.ones(known.sum())
        for blocks in (None, names[known]):
            found = fit_conformal(errors[known], ones, levels=(level,), blocks=blocks)
            inside[blocks is None] += abs(errors[-1]) <= found.multiplier(level)
    error = math.sqrt(level * (1 - level) / trials)
    assert inside[False] / trials > level - 3 * error
    # Complexes one by one promise too much.
    assert inside[True] / trials < level - 5 * error


def test_each_group_keeps_its_own_promise():
    rng = np.random.default_rng(6)
    metals = rng.choice(["La", "Gd", "Lu"], size=6000)
    groups = [family(metal) for metal in metals]
    errors = rng.normal(size=6000) * np.where(metals == "Lu", 4, 1)
    half = 3000
    found = fit_conformal(errors[:half], np.ones(half), groups[:half])
    assert set(found.quantiles) == {"", "light", "middle", "heavy"}
    kept = coverage(errors[half:], np.ones(half), groups[half:], found, 0.9)
    assert list(kept) == ["", "heavy", "light", "middle"]
    assert sum(kept[g].n for g in ("light", "middle", "heavy")) == kept[""].n == half
    for group in kept.values():
        assert group.blocks == group.n
        # Both halves are random.
        assert group.fraction == pytest.approx(0.9, abs=4 * math.sqrt(0.18 / group.n))
    # One multiplier for all would be wrong for each.
    for_all = Conformal(levels=found.levels, quantiles={"": found.quantiles[""]})
    assert (
        coverage(errors[half:], np.ones(half), groups[half:], for_all, 0.9)["heavy"].fraction < 0.8
    )
    widths = found.half_widths([2.0, 2.0], 0.9, ["heavy", "light"])
    assert widths[0] == 2 * found.multiplier(0.9, "heavy") > 3 * widths[1]


def test_small_groups_have_the_multipliers_of_all():
    scores = np.arange(1.0, 101)
    groups = ["many"] * 40 + ["few"] * 29 + ["some"] * 31
    found = fit_conformal(scores, np.ones(100), groups, (0.5, 0.9, 0.98))
    assert set(found.quantiles) == {"", "many", "some"}
    # ⌈101 · 0.5⌉ = 51, ⌈101 · 0.9⌉ = 91, ⌈101 · 0.98⌉ = 99.
    assert found.quantiles[""] == (51, 91, 99)
    assert found.multiplier(0.9, "few") == found.multiplier(0.9, "Sc") == 91
    # ⌈41 · 0.5⌉ = 21 and ⌈41 · 0.9⌉ = 37; for 0.98, 40 are too few.
    assert found.quantiles["many"] == (21, 37, 99)
    assert found.quantiles["some"][:2] == (69 + 16, 69 + 29)
    # A multiplier that falls with the level would contradict itself.
    last = fit_conformal(scores, np.ones(100), ["a"] * 69 + ["b"] * 31, (0.96, 0.97))
    # ⌈70 · 0.96⌉ = ⌈70 · 0.97⌉ = 68; "b" is too small for 0.97, and its 31 for 0.96 is 100.
    assert last.quantiles == {"": (97, 98), "a": (68, 68), "b": (100, 100)}
    # Of blocks, too: 40 complexes, but of two ligands.
    blocks = [f"{i % 2}" for i in range(40)] + [f"{i}" for i in range(60)]
    found = fit_conformal(scores, np.ones(100), groups, (0.5, 0.9), least=29, blocks=blocks)
    assert set(found.quantiles) == {"", "few", "some"}


def test_the_scale_of_sigma_does_not_matter():
    rng = np.random.default_rng(7)
    errors, sigma = rng.normal(size=50), rng.lognormal(size=50)
    one, other = fit_conformal(errors, sigma), fit_conformal(errors, 16 * sigma)
    assert np.array_equal(one.half_widths(sigma, 0.8), other.half_widths(16 * sigma, 0.8))


def test_published_energies_are_inside_as_often_as_promised():
    found = additive().sample(frac=1, random_state=8)
    errors = (found["predicted"] - found["truth"]).to_numpy()
    groups = found["metal"].map(family).tolist()
    ligands = found["ligand"].tolist()
    half = len(found) // 2
    ones = np.ones(len(found))
    fitted = fit_conformal(errors[:half], ones[:half], groups[:half])
    for level in fitted.levels:
        kept = coverage(errors[half:], ones[half:], groups[half:], fitted, level)
        for group in kept.values():
            error = math.sqrt(2 * level * (1 - level) / group.n)
            assert group.fraction == pytest.approx(level, abs=4 * error)
    # Half of the complexes of a ligand are alike the other half; each counts the same here.
    fitted = fit_conformal(errors[:half], ones[:half], levels=(0.5, 0.8), blocks=ligands[:half])
    kept = coverage(errors[half:], ones[half:], None, fitted, 0.8, blocks=ligands[half:])
    assert kept[""].blocks == len(set(ligands))
    assert kept[""].fraction > 0.78


def test_plain_data_goes_to_json_and_back():
    rng = np.random.default_rng(9)
    groups = ["light"] * 40 + ["heavy"] * 60
    errors = rng.normal(size=100)
    found = fit_conformal(errors, np.ones(100), groups)
    assert found == fit_conformal(errors, np.ones(100), np.array(groups))
    again = Conformal.model_validate(json.loads(json.dumps(found.model_dump(mode="json"))))
    assert again == found
    assert again.multiplier(0.9, "light") == found.multiplier(0.9, "light")
    kept = coverage([1.0], [1.0], ["light"], found, 0.9)
    assert json.loads(json.dumps(asdict(kept[""]))) == {"fraction": 1.0, "n": 1, "blocks": 1}


def test_unusable_input_is_refused():
    errors, ones = np.linspace(-1, 1, 20), np.ones(20)
    with pytest.raises(InputError, match=r"20 complexes .* level 0.99, which need 99"):
        fit_conformal(errors, ones, levels=(0.9, 0.99))
    with pytest.raises(InputError, match=r"4 ligands .* level 0.9, which need 9:"):
        fit_conformal(errors, ones, levels=(0.5, 0.9), blocks=list("abcd") * 5)
    with pytest.raises(InputError, match="0 complexes are too few"):
        fit_conformal([], [])
    with pytest.raises(InputError, match="1 of 20 rows are not finite"):
        fit_conformal([*errors[:-1], np.nan], ones)
    with pytest.raises(InputError, match="sigmas: 1 of 20 rows are not finite"):
        fit_conformal(errors, [*ones[:-1], np.nan])
    with pytest.raises(InputError, match="1 of 20 sigmas are not above 0"):
        fit_conformal(errors, [*ones[:-1], 0])
    with pytest.raises(InputError, match="19 sigmas where 20"):
        fit_conformal(errors, ones[:-1])
    with pytest.raises(InputError, match="2 groups where 20"):
        fit_conformal(errors, ones, ["a", "b"])
    with pytest.raises(InputError, match="2 blocks where 20"):
        fit_conformal(errors, ones, blocks=["a", "b"])
    with pytest.raises(InputError, match="cannot be called"):
        fit_conformal(errors, ones, ["a", ""] * 10)
    for wrong in ((), (0.9, 0.5), (0.0,), (1.0,), (math.nan,), (0.5, 0.5)):
        with pytest.raises(InputError, match="increasing probabilities"):
            fit_conformal(errors, ones, levels=wrong)
    found = fit_conformal(errors, ones, levels=(0.5, 0.9))
    with pytest.raises(InputError, match=r"no intervals of level 0.8: give 0.5, 0.9"):
        found.multiplier(0.8)
    with pytest.raises(InputError, match="0 rows of residuals"):
        coverage([], [], None, found, 0.9)
    with pytest.raises(InputError, match="1 blocks where 2"):
        coverage([1, 2], [1, 1], ["x", "x"], found, 0.9, blocks=["a"])
    with pytest.raises(InputError, match="which is all"):
        Conformal(levels=(0.5,), quantiles={"light": (1.0,)})
    for wrong in ((2.0, 1.0), (1.0,), (1.0, math.inf), (-1.0, 1.0), (1.0, math.nan)):
        with pytest.raises(InputError, match="one multiplier for each level"):
            Conformal(levels=(0.5, 0.9), quantiles={"": wrong})
