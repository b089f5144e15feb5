"""What a person wrote, read into a pydantic model: every fault by its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from rarebind.errors import InputError, located
from rarebind.io.yaml import load_yaml, shortened

_M = TypeVar("_M", bound=BaseModel)
#: What is said of a value, by pydantic's kind of fault; braces are filled from its context.
_SAID = {
    "string_type": "is no text",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "float_type": "is no number",
    "float_parsing": "is no number",
    "finite_number": "is not finite",
    "bool_type": "is neither true nor false",
    "bool_parsing": "is neither true nor false",
    "path_type": "is no path",
    "tuple_type": "is no list",
    "list_type": "is no list",
    "dict_type": "is no mapping",
    "model_type": "is no mapping",
    "model_attributes_type": "is no mapping",
    "literal_error": "is unknown: choose {expected}",
    "greater_than_equal": "is below {ge}",
    "greater_than": "is not above {gt}",
    "less_than_equal": "is above {le}",
    "less_than": "is not below {lt}",
    "string_too_long": "is longer than {max_length} characters",
    "too_long": "has {actual_length} entries, at most {max_length} are read",
    "too_short": "has {actual_length} entries, at least {min_length} are needed",
}
_COUNTS = {"too_short", "too_long"}


class Section(BaseModel):
    """A part of a configuration: immutable, with the keys that it names and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


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
        problems = problems_of(error.errors(), model)
        raise InputError([f"{where}: {problem}" for problem in problems]) from error


def problems_of(faults: Iterable[Mapping[str, Any]], model: type[BaseModel]) -> list[str]:
    """A sentence a fault: its key, the value, what is wrong with it and what to do.

    Parameters
    ----------
    faults
        Of :meth:`pydantic.ValidationError.errors`.
    model
        What the input should be.  The first example of a field shows what to write.
    """
    found = list(faults)
    bad = [tuple(fault["loc"][:-1]) for fault in found if fault["type"] not in _COUNTS]
    # Of a list whose entries are none, their number says nothing.
    told = [
        fault for fault in found if fault["type"] not in _COUNTS or tuple(fault["loc"]) not in bad
    ]
    return list(dict.fromkeys(_problem(fault, model) for fault in told))


def _problem(fault: Mapping[str, Any], model: type[BaseModel]) -> str:
    kind, context = fault["type"], fault.get("ctx", {})
    place = [str(part) for part in fault["loc"] if part != "body"]
    while place and place[-1].isdigit():
        # Which of a list it is, the value tells.
        place.pop()
    keys = _keys(_section(model, place[:-1]))
    key = ".".join(place)[:120]
    if kind == "value_error":
        # A key at the top is named by what is said of it; one further down needs its place.
        whole = [str(part) for part in fault["loc"] if part != "body"]
        deep = sum(not part.isdigit() for part in whole) > 1
        return f"{'.'.join(whole)}: {context['error']}" if deep else str(context["error"])
    if kind == "json_invalid":
        return f"not readable as JSON: {context.get('error', '')}"
    if kind == "extra_forbidden":
        close = get_close_matches(place[-1], keys, n=1)
        known = f"; known are {', '.join(keys)}" if keys else ""
        hint = f" (did you mean {close[0]}?)" if close else ""
        if key in {"True", "False"}:
            hint = " (in YAML, in quotes: without them Yes, No, On and Off are read so)"
        return f"unknown key {key!r}{hint}{known}"
    if kind == "missing":
        needed = ", ".join(name for name, is_needed in keys.items() if is_needed)
        return f"{key or 'all'} is missing" + (f"; needed are {needed}" if needed else "")
    value = shortened(fault["input"])
    if kind not in _SAID:
        return f"{key}: {fault['msg']}, got {value}"
    said = f"{key}: {value} {_SAID[kind].format(**context)}" if key else f"{value} {_SAID[kind]}"
    field = getattr(_section(model, place[:-1]), "model_fields", {}).get(place[-1] if key else "")
    said += f": give {field.examples[0]!r}, say" if field and field.examples else ""
    return said + (_trap(fault["input"]) if kind == "string_type" else "")


def _trap(value: Any) -> str:
    """What YAML, not a person, may have made of a text: ``No``, ``1.10``, ``L: 1``."""
    if isinstance(value, bool):
        words = "Yes and On" if value else "No and Off"
        return f" (in YAML, in quotes: without them {words} are read so)"
    if isinstance(value, (int, float, date)):
        kind = "date" if isinstance(value, date) else "number"
        return f" (in YAML, in quotes: without them it is a {kind})"
    if isinstance(value, dict):
        return " (in YAML, in quotes: without them a colon and a blank make a key and its value)"
    return ""


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
