"""What the names of ligands stand for, from data files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from rarebind.io.yaml import check_keys, read_yaml

_PLAIN = re.compile(r"[\s_\-,.'()\[\]{}]+")
#: Names mistyped so little are proposed.
_CLOSE = 0.75


class Named(NamedTuple):
    """A ligand by the name that is used first."""

    name: str
    smiles: str


def named(text: str) -> Named | None:
    """What a name stands for, whatever its capitals, blanks, hyphens and brackets; or None."""
    return _by_key().get(_key(text))


def close_names(text: str) -> list[str]:
    """Known names that look much like `text`."""
    return [_by_key()[key].name for key in get_close_matches(_key(text), _by_key(), 3, _CLOSE)]


def known_names() -> tuple[tuple[Named, tuple[str, ...]], ...]:
    """All named ligands with their other names, in the order of the files."""
    return tuple(
        (one, others)
        for file, section in (("ligand_names.yaml", "names"), ("common_ligands.yaml", "ligands"))
        for one, others in _entries(file, section)
    )


def _key(text: str) -> str:
    return _PLAIN.sub("", text).casefold()


@cache
def _by_key() -> Mapping[str, Named]:
    found: dict[str, Named] = {}
    for one, others in known_names():
        for name in (one.name, *others):
            found.setdefault(_key(name), one)
    return found


def _entries(file: str, section: str) -> Iterator[tuple[Named, tuple[str, ...]]]:
    content, source = read_yaml(file, None, section)
    for name, entry in content[section].items():
        full = {"smiles": entry} if isinstance(entry, str) else entry
        check_keys(full, f"{source}, {name}", ("smiles",), ("also",))
        yield Named(name, full["smiles"]), tuple(full.get("also", ()))
