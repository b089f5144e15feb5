"""Models of log K: fitted, left out, judged, calibrated, saved."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("sklearn")

from rarebind.errors import InputError
from rarebind.experiment import (
    Design,
    calibrate_log_k,
    cross_coverage,
    experiment_frame,
    fit_intervals,
    fit_model,
    left_out,
    ligand_descriptors,
    load_calibration,
    predict_left_out,
    save_calibration,
    score,
    sizes,
    stability_constants,
    with_computed,
)
from rarebind.experiment.baselines import BASELINES
from rarebind.experiment.comparison import best_design, compare
from rarebind.experiment.descriptors import DONORS, LIGAND, SCREENING
from rarebind.experiment.intervals import pair_errors

METALS = ["La", "Nd", "Eu", "Gd", "Dy", "Yb", "Lu"]
PLAIN = Design(ligand=("charge",), slopes=("charge",))


def made(ligands=24, noise=0.0, seed=0):
    """Ligands whose log K follows a law: 3 − 2·charge, rising with size by −charge a unit."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(ligands):
        charge = -(number % 4) - 1.0
        shift = noise * rng.normal()
        rows += [
            {
                "ligand": f"L{number}", "group": f"G{number}", "smiles": "CC(=O)O",
                "donor_class": f"class {number % 3}", "metal": metal,
                "charge": charge, "charge_squared": charge**2, "denticity": 2.0 - charge,
                SCREENING: 0.0, "carboxylate_donors": -charge, "size": size,
                "log_k": 3 - 2 * charge - charge * size + shift,
            }
            for metal, size in zip(METALS, sizes(METALS), strict=True)
        ]  # fmt: skip
    frame = pd.DataFrame(rows)
    rest = [name for name in (*LIGAND, *DONORS) if name not in frame]
    return frame.assign(**dict.fromkeys(rest, 0.0))


@pytest.fixture(scope="module")
def shipped():
    return experiment_frame(stability_constants())


# --- descriptors ------------------------------------------------------------------------------


def test_descriptors_of_known_ligands():
    found = ligand_descriptors(["O=C(O)CN(CCN(CC(=O)O)CC(=O)O)CC(=O)O", "O=C(O)C(=O)O", "CO"])
    edta, oxalate, methanol = (found.iloc[i] for i in range(3))
    assert (edta["charge"], edta["denticity"]) == (-4, 6)
    assert (edta["amine_donors"], edta["carboxylate_donors"]) == (2, 4)
    # Of EDTA five five-membered rings, of oxalate one.
    assert edta["rings_of_5"] == 5
    assert oxalate["rings_of_5"] == 1
    assert methanol["alcohol_donors"] == 1
    assert edta["donor_class"] == "aminopolycarboxylate"
    donors = [name for name in found if name.endswith("_donors")]
    assert (found[donors].sum(axis=1) == found["denticity"]).all()


def test_stereoisomers_are_left_out_together():
    found = ligand_descriptors(["C[C@H](O)C(=O)O", "C[C@@H](O)C(=O)O", "CC(O)C(=O)[O-]"])
    assert len(set(found["group"])) == 1


def test_sizes_follow_the_contraction():
    lanthanides = sizes(["La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Lu", "Sc"])
    assert (np.diff(lanthanides) > 0).all()
    assert lanthanides[8] - lanthanides[0] == pytest.approx(1)
    assert sizes(["Gd"]) == [0]


# --- the model --------------------------------------------------------------------------------


def test_a_law_is_found_and_reaches_ligands_left_out():
    frame = made()
    predicted = predict_left_out(
        frame,
        lambda known, asked: fit_model(known, PLAIN).predict(asked),
        left_out(frame, "ligand"),
    )
    assert np.abs(predicted - frame["log_k"]).max() < 0.05


def test_no_ligand_is_in_its_own_fit():
    frame = made(30)
    for split, column in (("ligand", "group"), ("class", "donor_class")):
        parts = left_out(frame, split)
        assert sorted(np.concatenate(parts)) == list(range(len(frame)))
        for part in parts:
            known = np.setdiff1d(np.arange(len(frame)), part)
            assert not set(frame[column].iloc[part]) & set(frame[column].iloc[known])


def test_what_is_common_to_a_ligand_changes_no_difference():
    """The series is fitted within ligands: shifting each as a whole changes it by nothing."""
    frame = made(noise=0.0)
    shifted = frame.assign(log_k=frame["log_k"] + frame["ligand"].str[1:].astype(int) * 0.7)
    one, other = fit_model(frame, PLAIN), fit_model(shifted, PLAIN)
    assert one.series.coefficients == pytest.approx(other.series.coefficients)


@settings(max_examples=5, deadline=None)
@given(st.permutations(list(range(24))), st.floats(-5, 5))
def test_order_of_rows_is_of_no_matter_and_a_constant_goes_through(order, constant):
    frame = made(noise=0.3)
    model = fit_model(frame, PLAIN)
    parts = [frame[frame["ligand"] == f"L{number}"] for number in order]
    shuffled = pd.concat(parts, ignore_index=True)
    assert model.predict(shuffled) == pytest.approx(
        shuffled.merge(
            frame[["ligand", "metal"]].assign(told=model.predict(frame)), on=["ligand", "metal"]
        )["told"].to_numpy()
    )
    moved = fit_model(frame.assign(log_k=frame["log_k"] + constant), PLAIN)
    assert moved.predict(frame) == pytest.approx(model.predict(frame) + constant, abs=1e-6)


def test_computed_columns_give_level_and_series():
    frame = made()
    rng = np.random.default_rng(1)
    level = frame["ligand"].map({f"L{i}": v for i, v in enumerate(rng.normal(size=24) * 5)})
    computed = level + frame["size"] * rng.normal(size=len(frame))
    frame = frame.assign(computed=computed, log_k=2 + 0.5 * level + 0.1 * (computed - level))
    without, with_it = (
        predict_left_out(
            frame,
            lambda known, asked, design=design: fit_model(known, design).predict(asked),
            left_out(frame, "ligand"),
        )
        for design in (PLAIN, PLAIN.model_copy(update={"computed": ("computed",)}))
    )
    assert np.abs(with_it - frame["log_k"]).mean() < 0.2 * np.abs(without - frame["log_k"]).mean()


def test_what_a_model_cannot_use_is_refused():
    frame = made()
    with pytest.raises(InputError, match="no column nothing"):
        fit_model(frame, Design(ligand=("nothing",)))
    with pytest.raises(InputError, match="charge are finite"):
        fit_model(frame.assign(charge=np.nan), PLAIN)
    with pytest.raises(InputError, match="too few"):
        fit_model(frame[frame["group"].isin(["G0", "G1"])], PLAIN)
    with pytest.raises(InputError, match="unknown split"):
        left_out(frame, "metal")
    with pytest.raises(InputError, match="cannot be left out"):
        left_out(frame[frame["donor_class"] == "class 0"], "class")


# --- scores, intervals ------------------------------------------------------------------------


def test_perfect_and_opposite_predictions():
    frame = made(noise=1.0)
    right = score(frame, frame["log_k"].to_numpy(), "m", "ligand")
    assert (right.mae, right.r2, right.sign) == (0, 1, 1)
    assert right.order == pytest.approx(1)
    assert right.difference_order == pytest.approx(1)
    assert (right.n, right.ligands, right.pairs) == (24 * 7, 24, 24)
    wrong = score(frame, -frame["log_k"].to_numpy(), "m", "ligand")
    assert wrong.sign == 0
    assert wrong.difference_order == pytest.approx(-1)
    mean = score(frame, np.full(len(frame), frame["log_k"].mean()), "m", "ligand")
    assert mean.r2 == pytest.approx(0)
    assert mean.difference_order is None


def test_intervals_hold_what_they_promise():
    frame = made(60, noise=1.0)
    rng = np.random.default_rng(3)
    told = frame["log_k"] + frame["ligand"].map(
        {f"L{i}": v for i, v in enumerate(rng.normal(size=60))}
    ) + 0.1 * rng.normal(size=len(frame))  # fmt: skip
    held, apart = cross_coverage(frame, told.to_numpy(), 0.9)
    assert 0.85 <= held <= 0.97
    assert 0.85 <= apart <= 0.97
    intervals = fit_intervals(frame, told.to_numpy())
    # What a ligand has in common cancels.
    assert intervals.half_widths(1.0, 0.9) < 0.4 * intervals.half_width(0.9)
    assert intervals.half_width(0.5) < intervals.half_width(0.9)


def test_pair_errors_are_differences():
    errors = pd.DataFrame(
        {"ligand": "L", "group": "G", "size": [0.0, 0.5, 1.0], "error": [1.0, 3.0, 4.0]}
    )
    found = pair_errors(errors)
    assert found["error"].tolist() == [-2, -3, -1]
    assert found["apart"].tolist() == [0.5, 1.0, 0.5]


# --- baselines, comparison --------------------------------------------------------------------


def test_every_baseline_answers_for_ligands_and_classes_never_seen(shipped):
    known = shipped[~shipped["ligand"].isin(["EDTA", "fluoride"])]
    asked = shipped[shipped["ligand"].isin(["EDTA", "fluoride"])]
    for name, baseline in BASELINES.items():
        told = baseline(known, asked)
        assert told.shape == (len(asked),), name
        assert np.isfinite(told).all(), name


def test_class_means_are_means():
    frame = made()
    told = BASELINES["class means"](frame, frame)
    by_class = frame.assign(told=told).groupby("donor_class")[["told", "log_k"]].mean()
    assert by_class["told"].to_numpy() == pytest.approx(by_class["log_k"].to_numpy())


def test_computed_columns_that_tell_the_truth_help(shipped, monkeypatch):
    few = {name: BASELINES[name] for name in ("heavier binds more", "class means")}
    monkeypatch.setattr("rarebind.experiment.comparison.BASELINES", few)
    rng = np.random.default_rng(0)
    some = shipped[shipped["metal"].isin(["La", "Gd", "Lu", "Yb"])].reset_index(drop=True)
    truth = some.assign(computed=2 * some["log_k"] + 0.1 * rng.normal(size=len(some)))
    found = compare(truth, ("computed",), splits=("ligand",))
    mean, low, high = found.gain["ligand"]
    assert 0 < low < mean < high
    assert best_design(found, ("computed",)) in {"with computed", "computed alone"}
    by_name = {one.model: one for one in found.judged}
    assert by_name["computed alone"].mae < by_name["descriptors"].mae
    assert set(found.predictions) >= {"ligand", "metal", "log_k", "with computed", *few}


# --- calibration ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calibration(shipped):
    return calibrate_log_k(shipped, Design(), table="stability_constants.csv")


def test_a_calibration_comes_back_the_same(calibration, shipped, tmp_path):
    path = tmp_path / "model.json"
    save_calibration(calibration, path)
    again = load_calibration(path)
    assert again == calibration
    pd.testing.assert_frame_equal(again.predict(shipped), calibration.predict(shipped))
    assert again.card.n == len(shipped)
    assert again.card.judged[0].ligands == 15
    assert "EDTA" in again.card.ligands


def test_differences_are_antisymmetric_and_their_intervals_narrower(calibration, shipped):
    one = calibration.differences(shipped, "Lu", "La").set_index("ligand")
    other = calibration.differences(shipped, "La", "Lu").set_index("ligand")
    assert one["difference"].to_numpy() == pytest.approx(-other["difference"].to_numpy())
    assert one["half_width"].tolist() == other["half_width"].tolist()
    assert one["half_width"].iloc[0] < calibration.intervals.half_width(0.9)
    assert len(one) == 10
    assert one.loc["EDTA", "difference"] > 2


def test_a_difference_does_not_depend_on_other_metals(calibration, shipped):
    few = shipped[shipped["metal"].isin(["La", "Lu"])]
    assert calibration.differences(few, "Lu", "La")["difference"].to_numpy() == pytest.approx(
        calibration.differences(shipped, "Lu", "La")["difference"].to_numpy()
    )


def test_unlike_ligands_are_flagged(calibration, shipped):
    assert not any(calibration.predict(shipped)["outside"])
    strange = {"TBPO": "CCCCP(=O)(CCCC)CCCC", "catechol": "Oc1ccccc1O"}
    rows = [
        {"ligand": n, "metal": m, **ligand_descriptors([s]).iloc[0].to_dict(), SCREENING: 0.0}
        for n, s in strange.items()
        for m in ("La", "Sc")
    ]
    outside = calibration.predict(pd.DataFrame(rows))["outside"].tolist()
    assert "phosphoryl donors" in outside[0]
    assert "charge 0 lies outside -5 to -1" in outside[0]
    assert "phenolate donors" in outside[2]
    assert "Sc was not measured" in outside[3]
    assert "Sc was not measured" not in outside[2]


def test_bad_files_are_refused(calibration, tmp_path):
    path = tmp_path / "model.json"
    with pytest.raises(InputError, match="does not exist"):
        load_calibration(path)
    path.write_text("{")
    with pytest.raises(InputError, match="JSON"):
        load_calibration(path)
    path.write_text("{}")
    with pytest.raises(InputError, match="no calibration"):
        load_calibration(path)
    good = calibration.model_dump(mode="json")
    path.write_text(json.dumps(good | {"format": 2}))
    with pytest.raises(InputError, match="format 2"):
        load_calibration(path)
    del good["model"]["level"]["scales"]
    path.write_text(json.dumps(good))
    with pytest.raises(InputError, match=r"model\.level\.scales is missing"):
        load_calibration(path)
    with pytest.raises(InputError, match="no intervals of level"):
        calibration.intervals.half_width(0.42)


# --- computed files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ligand,metal\nL0,La\n", "no column beside"),
        ("ligand,dG\nL0,1\n", "no column metal"),
        ("ligand,metal,charge\nL0,La,1\n", "name of another"),
        ("ligand,metal,dG\nL0,La,x\n", "line 2: dG 'x' is no finite number"),
        ("ligand,metal,dG\nL0,La,1\nL0,La,2\n", "line 3: La with L0 is there twice"),
        ("ligand,metal,dG\nother,La,1\n", "name ligands alike"),
        ("", "not readable"),
    ],
)
def test_bad_computed_files(tmp_path, text, says):
    path = tmp_path / "computed.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says):
        with_computed(made(), path)


def test_computed_values_are_joined(tmp_path):
    path = tmp_path / "computed.csv"
    path.write_text("ligand,metal,dG\nL0,La,1.5\nL0,Lu,\nL1,Lu,2\n")
    frame, names, missing = with_computed(made(3), path)
    assert names == ("dG",)
    assert missing == ("L2",)
    assert frame[["ligand", "metal", "dG"]].to_numpy().tolist() == [
        ["L0", "La", 1.5],
        ["L1", "Lu", 2.0],
    ]
