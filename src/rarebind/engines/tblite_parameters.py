"""Parameters of xTB Hamiltonians as data, for tblite: exported, changed, written and read.

A file of them, JSON or TOML, makes a level of its own::

    parameters = exported_parameters("GFN2-xTB")
    parameters["element"]["La"]["arep"] *= 1.1
    path.write_text(json.dumps(parameters))
    level = GFN2_WATER.with_parameters(path)
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rarebind.engines.blas import prefer_openblas
from rarebind.errors import InputError

prefer_openblas()
# Only now: tblite binds its BLAS when it is loaded.
from tblite import library  # noqa: E402

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


def parameters_of(path: Path, symbols: Sequence[str]) -> dict[str, Any]:
    """The parameters in a file, of some elements only: tblite takes a second to read them all.

    Raises
    ------
    InputError
        The file cannot be read, or lacks an element.
    """
    parameters = _read(path, path.stat().st_mtime_ns)
    elements = parameters.get("element", {})
    if missing := sorted(set(symbols) - elements.keys()):
        raise InputError(f"{path} has no parameters of {', '.join(missing)}")
    return parameters | {"element": {name: elements[name] for name in sorted(set(symbols))}}


@lru_cache(maxsize=4)
def _read(path: Path, _modified: int) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        parameters: Any = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} is no file of parameters: {error}") from error
    if not isinstance(parameters, dict):
        raise InputError(f"{path} is no file of parameters: expected parts by name")
    return parameters
