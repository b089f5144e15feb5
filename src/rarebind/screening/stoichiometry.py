"""Which complexes of a metal can be put into one order: those with as many ligands on it.

A ligand of two donors has more water beside it than one of six (``1:6``, ``1:2``), but both stand
for one ligand on the metal, and their exchange energies start from the same aqua ion.  Between one
ligand and three there is no such order.
"""

from __future__ import annotations

from functools import lru_cache

from rarebind.complexes import read_geometry
from rarebind.errors import InputError


@lru_cache(maxsize=4096)
def stoichiometry(geometry: str) -> str:
    """A geometry without its waters: ``1`` of ``1:6``, ``L:3,phen:1`` of ``L:3,phen:1,water:1``.

    What is no geometry stands for itself.
    """
    try:
        recipe = read_geometry(geometry)
    except InputError:
        return geometry
    if recipe.short:
        return str(recipe.number)
    return ",".join(f"{item.name}:{item.number}" for item in recipe.ligands)
