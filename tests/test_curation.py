"""Campaigns declared in YAML."""

import re
import sqlite3
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml

from rarebind.campaigns import (
    Curation,
    CurationConfig,
    Protocol,
    Store,
    campaign_status,
    read_config,
)
from rarebind.campaigns.parsl_config import capacity, load_config
from rarebind.cli import main
from rarebind.engines import GFN2_WATER, LEVELS, LevelOfTheory
from rarebind.errors import InputError

ROOT = Path(__file__).parents[1]
TINY = """\
name: tiny
scaffolds: [HOPO]
substituents: [fluoro]
geometries: ["1:6"]
metals: [La, Lu]
search: {conformers: 1, relaxed_candidates: 1, hops: 0}
time_limit: 120
"""
#: Names of options that Parsl had, and a network interface that is not there.
OLD_NAMES = """\
from parsl.config import Config
from parsl.executors import HighThroughputExecutor

def make_config(run_dir):
    return Config(executors=[HighThroughputExecutor(max_workers=4)], run_dir=run_dir)
"""
NO_INTERFACE = """\
def make_config(run_dir):
    from parsl.addresses import address_by_interface

    return address_by_interface("ib77")
"""


@pytest.fixture
def tiny(tmp_path):
    """A campaign of two complexes."""
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.mark.parametrize(
    ("name", "complexes", "templates", "series"),
    [("full", 5376, 336, 5040), ("hdev", 336, 21, 315), ("small", 12, 4, 8)],
)
def test_shipped_campaigns(name, complexes, templates, series):
    curation = Curation.of(read_config(ROOT / "configs" / f"{name}.yaml"))
    assert len(curation.complexes) == complexes
    assert len({task.key for _, task in curation.complexes}) == complexes
    assert len(curation.stages["templates"]) == templates
    assert len(curation.stages["series"]) == series


def test_the_full_campaign_is_that_of_the_study():
    config = read_config(ROOT / "configs" / "full.yaml")
    specs = config.specs()
    assert {spec.geometry for spec in specs} == {"4:0", "3:2", "2:4", "1:6"}
    assert len({spec.metal for spec in specs}) == 16
    assert len({spec.ligand.inchikey for spec in specs}) == 4 * 21
    assert {spec.coordination_number for spec in specs} == {8}
    # The first metals come first, whatever happens later.
    assert [spec.metal for spec in specs[:336]] == ["La"] * 336


def test_compositions_of_several_kinds(tiny):
    config = read_config(tiny).model_copy(update={"compositions": ("L:3,phen:1", "L:1,nitrate:3")})
    one_kind, *mixed = config.specs()[:3]
    assert [spec.geometry for spec in mixed] == ["L:3,phen:1", "L:1,nitrate:3"]
    curation = Curation.of(config)
    assert len(curation.complexes) == 6
    assert [task.label for task in curation.stages["references"]][:3] == [
        one_kind.ligand.name, "phen", "nitrate",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('geometries: ["1:6"]\n', ""), "no geometries and no compositions: give at least one"),
        (('["1:6"]', '["1:6"]\ncompositions: ["L:3,fen:1"]'), "unknown ligand 'fen'"),
        (('["1:6"]', '["1:6"]\ncompositions: ["phen:3"]'), "is without HOPO-fluoro: write L"),
        (("metals: [La, Lu]", "metals: [La, Fe]"), "unknown metal 'Fe'"),
        (("[HOPO]", "[HOPE]"), "unknown scaffold 'HOPE': known are HOPO"),
        (("[fluoro]", "[fluro]"), "unknown substituent 'fluro'"),
        (('"1:6"', '"2:6"'), "not the coordination number 8"),
        (("[La, Lu]", "[La, Lu, La]"), "metal La given more than once"),
        (("name: tiny", "name: tiny\nscafolds: [HOPO]"), "unknown key 'scafolds'"),
        (("hops: 0", "hop: 0"), "unknown key 'search.hop'"),
        (("hops: 0", "hops: -1"), "hops must be at least 0, got -1"),
        (("hops: 0", "hops: many"), "search.hops"),
        (("[La, Lu]", "[]"), "metals"),
        (("metals: [La, Lu]\n", ""), "metals is missing; needed are name"),
        (("time_limit: 120", "time_limit: 0"), "time_limit"),
        (("name: tiny", "name: ../tiny"), "name"),
        (("name: tiny", "name: [tiny"), "not valid YAML"),
        (("name: tiny", "name: tiny\nname: other"), "occurs twice"),
        (("search:", "level: {engine: tblit}\nsearch:"), "unknown engine 'tblit'"),
    ],
)
def test_faults_name_the_file_and_the_key(tiny, tmp_path, capsys, change, message):
    tiny.write_text(TINY.replace(*change))
    store = tmp_path / "store.sqlite"
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--store", str(store)])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert "tiny.yaml" in error
    assert message in error
    assert not store.exists()


def test_the_search_section_is_that_of_the_protocol():
    config = CurationConfig(**yaml.safe_load(TINY) | {"search": {}})
    assert config.protocol == Protocol()
    own = {"level", "seed"}
    assert {f.name for f in fields(Protocol)} - own == config.search.model_dump().keys()


def test_a_level_is_that_of_its_engine_but_for_what_is_said(tmp_path):
    def level(**section):
        return CurationConfig(**yaml.safe_load(TINY) | {"level": section}).protocol.level

    assert level() == level(engine="tblite") == LEVELS["gfn2-re"]
    # Parameters of the default are none of a method that is named.
    assert level(method="GFN2-xTB") == GFN2_WATER
    assert level(method="GFN2-xTB", solvent="") == replace(GFN2_WATER, solvent="")
    assert level(engine="xtb").model_chemistry == GFN2_WATER.model_chemistry
    assert level(engine="calculators:gfn2", options={"accuracy": 0.5}) == LevelOfTheory(
        "calculators:gfn2", "gfn2", options={"accuracy": 0.5}
    )
    path = tmp_path / "own.json"
    path.write_text("{}")
    assert level(parameters=path) == GFN2_WATER.with_parameters(path)


def test_all_faults_are_told_at_once(tiny):
    tiny.write_text(TINY.replace("[HOPO]", "[HOPE]").replace("[La, Lu]", "[Fe, Lu]"))
    with pytest.raises(InputError) as caught:
        read_config(tiny)
    assert len(caught.value.problems) == 2


def test_a_missing_file(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tmp_path / "none.yaml")])
    assert ended.value.code == 2
    assert "cannot read" in capsys.readouterr().err


def test_a_newer_store_stays_untouched(tiny, tmp_path, capsys):
    store = tmp_path / "store.sqlite"
    with Store(store):
        pass
    with sqlite3.connect(store) as database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    database.close()
    before = store.read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--store", str(store)])
    assert ended.value.code == 2
    assert "newer rarebind" in capsys.readouterr().err
    assert store.read_bytes() == before


def test_status_of_what_never_ran(tiny, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--status", "--store", str(tmp_path / "s.sqlite")])
    assert ended.value.code == 2
    assert "nothing of" in capsys.readouterr().err
    assert not (tmp_path / "s.sqlite").exists()


def test_status_counts_and_estimates(tiny, store):
    curation = Curation.of(read_config(tiny))
    nothing = campaign_status(curation.stages, store)
    assert [stage.waiting for stage in nothing.stages] == [8, 1, 1]
    assert nothing.workers == 0
    assert nothing.remaining is None
    tasks = [task for stage in curation.stages.values() for task in stage]
    store.note_run([(tasks[0].key, tasks[0].label)])
    running = campaign_status(curation.stages, store)
    assert running.workers == 1
    assert running.stages[0].running == 1
    assert running.stages[0].waiting == 7
    # No stage has a finished task to judge by.
    assert running.remaining is None


def test_a_dead_run_does_not_count_as_running(tiny, store):
    curation = Curation.of(read_config(tiny))
    store.note_run([("key", "label")])
    with sqlite3.connect(store.path) as database:
        database.execute("""UPDATE meta SET value = json_set(value, '$.pid', 4194305)
                            WHERE name = 'run'""")
    database.close()
    assert campaign_status(curation.stages, store).workers == 0


def test_the_slurm_configuration_builds(tmp_path):
    config = load_config(ROOT / "configs" / "parsl" / "slurm.py")(str(tmp_path))
    assert capacity(config) == 8 * 64
    script = config.executors[0].provider
    assert script.partition == "standard"
    assert "OMP_NUM_THREADS=1" in script.worker_init


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1\n", "no function make_config"), ("import nothing_like_it\n", "ModuleNotFoundError")],
)
def test_bad_parsl_files(tiny, tmp_path, capsys, text, message):
    (tmp_path / "p.py").write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--parsl", str(tmp_path / "p.py")])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n\nx = 1 / 0\n", "line 3: ZeroDivisionError: division by zero"),
        ("def make_config(:\n", "line 1: SyntaxError"),
        (OLD_NAMES, "line 5: TypeError: .*max_workers.*this is Parsl 20"),
        (NO_INTERFACE, "line 4: OSError: .*No such device"),
        ("def make_config(_):\n    return {}\n", "returns a dict, no parsl.Config"),
    ],
)
def test_parsl_files_that_fail_name_their_line(tiny, tmp_path, capsys, text, message):
    path = tmp_path / "p.py"
    path.write_text(text)
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--parsl", str(path), "--store", str(tmp_path / "s.sqlite")])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert re.search(message, said)
    assert str(path) in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("method: gfn2", "tblite has no method 'gfn2': known are GFN2-xTB"),
        ("solvent: PCM(water)", "tblite has no solvation model 'PCM'"),
        ("solvent: ALPB(n-octanol)", "tblite does not know the solvent 'n-octanol'"),
        ("options: {speed: 9}", "tblite has no option 'speed'"),
    ],
)
def test_levels_that_the_engine_does_not_know_are_refused_at_once(
    tiny, tmp_path, capsys, level, message
):
    tiny.write_text(f"{TINY}level: {{engine: tblite, {level}}}\n")
    store = tmp_path / "s.sqlite"
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--store", str(store)])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not store.exists()


def test_a_campaign_where_all_fails_ends_with_1(tiny, tmp_path, capsys):
    tiny.write_text(TINY.replace("time_limit: 120", "time_limit: 0.001"))
    with pytest.raises(SystemExit) as ended:
        main(["curate", str(tiny), "--store", str(tmp_path / "s.sqlite"), "--workers", "1"])
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert "no calculation has a usable result" in said.err
    assert "publish" not in said.out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("metals: [La, No]", "metals: False is no text .in YAML, in quotes: .*No and Off"),
        ("compositions: [L: 1]", "a colon and a blank make a key"),
        ("compositions: [L:1,nitrate:3]", "'nitrate:3' is without HOPO.*in quotes"),
        ("on: 3", "unknown key 'True' .in YAML, in quotes"),
    ],
)
def test_what_yaml_makes_of_text_is_said(tmp_path, line, message):
    path = tmp_path / "c.yaml"
    kept = [one for one in TINY.splitlines() if not one.startswith(line.partition(":")[0])]
    path.write_text("\n".join([*kept, line]))
    with pytest.raises(InputError, match=message):
        read_config(path)


def test_geometries_need_no_quotes(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(TINY.replace('["1:6"]', "[1:6, 2:4]") + "seed: 012\n")
    config = read_config(path)
    assert (config.geometries, config.seed) == (("1:6", "2:4"), 12)
