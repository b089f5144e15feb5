"""Evaluates ASE calculators for a process of another environment, and for this one.

Run by its path with the Python of an environment that need not have rarebind, only NumPy, ASE and
the calculator: it must import nothing else and keep to what Python 3.9 understands.

Requests come on standard input and answers go to standard output, one for one, as frames: eight
bytes with the length of the head, the head in JSON, then the raw bytes of the arrays that its
``arrays`` list, each with name, type and shape.  What else is printed goes to standard error.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import struct
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

#: Marks a factory that takes options of any name.
ANY = "**"
_LENGTH = struct.Struct("<Q")
#: Hexadecimal digits of a source file's hash.
_DIGITS = 12


class CannotBeMade(Exception):  # noqa: N818
    """A calculator cannot be made: the input is at fault, not one calculation."""


# --- frames ------------------------------------------------------------------------------------


def frame(head: dict[str, Any], arrays: Iterable[tuple[str, Any]] = ()) -> bytes:
    """The bytes of a frame; `arrays` are pairs of name and array."""
    contiguous = [(name, np.ascontiguousarray(array)) for name, array in arrays]
    listed = [(name, array.dtype.str, array.shape) for name, array in contiguous]
    text = json.dumps({**head, "arrays": listed}).encode()
    return b"".join([_LENGTH.pack(len(text)), text, *(array.tobytes() for _, array in contiguous)])


def read_frame(read: Callable[[int], bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Head and arrays of the next frame; `read` gives that many bytes or raises."""
    head = json.loads(read(_LENGTH.unpack(read(_LENGTH.size))[0]))
    arrays = {}
    for name, kind, shape in head.pop("arrays"):
        dtype = np.dtype(kind)
        content = read(dtype.itemsize * int(np.prod(shape)))
        arrays[name] = np.frombuffer(content, dtype).reshape(shape)
    return head, arrays


# --- calculators -------------------------------------------------------------------------------


def find(path: str) -> Callable[..., Any]:
    """The factory that ``"package.module:attribute"`` names."""
    name, _, attribute = path.partition(":")
    try:
        factory = getattr(importlib.import_module(name), attribute)
    except Exception as error:
        raise CannotBeMade(f"{path}: {type(error).__name__}: {error}") from error
    if not callable(factory):
        raise CannotBeMade(f"{path} is {factory!r}: it must give an ASE calculator when called")
    made: Callable[..., Any] = factory
    return made


def version_of(path: str) -> str:
    """Version of the package that a factory is in; of a file by itself, a hash of its text."""
    from importlib.metadata import PackageNotFoundError, version

    module = sys.modules[path.partition(":")[0]]
    package = module.__name__.partition(".")[0]
    try:
        return version(package)
    except PackageNotFoundError:
        stated = getattr(sys.modules[package], "__version__", None)
    if stated is not None:
        return str(stated)
    text = Path(str(module.__file__)).read_bytes()
    return "source-" + hashlib.sha256(text).hexdigest()[:_DIGITS]


def keywords(factory: Callable[..., Any]) -> list[str]:
    """Names that a factory can be given, and :data:`ANY` where there are more."""
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    try:
        parameters = list(inspect.signature(factory).parameters.values())
    except (TypeError, ValueError):
        return [ANY]
    more = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    return [p.name for p in parameters if p.kind in named] + [ANY] * more


def made(path: str, given: dict[str, Any], options: dict[str, Any]) -> Any:
    """The calculator that a factory makes of what it names of `given`, and of all `options`."""
    factory = find(path)
    takes = keywords(factory)
    chosen = {name: value for name, value in given.items() if name in takes}
    try:
        calculator = factory(**{**options, **chosen})
    except Exception as error:
        raise CannotBeMade(f"{path} fails: {type(error).__name__}: {error}") from error
    for name in ("calculate", "get_forces", "get_potential_energy"):
        if not hasattr(calculator, name):
            raise CannotBeMade(f"{path} gives {calculator!r}: that is no ASE calculator")
    if "forces" not in getattr(calculator, "implemented_properties", ["forces"]):
        raise CannotBeMade(f"{path} gives a calculator without forces")
    return calculator


class Calculators:
    """Those made of one factory, each once: one for every charge, if the factory takes it."""

    def __init__(self, path: str, options: dict[str, Any]) -> None:
        self._path, self._options = path, options
        self._made: dict[tuple[Any, ...], Any] = {}

    def get(self, given: dict[str, Any]) -> Any:
        """The calculator for what the factory takes of `given`."""
        takes = keywords(find(self._path))
        key = tuple(value for name, value in sorted(given.items()) if name in takes)
        if key not in self._made:
            self._made[key] = made(self._path, given, self._options)
        return self._made[key]


def evaluate(
    calculator: Any, numbers: Any, positions: Any, given: dict[str, Any], cell: Any = None
) -> tuple[float, Any]:
    """Energy in eV and forces in eV/Å, shape (N, 3)."""
    from ase import Atoms

    atoms = Atoms(np.array(numbers), np.array(positions), cell=cell, pbc=cell is not None)
    # Some calculators look for the electrons here, under one name or the other.
    spin = given["multiplicity"]
    atoms.info.update(charge=given["charge"], multiplicity=spin, spin=spin)
    atoms.calc = calculator
    energy = float(atoms.get_potential_energy())
    forces = np.array(atoms.get_forces(), dtype=np.float64)
    if forces.shape != (len(atoms), 3) or not np.isfinite(energy) or not np.isfinite(forces).all():
        raise ValueError("energy or forces are not finite, or not one force an atom")
    return energy, forces


# --- the process -------------------------------------------------------------------------------


class Server:
    """Answers requests; keeps the calculators that it made."""

    def __init__(self) -> None:
        self._calculators: dict[str, Calculators] = {}

    def answer(
        self, head: dict[str, Any], arrays: dict[str, Any]
    ) -> tuple[dict[str, Any], list[tuple[str, Any]]]:
        """Head and arrays of the answer to a request."""
        path = head["calculator"]
        if head["do"] == "describe":
            return {"keywords": keywords(find(path)), "version": version_of(path)}, []
        key = json.dumps([path, head["options"]], sort_keys=True)
        known = self._calculators.setdefault(key, Calculators(path, head["options"]))
        calculator = known.get(head["given"])
        if head["do"] == "make":
            return {}, []
        energy, forces = evaluate(
            calculator, arrays["numbers"], arrays["positions"], head["given"], arrays.get("cell")
        )
        return {"energy": energy}, [("forces", forces)]


def main() -> None:
    """Answer until standard input ends."""
    # Its neighbours must not hide packages of the same names.
    here = Path(__file__).resolve().parent
    sys.path[:] = [folder for folder in sys.path if Path(folder).resolve() != here]
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    # Libraries print; the answers must stay whole.
    os.dup2(2, 1)

    def read(size: int) -> bytes:
        content = requests.read(size)
        if len(content) < size:
            raise EOFError
        return content

    server = Server()
    while True:
        try:
            request = read_frame(read)
        except EOFError:
            return
        try:
            answer, arrays = server.answer(*request)
        except Exception as error:  # noqa: BLE001
            fault = "input" if isinstance(error, CannotBeMade) else "calculation"
            message = str(error) if fault == "input" else f"{type(error).__name__}: {error}"
            answer, arrays = {"fault": fault, "message": message}, []
        answers.write(frame(answer, arrays))
        answers.flush()


if __name__ == "__main__":
    main()
