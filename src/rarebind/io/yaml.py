"""YAML that a person wrote, or that came with a request: within bounds, every fault named.

What PyYAML's safe loader leaves open is closed here: a key that occurs twice is a fault, and so is
what no configuration needs and what would only cost time or memory: huge files, deep nesting,
aliases of aliases.  ``1:6`` and ``012`` are text, not numbers to the base of sixty and eight as in
YAML 1.1.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from rarebind.errors import InputError
from rarebind.io.files import bundled_text, read_text

#: Bytes of a file, levels of nesting, values with every alias written out, characters of one value.
MAX_BYTES, MAX_DEPTH, MAX_VALUES, MAX_LENGTH = 1_000_000, 30, 50_000, 20_000


def shortened(value: object) -> str:
    """The representation of a value in a message: never more than a line of it."""
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother = 2, 60, 60
    return short.repr(value)[:200]


def load_yaml(path: str | Path) -> Any:
    """The content of a YAML file.

    Raises
    ------
    InputError
        The file is missing, unreadable, too large or no YAML, or a key occurs twice.
    """
    return parse_yaml(read_text(path, MAX_BYTES), str(path))


def parse_yaml(text: str, source: str) -> Any:
    """The content of a YAML text.

    Parameters
    ----------
    source
        Where it comes from, for messages.

    Raises
    ------
    InputError
        It is no YAML, a key occurs twice, or it is larger or deeper than any configuration.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  # it is a SafeLoader
    except yaml.YAMLError as error:
        raise InputError(f"{source} is not valid YAML: {error}") from error
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        # Of a date or number that Python cannot hold, or a tag that does not fit its value.
        raise InputError(f"{source} is not valid YAML: {str(error)[:200]}") from error


def read_yaml(
    bundled: str, path: str | Path | None, *sections: str, optional: tuple[str, ...] = ()
) -> tuple[dict[str, Any], str]:
    """Read the bundled file, or the user's own in its place.

    Parameters
    ----------
    bundled
        Name of the file in ``rarebind/data``.
    path
        The user's own file, or None.
    sections
        Top-level keys that must be there, and no others.
    optional
        But for these, which may.

    Returns
    -------
    content, source
        The mapping, and how to call the file in messages.

    Raises
    ------
    InputError
        The file is missing, unreadable, no YAML, or its sections are wrong.
    """
    source = bundled if path is None else str(path)
    content = parse_yaml(bundled_text(bundled), source) if path is None else load_yaml(path)
    if not isinstance(content, dict) or set(content) - set(optional) != set(sections):
        raise InputError(f"{source}: expected the top-level keys {', '.join(sections)}")
    return content, source


def check_keys(
    entry: Any, where: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`entry` as a mapping with these keys only.

    Raises
    ------
    InputError
        It is no mapping, or a key is missing or unknown; the message begins with `where`.
    """
    if not isinstance(entry, dict):
        raise InputError(
            f"{where}: expected the keys {', '.join(required)}, got {shortened(entry)}"
        )
    if missing := [key for key in required if key not in entry]:
        raise InputError(f"{where}: missing {', '.join(missing)}")
    if unknown := [str(key)[:60] for key in entry if key not in (*required, *optional)]:
        raise InputError(
            f"{where}: unknown key {', '.join(unknown)}; known are "
            f"{', '.join((*required, *optional))}"
        )
    return entry


class _Loader(yaml.SafeLoader):
    """The safe loader within the bounds of this module."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._values = 0
        #: Values of what an anchor names, with every alias in it written out.
        self._sizes: dict[str, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        anchor: str | None = getattr(event, "anchor", None)
        before = self._values
        if isinstance(event, yaml.AliasEvent):
            if anchor in self.anchors and anchor not in self._sizes:
                self._refuse(event, f"the alias *{anchor} is part of what it stands for")
            self._values += self._sizes.get(anchor or "", 1)
        else:
            self._values += 1
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")
        if self._values > MAX_VALUES:
            self._refuse(event, f"more than {MAX_VALUES} values, aliases counted")
        if isinstance(event, yaml.ScalarEvent) and len(event.value) > MAX_LENGTH:
            self._refuse(event, f"a value of more than {MAX_LENGTH} characters")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if anchor is not None and not isinstance(event, yaml.AliasEvent):
            self._sizes[anchor] = self._values - before
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            # What cannot be a key is refused by the safe loader itself.
            if isinstance(key, Hashable):
                if key in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {shortened(key)} occurs twice", key_node.start_mark
                    )
                seen.add(key)
        return super().construct_mapping(node, deep)

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        tag: str = super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]
        # To the base of sixty, and to that of eight.
        if tag not in {"tag:yaml.org,2002:int", "tag:yaml.org,2002:float"}:
            return tag
        other_base = ":" in value or re.fullmatch(r"[-+]?0[0-7_]+", value)
        return "tag:yaml.org,2002:str" if other_base else tag

    @staticmethod
    def _refuse(event: Any, why: str) -> None:
        raise yaml.composer.ComposerError(None, None, why, event.start_mark)
