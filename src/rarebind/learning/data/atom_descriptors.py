"""Numbers that tell one atom of a free ligand from another of its element."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.structures import Structure

#: From a free ligand and its donors to a number for each atom, NaN where it has none.
Descriptor = Callable[[Structure, Sequence[int]], NDArray[np.float64]]

CHARGES = "charges"
PROTON_AFFINITIES = "proton-affinities"


def _charges(structure: Structure, _: Sequence[int]) -> NDArray[np.float64]:
    from rarebind.engines.tblite import partial_charges

    return partial_charges(structure)


def _proton_affinities(structure: Structure, donors: Sequence[int]) -> NDArray[np.float64]:
    from rarebind.learning.data.affinities import proton_affinities

    return proton_affinities(structure, donors)


#: By name.  Whatever the level of a dataset, they are computed with GFN2-xTB in water at its
#: geometries: they describe a ligand, and whoever applies a model can have them at once.
ATOM_DESCRIPTORS: dict[str, Descriptor] = {
    CHARGES: _charges,
    PROTON_AFFINITIES: _proton_affinities,
}


def atom_descriptor(name: str) -> Descriptor:
    """The descriptor called `name`.

    Raises
    ------
    InputError
        No such descriptor; the message lists the known ones.
    """
    if name not in ATOM_DESCRIPTORS:
        raise InputError(
            f"unknown descriptor of atoms {name!r}: known are {', '.join(ATOM_DESCRIPTORS)}"
        )
    return ATOM_DESCRIPTORS[name]
