"""The registry idiom, and the families that use it."""

import pytest

from rarebind.complexes import BUILDERS
from rarebind.engines import ENGINES
from rarebind.errors import InputError, MissingDependencyError
from rarebind.registry import Registry, Spec, imported


@pytest.mark.parametrize("registry", [ENGINES, BUILDERS], ids=lambda r: r.family)
def test_every_available_part_can_be_created(registry):
    for spec in registry:
        assert spec.install, f"{spec.name} does not say how to install it"
        if not spec.missing():
            assert registry.create(spec.name).version


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(InputError, match="unknown engine 'mopac': known are tblite, xtb"):
        ENGINES.create("mopac")


def test_missing_program_says_what_to_install():
    registry = Registry(
        "engine",
        Spec("x", "json:loads", "", programs=("no-such-program",), install="Install it."),
    )
    with pytest.raises(MissingDependencyError, match=r"no-such-program, not found.*Install it\."):
        registry.create("x")


# --- of other packages -------------------------------------------------------------------------


def installed(monkeypatch, folder, **entry_points):
    """A package with entry points of the family `widget`."""
    (folder / "widget_maker.py").write_text(
        "from rarebind.registry import Spec\n"
        "SPEC = Spec('theirs', 'json:loads', 'one of theirs')\n"
        "CLASH = Spec('ours', 'json:loads', 'the name of ours')\n"
        "MADE = dict\n"
    )
    metadata = folder / "widget_maker-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: widget-maker\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in entry_points.items())
    (metadata / "entry_points.txt").write_text(f"[rarebind.widgets]\n{lines}")
    monkeypatch.syspath_prepend(str(folder))


def widgets(**named):
    return Registry("widget", Spec("ours", "json:dumps", ""), **named)


def test_entry_points_add_specs(monkeypatch, tmp_path):
    installed(monkeypatch, tmp_path, theirs="widget_maker:SPEC")
    registry = widgets()
    assert [spec.name for spec in registry] == ["ours", "theirs"]
    assert "theirs" in registry
    assert registry.create("theirs", s="[1]") == [1]
    with pytest.raises(InputError, match="known are ours, theirs"):
        registry.create("else")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("widget_maker:CLASH", "a Spec with a new name"),
        ("widget_maker:MADE", "expected a Spec"),
        ("widget_maker:NONE", "AttributeError"),
        ("no_such_module:SPEC", "ModuleNotFoundError"),
    ],
)
def test_entry_points_that_cannot_be_used_are_left_out(monkeypatch, tmp_path, value, message):
    installed(monkeypatch, tmp_path, broken=value)
    registry = widgets()
    with pytest.warns(UserWarning, match=rf"widget 'broken' .* is left out: .*{message}"):
        assert [spec.name for spec in registry] == ["ours"]


def test_what_nobody_registered():
    asked = []

    def named(name):
        asked.append(name)
        return Spec(name, name, "")

    registry = widgets(named=named)
    assert registry.create("json:loads", s="[1]") == [1]
    assert registry.create("json:loads", s="[2]") == [2]
    assert asked == ["json:loads"]
    assert "json:loads" not in registry
    with pytest.raises(InputError, match="unknown widget 'json:loads'"):
        widgets().spec("json:loads")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("no_such_module:f", "no module 'no_such_module' here: install it"),
        ("json:none", "the module json has no 'none'"),
        ("broken_module:f", r"cannot be imported \(ValueError: on purpose\)"),
    ],
)
def test_what_cannot_be_imported(monkeypatch, tmp_path, path, message):
    (tmp_path / "broken_module.py").write_text("raise ValueError('on purpose')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(InputError, match=message):
        imported(path)
