"""What a complex is compared with, wherever its references come from, and what of it is missing."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from rarebind.binding.cycles import WATER, Species, formation

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

#: Waters of the aqua ions that every complex is compared with; the most stable one counts.
AQUA_WATERS = (8, 9)


def references_of(
    product: Species, aqua: Iterable[int] = AQUA_WATERS, *, ion: bool = True
) -> tuple[Species, ...]:
    """The species that the binding energies of `product` refer to.

    Parameters
    ----------
    aqua
        Waters of the aqua ions; with none, the references are those of equation 1 alone.
    ion
        Whether the bare ion, which equation 1 needs, is among them.
    """
    ions = [Species(product.metal, waters=waters) for waters in aqua]
    found = dict.fromkeys([*formation(product), *([WATER] if ions else []), *ions])
    return tuple(s for s in found if s != product and (ion or s.kind != "ion"))


def missing(
    product: Species,
    there: Container[Species],
    aqua: Iterable[int] = AQUA_WATERS,
    *,
    ion: bool = True,
) -> list[str]:
    """The references of `product` that are not there, in words; of aqua ions one is enough.

    Parameters
    ----------
    there
        What there is.
    aqua, ion
        As for :func:`references_of`.
    """
    wanted = references_of(product, aqua, ion=ion)
    ions = [species for species in wanted if species.kind == "aqua"]
    names = [str(s) for s in wanted if s not in there and s not in ions]
    if ions and not any(species in there for species in ions):
        names.append(str(ions[0]) if len(ions) == 1 else f"aqua ion of {product.metal}")
    return names


def choices(
    wanted: Iterable[Species], there: Mapping[Species, Collection[T]]
) -> Iterator[dict[Species, T]]:
    """Every way to take one of what there is of each species; nothing if one is not there."""
    species = tuple(wanted)
    for chosen in itertools.product(*(there.get(one, ()) for one in species)):
        yield dict(zip(species, chosen, strict=True))


def lowest(found: Iterable[tuple[K, T]], energy: Callable[[T], float]) -> dict[K, T]:
    """Of several things with the same name the one of lowest energy; of equals the first."""
    kept: dict[K, T] = {}
    for name, thing in found:
        if name not in kept or energy(thing) < energy(kept[name]):
            kept[name] = thing
    return kept
