"""Stability constants in a screen: between metals, calibrated, ranked, shown."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_screen import made_screen

from rarebind.campaigns import Protocol, TaskFactory
from rarebind.complexes import complex_spec
from rarebind.errors import InputError
from rarebind.experiment import (
    Design,
    calibrate_log_k,
    experiment_frame,
    save_calibration,
    sizes,
    stability_constants,
)
from rarebind.experiment.computed import between_metals
from rarebind.ligands import parse_ligand
from rarebind.screening import ranked_rows, report
from rarebind.screening.api import run
from rarebind.screening.constants import ANCHORS, COMPUTED, constants_of, usable_calibration
from rarebind.screening.given import plain_ligands, survey_ligands
from rarebind.screening.page.content import page_content
from rarebind.screening.request import Request
from rarebind.screening.screen import Counting, Watch
from rarebind.screening.stability import Stability

SMILES = {
    "IDA": "OC(=O)CNCC(O)=O", "NTA": "OC(=O)CN(CC(O)=O)CC(O)=O",
    "EDTA": "OC(=O)CN(CCN(CC(O)=O)CC(O)=O)CC(O)=O", "acetic acid": "CC(=O)O",
}  # fmt: skip
LIGANDS = [parse_ligand(smiles, name) for name, smiles in SMILES.items()]
METALS = ("La", "Nd", "Lu", "Y")
#: eV for a log unit at 298.15 K.
UNIT = 0.059159


def stabilities(ligands=LIGANDS, values=None):
    """Free energies as if computed: 10 log units a ligand, 2 more from La to Lu."""
    found = made_screen(ligands, ANCHORS, ["1"])
    return [
        Stability(e, 298.15, 9, 0.0, -UNIT * (
            10.0 * (1 + ligands.index(e.ligand)) + 2.0 * float(sizes([e.spec.metal])[0])
        ))
        for e in found.entries
    ]  # fmt: skip


@pytest.fixture(scope="module")
def calibration():
    frame = experiment_frame(stability_constants())
    frame = frame.assign(**{COMPUTED: 1.5 * frame["log_k"] - 3})
    design = Design(ligand=("charge",), slopes=(), computed=(COMPUTED,))
    return calibrate_log_k(frame, design, table="shipped", level="made up")


# --- between metals -------------------------------------------------------------------------------


@given(st.floats(-5, 30), st.floats(-5, 5))
def test_what_is_linear_in_size_comes_back(level, slope):
    given_ = pd.DataFrame({"ligand": "a", "metal": ["Lu", "La", "Gd"]})
    found = between_metals(given_.assign(x=level + slope * sizes(given_["metal"])))
    assert len(found) == len(set(found["metal"])) == 16
    assert np.allclose(found["x"], level + slope * sizes(found["metal"]))


def test_nothing_is_made_up_beyond_the_ends():
    found = between_metals(pd.DataFrame({"ligand": "a", "metal": ["Nd", "Gd"], "x": [1.0, 2.0]}))
    assert set(found["metal"]) == {"Nd", "Pm", "Sm", "Eu", "Gd"}
    alone = between_metals(pd.DataFrame({"ligand": "a", "metal": ["Nd"], "x": [1.0]}))
    assert list(alone["metal"]) == ["Nd"]


# --- of a screen ----------------------------------------------------------------------------------


def test_without_a_calibration_they_are_as_computed():
    found = made_screen(LIGANDS, METALS, ["1"])
    for entry, one in zip(found.entries, constants_of(found, stabilities(), None), strict=True):
        size = float(sizes([entry.spec.metal])[0])
        expected = 10 * (1 + LIGANDS.index(entry.ligand)) + 2 * size
        assert one.computed == one.best == pytest.approx(expected, rel=1e-3)
        assert one.calibrated is one.half_width is one.difference is None


def test_calibrated_ones_have_intervals_and_narrower_ones_for_differences(calibration):
    found = made_screen(LIGANDS, METALS, ["1"])
    for entry, one in zip(
        found.entries, constants_of(found, stabilities(), calibration), strict=True
    ):
        assert one.best == one.calibrated != one.computed
        assert one.half_width > 0
        if entry.spec.metal != "La":
            assert 0 < one.difference_half_width < one.half_width
            assert one.difference > 0


def test_another_ionic_strength_is_another_constant(calibration):
    found = made_screen(LIGANDS[:1], ("La",), ["1"])
    frame = experiment_frame(stability_constants()).assign(**{COMPUTED: 1.0})
    with_medium = calibrate_log_k(frame, Design(computed=(COMPUTED,)), table="shipped")
    one, other = (
        constants_of(found, stabilities(), with_medium, ionic_strength=strength)[0].calibrated
        for strength in (0.1, 1.0)
    )
    assert one != other


def test_metals_ligands_and_numbers_without_a_constant_say_why(calibration):
    several = made_screen(LIGANDS[:1], ("La", "Sc"), ["1", "2"])
    failed = [replace(one, free_energy=None, reason="no minimum") for one in stabilities()[:3]]
    of_one, scandium, *of_two = constants_of(several, failed, calibration)
    assert of_one.reason == "no log K: no minimum"
    assert "no minimum" in scandium.reason
    assert all(one.best is None and not one.reason for one in of_two)
    _, scandium, *_ = constants_of(several, stabilities(), calibration)
    assert scandium.reason == "no log K: free energies are not computed with Sc"


def test_ligands_are_ranked_by_log_k_and_the_page_is_told(calibration):
    found = made_screen(LIGANDS, METALS, ["1"])
    constants = constants_of(found, stabilities(), calibration)
    found = replace(found, constants=constants, calibration=calibration)
    for metal in METALS:
        rows = [row for row in ranked_rows(found) if row.metal == metal]
        assert [row.rank for row in rows] == [1, 2, 3, 4]
        values = [row.log_k for row in rows]
        assert values == sorted(values, reverse=True)
        assert rows[0].ligand == "acetic acid"
    content = report(found)
    json.dumps(content)
    assert page_content(content)["log_k"]["ligands"] == list(calibration.card.ligands)
    assert page_content(report(made_screen(LIGANDS, METALS, ["1"])))["log_k"] is None


def test_what_is_unlike_all_measured_is_marked(calibration):
    found = made_screen([parse_ligand("c1ccncc1")], ("La",), ["1"])
    anchors = stabilities([parse_ligand("c1ccncc1")])
    found = replace(found, constants=constants_of(found, anchors, calibration))
    (row,) = ranked_rows(found)
    assert row.log_k_unlike
    assert "was measured" in row.reason


def test_at_a_ph_protons_take_their_share(calibration):
    """Right value: log K of EDTA falls by 11.0 at pH 4 and by less in a base."""
    found = made_screen(LIGANDS, ("La", "Lu"), ["1"])
    for ph, falls in ((4.0, 8.0), (9.0, 1.5)):
        constants = constants_of(found, stabilities(), calibration, ph=ph)
        edta = next(
            one
            for entry, one in zip(found.entries, constants, strict=True)
            if entry.ligand.name == "EDTA" and entry.spec.metal == "La"
        )
        assert edta.calibrated - edta.conditional == pytest.approx(falls, abs=0.9)
        assert edta.reason == ""
    # IDA has no acid constants here.
    assert "pKa estimated" in constants[0].reason


def test_given_acid_constants_are_taken(calibration):
    given_ = survey_ligands([{"smiles": SMILES["IDA"], "name": "IDA", "pka": "2.6, 9.3"}])
    (ligand,) = given_.ligands
    assert ligand.pka == (2.6, 9.3)
    assert plain_ligands(given_)[0]["pka"] == "2.6 9.3"
    found = made_screen([ligand], ("La",), ["1"])
    (one,) = constants_of(found, stabilities([ligand]), calibration, ph=6.0)
    assert one.calibrated - one.conditional == pytest.approx(3.3, abs=0.05)
    assert one.reason == ""
    assert survey_ligands("name,smiles,pka\nIDA,OC(=O)CNCC(O)=O,2.6 9.3").ligands[0].pka
    (wrong,) = survey_ligands([{"smiles": SMILES["IDA"], "pka": "strong"}]).rejected
    assert "no list of numbers" in wrong.reason


def test_acid_constants_are_no_part_of_what_is_computed():
    """Right value: the same keys, so that nothing is computed again."""
    one = LIGANDS[0]
    keys = [
        TaskFactory(Protocol(builder="embedding")).complex(complex_spec("La", ligand, "1:5")).key
        for ligand in (one, replace(one, pka=(2.6, 9.3)))
    ]
    assert keys[0] == keys[1]


# --- what is asked for ----------------------------------------------------------------------------


def test_a_calibration_of_another_level_or_other_columns_is_refused(calibration, tmp_path):
    path = tmp_path / "model.json"
    save_calibration(calibration, path)
    assert usable_calibration(path, "made up") == calibration
    with pytest.raises(InputError, match="made of constants at made up, asked for is GFN2"):
        Request(ligands=["CC(=O)O"], log_k=True, calibration=path).prepared()
    frame = experiment_frame(stability_constants()).assign(mine=1.0)
    save_calibration(calibrate_log_k(frame, Design(computed=("mine",)), table="x"), path)
    with pytest.raises(InputError, match="needs mine: a screen computes computed_log_k only"):
        usable_calibration(path, "")


def test_options_that_contradict():
    with pytest.raises(InputError, match="no model predicts: leave the model out"):
        Request(ligands=["CC(=O)O"], log_k=True, engine="model")
    with pytest.raises(InputError, match="give log_k as well"):
        Request(ligands=["CC(=O)O"], calibration="model.json")
    with pytest.raises(InputError, match="ph is of stability constants: give log_k as well"):
        Request(ligands=["CC(=O)O"], ph=4.0)
    with pytest.raises(InputError, match="ionic_strength"):
        Request(ligands=["CC(=O)O"], log_k=True, ionic_strength=-1)
    asked = Request(ligands=["CC(=O)O"], log_k=True, level="gfn2-xtb")
    assert not asked.predicts


def test_later_stages_add_to_what_has_ended():
    """Right value: the total never falls behind what has ended."""
    seen = []
    counting = Counting(Watch(on_total=seen.append))
    counting.watch.on_total(2)
    for _ in range(2):
        counting.watch.on_done(None)
    counting.further().on_total(3)
    assert seen == [2, 5]


@pytest.mark.slow
def test_a_screen_with_stability_constants(tmp_path):
    """Right value: between La and Lu lies Nd, and the store gives the same again."""
    path = tmp_path / "store.sqlite"
    how = {"log_k": True, "geometries": ["1:7"], "store": path, "hops": 1, "calibration": None}
    found = run("[F-]", ["La", "Nd", "Lu"], **how)
    assert all(one.computed is not None for one in found.constants)
    la, nd, lu = (one.computed for one in found.constants)
    assert min(la, lu) < nd < max(la, lu) or abs(la - lu) < 3
    assert run("[F-]", ["La", "Nd", "Lu"], **how).constants == found.constants
