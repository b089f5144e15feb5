"""Screens of which some ligands are bad, do not fit or fail: the others have their results."""

import csv
import json

import numpy as np
import pytest
from rdkit import Chem
from stored_runner import REASON, StoredRunner

import rarebind
from rarebind.cli import main
from rarebind.errors import InputError
from rarebind.ligands import parse_ligand
from rarebind.screening import Request, report, write_outputs
from rarebind.screening.api import run, run_short_list, save
from rarebind.screening.given import survey_ligands
from rarebind.serving import worker
from rarebind.serving.runs import new_run, write_run
from rarebind.serving.screens import check

HOPO = "CNC(=O)c1cc(C)cc(=O)n1O"
BAD = [
    "", "C1CC", "CC(=O)N[O]", "O=C([O-])C[Fe]", "[Na+].CC(=O)[O-]", "*CC(=O)NO", "CC(=O) NO",
    "CCCC", "C[N+](C)(C)CC", "C" * 501, "C" * 121, "[CH3:1]C(=O)NO", HOPO, "CC(=O)O.CCO",
    "c1ccccc", "CC(=O", "Q", "O=C=[Eu]", "C[CH2]", "CC(=O)N\N{CYRILLIC CAPITAL LETTER O}",
]  # fmt: skip
GOOD = {
    f"hopo {one}-{other}": f"{'C' * one}NC(=O)c1cc({'C' * other})cc(=O)n1O"
    for one in range(1, 11)
    for other in range(1, 19)
}
FAILING = [name for number, name in enumerate(GOOD) if number % 36 == 7]
TWO = {"one": HOPO, "two": "CC(=O)NO", "three": "CC(=O)N(C)O"}
FOUR = "CC(=O)N(O)CCCCCN(O)C(C)=O"


def use(monkeypatch, **options):
    runner = StoredRunner(**options)
    for module in ("computed", "bound"):
        monkeypatch.setattr(f"rarebind.screening.{module}.run_tasks", runner)


def told_of_all(data):
    """Names and reasons of all that has no result."""
    failed = [row for row in data["rows"] if row["status"] != "ok"]
    return [(one["name"], one["reason"]) for one in [*data["rejected_input"], *failed]]


# --- two hundred ligands --------------------------------------------------------------------------


def test_two_hundred_from_file_to_files(tmp_path, monkeypatch, capsys):
    use(monkeypatch, failing=FAILING)
    lines = [[name, smiles] for name, smiles in GOOD.items()]
    for number, smiles in enumerate(BAD):
        lines.insert(10 * number + 9, [f"bad {number}", smiles])
    assert len(lines) == 200
    with (tmp_path / "l.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["name", "smiles"], *lines])
    arguments = [
        "screen", str(tmp_path / "l.csv"), "--engine", "tblite", "--metals", "La",
        "--geometry", "1:6", "--out", str(tmp_path / "out"), "--workers", "1", "--json",
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--strict"])
    assert len(capsys.readouterr().err.splitlines()) == 20
    assert not (tmp_path / "out").exists()
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    printed = capsys.readouterr()
    assert printed.err.count("left out: ") == 20
    data = json.loads((tmp_path / "out" / "ranking.json").read_text(encoding="utf-8"))
    assert json.loads(printed.out)["rows"] == data["rows"]
    assert len([row for row in data["rows"] if row["status"] == "ok"]) == 175
    without = {row["ligand"]: row["reason"] for row in data["rows"] if row["status"] != "ok"}
    assert set(without) == set(FAILING)
    assert all(REASON in reason for reason in without.values())
    assert [one["name"] for one in data["rejected_input"]] == [f"bad {n}" for n in range(20)]
    assert [one["smiles"] for one in data["rejected_input"]] == BAD
    assert all(one["reason"] for one in data["rejected_input"])
    with (tmp_path / "out" / "ranking.csv").open(encoding="utf-8") as stream:
        assert sum(row["status"] == "ok" for row in csv.DictReader(stream)) == 175


def test_two_hundred_from_python(monkeypatch):
    failing = [parse_ligand(GOOD[name]).name for name in FAILING]
    use(monkeypatch, failing=failing)
    given = [*GOOD.values(), *BAD]
    with pytest.raises(InputError) as caught:
        rarebind.screen(given, "La", "1:6", engine="tblite", workers=1, strict=True)
    assert len(caught.value.problems) == 20
    with pytest.warns(UserWarning, match="left out: ligand 181: empty SMILES") as told:
        table = rarebind.screen(given, "La", "1:6", engine="tblite", workers=1)
    assert str(told[0].message).count("left out: ") == 20
    assert (table["status"] == "ok").sum() == 175
    failed = table[table["status"] != "ok"]
    assert set(failed["ligand"]) == set(failing)
    assert all(failed["reason"])
    rejected = table.attrs["rejected"]
    assert [one["smiles"] for one in rejected] == BAD
    assert all(one["reason"] for one in rejected)
    assert len(rejected) + len(failed) == 25


# --- ligands that do not fit ----------------------------------------------------------------------


def test_a_screen_without_some_pairs_writes_all_outputs(tmp_path, monkeypatch):
    use(monkeypatch, failing=["three"], tetradentate=["four"])
    ligands = [parse_ligand(smiles, name) for name, smiles in (("four", FOUR), *TWO.items())]
    metals, geometries = ("La", "Nd", "Lu"), ("1:6", "4:0", "1:4")
    options = {"ligands": ligands, "metals": metals, "geometries": geometries, "workers": 1}
    with pytest.raises(InputError) as caught:
        Request(**options, engine="tblite", strict=True).prepared()
    assert len(caught.value.problems) == 5
    with pytest.warns(UserWarning, match="left out: geometry '1:6' with four"):
        found = run(**options, engine="tblite", pairs=[("Lu", "Nd")])
    assert {(e.ligand.name, e.spec.geometry) for e in found.entries} == {
        ("four", "1:4"),
        *((name, shape) for name in TWO for shape in ("1:6", "4:0")),
    }
    assert [(one.name, one.reason.split()[1]) for one in found.rejected] == [
        ("four", "'1:6'"),
        ("four", "'4:0'"),
        *((name, "'1:4'") for name in TWO),
    ]
    paths = save(found, tmp_path)
    assert set(paths) == {"page", "csv", "json", "asked", "structures", "heatmap"}
    data = json.loads(paths["json"].read_text(encoding="utf-8"))
    assert len(data["rejected_input"]) == 5
    assert {row["ligand"] for row in data["rows"] if row["status"] == "ok"} == {
        "four",
        "one",
        "two",
    }
    assert [(p["metal"], p["other"]) for p in data["pairs"]] == [("Lu", "Nd"), ("La", "Lu")]
    assert [(p["metal"], p["other"]) for p in data["pareto"]] == [("Lu", "Nd"), ("La", "Lu")]
    ranked = {(row["ligand"], row["geometry"]) for row in data["pairs"][0]["rows"]}
    assert ("four", "1:4") in ranked
    assert ("four", "1:6") not in ranked
    values = [
        x for curve in data["speciation"] for part in curve["fractions"].values() for x in part
    ]
    assert np.isfinite(values).all()


def test_misfits_are_told_like_bad_lines(tmp_path, monkeypatch, capsys):
    use(monkeypatch)
    (tmp_path / "l.csv").write_text(f"name,smiles\none,{HOPO}\nfour,{FOUR}\nbad,CCC\n")
    arguments = [
        "screen", str(tmp_path / "l.csv"), "--engine", "tblite", "--metals", "La", "Nd", "Lu",
        "--geometry", "1:6", "--out", str(tmp_path / "out"), "--workers", "1",
        "--pair", "Nd/La", "--pair", "Lu/Nd",
    ]  # fmt: skip
    with pytest.raises(SystemExit, match="0"):
        main(arguments)
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("left out: ")]
    assert "line 4: no donor" in told[0]
    assert told[1].startswith("left out: geometry '1:6' with four (4 donors)")
    data = json.loads((tmp_path / "out" / "ranking.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in data["rejected_input"]] == ["bad", "four"]
    pairs = [(p["metal"], p["other"]) for p in data["pairs"]]
    assert pairs == [("Nd", "La"), ("Lu", "Nd"), ("La", "Lu")]
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--geometry", "1:6", "--strict"])
    for bad, said in (("Nd", "no pair of metals"), ("Nd/Dy", "Dy not among the metals screened")):
        with pytest.raises(SystemExit, match="2"):
            main([*arguments, "--pair", bad])
        assert said in capsys.readouterr().err


def test_misfits_of_the_browser(tmp_path, monkeypatch):
    use(monkeypatch)
    asked = {
        "ligands": f"{HOPO} one\n{FOUR} four\nCCC bad\n", "metals": ["La", "Nd"],
        "geometries": ["1:6"], "engine": "tblite", "hops": 0, "pairs": ["La/Nd"],
    }  # fmt: skip
    record = new_run(*check(asked))
    assert record.complexes == 2
    write_run(record, tmp_path)
    worker._screen(tmp_path / record.key, tmp_path / "store.sqlite", 1, lambda _: None)
    data = json.loads((tmp_path / record.key / "ranking.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in data["rejected_input"]] == ["bad", "four"]
    assert (data["pairs"][0]["metal"], data["pairs"][0]["other"]) == ("La", "Nd")
    with pytest.raises(InputError):
        check(asked | {"strict": True})


def test_where_nothing_is_left_all_is_told():
    with pytest.raises(InputError) as caught:
        run([FOUR, "C1CC"], "La", ["1:6", "2:4"], engine="tblite")
    assert ["C1CC" in problem for problem in caught.value.problems] == [True, False, False]


def test_geometries_and_metals_that_are_none_are_no_misfits():
    with pytest.raises(InputError) as caught:
        run([HOPO, FOUR], ["La", "Fe"], ["1:6", "x"], engine="tblite")
    problems = caught.value.problems
    assert [problem.partition(":")[0].split(" (")[0] for problem in problems[:2]] == [
        "unknown metal 'Fe'", "unknown geometry 'x'",
    ]  # fmt: skip


def test_a_complex_that_is_too_large():
    large = "C" * 90 + "N(O)C(C)=O"
    with pytest.raises(
        InputError, match=r"geometry '4:0' with .* has \d+ atoms, more than 400: use"
    ):
        run(large, "La", "4", engine="tblite")


# --- from Python ----------------------------------------------------------------------------------


def test_one_metal_may_be_a_text_and_the_protocol_is_ours(monkeypatch):
    use(monkeypatch)
    found = run(HOPO, "Lu", "1", coordination_number=8, engine="tblite", hops=3, seed=5)
    assert found.metals == ("Lu",)
    assert found.geometries == ("1:6",)
    assert (found.protocol.hops, found.protocol.seed) == (3, 5)
    with pytest.raises(InputError, match="coordination number 2"):
        run(HOPO, "Lu", "1", coordination_number=2, engine="tblite")


INVALID = Chem.MolFromSmiles("C[N](C)(C)(C)CO", sanitize=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ligands": None}, "ligands: None is neither"), ({"ligands": []}, "no ligands given"),
        ({"ligands": 7}, "ligands: 7"), ({"ligands": [None, 7]}, "ligand 2: 7 is no ligand"),
        ({"ligands": [None]}, "ligand 1: None"), ({"ligands": INVALID}, "valence"),
        ({"ligands": Chem.Mol()}, "ligand 1: "), ({"ligands": ""}, "empty SMILES"),
        ({"metals": None}, "metals: None"), ({"metals": []}, "no metals"),
        ({"metals": ["La", 57]}, "metals: 57 is no text: give 'La'"),
        ({"metals": "Fe"}, "unknown metal 'Fe'"),
        ({"geometries": None}, "geometries: None"), ({"geometries": [1]}, "geometries: 1"),
        ({"strict": "yes"}, "strict: 'yes' is neither true nor false"),
        ({"metal": "La"}, "unknown key 'metal' .did you mean metals"),
        ({"pairs": None}, "pairs: None"), ({"pairs": "Nd-Dy"}, "pairs: 'Nd-Dy'"),
        ({"pairs": "Nd/Dy"}, "Nd and Dy not among"),
        ({"pairs": [("La", "Lu")]}, "Lu not among"), ({"pairs": [("La", 5)]}, "pairs: "),
        ({"pairs": [("La", "La")]}, "two different metals"),
        ({"workers": "2"}, "workers: '2' is no whole number: give 2, say"),
        ({"coordination_number": "8"}, "coordination_number: '8' is no whole number"),
        ({"coordination_number": 99}, "coordination number 99"),
        ({"level": "b3lyp-d4"}, "tblite has no method .B3LYP.: known are GFN2-xTB"),
        ({"level": "b3lyp-d4", "engine": "auto"}, "takes hours a complex at B3LYP-D4.*gfn2-xtb"),
        ({"level": "gfn"}, "unknown level 'gfn': known are gfn2-xtb"),
        ({"engine": "pyscf"}, "engine pyscf takes hours a complex"),
        ({"engine": "xtb", "level": "gfn9"}, "unknown level 'gfn9'"),
    ],
)  # fmt: skip
def test_what_is_of_the_wrong_kind_is_told(change, said):
    options = {"ligands": HOPO, "metals": "La", "geometries": "1:6", "engine": "tblite"} | change
    with pytest.raises(InputError, match=said):
        run(**options)


def test_units_are_checked_before_anything_is_computed():
    with pytest.raises(InputError, match="unit: 'eV' is unknown: choose 'kcal/mol' or 'kJ/mol'"):
        rarebind.screen(HOPO, "La", unit="eV")


def test_a_molecule_that_was_not_sanitised_is_a_ligand():
    molecule = Chem.MolFromSmiles(HOPO, sanitize=False)
    [ligand] = survey_ligands(molecule).ligands
    assert ligand == parse_ligand(HOPO)


def test_what_is_saved_has_the_short_list(tmp_path, monkeypatch):
    use(monkeypatch)
    found = run(HOPO, "La", "1:6", engine="tblite")
    with pytest.raises(InputError, match="short_list is a list: give what run_short_list returns"):
        save(found, tmp_path, short_list=[])
    with pytest.raises(InputError, match="unknown level"):
        run_short_list(found, 1, level="b3lip")
    with pytest.raises(InputError, match="unknown unit"):
        save(found, tmp_path, "eV")
    assert list(tmp_path.iterdir()) == []


def test_versions_of_all_that_computes(monkeypatch):
    use(monkeypatch)
    versions = report(run(HOPO, "La", "1:6", engine="tblite"), structures=False)["how"]["versions"]
    assert {"rarebind", "rdkit", "tblite", "numpy", "scipy"} <= set(versions)


def test_files_follow_the_screen(tmp_path, monkeypatch):
    use(monkeypatch)
    with pytest.warns(UserWarning, match="left out: ligand 2"):
        found = run([HOPO, "CCC"], "La", "1:6", engine="tblite")
    paths = write_outputs(found, tmp_path)
    assert "no donor atoms found" in paths["page"].read_text(encoding="utf-8")
