"""Splits as files: JSON with a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rarebind.errors import InputError
from rarebind.io.files import replace_file
from rarebind.learning.data.splits import PARTS, Split

#: Version of the file.
SCHEMA_VERSION = 1


def save_split(split: Split, path: Path | str) -> None:
    """Write a split as JSON.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    path = Path(path)
    content: dict[str, Any] = {
        "schema": SCHEMA_VERSION,
        "kind": split.kind,
        "seed": split.seed,
        "held_out": list(split.held_out),
        "fractions": list(split.fractions),
        # A split without it is the first: those written before there were folds stay as they are.
        **({"fold": split.fold} if split.fold else {}),
        "digest": split.digest,
        "parts": {
            part: [key for key, found in split.parts.items() if found == part] for part in PARTS
        },
    }
    content["sha256"] = _checksum(content)
    replace_file(path, (json.dumps(content, indent=1) + "\n").encode())


def load_split(path: Path | str) -> Split:
    """The inverse of :func:`save_split`.

    Raises
    ------
    InputError
        The file is missing, no split, of a newer version, or was changed.
    """
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("schema"), int):
        raise InputError(f"{path} is no split: make one again")
    if content["schema"] > SCHEMA_VERSION:
        raise InputError(
            f"{path}: split of schema {content['schema']}, this rarebind reads up to "
            f"{SCHEMA_VERSION}: upgrade rarebind"
        )
    if content.pop("sha256", None) != _checksum(content):
        raise InputError(f"{path} was changed since it was written: make the split again")
    try:
        parts = {key: part for part, keys in content["parts"].items() for key in keys}
        train, val, test = content["fractions"]
        return Split(
            content["kind"],
            content["seed"],
            tuple(content["held_out"]),
            (train, val, test),
            parts,
            content.get("fold", 0),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} is no split ({error}): make one again") from error


def _checksum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
