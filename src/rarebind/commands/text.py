"""What commands print beside tables."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console


def terminal(*, stderr: bool = False, width: int | None = None) -> Console:
    """Standard output or error, on which text is what it is.

    Names, paths and SMILES are people's own: ``[nH]`` is no markup there, ``:o:`` no emoji.
    """
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def print_json(found: dict[str, Any]) -> None:
    """Print plain data for a program."""
    json.dump(found, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def note(console: Console, text: str) -> None:
    """Print a line that the terminal alone breaks."""
    console.print(text, soft_wrap=True)
