"""The result store."""

import json
import sqlite3
import warnings
import zlib
from contextlib import closing

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rarebind.campaigns import Store, Task, with_ancestors
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.errors import DamagedRecordWarning, InputError, RarebindError, StoreError
from rarebind.structures import Structure


def calculation(energy=-1.0, status="ok", reason=""):
    structure = Structure(("La", "O"), np.array([[0, 0, 0], [0.1, 1 / 3, 2.5]]), 1)
    return Calculation(
        "relax", GFN2_WATER, structure, energy, np.array([[0, 0, 1e-17], [1 / 7, 0, 0]]),
        status=status, reason=reason, gradients=3, engine_version="tblite", wall_time=0.5,
    )  # fmt: skip


def test_round_trip_keeps_every_digit(tmp_path):
    task = Task("relax", {"a": 1})
    with Store(tmp_path / "new" / "store.sqlite") as store:
        store.put(task, calculation())
    with Store(tmp_path / "new" / "store.sqlite") as store:
        again = store.get(task.key)
    assert again.structure == calculation().structure
    assert np.array_equal(again.structure.positions, calculation().structure.positions)
    assert np.array_equal(again.forces, calculation().forces)
    assert again.energy == -1.0
    assert again.level == GFN2_WATER


def test_the_first_record_of_a_key_stays(tmp_path):
    task = Task("relax", {})
    with Store(tmp_path / "s") as store:
        store.put(task, calculation(-1.0))
        store.put(task, calculation(-2.0))
        assert store.get(task.key).energy == -1.0
        assert len(store) == 1


def test_failures_can_be_forgotten(tmp_path):
    with Store(tmp_path / "s") as store:
        store.put(Task("a", {}), calculation())
        store.put(Task("b", {}), calculation(status="failed", reason="SCF"))
        store.put(Task("c", {}), calculation(status="rejected", reason="lost a donor"))
        assert store.counts() == {("a", "ok"): 1, ("b", "failed"): 1, ("c", "rejected"): 1}
        assert store.forget_failures() == 1
        assert len(store) == 2


def test_other_files_are_refused(tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("no database, but long enough to be looked at" * 50)
    with pytest.raises(InputError, match=r"notes\.txt: it is not a rarebind store"):
        Store(other)
    assert other.read_text().startswith("no database")


def test_a_newer_store_is_refused(tmp_path):
    Store(tmp_path / "s").close()
    with sqlite3.connect(tmp_path / "s") as database:
        database.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    database.close()
    with pytest.raises(InputError, match="newer rarebind"):
        Store(tmp_path / "s")


def test_a_store_whose_making_was_cut_short_is_made(tmp_path):
    """As older versions left one when they were killed between two statements."""
    path = tmp_path / "store.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
    with Store(path) as store:
        assert store.summaries() == {}
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT * FROM meta").fetchall() == [("schema", "1")]


def test_keys_depend_on_everything_that_decides_the_result():
    parent = Task("a", {})
    tasks = [
        Task("a", {}),
        Task("b", {}),
        Task("a", {"x": 1}),
        Task("a", {}, versions=("tblite 0.8",)),
        Task("a", {}, parents=(parent,)),
    ]
    assert len({task.key for task in tasks}) == len(tasks)
    assert Task("a", {}, label="for people").key == parent.key
    assert Task("a", {"x": 1, "y": 2}).key == Task("a", {"y": 2, "x": 1}).key


def test_ancestors_come_first_and_once():
    root = Task("root", {})
    middle = [Task("middle", {"i": i}, parents=(root,)) for i in range(3)]
    leaf = Task("leaf", {}, parents=tuple(middle))
    ordered = [task.key for task in with_ancestors([leaf, *middle])]
    assert ordered == [root.key, *(task.key for task in middle), leaf.key]


#: A record as rarebind wrote it when it had this schema.
SCHEMA_3 = {
    "verb": "relax", "energy": -13.5, "status": "ok", "converged": True, "gradients": 7,
    "engine_version": "tblite 0.8.0", "wall_time": 0.25, "reason": "", "scratch": "", "schema": 3,
    "level": {
        "engine": "tblite", "method": "GFN2-xTB", "basis": "", "solvent": "ALPB(water)",
        "dispersion": "",
    },
    "forces": [[0.0, 0.0, 0.1], [0.0, 0.0, -0.1]],
    "intermediates": [
        {"positions": [[0, 0, 0], [0, 0, 0.8]], "energy": -13.25, "forces": [[0, 0, 1], [0, 0, -1]]}
    ],
    "scf": {"cycles": 11, "s_squared": 0.1},
    "structure": {
        "symbols": ["H", "H"], "positions": [[0.0, 0.0, 0.0], [0.0, 0.0, 0.7]], "charge": 0,
        "multiplicity": 1,
    },
}  # fmt: skip


def test_records_of_all_schemas_are_read():
    third = Calculation.from_json(json.dumps(SCHEMA_3))
    assert json.loads(third.to_json()) == SCHEMA_3
    assert third.intermediates[0].positions.dtype == float
    assert third.level == GFN2_WATER
    second = {name: value for name, value in SCHEMA_3.items() if name != "scf"}
    assert Calculation.from_json(json.dumps(second | {"schema": 2})).scf is None
    first = {name: value for name, value in second.items() if name != "intermediates"}
    assert Calculation.from_json(json.dumps(first | {"schema": 1})).intermediates == ()
    with pytest.raises(InputError, match=r"calculation record of schema 4.*upgrade"):
        Calculation.from_json(json.dumps(SCHEMA_3 | {"schema": 4}))


NAMED = ("ok", "rejected", "failed")


def filled(path, *, before=False):
    """A store of three records; `before`: as it was written without checksums."""
    with Store(path) as store:
        for status in NAMED:
            store.put(Task(status, {}, label=status), calculation(status=status, reason="because"))
    if before:
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("ALTER TABLE calculations DROP COLUMN checksum")
            database.execute("DROP TABLE damaged")


def changed(path, statement, values=()):
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(statement, values)


@pytest.mark.parametrize("before", [False, True], ids=["with checksums", "without"])
def test_sound_records_are_read_whenever_they_were_written(tmp_path, before):
    filled(tmp_path / "s", before=before)
    with Store(tmp_path / "s") as store:
        keys = {Task(status, {}).key for status in NAMED}
        assert store.check([*keys, "none"]) == keys
        assert {store.get(key).status for key in keys} == set(NAMED)
        assert store.get("none") is None
        store.put(Task("new", {}), calculation())
        assert store.get(Task("new", {}).key).energy == -1.0


DAMAGE = [
    "UPDATE calculations SET record = (SELECT record FROM calculations WHERE step = 'rejected')",
    "UPDATE calculations SET status = 'failed'",
    "UPDATE calculations SET reason = 'another'",
    "UPDATE calculations SET wall_time = 1e9",
    "UPDATE calculations SET record = x'00'",
    "UPDATE calculations SET record = 'text'",
    "UPDATE calculations SET status = CAST(x'ff' AS TEXT)",
    "UPDATE calculations SET checksum = ''",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_is_named_set_aside_and_computed_again(tmp_path, damage):
    path, task = tmp_path / "store.sqlite", Task("ok", {}, label="HOPO-La")
    with Store(path) as store:
        store.put(task, calculation())
        store.put(Task("rejected", {}), calculation(-2.0, "rejected", "because"))
    changed(path, f"{damage} WHERE step = 'ok'")
    with Store(path) as store:
        with pytest.warns(DamagedRecordWarning, match=r"store\.sqlite: the record of HOPO-La .key"):
            assert store.check([task.key]) == set()
        assert store.get(task.key) is None
        assert task.key not in store.summaries()
        assert store.get(Task("rejected", {}).key).energy == -2.0
        store.put(task, calculation(-3.0))
        assert store.get(task.key).energy == -3.0
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT label FROM damaged").fetchall() == [("HOPO-La",)]


def energy_changed(path):
    """Into one that is no energy, packed as a record is."""
    with closing(sqlite3.connect(path)) as database, database:
        (record,) = database.execute("SELECT record FROM calculations").fetchone()
        data = json.loads(zlib.decompress(record)) | {"energy": 1e300}
        packed = zlib.compress(json.dumps(data).encode())
        database.execute("UPDATE calculations SET record = ?", (packed,))


def test_an_energy_that_was_changed_is_noticed(tmp_path):
    with Store(tmp_path / "s") as store:
        store.put(Task("ok", {}), calculation())
    energy_changed(tmp_path / "s")
    with Store(tmp_path / "s") as store, pytest.warns(DamagedRecordWarning, match="checksum"):
        assert store.get(Task("ok", {}).key) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255), st.booleans())
def test_any_byte_may_change(tmp_path_factory, place, change, before):
    """What is read then is what was written, or the fault is told with the name of the store."""
    path = tmp_path_factory.mktemp("damaged") / "store.sqlite"
    filled(path, before=before)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= change
    path.write_bytes(content)
    told = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            with Store(path) as store:
                for status in NAMED:
                    found = store.get(Task(status, {}).key)
                    assert (
                        found is None
                        or found.to_json() == calculation(status=status, reason="because").to_json()
                    )
                store.summaries(), store.counts(), store.rate(3), store.run(), len(store)
        except RarebindError as error:
            told.append(str(error))
    assert all(str(path) in said for said in (*told, *(str(one.message) for one in caught)))


def test_faults_of_a_disk_are_called_by_their_names(tmp_path, monkeypatch):
    monkeypatch.setattr("rarebind.campaigns.store._PATIENCE", 0.05)
    path = tmp_path / "store.sqlite"
    with Store(path) as store:
        with closing(sqlite3.connect(path)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError, match=r"cannot open .*store.sqlite: it is locked by"):
                Store(path)
            with pytest.raises(StoreError, match=r"cannot write .*: it is locked .*What is finish"):
                store.put(Task("a", {}), calculation())
        (pages,) = store._database.execute("PRAGMA page_count").fetchone()
        store._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match=r"cannot write .*: the disk is full: make room"):
            store.put(Task("a", {"long": "x" * 100_000}), calculation())
        store._database.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match=r"cannot write .*: it can only be read: allow"):
            store.put(Task("b", {}), calculation())
    with pytest.raises(InputError, match="cannot open /proc/1/s: it cannot be opened or made"):
        Store("/proc/1/s")
