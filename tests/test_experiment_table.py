"""Tables of measured stability constants: what is read, refused and selected."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.elements import rare_earths
from rarebind.errors import InputError
from rarebind.experiment import (
    check_one_series,
    read_constants,
    select_series,
    series_of,
    stability_constants,
)
from rarebind.experiment.table import constants_of, normal_definition

HEAD = "ligand,smiles,metal,log_k,definition,temperature_C,ionic_strength_M,reference\n"
GOOD = "acetic acid,CC(=O)O,La,1.56,ML/M.L,20,2,A\n"


def refused(text):
    with pytest.raises(InputError) as caught:
        constants_of(text, "t.csv")
    return "\n".join(caught.value.problems)


def test_the_shipped_table_is_one_series_a_ligand_with_references():
    table = stability_constants()
    series = series_of(table)
    assert len(series) >= 15
    assert series["selected"].all()
    assert series["metals"].min() >= 10
    assert table["reference"].str.len().min() > 20
    check_one_series(table, "stability_constants.csv")


def test_shipped_values():
    """Textbook values: Schwarzenbach's of EDTA, Moeller's of DTPA, Grenthe's of diglycolate."""
    values = stability_constants().set_index(["ligand", "metal"])["log_k"]
    assert values["EDTA", "La"] == 15.50
    assert values["EDTA", "Lu"] == 19.83
    assert values["DTPA", "Gd"] == 22.46
    assert values["diglycolic acid", "Eu"] == 5.53
    # Of the aminopolycarboxylates each donor more binds more strongly.
    gadolinium = values.xs("Gd", level="metal")
    assert list(gadolinium[["IDA", "NTA", "HEDTA", "EDTA", "DTPA"]]) == sorted(
        gadolinium[["IDA", "NTA", "HEDTA", "EDTA", "DTPA"]]
    )


def test_wide_and_long_say_the_same():
    wide = (
        "ligand,smiles,definition,temperature_C,ionic_strength_M,reference,La,Lu,Sc\n"
        "acetic acid,CC(=O)O,K1,20,2,A,1.56,1.85,\n"
    )
    long = HEAD + GOOD + GOOD.replace("La,1.56", "Lu,1.85")
    columns = ["ligand", "metal", "log_k", "definition", "inchikey"]
    pd.testing.assert_frame_equal(
        constants_of(wide, "w")[columns], constants_of(long, "l")[columns]
    )


def test_comments_before_the_header_and_line_numbers(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("# note\n" + HEAD + GOOD + "\n" + GOOD.replace("La,1.56", "Lu,x"))
    with pytest.raises(InputError, match=r"line 5: log_k"):
        read_constants(path)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("1.56", "75", "above 60"),
        ("1.56", "-7", "below -5"),
        ("1.56", "nan", "finite"),
        ("ML/M.L", "ML2/M.L^2", "ML2/M.L^2, not ML/M.L"),
        ("20,2", ",2", "temperature_C is missing"),
        ("20,2", "20,", "ionic_strength_M is missing"),
        ("20,2", "293.15,2", "degrees Celsius"),
        ("20,2", "20,100", "mol/L"),
        ("CC(=O)O", "CC(=O", "CC(=O"),
        ("CC(=O)O", "CCCC", "no donor atoms"),
        ("La", "Fe", "unknown metal 'Fe'"),
        ("La", "la", "did you mean La"),
        (",A\n", ",\n", "reference is missing"),
        (",A\n", ",A,B\n", "9 cells"),
    ],
)
def test_impossible_lines_are_named(old, new, says):
    told = refused(HEAD + GOOD.replace(old, new, 1))
    assert says in told
    assert "t.csv, line 2" in told


def test_every_fault_is_told():
    told = refused(HEAD + GOOD.replace("1.56", "99") + GOOD.replace("La", "Xx"))
    assert "line 2" in told
    assert "line 3" in told


def test_missing_columns_are_named():
    assert "no column log_k" in refused(HEAD.replace("log_k", "K") + GOOD)
    assert "no column ionic_strength_M" in refused(HEAD.replace("ionic_strength_M", "I") + GOOD)
    assert "metal more than once" in refused(HEAD.replace("reference", "metal") + GOOD)
    assert "no constants" in refused(HEAD)
    assert "no column" in refused("")


def test_pairs_given_twice():
    assert len(constants_of(HEAD + GOOD + GOOD, "t")) == 1
    close = constants_of(HEAD + GOOD + GOOD.replace("1.56", "1.66"), "t")
    assert close["log_k"].tolist() == pytest.approx([1.61])
    told = refused(HEAD + GOOD + GOOD.replace("1.56", "2.56"))
    assert "1.56 (line 2), 2.56 (line 3)" in told


def test_one_name_for_two_ligands():
    assert "another ligand than in line 2" in refused(
        HEAD + GOOD + GOOD.replace("CC(=O)O", "OCC(=O)O").replace("La", "Lu")
    )


def test_the_charge_of_the_constant_has_to_be_that_of_the_bound_form():
    head, good = HEAD.strip() + ",charge\n", GOOD.strip() + ",-1\n"
    assert len(constants_of(head + good, "t")) == 1
    assert len(constants_of(head + good.replace(",-1", ","), "t")) == 1
    told = refused(head + good.replace(",-1", ",-2"))
    assert "binds with the charge -1, but L of the constant has -2" in told


def test_two_series_are_named_and_one_is_selected():
    other = GOOD.replace("20,2,A", "25,0.1,B")
    # The same ligand under another name, drawn as the ion.
    other = other.replace("acetic acid,CC(=O)O", "acetate,CC(=O)[O-]")
    table = constants_of(HEAD + GOOD + GOOD.replace("La", "Lu") + other, "t.csv")
    with pytest.raises(InputError, match=r"2 series: A, 20 °C, 2 M, 2 metals \(would be sel"):
        check_one_series(table, "t.csv")
    assert set(select_series(table)["reference"]) == {"A"}
    # Of equals the one at the usual conditions.
    assert set(select_series(table[table["metal"] == "La"])["reference"]) == {"B"}


def test_ways_to_write_the_first_constant():
    assert {normal_definition(d) for d in ("ML/M.L", "log K1", "ml / m.l", "beta1")} == {"ML/M.L"}
    assert normal_definition("MHL/M.HL") == "MHL/M.HL"


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted(rare_earths())),
        st.floats(-5, 60, allow_nan=False).map(lambda x: round(x, 3)),
        min_size=1,
    )
)
def test_every_possible_value_comes_back(values):
    lines = [GOOD.replace("La,1.56", f"{metal},{value}") for metal, value in values.items()]
    table = constants_of(HEAD + "".join(lines), "t")
    assert dict(zip(table["metal"], table["log_k"], strict=True)) == pytest.approx(values)
    assert len(select_series(table)) == len(values)
