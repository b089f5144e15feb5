"""The command line: what it prints, what it refuses, what it leaves behind."""

import csv
import json

import pytest
from ase.io import read

from rarebind.cli import main
from rarebind.commands.many import expand


def run(*arguments):
    """Exit status of the command."""
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in arguments])
    return ended.value.code or 0


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, *lines):
    path = folder / "ligands.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


HOPO = "HOPO-methyl,CNC(=O)c1cc(C)cc(=O)n1O"


def test_several_values_an_option():
    args = ["x.csv", "--metals", "La", "Eu", "--geometry", "1:6", "--metals", "Lu"]
    assert expand(args, {"--metals"}) == [
        "x.csv", "--metals", "La", "--metals", "Eu", "--geometry", "1:6", "--metals", "Lu",
    ]  # fmt: skip


def test_version_and_help(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out.startswith("rarebind 0.")
    assert run("screen", "--help") == 0
    assert "--metals" in capsys.readouterr().out


BAD_LINES = [
    ("x,C1CC", "C1CC"),
    ("x,CCC", "no donor"),
    ("x,[CH3]", "radical"),
    ("x,OC(=O)c1ccccn1\N{CYRILLIC CAPITAL LETTER O}", "retype"),
    (f"x,OC(=O){'C' * 600}", "at most 500"),
    ("x,O=C([O-])C[Fe]", "Fe"),
    ("x,[Na+].CC(=O)[O-]", "fragment"),
    ("x,C[N+](C)(C)CCO", "charge"),
]


@pytest.mark.parametrize(("line", "message"), BAD_LINES)
def test_a_bad_ligand(here, capsys, line, message):
    path = write(here, "name,smiles", line)
    assert run("screen", path, "--metals", "La", "--geometry", "1:6") == 2
    error = capsys.readouterr().err
    assert "line 2" in error
    assert message.lower() in error.lower()
    assert list(here.iterdir()) == [path]


@pytest.mark.parametrize(
    ("lines", "options", "messages"),
    [
        (["name,smiles", HOPO], ["--metals", "La", "Fe"], ["unknown metal 'Fe'", "Lu"]),
        (["name,smiles", HOPO], ["--geometry", "5:0"], ["'5:0'", "coordination number 8"]),
        (["name,smiles", HOPO], ["--geometry", "x"], ["unknown geometry 'x'"]),
        (["name,smiles", HOPO], ["--metals", "La", "La"], ["more than once: La"]),
        (["name,smiles", HOPO], ["--engine", "mopac"], ["unknown engine 'mopac'", "tblite"]),
        (["name,smiles", HOPO], ["--builder", "x"], ["unknown builder 'x'", "grafting"]),
        (["name,smiles", HOPO], ["--cores", "x"], ["unknown cores"]),
        (["name,smiles", HOPO], ["--metals", "la"], ["did you mean La?"]),
        (["name,smiles", HOPO], ["--workers", "0"], ["workers: 0 is below 1"]),
        (["name,smiles", HOPO], ["--cn", "99"], ["coordination number 99"]),
        (["name,smiles", HOPO], ["--cn", "-1"], ["coordination number -1"]),
        (["name,smiles", HOPO], ["--seed", "-1"], ["seed: -1 is below 0"]),
        (["name,smiles", HOPO], ["--hops", "-1"], ["hops: -1 is below 0"]),
        (["name,smiles", HOPO], ["--out", "ligands.csv"], ["is a file: give a folder"]),
        (["name,smiles", HOPO], ["--out", "ligands.csv/x"], ["is a file: give a folder"]),
        (["name,smiles", HOPO], ["--unit", "eV"], ["unit: 'eV' is unknown", "kJ/mol"]),
        (["name,smiles", HOPO, HOPO], ["--strict"], ["line 3", "HOPO-methyl"]),
        (["name,smiles", HOPO, "other," + HOPO.split(",")[1]], ["--strict"], ["line 3", "line 2"]),
        (["name,molecule", HOPO], [], ["smiles", "molecule"]),
        (["name,smiles"], [], ["no ligand"]),
    ],
)
def test_bad_input_exits_with_2_and_writes_nothing(here, capsys, lines, options, messages):
    path = write(here, *lines)
    arguments = options if "--metals" in options else [*options, "--metals", "La"]
    assert run("screen", path, *arguments) == 2
    error = capsys.readouterr().err
    for message in messages:
        assert message in error
    assert list(here.iterdir()) == [path]


def test_where_results_cannot_be_written_nothing_is_computed(here, capsys):
    path = write(here, "name,smiles", HOPO)
    (here / "out" / "heatmap.png").mkdir(parents=True)
    for out, message in (("/proc/1/x", "cannot write into /proc"), ("out", "heatmap.png is a fol")):
        options = ["--metals", "La", "--out", out, "--store", here / "store.sqlite"]
        assert run("screen", path, *options) == 2
        assert message in capsys.readouterr().err
    assert not (here / "store.sqlite").exists()


def test_missing_and_empty_files(here, capsys):
    assert run("screen", here / "none.csv", "--metals", "La") == 2
    assert "none.csv" in capsys.readouterr().err
    (here / "empty.csv").write_text("")
    assert run("screen", here / "empty.csv", "--metals", "La") == 2
    assert "empty" in capsys.readouterr().err


def test_all_bad_lines_at_once(here, capsys):
    lines = ["name,smiles"]
    bad = set()
    for number in range(2, 202):
        if number % 10 == 0:
            lines.append(f"bad{number},C1CC{'C' * number}")
            bad.add(number)
        else:
            one, other = "C" * (number // 20 + 1), "C" * (number % 20 + 1)
            lines.append(f"good{number},{one}C(=O)N(O){other}")
    assert run("screen", write(here, *lines), "--metals", "La", "--strict") == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == len(bad) == 20
    assert all(any(f"line {number}:" in e for e in errors) for number in bad)


def test_a_screen_from_file_to_files(here, capsys):
    path = write(here, "name,smiles", HOPO, "CAM-chloro,CNC(=O)c1cc(Cl)cc(O)c1O")
    arguments = [
        "screen", path, "--engine", "tblite", "--metals", "La", "Lu", "--geometry", "1:6",
        "--out", "out",
    ]  # fmt: skip
    assert run(*arguments) == 0
    printed = capsys.readouterr().out
    for name in ("report.html", "ranking.csv", "ranking.json", "structures.xyz", "heatmap.png"):
        assert f"out/{name}" in printed
        assert (here / "out" / name).stat().st_size > 0
    rows = list(csv.DictReader((here / "out" / "ranking.csv").open()))
    assert [(row["metal"], row["rank"]) for row in rows] == [
        ("La", "1"), ("La", "2"), ("Lu", "1"), ("Lu", "2"),
    ]  # fmt: skip
    # The dianion binds more strongly, as the reference study finds.
    assert rows[0]["ligand"] == "CAM-chloro"
    data = json.loads((here / "out" / "ranking.json").read_text())
    assert data["level"].startswith("GFN2-xTB(parameters=")
    assert {row["status"] for row in data["rows"]} == {"ok"}
    frames = read(here / "out" / "structures.xyz", index=":")
    assert [frame.info["metal"] for frame in frames] == ["La", "Lu", "La", "Lu"]
    assert all(frame.get_forces().shape == (len(frame), 3) for frame in frames)
    by_pair = {(r["ligand"], r["metal"]): r for r in data["rows"]}
    for ligand in ("HOPO-methyl", "CAM-chloro"):
        lu, la = by_pair[ligand, "Lu"], by_pair[ligand, "La"]
        assert lu["selectivity"] == pytest.approx(lu["exchange"] - la["exchange"])
        assert la["selectivity"] == 0.0

    assert run(*arguments, "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"] == data["rows"]
    assert run(*arguments, "--json", "--unit", "kJ/mol") == 0
    kilojoule = json.loads(capsys.readouterr().out)["rows"][0]
    assert kilojoule["exchange"] == pytest.approx(data["rows"][0]["exchange"] * 4.184, rel=1e-6)


def test_ligands_listing(capsys):
    assert run("ligands", "list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed) == 110
    assert run("ligands", "check", "CC(=O)CC(C)=O") == 0
    assert "diketonate" in capsys.readouterr().out
    assert run("ligands", "check", "CCC") == 2
