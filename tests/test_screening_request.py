"""One request for all doors: what is asked for, written down, read again, refused."""

import inspect
import io
import json
import re

import pytest
from made_screen import made_ligands, made_screen
from rich.console import Console

import rarebind
from rarebind.campaigns import Protocol
from rarebind.cli import main
from rarebind.commands import screen_table
from rarebind.commands.progress import progress_bar
from rarebind.commands.screen_job import read_request
from rarebind.errors import InputError, MissingDependencyError
from rarebind.io.yaml import load_yaml
from rarebind.ligands import library_ligand, parse_ligand
from rarebind.screening import Request, outputs, write_outputs
from rarebind.screening.options import Options

ACAC = parse_ligand("CC(=O)CC(C)=O", "acac")
GIVEN = [library_ligand("HOPO", "hydroxyl"), ACAC, parse_ligand("NCC(=O)O", "glycine")]


def test_what_is_written_down_makes_the_same_request():
    asked = Request(ligands=GIVEN, metals="La", pairs=[], geometries=["1:6", "2"], hops=2)
    plain = json.loads(json.dumps(asked.plain()))
    again = Request(**plain)
    assert again.plain() == plain
    assert again.protocol == asked.protocol
    for one, same in zip(asked.ligands.ligands, again.ligands.ligands, strict=True):
        kept = ("smiles", "donors", "name", "scaffold", "substituent")
        assert [getattr(same, n) for n in kept] == [getattr(one, n) for n in kept]


def test_the_defaults_are_those_of_campaigns():
    assert Request(ligands=ACAC).protocol == Protocol()


def test_a_file_beside_the_results_repeats_the_screen(tmp_path):
    asked = Request(ligands=GIVEN, metals=["La", "Eu"], unit="kJ/mol", seed=7)
    found = made_screen(made_ligands(1), ("La", "Eu"))
    object.__setattr__(found, "asked", asked.plain())
    path = write_outputs(found, tmp_path)["asked"]
    again = read_request(None, path, {})
    assert again.plain() == asked.plain()
    # What the command line says as well wins.
    other = read_request(None, path, {"seed": 8, "metals": [], "hops": None})
    assert (other.seed, other.metals, other.hops) == (8, ("La", "Eu"), asked.hops)


def test_many_ligands_of_a_file_lie_beside_it(tmp_path, monkeypatch):
    """Right value: what is written is read again, whatever the number."""
    asked = Request(ligands=GIVEN, metals=["La"])
    found = made_screen(made_ligands(1), ("La",))
    object.__setattr__(found, "asked", asked.plain())
    monkeypatch.setattr(outputs, "_MANY", 2)
    paths = write_outputs(found, tmp_path)
    assert paths["ligands"].name == "screen-ligands.csv"
    assert read_request(None, paths["asked"], {}).plain() == asked.plain()
    monkeypatch.undo()
    # More than the bounds of a file of settings hold.
    one = asked.plain()["ligands"][0]
    many = [{"name": f"ligand {n}", "smiles": one["smiles"]} for n in range(20_000)]
    object.__setattr__(found, "asked", asked.plain() | {"ligands": many})
    paths = write_outputs(found, tmp_path)
    assert load_yaml(paths["asked"])["ligands"] == "screen-ligands.csv"
    assert len(paths["ligands"].read_text().splitlines()) == 1 + len(many)
    object.__setattr__(found, "asked", asked.plain())
    write_outputs(found, tmp_path)
    assert not (tmp_path / "screen-ligands.csv").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ligands: none.csv", "none.csv"),
        ("ligands: [CC(=O)NO]\nmetal: La", "screen.yaml: unknown key 'metal' .did you mean metals"),
        ("ligands: [CC(=O)NO]\nhops: -1", "screen.yaml: hops: -1 is below 0"),
        ("ligands: [C1CC]", "screen.yaml: ligand 1: 'C1CC'"),
        ("- La", "screen.yaml: expected options of a screen"),
        ("metals: [La]", "no ligands given: name a CSV file, or a YAML file with --config"),
    ],
)
def test_faults_of_a_file_are_told_with_its_name(tmp_path, text, said):
    path = tmp_path / "screen.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_request(None, path, {})


def test_lines_of_a_file_are_ligands(tmp_path):
    (tmp_path / "my.csv").write_text("name,smiles\nacac,CC(=O)CC(C)=O\n")
    for text in ("ligands: my.csv", "ligands: |\n  CC(=O)CC(C)=O acac\n"):
        (tmp_path / "screen.yaml").write_text(text)
        asked = read_request(None, tmp_path / "screen.yaml", {})
        assert asked.ligands.ligands == (ACAC,)


def test_python_and_the_command_line_have_the_same_options(capsys):
    shown = list(inspect.signature(rarebind.screen).parameters)
    assert set(shown) == {"ligands", "store", "watch", *Options.model_fields}
    with pytest.raises(SystemExit, match="0"):
        main(["screen", "--help"])
    told = capsys.readouterr().out
    for name, field in Options.model_fields.items():
        assert field.description
        assert name in rarebind.screen.__doc__
        assert f"--{name.replace('_', '-')}"[:18] in told


def test_without_nequip_all_is_computed_and_that_is_told(monkeypatch):
    def absent():
        raise MissingDependencyError("networks need torch: pip install 'rarebind[learn]'")

    monkeypatch.setattr("rarebind.learning.nequip.need_nequip", absent)
    asked = Request(ligands=ACAC, metals="La", geometries="1:6", level="gfn2-xtb")
    assert "everything is computed, nothing predicted: networks need torch" in asked.without_model
    prepared = asked.prepared()
    assert prepared.model is None
    assert prepared.request.protocol.level.engine == "tblite"
    with pytest.raises(MissingDependencyError, match=r"rarebind\[learn\]"):
        Request(ligands=ACAC, metals="La", geometries="1:6", engine="model").prepared()


def test_the_table_fits_eighty_columns_and_shows_names_as_they_are(monkeypatch):
    ligands = [parse_ligand(one.smiles, f"a[/b] {n:012d}") for n, one in enumerate(made_ligands(3))]
    found = made_screen(ligands, ("La", "Eu"), ("1:6", "2:4"))
    for wide, terminal in ((False, True), (True, False)):
        written = io.StringIO()
        console = Console(
            file=written,
            width=80 if terminal else 100_000,
            force_terminal=terminal,
            color_system=None,
        )
        monkeypatch.setattr(screen_table, "_console", lambda console=console: console)
        screen_table.show_ranking(found, "kcal/mol", wide=wide)
        lines = written.getvalue().splitlines()
        assert sum("a[/b] 000000000001" in line for line in lines) == 4
        assert any(re.search(r"-?\d+\.\d ± \d\.\d .* model", line) for line in lines)
        assert ("SMILES" in written.getvalue()) == wide
        assert not terminal or max(map(len, lines)) <= 80


def test_where_nobody_watches_progress_is_lines(monkeypatch):
    written = io.StringIO()
    clock = iter(range(0, 10_000, 4))
    monkeypatch.setattr("rarebind.commands.progress.time.monotonic", lambda: next(clock))
    with progress_bar(Console(file=written)) as bar:
        line = bar.add_task("starting", total=20)
        for n in range(20):
            bar.update(line, advance=1, description=f"a[/b] {n}")
    lines = written.getvalue().splitlines()
    # At most one in ten seconds, and the last.
    assert 3 < len(lines) < 12
    assert lines[0].startswith("1/20")
    assert lines[-1].startswith("20/20")
    assert "a[/b] 19" in lines[-1]
