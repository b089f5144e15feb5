"""Fields of a graph beyond NequIP's own; importing this module registers them."""

from __future__ import annotations

from typing import Final

from nequip.data import register_fields

#: (num_atoms, 1) | weight of the energy of an atom in the total
SIGNS: Final = "signs"
#: (num_atoms, 1) | partial charge of the atom in its free ligand or water, e
FREE_CHARGES: Final = "free_charges"

register_fields(node_fields=[SIGNS, FREE_CHARGES])
