"""The server of screens: what it answers, whom it refuses, and one screen through its queue."""

import csv
import hashlib
import json
import re
import socket
import sys
import time
import warnings
from importlib.resources import files

import pytest

pytest.importorskip("fastapi", reason="needs fastapi")
pytest.importorskip("httpx", reason="needs httpx")

with warnings.catch_warnings():
    # Starlette warns of a successor of httpx; either will do.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

from rarebind.campaigns import Store
from rarebind.cli import main
from rarebind.elements import rare_earths
from rarebind.engines import LEVELS, LevelOfTheory
from rarebind.errors import InputError, MissingDependencyError
from rarebind.ligands import MAX_NAME, parse_ligand, survey_ligand_table
from rarebind.screening import Request, ranked_rows, short_list_request, specs_for
from rarebind.screening.given import read_line, survey_lines
from rarebind.screening.short_list import short_list_levels
from rarebind.serving import need_serving, needs, worker
from rarebind.serving.app import Settings, create_app, new_token
from rarebind.serving.assets import EDITOR_FILES
from rarebind.serving.guard import HEADERS, TOKEN_HEADER
from rarebind.serving.limits import (
    MAX_BODY,
    MAX_LIGANDS,
    MAX_PAIRS,
    MAX_SHORT_LIST,
    MAX_SMILES,
    MAX_WAITING,
)
from rarebind.serving.runs import (
    FILES,
    RECORD,
    Progress,
    earlier_runs,
    new_run,
    read_run,
    write_run,
)
from rarebind.serving.screen_queue import Pace, ScreenQueue, advanced, paced
from rarebind.serving.screens import check, request_of
from rarebind.serving.server import serve

PORT = 8765
HOME = f"http://127.0.0.1:{PORT}"
TOKEN = new_token()
OURS = {"origin": HOME, TOKEN_HEADER: TOKEN}
HOPO = "CNC(=O)c1cc(F)cc(=O)n1O"
ACETATE = "CC(=O)O"
#: Seconds; many times what an idle core takes.
PATIENCE = 240
SCREEN = {
    "ligands": f"{HOPO}, fluoro",
    "metals": ["La"],
    "geometries": ["1:6"],
    "engine": "tblite",
    "hops": 0,
}
#: A second level that is fast; no short list is ever asked for at it.
GFN1_WATER = LevelOfTheory("tblite", "GFN1-xTB", solvent="ALPB(water)")


@pytest.fixture
def queue(tmp_path):
    """Not started: what is submitted waits."""
    return ScreenQueue(tmp_path / "runs", tmp_path / "store.sqlite", workers=1)


@pytest.fixture
def client(queue):
    return TestClient(
        create_app(Settings(queue, PORT, TOKEN)), base_url=HOME, raise_server_exceptions=False
    )


def post(client, path, content=None, **headers):
    return client.post(path, json={} if content is None else content, headers=OURS | headers)


def problems(answer, status=422):
    assert answer.status_code == status, answer.text
    return answer.json()["problems"]


# --- pages ---------------------------------------------------------------------------------------


def test_the_page_knows_its_token_and_the_choices(client):
    answer = client.get("/")
    assert answer.status_code == 200
    [data] = re.findall(r'<script type="application/json" id="start">(.*?)</script>', answer.text)
    start = json.loads(data)
    assert start["token"] == TOKEN
    assert [metal["symbol"] for metal in start["metals"]][:2] == ["La", "Ce"]
    assert start["shortList"] == {
        "most": MAX_SHORT_LIST,
        "levels": list(short_list_levels()),
    }
    assert start["defaults"]["short_list_level"] == "b3lyp-d4"
    assert start["defaults"]["fall_back"] is True
    assert start["limits"] == {"ligands": MAX_LIGANDS, "smiles": MAX_SMILES, "waiting": MAX_WAITING}


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/app.css", "text/css"), ("/app.js", "text/javascript"), ("/editor", "text/html"),
     ("/editor/jsa.css", "text/css"), ("/editor/clear.cache.gif", "image/gif"),
     ("/api/screens", "application/json")],
)  # fmt: skip
def test_kinds_of_files(client, path, kind):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)


def test_styles_are_shared_with_the_report(client):
    report = files("rarebind.screening.page").joinpath("static/css/base.css").read_text()
    assert report in client.get("/app.css").text


@pytest.mark.parametrize("path", ["/", "/app.js", "/api/screens", "/nowhere", "/api/screens/x"])
def test_every_answer_carries_the_headers(client, path):
    found = client.get(path).headers
    for name, value in HEADERS.items():
        assert found[name] == value
    assert "server" not in found
    assert not [name for name in found if name.startswith("access-control")]


def test_refusals_and_faults_carry_the_headers_too(client):
    for answer in (
        client.get("/", headers={"host": "evil.example"}),
        post(client, "/api/ligand", {"line": "C1CC"}),
        post(client, "/api/ligand", {}),
        client.put("/"),
    ):
        assert answer.status_code >= 400
        assert HEADERS.items() <= answer.headers.items()
        assert answer.json()["problems"]


def test_the_page_runs_no_script_of_others(client):
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    text = client.get("/").text
    assert not re.search(r"<script(?![^>]*(src=\"/app.js\"|type=\"application/json\"))", text)
    assert not re.search(r"\son\w+=|\sstyle=|https?://(?!www\.w3)", text.split("<pre>")[0])
    script = client.get("/app.js").text.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b", script)
    assert not re.search(r"https?://", script)


def test_no_descriptions_of_the_interface_are_offered(client):
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(path).status_code == 404


# --- the molecule editor -------------------------------------------------------------------------


def test_the_editor_has_an_origin_of_its_own_and_no_network(client):
    first, second = client.get("/editor"), client.get("/editor")
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in first.headers["content-security-policy"].split(";")
    )
    assert policy["sandbox"] == "allow-scripts"
    assert policy["default-src"] == "'none'"
    assert "connect-src" not in policy
    assert "unsafe" not in policy["script-src"]
    [nonce] = re.findall(r"'nonce-([\w-]+)'", policy["script-src"])
    assert f'<script nonce="{nonce}">' in first.text
    assert nonce not in second.text
    assert TOKEN not in first.text


def test_the_editor_is_as_published(client):
    digest = hashlib.sha256()
    for name in sorted(EDITOR_FILES):
        answer = client.get(f"/editor/{name}")
        assert answer.status_code == 200
        digest.update(answer.content)
    assert digest.hexdigest() == "d35ec27ef631bf14c134924ffa727d642449f7a8615273119bc65862d7ebee5a"
    assert "Novartis" in client.get("/").text


@pytest.mark.parametrize(
    "name", ["license.txt", "../page.html", "..%2fpage.html", "%2e%2e/%2e%2e/app.py", "", "x.js"]
)
def test_the_editor_has_no_other_files(client, name):
    assert client.get(f"/editor/{name}").status_code == 404


# --- who is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}"])
def test_its_own_names(client, host):
    assert client.get("/", headers={"host": host}).status_code == 200
    own = {"host": host, "origin": f"http://{host}"}
    assert post(client, "/api/ligand", {"line": HOPO}, **own).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "localhost", "127.0.0.1:80", "",
     f"127.0.0.1:{PORT}.evil.example", f"127.0.0.1.evil.example:{PORT}", f"[::1]:{PORT}",
     f"0.0.0.0:{PORT}", f"user@127.0.0.1:{PORT}"],
)  # fmt: skip
def test_other_names_are_refused(client, host):
    """A name that was led here after its page had loaded (DNS rebinding)."""
    for path in ("/", "/api/screens", "/app.js"):
        assert "its own address" in problems(client.get(path, headers={"host": host}), 403)[0]
    assert post(client, "/api/screens", SCREEN, host=host).status_code == 403


def test_port_80_needs_no_number(queue):
    client = TestClient(create_app(Settings(queue, 80, TOKEN)), base_url="http://127.0.0.1")
    assert client.get("/").status_code == 200


CROSS_SITE = {
    "no token": ({"origin": HOME}, "load the page again"),
    "token of another start": ({"origin": HOME, TOKEN_HEADER: new_token()}, "load the page again"),
    "token not of ASCII": ({"origin": HOME, TOKEN_HEADER: "ü".encode()}, "load the page again"),
    "neither origin nor site": ({TOKEN_HEADER: TOKEN}, "use the page"),
    "another site": (OURS | {"origin": "https://evil.example"}, "another site"),
    "another port": (OURS | {"origin": "http://127.0.0.1:3000"}, "another site"),
    "another name": (OURS | {"origin": f"http://localhost:{PORT}"}, "another site"),
    "encrypted": (OURS | {"origin": f"https://127.0.0.1:{PORT}"}, "another site"),
    "sandboxed": (OURS | {"origin": "null"}, "another site"),
    "site says cross": (OURS | {"sec-fetch-site": "cross-site"}, "another site"),
    "site says same-site": (OURS | {"sec-fetch-site": "same-site"}, "another site"),
    "typed address": (OURS | {"sec-fetch-site": "none"}, "another site"),
}


@pytest.mark.parametrize("case", CROSS_SITE)
def test_changes_come_from_the_page_alone(client, queue, case):
    headers, reason = CROSS_SITE[case]
    for path, content in (
        ("/api/screens", SCREEN), ("/api/ligand", {"line": HOPO}), ("/api/screens/x/cancel", {}),
    ):  # fmt: skip
        answer = client.post(path, json=content, headers=headers)
        assert reason in problems(answer, 403)[0]
    assert queue.runs() == []


def test_the_site_may_stand_for_the_origin(client):
    answer = client.post(
        "/api/ligand",
        json={"line": HOPO},
        headers={"sec-fetch-site": "same-origin", TOKEN_HEADER: TOKEN},
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_forms_are_refused(client, queue, kind):
    """What a form of another site can send without asking first."""
    answer = client.post(
        "/api/screens", content=json.dumps(SCREEN), headers=OURS | {"content-type": kind}
    )
    assert "application/json" in problems(answer, 415)[0]
    assert queue.runs() == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_read_nothing(client, site):
    assert client.get("/api/screens", headers={"sec-fetch-site": site}).status_code == 403
    # Links lead here, though.
    assert client.get("/", headers={"sec-fetch-site": site}).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_methods(client, method):
    assert problems(client.request(method, "/api/screens", headers=OURS), 405)


def test_headers_that_decide_come_once(client):
    for twice in ([("host", f"127.0.0.1:{PORT}"), ("host", "evil.example")],
                  [("origin", HOME), ("origin", "https://evil.example")]):  # fmt: skip
        assert "twice" in problems(client.get("/", headers=twice), 400)[0]


# --- how much ------------------------------------------------------------------------------------


def test_large_headers_are_refused(client):
    assert client.get("/", headers={"x-long": "a" * 10_000}).status_code == 200
    for path, headers in (("/", {"x-long": "a" * 100_000}), (f"/?{'a' * 20_000}", {})):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 431
        assert "at most 16384 bytes" in answer.json()["problems"][0]


def test_large_requests_are_refused(client):
    large = {"line": "C" * MAX_BODY}
    assert str(MAX_BODY) in problems(post(client, "/api/ligand", large), 413)[0]
    pieces = (b"[" * 8192 for _ in range(MAX_BODY // 8192 + 1))
    headers = OURS | {"content-type": "application/json"}
    assert problems(client.post("/api/ligand", content=pieces, headers=headers), 413)


def test_every_allowed_screen_fits(client):
    lines = "\n".join("C" * (MAX_SMILES + MAX_NAME) for _ in range(MAX_LIGANDS))
    found = problems(post(client, "/api/screens", SCREEN | {"ligands": lines}))
    assert len(found) == MAX_LIGANDS


def test_at_most_so_many_ligands(client):
    lines = "\n".join([HOPO] * (MAX_LIGANDS + 1))
    assert f"at most {MAX_LIGANDS}" in problems(
        post(client, "/api/screens", SCREEN | {"ligands": lines})
    )[0]  # fmt: skip


def test_at_most_so_many_complexes(client, monkeypatch):
    monkeypatch.setattr("rarebind.serving.screens.MAX_COMPLEXES", 3)
    found = problems(post(client, "/api/screens", SCREEN | {"metals": ["La", "Eu", "Gd", "Lu"]}))
    assert "\n".join(found) == (
        "4 complexes (ligands × metals × geometries): at most 3 are screened at once; rarebind "
        "screen takes any number"
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is missing"), (b"{", "JSON"), (b"[]", "no mapping"), (b"null", "no mapping"),
        (b'{"line": NaN}', "line: "), (b'{"line": 3}', "line: "), (b'{"line": ["C"]}', "line: "),
        (b'{"line": "C", "path": "/etc/passwd"}', "unknown key 'path'"),
        (b"\xff\xfe", ""),
        (b"[" * 100_000, ""), (b'{"line": "' + b"C" * 100_000 + b'"}', str(MAX_SMILES)),
    ],
)  # fmt: skip
def test_what_is_no_line(client, content, said):
    answer = client.post(
        "/api/ligand", content=content, headers=OURS | {"content-type": "application/json"}
    )
    assert answer.status_code in {400, 422}, answer.text
    assert said in " ".join(answer.json()["problems"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"metals": [57]}, "metals"), ({"metals": 57}, "metals"),
        ({"geometries": [f"1:{n}" for n in range(9)]}, "geometries"),
        ({"coordination_number": "8"}, "coordination_number"),
        ({"coordination_number": 8.5}, "coordination_number"), ({"hops": -1}, "hops"),
        ({"hops": 101}, "hops"), ({"engine": "orca"}, "engine"),
        ({"engine": "os:system"}, "engine"), ({"builder": "/bin/sh"}, "builder"),
        ({"retry_failed": 1}, "retry_failed"),
        ({"unit": "eV"}, "unit"), ({"strict": "yes"}, "strict"), ({"store": "x"}, "store"),
        ({"model": "/tmp/model"}, "model"), ({"workers": 99}, "workers"),
        ({"ligands": None}, "ligands"), ({"fall_back": 1}, "fall_back"),
        ({"short_list": -1}, "short_list"), ({"short_list": MAX_SHORT_LIST + 1}, "short_list"),
        ({"short_list": 1.5}, "short_list"), ({"short_list": True}, "short_list"),
        ({"short_list_level": ["b3lyp-d4"]}, "short_list_level"),
        ({"short_list_level": "os:system"}, "short_list_level"),
        ({"level": "os:system"}, "level"), ({"level": "tblite@/tmp/x"}, "level"),
        ({"short_list_metals": 7}, "short_list_metals"),
        ({"pairs": ["Nd/Dy"] * (MAX_PAIRS + 1)}, "pairs"),
        ({"pairs": ["Nd/Dy/La/Lu"]}, "pairs"),
    ],
)  # fmt: skip
def test_forms_are_strict(client, queue, change, field):
    found = problems(post(client, "/api/screens", SCREEN | change))
    assert re.match(rf"{field}: |unknown key '{field}'", found[0])
    assert queue.runs() == []


# --- ligands -------------------------------------------------------------------------------------


def test_a_ligand_is_shown_with_its_donors(client):
    found = post(client, "/api/ligand", {"line": f"{HOPO}, my ligand"}).json()
    ligand = parse_ligand(HOPO)
    assert found["name"] == "my ligand"
    assert found["denticity"] == 2
    assert [donor["atom"] for donor in found["donors"]] == list(ligand.donors)
    assert found["charge"] == -1
    assert found["notes"] == list(ligand.notes)
    assert found["why"]
    assert found["svg"].startswith("<svg")


@pytest.mark.parametrize(
    "smiles", ["C1CC", "CCCC", "[Na+].CC(=O)[O-]", "C" * (MAX_SMILES + 1), "*C"]
)
def test_faults_in_the_words_of_the_command_line(client, smiles):
    with pytest.raises(InputError) as told:
        parse_ligand(smiles)
    assert problems(post(client, "/api/ligand", {"line": smiles})) == list(told.value.problems)


@pytest.mark.parametrize(
    ("line", "name"),
    [(ACETATE, "CC(=O)[O-]"), (f"{ACETATE} a", "a"), (f"{ACETATE},a", "a"),
     (f"{ACETATE}\ta b", "a b"), (f"  {ACETATE} ,  a, b ", "a, b"),
     (f'{ACETATE},"acetic acid"', "acetic acid"),
     (f"{ACETATE};a", "a"),
     # As drawing programs write it: where the atoms are, and labels.
     (f"{ACETATE} |(0,0;1.5,0;2,1;2,-1)| a b", "a b"), (f"{ACETATE}\t|$;;;O$|", "CC(=O)[O-]"),
     (f"{ACETATE} |c:1,lp:2:2,3:2|, a|b", "a|b"), (f"{ACETATE} |a", "|a")],
)  # fmt: skip
def test_names_follow_the_smiles(line, name):
    ligand = read_line(line)
    assert ligand.name == name
    assert ligand.smiles == "CC(=O)[O-]"


def test_an_extension_that_changes_the_molecule_is_refused():
    with pytest.raises(InputError, match=r"an extension .* that changes the molecule"):
        read_line(f"{ACETATE} |^1:0| a")


@pytest.mark.parametrize("name", ["a" * (MAX_NAME + 1), "a\x07b", "a\u202eb"])
def test_names_that_are_refused(name):
    with pytest.raises(InputError, match="name"):
        read_line(f"{ACETATE} {name}")


def test_lines_are_read_as_tables_are():
    table = survey_lines(f"SMILES name\n\n{ACETATE} a\r\nC1CC\n{HOPO} a\nCC(=O)[O-] b\n")
    assert [ligand.name for ligand in table.ligands] == ["a"]
    assert [found.number for found in table.rejected] == [4, 5, 6]
    assert "'a' is that of line 3 too" in table.rejected[1].reason
    assert "same molecule as 'a' in line 3" in table.rejected[2].reason
    assert table.rejected[1].smiles == HOPO


@pytest.mark.parametrize("start", ["", "\n\n", "\ufeff"])
def test_a_file_can_be_pasted(examples, start):
    path = examples / "ligands.csv"
    table = survey_lines(start + path.read_text(encoding="utf-8"))
    assert table == survey_ligand_table(path)
    assert len(table.ligands) == 6


def test_what_is_wrong_with_a_pasted_file():
    table = survey_lines(f'\nname,price,Smiles\n"a, b","1,5",{ACETATE}\nc,,C1CC\nd\n,2,{HOPO},x\n')
    assert [ligand.name for ligand in table.ligands] == ["a, b"]
    assert [(found.number, found.name) for found in table.rejected] == [(4, "c"), (5, "d"), (6, "")]
    assert "4 fields, but the header has 3" in table.rejected[2].reason
    with pytest.raises(InputError, match="the text has the column smiles more than once"):
        survey_lines(f"smiles,smiles\n{ACETATE},a\n")


@pytest.mark.parametrize("text", ["", "\n \n", "smiles,name\n"])
def test_no_ligands(text):
    with pytest.raises(InputError, match="no ligands"):
        survey_lines(text)


# --- the queue -----------------------------------------------------------------------------------


def test_ligands_that_do_not_fit_stop_a_screen_or_are_left_out(client, queue):
    four = "CC(=O)N(O)CCCCCN(O)C(C)=O"
    content = SCREEN | {"ligands": f"{HOPO} two\n{four} four"}
    [found] = problems(post(client, "/api/screens", content | {"strict": True}))
    assert "geometry '1:6' with four (4 donors)" in found
    assert post(client, "/api/screens", content).status_code == 202
    assert queue.runs()[0].complexes == 1
    alone = {"ligands": f"C1CC\n{four} four"}
    told = problems(post(client, "/api/screens", SCREEN | alone))
    assert [text.partition(" ")[0] for text in told] == ["'C1CC'", "geometry"]


def test_pairs_are_checked(client, queue):
    content = SCREEN | {"metals": ["La", "Nd", "Dy"]}
    bad = {"pairs": ["Nd-Dy", "x/"]}
    assert len(problems(post(client, "/api/screens", content | bad))) == 2
    bad = {"pairs": ["Nd/Lu", "Nd/Nd", "Dy/Nd", "Dy/Nd"]}
    found = problems(post(client, "/api/screens", content | bad))
    assert [text.partition(":")[0] for text in found][:2] == ["pair Nd/Lu", "pair Nd/Nd"]
    assert "pair Dy/Nd given more than once" in found[2]
    assert post(client, "/api/screens", content | {"pairs": ["Dy/Nd"]}).status_code == 202
    assert request_of(queue.runs()[0].asked).pairs == (("Dy", "Nd"),)


def test_bad_lines_stop_a_screen_or_are_left_out(client, queue):
    lines = {"ligands": f"{HOPO}\nC1CC\nCCCC"}
    found = problems(post(client, "/api/screens", SCREEN | lines | {"strict": True}))
    assert [text.partition(":")[0] for text in found] == ["line 2", "line 3"]
    assert queue.runs() == []
    assert post(client, "/api/screens", SCREEN | lines).status_code == 202
    [run] = queue.runs()
    assert run.complexes == 1
    nothing_left = SCREEN | {"ligands": "C1CC"}
    assert problems(post(client, "/api/screens", nothing_left))


@pytest.mark.parametrize(
    "change",
    [
        {"metals": []}, {"metals": ["Fe", "Xx"]}, {"metals": ["La", "La"]}, {"geometries": []},
        {"geometries": ["1:7", "9", "x"]}, {"coordination_number": 99},
    ],
)  # fmt: skip
def test_choices_are_checked_in_the_words_of_the_command_line(client, change):
    content = {"coordination_number": 8} | SCREEN | change
    with pytest.raises(InputError) as told:
        specs_for(
            [read_line(content["ligands"])], content["metals"], content["geometries"],
            content["coordination_number"],
        )  # fmt: skip
    assert problems(post(client, "/api/screens", content)) == list(told.value.problems)


@pytest.mark.parametrize(
    "change",
    [
        {"short_list_level": "b3lip"},
        {"short_list_level": "gfn2-xtb"},
        {"short_list_level": ""},
        {"short_list_metals": ["Eu", "Xx"]},
        {"short_list_level": "b3lip", "short_list_metals": ["La", "La", "Y"]},
    ],
)
def test_a_short_list_is_checked_in_the_words_of_the_command_line(client, queue, change):
    with pytest.raises(InputError) as told:
        short_list_request(
            1, SCREEN["metals"], level=change.get("short_list_level", "b3lyp-d4"),
            metals=change.get("short_list_metals"),
        )  # fmt: skip
    found = problems(post(client, "/api/screens", SCREEN | {"short_list": 1} | change))
    assert found == list(told.value.problems)
    assert queue.runs() == []


@pytest.mark.parametrize(
    "change", [{"short_list_level": "b3lyp-d4-4f-in-core"}, {"short_list_metals": ["La"]}]
)
def test_how_without_a_short_list_is_told(client, change):
    found = problems(post(client, "/api/screens", SCREEN | change))
    assert "give short_list as well" in found[0]


def test_a_short_list_without_its_engine_is_told(client, queue, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyscf", None)
    found = problems(post(client, "/api/screens", SCREEN | {"short_list": 1}))
    assert "pip install 'rarebind[dft]'" in found[0]
    assert queue.runs() == []


def test_what_is_asked_for_is_what_is_run(tmp_path):
    pytest.importorskip("pyscf")
    content = SCREEN | {"metals": ["Lu", "La"], "engine": "model"}
    more = {"short_list_level": "b3lyp-d4-4f-in-core", "short_list_metals": ["La", "Lu"]}
    found = []
    for change in ({}, {"fall_back": False, "short_list": 3}, {"short_list": 3} | more):
        run = new_run(*check(content | change))
        write_run(run, tmp_path)
        found.append(request_of(read_run(tmp_path / run.key).asked, 2))
    assert [asked.fall_back for asked in found] == [True, False, True]
    assert [asked.short_list_request() for asked in found] == [
        None,
        short_list_request(3, ("Lu", "La"), workers=2),
        short_list_request(
            3, ("Lu", "La"), level="b3lyp-d4-4f-in-core", metals=("La", "Lu"), workers=2
        ),
    ]


def test_the_queue_is_bounded_and_waiting_screens_can_be_cancelled(client, queue, tmp_path):
    keys = [post(client, "/api/screens", SCREEN).json()["key"] for _ in range(MAX_WAITING)]
    assert len(set(keys)) == MAX_WAITING
    assert all(re.fullmatch(r"[0-9a-f]{32}", key) for key in keys)
    assert f"{MAX_WAITING} screens wait" in problems(post(client, "/api/screens", SCREEN), 503)[0]
    listed = client.get("/api/screens").json()
    assert [run["key"] for run in listed] == keys[::-1]
    assert [run["ahead"] for run in listed] == list(range(MAX_WAITING))[::-1]
    cancelled = post(client, f"/api/screens/{keys[0]}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert cancelled["ended"]
    again = post(client, f"/api/screens/{keys[0]}/cancel").json()
    assert again == cancelled
    assert client.get(f"/api/screens/{keys[1]}").json()["ahead"] == 0
    assert post(client, "/api/screens", SCREEN).status_code == 202
    folders = {path.name for path in (tmp_path / "runs").iterdir()}
    assert folders == {run.key for run in queue.runs()}


@pytest.mark.parametrize("key", ["x", "0" * 32, "..", "%2e%2e", "..%2f..", "a" * 5000])
def test_only_known_screens_have_an_address(client, tmp_path, key):
    (tmp_path / "ranking.csv").write_text("secret")
    (tmp_path / "runs" / ("0" * 32)).mkdir()
    (tmp_path / "runs" / ("0" * 32) / "ranking.csv").write_text("secret")
    for path in (f"/api/screens/{key}", f"/screens/{key}/ranking.csv"):
        assert client.get(path).status_code == 404
    assert post(client, f"/api/screens/{key}/cancel").status_code == 404


@pytest.mark.parametrize(
    "name",
    [RECORD, "log.txt", "..%2fstore.sqlite", "../store.sqlite", "%2e%2e/x", "", ".", "x.csv"],
)
def test_only_results_are_handed_out(client, queue, tmp_path, name):
    key = post(client, "/api/screens", SCREEN).json()["key"]
    (tmp_path / "runs" / key / "log.txt").write_text("secret")
    (tmp_path / "runs" / "store.sqlite").write_text("secret")
    assert client.get(f"/screens/{key}/{name}").status_code == 404


def test_results_are_handed_out_without_rights(client, tmp_path):
    key = post(client, "/api/screens", SCREEN).json()["key"]
    assert client.get(f"/screens/{key}/report.html").status_code == 404
    for name in FILES:
        (tmp_path / "runs" / key / name).write_text("content")
    assert client.get(f"/api/screens/{key}").json()["files"] == list(FILES)
    for name, kind in FILES.items():
        answer = client.get(f"/screens/{key}/{name}")
        assert answer.text == "content"
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-disposition"].startswith("inline")
        policy = answer.headers["content-security-policy"]
        assert "sandbox" in policy
        assert "allow-same-origin" not in policy
        assert "frame-ancestors 'none'" in policy
        saved = client.get(f"/screens/{key}/{name}?save=1").headers["content-disposition"]
        assert saved == f'attachment; filename="rarebind-{key[:8]}-{name}"'


def test_earlier_screens_are_shown_and_what_is_no_screen_is_not(queue, tmp_path):
    folder = tmp_path / "runs"
    done, waiting = new_run(SCREEN, 1).ending("done"), new_run(SCREEN, 1)
    for run in (done, waiting):
        write_run(run, folder)
    (folder / "linked").mkdir()
    (folder / ("1" * 32)).symlink_to(folder / done.key)
    for name, text in (("2" * 32, "{"), ("3" * 32, "[]"), ("4" * 32, '{"schema": 99}')):
        (folder / name).mkdir()
        (folder / name / RECORD).write_text(text)
    found = earlier_runs(folder)
    assert found.keys() == {done.key, waiting.key}
    assert found[done.key] == done
    assert found[waiting.key].state == "interrupted"


def test_screens_of_servers_without_short_lists_are_read(tmp_path):
    run = new_run(SCREEN, 1)
    write_run(run, tmp_path)
    record = tmp_path / run.key / RECORD
    data = json.loads(record.read_text())
    data["asked"] |= {"leave_out": False, "short_list_level": None, "short_list": 0}
    del data["progress"]["part"]
    record.write_text(json.dumps(data))
    asked = read_run(record.parent).asked
    assert asked == SCREEN | {"strict": True, "short_list": 0}
    assert request_of(asked).short_list_request() is None


def test_the_time_left_is_that_of_what_is_computed():
    """Right value: 2 of 8 computed in 60 s, 3 more taken from the store: 3 left take 90 s."""
    pace = Pace()
    stored = {"done": "water", "status": "ok", "stored": True}
    computed = {"done": "La3+", "status": "ok", "stored": False}
    assert paced(pace, computed, 5.0).left(Progress(total=8), 6.0) is None
    for message in ({"stage": "loading"}, {"total": 8}, *[stored] * 3, computed, computed):
        pace = paced(pace, message, 100.0)
    assert pace.left(Progress(total=8, done=5), 160.0) == pytest.approx(90.0)
    assert pace.left(Progress(), 160.0) is None
    pace = paced(pace, {"part": "short list"}, 200.0)
    assert pace.left(Progress(total=8, done=5), 260.0) is None


def test_every_rare_earth_is_offered(client):
    start = json.loads(re.search(r'id="start">(.*?)</script>', client.get("/").text)[1])
    metals = {metal["symbol"]: metal["chosen"] for metal in start["metals"]}
    assert set(metals) == set(rare_earths())
    assert [symbol for symbol, chosen in metals.items() if not chosen] == ["Sc"]


def test_progress():
    progress = Progress()
    for message in (
        {"stage": "loading"}, {"total": 3}, {"done": "La3+", "status": "ok"},
        {"done": "water", "status": "failed"}, {"stage": "writing"}, {"problems": ["x"]},
    ):  # fmt: skip
        progress = advanced(progress, message)
    assert progress == Progress(total=3, done=2, failed=1, stage="writing")
    for message in (
        {"part": "short list"}, {"stage": "geometries"}, {"total": 2},
        {"done": "water", "status": "failed", "again": True},
        {"done": "HOPO", "status": "failed", "again": False},
    ):  # fmt: skip
        progress = advanced(progress, message)
    assert progress == Progress(total=2, done=2, failed=2, stage="HOPO: failed", part="short list")


# --- starting ------------------------------------------------------------------------------------


def test_what_is_missing_is_named(monkeypatch, capsys):
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'rarebind\[serve\]'"):
        need_serving()
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--port", "0"])
    assert ended.value.code == 2
    assert "pip install 'rarebind[serve]'" in capsys.readouterr().err


def test_a_port_in_use_is_told(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(InputError, match="give another with --port"):
            serve(other.getsockname()[1], tmp_path / "runs", tmp_path / "store.sqlite")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="give another with --folder"):
        ScreenQueue(tmp_path / "file" / "runs", tmp_path / "store.sqlite")


# --- a real screen -------------------------------------------------------------------------------


def ended(client, key):
    deadline = time.monotonic() + PATIENCE
    while not (run := client.get(f"/api/screens/{key}").json())["finished"]:
        assert time.monotonic() < deadline, run
        time.sleep(0.1)
    return run


@pytest.fixture(scope="module")
def screened(tmp_path_factory):
    """A screen that went through a queue: who asked, what became of it, the store."""
    folder = tmp_path_factory.mktemp("screened")
    queue = ScreenQueue(folder / "runs", folder / "store.sqlite", workers=1)
    with TestClient(create_app(Settings(queue, PORT, TOKEN)), base_url=HOME) as client:
        key = post(client, "/api/screens", SCREEN).json()["key"]
        yield client, ended(client, key), folder / "store.sqlite"


def test_a_screen_through_the_queue(screened):
    client, run, store = screened
    assert run["state"] == "done", run
    assert run["progress"]["done"] == run["progress"]["total"] == 6
    assert run["progress"]["failed"] == 0
    assert run["files"] == [name for name in FILES if name != "short-list.csv"]
    ranking = client.get(f"/screens/{run['key']}/ranking.json").json()
    [row] = ranking["rows"]
    assert row["ligand"] == "fluoro"
    # The same calculations, looked up in the store of the server.
    request = Request(**SCREEN | {"ligands": [read_line(SCREEN["ligands"])], "workers": 1})
    with Store(store) as results:
        [wanted] = ranked_rows(request.prepared().run(results), "kcal/mol")
    assert row["exchange"] == pytest.approx(wanted.exchange)
    assert row["binding"] == pytest.approx(wanted.binding)
    assert "fluoro" in client.get(f"/screens/{run['key']}/report.html").text


def test_a_short_list_comes_after_the_screen_with_a_count_of_its_own(
    screened, tmp_path, monkeypatch
):
    """In this process, at a level that is fast: the worker's own would need one that is slow."""
    monkeypatch.setattr("rarebind.screening.short_list.is_single_point", lambda level: True)
    monkeypatch.setitem(LEVELS, "gfn1-xtb", GFN1_WATER)
    asked = SCREEN | {"unit": "kJ/mol", "short_list": 2, "short_list_level": "gfn1-xtb"}
    run = new_run(asked, 1)
    write_run(run, tmp_path)
    folder = tmp_path / run.key
    told, files = [], {}

    def tell(message):
        told.append(message)
        files[message.get("part")] = {path.name for path in folder.iterdir()}

    *_, store = screened
    worker._screen(folder, store, 1, tell)
    # The screen can be read while its short list is computed.
    assert files["short list"] == {RECORD, *FILES} - {"short-list.csv"}
    assert {path.name for path in folder.iterdir()} == {RECORD, *FILES}
    begins = told.index({"part": "short list"})
    first, second = Progress(), Progress()
    for message in told[:begins]:
        first = advanced(first, message)
    for message in told[begins:]:
        second = advanced(second, message)
    assert (first.done, first.total, first.part) == (6, 6, "")
    assert second.done == second.total > 6
    assert (second.failed, second.part) == (0, "short list")
    [row] = csv.DictReader((folder / "short-list.csv").open())
    assert (row["ligand"], row["status"], row["level"]) == ("fluoro", "ok", str(GFN1_WATER))
    assert row["unit"] == "kJ/mol"
    content = json.loads((folder / "ranking.json").read_text())["short_list"]
    assert content["rows"][0]["exchange"] == pytest.approx(float(row["exchange"]), abs=1e-3)
    assert str(GFN1_WATER) in (folder / "report.html").read_text(encoding="utf-8")


def test_a_running_screen_can_be_cancelled(client, queue):
    with client:
        key = post(client, "/api/screens", SCREEN | {"ligands": ACETATE}).json()["key"]
        after = post(client, "/api/screens", SCREEN | {"ligands": "C1CC O"}).json()
        assert "problems" in after
        while client.get(f"/api/screens/{key}").json()["state"] == "waiting":
            time.sleep(0.01)
        assert post(client, f"/api/screens/{key}/cancel").json()["state"] in {
            "cancelling",
            "cancelled",
        }
        run = ended(client, key)
        assert run["state"] == "cancelled"
        assert run["files"] == []
    assert queue._child is None
    assert not queue._thread.is_alive()
