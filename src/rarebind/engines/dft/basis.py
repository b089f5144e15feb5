"""Basis sets, effective core potentials and fitting sets, all from the Basis Set Exchange."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rarebind.elements import is_rare_earth
from rarebind.engines.level import LevelOfTheory
from rarebind.errors import InputError

#: Fits both Coulomb and exchange; the only such set with all of Y and La–Lu.
AUXILIARY = "def2-universal-jkfit"
#: The 4f-in-core sets exist for La–Lu alone; Sc and Y have no 4f shell to put there.
_WITHOUT_4F = "def2-TZVP"
#: Sets that have one diffuse s and p more on all atoms but hydrogen.
_MINIMALLY_AUGMENTED = "ma-"
#: Where these sets have a ghost state; see :func:`without_innermost_s`.
_GHOSTS = {"Gd", "Tb", "Dy"}
_GHOST_SETS = ("def2-svp", "def2-tzvp")


@dataclass(frozen=True)
class BasisSets:
    """Basis functions, core potentials and fitting functions by element, in PySCF's form."""

    orbital: dict[str, Any]
    core: dict[str, Any]
    auxiliary: dict[str, Any]


def basis_sets(symbols: Iterable[str], level: LevelOfTheory, fitting: str = AUXILIARY) -> BasisSets:
    """The sets of `level` for every element among `symbols`.

    Parameters
    ----------
    symbols
        Element symbols.
    level
        Its basis is written ``LIGANDS+METAL``, or as one name for all elements.
    fitting
        Name of the auxiliary set.

    Raises
    ------
    InputError
        No basis set of that name, or an element is not in it; all are named.
    """
    orbital, core, auxiliary = {}, {}, {}
    problems: list[str] = []
    for symbol in sorted(set(symbols)):
        try:
            name = basis_name(symbol, level)
            functions, core_potential = load_set(name, symbol)
            ghost = symbol in _GHOSTS and name.lower().startswith(_GHOST_SETS)
            orbital[symbol] = without_innermost_s(functions) if ghost else functions
            auxiliary[symbol], _ = load_set(fitting, symbol)
        except InputError as error:
            problems += error.problems
            continue
        if core_potential is not None:
            core[symbol] = core_potential
    if problems:
        raise InputError(problems)
    return BasisSets(orbital, core, auxiliary)


def basis_name(symbol: str, level: LevelOfTheory) -> str:
    """Name of the basis set that an element has at `level`."""
    ligands, _, metal = level.basis.partition("+")
    if not is_rare_earth(symbol) or not metal:
        return ligands
    frozen = metal.startswith("lcecp") and symbol in {"Sc", "Y"}
    return _WITHOUT_4F if frozen else metal


@lru_cache(maxsize=256)
def load_set(name: str, symbol: str) -> tuple[Any, Any]:
    """Basis of an element as published, and its core potential, None with all electrons explicit.

    Raises
    ------
    InputError
        No basis set of that name, or the element is not in it.
    """
    import basis_set_exchange
    from pyscf.gto import basis

    if name.startswith(_MINIMALLY_AUGMENTED):
        functions, core = load_set(name.removeprefix(_MINIMALLY_AUGMENTED), symbol)
        return with_diffuse(functions) if symbol != "H" else functions, core
    try:
        text = basis_set_exchange.get_basis(name, elements=[symbol], fmt="nwchem", header=False)
    except KeyError as error:
        # Raised for either; only the known names tell which.
        known = {found.lower() for found in basis_set_exchange.get_all_basis_names()}
        if name.lower() not in known:
            raise InputError(f"the Basis Set Exchange has no basis set {name!r}") from error
        raise InputError(
            f"the basis set {name} has no functions for {symbol}: take a level whose sets have it"
        ) from error
    functions, _, potential = text.partition("\nECP\n")
    core = basis.parse_ecp(f"ECP\n{potential}") if potential else None
    return basis.parse(functions), core


def with_diffuse(functions: list[Any]) -> list[Any]:
    """`functions` and one s and one p more, each a third of the lowest exponent (ma- sets).

    Zheng, Xu and Truhlar, Theor. Chem. Acc. 2011, 128, 295.
    """
    more = []
    for momentum in (0, 1):
        lowest = min(
            primitive[0] for shell in functions if shell[0] == momentum for primitive in shell[1:]
        )
        more.append([momentum, [lowest / 3.0, 1.0]])
    return [*functions, *more]


def without_innermost_s(functions: list[Any]) -> list[Any]:
    """`functions` less the s function with the largest exponent, in PySCF's form.

    Close to the nucleus the charge outweighs the repulsion of the 28-electron core potential.
    Five tight primitives, contracted as in an atom with all its electrons, let the def2 sets of
    Gd, Tb and Dy form a compact s orbital in that well, between 5s and 6s in energy and mixed
    with 5s, into which 4f electrons fall.  With other lanthanides the contraction happens to put
    it far above.
    """
    innermost = max(
        (shell for shell in functions if shell[0] == 0),
        key=lambda shell: max(primitive[0] for primitive in shell[1:]),
    )
    return [shell for shell in functions if shell is not innermost]
