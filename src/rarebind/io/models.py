"""What a person wrote, read into a pydantic model: every fault by its place in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from rarebind.errors import InputError, located
from rarebind.io.yaml import load_yaml, shortened

_M = TypeVar("_M", bound=BaseModel)


class Section(BaseModel):
    """A part of a configuration: immutable, with the keys that it names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_model(
    path: Path | str, model: type[_M], check: Callable[[_M], object] = lambda _: None
) -> _M:
    """A YAML file as `model`.

    Parameters
    ----------
    check
        Called with what was read, to raise an InputError on what types cannot tell.

    Raises
    ------
    InputError
        The file cannot be read, a key is unknown or missing, a value is of another type, or
        `check` says so: every fault, each beginning with the file's name and its own key.
    """
    content = load_yaml(path)
    if not isinstance(content, dict):
        needed = ", ".join(name for name, is_needed in _keys(model).items() if is_needed)
        raise InputError(f"{path}: expected keys and values; needed are {needed}")
    found = validated({str(key): value for key, value in content.items()}, model, str(path))
    with located(str(path)):
        check(found)
    return found


def validated(content: Any, model: type[_M], where: str) -> _M:
    """`content` as `model`.

    Raises
    ------
    InputError
        Every fault, each beginning with `where` and its own key.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        raise InputError([f"{where}: {_fault(fault, model)}" for fault in faults]) from error


def _fault(fault: Any, model: type[BaseModel]) -> str:
    place = [str(part) for part in fault["loc"]]
    key, keys = ".".join(place)[:120], _keys(_section(model, place[:-1]))
    if fault["type"] == "extra_forbidden":
        known = f"; known are {', '.join(keys)}" if keys else ""
        return f"unknown key {key!r}{known}"
    if fault["type"] == "missing" and keys:
        needed = [name for name, is_needed in keys.items() if is_needed]
        return f"{key} is missing; needed are {', '.join(needed)}"
    return f"{key}: {fault['msg']}, got {shortened(fault['input'])}"


def _section(model: Any, place: list[str]) -> Any:
    """The model at a place in another; None where that cannot be told."""
    for part in place:
        field = getattr(model, "model_fields", {}).get(part)
        # Of an optional section, the one that is no None.
        kinds = () if field is None else (field.annotation, *get_args(field.annotation))
        model = next((kind for kind in kinds if hasattr(kind, "model_fields")), None)
    return model


def _keys(model: Any) -> dict[str, bool]:
    """The keys of a model, and whether each is needed."""
    fields = getattr(model, "model_fields", {})
    return {name: field.is_required() for name, field in fields.items()}
