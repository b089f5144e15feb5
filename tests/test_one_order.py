"""One order of all ligands of a metal, and no figures that the level of theory cannot give."""

import io
import json
import statistics

import pytest
from made_screen import made_screen
from rich.console import Console

from rarebind.commands import screen_table
from rarebind.complexes import complex_spec, parent_templates
from rarebind.engines import GFN2_WATER, Calculation, level_named
from rarebind.ligands import library_ligand, parse_ligand
from rarebind.screening import Entry, Screen, ranked_rows, report
from rarebind.screening.heatmap import draw_heatmap
from rarebind.screening.page.content import page_content
from rarebind.screening.selectivity import gives_sign
from rarebind.screening.short_list import choose
from rarebind.screening.stoichiometry import stoichiometry
from rarebind.screening.table import preferences

#: Two, three, four and six donors.
SMILES = {
    "acac": "CC(=O)CC(C)=O", "glycine": "NCC(=O)O", "catechol": "Oc1ccccc1O",
    "IDA": "OC(=O)CNCC(O)=O", "NTA": "OC(=O)CN(CC(O)=O)CC(O)=O",
    "EDTA": "OC(=O)CN(CCN(CC(O)=O)CC(O)=O)CC(O)=O",
}  # fmt: skip
METALS = ("La", "Eu", "Lu", "Y")


def as_screened(ligands, geometries, metals=METALS):
    """A made-up screen whose complexes are filled up with water, as by default."""
    found = made_screen(ligands, metals, geometries)
    return Screen.of(found.entries, found.protocol, {"name": "made up"}, found.interval)


@pytest.fixture(scope="module")
def screen():
    return as_screened([parse_ligand(smiles, name) for name, smiles in SMILES.items()], ("1",))


@pytest.mark.parametrize(
    ("geometry", "kind"),
    [("1:6", "1"), ("1", "1"), ("3:2", "3"), ("L:3,phen:1,water:1", "L:3,phen:1"),
     ("L:1,nitrate:3", "L:1,nitrate:3"), ("unheard of", "unheard of")],
)  # fmt: skip
def test_waters_make_no_order_of_their_own(geometry, kind):
    assert stoichiometry(geometry) == kind


def test_ligands_of_any_denticity_are_in_one_order(screen):
    """Right value: ranks are 1 to 6 for each metal, in the order of the energies."""
    assert len(screen.geometries) > 2
    for metal in METALS:
        rows = [row for row in ranked_rows(screen) if row.metal == metal]
        assert [row.rank for row in rows] == [1, 2, 3, 4, 5, 6]
        assert [row.exchange for row in rows] == sorted(row.exchange for row in rows)
        chances = [row.probability_first for row in rows if row.probability_first is not None]
        assert not chances or sum(chances) == pytest.approx(1, abs=0.03)


def test_one_order_for_each_number_of_ligands():
    found = as_screened([parse_ligand(SMILES["acac"]), parse_ligand(SMILES["IDA"])], ("1", "2"))
    rows = [row for row in ranked_rows(found) if row.metal == "Lu"]
    assert [(stoichiometry(row.geometry), row.rank) for row in rows] == [
        ("1", 1), ("1", 2), ("2", 1), ("2", 2),
    ]  # fmt: skip
    assert len(choose(found, 1, ["Lu"])) == 2
    assert draw_heatmap(ranked_rows(found), found, "kcal/mol").startswith(b"\x89PNG")


def test_a_short_list_has_the_best_of_all(screen):
    (chosen,) = choose(screen, 1, ["Lu"])
    best = min((e for e in screen.entries if e.spec.metal == "Lu"), key=lambda e: e.exchange)
    assert chosen == (best, 1)


# --- what the level cannot give -------------------------------------------------------------------


def test_levels_that_give_a_sign():
    assert not gives_sign(GFN2_WATER)
    assert not gives_sign(level_named("gfn1-xtb"))
    assert gives_sign(level_named("pbe-d4-4f-in-core"))


def test_the_page_gives_no_sign_where_there_is_none(screen):
    """Right value: ΔΔE less its median, and neither factors, probabilities nor species."""
    asked = report(screen)
    assert asked["gives_sign"] is False
    content = page_content(asked)
    for pair, told in zip(asked["pairs"], content["pairs"], strict=True):
        values = {row["ligand"]: row["difference"] for row in pair["rows"]}
        middle = statistics.median(values.values())
        assert told["rows"]
        for row in told["rows"]:
            assert row["difference"] == pytest.approx(values[row["ligand"]] - middle, abs=1e-5)
            assert not {"log10_factor", "log10_bounds", "probability_best", "half_width"} & set(row)
    assert all("probability_front" not in p for pair in content["pareto"] for p in pair["points"])
    # Nothing of it anywhere.
    assert "log10" not in json.dumps(content)
    several = as_screened([library_ligand("HOPO"), parse_ligand(SMILES["acac"])], ("1", "2"))
    assert report(several)["speciation"]
    assert page_content(report(several))["speciation"] == []


def test_where_there_is_a_sign_it_is_given(screen):
    content = page_content(report(screen) | {"gives_sign": True})
    assert all("log10_factor" in row for pair in content["pairs"] for row in pair["rows"])
    older = {name: value for name, value in report(screen).items() if name != "gives_sign"}
    assert page_content(older)["pairs"] == content["pairs"]


def test_one_ligand_alone_compares_with_none():
    alone = as_screened([parse_ligand(SMILES["acac"])], ("1",))
    assert set(preferences(ranked_rows(alone))) == {None}
    assert not any(pair["rows"] for pair in page_content(report(alone))["pairs"])


def printed(found, monkeypatch):
    console = Console(file=io.StringIO(), width=200)
    monkeypatch.setattr(screen_table, "terminal", lambda **_: console)
    screen_table.show_ranking(found, "kcal/mol")
    return console.file.getvalue()


def test_the_terminal_gives_no_sign_either(screen, monkeypatch):
    said = printed(screen, monkeypatch)
    assert "ΔΔE rel." in said
    assert "does not say which metal one prefers" in " ".join(said.split())
    rows = ranked_rows(screen)
    row, value = next(
        (r, v) for r, v in zip(rows, preferences(rows), strict=True) if r.metal == "Lu"
    )
    of_metal = [r.selectivity for r in rows if r.metal == "Lu"]
    assert value == pytest.approx(row.selectivity - statistics.median(of_metal))
    assert f"{value:+.1f}" in said


def test_distances_are_those_of_the_structure():
    """Right value: by hand, for a real complex of the library."""
    spec = complex_spec("La", library_ligand("HOPO"), "1:6")
    structure = parent_templates(spec)[0]
    found = made_screen([library_ligand("HOPO")], ("La",))
    entry = found.entries[0]
    calculation = Calculation("static", GFN2_WATER, structure, -1.0)
    real = Screen.of([Entry(spec, entry.binding, calculation)], found.protocol)
    (lengths,) = report(real)["distances"].values()
    ligand = [one for one in lengths if one["ligand"] == "HOPO"]
    assert len(lengths) == 8
    assert [one["donor"] for one in ligand] == [f"O{i}" for i in library_ligand("HOPO").donors]
    for one, donor in zip(ligand, library_ligand("HOPO").donors, strict=True):
        apart = structure.positions[1 + donor] - structure.positions[0]
        assert one["distance"] == pytest.approx(float((apart**2).sum() ** 0.5), abs=1e-3)
    assert page_content(report(real))["distances"] == report(real)["distances"]
