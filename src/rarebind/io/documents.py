"""Documents in Markdown, from Jinja templates that come with the package."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import Any

from rarebind.io.files import bundled_text
from rarebind.io.tables import markdown, number

_WIDTH = 100


def render(template: str, **fields: Any) -> str:
    """A document.

    Parameters
    ----------
    template
        Name of a file in ``rarebind/data``.  Beside Jinja's own filters it has ``fill``
        (:func:`fill`), ``names`` (:func:`joined`), ``number`` and ``markdown``
        (:mod:`~rarebind.io.tables`).
    **fields
        What it speaks of; one that it misses is an error.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # noqa: S701  # Markdown is no HTML
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"fill": fill, "names": joined, "number": number, "markdown": markdown}
    text = environment.from_string(bundled_text(template)).render(**fields)
    # What is left out leaves no gap.
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def fill(text: str) -> str:
    """Paragraphs, and points of lists, broken into lines of at most 100 letters."""
    parts = re.split(r"(\n(?:\n+|(?=- )))", text.strip("\n"))
    return "".join(part if i % 2 else _filled(part) for i, part in enumerate(parts))


def joined(names: Sequence[str]) -> str:
    """``a, b and c``."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _filled(paragraph: str) -> str:
    return textwrap.fill(
        " ".join(paragraph.split()),
        _WIDTH,
        subsequent_indent="  " if paragraph.startswith("- ") else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
