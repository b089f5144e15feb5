"""Basis sets as ORCA reads them: by name where it has them, written out where it has not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rarebind.engines.dft.basis import basis_name
from rarebind.engines.level import LevelOfTheory
from rarebind.errors import InputError, MissingDependencyError, collecting

#: Sets that ORCA 5 and 6 have, for the elements that the Basis Set Exchange has them for.
_BUILT_IN = ("def2-SVP", "def2-SVPD", "def2-TZVP")
_ECP = "def2-ECP"
_SHELLS = "SPDFGHI"


@dataclass(frozen=True)
class ElementBasis:
    """What one element has.

    Attributes
    ----------
    functions
        Contracted spherical basis functions of an atom.
    core
        Electrons in its effective core; 0 where all are explicit.
    lines
        For ORCA's ``%basis`` block.
    """

    functions: int
    core: int
    lines: tuple[str, ...]


def element_bases(symbols: Iterable[str], level: LevelOfTheory) -> dict[str, ElementBasis]:
    """The basis of every element among `symbols`, in alphabetical order.

    Raises
    ------
    InputError
        An element is not in the basis set that it has at `level`; all are named.
    MissingDependencyError
        basis_set_exchange is not installed.
    """
    bases: dict[str, ElementBasis] = {}
    problems: list[str] = []
    for symbol in sorted(set(symbols)):
        with collecting(problems):
            bases[symbol] = _element_basis(symbol, basis_name(symbol, level))
    if problems:
        raise InputError(problems)
    return bases


@lru_cache(maxsize=256)
def _element_basis(symbol: str, name: str) -> ElementBasis:
    data = _look_up(symbol, name)
    shells = data["electron_shells"]
    core = data.get("ecp_electrons", 0)
    if name in _BUILT_IN:
        lines = [f'NewGTO {symbol} "{name}" end']
        if core:
            # Not implied by NewGTO: without it ORCA could treat the core electrons explicitly.
            lines.append(f'NewECP {symbol} "{_ECP}" end')
    else:
        lines = _functions_written_out(symbol, shells)
        if core:
            lines += _potential_written_out(symbol, core, data["ecp_potentials"])
    functions = sum(2 * momentum + 1 for shell in shells for momentum, _ in _contractions(shell))
    return ElementBasis(functions, core, tuple(lines))


def _look_up(symbol: str, name: str) -> dict[str, Any]:
    try:
        import basis_set_exchange
    except ImportError as error:
        raise MissingDependencyError(
            "the ORCA engine needs basis_set_exchange: pip install 'rarebind[dft]'"
        ) from error
    try:
        found = basis_set_exchange.get_basis(name, elements=[symbol])["elements"]
    except KeyError as error:
        raise InputError(f"the basis set {name} has no functions for {symbol}") from error
    element: dict[str, Any] = next(iter(found.values()))
    return element


def _contractions(shell: dict[str, Any]) -> list[tuple[int, list[str]]]:
    """Angular momentum and coefficients of each contracted function of a shell."""
    momenta = shell["angular_momentum"]
    coefficients = shell["coefficients"]
    if len(momenta) == 1:
        return [(momenta[0], column) for column in coefficients]
    return list(zip(momenta, coefficients, strict=True))


def _functions_written_out(symbol: str, shells: list[dict[str, Any]]) -> list[str]:
    lines = [f"NewGTO {symbol}"]
    for shell in shells:
        for momentum, column in _contractions(shell):
            primitives = [
                (exponent, factor)
                for exponent, factor in zip(shell["exponents"], column, strict=True)
                if float(factor)
            ]
            lines.append(f"  {_SHELLS[momentum]} {len(primitives)}")
            lines += [
                f"    {i} {exponent} {factor}"
                for i, (exponent, factor) in enumerate(primitives, start=1)
            ]
    return [*lines, "end"]


def _potential_written_out(symbol: str, core: int, potentials: list[dict[str, Any]]) -> list[str]:
    """An effective core potential; ORCA's radial power, like the Exchange's, stands for r^(n-2)."""
    ordered = sorted(potentials, key=lambda potential: potential["angular_momentum"])
    lines = [f"NewECP {symbol}", f"  N_core {core}"]
    lines.append(f"  lmax {_SHELLS[ordered[-1]['angular_momentum'][0]].lower()}")
    for potential in ordered:
        terms = zip(
            potential["gaussian_exponents"],
            potential["coefficients"][0],
            potential["r_exponents"],
            strict=True,
        )
        momentum = _SHELLS[potential["angular_momentum"][0]].lower()
        lines.append(f"  {momentum} {len(potential['r_exponents'])}")
        lines += [
            f"    {i} {exponent} {factor} {power}"
            for i, (exponent, factor, power) in enumerate(terms, start=1)
        ]
    return [*lines, "end"]
