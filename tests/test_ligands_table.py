"""Ligand tables: good ones, and every fault with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rarebind.commands.ligands import app
from rarebind.errors import InputError
from rarebind.ligands import read_ligand_table, survey, survey_ligand_table

EXAMPLE = Path(__file__).parents[1] / "examples" / "ligands.csv"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ligands.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_example() -> None:
    ligands = read_ligand_table(EXAMPLE)
    assert [(x.name, x.charge, x.denticity) for x in ligands] == [
        ("HOPO-hydroxyl", -1, 2),
        ("CAM-methyl", -2, 2),
        ("thio-HOPO-cyano", -1, 2),
        ("thio-CAM-fluoro", -2, 2),
        ("acetylacetone", -1, 2),
        ("maltol", -1, 2),
    ]
    for ligand in ligands[:4]:
        assert ligand.name == f"{ligand.scaffold}-{ligand.substituent}"


def test_header_in_any_case_and_further_columns(tmp_path) -> None:
    path = table(
        tmp_path, '\ufeffSMILES , price,Name\r\nOc1ccccc1O,"1,5",catechol\r\n\r\nCC(=O)NO\r\n'
    )
    assert [x.name for x in read_ligand_table(path)] == ["catechol", "CC(=O)N[O-]"]


def test_twenty_bad_lines_of_two_hundred(tmp_path) -> None:
    lines = ["name,smiles"]
    bad = set(range(10, 201, 10))
    for number in range(1, 201):
        one, other = "C" * (number // 20 + 1), "C" * (number % 20 + 1)
        smiles = f"{one}C1CC{other}" if number in bad else f"{one}c1cc({other})c(O)c(O)c1"
        lines.append(f"ligand {number},{smiles}")
    with pytest.raises(InputError) as caught:
        read_ligand_table(table(tmp_path, "\n".join(lines)))
    assert len(caught.value.problems) == 20
    assert [int(p.split("line ")[1].split(":")[0]) for p in caught.value.problems] == [
        n + 1 for n in sorted(bad)
    ]


def test_each_kind_of_fault(tmp_path) -> None:
    path = table(
        tmp_path,
        "name,smiles\n"
        "a,Oc1ccccc1O\n"
        "b,C1CC\n"
        "c,CCCC\n"
        "a,CC(=O)NO\n"
        "d,[O-]c1ccccc1[O-]\n"
        "e,\n"
        "f,CC(=O)O,extra\n"
        "g,Cc1occc(=O)c1O\n"
        "g,Cc1occc(=O)c1O\n",
    )
    with pytest.raises(InputError) as caught:
        read_ligand_table(path)
    expected = [
        ("line 3", "'C1CC' is not a valid SMILES"),
        ("line 4", "no donor atoms found in 'CCCC'"),
        ("line 5", "the name 'a' is that of line 2 too"),
        ("line 6", "'d' is the same molecule as 'a' in line 2"),
        ("line 7", "empty SMILES"),
        ("line 8", "has 3 fields, but the header has 2"),
        ("line 10", "name 'g' is that of line 9 too; 'g' is the same molecule as 'g' in line 9"),
    ]
    assert len(caught.value.problems) == len(expected)
    for problem, (line, said) in zip(caught.value.problems, expected, strict=True):
        assert f"{path}, {line}: " in problem
        assert said in problem


def test_line_numbers_count_lines_of_the_file_not_rows(tmp_path) -> None:
    path = table(tmp_path, 'name,note,smiles\na,"two\nlines",Oc1ccccc1O\nb,,C1CC\n')
    with pytest.raises(InputError, match="line 4"):
        read_ligand_table(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"\n\nname\nCC(=O)O\n", "no column smiles"),
        (b"smiles\n", "no ligands"),
        (b"name,formula\na,C\n", "no column smiles: its columns are 'name', 'formula'"),
        (b"name;smiles\na;C\n", "separate columns by commas"),
        (b"smiles,smiles\na,C\n", "more than once"),
        (b"smiles\nC\n\xe9\n", r"not UTF-8 text \(line 3\)"),
        (b'smiles\n"CC\n', "not readable as CSV"),
    ],
)
def test_unusable_files(tmp_path, content, said) -> None:
    path = tmp_path / "ligands.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_ligand_table(path)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder(tmp_path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_ligand_table(tmp_path / "none.csv")
    with pytest.raises(InputError, match="cannot read"):
        read_ligand_table(tmp_path)


# --- the command --------------------------------------------------------------------------------


def test_command_lists_the_library() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 0
    assert "thio-CAM" in result.stdout


def test_command_list_as_json(tmp_path) -> None:
    picture = tmp_path / "a.svg"
    arguments = ["list", "--scaffold", "CAM", "--json", "--draw", str(picture)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)) == 22
    assert picture.exists()


def test_command_check(tmp_path) -> None:
    picture = tmp_path / "a.png"
    result = CliRunner().invoke(app, ["check", "CC(=O)CC(C)=O", "--draw", str(picture)])
    assert result.exit_code == 0
    assert "beta-diketonate" in result.stdout
    assert "charge    -1" in result.stdout
    assert picture.exists()
    data = json.loads(CliRunner().invoke(app, ["check", "CC(=O)CC(C)=O", "--json"]).stdout)
    assert data["denticity"] == 2


def test_command_passes_errors_on() -> None:
    result = CliRunner().invoke(app, ["check", "C1CC"])
    assert isinstance(result.exception, InputError)


def test_many_lines_are_read_by_several_processes_to_the_same_end(tmp_path, monkeypatch) -> None:
    lines = ["smiles,name", *(f"{'C' * n}C(=O)C=C({'C' * n})O,diketone {n}" for n in range(1, 31))]
    lines[7] = "CCCC,no donor"
    lines[9] = lines[8]
    lines[11] += ",one,field,more"
    path = tmp_path / "many.csv"
    path.write_text("\n".join(lines))
    alone = survey_ligand_table(path)
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(survey, "_MANY", 10)
    monkeypatch.setattr(survey, "_CHUNK", 3)
    monkeypatch.setattr(survey.threading, "active_count", lambda: 1)
    monkeypatch.setattr(survey.os, "sched_getaffinity", lambda _: {0, 1})
    pools = []
    pool = survey.ProcessPoolExecutor
    monkeypatch.setattr(
        survey, "ProcessPoolExecutor", lambda *a, **k: pools.append(pool(*a, **k)) or pools[-1]
    )
    together = survey_ligand_table(path, on_read=lambda *done: told.append(done))
    assert pools
    assert together == alone
    assert together.problems() == alone.problems()
    assert [found.number for found in together.rejected] == [8, 10, 12]
    assert told == [(n, 30) for n in range(1, 31)]
