"""Connections of a server that runs: slow, idle and many ones do not keep others waiting."""

import contextlib
import socket
import threading
import time

import pytest

pytest.importorskip("fastapi", reason="needs fastapi")

import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from rarebind.serving import connections
from rarebind.serving.limits import MAX_HEADERS

#: Seconds for headers in these tests.
SHORT = 0.5


async def answer(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here"})


@pytest.fixture(scope="module")
def port():
    patch = pytest.MonkeyPatch()
    patch.setattr(connections, "HEADER_TIME", SHORT)
    patch.setattr(connections, "MAX_IDLE", 20)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        answer, log_level="critical", lifespan="off", ws="none", limit_concurrency=50,
        http=connections.PatientProtocol, h11_max_incomplete_event_size=MAX_HEADERS,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join(30)
    patch.undo()


def opened(port):
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def asked(port, request=b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"):
    with opened(port) as one:
        one.sendall(request)
        found = b""
        while part := one.recv(4096):
            found += part
    return found


def test_idle_connections_shut_nobody_out(port):
    idle = [opened(port) for _ in range(120)]
    try:
        assert b"here" in asked(port)
    finally:
        for one in idle:
            one.close()


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nhost: "])
def test_headers_have_a_time(port, begun):
    with opened(port) as one:
        one.sendall(begun)
        began = time.monotonic()
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(100) == b""
        assert time.monotonic() - began < 15


def test_headers_that_trickle_have_a_time_too(port):
    """Also those of a second request on the same connection."""
    with opened(port) as one:
        one.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        found = b""
        while not found.endswith(b"0\r\n\r\n"):
            found += one.recv(4096)
        ended = time.monotonic() + 15
        # Until the connection breaks.
        with contextlib.suppress(OSError):
            for byte in b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 10_000:
                assert time.monotonic() < ended
                one.sendall(bytes([byte]))
                time.sleep(0.05)
    assert b"here" in asked(port)


@given(st.binary(max_size=300))
@settings(max_examples=25, deadline=None)
def test_whatever_is_sent_it_goes_on(port, content):
    with opened(port) as one:
        one.sendall(content)
    assert b"here" in asked(port)
