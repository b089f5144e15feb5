"""Records to plain data and back, by their types alone (pydantic).

A record is a frozen dataclass whose ``__post_init__`` checks it.  :func:`to_data` and
:func:`from_data` read its annotations, which must be there at run time (import `NDArray` and the
like outside ``TYPE_CHECKING``), and go down into records within records::

    @dataclass(frozen=True, eq=False)
    class Frame:
        positions: FloatArray  # a list of lists in the data
        energy: float
        note: UnlessNone[str] = None  # absent from the data where it is None

    to_data(frame)  # {"positions": [[0.0, 0.0, 0.0]], "energy": -1.0}
    from_data(Frame, data)

Every digit of a float is kept.  A field that is missing from the data takes its default, and one
that is unknown is passed over: so records of before can be read, and :func:`check_schema` sees to
it that those of later are not.  Other forms of a field are annotated with pydantic's ``Field``
(``exclude=True``, ``exclude_if``), ``PlainSerializer`` and ``BeforeValidator``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from numbers import Integral
from typing import Annotated, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, GetPydanticSchema, TypeAdapter, ValidationError
from pydantic_core import core_schema

from rarebind.errors import InputError
from rarebind.io.yaml import shortened

_T = TypeVar("_T")


def _array_schema(dtype: Any) -> GetPydanticSchema:
    schema = core_schema.no_info_plain_validator_function(
        lambda value: np.asarray(value, dtype=dtype),
        serialization=core_schema.plain_serializer_function_ser_schema(np.ndarray.tolist),
    )
    return GetPydanticSchema(lambda _source, _handler: schema)


#: An array that is nested lists of numbers in the data.
FloatArray = Annotated[NDArray[np.float64], _array_schema(np.float64)]
#: The same of whole numbers.
IntArray = Annotated[NDArray[np.int64], _array_schema(np.int64)]
#: A field that is absent from the data where it is empty, as what has come later may be.
UnlessEmpty = Annotated[_T, Field(exclude_if=lambda value: not value)]
#: The same where it is None.
UnlessNone = Annotated[_T | None, Field(exclude_if=lambda value: value is None)]


def to_data(record: Any) -> dict[str, Any]:
    """A record as dictionaries, lists, text, numbers and None; keys in the order of its fields."""
    kind: Any = type(record)
    data: dict[str, Any] = adapter(kind).dump_python(record, mode="json")
    return data


def from_data(kind: type[_T], data: Any, where: str = "") -> _T:
    """The inverse of :func:`to_data`.

    Parameters
    ----------
    kind
        Type of the record.
    where
        Where the data come from, for messages.

    Raises
    ------
    InputError
        A field is missing or of another type, each by its place; or the record's own checks
        say so.
    """
    hashable: Any = kind
    try:
        found: _T = adapter(hashable).validate_python(data)
    except ValidationError as error:
        start = f"{where}: " if where else ""
        faults = error.errors(include_url=False, include_context=False)
        raise InputError(
            [
                f"{start}{'.'.join(map(str, fault['loc'])) or kind.__name__}: {fault['msg']}, got "
                f"{shortened(fault['input'])}"
                for fault in faults
            ]
        ) from error
    return found


def check_schema(data: Mapping[str, Any], newest: int, what: str) -> int:
    """The version that `data` say they have, under ``schema``.

    Raises
    ------
    InputError
        They say none, or one that is newer than `newest`; `what` names them in the message.
    """
    schema = data.get("schema")
    if not isinstance(schema, Integral):
        raise InputError(f"{what} without a schema: it was not written by rarebind")
    if int(schema) > newest:
        raise InputError(
            f"{what} of schema {schema}, this rarebind reads up to {newest}: upgrade rarebind"
        )
    return int(schema)


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """What pydantic makes of a type; made once."""
    return TypeAdapter(kind)
