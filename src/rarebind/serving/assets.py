"""The files of the page: those of the report page where they serve, and its own."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from rarebind.screening.page.assets import asset as report_asset
from rarebind.screening.page.embedding import json_for_script

#: Shared with the report page, then our own.
_REPORT_STYLES, _STYLES = ("base", "controls"), ("serve",)
_REPORT_SCRIPTS = ("dom",)
_SCRIPTS = ("api", "ligands", "draw", "form", "runs", "main")
#: JSME as published (package jsme-editor, version 0.8.2), the parts for today's browsers: one
#: permutation for those of the WebKit family, one for Firefox, and what they load when needed.
_EDITOR_BUILDS = ("D44A6B2FA009371519F96969020A9CF0", "DF562A19E2DB53DC47045F14B3DC6551")
EDITOR_FILES = frozenset(
    {"jsa.css", "clear.cache.gif"}
    | {f"{build}.cache.js" for build in _EDITOR_BUILDS}
    | {f"deferredjs/{build}/{part}.cache.js" for build in _EDITOR_BUILDS for part in range(1, 12)}
)
EDITOR_LICENCE = "jsme/license.txt"


@cache
def asset_bytes(name: str) -> bytes:
    """One of our files."""
    return files("rarebind.serving").joinpath("static").joinpath(name).read_bytes()


def asset(name: str) -> str:
    """The text of one of our files."""
    return asset_bytes(name).decode()


@cache
def style() -> str:
    """All style sheets as one."""
    shared = [report_asset(f"css/{name}.css") for name in _REPORT_STYLES]
    return "\n".join([*shared, *(asset(f"css/{name}.css") for name in _STYLES)])


@cache
def script() -> str:
    """All scripts as one, which leaves nothing behind in the page's global scope."""
    parts = [report_asset(f"js/{name}.js") for name in _REPORT_SCRIPTS]
    body = "\n".join([*parts, *(asset(f"js/{name}.js") for name in _SCRIPTS)])
    return f"(() => {{\n'use strict';\n{body}\n}})();"


def page(start: dict[str, Any]) -> str:
    """The page, told what it starts with."""
    return Template(asset("page.html")).substitute(
        start=json_for_script(start), licence=escape(asset(EDITOR_LICENCE))
    )


def editor(nonce: str) -> str:
    """The page of the molecule editor; `nonce` marks its scripts."""
    return Template(asset("editor.html")).substitute(nonce=nonce, script=asset("js/editor.js"))
