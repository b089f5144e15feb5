"""Who may ask, and what every answer carries: checked before anything else looks at a request.

A server on this machine is within reach of every page open in the browser.  Such a page may send
requests here, and after changing where its own name leads (DNS rebinding) also read the answers.
"""

from __future__ import annotations

import asyncio
import hmac
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rarebind.serving.limits import BODY_TIME, MAX_BODY, MAX_HEADERS

#: Carries the token that only the server's own page knows.
TOKEN_HEADER = "x-rarebind-token"  # noqa: S105  # its name, not its value
#: The one address listened on, and the other name that browsers know it by.
ADDRESS = "127.0.0.1"
_NAMES = (ADDRESS, "localhost")
_HTTP_PORT = 80
#: Of every answer that does not say otherwise.
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class Refusal(Exception):  # noqa: N818  # no error of the program
    """A request that goes no further.

    Parameters
    ----------
    status
        Of the answer.
    problem
        Why.
    """

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status, self.problem = status, problem


class Guard:
    """Refuses what does not come from the server's own page; bounds and marks all else.

    Parameters
    ----------
    app
        What answers.
    port
        That is listened on.
    token
        That the page sends along.
    """

    def __init__(self, app: ASGIApp, port: int, token: str) -> None:
        self._app, self._token = app, token
        self._hosts = {f"{name}:{port}" for name in _NAMES}
        if port == _HTTP_PORT:
            self._hosts |= set(_NAMES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            # Web sockets are not in use.
            return
        marked = _marked(send)
        try:
            headers = _single(scope)
            self._check(scope["method"], scope["path"], headers)
            body = await _body(receive, headers) if scope["method"] == "POST" else b""
        except Refusal as refusal:
            said = f"{HTTPStatus(refusal.status).phrase}: {refusal.problem}"
            # Whatever else of the body is on its way is not read.
            answer = JSONResponse({"problems": [said]}, refusal.status, {"connection": "close"})
            await answer(scope, receive, marked)
            return
        await self._app(scope, _replayed(body, receive), marked)

    def _check(self, method: str, path: str, headers: Headers) -> None:
        host = headers.get("host", "")
        if host not in self._hosts:
            raise Refusal(403, "this server answers to its own address only")
        site = headers.get("sec-fetch-site")
        if method == "GET":
            # Typed addresses and bookmarks have the site "none".
            if path.startswith("/api/") and site not in {None, "same-origin", "none"}:
                raise Refusal(403, "asked for by another site")
            return
        if method != "POST":
            raise Refusal(405, f"no {method} here")
        origin = headers.get("origin")
        if origin is None and site is None:
            raise Refusal(403, "neither Origin nor Sec-Fetch-Site: use the page of the server")
        if origin not in {None, f"http://{host}"} or site not in {None, "same-origin"}:
            raise Refusal(403, "asked for by another site")
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(415, "only application/json is read")
        given = headers.get(TOKEN_HEADER, "")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Refusal(403, "the server was started anew: load the page again")


def _single(scope: Scope) -> Headers:
    """Headers, which are short; one that decides something must not come twice."""
    headers = Headers(scope=scope)
    sizes = [len(name) + len(value) for name, value in headers.raw]
    if sum(sizes) + len(scope.get("raw_path", b"")) + len(scope["query_string"]) > MAX_HEADERS:
        raise Refusal(431, f"at most {MAX_HEADERS} bytes of address and headers are read")
    for name in ("host", "origin", "content-type", "content-length"):
        if len(headers.getlist(name)) > 1:
            raise Refusal(400, f"{name} is given twice")
    return headers


async def _body(receive: Receive, headers: Headers) -> bytes:
    """The whole body, which is short and does not take long."""
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise Refusal(413, f"at most {MAX_BODY} bytes are read")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIME):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(400, "it ended early")
                body += message.get("body", b"")
                if len(body) > MAX_BODY:
                    raise Refusal(413, f"at most {MAX_BODY} bytes are read")
                if not message.get("more_body"):
                    return bytes(body)
    except TimeoutError as error:
        raise Refusal(408, f"it did not arrive within {BODY_TIME:g} s") from error


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Gives what was read already, then goes on."""
    left = [body]

    async def next_message() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return next_message


def _marked(send: Send) -> Send:
    """Adds the headers that every answer has."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return marked
