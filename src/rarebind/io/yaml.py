"""Reading the YAML files that a chemist edits; every fault names the file and the key."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from rarebind.errors import InputError


def read_yaml(bundled: str, path: str | Path | None, *sections: str) -> tuple[dict[str, Any], str]:
    """Read the bundled file, or the user's own in its place.

    Parameters
    ----------
    bundled
        Name of the file in ``rarebind/data``.
    path
        The user's own file, or None.
    sections
        Top-level keys that must be there, and no others.

    Returns
    -------
    content, source
        The mapping, and how to call the file in messages.

    Raises
    ------
    InputError
        The file is missing, unreadable, no YAML, or its sections are wrong.
    """
    if path is None:
        source, text = bundled, files("rarebind").joinpath(f"data/{bundled}").read_text("utf-8")
        content = _parse(text, source)
    else:
        source, content = str(path), load_yaml(path)
    if not isinstance(content, dict) or set(content) != set(sections):
        raise InputError(f"{source}: expected the top-level keys {', '.join(sections)}")
    return content, source


def load_yaml(path: str | Path) -> Any:
    """The content of a YAML file.

    Raises
    ------
    InputError
        The file is missing, unreadable or no YAML, or a key occurs twice.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    return _parse(text, str(path))


def _parse(text: str, source: str) -> Any:
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506  # it is a SafeLoader
    except yaml.YAMLError as error:
        raise InputError(f"{source} is not valid YAML: {error}") from error


class _UniqueKeyLoader(yaml.SafeLoader):
    """YAML silently keeps the last of two equal keys; here that is a fault."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} occurs twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


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
        raise InputError(f"{where}: expected the keys {', '.join(required)}, got {entry!r}")
    if missing := [key for key in required if key not in entry]:
        raise InputError(f"{where}: missing {', '.join(missing)}")
    if unknown := [str(key) for key in entry if key not in (*required, *optional)]:
        raise InputError(
            f"{where}: unknown key {', '.join(unknown)}; known are "
            f"{', '.join((*required, *optional))}"
        )
    return entry
