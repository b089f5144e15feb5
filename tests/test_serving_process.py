"""The server as a process: where it listens, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

import pytest
from stored import records

pytest.importorskip("fastapi", reason="needs fastapi")

from rarebind.serving.runs import new_run, write_run

HOPO = "CNC(=O)c1cc(F)cc(=O)n1O"
#: Seconds; many times what an idle core takes.
PATIENCE = 240


class Served:
    """A server in a process of its own."""

    def __init__(self, folder, workers=2):
        self.mark = f"RAREBIND_TEST={uuid.uuid4()}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rarebind", "serve", "--port", "0", "--workers", str(workers),
             "--folder", str(folder)],
            stderr=subprocess.PIPE, text=True, env=os.environ | dict([self.mark.split("=")]),
        )  # fmt: skip
        self.home = re.search(r"http://127\.0\.0\.1:\d+", self.process.stderr.readline())[0]
        self.port = int(self.home.rpartition(":")[2])
        self.start = None

    def get(self, path):
        with urllib.request.urlopen(self.home + path) as answer:
            return answer.read().decode()

    def post(self, path, content):
        [data] = re.findall(r'id="start">(.*?)</script>', self.get("/"))
        start = json.loads(data)
        request = urllib.request.Request(
            self.home + path, json.dumps(content).encode(),
            {"content-type": "application/json", "origin": self.home,
             start["tokenHeader"]: start["token"]},
        )  # fmt: skip
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())

    def processes(self):
        """All that it started and that still run, itself among them."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self.mark.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
            except OSError:
                continue
        return found


@pytest.fixture
def served(tmp_path):
    server = Served(tmp_path / "runs")
    yield server
    if server.process.poll() is None:
        server.process.kill()
    server.process.wait()
    server.process.stderr.close()


def test_this_machine_alone_reaches_it_and_ctrl_c_ends_it(served):
    assert json.loads(served.get("/api/screens")) == []
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()
        if f":{served.port:04X} " in line and line.split()[3] == "0A"
    ] if Path("/proc/net/tcp").exists() else ["0100007F:0"]  # fmt: skip
    assert [address.partition(":")[0] for address in listening] == ["0100007F"]
    own = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in own - {"127.0.0.1"}:
        with socket.socket() as other:
            other.settimeout(2)
            assert other.connect_ex((address, served.port)) != 0
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(PATIENCE) == 0
    said = served.process.stderr.read()
    assert "Traceback" not in said


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks up processes in /proc")
def test_stopped_it_ends_the_screen_and_keeps_what_is_computed(served, tmp_path):
    screen = {
        "ligands": HOPO, "metals": ["La"], "geometries": ["1:6"], "engine": "tblite", "hops": 100,
    }  # fmt: skip
    running, waiting = (served.post("/api/screens", screen)["key"] for _ in range(2))
    store = tmp_path / "runs" / "calculations.sqlite"
    deadline = time.monotonic() + PATIENCE
    while not store.exists() or not records(store):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert json.loads(served.get(f"/api/screens/{running}"))["state"] == "running"
    assert json.loads(served.get(f"/api/screens/{waiting}"))["state"] == "waiting"
    kept = records(store)
    served.process.send_signal(signal.SIGTERM)
    assert served.process.wait(PATIENCE) == 128 + signal.SIGTERM
    assert "Traceback" not in served.process.stderr.read()
    assert kept.items() <= records(store).items()
    for key in (running, waiting):
        run = json.loads((tmp_path / "runs" / key / "run.json").read_text())
        assert run["state"] == "interrupted"
        assert run["ended"]
    while served.processes():
        assert time.monotonic() < deadline, "something is left behind"
        time.sleep(0.1)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="needs signals")
def test_without_its_server_a_screen_ends(tmp_path):
    asked = {"ligands": HOPO, "metals": ["La"], "geometries": ["1:6"], "engine": "tblite"}
    run = new_run(asked | {"hops": 100}, 1)
    write_run(run, tmp_path)
    screen = subprocess.Popen(
        [sys.executable, "-m", "rarebind.serving.worker", str(tmp_path / run.key),
         str(tmp_path / "store.sqlite"), "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = ""
    while "total" not in said:
        said = screen.stdout.readline()
    screen.stdin.close()
    assert screen.wait(PATIENCE) == 128 + signal.SIGTERM
    assert "Traceback" not in screen.stderr.read()
    for stream in (screen.stdout, screen.stderr):
        stream.close()
