"""Computed constants beside measured ones: what is joined, judged, written and refused."""

import json
import sys

import numpy as np
import pytest

from rarebind.cli import main
from rarebind.experiment import select_series, stability_constants
from rarebind.experiment.comparison import compare
from rarebind.experiment.descriptors import experiment_frame
from rarebind.experiment.judging import differences, leaves_enough
from rarebind.validation import write_report
from rarebind.validation.comparison import (
    AS_IT_IS,
    CALIBRATED,
    compared,
    judged_models,
    order_within_charges,
)
from rarebind.validation.computed import Computed, ligands_of

METALS = ("La", "Gd", "Lu")


@pytest.fixture(scope="module")
def measured():
    return select_series(stability_constants())


def made(measured, noise=0.3, slope=2.0):
    """Computed constants with an error of each ligand and a course that is too steep."""
    rng = np.random.default_rng(5)
    lines = []
    for smiles, ligand in ligands_of(measured).items():
        own = measured[measured["smiles"] == smiles].set_index("metal")["log_k"]
        error = rng.normal(scale=3 * noise)
        for metal in METALS:
            if metal in own:
                value = own.mean() + slope * (own[metal] - own.mean()) + error
                lines.append(
                    Computed(
                        ligand.name, smiles, metal, "some level", float(value), 0.0, 0.0, 4, 9, 5, 8
                    )
                )
    lines.append(Computed("odd", "CC(=O)O", "Sc", "some level", reason="broke apart"))
    return lines


def test_rows_have_both(measured):
    frame = compared(measured, made(measured))
    assert set(frame["metal"]) == set(METALS)
    assert frame["ligand"].nunique() == measured["ligand"].nunique()
    assert frame["computed_log_k"].notna().all()


def test_a_course_too_steep_is_calibrated(measured):
    frame = compared(measured, made(measured))
    judged = {one.model: one for one in judged_models(frame)[0]}
    assert judged[CALIBRATED].difference_mae < 0.7 * judged[AS_IT_IS].difference_mae
    assert judged[CALIBRATED].difference_mae < judged["heavier binds more"].difference_mae
    assert judged[AS_IT_IS].sign == 1.0
    assert judged[CALIBRATED].r2 > 0.9


def test_a_ligand_is_not_calibrated_on_itself(measured):
    lines = made(measured)
    frame = compared(measured, lines)
    _, before = judged_models(frame)
    own = frame["ligand"] == frame["ligand"].iloc[0]
    frame.loc[own, "log_k"] += 7.0
    _, after = judged_models(frame)
    assert after.loc[own, CALIBRATED].equals(before.loc[own, CALIBRATED])
    assert not after.loc[~own, CALIBRATED].equals(before.loc[~own, CALIBRATED])


def test_perfect_order(measured):
    frame = compared(measured, made(measured, noise=0.0))
    order = order_within_charges(frame)
    assert len(order)
    # A slope of two can turn two ligands round, of which one differs more along the metals.
    assert order["order"].min() > 0.7
    assert order["order"].median() == 1
    apart = differences(frame, "Lu", "La", "computed_log_k")
    assert len(apart) > 5


def test_report(measured, tmp_path):
    written = write_report(tmp_path / "new", measured, made(measured), "a table | with a bar")
    names = {path.name for path in written}
    assert names == {
        "computed.csv", "scores.json", "report.md", "parity.png", "differences.png", "series.png",
    }  # fmt: skip
    text = (tmp_path / "new" / "report.md").read_text(encoding="utf-8")
    assert "some level" in text
    assert "broke apart" in text
    assert "0.89" in text
    models = [one["model"] for one in json.loads((tmp_path / "new" / "scores.json").read_text())]
    assert models[0] == AS_IT_IS
    assert CALIBRATED in models
    assert "heavier binds more" in models


def test_too_few_ligands_are_written_and_not_judged(measured, tmp_path):
    few = measured[measured["ligand"].isin(measured["ligand"].unique()[:2])]
    written = write_report(tmp_path, few, made(few), "few")
    assert {path.name for path in written} == {"computed.csv", "report.md"}
    assert "too few" in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ("acetate,CC(=O)O,La,1.8,ML2/M.L2,25,0.1,x", [], "is ML2/M.L2, not ML/M.L"),
        ("acetate,CC(=O)O,La,1.8,ML/M.L,25,0.1,x", ["--metals", "Fe"], "Fe"),
        ("acetate,CC(=O)O,La,1.8,ML/M.L,25,0.1,x", ["--level", "gfn3"], "gfn3"),
        (
            "acetate,CC(=O)O,La,1.8,ML/M.L,25,0.1,x\nacetate,CC(=O)O,Lu,1.9,ML/M.L,25,0.1,y",
            [], "has 2 series",
        ),
    ],
)  # fmt: skip
def test_bad_input(tmp_path, capsys, rows, options, message):
    table = tmp_path / "table.csv"
    head = "ligand,smiles,metal,log_k,definition,temperature_C,ionic_strength_M,reference\n"
    table.write_text(head + rows + "\n", encoding="utf-8")
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as status:
        main(["validate", str(table), "--out", str(out), *options])
    assert status.value.code == 2
    assert message in capsys.readouterr().err
    assert not (out / "report.md").exists()


def test_what_the_report_needs_is_told_before_anything_is_computed(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(SystemExit) as status:
        main(["validate", "--out", str(tmp_path / "out")])
    assert status.value.code == 2
    assert "rarebind[experiment]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_classes_are_passed_over_where_too_few_ligands_are_of_others(measured):
    own = measured[measured["ligand"].isin(["EDTA", "NTA", "IDA", "HEDTA", "acetate"])]
    frame = experiment_frame(own)
    assert leaves_enough(frame, "ligand")
    assert not leaves_enough(frame, "class")
    judged = compare(frame, splits=("ligand", "class")).judged
    assert {one.split for one in judged} == {"ligand"}
