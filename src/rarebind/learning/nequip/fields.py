"""Fields of a graph beyond NequIP's own; importing this module registers them."""

from __future__ import annotations

from typing import Final

from nequip.data import register_fields

#: (num_atoms, 1) | weight of the energy of an atom in the total
SIGNS: Final = "signs"
#: (num_atoms, 1) | what the free ligand tells of the atom; NaN where it has nothing to say
ATOM_DESCRIPTOR: Final = "atom_descriptor"

register_fields(node_fields=[SIGNS, ATOM_DESCRIPTOR])
