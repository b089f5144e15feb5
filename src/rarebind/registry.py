"""One idiom for every family of interchangeable parts: builders, engines, models.

A part is registered under a name as a frozen :class:`Spec` with a lazy factory and what it
needs, so that listing the parts imports none of them.  Other packages add theirs by entry points
of the group ``rarebind.FAMILYs`` (``rarebind.engines``, ``rarebind.builders`` …), each of which
names a spec.
"""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any, Generic, TypeVar

from rarebind.errors import InputError, MissingDependencyError, RarebindError


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
    arguments
        Given to the factory, by name.
    """

    name: str
    factory: str
    summary: str
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    install: str = ""
    arguments: tuple[tuple[str, Any], ...] = ()

    def missing(self) -> list[str]:
        """Names of the modules and programs that this machine lacks."""
        return [m for m in self.modules if importlib.util.find_spec(m) is None] + [
            p for p in self.programs if shutil.which(p) is None
        ]


S = TypeVar("S", bound=Spec)


class Registry(Generic[S]):
    """Specs of one family by name.

    Parameters
    ----------
    family
        What its parts are, in the singular; decides the group of entry points.
    specs
        Its own.
    named
        Makes the spec of a name that nobody registered, if it says enough: ``module:attribute``.
        It runs what is named, so names must be those of the user, never of data.
    """

    def __init__(
        self, family: str, *specs: S, named: Callable[[str], S | None] | None = None
    ) -> None:
        self.family = family
        self._own = {spec.name: spec for spec in specs}
        self._kind = type(specs[0])
        self._named = named
        self._made: dict[str, S] = {}

    def __iter__(self) -> Iterator[S]:
        return iter((self._own | self._others).values())

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._others

    def spec(self, name: str) -> S:
        """The spec called `name`.

        Raises
        ------
        InputError
            No such name; the message lists the known ones.
        """
        known = self.known(name)
        if known is not None:
            return known
        made = None if self._named is None else self._named(name)
        if made is None:
            names = ", ".join(spec.name for spec in self)
            raise InputError(f"unknown {self.family} {name!r}: known are {names}")
        self._made[name] = made
        return made

    def known(self, name: str) -> S | None:
        """The spec called `name` if it is registered or was asked for before; imports nothing."""
        known = self._own.get(name) or self._made.get(name)
        return known or self._others.get(name)

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
        factory = getattr(importlib.import_module(module), attribute)
        return factory(**dict(spec.arguments) | options)

    @cached_property
    def _others(self) -> dict[str, S]:
        """Of other packages; those that cannot be used are warned of and left out."""
        found: dict[str, S] = {}
        for point in entry_points(group=f"rarebind.{self.family}s"):
            try:
                spec = point.load()
            except Exception as error:  # noqa: BLE001
                # Whatever another package does wrong must not take ours down.
                problem = f"{type(error).__name__}: {error}"
            else:
                if isinstance(spec, self._kind) and spec.name not in self._own | found:
                    found[spec.name] = spec
                    continue
                problem = f"it is {spec!r}: expected a {self._kind.__name__} with a new name"
            warnings.warn(
                f"the {self.family} {point.name!r} ({point.value}) is left out: {problem}",
                stacklevel=2,
            )
        return found


def imported(path: str) -> Any:
    """What ``"package.module:attribute"``, which a user gave, names.

    Raises
    ------
    InputError
        There is no such module or attribute, or the module cannot be imported.
    """
    name, _, attribute = path.partition(":")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{path}: there is no module {error.name!r} here: install it, or put its folder on "
            "PYTHONPATH"
        ) from error
    except RarebindError:
        raise
    except Exception as error:
        # A module runs what it likes when it is imported.
        raise InputError(
            f"{path}: {name} cannot be imported ({type(error).__name__}: {error})"
        ) from error
    if not hasattr(module, attribute):
        raise InputError(f"{path}: the module {name} has no {attribute!r}")
    return getattr(module, attribute)
