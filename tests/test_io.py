"""The ground floor of files: within bounds, whole or not at all, every fault named."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rarebind.errors import InputError, OutputError, collecting, located
from rarebind.io.codec import (
    FloatArray,
    IntArray,
    UnlessEmpty,
    UnlessNone,
    check_schema,
    from_data,
    to_data,
)
from rarebind.io.files import (
    check_writable,
    open_packed,
    read_text,
    replace_file,
    sha256_of_file,
    write_packed,
)
from rarebind.io.models import Section, read_model, validated
from rarebind.io.xyz import extxyz_text, read_frames
from rarebind.io.yaml import MAX_BYTES, MAX_DEPTH, load_yaml, parse_yaml, shortened


class _Part(Section):
    number: int = 1


class _Whole(Section):
    name: str
    part: _Part | None = None
    parts: tuple[_Part, ...] = ()


@pytest.mark.parametrize(
    ("suffix", "unpack"),
    [("", bytes), (".xz", lzma.decompress), (".gz", gzip.decompress), (".bz2", bz2.decompress)],
)
def test_packed_files_hold_the_text_and_nothing_of_the_time(tmp_path, suffix, unpack):
    path = tmp_path / f"text{suffix}"
    write_packed(path, "Å\n")
    first = path.read_bytes()
    write_packed(path, "Å\n")
    assert path.read_bytes() == first
    assert unpack(first) == "Å\n".encode()
    with open_packed(path) as file:
        assert file.read() == "Å\n"
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match=r"cannot write .*none"):
        replace_file(tmp_path / "none" / "file", b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        replace_file(tmp_path / "folder", "text")
    assert [found.name for found in tmp_path.iterdir()] == ["folder"]


def test_a_full_disk_is_told_and_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    replace_file(path, "old")
    # Where every write fails for want of room.
    (tmp_path / ".file.partial").symlink_to("/dev/full")
    with pytest.raises(OutputError, match=r"cannot write .*file: No space left.*Make room"):
        replace_file(path, "new" * 100_000)
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_folder_is_tried_before_anything_is_computed(tmp_path):
    check_writable(tmp_path / "a" / "b", ["file"])
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    (tmp_path / "table.csv").mkdir()
    for folder, names, message in (
        (tmp_path / "file", (), r"file is a file: give a folder for the results"),
        (tmp_path / "file" / "a", (), r"file is a file: give a folder for the results"),
        (tmp_path, ("table.csv",), r"table\.csv is a folder"),
        # Nobody makes files there.
        (Path("/proc/1"), (), "cannot write into /proc"),
        (Path("/proc/none/a"), (), "cannot write into /proc"),
    ):
        with pytest.raises(InputError, match=message):
            check_writable(folder, names)


def test_text_is_read_as_people_save_it(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbfname\n\xc3\x85\n")
    assert read_text(path) == "name\nÅ\n"
    path.write_bytes(b"name\n\xc5\n")
    with pytest.raises(InputError, match=r"table\.csv is not UTF-8 text \(line 2\)"):
        read_text(path)
    with pytest.raises(InputError, match=r"cannot read .*none: it does not exist"):
        read_text(tmp_path / "none")
    with pytest.raises(InputError, match="cannot read"):
        sha256_of_file(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "the key 'a' occurs twice"),
        ("a: [1", "not valid YAML"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "nested deeper than"),
        ("a: &a [*a]", r"alias \*a is part of what it stands for"),
        ("a: *b", "undefined alias"),
        ("a: !!python/object:os.system {}", "could not determine a constructor"),
        ("a: " + "1" * 5000, "limit"),
        ("a: 2026-13-45", "month must be in"),
        ("a: !!int x", "not valid YAML"),
        ("a: !!bool x", "not valid YAML"),
        ("a: !!timestamp x", "not valid YAML"),
        ("a: !!float {b: 1}", "not valid YAML"),
        ("a: !!binary é", "not valid YAML"),
        ("a: !!omap x", "not valid YAML"),
        ("a: " + "x" * 30_000, "more than 20000 characters"),
        ("[" + "1," * 60_000 + "]", "more than 50000 values"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_yaml_beyond_its_bounds_is_refused(text, message):
    with pytest.raises(InputError, match=message) as caught:
        parse_yaml(text, "here")
    assert str(caught.value).startswith("here")
    assert len(str(caught.value)) < 500


def test_aliases_of_aliases_are_refused_before_they_grow():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(InputError, match="more than 50000 values, aliases counted"):
        parse_yaml("\n".join(lines), "here")
    assert parse_yaml("a: &x [1, 2]\nb: *x", "here") == {"a": [1, 2], "b": [1, 2]}


def test_a_geometry_is_text(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("geometries: [1:6, 4:0, '3:2']\nnumbers: [1, 0x10, 1.5, .inf]\n")
    found = load_yaml(path)
    assert found["geometries"] == ["1:6", "4:0", "3:2"]
    assert found["numbers"] == [1, 16, 1.5, math.inf]


def test_large_files_are_not_read_whole(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("#" * (MAX_BYTES + 1))
    with pytest.raises(InputError, match=f"larger than {MAX_BYTES} bytes"):
        load_yaml(path)


@given(
    st.sampled_from(
        ["int", "float", "bool", "timestamp", "binary", "set", "omap", "pairs", "null"]
    ),
    st.text("0123456789-:. []{}xTZ'é", max_size=12),
)
def test_any_tag_fits_or_is_refused(tag, value):
    with contextlib.suppress(InputError):
        parse_yaml(f"a: !!{tag} {value}", "here")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    with contextlib.suppress(InputError):
        parse_yaml(text, "here")


def test_messages_are_short():
    assert len(shortened({"a" * 1000: ["b" * 1000] * 1000})) < 300
    with pytest.raises(InputError) as caught:
        validated({"name": ["b" * 1000] * 1000}, _Whole, "here")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("- a", ["expected keys and values; needed are name"]),
        (
            "part: {number: x}",
            ["name is missing; needed are name", "part.number: 'x' is no whole number"],
        ),
        (
            "name: a\nnam: b",
            ["unknown key 'nam' (did you mean name?)"],
        ),
        (
            "name: a\npart: {numbr: 2}",
            ["unknown key 'part.numbr' (did you mean number?)"],
        ),
        ("name: a\nparts: [{}, {numbr: 2}]", ["unknown key 'parts.1.numbr'"]),
        ("name: refused", ["not this name"]),
    ],
)
def test_a_model_is_read_or_every_fault_named(tmp_path, text, problems):
    def check(whole):
        if whole.name == "refused":
            raise InputError("not this name")

    path = tmp_path / "model.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_model(path, _Whole, check)
    assert len(caught.value.problems) == len(problems)
    for found, expected in zip(caught.value.problems, problems, strict=True):
        assert found.startswith(f"{path}: {expected}")


def test_problems_are_located_and_collected():
    problems = ["first"]
    with collecting(problems), located("there"):
        raise InputError(["second", "third"])
    assert problems == ["first", "there: second", "there: third"]


@dataclass(frozen=True, eq=False)
class _Point:
    place: FloatArray
    kind: IntArray | None = None
    note: UnlessNone[str] = None
    more: UnlessEmpty[tuple[str, ...]] = ()

    def __post_init__(self):
        if np.shape(self.place) != (3,):
            raise InputError(f"a place has three coordinates, got {np.shape(self.place)}")


@dataclass(frozen=True, eq=False)
class _Path:
    points: tuple[_Point, ...]
    length: float


@given(
    st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 3), max_size=4),
    st.floats(allow_nan=False, allow_infinity=False),
)
def test_records_come_back_with_every_digit(places, length):
    path = _Path(tuple(_Point(np.array(place)) for place in places), length)
    again = from_data(_Path, json.loads(json.dumps(to_data(path))))
    assert again.length == length
    assert [point.place.tolist() for point in again.points] == [list(place) for place in places]


def test_what_is_empty_is_not_written():
    point = _Point(np.zeros(3))
    assert to_data(point) == {"place": [0.0, 0.0, 0.0], "kind": None}
    full = to_data(replace(point, kind=np.array([1]), note="a", more=("b",)))
    assert full == {"place": [0.0, 0.0, 0.0], "kind": [1], "note": "a", "more": ["b"]}
    assert from_data(_Point, full).kind.dtype == np.int64


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"points": []}, "there: length: Field required"),
        ({"points": [{"place": ["x"]}], "length": 1}, r"there: points.0.place: .*could not"),
        ({"points": [{"place": [1]}], "length": 1}, "a place has three coordinates"),
        ([], "there: _Path: Input should be"),
        ("x" * 1000, "there: _Path"),
    ],
)
def test_faulty_data_are_told_by_their_place(data, message):
    with pytest.raises(InputError, match=message) as caught:
        from_data(_Path, data, "there")
    assert len(str(caught.value)) < 300


def test_schemas_of_later_are_refused():
    assert check_schema({"schema": 2}, 2, "record") == 2
    with pytest.raises(InputError, match=r"record of schema 3.*up to 2: upgrade"):
        check_schema({"schema": 3}, 2, "record")
    with pytest.raises(InputError, match="without a schema"):
        check_schema({}, 2, "record")


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.dictionaries(st.sampled_from(["ligand", "name", "smiles", "level"]), NAMES, min_size=2))
@example({"ligand": "a\\", "name": "next"})
@example({"ligand": "T", "name": "1.5", "smiles": "1,2", "level": "True False"})
@example({"ligand": "_JSON [1", "name": '"', "smiles": "C/C=C\\C", "level": "a=b c"})
@example({"ligand": "1e400", "name": "nan", "smiles": "\n2\n", "level": "0x10"})
@settings(max_examples=300, deadline=None)
def test_text_of_a_comment_line_is_read_as_text(info):
    atoms = Atoms("O", info=info | {"count": 3, "parts": [info]})
    written = extxyz_text([atoms, atoms])
    for found in read(io.StringIO(written), format="extxyz", index=":"):
        assert found.info == atoms.info


XYZ = "1\nProperties=species:S:1:pos:R:3 energy=-1.0\nO 0.0 0.0 0.0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (XYZ.replace("R:3", "R:1000000000"), r"line 2: a property of 1000000000 columns"),
        (XYZ.replace("R:3", "R:" + "9" * 5000), r"line 2: a property of 9+ columns"),
        (XYZ.replace("R:3", "R:3:x:I:101"), r"line 2: a property of 101 columns"),
        (XYZ.replace("1\n", "1000000000\n", 1), r"line 1: a frame of 1000000000 atoms"),
        (XYZ.replace("O 0.0", "O 1e308"), "positions go beyond"),
        (XYZ.replace("O 0.0", "O -1e10"), "positions go beyond"),
        (XYZ.replace("=-1.0", "=1e300"), "energy go beyond"),
        ("\n" * 5000 + XYZ, "more than 1000 blank lines"),
        ("1\n" + "x" * 2_000_000, "line 2: a line of more than"),
        ("9" * 5000 + "\n\n", "line 1: expected the number of atoms"),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz", ".xz", ".bz2"])
def test_frames_beyond_their_bounds_are_refused(tmp_path, text, message, suffix):
    path = tmp_path / f"frames.xyz{suffix}"
    write_packed(path, text)
    with pytest.raises(InputError, match=message) as caught:
        [frame.atoms() for frame in read_frames(path)]
    assert len(str(caught.value)) < 500


@given(
    st.sampled_from([".gz", ".xz", ".bz2"]), st.floats(0, 1, exclude_max=True), st.integers(1, 255)
)
@settings(max_examples=150, deadline=None)
def test_a_packed_file_with_a_changed_byte_is_read_or_refused(tmp_path_factory, suffix, at, change):
    path = tmp_path_factory.getbasetemp() / f"frames.xyz{suffix}"
    write_packed(path, XYZ * 20)
    content = bytearray(path.read_bytes())
    content[int(at * len(content))] ^= change
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        assert len([frame.atoms() for frame in read_frames(path)]) <= 20


@given(st.integers(0, len(XYZ) - 1), st.characters(codec="utf-8"))
@settings(max_examples=200, deadline=None)
def test_a_frame_with_a_changed_character_is_read_or_refused(tmp_path_factory, place, character):
    path = tmp_path_factory.getbasetemp() / "frames.xyz"
    path.write_text(XYZ[:place] + character + XYZ[place + 1 :], encoding="utf-8")
    with contextlib.suppress(InputError):
        [frame.atoms() for frame in read_frames(path)]


class _Limits(Section):
    time_limit: float = 1.0
    name: str = ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_limit: .inf", "time_limit: inf is not finite"),
        ("time_limit: .nan", "time_limit: nan is not finite"),
        ("name: No", "name: False is no text .in YAML, in quotes."),
        ("name: 1.50", "name: 1.5 is no text .in YAML, in quotes."),
        ("name: 2026-01-01", r"name: datetime.date.2026, 1, 1. is no text .in YAML, in quotes."),
    ],
)
def test_traps_of_yaml_are_told(tmp_path, text, message):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_model(path, _Limits)
