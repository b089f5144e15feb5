"""What the browser may send, its form checked strictly.

How long texts may be follows from the size of a request (see :mod:`rarebind.serving.guard`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from rarebind.complexes import DEFAULT_COORDINATION_NUMBER
from rarebind.serving.limits import MAX_GEOMETRIES, MAX_PAIRS, MAX_SHORT_LIST
from rarebind.serving.screens import LISTS, Asked

#: No element's symbol is longer, nor any geometry or pair.
_SHORT = 8
#: No level's name is longer.
_NAME = 40
#: Of levels with a name of their own, not of modules.
_REGISTERED = r"^[A-Za-z0-9._-]*$"
_MAX_METALS = 20
_MAX_HOPS = 100

_Metals = Annotated[list[Annotated[str, Field(max_length=_SHORT)]], Field(max_length=_MAX_METALS)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(_Body):
    """A request that says all by its address."""


class LineBody(_Body):
    """One line: SMILES, and a name if there is one."""

    line: str


class ScreenBody(_Body):
    """A screen; the fields are those of :class:`~rarebind.serving.screens.Asked`."""

    ligands: str
    metals: _Metals
    geometries: Annotated[
        list[Annotated[str, Field(max_length=_SHORT)]], Field(max_length=MAX_GEOMETRIES)
    ]
    coordination_number: int = DEFAULT_COORDINATION_NUMBER
    engine: Literal["model", "tblite"] = "model"
    builder: Literal["auto", "grafting", "architector"] = "auto"
    hops: Annotated[int, Field(ge=0, le=_MAX_HOPS)] = 8
    unit: Literal["kcal/mol", "kJ/mol"] = "kcal/mol"
    leave_out: bool = False
    retry_failed: bool = False
    fall_back: bool = False
    short_list: Annotated[int, Field(ge=0, le=MAX_SHORT_LIST)] = 0
    # Whoever may ask must not have modules imported.
    short_list_level: Annotated[str, Field(max_length=_NAME, pattern=_REGISTERED)] | None = None
    short_list_metals: _Metals = []
    pairs: Annotated[
        list[Annotated[str, Field(max_length=_SHORT)]], Field(max_length=MAX_PAIRS)
    ] = []

    def asked(self) -> Asked:
        """The same as the record that is kept."""
        data = self.model_dump()
        lists = {name: tuple(data[name]) for name in LISTS}
        return Asked(**data | lists)


def problems_of(errors: list[Any]) -> list[str]:
    """Faults of form as sentences, each with the field that it is about."""
    found = []
    for error in errors:
        where = ".".join(str(part) for part in error["loc"] if part != "body")
        found.append(f"{where}: {error['msg']}" if where else str(error["msg"]))
    return found
