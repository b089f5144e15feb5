"""What commands print beside tables."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def print_json(found: dict[str, Any]) -> None:
    """Print plain data for a program."""
    json.dump(found, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def note(console: Console, text: str) -> None:
    """Print a line as it is: no markup, no highlights, broken by the terminal alone."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)
