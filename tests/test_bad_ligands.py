"""What is no ligand, and that file, browser and Python say the same of it."""

import csv
import io
import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands import survey_ligand_table
from rarebind.screening.given import read_line, survey_ligands, survey_lines

GOOD = "CC(=O)NO"


@dataclass(frozen=True)
class Fault:
    """A bad ligand, which comes after the good one."""

    what: str
    smiles: str
    said: str
    name: str = ""
    #: Whether a line of its own can hold it: there a blank begins the name.
    line: bool = True


FAULTS = [
    Fault("empty", "", "empty SMILES", name="a", line=False),
    Fault("no SMILES", "C1CC", "is not a valid SMILES"),
    Fault("valence", "C[N](C)(C)(C)CO", "is not a valid SMILES: .*valence"),
    Fault("radical", "CC(=O)N[O]", "is a radical at O4"),
    Fault("metal", "O=C([O-])C[Fe]", "contains the metal Fe"),
    Fault("counter-ion", "[Na+].CC(=O)[O-]", "2 separate fragments: remove the counter-ion"),
    Fault("two molecules", "CC(=O)O.CCO", "2 separate fragments: give one molecule"),
    Fault("attachment point", "*CC(=O)NO", "open attachment point"),
    Fault("blank", "CC(=O) NO", "a SMILES has no blanks", line=False),
    Fault(
        "not ASCII", "CC(=O)N\N{CYRILLIC CAPITAL LETTER O}", "retype it with plain Latin letters"
    ),
    Fault("any bond", "CC(=O)~O", r"contains ~: write every bond"),
    Fault("any bond to H", "[H]~OC(=O)C", r"contains ~: write every bond"),
    Fault("dative bond", "C[N+](C)(C)->O", r"contains >: write every bond"),
    Fault("no InChIKey", "C:C(=O)O", "has no InChIKey"),
    Fault("NUL", "CC(=O)O\0", r"'CC\(=O\)O.x00' contains characters that cannot be shown"),
    Fault("no donor", "CCCC", "no donor atoms found"),
    Fault(
        "too many donors",
        "C1C" + "".join(f"[O:{n}]CC" for n in range(1, 14)) + "1",
        "13 donor atoms, but at most 12",
    ),
    Fault("cation", "C[N+](C)(C)CCO", "cations are not supported"),
    Fault("number twice", "C[O:1]CC[O:1]C", "donor number 1 more than once"),
    Fault("no lone pair", "[CH3:1]C(=O)NO", "no lone pair"),
    Fault("too long", "C" * 501, "SMILES of 501 characters, .*: at most 500 are read"),
    Fault("far too long", "C" * 20_000, "SMILES of 20000 characters"),
    Fault("too large", "C" * 117 + "C(=O)NO", "121 heavy atoms, more than 120"),
    Fault("long name", "CC(=O)O", "name of 81 characters", name="a" * 81),
    Fault("name that cannot be shown", "CC(=O)O", "'a.x07b' has characters", name="a\x07b"),
    Fault("same molecule", "CC(=O)N[O-]", "'b' is the same molecule as 'good' in", name="b"),
    Fault("same name", "CC(=O)O", "the name 'good' is that of", name="good"),
]
each_fault = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)


def as_csv(fault):
    text = io.StringIO()
    csv.writer(text).writerows([("name", "smiles"), ("good", GOOD), (fault.name, fault.smiles)])
    return text.getvalue()


def from_file(fault, folder):
    path = folder / "ligands.csv"
    path.write_text(as_csv(fault), encoding="utf-8", newline="")
    return survey_ligand_table(path)


def named(smiles, name):
    molecule = Chem.MolFromSmiles(smiles)
    molecule.SetProp("_Name", name)
    return molecule


def from_python(fault):
    bad = named(fault.smiles, fault.name) if fault.name and fault.smiles else fault.smiles
    return survey_ligands([named(GOOD, "good"), bad])


def reason_of(survey):
    """Of the one bad ligand, without where its twin is."""
    assert [ligand.name for ligand in survey.ligands] == ["good"]
    [rejected] = survey.rejected
    return re.sub(r"\b(line|ligand) \d+", "#", rejected.reason)


@each_fault
def test_every_door_gives_the_same_reason(fault, tmp_path):
    reason = reason_of(from_file(fault, tmp_path))
    assert re.search(fault.said, reason)
    assert len(reason) < 800
    assert reason_of(survey_lines(as_csv(fault))) == reason
    assert reason_of(from_python(fault)) == reason
    if fault.line:
        assert reason_of(survey_lines(f"{GOOD}, good\n{fault.smiles}, {fault.name}")) == reason


def test_a_bad_name_and_a_bad_smiles_are_both_told():
    bad = Fault("both", "C1CC", "", name="a" * 81)
    [rejected] = survey_lines(as_csv(bad)).rejected
    assert re.search("name of 81 characters.*; 'C1CC' is not a valid SMILES", rejected.reason)


def test_the_longest_name_and_the_largest_ligand():
    ligand = read_line(f"{'C' * 116}C(=O)NO {'a' * 80}")
    assert ligand.n_atoms == 120 + 2 * 116 + 2
    assert ligand.name == "a" * 80


@each_fault
def test_the_server_gives_the_reason_of_the_file(fault, tmp_path):
    pytest.importorskip("fastapi", reason="needs fastapi")
    pytest.importorskip("httpx", reason="needs httpx")
    from test_serving import HOME, PORT, SCREEN, TOKEN, TestClient, post, problems

    from rarebind.serving.app import Settings, create_app
    from rarebind.serving.screen_queue import ScreenQueue

    queue = ScreenQueue(tmp_path / "runs", tmp_path / "store.sqlite", workers=1)
    client = TestClient(create_app(Settings(queue, PORT, TOKEN)), base_url=HOME)
    survey = from_file(fault, tmp_path)
    asked = SCREEN | {"ligands": as_csv(fault), "strict": True}
    found = problems(post(client, "/api/screens", asked))
    assert found == [f"line {one.number}: {one.reason}" for one in survey.rejected]
    if fault.line and not fault.what.startswith("same"):
        told = problems(post(client, "/api/ligand", {"line": f"{fault.smiles}, {fault.name}"}))
        assert "; ".join(told) == survey.rejected[0].reason


def test_a_query_is_no_ligand():
    with pytest.raises(InputError, match="is a query"):
        survey_ligands(Chem.MolFromSmarts("[C,N]C(=O)[OH]")).checked(strict=True)


@given(st.text(st.sampled_from("CNOPSHcno()[]=#~:-+>$@/\\1234%. \0\x7f*"), max_size=25))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_molecule_with_an_inchikey_or_refused(text):
    [*found] = survey_ligands([text]).ligands
    for ligand in found:
        assert len(ligand.inchikey) == 27
        assert text.strip().isprintable()
        assert not set("~>$*") & set(text)
