"""Putting data and scripts into HTML so that neither can break out of its place."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

# Inside a script element HTML looks for "</script" and "<!--" only; without the three characters
# there is nothing to find, also in an attribute or an XML reader.
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def json_for_script(data: Any) -> str:
    """JSON of plain data, fit for ``<script type="application/json">``.

    Raises
    ------
    ValueError
        A number is not finite.
    """
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text


def content_security_policy(scripts: Iterable[str], styles: Iterable[str]) -> str:
    """A policy under which nothing is fetched and only the given scripts and styles count.

    Pictures come from ``data:`` addresses, which hold them in full.
    """
    allowed_scripts = " ".join(_source(text) for text in scripts)
    allowed_styles = " ".join(_source(text) for text in styles)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {allowed_scripts}",
            f"style-src {allowed_styles}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
