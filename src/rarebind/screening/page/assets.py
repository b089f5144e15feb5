"""The page's own files: template, styles, scripts, and the viewer of structures."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

#: Style sheets in the order of their cascade.
STYLES = ("base", "controls", "table", "plots", "detail", "print")
#: Scripts in the order in which they need each other; they share one scope.
SCRIPTS = (
    "dom", "format", "colours", "report", "download", "tooltip", "table", "drawing", "axes",
    "viewer", "detail", "summary", "ranking", "shortlist", "heatmap", "series", "pareto", "pairs",
    "speciation", "ligands", "failures", "how", "paper", "main",
)  # fmt: skip
#: 3Dmol.js as published (package 3dmol, version 2.5.5, build/3Dmol-min.js).
VIEWER = "vendor/3Dmol-min.js"
VIEWER_LICENCE = "vendor/3Dmol-LICENSE.txt"


@cache
def asset(name: str) -> str:
    """The text of one file; lines end in a line feed, as in the browser, which hashes them."""
    path = files("rarebind.screening.page").joinpath("static").joinpath(name)
    return path.read_text(encoding="utf-8")


def style() -> str:
    """All style sheets as one."""
    return "\n".join(asset(f"css/{name}.css") for name in STYLES)


def script() -> str:
    """All scripts as one, which leaves nothing behind in the page's global scope."""
    body = "\n".join(asset(f"js/{name}.js") for name in SCRIPTS)
    return f"(() => {{\n'use strict';\n{body}\n}})();"
