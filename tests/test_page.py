"""The report page as a file: what it holds, what it keeps out."""

import base64
import hashlib
import json
import math
import re
from copy import deepcopy
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_report import DECADE, TEMPERATURE, complete, drawing, real_report

from rarebind.errors import InputError
from rarebind.screening.page import build_page, write_page
from rarebind.screening.page.assets import SCRIPTS, STYLES, VIEWER, asset
from rarebind.screening.page.content import COLUMNS, packed_column, page_content
from rarebind.screening.page.drawings import safe_drawing
from rarebind.screening.page.embedding import json_for_script

HOSTILE = (
    "</script><script>alert(1)</script>", "<!--<script>", "<img src=x onerror=alert(1)>",
    '"&\'`', "a\u2028b", "\ud800", "]]>", "$policy ${data}",
)  # fmt: skip


class Reader(HTMLParser):
    """Scripts, styles and attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.found, self.tags, self._open = {"script": [], "style": []}, [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in self.found:
            self._open = tag
            self.found[tag].append([dict(attrs), ""])

    def handle_endtag(self, tag):
        self._open = None

    def handle_data(self, data):
        if self._open:
            self.found[self._open][-1][1] += data

    @property
    def data(self):
        [text] = [text for attrs, text in self.found["script"] if attrs.get("id") == "report"]
        return json.loads(text)

    @property
    def code(self):
        return [text for attrs, text in self.found["script"] if attrs.get("id") != "report"]

    @property
    def policy(self):
        [policy] = [
            attrs["content"] for tag, attrs in self.tags
            if tag == "meta" and attrs.get("http-equiv") == "Content-Security-Policy"
        ]  # fmt: skip
        return dict(part.strip().split(" ", 1) for part in policy.split(";"))


@pytest.fixture(scope="module")
def small():
    return real_report(complete("1:6")[:4])


def unpacked(content):
    columns = {}
    for name, packed in content["rows"].items():
        columns[name] = packed.get("values") or [packed["of"][at] for at in packed["at"]]
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def test_carries_every_row(small):
    found = unpacked(Reader(build_page(small)).data)
    assert len(found) == len(small["rows"]) == 4 * 16
    for row, wanted in zip(found, small["rows"], strict=True):
        for name in COLUMNS:
            # Reports of before did not say how many waters were taken.
            value = wanted.get(name)
            assert row[name] == (
                pytest.approx(value, abs=1e-6) if isinstance(value, float) else value
            )


def test_title_counts(small):
    assert "<h1>4 ligands ranked for 16 rare-earth ions</h1>" in build_page(small)
    one = small | {"metals": ["La"], "ligands": small["ligands"][:1]}
    assert "<h1>1 ligand ranked for La³⁺</h1>" in build_page(one)


def test_is_deterministic(small):
    assert build_page(small) == build_page(deepcopy(small))


def test_viewer_only_where_there_are_structures(small):
    with_structures, without = build_page(small), build_page(small | {"structures": {}})
    assert asset(VIEWER) in with_structures
    assert "University of Pittsburgh" in with_structures
    assert "Redistributions in binary form" in with_structures
    assert len(without) < len(with_structures) - 500_000
    assert "3dmol v" not in without
    assert "University of Pittsburgh" not in without


def test_viewer_is_as_published():
    digest = hashlib.sha256(asset(VIEWER).encode()).hexdigest()
    assert digest == "f7cc78921ae72e7623e89cdd111434f58c2efddd2ffda1cd212644b406fb8016"


def test_policy_allows_the_page_and_nothing_else(small):
    reader = Reader(build_page(small))
    assert reader.policy["default-src"] == "'none'"
    assert reader.policy["img-src"] == "data:"
    for kind, texts in (
        ("script-src", reader.code), ("style-src", [text for _, text in reader.found["style"]]),
    ):  # fmt: skip
        hashes = {
            f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
            for text in texts
        }
        assert set(reader.policy[kind].split()) == hashes


def test_refers_to_nothing_outside(small):
    reader = Reader(build_page(small))
    for tag, attrs in reader.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        assert not {"src", "srcset", "style"} & attrs.keys(), (tag, attrs)
        assert not any(name.startswith("on") for name in attrs)
        assert attrs.get("href", "#").startswith("#")


def test_own_files_name_no_hosts_and_write_no_markup():
    names = [f"js/{name}.js" for name in SCRIPTS] + [f"css/{name}.css" for name in STYLES]
    for name in [*names, "page.html"]:
        text = asset(name).replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|//\w+\.\w+|@import|url\(", text), name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(", text
        ), name
        assert "</script" not in text or name == "page.html"
    assert "</script" not in asset(VIEWER)
    assert "<!--" not in asset(VIEWER)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_users_stays_text(small, text):
    report = deepcopy(small)
    report["level"] = text
    for row in report["rows"][:20]:
        row.update(ligand=text, smiles=text, reason=text, status=text)
    report["ligands"][0].update(name=text, smiles=text, notes=[text])
    report["rejected_input"] = [{"name": text, "smiles": text, "reason": text}]
    report["how"]["model"] = {text: text}
    report["structures"] = {text: text}
    reader, before = Reader(build_page(report)), Reader(build_page(small))
    assert [tag for tag, _ in reader.tags] == [tag for tag, _ in before.tags]
    assert reader.data["level"] == text
    assert reader.data["how"]["model"] == {text: text}
    assert unpacked(reader.data)[0]["ligand"] == text


@given(st.recursive(st.text() | st.none() | st.integers(), st.lists))
def test_embedded_json_is_the_same_data(data):
    text = json_for_script(data)
    assert json.loads(text) == data
    assert not set(text) & set("<>&\u2028\u2029")


@given(st.lists(st.text(max_size=2)) | st.lists(st.none() | st.integers() | st.text()))
def test_packed_columns_hold_the_values(values):
    packed = packed_column(values)
    if "at" in packed:
        assert [packed["of"][at] for at in packed["at"]] == values
        assert len(set(packed["of"])) == len(packed["of"])
    else:
        assert packed["values"] == values


def test_numbers_that_are_none_become_null(small):
    report = deepcopy(small)
    report["rows"][0].update(exchange=math.nan, binding=math.inf)
    row = unpacked(page_content(report))[0]
    assert row["exchange"] is None
    assert row["binding"] is None


def test_factor_width_is_that_of_the_energy_in_decades(small):
    # RT ln 10 at 298.15 K is 1.364 kcal/mol: a width of that much is a factor of ten.
    assert pytest.approx(1.3642, abs=1e-4) == DECADE
    row = {"ligand": "x", "geometry": "1:6", "difference": -2.0, "half_width": DECADE}
    report = small | {"pairs": [{"metal": "Nd", "other": "Dy", "rows": [row]}]}
    [pair] = page_content(report)["pairs"]
    assert pair["rows"][0]["log10_half_width"] == pytest.approx(1, abs=1e-5)
    joule = report | {"unit": "kJ/mol", "temperature": TEMPERATURE}
    [pair] = page_content(joule)["pairs"]
    assert pair["rows"][0]["log10_half_width"] == pytest.approx(1 / 4.184, abs=1e-5)
    for unknown in ({"unit": "eV"}, {"temperature": None}):
        [pair] = page_content(report | unknown)["pairs"]
        assert pair["rows"][0]["log10_half_width"] is None


def test_reports_of_the_first_form(small):
    keep = (
        "rank", "ligand", "metal", "geometry", "charge", "binding", "exchange", "selectivity",
        "coordination_number", "aqua_waters", "status", "reason", "smiles", "inchikey",
    )  # fmt: skip
    old = {
        "schema": 1, "rarebind": "0.1.0", "level": small["level"], "protocol": {"seed": 1},
        "geometry": "1:6", "metals": small["metals"], "reference_metal": "Y", "unit": "kcal/mol",
        "rows": [{name: row[name] for name in keep} for row in small["rows"]],
    }  # fmt: skip
    content = Reader(build_page(old)).data
    assert content["geometries"] == ["1:6"]
    assert [ligand["name"] for ligand in content["ligands"]] == list(
        dict.fromkeys(row["ligand"] for row in small["rows"])
    )
    assert content["radii"]["La"] == pytest.approx(1.16)
    assert content["how"]["protocol"] == {"seed": 1}
    assert unpacked(content)[0]["flagged"] is None


def test_bare_rows_are_enough():
    content = Reader(build_page({"rows": []})).data
    assert content["count"] == 0
    assert content["unit"] == "kcal/mol"
    content = Reader(build_page({"rows": [{"ligand": "x", "metal": "La", "exchange": -1.0}]})).data
    assert content["metals"] == ["La"]
    assert content["geometries"] == []


@pytest.mark.parametrize("report", [{}, {"rows": 3}, {"rows": [1]}, [], {"rows": "ab"}])
def test_what_is_no_report(report):
    with pytest.raises(InputError, match="no report"):
        build_page(report)


def test_newer_reports_are_refused(small):
    with pytest.raises(InputError, match="form 3"):
        build_page(small | {"schema": 3})


def test_real_drawings_keep_their_shapes():
    svg = drawing("CNC(=O)c1cc(C)cc(=O)n1[O-]")
    clean = safe_drawing(svg)
    assert clean.count("<path") == svg.count("<path")
    assert clean.count("<ellipse") == svg.count("<ellipse")
    assert clean.count('d="M') == svg.count("d='M")
    assert "#FF7F7F" in clean
    assert len(clean) < 0.7 * len(svg)
    assert safe_drawing(clean) == clean


def test_drawings_lose_all_but_shapes():
    clean = safe_drawing(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" '
        'onload="alert(1)" width="5"><script>alert(1)</script><style>@import "a"</style>'
        '<a x:href="javascript:alert(1)"><path d="M0 0"/></a><image x:href="http://a.b/c"/>'
        '<foreignObject><p>hi</p></foreignObject><use href="#a"/><animate attributeName="d"/>'
        '<rect fill="url(http://a.b)" style="stroke:url(#x);fill-opacity:0.5;behavior:a" '
        'onclick="a()" width="2"/><text x="1">a&lt;b</text></svg>'
    )
    assert clean == (
        '<svg width="5" xmlns="http://www.w3.org/2000/svg"><rect width="2" fill-opacity="0.5" />'
        '<text x="1">a&lt;b</text></svg>'
    )


@pytest.mark.parametrize(
    "svg",
    [
        None, 3, "", "plain text", "<svg", "<svg><path/></svg>", "<html><body/></html>",
        '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
    ],
)  # fmt: skip
def test_what_is_no_drawing(svg):
    assert safe_drawing(svg) is None


def test_written_whole(small, tmp_path):
    path = write_page(small, tmp_path / "page.html")
    assert path.read_text(encoding="utf-8") == build_page(small)
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_written_not_at_all(small, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("before")
    with pytest.raises(InputError, match="no report"):
        write_page({}, page)
    with pytest.raises(InputError, match="cannot write"):
        write_page(small, tmp_path / "absent" / "page.html")
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_page(small, folder)
    assert page.read_text() == "before"
    assert {file.name for file in tmp_path.iterdir()} == {"page.html", "folder"}
