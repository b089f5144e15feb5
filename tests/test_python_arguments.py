"""Wrong arguments from Python: each is told as an InputError before anything is computed."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

import rarebind
from rarebind.errors import InputError
from rarebind.screening import api
from rarebind.screening.given import survey_ligands

HOPO = "CNC(=O)c1cc(C)cc(=O)n1O"
GOOD = {"ligands": HOPO, "metals": "La", "geometries": "1:6", "engine": "tblite"}
#: Of no kind that any option takes.
STRANGE = st.sampled_from(
    [object(), 1j, b"La", {"La": 1}, {"La"}, float("nan"), [[["La"]]], lambda: 0, type, -1]
)
WRONG = [
    {"model": 5}, {"model": b"x"}, {"model": ["x"]}, {"unit": ["kcal/mol"]}, {"unit": None},
    {"workers": 10**30}, {"workers": 0}, {"workers": True}, {"workers": 1.5}, {"workers": "2"},
    {"fall_back": "x"}, {"fall_back": 1}, {"seed": True}, {"seed": 10**30}, {"seed": 1.0},
    {"engine": None}, {"engine": ""}, {"engine": "os:getcwd"}, {"engine": "e" * 10_000},
    {"level": 5}, {"level": "x" * 10_000}, {"metals": {"La": 1}}, {"metals": {"La"}},
    {"metals": [None]}, {"metals": ()}, {"metals": b"La"}, {"geometries": "1:" + "9" * 5000},
    {"geometries": "L:1," * 3000}, {"geometries": {"1:6"}}, {"coordination_number": 8.0},
    {"coordination_number": 10**30}, {"pairs": 5}, {"pairs": {"La": "Lu"}}, {"pairs": [(1, 2)]},
    {"builder": None}, {"conformers": "x"}, {"ligand_conformers": 10**30}, {"hops": 10**30},
    {"relaxed_candidates": 10**12}, {"symmetries": 10**30}, {"cores": 5}, {"series": "x"},
    {"strict": "yes"}, {"retry_failed": None}, {"short_list": 10**30}, {"short_list": "2"},
    {"ligands": 5}, {"ligands": None}, {"ligands": {}}, {"ligands": [None]}, {"ligands": b"CCO"},
    {"ligands": {"smiles": 5}}, {"ligands": np.zeros(3)}, {"ligands": "C" * 10**6},
    {"store": 5}, {"store": b"x"}, {"store": "a\0b"}, {"store": ["x"]}, {"store": "/proc/1/x"},
    {"watch": 5}, {"watch": "x"}, {"model": "a\0b", "engine": "auto"}, {"unknown": 1},
]  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_computed(monkeypatch):
    def refuse(*_, **__):
        pytest.fail("a calculation was begun")

    monkeypatch.setattr("rarebind.screening.request.Prepared.run", refuse)


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: re.sub(r"\W+", " ", str(wrong))[:40])
@pytest.mark.parametrize("function", [api.screen, api.run])
def test_wrong_arguments_are_named(function, wrong):
    with pytest.raises(InputError) as caught:
        function(**(GOOD | wrong))
    assert all(len(problem) < 700 for problem in caught.value.problems)


@given(st.sampled_from([*api.Options.model_fields, "ligands", "store", "watch"]), STRANGE)
@settings(max_examples=150, deadline=None)
def test_strange_things_are_refused(name, strange):
    if name in {"ligands", "coordination_number"} or (name == "geometries" and strange == -1):
        return
    with pytest.raises(InputError):
        api.screen(**(GOOD | {name: strange}))


@pytest.mark.parametrize(
    "wrong",
    [{"found": 5}, {"found": None}, {"number": "2"}, {"number": 0}, {"number": 1.5}, {"level": 5},
     {"metals": 5}, {"metals": {"La": 1}}, {"workers": "x"}, {"store": 5}, {"watch": 5},
     {"unit": ["x"]}],
    ids=str,
)  # fmt: skip
def test_wrong_arguments_of_a_short_list(wrong):
    given_ = {"found": made(), "number": 1} | wrong
    with pytest.raises(InputError):
        api.short_list(**given_)


@pytest.mark.parametrize(
    "wrong", [{"found": 5}, {"folder": 5}, {"unit": 5}, {"short_list": []}], ids=str
)
def test_wrong_arguments_of_saving(tmp_path, wrong):
    with pytest.raises(InputError):
        api.save(**({"found": made(), "folder": tmp_path} | wrong))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("level", "options"),
    [(5, {}), (None, {}), ("none", {}), ("gfn2-xtb", {"charge": "1"}),
     ("gfn2-xtb", {"charge": 1.5}),
     ("gfn2-xtb", {"charge": 10**30}), ("gfn2-xtb", {"multiplicity": 0}),
     ("gfn2-xtb", {"multiplicity": True}), ("gfn2-xtb", {"engine": "x"}),
     ("gfn2-xtb", {"engine": 5})],
)  # fmt: skip
def test_wrong_arguments_of_a_calculator(level, options):
    with pytest.raises(InputError):
        rarebind.calculator(level, **options)


def made():
    from made_screen import made_ligands, made_screen

    return made_screen(made_ligands(1), ("La",))


def test_paths_are_taken_as_text_too(tmp_path):
    assert api._check(store=str(tmp_path)).store == Path(tmp_path)


ACAC, GLYCINE = "CC(=O)CC(C)=O", "NCC(=O)O"
EXPECTED = {"first": "CC(=O)/C=C(/C)[O-]", "second": "NCC(=O)[O-]"}


@pytest.mark.parametrize(
    "ligands",
    [
        {"first": ACAC, "second": GLYCINE},
        [(ACAC, "first"), (GLYCINE, "second")],
        [[ACAC, "first"], (Chem.MolFromSmiles(GLYCINE), "second")],
        [{"smiles": ACAC, "name": "first"}, (GLYCINE, "second")],
        pd.DataFrame({"name": ["first", "second"], "smiles": [ACAC, GLYCINE], "note": [1, 2]}),
    ],
    ids=["by name", "pairs", "a molecule", "mappings", "a table"],
)
def test_named_ligands_in_every_form(ligands):
    found = survey_ligands(ligands)
    assert not found.rejected
    assert {ligand.name: ligand.smiles for ligand in found.ligands} == EXPECTED


def test_a_table_without_smiles_and_bytes_are_refused():
    with pytest.raises(InputError, match="no column smiles, only name"):
        survey_ligands(pd.DataFrame({"name": ["a"]}))
    with pytest.raises(InputError, match="neither a ligand nor a list"):
        survey_ligands(b"CC")


def test_an_unknown_engine_is_told_all_that_there_are():
    with pytest.raises(InputError, match="unknown engine 'modell': known are auto, model, tblite"):
        api.screen(**GOOD | {"engine": "modell"})
