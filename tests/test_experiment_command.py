"""``rarebind experiment``: what it prints, writes and refuses."""

import json

import pandas as pd
import pytest

from rarebind.cli import main
from rarebind.experiment import load_calibration

HEAD = "ligand,smiles,metal,log_k,definition,temperature_C,ionic_strength_M,reference\n"
GOOD = "acetic acid,CC(=O)O,La,1.56,ML/M.L,20,2,A\n"


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["experiment", *map(str, arguments)])
    return ended.value.code


def test_check_tells_the_series(capsys):
    assert run("check", "shipped") == 0
    out = capsys.readouterr().out
    assert "EDTA" in out
    assert "203 constants of 15 ligands" in out
    assert max(map(len, out.splitlines())) <= 80


def test_two_series_are_refused_unless_one_is_selected(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text(HEAD + GOOD + GOOD.replace("20,2,A", "25,0.1,B"))
    assert run("check", path) == 2
    assert "has 2 series" in capsys.readouterr().err
    assert run("check", path, "--select", "--json") == 0
    series = json.loads(capsys.readouterr().out)["series"]
    assert [one["selected"] for one in series] == [False, True]


@pytest.mark.parametrize("command", ["check", "train"])
def test_bad_tables_end_with_2_and_write_nothing(tmp_path, capsys, command, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "t.csv"
    path.write_text(HEAD + GOOD.replace("1.56", "75") + GOOD.replace("La", "Fe"))
    assert run(command, path) == 2
    err = capsys.readouterr().err
    assert "line 2: log_k: 75.0 is above 60" in err.replace("'75'", "75.0")
    assert "line 3: unknown metal 'Fe'" in err
    assert run(command, tmp_path / "none.csv") == 2
    assert sorted(tmp_path.iterdir()) == [path]


def test_too_few_ligands_and_unknown_metals(tmp_path, capsys):
    pytest.importorskip("sklearn")
    path = tmp_path / "t.csv"
    path.write_text(HEAD + GOOD)
    assert run("train", path, "--out", tmp_path / "out") == 2
    assert "cannot be left out" in capsys.readouterr().err
    assert run("train", "shipped", "--pair", "La", "Fe") == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_train_writes_a_model_and_what_it_is_worth(tmp_path, capsys):
    pytest.importorskip("sklearn")
    out = tmp_path / "out"
    computed = tmp_path / "computed.csv"
    computed.write_text("ligand,metal,dG\nother,La,1\n")
    assert run("train", "shipped", "--out", out, "--computed", computed) == 2
    assert "name ligands alike" in capsys.readouterr().err
    assert run("train", "shipped", "--out", out) == 0
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 200
    assert "whole ligands left out" in printed
    calibration = load_calibration(out / "model.json")
    assert calibration.card.n == 203
    scores = pd.read_csv(out / "scores.csv")
    assert set(scores["split"]) == {"ligand", "class", "row"}
    assert (scores["n"] == 203).all()
    predictions = pd.read_csv(out / "predictions.csv")
    assert len(predictions) == 203
    assert predictions.notna().all().all()
    assert "| descriptors |" in (out / "report.md").read_text()
