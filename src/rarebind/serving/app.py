"""The server: its addresses, and what they answer."""

from __future__ import annotations

import secrets
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException as AnyHTTPException

from rarebind import __version__
from rarebind.elements import rare_earth, rare_earths
from rarebind.errors import InputError, MissingDependencyError, RarebindError
from rarebind.io.models import problems_of
from rarebind.ligands import draw_svg, explain
from rarebind.screening.given import read_line
from rarebind.screening.options import DEFAULT_METALS, Options
from rarebind.screening.page.drawings import safe_drawing
from rarebind.screening.short_list import short_list_levels
from rarebind.serving.assets import EDITOR_FILES, asset_bytes, editor, page, script, style
from rarebind.serving.guard import TOKEN_HEADER, Guard
from rarebind.serving.limits import MAX_LIGANDS, MAX_SHORT_LIST, MAX_SMILES, MAX_WAITING
from rarebind.serving.runs import FILES, WAITING, Run
from rarebind.serving.screen_queue import QueueFullError, ScreenQueue

#: Geometries offered; others can be typed.
_GEOMETRIES = ("1", "1:6", "2:4", "3:2", "4:0")
_KINDS = {"css": "text/css", "js": "text/javascript", "gif": "image/gif"}
#: The report has its own policy; here it is kept away from everything of the server's origin.
_REPORT_POLICY = (
    "sandbox allow-scripts allow-downloads; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: Tables and pictures have nothing to run or fetch.
_FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


class Line(BaseModel):
    """One line: SMILES, and a name if there is one."""

    model_config = ConfigDict(extra="forbid", strict=True)

    line: str


class Nothing(BaseModel):
    """A request that says all by its address."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Settings:
    """What a server is started with.

    Attributes
    ----------
    queue
        Not started yet: the server starts and stops it.
    port
        That will be listened on.
    token
        Random; only the server's own page is told.
    """

    queue: ScreenQueue
    port: int
    token: str


def new_token() -> str:
    """A token for one start of a server."""
    return secrets.token_urlsafe(32)


def create_app(settings: Settings) -> Guard:
    """The server as an ASGI application."""
    queue = settings.queue

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        queue.start()
        try:
            yield
        finally:
            await run_in_threadpool(queue.stop)

    app = FastAPI(
        title="rarebind", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    _add_errors(app)
    _add_pages(app, settings)
    _add_ligands(app)
    _add_screens(app, queue)
    _add_files(app, queue)
    return Guard(app, settings.port, settings.token)


def _add_errors(app: FastAPI) -> None:
    def answer(status: int, problems: list[str]) -> JSONResponse:
        return JSONResponse({"problems": problems}, status_code=status)

    @app.exception_handler(RarebindError)
    async def _known(_: Request, error: RarebindError) -> JSONResponse:
        if isinstance(error, InputError):
            return answer(422, list(error.problems))
        if isinstance(error, QueueFullError):
            return answer(503, [str(error)])
        return answer(422 if isinstance(error, MissingDependencyError) else 500, [str(error)])

    @app.exception_handler(RequestValidationError)
    async def _form(_: Request, error: RequestValidationError) -> JSONResponse:
        return answer(422, problems_of(error.errors(), Line))

    @app.exception_handler(AnyHTTPException)
    async def _http(_: Request, error: AnyHTTPException) -> JSONResponse:
        return answer(error.status_code, [str(error.detail)])

    @app.exception_handler(Exception)
    async def _unknown(_: Request, __: Exception) -> JSONResponse:
        return answer(500, ["unexpected error: the terminal of the server has more"])


def _add_pages(app: FastAPI, settings: Settings) -> None:
    start = {
        "token": settings.token,
        "tokenHeader": TOKEN_HEADER,
        "rarebind": __version__,
        "metals": [
            {
                "symbol": symbol,
                "number": rare_earth(symbol).atomic_number,
                "chosen": symbol in DEFAULT_METALS,
            }
            for symbol in dict.fromkeys([*DEFAULT_METALS, *rare_earths()])
        ],
        "geometries": _GEOMETRIES,
        "defaults": Options().model_dump(mode="json"),
        "modelProblem": _model_problem(),
        "shortList": {
            "most": MAX_SHORT_LIST,
            "levels": short_list_levels(),
        },
        "limits": {"ligands": MAX_LIGANDS, "smiles": MAX_SMILES, "waiting": MAX_WAITING},
    }
    text = page(start)

    @app.get("/")
    def _page() -> HTMLResponse:
        return HTMLResponse(text)

    @app.get("/favicon.ico")
    def _icon() -> Response:
        return Response(status_code=HTTPStatus.NO_CONTENT)

    @app.get("/app.css")
    def _style() -> Response:
        return Response(style(), media_type="text/css")

    @app.get("/app.js")
    def _script() -> Response:
        return Response(script(), media_type="text/javascript")

    @app.get("/editor")
    def _editor() -> HTMLResponse:
        nonce = secrets.token_urlsafe(16)
        # The editor is a foreign program that writes its own styles and starts scripts from texts:
        # it gets an origin of its own, from which nothing of the server can be asked for.
        files = f"http://127.0.0.1:{settings.port}/editor/ http://localhost:{settings.port}/editor/"
        policy = (
            f"sandbox allow-scripts; default-src 'none'; script-src {files} 'nonce-{nonce}'; "
            f"style-src {files} 'unsafe-inline'; img-src {files} data:; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'self'"
        )
        headers = {"content-security-policy": policy, "x-frame-options": "SAMEORIGIN"}
        return HTMLResponse(editor(nonce), headers=headers)

    @app.get("/editor/{name:path}")
    def _editor_file(name: str) -> Response:
        if name not in EDITOR_FILES:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        kind = _KINDS[name.rpartition(".")[2]]
        headers = {"cross-origin-resource-policy": "cross-origin"}
        return Response(asset_bytes(f"jsme/{name}"), media_type=kind, headers=headers)


def _model_problem() -> str:
    """Why the model cannot be used; empty where it can."""
    from rarebind.learning.nequip import need_nequip

    try:
        need_nequip()
    except MissingDependencyError as error:
        return str(error)
    return ""


def _add_ligands(app: FastAPI) -> None:
    # RDKit holds the interpreter anyway; one at a time leaves room for the other answers.
    one_at_a_time = threading.Lock()

    @app.post("/api/ligand")
    def _ligand(body: Line) -> dict[str, Any]:
        with one_at_a_time:
            ligand = read_line(body.line)
            return {**explain(ligand).as_dict(), "svg": safe_drawing(draw_svg(ligand))}


def _known(queue: ScreenQueue, key: str) -> Run:
    """The run of a key, which names a folder only if it is that of a run."""
    try:
        return queue.run(key)
    except KeyError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such screen") from error


def _shown(queue: ScreenQueue, run: Run) -> dict[str, Any]:
    place = queue.place(run)
    files = [name for name in FILES if (place / name).is_file()]
    ahead = queue.ahead(run) if run.state == WAITING else 0
    data = run.model_dump(mode="json")
    left = queue.seconds_left(run)
    return {**data, "finished": run.finished, "files": files, "ahead": ahead, "left": left}


def _add_screens(app: FastAPI, queue: ScreenQueue) -> None:
    @app.get("/api/screens")
    def _all() -> list[dict[str, Any]]:
        return [_shown(queue, run) for run in queue.runs()]

    @app.post("/api/screens")
    def _submit(body: dict[str, Any]) -> JSONResponse:
        run = queue.submit(body)
        return JSONResponse(_shown(queue, run), status_code=HTTPStatus.ACCEPTED)

    @app.get("/api/screens/{key}")
    def _one(key: str) -> dict[str, Any]:
        return _shown(queue, _known(queue, key))

    @app.post("/api/screens/{key}/cancel")
    def _cancel(key: str, _: Nothing) -> dict[str, Any]:
        return _shown(queue, queue.cancel(_known(queue, key).key))


def _add_files(app: FastAPI, queue: ScreenQueue) -> None:
    @app.get("/screens/{key}/{name}")
    def _file(key: str, name: str, *, save: bool = False) -> Response:
        run = _known(queue, key)
        path = queue.place(run) / name
        if name not in FILES or not path.is_file():
            raise HTTPException(HTTPStatus.NOT_FOUND, "there is no such file")
        policy = _REPORT_POLICY if name == "report.html" else _FILE_POLICY
        return FileResponse(
            path,
            media_type=FILES[name],
            headers={"content-security-policy": policy},
            filename=f"rarebind-{run.key[:8]}-{name}",
            content_disposition_type="attachment" if save else "inline",
        )
