"""Level of theory: what an energy was computed with, and hence what it may be compared to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, PlainSerializer

from rarebind.errors import InputError
from rarebind.io.codec import UnlessEmpty, to_data
from rarebind.io.files import sha256_of_file

#: Value of an option.
Option = str | int | float | bool
#: Engines that are the first choice for their methods: levels print without them.
FIRST_CHOICES = ("tblite", "pyscf")
#: Field that says where parameters lie, and hence decides nothing.
PARAMETERS_FILE = "parameters_file"
_BY, _IN = " by ", " in "
#: A mapping in plain data.
_Options = Annotated[
    tuple[tuple[str, Option], ...],
    BeforeValidator(lambda options: tuple(dict(options).items())),
    PlainSerializer(dict),
]
_Unwritten = Annotated[str, Field(exclude=True)]
#: Hexadecimal digits of the parameters that are printed.
_DIGITS = 8


@dataclass(frozen=True)
class LevelOfTheory:
    """A hashable, printable description of a quantum-chemical method or potential.

    Its plain data (:func:`rarebind.io.codec.to_data`) are what decides the numbers; what came with
    later versions is in them only where it is set, so that keys of calculations stay.

    Attributes
    ----------
    engine
        Name of the engine in the registry, e.g. ``tblite``.  Two engines that evaluate the
        same method are still told apart in the record.
    method
        Hamiltonian, functional or potential, e.g. ``GFN2-xTB``.
    basis
        Basis set(s); empty for methods that bring their own.
    solvent
        Solvation model and solvent, e.g. ``ALPB(water)``; empty for the gas phase.
    dispersion
        Correction added to the method, e.g. ``D4``; empty where the method includes its own.
    options
        Settings of the engine that change its numbers, by name, e.g. ``accuracy``.  Given as a
        mapping, kept as pairs in order of their names.
    parameters
        SHA-256 of the file of weights or parameters, where the method does not bring its own.
    environment
        Python environment of its own that the engine runs in (:mod:`rarebind.engines.remote`):
        a name, or a path; empty: this one.
    parameters_file
        Where these parameters lie on this machine: no part of the level, not compared, not
        written, not printed.

    Raises
    ------
    InputError
        An option is no text, number or truth value.
    """

    engine: str
    method: str
    basis: str = ""
    solvent: str = ""
    dispersion: str = ""
    options: UnlessEmpty[_Options] = ()
    parameters: UnlessEmpty[str] = ""
    environment: UnlessEmpty[str] = ""
    parameters_file: _Unwritten = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        given: Any = self.options
        options = dict(given.items() if isinstance(given, Mapping) else given)
        for name, value in options.items():
            finite = isinstance(value, (str, int)) or (
                isinstance(value, float) and math.isfinite(value)
            )
            if not isinstance(name, str) or not finite:
                raise InputError(
                    f"option {name!r} of a level is {value!r}: give text, a number, true or false"
                )
        object.__setattr__(self, "options", tuple(sorted(options.items())))

    @property
    def model_chemistry(self) -> str:
        """E.g. ``B3LYP-D4/def2-SVPD+def2-TZVP/SMD(water)``, whatever the engine."""
        method = f"{self.method}-{self.dispersion}" if self.dispersion else self.method
        changed = [f"{name}={value}" for name, value in self.options]
        if self.parameters:
            changed.append(f"parameters={self.parameters[:_DIGITS]}")
        if changed:
            method += f"({','.join(changed)})"
        return "/".join(part for part in (method, self.basis, self.solvent) if part)

    def __str__(self) -> str:
        """The model chemistry, with the engine if it is no first choice, and the environment."""
        within = f"{_IN}{self.environment}" if self.environment else ""
        return with_engine(self.model_chemistry, self.engine) + within

    @property
    def engine_name(self) -> str:
        """The engine as users name it, with its environment: ``mypkg.calc:make@chgnet``."""
        return f"{self.engine}@{self.environment}" if self.environment else self.engine

    @property
    def solvent_name(self) -> str | None:
        """``"water"`` of ``ALPB(water)``, or None in the gas phase."""
        if not self.solvent:
            return None
        model, _, rest = self.solvent.partition("(")
        if not rest.endswith(")") or not model:
            raise InputError(f"solvent {self.solvent!r} is not of the form MODEL(name)")
        return rest[:-1]

    @property
    def solvent_model(self) -> str | None:
        """``"ALPB"`` of ``ALPB(water)``, or None in the gas phase."""
        return self.solvent.partition("(")[0] or None

    def to_task(self) -> dict[str, Any]:
        """Plain data for a worker: with where the parameters lie, which is not part of a key."""
        where = {PARAMETERS_FILE: self.parameters_file} if self.parameters_file else {}
        return to_data(self) | where

    def with_parameters(self, path: Path | str) -> Self:
        """The same with the weights or parameters in a file.

        Raises
        ------
        InputError
            The file cannot be read.
        """
        path = Path(path).absolute()
        return replace(self, parameters=sha256_of_file(path), parameters_file=str(path))

    def found_parameters(self) -> Path:
        """The file of its parameters.

        Raises
        ------
        InputError
            It is not known where that lies, or it is another one.
        """
        if not self.parameters_file:
            raise InputError(
                f"{self} needs its file of parameters, SHA-256 {self.parameters}: name it"
            )
        path = Path(self.parameters_file)
        if _hash_of(path, path.stat().st_mtime_ns if path.exists() else 0) != self.parameters:
            raise InputError(f"{path} is not the file of parameters that {self} names")
        return path


@lru_cache(maxsize=8)
def _hash_of(path: Path, _modified: int) -> str:
    return sha256_of_file(path)


def with_engine(model_chemistry: str, engine: str | None) -> str:
    """`model_chemistry`, with the engine where it is no first choice: as levels print.

    What names it already, and what was computed by nobody knows what, stays as it is.
    """
    if not engine or engine in FIRST_CHOICES or f"{_BY}{engine}" in model_chemistry:
        return model_chemistry
    return f"{model_chemistry}{_BY}{engine}"


def model_chemistry_of(printed: str) -> str:
    """The model chemistry of a printed level."""
    return printed.partition(_BY)[0].partition(_IN)[0]


def without_first_choice(printed: str) -> str:
    """A printed level, without an engine that need not be named."""
    for engine in FIRST_CHOICES:
        printed = printed.removesuffix(f"{_BY}{engine}")
    return printed


#: The level of the reference study's relaxations.
GFN2_WATER = LevelOfTheory("tblite", "GFN2-xTB", solvent="ALPB(water)")
