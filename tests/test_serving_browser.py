"""The page of the server in a browser: from a SMILES to the report."""

import os
import shutil
import time

import pytest
from test_serving_process import HOPO, PATIENCE, Served

from rarebind.serving.runs import new_run, write_run

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("needs chromium and chromedriver", allow_module_level=True)
webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
pytest.importorskip("fastapi", reason="needs fastapi")

#: Folder for pictures of the pages, if somebody wants to see them.
PICTURES = os.environ.get("RAREBIND_PICTURES")


class Page:
    """The page of a server, and what a person does with it."""

    def __init__(self, driver, home):
        self.driver, self.home = driver, home
        self.driver.set_window_size(1280, 1000)
        self.driver.get(home)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, css):
        return self.driver.find_element("css selector", css)

    def texts(self, css):
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map((n) => n.textContent)", css
        )

    def wait(self, what, css, patience=60):
        """Wait until an element says `what`; its text."""
        deadline = time.monotonic() + patience
        while not any(what in text for text in self.texts(css)):
            assert time.monotonic() < deadline, (what, self.texts(css))
            time.sleep(0.1)
        return next(text for text in self.texts(css) if what in text)

    def type(self, text):
        field = self.find("#lines")
        field.clear()
        field.send_keys(text)

    def choose(self, css):
        """Tick a box that is drawn by its label."""
        self.run("document.querySelector(arguments[0]).click()", css)

    def picture(self, name):
        if PICTURES:
            self.driver.save_screenshot(f"{PICTURES}/{name}.png")

    def faults(self):
        """What the browser complains of, but for answers that say what is wrong with a line."""
        return [
            entry["message"] for entry in self.driver.get_log("browser")
            if entry["level"] == "SEVERE" and "status of 422" not in entry["message"]
        ]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    served = Served(tmp_path_factory.mktemp("served") / "runs", workers=1)
    yield served
    served.process.terminate()
    served.process.wait(PATIENCE)
    served.process.stderr.close()


@pytest.fixture(scope="module")
def driver():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    options.add_argument("--headless=new")
    options.add_argument("--disable-dev-shm-usage")
    options.add_argument("--use-angle=swiftshader")
    options.add_argument("--enable-unsafe-swiftshader")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    opened.set_script_timeout(60)
    yield opened
    opened.quit()


@pytest.fixture
def page(driver, server):
    return Page(driver, server.home)


def test_ligands_show_as_they_are_typed(page):
    page.type(f"C1CC\n{HOPO}, my HOPO\n{HOPO} again")
    page.wait("not a valid SMILES", "#cards .bad .problem")
    assert "my HOPO" in page.wait("2 donors", "#cards li:not(.bad)")
    assert page.run("return document.querySelector('#cards img').naturalWidth") > 0
    page.wait("Line 2 has the same molecule", "#cards .bad .problem")
    page.wait("1 ligand · 2 lines cannot be used", "#count")
    assert page.find("#lines").get_attribute("aria-invalid") == "true"
    page.picture("typed")
    page.type(HOPO)
    page.wait("HOPO-fluoro", "#cards h3")
    assert page.find("#lines").get_attribute("aria-invalid") == "false"
    assert page.faults() == []


def test_what_cannot_be_screened_is_said(page):
    page.type("C1CC")
    page.choose("#metals-none")
    page.choose("#submit")
    assert "line 1: 'C1CC' is not a valid SMILES" in page.wait("line 1", "#problems li")
    page.type(HOPO)
    page.choose("#submit")
    page.wait("no metals given", "#problems li")
    assert page.run("return document.activeElement.id") == "problems"
    page.picture("problems")
    assert page.texts("#runs li") == []


def test_what_the_model_has_not_seen_may_be_computed(page):
    enabled = "return !document.querySelector('#fall-back').disabled"
    model = "#engines input[value=model]"
    if page.find(model).is_enabled():
        page.choose(model)
        assert page.run(enabled)
        page.choose("#fall-back")
    page.choose("#engines input[value=tblite]")
    assert not page.run(enabled)
    page.type(HOPO)
    # A tick that is out of use is not sent: only the metals are at fault.
    page.choose("#metals-none")
    page.choose("#submit")
    page.wait("no metals given", "#problems li")
    assert len(page.texts("#problems li")) == 1
    assert page.faults() == []


def test_a_short_list_is_asked_for(page):
    used = (
        "return ['level', 'metals'].map((n) =>"
        " !document.querySelector(`#short-list-${n}`).disabled)"
    )
    page.run("document.querySelector('#form details').open = true")
    assert page.run(used) == [False, False]
    assert page.texts("#short-list-level option") == [
        "b3lyp-d4", "b3lyp-d4-4f-in-core", "pbe-d4-4f-in-core",
    ]  # fmt: skip
    page.type(HOPO)
    page.choose("#metals-few")
    page.choose("#engines input[value=tblite]")
    page.find("#short-list").clear()
    page.find("#short-list").send_keys("2")
    assert page.run(used) == [True, True]
    page.find("#short-list-metals").send_keys("Lu, Nd")
    page.run("document.querySelector('#short-list').scrollIntoView({ block: 'center' })")
    page.picture("short-list")
    page.choose("#submit")
    page.wait("short list of Nd: not among the metals screened, La, Eu, Lu", "#problems li")
    page.find("#short-list").clear()
    page.find("#short-list").send_keys("21")
    page.choose("#submit")
    page.wait("short_list: 21 is above 20", "#problems li")
    assert page.texts("#runs li") == []
    assert page.faults() == []


def test_a_molecule_is_drawn(page):
    page.choose("#draw")
    page.driver.switch_to.frame("editor")
    deadline = time.monotonic() + 60
    while not page.run("return document.querySelector('#canvas svg') !== null"):
        assert time.monotonic() < deadline, "the editor does not start"
        time.sleep(0.1)
    assert page.run("return window.origin") == "null"
    reach = "try { return parent.document.title } catch (error) { return error.name }"
    assert page.run(reach) == "SecurityError"
    body = page.find("html")
    width, height = page.run("return [innerWidth, innerHeight]")
    for x, y in ((213, 37), (width // 2, height // 2)):
        # The ring of benzene in the second row of the tools, then the sheet.
        at = (int(x - width / 2), int(y - height / 2))
        webdriver.ActionChains(page.driver).move_to_element_with_offset(body, *at).click().perform()
    page.driver.switch_to.default_content()
    page.wait("C1=CC=CC=C1", "#drawn")
    page.picture("drawn")
    page.find("#drawn-name").send_keys("ring")
    page.choose("#drawn-add")
    assert page.find("#lines").get_attribute("value") == "C1=CC=CC=C1, ring\n"
    page.wait("no donor atoms found", "#cards .bad .problem")
    assert page.faults() == []


def test_from_a_smiles_to_the_report(page):
    page.type(f"{HOPO}, my HOPO")
    page.wait("my HOPO", "#cards li:not(.bad)")
    page.choose("#metals-none")
    page.choose("#metals input[value=La]")
    page.choose("#geometries input[value='1']")
    page.choose("#geometries input[value='1:6']")
    page.choose("#engines input[value=tblite]")
    page.run("document.querySelector('#form details').open = true")
    page.find("#hops").clear()
    page.find("#hops").send_keys("0")
    page.wait("1 ligand × 1 metal × 1 geometry = 1 complex", "#size")
    page.picture("form")
    page.choose("#submit")
    page.wait("my HOPO", ".run h3")
    while not page.find("#submit").is_enabled():
        time.sleep(0.05)
    page.choose("#submit")
    page.wait("Waiting", ".run:nth-last-child(2) .state")
    page.choose(".run:first-child [data-act=cancel]")
    page.wait("Cancelled", ".run:first-child .state")
    page.wait("of 6 calculations", ".run p", PATIENCE)
    page.picture("running")
    page.wait("Done", ".run .state", PATIENCE)
    page.picture("done")
    assert page.texts(".run:last-child .actions > *") == [
        "Open the report", "CSV", "JSON", "XYZ", "Fill the form with this",
    ]  # fmt: skip
    page.run("document.querySelector('#lines').value = ''")
    page.choose(".run:last-child [data-act=recall]")
    assert HOPO in page.find("#lines").get_attribute("value")
    assert page.faults() == []
    own = page.driver.current_window_handle
    page.choose(".run:last-child [data-act=report]")
    deadline = time.monotonic() + 60
    while not (other := set(page.driver.window_handles) - {own}):
        assert time.monotonic() < deadline, "no report opens"
    page.driver.switch_to.window(other.pop())
    page.wait("my HOPO", "#ranking tbody")
    assert page.texts("h1") == ["1 ligand ranked for La³⁺"]
    assert page.run("return window.origin") == "null"
    page.choose("#ranking tbody tr[data-at] td")
    assert page.run("return document.querySelector('#detail').open")
    page.wait("", ".stage canvas")
    page.picture("report")
    assert page.faults() == []
    page.driver.close()
    page.driver.switch_to.window(own)


def test_a_screen_with_a_short_list_is_shown_and_fills_the_form(driver, tmp_path):
    asked = {
        "ligands": HOPO, "metals": ["Lu", "La"], "geometries": ["1:6"], "engine": "model",
        "fall_back": True, "short_list": 3, "short_list_level": "b3lyp-d4-4f-in-core",
        "short_list_metals": ["La"], "strict": True,
    }  # fmt: skip
    run = new_run(asked, 2).ending("done")
    write_run(run, tmp_path / "runs")
    for name in ("ranking.csv", "short-list.csv"):
        (tmp_path / "runs" / run.key / name).write_text("rank")
    served = Served(tmp_path / "runs", workers=1)
    try:
        page = Page(driver, served.home)
        said = page.wait("short list of 3", ".run p")
        assert "computed where it has not seen the like" in said
        assert page.texts(".run .actions > *") == [
            "CSV", "Short list (CSV)", "Fill the form with this",
        ]  # fmt: skip
        page.run("document.querySelector('#runs').scrollIntoView({ block: 'center' })")
        page.picture("short-list-run")
        page.choose("[data-act=recall]")
        assert page.find("#fall-back").is_selected()
        values = {
            name: page.find(f"#short-list{name}").get_attribute("value")
            for name in ("", "-level", "-metals")
        }
        assert values == {"": "3", "-level": "b3lyp-d4-4f-in-core", "-metals": "La"}
        assert page.faults() == []
    finally:
        served.process.terminate()
        served.process.wait(PATIENCE)
        served.process.stderr.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_dark_and_light(page, scheme):
    page.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    page.type(HOPO)
    page.wait("HOPO-fluoro", "#cards li")
    paper, ink = page.run(
        "const of = (name) => getComputedStyle(document.body)[name].match(/\\d+/g).slice(0, 3)"
        ".reduce((a, b) => a + Number(b), 0) / 3; return [of('backgroundColor'), of('color')]"
    )
    assert (paper < 50 and ink > 200) if scheme == "dark" else (paper > 200 and ink < 50)
    page.picture(scheme)


def test_narrow_windows(page):
    page.driver.set_window_size(500, 900)
    page.type(f"{HOPO}\nC1CC")
    page.wait("not a valid SMILES", "#cards .bad .problem")
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    page.picture("narrow")


def test_every_field_has_a_name(page):
    unnamed = page.run(
        "return [...document.querySelectorAll('input, select, textarea, button, iframe, img')]"
        ".filter((n) => !(n.labels?.length || n.textContent.trim() || n.title || n.alt ||"
        " n.getAttribute('aria-label'))).map((n) => n.outerHTML)"
    )
    assert unnamed == []
