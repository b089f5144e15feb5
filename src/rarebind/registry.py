"""One idiom for every family of interchangeable parts: builders, engines, models.

A part is registered under a name as a frozen :class:`Spec` with a lazy factory and what it
needs, so that listing the parts imports none of them.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rarebind.errors import InputError, MissingDependencyError


@dataclass(frozen=True)
class Spec:
    """A named, lazily imported part.

    Attributes
    ----------
    name
        What a user types.
    factory
        ``"package.module:callable"``, imported on first use.
    summary
        One line for listings.
    modules, programs
        Python modules that must be importable and programs that must be on the PATH.
    install
        What to do when one is missing.
    """

    name: str
    factory: str
    summary: str
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    install: str = ""

    def missing(self) -> list[str]:
        """Names of the modules and programs that this machine lacks."""
        return [m for m in self.modules if importlib.util.find_spec(m) is None] + [
            p for p in self.programs if shutil.which(p) is None
        ]


class Registry:
    """Specs of one family by name."""

    def __init__(self, family: str, *specs: Spec) -> None:
        self.family = family
        self._specs = {spec.name: spec for spec in specs}

    def __iter__(self) -> Iterator[Spec]:
        return iter(self._specs.values())

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def spec(self, name: str) -> Spec:
        """The spec called `name`.

        Raises
        ------
        InputError
            No such name; the message lists the known ones.
        """
        if name not in self._specs:
            raise InputError(f"unknown {self.family} {name!r}: known are {', '.join(self._specs)}")
        return self._specs[name]

    def create(self, name: str, **options: Any) -> Any:
        """Import the factory of `name` and call it with `options`.

        Raises
        ------
        InputError
            No such name.
        MissingDependencyError
            It needs a module or program that is absent; the message says what to install.
        """
        spec = self.spec(name)
        if missing := spec.missing():
            raise MissingDependencyError(
                f"the {self.family} {name!r} needs {', '.join(missing)}, not found here. "
                f"{spec.install}".strip()
            )
        module, _, attribute = spec.factory.partition(":")
        return getattr(importlib.import_module(module), attribute)(**options)
