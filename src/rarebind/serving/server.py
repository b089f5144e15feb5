"""Listening on this machine until told to stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import uvicorn

from rarebind.errors import InputError
from rarebind.serving.app import Settings, create_app, new_token
from rarebind.serving.connections import PatientProtocol
from rarebind.serving.guard import ADDRESS
from rarebind.serving.limits import MAX_HEADERS
from rarebind.serving.screen_queue import ScreenQueue

#: Seconds for answers on their way when the server stops.
_PATIENCE = 3
#: Requests answered at once.
_CONCURRENCY = 100


def serve(
    port: int,
    folder: Path,
    store: Path,
    workers: int | None = None,
    *,
    on_ready: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until a signal comes; the screen that runs is ended then.

    Parameters
    ----------
    port
        0: any that is free.
    folder, store, workers
        As for :class:`~rarebind.serving.screen_queue.ScreenQueue`.
    on_ready
        Told the address.

    Raises
    ------
    InputError
        The port is taken, or the folder or store cannot be used.
    """
    with _listening(port) as listener:
        port = listener.getsockname()[1]
        app = create_app(Settings(ScreenQueue(folder, store, workers), port, new_token()))
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="none",
            http=PatientProtocol,
            h11_max_incomplete_event_size=MAX_HEADERS,
            lifespan="on",
            limit_concurrency=_CONCURRENCY,
            timeout_graceful_shutdown=_PATIENCE,
        )
        on_ready(f"http://{ADDRESS}:{port}/")
        # Ctrl-C is how a server is stopped: no error.
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        # A second server would listen beside the first on some systems, were it not for this.
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        said = getattr(error, "strerror", None) or error
        raise InputError(
            f"cannot listen on port {port} ({said}): give another with --port"
        ) from error
    return listener
