"""Parameters of xTB Hamiltonians as data, for tblite: exported, changed, written and read.

A file of them, JSON or TOML, makes a level of its own::

    parameters = exported_parameters("GFN2-xTB")
    parameters["element"]["La"]["arep"] *= 1.1
    path.write_text(json.dumps(parameters))
    level = GFN2_WATER.with_parameters(path)

It may have :mod:`~rarebind.engines.donor_terms` beside what tblite knows, as ``donor_terms``.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import Any

from rarebind.engines.blas import prefer_openblas
from rarebind.engines.donor_terms import DonorTerms
from rarebind.errors import InputError, collecting
from rarebind.io.models import validated

prefer_openblas()
# Only now: tblite binds its BLAS when it is loaded.
from tblite import library  # noqa: E402

#: Faults of a file that are named; of the others, how many there are.
_NAMED = 20
_PAIRS = "hamiltonian.xtb.kpair."
#: Key of the terms that are not tblite's.
DONOR_TERMS = "donor_terms"
_EXPORT = {"GFN2-xTB": "export_gfn2_param", "GFN1-xTB": "export_gfn1_param"}


def exported_parameters(method: str) -> dict[str, Any]:
    """Tblite's own parameters of ``GFN2-xTB`` or ``GFN1-xTB``, by part; elements by symbol.

    Energies are in eV (``levels``) or Eh, as tblite's documentation of its format says.
    """
    parameters, table = library.new_param(), library.new_table()
    getattr(library, _EXPORT[method])(parameters)
    library.dump_param(parameters, table)
    exported: dict[str, Any] = library.table_to_dict(table)
    return exported


def parameters_of(path: Path, symbols: Sequence[str], method: str) -> dict[str, Any]:
    """The parameters in a file, of some elements only: tblite takes a second to read them all.

    Parameters
    ----------
    path
    symbols
        Elements.
    method
        Whose form the parameters have: ``GFN2-xTB`` or ``GFN1-xTB``.

    Raises
    ------
    InputError
        The file cannot be read, is of another method or version, lacks an element, or has other
        keys, numbers of shells or values than the method: every fault is named.
    """
    parameters = read_parameters(path, method)
    elements = parameters["element"]
    if missing := sorted(set(symbols) - elements.keys()):
        raise InputError(f"{path} has no parameters of {', '.join(missing)}")
    return parameters | {"element": {name: elements[name] for name in sorted(set(symbols))}}


def read_parameters(path: Path, method: str) -> dict[str, Any]:
    """All the parameters in a file; not to be changed.

    Raises
    ------
    InputError
        As :func:`parameters_of`, but for elements.
    """
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0, method)


@lru_cache(maxsize=4)
def _read(path: Path, _modified: int, method: str) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        parameters: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no file of parameters: {error}") from error
    if not isinstance(parameters, dict):
        raise InputError(f"{path} is no file of parameters: expected parts by name")
    if problems := list(_faults(parameters, method)):
        raise InputError(
            [f"{path}: {problem}" for problem in problems[:_NAMED]]
            + [f"{path}: and {len(problems) - _NAMED} more faults"] * (len(problems) > _NAMED)
        )
    return parameters


def _faults(parameters: dict[str, Any], method: str) -> Iterator[str]:
    """What distinguishes `parameters` from the method's own but the values."""
    own = _exported(method)
    if DONOR_TERMS in parameters:
        problems: list[str] = []
        with collecting(problems):
            validated(parameters[DONOR_TERMS], DonorTerms, DONOR_TERMS)
        yield from problems
        parameters = {name: part for name, part in parameters.items() if name != DONOR_TERMS}
    meta = parameters.get("meta", {})
    for name, wanted in (("name", method), ("format", own["meta"]["format"])):
        if (found := meta.get(name)) != wanted:
            yield f"meta.{name} is {found!r}: expected {wanted!r}"
    elements = parameters.get("element", {})
    there = {symbol: own["element"][symbol] for symbol in elements if symbol in own["element"]}
    wanted_leaves = dict(_leaves(own | {"meta": {}, "element": there}))
    found_leaves = dict(_leaves(parameters | {"meta": {}}))
    yield from (f"{place}: missing" for place in wanted_leaves if place not in found_leaves)
    for place, value in found_leaves.items():
        # Scaling of pairs of elements, which is no part of GFN2.
        like = 1.0 if place.startswith(_PAIRS) else wanted_leaves.get(place)
        if like is None:
            yield f"{place}: unknown"
        elif isinstance(like, (str, bool)):
            if type(value) is not type(like):
                yield f"{place}: {value!r}, expected something like {like!r}"
        elif isinstance(value, bool) or not isinstance(value, (int, float)) or not isfinite(value):
            yield f"{place}: {value!r} is no finite number"


def _leaves(data: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value with its place, such as ``element.La.levels.0``."""
    if not isinstance(data, (dict, list)):
        yield place, data
        return
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield from _leaves(value, f"{place}.{key}" if place else str(key))


@lru_cache(maxsize=2)
def _exported(method: str) -> dict[str, Any]:
    return exported_parameters(method)
