"""Connections that send nothing, or send it slowly: none of them keeps others waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from rarebind.serving.limits import HEADER_TIME, MAX_IDLE


class PatientProtocol(H11Protocol):
    """Uvicorn's HTTP with a time for headers, and room for so many connections without any."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for headers; of too many that wait, the oldest is closed."""
        super().connection_made(transport)
        self.since = self.loop.time()
        self._wait()
        others: list[Any] = [one for one in self.connections if one is not self]
        idle = sorted((one for one in others if one.is_idle), key=lambda one: one.since)
        for one in idle[: max(len(idle) + 1 - MAX_IDLE, 0)]:
            one.transport.abort()
            # It is told of that later; what is counted until then is what is there.
            self.connections.discard(one)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; from the first byte of headers on, their time runs."""
        if self._waiting is None and self.is_idle:
            self._wait()
        super().data_received(data)
        if not self.is_idle:
            self._wait_no_more()

    @property
    def is_idle(self) -> bool:
        """Whether no whole headers have come since the last answer."""
        return bool(self.conn.their_state is h11.IDLE)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(HEADER_TIME, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        self._waiting = None
        if self.is_idle:
            self.transport.abort()
